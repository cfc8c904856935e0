//! What the text of a value must be like: an address, a database, a filter, a secret that travels in a header.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use ipnet::IpNet;
use jiff::SignedDuration;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use reqwest::Url;
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use zeroize::Zeroizing;

use super::wrong::Wrong;
use crate::outbound::Country;
use crate::text::{nearest, spans};

/// Where the platform's Voice API is unless a sub-account says otherwise.
pub(super) const PLATFORM: &str = "https://voice.8x8.com";

/// The fewest characters of a secret that other machines can try to guess.
const SHORTEST_SECRET: usize = 16;

/// What `say` takes (platform's `say`: "text", at most 3000 characters).
const LONGEST_SPOKEN: usize = 3000;

/// The addresses that 8x8 publishes for webhooks from its Singapore region (2026-01-01).
const SINGAPORE: [[u8; 4]; 4] = [
    [18, 140, 80, 2],
    [52, 220, 253, 234],
    [54, 255, 116, 8],
    [52, 74, 232, 241],
];

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// What only one may have: a sub-account's id, a number, a token. Remembers by whom it was taken.
#[derive(Default)]
pub(super) struct Taken(HashMap<String, String>);

impl Taken {
    /// Takes `value` for `name`; tells who has it already.
    pub(super) fn take(&mut self, value: &str, name: &str) -> Result<(), String> {
        match self.0.get(value) {
            Some(holder) => Err(holder.clone()),
            None => {
                self.0.insert(value.to_owned(), name.to_owned());
                Ok(())
            }
        }
    }
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, Wrong> {
    let local = text
        .strip_prefix("localhost:")
        .and_then(|port| port.parse().ok())
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    local
        .or_else(|| text.parse().ok())
        .ok_or_else(|| Wrong::new("is not an address with a port").write("\"127.0.0.1:8080\""))
}

/// Whether only this machine can reach it.
pub(super) fn is_loopback(listen: SocketAddr) -> bool {
    listen.ip().to_canonical().is_loopback()
}

/// An address, or a network of them.
pub(super) fn network(text: &str) -> Result<IpNet, Wrong> {
    let one = |address: IpAddr| IpNet::from(address.to_canonical());
    let read = text.parse().or_else(|_| text.parse().map(one));
    read.map_err(|_| {
        Wrong::new("has an element that is neither an address nor a network")
            .help("as in \"203.0.113.7\" or \"203.0.113.0/24\"")
    })
}

/// A network, or a name for several.
pub(super) fn origins(text: &str) -> Result<Vec<IpNet>, Wrong> {
    if text == "8x8-singapore" {
        return Ok(SINGAPORE
            .map(|bytes| IpNet::from(IpAddr::from(bytes)))
            .into());
    }
    network(text).map(|network| vec![network]).map_err(|wrong| {
        wrong.help("as in \"203.0.113.7\", \"203.0.113.0/24\" or \"8x8-singapore\"")
    })
}

/// The address of a SQLite file or of a PostgreSQL database; the latter may hold a password.
pub(super) fn database_url(text: &str) -> Result<SecretString, Wrong> {
    let taken = || no_controls(text).map(SecretString::from);
    match text.split_once(':') {
        Some(("sqlite", path)) if !path.trim_start_matches('/').is_empty() => taken(),
        Some(("postgres" | "postgresql", rest)) if is_postgres(rest) => taken(),
        Some(("postgres" | "postgresql", _)) => {
            Err(Wrong::new("is not the address of a PostgreSQL database")
                .write("\"postgres://USER:PASSWORD@HOST/DATABASE\""))
        }
        _ => Err(
            Wrong::new("is the address of neither a SQLite file nor a PostgreSQL database")
                .write("\"sqlite://callwright.db\""),
        ),
    }
}

/// `//` and something behind it: a host, or options that name a socket.
fn is_postgres(rest: &str) -> bool {
    rest.strip_prefix("//").is_some_and(|rest| !rest.is_empty())
}

/// A database's address as it may be shown: its passwords blanked, before the last `@` and among the options.
pub(super) fn shown_url(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) if scheme != "sqlite" => (scheme, rest),
        _ => return url.to_owned(),
    };
    let (user, place) = match rest.rsplit_once('@') {
        Some((user, place)) => match user.split_once(':') {
            Some((name, _)) => (format!("{name}:***@"), place),
            None => (format!("{user}@"), place),
        },
        None => (String::new(), rest),
    };
    let place = match place.split_once('?') {
        Some((place, options)) => place.to_owned() + &shown_options(options),
        None => place.to_owned(),
    };
    format!("{scheme}://{user}{place}")
}

fn shown_options(options: &str) -> String {
    let shown = options
        .split('&')
        .map(|option| match option.split_once('=') {
            Some((name, _)) if name.contains("pass") => format!("{name}=***"),
            _ => option.to_owned(),
        });
    format!("?{}", shown.collect::<Vec<_>>().join("&"))
}

/// A key of 32 bytes, as base64.
pub(super) fn key_text(text: &str) -> Result<Zeroizing<[u8; 32]>, Wrong> {
    let help = "`openssl rand -base64 32` makes a new one; a database is only opened by its own";
    let bytes = STANDARD
        .decode(text.trim())
        .map(Zeroizing::new)
        .map_err(|_| Wrong::new("is not base64").help(help))?;
    match <[u8; 32]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(Zeroizing::new(key)),
        Err(_) => {
            let what = format!("has {} bytes, and a key has 32", bytes.len());
            Err(Wrong::new(what).help(help))
        }
    }
}

/// A filter of `tracing`. A lone word has to be a level: `tracing` takes `debg` for the name of a part, and shows nothing.
pub(super) fn level(text: &str) -> Result<String, Wrong> {
    for word in text.split(',').map(str::trim) {
        let lone = !word.contains(['=', '[']);
        if lone && !LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word)) {
            return Err(not_a_level(nearest(&word.to_lowercase(), LEVELS)));
        }
    }
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(not_a_level(None)),
    }
}

fn not_a_level(meant: Option<&str>) -> Wrong {
    Wrong::new("is not a filter: error, warn, info, debug, trace or off, also by part, as in \"warn,callwright=debug\"")
        .write(format!("\"{}\"", meant.unwrap_or("info")))
}

pub(super) fn spoken_text(text: &str) -> Result<String, Wrong> {
    match text.chars().count() {
        1..=LONGEST_SPOKEN => no_controls(text).map(str::to_owned),
        length => Err(Wrong::new(format!(
            "has {length} characters, and the platform says at most {LONGEST_SPOKEN}"
        ))),
    }
}

pub(super) fn subaccount_id(text: &str, name: &str, taken: &mut Taken) -> Result<String, Wrong> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Wrong::new("has a blank in it").help("copy the id from the platform's pages"));
    }
    match taken.take(text, name) {
        Ok(()) => Ok(text.to_owned()),
        Err(holder) => Err(Wrong::new(format!(
            "is the id of sub-account `{holder}` too"
        ))),
    }
}

/// Where the platform's API is.
pub(super) fn api_base(text: &str) -> Result<Url, Wrong> {
    bare_host(text, "the platform", PLATFORM)
}

/// Where the Contact Center is.
pub(super) fn https_host(text: &str) -> Result<Url, Wrong> {
    bare_host(text, "the Contact Center", "https://vcc-na4.8x8.com")
}

/// Where this server is reached from outside.
pub(super) fn public_url(text: &str) -> Result<Url, Wrong> {
    bare_host(text, "this server", "https://voice.example.com")
}

/// Scheme and host of a service. A secret goes there with each request, so it is https, but for a stand-in on this machine.
fn bare_host(text: &str, whose: &str, example: &str) -> Result<Url, Wrong> {
    let wrong = || {
        Wrong::new(format!("is not the https address of {whose}, host only"))
            .write(format!("\"{example}\""))
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let host = url.host_str().ok_or_else(wrong)?;
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let at_home = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    match (url.scheme(), bare) {
        ("https", true) => Ok(url),
        ("http", true) if at_home => Ok(url),
        _ => Err(wrong()),
    }
}

/// A country of a list, by its code.
pub(super) fn country(text: &str) -> Result<Country, Wrong> {
    let wrong = "has an element that is no country: its two letters of ISO 3166-1";
    Country::parse(text).ok_or_else(|| Wrong::new(wrong).help("as in \"SG\", \"GB\" or \"US\""))
}

/// A country alone, by its code.
pub(super) fn one_country(text: &str) -> Result<Country, Wrong> {
    let wrong = "is no country: its two letters of ISO 3166-1";
    Country::parse(text).ok_or_else(|| Wrong::new(wrong).help("as in \"SG\", \"GB\" or \"US\""))
}

/// A secret that travels as a whole header: printable ASCII, blanks only inside, as in `Basic …`.
pub(super) fn header_text(text: &str, exposed: bool) -> Result<SecretString, Wrong> {
    let travels = text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) && text.trim() == text;
    if !travels {
        return Err(Wrong::new("has characters that do not travel in a header")
            .help("letters, digits and signs of ASCII, blanks only inside; no line breaks"));
    }
    long_enough(text, exposed)
}

/// A secret that travels after `Bearer `: as [`header_text`], without blanks.
pub(super) fn token_text(text: &str, exposed: bool) -> Result<SecretString, Wrong> {
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Wrong::new("has characters that do not travel in a header")
            .help("letters, digits and signs of ASCII; no blanks, no line breaks"));
    }
    long_enough(text, exposed)
}

fn long_enough(text: &str, exposed: bool) -> Result<SecretString, Wrong> {
    if exposed && text.len() < SHORTEST_SECRET {
        return Err(Wrong::new(format!(
            "has fewer than {SHORTEST_SECRET} characters, and `listen` is open to other machines"
        ))
        .help("`openssl rand -hex 32` makes a good one"));
    }
    Ok(SecretString::from(text))
}

/// A span of time inside `range`: a whole number and its unit, as `10m`.
pub(super) fn duration(
    text: &str,
    range: RangeInclusive<SignedDuration>,
) -> Result<SignedDuration, Wrong> {
    spans::read(text)
        .filter(|span| range.contains(span))
        .ok_or_else(|| {
            let (least, most) = (spans::shown(*range.start()), spans::shown(*range.end()));
            Wrong::new(format!("is not a span of time from {least} to {most}"))
                .help("a whole number and its unit, s, m, h or d, as in \"90s\", \"10m\", \"24h\" or \"30d\"")
        })
}

/// A time of the day, to the minute.
pub(super) fn time_of_day(text: &str) -> Result<Time, Wrong> {
    Time::strptime("%H:%M", text)
        .map_err(|_| Wrong::new("is not a time of the day").help("as in \"08:00\" or \"21:30\""))
}

/// A time zone by its name.
pub(super) fn time_zone(text: &str) -> Result<String, Wrong> {
    match TimeZone::get(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(Wrong::new("is not the name of a time zone")
            .help("as in \"Asia/Singapore\" or \"Europe/London\"")),
    }
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// A day of the week.
pub(super) fn weekday(text: &str) -> Result<Weekday, Wrong> {
    one_of(text, &DAYS).map_err(|_| {
        Wrong::new("has an element that is no day of the week")
            .help("one of \"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"")
    })
}

pub(super) fn shown_day(day: Weekday) -> &'static str {
    let named = DAYS.iter().find(|(_, known)| *known == day);
    named.map_or("", |(name, _)| name)
}

/// A name without blanks.
pub(super) fn one_word(text: &str) -> Result<String, Wrong> {
    match text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        true => Err(Wrong::new("has a blank in it").help("copy it from the Configuration Manager")),
        false => Ok(text.to_owned()),
    }
}

pub(super) fn no_controls(text: &str) -> Result<&str, Wrong> {
    match text.chars().any(char::is_control) {
        true => Err(Wrong::new("has a line break or another control character")),
        false => Ok(text),
    }
}

pub(super) fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, Wrong> {
    if let Some((_, value)) = known.iter().find(|(name, _)| *name == text) {
        return Ok(*value);
    }
    let names: Vec<String> = known
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let wrong = Wrong::new(format!("is none of {}", names.join(", ")));
    let meant = nearest(&text.to_lowercase(), known.iter().map(|(name, _)| *name));
    Err(match meant {
        Some(meant) => wrong.help(format!("did you mean \"{meant}\"?")),
        None => wrong,
    })
}
