//! What differs between two versions of a flow, in the flow's own words: steps added and removed, keys that lead elsewhere, prompts as
//! text. Read off the files, so that it works for whatever stands in them, also for what `check` refuses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::file::{self, Entry, Table, Value};

/// The tables that are no steps.
const HEADS: [&str; 5] = ["callwright", "flow", "languages", "numbers", "defaults"];

/// The keys whose texts callers hear.
const HEARD: [&str; 6] = [
    "say",
    "say_again",
    "no_input",
    "no_match",
    "play",
    "while_waiting",
];

/// What a step or a table says: each dotted key with its value as it is shown.
type Said = BTreeMap<String, String>;

/// The differences from `before` to `after`, a few lines each; empty when they say the same.
pub fn difference(before: &str, after: &str) -> String {
    let (before, after) = (parts(before), parts(after));
    let mut text = String::new();
    let renamed = renamed(&before, &after);
    for (old, new) in &renamed {
        // Writing to a text does not fail: here and below.
        let _ = writeln!(text, "{old} is now called {}", name(new));
    }
    for (part, said) in &after {
        let is_new = !before.contains_key(part);
        if is_new && !renamed.iter().any(|(_, new)| new == part) {
            let _ = writeln!(text, "{part} is new");
            tell_new(&mut text, said);
        }
    }
    for (part, said) in &before {
        match after.get(part) {
            Some(now) => tell_changes(&mut text, part, said, now),
            None if renamed.iter().any(|(old, _)| old == part) => {}
            None => {
                let _ = writeln!(text, "{part} is gone");
            }
        }
    }
    text
}

/// The steps and tables of a text, as `menu main` and `[flow]`.
fn parts(text: &str) -> BTreeMap<String, Said> {
    let tree = file::read(text);
    let mut parts = BTreeMap::new();
    for entry in tree.root.entries() {
        match entry.value.as_table() {
            Some(table) if HEADS.contains(&entry.key.as_str()) => {
                parts.insert(format!("[{}]", entry.key), said(text, table));
            }
            Some(steps) => parts.extend(steps.entries().iter().filter_map(|step| {
                let table = step.value.as_table()?;
                Some((format!("{} {}", entry.key, step.key), said(text, table)))
            })),
            None => {
                let value = shown(text, &entry.value);
                parts.insert(entry.key.clone(), Said::from([(String::new(), value)]));
            }
        }
    }
    parts
}

fn said(text: &str, table: &Table) -> Said {
    let mut said = Said::new();
    let mut open: Vec<(String, &Entry)> = Vec::new();
    open.extend(
        table
            .entries()
            .iter()
            .map(|entry| (entry.key.clone(), entry)),
    );
    while let Some((path, entry)) = open.pop() {
        match entry.value.as_table() {
            Some(table) if !table.entries().is_empty() => {
                let within = |entry: &'_ Entry| format!("{path}.{}", entry.key);
                open.extend(table.entries().iter().map(|entry| (within(entry), entry)));
            }
            _ => {
                said.insert(path, shown(text, &entry.value));
            }
        }
    }
    // `press.1 = "a"` and `press.1 = { go = "a" }` say the same.
    let long: Vec<_> = said
        .keys()
        .filter(|key| key.starts_with("press.") && key.ends_with(".go"))
        .cloned()
        .collect();
    for key in long {
        let value = said.remove(&key).unwrap_or_default();
        said.insert(key.trim_end_matches(".go").to_owned(), value);
    }
    said
}

/// A value: a text without quotes, anything else as it is written, spaces aside.
fn shown(text: &str, value: &Value) -> String {
    match value.as_text() {
        Some(words) => words.to_owned(),
        None => {
            let written = text.get(value.span.clone()).unwrap_or_default();
            written.split_whitespace().collect::<Vec<_>>().join(" ")
        }
    }
}

/// Steps that say the same under another name, where nothing else says so.
fn renamed(
    before: &BTreeMap<String, Said>,
    after: &BTreeMap<String, Said>,
) -> Vec<(String, String)> {
    let gone: Vec<_> = before
        .iter()
        .filter(|(part, _)| !after.contains_key(*part))
        .collect();
    let new: Vec<_> = after
        .iter()
        .filter(|(part, _)| !before.contains_key(*part))
        .collect();
    let kind = |part: &str| part.split(' ').next().unwrap_or_default().to_owned();
    let mut renamed = Vec::new();
    for (old, said) in &gone {
        let mut alike = new
            .iter()
            .filter(|(part, now)| kind(part) == kind(old) && now == said);
        if let (Some((part, _)), None) = (alike.next(), alike.next())
            && gone.iter().filter(|(_, other)| other == said).count() == 1
            && !said.is_empty()
        {
            renamed.push(((*old).clone(), (*part).clone()));
        }
    }
    renamed
}

/// The name behind a kind.
fn name(part: &str) -> &str {
    part.split_once(' ').map_or(part, |(_, name)| name)
}

fn tell_new(text: &mut String, said: &Said) {
    for (key, value) in said {
        let _ = writeln!(text, "  + {}", worded(key, value));
    }
}

fn tell_changes(text: &mut String, part: &str, before: &Said, after: &Said) {
    if before == after {
        return;
    }
    let _ = writeln!(text, "{part}");
    for (key, value) in after {
        match before.get(key) {
            Some(old) if old == value => {}
            Some(old) if is_heard(key) => {
                let _ = writeln!(text, "  {}:\n    - {old}\n    + {value}", title(key));
            }
            Some(old) if is_pressed(key) => {
                let _ = writeln!(
                    text,
                    "  {} leads to {value}, no longer to {old}",
                    title(key)
                );
            }
            Some(old) => {
                let _ = writeln!(text, "  {} is {value}, was {old}", title(key));
            }
            None => {
                let _ = writeln!(text, "  + {}", worded(key, value));
            }
        }
    }
    for (key, value) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
        let _ = writeln!(text, "  - {}", worded(key, value));
    }
}

/// A key with its value, as a line.
fn worded(key: &str, value: &str) -> String {
    match (is_pressed(key), is_heard(key)) {
        (true, _) => format!("{} leads to {value}", title(key)),
        (_, true) => format!("{}: {value}", title(key)),
        _ => format!("{} = {value}", title(key)),
    }
}

/// Whether it is a key of a menu alone: `press.1`, not `press.1.say`.
fn is_pressed(key: &str) -> bool {
    key.strip_prefix("press.")
        .is_some_and(|key| !key.contains('.'))
}

fn is_heard(key: &str) -> bool {
    key.split('.').any(|part| HEARD.contains(&part))
}

/// What a key is called: `key 3`, `say in zh`.
fn title(key: &str) -> String {
    if let Some(rest) = key.strip_prefix("press.") {
        return match rest.split_once('.') {
            None => format!("key {rest}"),
            Some((pressed, what)) => format!("key {pressed}, {}", title(what)),
        };
    }
    match key.split_once('.') {
        Some((heard, language)) if HEARD.contains(&heard) => format!("{heard} in {language}"),
        _ if key.is_empty() => "it".to_owned(),
        _ => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    const BEFORE: &str = "callwright = 1\n[flow]\nid = \"a\"\nstart = \"main\"\n[menu.main]\nsay.en = \"Press 1 or 2.\"\npress.1 = \"hours\"\npress.2 = { go = \"bye\" }\ngive_up = \"end\"\n[end.hours]\nsay = \"Nine to five.\"\n[end.bye]\nsay = \"Bye.\"\n[message.lost]\nsay = \"x\"\ngo = \"main\"\n";

    #[test]
    fn changes_are_told_in_the_flows_words() {
        let after = BEFORE
            .replace("\"Press 1 or 2.\"", "\"Press 1, 2 or 3.\"")
            .replace(
                "press.1 = \"hours\"",
                "press.1 = \"bye\"\npress.3 = \"times\"\ntries = 2",
            )
            .replace("give_up = \"end\"\n", "")
            .replace("[end.hours]", "[end.times]")
            .replace(
                "[message.lost]\nsay = \"x\"\ngo = \"main\"\n",
                "[menu.more]\nsay = \"y\"\npress.1 = \"bye\"\n",
            );
        let told = "\
end hours is now called times
menu more is new
  + key 1 leads to bye
  + say: y
menu main
  key 1 leads to bye, no longer to hours
  + key 3 leads to times
  say in en:
    - Press 1 or 2.
    + Press 1, 2 or 3.
  + tries = 2
  - give_up = end
message lost is gone
";
        assert_eq!(difference(BEFORE, &after), told);
    }

    #[test]
    fn another_way_to_write_the_same_is_no_difference() {
        let after = BEFORE
            .replace(
                "press.1 = \"hours\"",
                "press.1   = { go = \"hours\" }  # the hours",
            )
            .replace("[end.hours]", "\n[end.hours]\n");
        assert_eq!(difference(BEFORE, &after), "");
    }
}
