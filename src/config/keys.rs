//! Every key: its kind, its bounds, and what it must agree with. `callwright.default.toml` says the same to people.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use secrecy::SecretString;
use tracing_subscriber::EnvFilter;

use super::reader::{Reader, Section, Show, Wrong};
use super::suggest::nearest;
use super::{Apology, Config, Http, Log, LogFormat, Product, Scope, Subaccount, Token};
use crate::call::PhoneNumber;

/// The fewest characters of a secret that other machines can try to guess.
const SHORTEST_SECRET: usize = 16;

/// What `say` takes (platform's `say`: "text", at most 3000 characters).
const LONGEST_APOLOGY: usize = 3000;

const PRODUCTS: [(&str, Product); 2] = [("ivr", Product::Ivr), ("masking", Product::Masking)];
const FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];
const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
const SCOPES: [(&str, Scope); 3] = [
    ("read", Scope::Read),
    ("numbers", Scope::Numbers),
    ("metrics", Scope::Metrics),
];

/// Reads all keys below the root. `None` when one of those that must be there is wrong; the reader knows why.
pub(super) fn config(reader: &mut Reader<'_>, mut root: Section) -> Option<Config> {
    let listen = reader.text(&mut root, "listen", Show::Whole, listen);
    let database_url = reader.text(&mut root, "database_url", Show::Whole, database_url);
    let flows = reader.text(&mut root, "flows", Show::Whole, |text| {
        Ok(PathBuf::from(text))
    });
    let log = log(reader, &mut root);
    let apology = apology(reader, &mut root);
    let http = http(reader, &mut root);
    let exposed = listen.is_some_and(|listen| !is_loopback(listen));
    let subaccounts = subaccounts(reader, &mut root, exposed);
    let tokens = tokens(reader, &mut root, exposed);
    reader.end(root);
    Some(Config {
        listen: listen?,
        database_url: database_url?,
        flows: flows?,
        log: log?,
        apology: apology?,
        http: http?,
        subaccounts: subaccounts?,
        tokens: tokens?,
    })
}

fn log(reader: &mut Reader<'_>, root: &mut Section) -> Option<Log> {
    let mut section = reader.section(root, "log");
    let level = reader.text(&mut section, "level", Show::Whole, level);
    let format = reader.text(&mut section, "format", Show::Whole, |text| {
        one_of(text, &FORMATS)
    });
    reader.end(section);
    Some(Log {
        level: level?,
        format: format?,
    })
}

fn apology(reader: &mut Reader<'_>, root: &mut Section) -> Option<Apology> {
    let mut section = reader.section(root, "apology");
    let text = reader.text(&mut section, "text", Show::Whole, apology_text);
    let voice = reader.text(&mut section, "voice", Show::Whole, |text| {
        no_controls(text).map(str::to_owned)
    });
    reader.end(section);
    Some(Apology {
        text: text?,
        voice: voice?,
    })
}

fn http(reader: &mut Reader<'_>, root: &mut Section) -> Option<Http> {
    let mut section = reader.section(root, "http");
    let mut connections = |key| reader.integer(&mut section, key, 1..=100_000, "");
    let in_all = connections("max_connections");
    let of_one = connections("max_connections_per_address");
    let mut milliseconds = |key, range| reader.integer(&mut section, key, range, " (milliseconds)");
    let head = milliseconds("head_timeout_ms", 100..=60_000);
    let body = milliseconds("body_timeout_ms", 100..=60_000);
    let idle = milliseconds("idle_timeout_ms", 1_000..=600_000);
    let drain = milliseconds("drain_timeout_ms", 0..=60_000);
    if let Some(most) = in_all.filter(|in_all| of_one.is_some_and(|of_one| of_one > *in_all)) {
        let wrong = Wrong::new("is more than `http.max_connections`").write(most.to_string());
        reader.fault(&section.path_of("max_connections_per_address"), wrong);
    }
    reader.end(section);
    Some(Http {
        max_connections: usize::try_from(in_all?).ok()?,
        max_connections_per_address: usize::try_from(of_one?).ok()?,
        head_timeout_ms: head?,
        body_timeout_ms: body?,
        idle_timeout_ms: idle?,
        drain_timeout_ms: drain?,
    })
}

/// What only one may have: a sub-account's id, a number, a token. Remembers by whom it was taken.
#[derive(Default)]
struct Taken(HashMap<String, String>);

impl Taken {
    /// Takes `value` for `name`; tells who has it already.
    fn take(&mut self, value: &str, name: &str) -> Result<(), String> {
        match self.0.get(value) {
            Some(holder) => Err(holder.clone()),
            None => {
                self.0.insert(value.to_owned(), name.to_owned());
                Ok(())
            }
        }
    }
}

fn subaccounts(
    reader: &mut Reader<'_>,
    root: &mut Section,
    exposed: bool,
) -> Option<BTreeMap<String, Subaccount>> {
    let sections = reader.named(root, "subaccounts");
    if exposed && sections.is_empty() {
        reader.fault(
            &["listen".to_owned()],
            Wrong::new("is open to other machines, and no sub-account says which webhooks to trust").help(
                "add [subaccounts.NAME] with id, product and webhook_secret, or listen on 127.0.0.1",
            ),
        );
    }
    let (mut ids, mut numbers) = (Taken::default(), Taken::default());
    let read: Vec<_> = sections
        .into_iter()
        .map(|(name, section)| {
            let subaccount = subaccount(reader, &name, section, exposed, &mut ids, &mut numbers);
            subaccount.map(|subaccount| (name, subaccount))
        })
        .collect();
    read.into_iter().collect()
}

fn subaccount(
    reader: &mut Reader<'_>,
    name: &str,
    mut section: Section,
    exposed: bool,
    ids: &mut Taken,
    numbers: &mut Taken,
) -> Option<Subaccount> {
    let id = reader.text(&mut section, "id", Show::Whole, |text| {
        subaccount_id(text, name, ids)
    });
    reader.missing(&section, "id", Wrong::new("has no id").write("\"…\""));
    let product = reader.text(&mut section, "product", Show::Whole, |text| {
        one_of(text, &PRODUCTS)
    });
    reader.missing(
        &section,
        "product",
        Wrong::new("has no product").write("\"ivr\""),
    );
    let api_key = reader.text(&mut section, "api_key", Show::Blank, |text| {
        token_text(text, false)
    });
    let webhook_secret = reader.text(&mut section, "webhook_secret", Show::Blank, |text| {
        header_text(text, exposed)
    });
    if exposed {
        let wrong = Wrong::new("has no webhook secret, and `listen` is open to other machines");
        reader.missing(&section, "webhook_secret", wrong.write("\"…\""));
    }
    let numbers = numbers_of(reader, &mut section, name, numbers);
    reader.end(section);
    Some(Subaccount {
        id: id?,
        product: product?,
        api_key,
        webhook_secret,
        numbers,
    })
}

fn numbers_of(
    reader: &mut Reader<'_>,
    section: &mut Section,
    name: &str,
    taken: &mut Taken,
) -> Vec<PhoneNumber> {
    let parse = |text: &str| {
        let number = PhoneNumber::parse_e164(text).ok_or_else(|| {
            Wrong::new("has an element that is no phone number: + and 7 to 15 digits")
                .help("as in \"+6561115777\"")
        })?;
        match taken.take(number.digits(), name) {
            Ok(()) => Ok(number),
            Err(holder) if holder == name => Err(Wrong::new("has the same number twice")),
            Err(holder) => Err(Wrong::new(format!(
                "has a number that sub-account `{holder}` has too"
            ))),
        }
    };
    let numbers = reader.list(section, "numbers", parse, PhoneNumber::masked);
    numbers.unwrap_or_default()
}

fn tokens(
    reader: &mut Reader<'_>,
    root: &mut Section,
    exposed: bool,
) -> Option<BTreeMap<String, Token>> {
    let mut api = reader.section(root, "api");
    let sections = reader.named(&mut api, "tokens");
    reader.end(api);
    let mut taken = Taken::default();
    let read: Vec<_> = sections
        .into_iter()
        .map(|(name, section)| {
            token(reader, &name, section, exposed, &mut taken).map(|token| (name, token))
        })
        .collect();
    read.into_iter().collect()
}

fn token(
    reader: &mut Reader<'_>,
    name: &str,
    mut section: Section,
    exposed: bool,
    taken: &mut Taken,
) -> Option<Token> {
    let token = reader.text(&mut section, "token", Show::Blank, |text| {
        let token = token_text(text, exposed)?;
        match taken.take(text, name) {
            Ok(()) => Ok(token),
            Err(holder) => Err(Wrong::new(format!("is the token of `{holder}` too"))),
        }
    });
    reader.missing(&section, "token", Wrong::new("has no token").write("\"…\""));
    let scopes_path = section.path_of("scopes");
    let shown = |scope: &Scope| name_of(*scope, &SCOPES).to_owned();
    let scopes = match reader.list(&mut section, "scopes", |text| one_of(text, &SCOPES), shown) {
        None => vec![Scope::Read],
        Some(scopes) => scopes,
    };
    if scopes.is_empty() {
        reader.fault(
            &scopes_path,
            Wrong::new("is empty, so the token may do nothing").write("[\"read\"]"),
        );
    }
    reader.end(section);
    Some(Token {
        token: token?,
        scopes,
    })
}

fn listen(text: &str) -> Result<SocketAddr, Wrong> {
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

fn database_url(text: &str) -> Result<String, Wrong> {
    let example = "\"sqlite://callwright.db\"";
    if text.starts_with("postgres:") || text.starts_with("postgresql:") {
        let wrong = Wrong::new("asks for PostgreSQL, which comes in a later version");
        return Err(wrong.write(example));
    }
    match text.strip_prefix("sqlite:") {
        Some(path) if !path.trim_start_matches('/').is_empty() => {
            no_controls(text).map(str::to_owned)
        }
        _ => Err(Wrong::new("is not the address of a SQLite file").write(example)),
    }
}

/// A filter of `tracing`. A lone word has to be a level: `tracing` takes `debg` for the name of a part, and shows nothing.
fn level(text: &str) -> Result<String, Wrong> {
    for word in text.split(',').map(str::trim) {
        let lone = !word.contains(['=', '[']);
        if lone && !LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word)) {
            return Err(not_a_level(nearest(word, LEVELS)));
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

fn apology_text(text: &str) -> Result<String, Wrong> {
    match text.chars().count() {
        1..=LONGEST_APOLOGY => no_controls(text).map(str::to_owned),
        length => Err(Wrong::new(format!(
            "has {length} characters, and the platform says at most {LONGEST_APOLOGY}"
        ))),
    }
}

fn subaccount_id(text: &str, name: &str, taken: &mut Taken) -> Result<String, Wrong> {
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

/// A secret that travels as a whole header: printable ASCII, blanks only inside, as in `Basic …`.
fn header_text(text: &str, exposed: bool) -> Result<SecretString, Wrong> {
    let travels = text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) && text.trim() == text;
    if !travels {
        return Err(Wrong::new("has characters that do not travel in a header")
            .help("letters, digits and signs of ASCII, blanks only inside; no line breaks"));
    }
    long_enough(text, exposed)
}

/// A secret that travels after `Bearer `: as [`header_text`], without blanks.
fn token_text(text: &str, exposed: bool) -> Result<SecretString, Wrong> {
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

fn no_controls(text: &str) -> Result<&str, Wrong> {
    match text.chars().any(char::is_control) {
        true => Err(Wrong::new("has a line break or another control character")),
        false => Ok(text),
    }
}

fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, Wrong> {
    if let Some((_, value)) = known.iter().find(|(name, _)| *name == text) {
        return Ok(*value);
    }
    let names: Vec<String> = known
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let wrong = Wrong::new(format!("is none of {}", names.join(", ")));
    Err(match nearest(text, known.iter().map(|(name, _)| *name)) {
        Some(meant) => wrong.help(format!("did you mean \"{meant}\"?")),
        None => wrong,
    })
}

fn name_of<T: PartialEq>(value: T, known: &[(&'static str, T)]) -> &'static str {
    known
        .iter()
        .find(|(_, v)| *v == value)
        .map_or("", |(name, _)| name)
}
