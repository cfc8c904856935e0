//! What stands around a cursor, read from the text alone: the line that is being typed is no TOML yet.

use crate::flow::check::names_a_step;

/// Whether a step's name is being typed at this byte: `press.1 = "mai|`.
pub(super) fn wants_step(text: &str, byte: usize) -> bool {
    let before = text.get(..byte).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let Some((assigned, typed)) = line.rsplit_once('"') else {
        return false;
    };
    let Some(keys) = assigned.trim_end().strip_suffix('=') else {
        return false;
    };
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !typed.chars().all(is_name) {
        return false;
    }
    let mut path = header(&before[..before.len() - line.len()]);
    // Within braces, `press.1 = { go = "…`, the keys in front of them come first.
    for part in keys.split('{') {
        let last = part.trim().trim_end_matches('=').trim_end();
        let last = last.rsplit([',', ' ']).next().unwrap_or_default();
        path.extend(last.split('.'));
    }
    let path: Vec<_> = path.iter().map(|key| key.trim_matches('"')).collect();
    names_a_step(&path)
}

/// The keys of the table that a text ends in.
fn header(text: &str) -> Vec<&str> {
    let headers = text.lines().rev().map(str::trim);
    let mut headers = headers.filter(|line| line.starts_with('[') && line.contains(']'));
    let last = headers.find_map(|line| line[1..].split(']').next());
    last.map_or(Vec::new(), |keys| keys.split('.').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::wants_step;

    #[test]
    fn names_of_steps_are_wanted_where_a_key_leads_somewhere() {
        for (text, wanted) in [
            ("[menu.main]\npress.1 = \"", true),
            ("[menu.main]\npress.1 = \"ma", true),
            ("[menu.main]\npress.1 = { language = \"en\", go = \"", true),
            ("[menu.main]\nsay = [\"x\"]\ngive_up=\"", true),
            ("[menu.main.press]\n1 = \"", true),
            ("[flow]\nid = \"a\"\nstart = \"", true),
            ("[decide.x]\nis.\"+65\" = \"", true),
            ("[menu.main]\npress.1 = { say = \"", false),
            ("[menu.main]\nsay = \"", false),
            ("[menu.main]\nsay = \"Press 1. ", false),
            ("[menu.main]\npress.1 = \"main\"", false),
            ("[menu.main]\npress.1 = ", false),
            ("press.1 = \"", false),
            ("", false),
        ] {
            assert_eq!(wants_step(text, text.len()), wanted, "{text}");
        }
    }
}
