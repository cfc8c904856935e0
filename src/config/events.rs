//! `[events]`: what systems of ours are told, and which.

use std::collections::BTreeMap;

use ipnet::IpNet;
use secrecy::SecretString;

use super::reader::{Reader, Section, Show};
use super::values::one_of;
use super::wrong::Wrong;
use super::{Endpoint, Events};
use crate::events::Kind;
use crate::events::signature::Secret;
use crate::events::told::Numbers;
use crate::outward;

const NUMBERS: [(&str, Numbers); 2] = [("masked", Numbers::Masked), ("whole", Numbers::Whole)];

/// Reads `[events]`; `allowed` are the networks that requests may go to beside the internet.
pub(super) fn events(
    reader: &mut Reader<'_>,
    root: &mut Section,
    allowed: Option<&[IpNet]>,
) -> Option<Events> {
    let mut section = reader.section(root, "events");
    let keep_days = reader.integer(&mut section, "keep_days", 4..=400, " (days)");
    let most = reader.integer(&mut section, "most", 1_000..=100_000_000, " (events)");
    let sections = reader.named(&mut section, "endpoints");
    let read: Vec<_> = sections
        .into_iter()
        .map(|(name, section)| {
            let endpoint = endpoint(reader, section, allowed.unwrap_or_default());
            endpoint.map(|endpoint| (name, endpoint))
        })
        .collect();
    reader.end(section);
    Some(Events {
        keep_days: i64::try_from(keep_days?).ok()?,
        most: most?,
        endpoints: read.into_iter().collect::<Option<BTreeMap<_, _>>>()?,
    })
}

fn endpoint(reader: &mut Reader<'_>, mut section: Section, allowed: &[IpNet]) -> Option<Endpoint> {
    let url = reader.text(&mut section, "url", Show::Whole, |text| {
        let url =
            outward::read(text).and_then(|url| outward::judge_url(&url, allowed).map(|()| url));
        url.map_err(|refused| {
            Wrong::new(refused.to_string()).help("as in \"https://crm.example.com/callwright\"")
        })
    });
    reader.missing(
        &section,
        "url",
        Wrong::new("has no url").write("\"https://…\""),
    );
    let secret = secret(reader, &mut section, "secret");
    reader.missing(
        &section,
        "secret",
        Wrong::new("has no secret").help("whsec_ and what `openssl rand -base64 32` prints"),
    );
    let old_secret = self::secret(reader, &mut section, "old_secret");
    let words = Kind::ALL.map(|kind| (kind.as_str(), kind));
    let shown = |kind: &Kind| kind.as_str().to_owned();
    let kinds = reader.list(&mut section, "kinds", |text| one_of(text, &words), shown);
    let kinds = kinds.unwrap_or_else(|| Kind::ALL.to_vec());
    if kinds.is_empty() {
        let wrong = Wrong::new("is empty, so nothing would be sent");
        reader.fault(
            &section.path_of("kinds"),
            wrong.help("leave it out for all kinds"),
        );
    }
    let numbers = match reader.is_set(&section.path_of("numbers")) {
        true => reader.text(&mut section, "numbers", Show::Whole, |text| {
            one_of(text, &NUMBERS)
        }),
        false => Some(Numbers::Masked),
    };
    reader.end(section);
    Some(Endpoint {
        url: url?,
        secrets: std::iter::once(secret?).chain(old_secret).collect(),
        kinds,
        numbers: numbers?,
    })
}

fn secret(
    reader: &mut Reader<'_>,
    section: &mut Section,
    key: &'static str,
) -> Option<SecretString> {
    reader.text(section, key, Show::Blank, |text| {
        let help = "`openssl rand -base64 32` makes one, to be written behind whsec_";
        match Secret::read(text) {
            Ok(_) => Ok(SecretString::from(text)),
            Err(none) => Err(Wrong::new(none.to_string()).help(help)),
        }
    })
}
