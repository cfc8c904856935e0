//! Every key: its kind, its bounds, and what it must agree with. `callwright.default.toml` says the same to people;
//! `values.rs` says what a text must be like.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;

use super::contact_center::contact_center;
use super::events::events;
use super::masking_keys;
use super::pool_keys;
use super::reader::{Reader, Section, Show};
use super::values::{
    PLATFORM, Taken, api_base, country, database_url, header_text, is_loopback, key_text, level,
    listen, network, no_controls, one_of, origins, public_url, spoken_text, subaccount_id,
    token_text,
};
use super::wrong::Wrong;
use super::{
    Apology, Config, Durability, Events, ForwardedHeader, GivenKeys, Http, Keys, Log, LogFormat,
    Outbound, Product, Proxies, Scope, Subaccount, Token,
};
use crate::call::PhoneNumber;
use crate::outbound::Country;
use crate::outbound::rates::Limits;

const PRODUCTS: [(&str, Product); 2] = [("ivr", Product::Ivr), ("masking", Product::Masking)];
const DURABILITIES: [(&str, Durability); 2] =
    [("full", Durability::Full), ("process", Durability::Process)];
const FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];
const HEADERS: [(&str, ForwardedHeader); 2] = [
    ("x-forwarded-for", ForwardedHeader::XForwardedFor),
    ("forwarded", ForwardedHeader::Forwarded),
];

/// Reads all keys below the root. `None` when one of those that must be there is wrong; the reader knows why.
pub(super) fn config(reader: &mut Reader<'_>, mut root: Section) -> Option<Config> {
    let listen = reader.text(&mut root, "listen", Show::Whole, listen);
    let database_url = reader.text(&mut root, "database_url", Show::Url, database_url);
    let durability = reader.text(&mut root, "durability", Show::Whole, |text| {
        one_of(text, &DURABILITIES)
    });
    let flows = reader.text(&mut root, "flows", Show::Whole, |text| {
        Ok(PathBuf::from(text))
    });
    let public_url = reader.text(&mut root, "public_url", Show::Whole, public_url);
    let keys = encryption(reader, &mut root);
    let log = log(reader, &mut root);
    let apology = apology(reader, &mut root);
    let http = http(reader, &mut root);
    let webhooks_allowed_from = webhooks(reader, &mut root);
    let proxies = proxies(reader, &mut root);
    let exposed = listen.is_some_and(|listen| !is_loopback(listen));
    let subaccounts = subaccounts(reader, &mut root, exposed);
    let tokens = tokens(reader, &mut root, exposed);
    let outbound = outbound(reader, &mut root);
    let outward_allow = outward(reader, &mut root);
    let masking = masking_keys::masking(reader, &mut root);
    let pools = pool_keys::pools(reader, &mut root, &masking, subaccounts.as_ref());
    let contact_center = contact_center(reader, &mut root);
    let events = events(reader, &mut root, outward_allow.as_deref());
    let keep_sessions_days = retention(reader, &mut root, events.as_ref());
    reader.end(root);
    Some(Config {
        listen: listen?,
        database_url: database_url?,
        durability: durability?,
        flows: flows?,
        public_url,
        keys: keys?,
        log: log?,
        apology: apology?,
        http: http?,
        webhooks_allowed_from: webhooks_allowed_from?,
        proxies: proxies?,
        subaccounts: subaccounts?,
        tokens: tokens?,
        outbound: outbound?,
        secrets: Arc::default(),
        outward_allow: outward_allow?,
        masking,
        pools: pools?,
        contact_center: contact_center?,
        events: events?,
        keep_sessions_days: keep_sessions_days?,
    })
}

/// `[keys]`: both keys, or neither and a file.
fn encryption(reader: &mut Reader<'_>, root: &mut Section) -> Option<Keys> {
    let mut section = reader.section(root, "keys");
    let file = reader.text(&mut section, "file", Show::Whole, |text| {
        no_controls(text).map(PathBuf::from)
    });
    let data = reader.text(&mut section, "data", Show::Blank, key_text);
    let index = reader.text(&mut section, "index", Show::Blank, key_text);
    let old_data = reader.text(&mut section, "old_data", Show::Blank, key_text);
    let old_index = reader.text(&mut section, "old_index", Show::Blank, key_text);
    both_or_neither(reader, &section, ["data", "index"]);
    both_or_neither(reader, &section, ["old_data", "old_index"]);
    if reader.is_set(&section.path_of("old_data")) && !reader.is_set(&section.path_of("data")) {
        let wrong = Wrong::new("is set without `keys.data`");
        let help = "set the new keys as well, or take the old ones out";
        reader.fault(&section.path_of("old_data"), wrong.help(help));
    }
    reader.end(section);
    let before = old_data.zip(old_index).map(|(data, index)| {
        Box::new(GivenKeys {
            data,
            index,
            before: None,
        })
    });
    let given = match (data, index) {
        (Some(data), Some(index)) if data == index => {
            let path = vec!["keys".to_owned(), "index".to_owned()];
            let wrong = Wrong::new("is the same key as `keys.data`");
            reader.fault(
                &path,
                wrong.help("make one of its own: `openssl rand -base64 32`"),
            );
            return None;
        }
        (Some(data), Some(index)) => Some(GivenKeys {
            data,
            index,
            before,
        }),
        _ => None,
    };
    Some(Keys { given, file: file? })
}

/// One key without the other opens nothing, and must not be taken for none.
fn both_or_neither(reader: &mut Reader<'_>, section: &Section, [one, other]: [&str; 2]) {
    for (there, lacking) in [(one, other), (other, one)] {
        if reader.is_set(&section.path_of(there)) && !reader.is_set(&section.path_of(lacking)) {
            let wrong = Wrong::new(format!("is set without `keys.{lacking}`"));
            let help = "set both, or neither and keep them in the file that `keys.file` names";
            reader.fault(&section.path_of(there), wrong.help(help));
        }
    }
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
    let text = reader.text(&mut section, "text", Show::Whole, spoken_text);
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
    let of_one = of_one_at_most(reader, &section, of_one, in_all);
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

fn webhooks(reader: &mut Reader<'_>, root: &mut Section) -> Option<Vec<IpNet>> {
    let mut section = reader.section(root, "webhooks");
    let allowed = reader.list(&mut section, "allow_from", origins, |networks| {
        let shown: Vec<_> = networks.iter().map(IpNet::to_string).collect();
        shown.join(", ")
    });
    reader.end(section);
    Some(allowed?.concat())
}

fn proxies(reader: &mut Reader<'_>, root: &mut Section) -> Option<Proxies> {
    let mut section = reader.section(root, "proxies");
    let trusted = reader.list(&mut section, "trusted", network, IpNet::to_string);
    let header = reader.text(&mut section, "header", Show::Whole, |text| {
        one_of(text, &HEADERS)
    });
    reader.end(section);
    Some(Proxies {
        trusted: trusted?,
        header: header?,
    })
}

/// The connections of one address: not more than there are in all. Only who has set both has contradicted himself.
fn of_one_at_most(
    reader: &mut Reader<'_>,
    section: &Section,
    of_one: Option<u64>,
    in_all: Option<u64>,
) -> Option<u64> {
    let (of_one, in_all) = (of_one?, in_all?);
    let path = section.path_of("max_connections_per_address");
    if of_one > in_all && !reader.is_built_in(&path) {
        let wrong = Wrong::new("is more than `http.max_connections`");
        reader.fault(&path, wrong.write(in_all.to_string()));
    }
    Some(of_one.min(in_all))
}

fn subaccounts(
    reader: &mut Reader<'_>,
    root: &mut Section,
    exposed: bool,
) -> Option<BTreeMap<String, Subaccount>> {
    let sections = reader.named(root, "subaccounts");
    if exposed && sections.is_empty() && !reader.is_set(&["subaccounts".to_owned()]) {
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
    let api_base = match reader.is_set(&section.path_of("api_base")) {
        true => reader.text(&mut section, "api_base", Show::Whole, api_base),
        false => api_base(PLATFORM).ok(),
    };
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
        api_base: api_base?,
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

fn outbound(reader: &mut Reader<'_>, root: &mut Section) -> Option<Outbound> {
    let mut section = reader.section(root, "outbound");
    let countries = reader.list(&mut section, "countries", country, |country: &Country| {
        country.code()
    });
    let mut calls = |key, most| reader.integer(&mut section, key, 1..=most, " (calls)");
    let per_number = calls("calls_per_number_per_hour", 1_000);
    let in_all = calls("calls_per_minute", 10_000);
    reader.end(section);
    Some(Outbound {
        countries: countries?,
        limits: Limits {
            per_number_in_an_hour: u32::try_from(per_number?).ok()?,
            in_a_minute: u32::try_from(in_all?).ok()?,
        },
    })
}

fn outward(reader: &mut Reader<'_>, root: &mut Section) -> Option<Vec<IpNet>> {
    let mut section = reader.section(root, "outward");
    let allowed = reader.list(&mut section, "allow", network, IpNet::to_string);
    reader.end(section);
    allowed
}

/// `[retention]`. Events go before the sessions that they are about.
fn retention(reader: &mut Reader<'_>, root: &mut Section, events: Option<&Events>) -> Option<i64> {
    let mut section = reader.section(root, "retention");
    let days = reader.integer(&mut section, "sessions_days", 31..=3650, " (days)");
    let days = i64::try_from(days?).ok()?;
    if events.is_some_and(|events| events.keep_days > days) {
        let wrong = Wrong::new("is less than `events.keep_days`");
        let help = "events are kept for no longer than the sessions that they are about";
        reader.fault(&section.path_of("sessions_days"), wrong.help(help));
    }
    reader.end(section);
    Some(days)
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
    let words = Scope::ALL.map(|scope| (scope.as_str(), scope));
    let shown = |scope: &Scope| scope.as_str().to_owned();
    let scopes = match reader.list(&mut section, "scopes", |text| one_of(text, &words), shown) {
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
