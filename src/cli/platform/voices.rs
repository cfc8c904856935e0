//! `callwright platform voices`: the voices that flows may name, and the copy of the list that `check` reads.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use serde_json::Value;

use super::{Account, Shown};
use crate::cli::table::Column;
use crate::platform::client::account::Voice;

/// The copy of the list, in the working directory: beside the flows, so that it can be kept with them.
pub(in crate::cli) const COPY: &str = "callwright.voices.json";

const LISTED: [Column; 4] = [
    ("VOICE", "voice"),
    ("LOCALE", "locale"),
    ("LANGUAGE", "language"),
    ("GENDER", "gender"),
];

/// List the voices that flows may speak in
///
/// Writes the list to callwright.voices.json in the working directory too: `callwright check` reads it there, and warns of
/// voices that are not in it (CW603).
///
/// Example: callwright platform voices --language en
#[derive(Debug, Args)]
pub(super) struct VoicesArgs {
    /// Show those of this language only, as en or en-GB; all are written
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
}

/// Fetches the list, copies it, and shows what was asked for.
pub(super) async fn run(account: &Account, args: &VoicesArgs) -> anyhow::Result<Shown> {
    let mut voices = account.api.voices().await?;
    voices.sort_by(|a, b| (&a.locale, &a.voice).cmp(&(&b.locale, &b.voice)));
    keep(Path::new(COPY), &voices)?;
    if let Some(language) = &args.language {
        voices.retain(|voice| speaks(voice, language));
    }
    Shown::table(&voices, &LISTED, "No such voices.")
}

/// Whether a voice speaks a language: `en` is every English.
fn speaks(voice: &Voice, language: &str) -> bool {
    let locale = voice.locale.as_deref().unwrap_or_default().to_lowercase();
    let language = language.to_lowercase();
    locale == language || locale.starts_with(&format!("{language}-"))
}

fn keep(copy: &Path, voices: &[Voice]) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(voices)? + "\n";
    fs::write(copy, text).with_context(|| format!("{} cannot be written", copy.display()))
}

/// The names of the voices in the copy; `None` when there is no copy, or it is none.
pub(in crate::cli) fn copied(copy: &Path) -> Option<BTreeSet<String>> {
    let voices: Value = serde_json::from_str(&fs::read_to_string(copy).ok()?).ok()?;
    let names = voices
        .as_array()?
        .iter()
        .map(|voice| voice["voice"].as_str().map(str::to_owned));
    names
        .collect::<Option<BTreeSet<_>>>()
        .filter(|names| !names.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(name: &str, locale: &str) -> Voice {
        Voice {
            voice: name.to_owned(),
            locale: Some(locale.to_owned()),
            language: None,
            gender: None,
        }
    }

    #[test]
    fn a_copy_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let copy = folder.path().join(COPY);
        assert_eq!(copied(&copy), None);
        keep(
            &copy,
            &[voice("en-GB-Emma", "en-GB"), voice("da-DK-Naja", "da-DK")],
        )
        .expect("the folder is ours");
        let names = ["da-DK-Naja", "en-GB-Emma"].map(str::to_owned);
        assert_eq!(copied(&copy), Some(BTreeSet::from(names)));
        for text in ["", "[]", "{}", "[{}]", "[1]"] {
            fs::write(&copy, text).expect("the folder is ours");
            assert_eq!(copied(&copy), None, "{text}");
        }
    }

    #[test]
    fn a_language_is_itself_or_one_of_its_countries() {
        let emma = voice("en-GB-Emma", "en-GB");
        assert!(speaks(&emma, "en") && speaks(&emma, "EN-gb"));
        assert!(!speaks(&emma, "e") && !speaks(&emma, "en-US"));
    }
}
