//! Translations and voices: CW303, CW311.

use std::collections::{BTreeMap, BTreeSet};

use super::super::written;
use super::super::{Declared, FlowFile};
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::file::{Entry, Table};
use crate::flow::model::{Language, ONLY_LANGUAGE};

/// The keys of steps and of `[defaults]` that may hold one text per language.
const TEXTS: &[&str] = &[
    "say",
    "say_again",
    "play",
    "no_input",
    "no_match",
    "while_waiting",
];

pub(super) fn check(file: &FlowFile<'_>) {
    let chosen = chosen(file);
    for step in &file.steps {
        translated(file, step, &chosen);
    }
    defaults_translated(file, &chosen);
    voices(file, &chosen);
}

/// The languages that callers can choose, with the place where a key does it.
pub(in super::super) fn chosen(file: &FlowFile<'_>) -> BTreeMap<Language, Span> {
    let mut chosen = BTreeMap::new();
    for press in file.steps.iter().flat_map(Declared::presses) {
        let table = press.entry.value.as_table();
        let entry = table.and_then(|press| press.get("language"));
        if let Some((entry, code)) = entry.and_then(|entry| Some((entry, entry.value.as_text()?))) {
            chosen
                .entry(Language::new(code))
                .or_insert_with(|| entry.value.span.clone());
        }
    }
    chosen
}

/// CW303 for one step.
fn translated(file: &FlowFile<'_>, step: &Declared<'_>, chosen: &BTreeMap<Language, Span>) {
    if step.torn {
        return;
    }
    let every = step.kind == "menu" && step.entry("speak").is_some();
    for (key, entry) in texts_of(step.table) {
        let (wanted, why) = if every && key == "say" {
            (
                file.languages.codes.keys().collect(),
                "it speaks every language",
            )
        } else {
            (wanted(file, chosen), "")
        };
        missing(file, &step.title(), &key, entry, &wanted, why);
    }
}

/// CW303 for `[defaults]`.
fn defaults_translated(file: &FlowFile<'_>, chosen: &BTreeMap<Language, Span>) {
    let table = file.table("defaults");
    for (key, entry) in table.into_iter().flat_map(texts_of) {
        missing(file, "[defaults]", &key, entry, &wanted(file, chosen), "");
    }
}

/// The language that calls begin in, and those that can be chosen and have a voice; without one CW311 says enough.
fn wanted<'a>(
    file: &'a FlowFile<'_>,
    chosen: &'a BTreeMap<Language, Span>,
) -> BTreeSet<&'a Language> {
    chosen
        .keys()
        .filter(|code| has_voice(file, code))
        .chain([&file.languages.default])
        .chain(file.handed_down.iter().flat_map(|handed| &handed.chosen))
        .collect()
}

/// The entries of a table that may hold one text per language, with the path of keys to them.
fn texts_of(table: &Table) -> Vec<(String, &Entry)> {
    let own = TEXTS
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), table.get(key)?)));
    let keys = table.get("press").and_then(|entry| entry.value.as_table());
    let pressed = keys
        .into_iter()
        .flat_map(Table::entries)
        .filter_map(|press| {
            let say = press.value.as_table()?.get("say")?;
            Some((format!("press.{}.say", press.key), say))
        });
    own.chain(pressed).collect()
}

/// Reports each language of `wanted` that a table of texts lacks.
fn missing(
    file: &FlowFile<'_>,
    owner: &str,
    key: &str,
    entry: &Entry,
    wanted: &BTreeSet<&Language>,
    why: &str,
) {
    let Some(table) = entry.value.as_table() else {
        return;
    };
    let Some(first) = table.entries().first() else {
        return;
    };
    let strange = |entry: &Entry| {
        !file
            .languages
            .codes
            .contains_key(&Language::new(&*entry.key))
    };
    if file.handed_down.is_none() && table.entries().iter().any(strange) {
        return; // It may be the missing one, misspelt, and has been reported.
    }
    for code in wanted
        .iter()
        .filter(|code| table.get(code.as_str()).is_none())
    {
        let why = match why {
            "" if **code == file.languages.default => format!("calls begin in {code}"),
            "" => format!("callers can choose {code}"),
            why => why.to_owned(),
        };
        let has = &first.key;
        let message = format!("{owner} has {key}.{has} but no {key}.{code}, and {why}");
        file.report(
            Diagnostic::error("CW303", message)
                .at(
                    written::key(file, first),
                    format!("nothing in {} beside it", name_of(code)),
                )
                .help(format!("add: {key}.{code} = \"...\"")),
        );
    }
}

/// CW311: languages that are chosen or written, and that nobody has a voice for.
fn voices(file: &FlowFile<'_>, chosen: &BTreeMap<Language, Span>) {
    let torn = file
        .at("languages")
        .and_then(|entry| entry.value.as_table())
        .is_some_and(|table| table.torn);
    if torn || file.lost {
        return;
    }
    for (code, place) in chosen {
        if !has_voice(file, code) {
            let fault = format!("callers can choose {code}, but [languages] gives it no voice");
            file.report(voiceless(
                file,
                code,
                Diagnostic::error("CW311", fault).at(place.clone(), "chosen here"),
            ));
        }
    }
    let mut seen: BTreeSet<&Language> = chosen.keys().collect();
    for text in &file.texts {
        let Some(code) = &text.language else { continue };
        if !has_voice(file, code) && seen.insert(code) {
            let fault = format!("there is a text in {code}, but [languages] gives it no voice");
            let place = text.value.span.clone();
            file.report(voiceless(
                file,
                code,
                Diagnostic::warning("CW311", fault).at(place, ""),
            ));
        }
    }
}

/// Whether something fit speaks `code`: its own voice, that of `[defaults]`, or for English the guides'.
fn has_voice(file: &FlowFile<'_>, code: &Language) -> bool {
    let shared = file.defaults.voice.is_some() || code.as_str() == ONLY_LANGUAGE;
    let own = file.languages.codes.get(code);
    own.is_some_and(|at| at.voice.is_some() || shared)
}

fn voiceless(file: &FlowFile<'_>, code: &Language, fault: Diagnostic) -> Diagnostic {
    let spoken = |code: &&str| file.languages.codes.contains_key(&Language::new(*code));
    match language_of_country(code.as_str()).filter(spoken) {
        Some(meant) => fault.help(format!("did you mean \"{meant}\"?")),
        None => fault.help(format!("add under [languages]: {code}.voice = \"...\"")),
    }
}

/// The language that people mean when they write the code of a country, or an old one.
fn language_of_country(code: &str) -> Option<&'static str> {
    Some(match code {
        "cn" | "ch" | "tw" | "hk" => "zh",
        "jp" => "ja",
        "kr" => "ko",
        "vn" => "vi",
        "my" => "ms",
        "in" => "id",
        "us" | "uk" | "gb" => "en",
        _ => return None,
    })
}

/// A language's name in English, or its code in quotes.
pub(super) fn name_of(language: &Language) -> String {
    let code = language.as_str();
    let name = match code.split(['-', '_']).next().unwrap_or(code) {
        "en" => "English",
        "zh" | "cmn" => "Chinese",
        "yue" => "Cantonese",
        "ms" => "Malay",
        "id" => "Indonesian",
        "ta" => "Tamil",
        "hi" => "Hindi",
        "th" => "Thai",
        "vi" => "Vietnamese",
        "ja" => "Japanese",
        "ko" => "Korean",
        "fil" | "tl" => "Filipino",
        "fr" => "French",
        "de" => "German",
        "es" => "Spanish",
        "pt" => "Portuguese",
        "it" => "Italian",
        "nl" => "Dutch",
        "ar" => "Arabic",
        "ru" => "Russian",
        _ => return format!("\"{code}\""),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::trial::said;

    const BOTH: &str = "[languages]\nen.voice = \"a\"\nzh.voice = \"b\"\n";

    fn choosing(languages: &str, message: &str) -> Vec<String> {
        said(&format!(
            "{languages}[menu.main]\nsay = \"Press 1 or 2.\"\npress.1 = \"hours\"\n\
             press.2 = {{ language = \"zh\", go = \"hours\" }}\n[message.hours]\n{message}\ngo = \"bye\"\n"
        ))
    }

    #[test]
    fn a_text_for_all_needs_no_translation() {
        assert_eq!(choosing(BOTH, "say = \"Hello\""), [""; 0]);
        assert_eq!(
            choosing(BOTH, "say.en = \"Hello\"\nsay.zh = \"你好\""),
            [""; 0]
        );
    }

    #[test]
    fn missing_translations_are_named() {
        assert_eq!(
            choosing(BOTH, "say.en = \"Hello\""),
            [
                "CW303: message \"hours\" has say.en but no say.zh, and callers can choose zh [say.en]"
            ]
        );
        assert_eq!(
            choosing(BOTH, "say.zh = \"你好\""),
            ["CW303: message \"hours\" has say.zh but no say.en, and calls begin in en [say.zh]"]
        );
    }

    #[test]
    fn a_language_needs_a_voice() {
        assert_eq!(
            choosing("[languages]\nen.voice = \"a\"\n", "say.en = \"Hello\""),
            ["CW311: callers can choose zh, but [languages] gives it no voice [\"zh\"]"]
        );
        assert_eq!(
            choosing(
                "voice = \"a\"\n[languages]\nen.voice = \"a\"\nzh.voice = \"b\"\n",
                "say = \"Hello\""
            ),
            [""; 0]
        );
    }
}
