//! The digits of an entry: keys, or a pattern that may stand for a few of them.

/// How many keys a pattern may stand for.
const MOST: usize = 12;

/// A key that an entry is chosen by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// What is pressed.
    pub(super) keys: String,
    /// What `$1` stands for in the entry's param.
    pub(super) captured: String,
}

/// The keys of `digits="…"`, `/…/` being a pattern; `None` when it stands for too many, or is no pattern that is known here.
pub(super) fn keys(digits: &str) -> Option<Vec<Key>> {
    let Some(pattern) = digits
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'))
    else {
        return Some(vec![Key {
            keys: digits.to_owned(),
            captured: digits.to_owned(),
        }]);
    };
    let pattern = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let pattern = pattern
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or(pattern);
    let mut all = Vec::new();
    for alternative in pattern.split('|') {
        all.extend(expanded(alternative)?);
        if all.len() > MOST {
            return None;
        }
    }
    let key = |keys: String| Key {
        captured: keys.clone(),
        keys,
    };
    (!all.is_empty()).then(|| all.into_iter().map(key).collect())
}

/// All that a pattern of digits, classes and counts stands for.
fn expanded(pattern: &str) -> Option<Vec<String>> {
    let mut all = vec![String::new()];
    let mut rest = pattern;
    while !rest.is_empty() {
        let (choices, behind) = atom(rest)?;
        let (times, behind) = count(behind)?;
        rest = behind;
        for _ in 0..times {
            all = all
                .iter()
                .flat_map(|known| choices.iter().map(move |choice| format!("{known}{choice}")))
                .take(MOST + 1)
                .collect();
            if all.len() > MOST {
                return None;
            }
        }
    }
    Some(all)
}

/// The first digit or class of a pattern.
fn atom(pattern: &str) -> Option<(Vec<char>, &str)> {
    if let Some(rest) = pattern.strip_prefix("\\d") {
        return Some((('0'..='9').collect(), rest));
    }
    if let Some(rest) = pattern.strip_prefix("\\*") {
        return Some((vec!['*'], rest));
    }
    if let Some(rest) = pattern.strip_prefix('[') {
        let (class, rest) = rest.split_once(']')?;
        return Some((members(class)?, rest));
    }
    let first = pattern.chars().next()?;
    let is_key = first.is_ascii_digit() || first == '#';
    is_key.then(|| (vec![first], &pattern[1..]))
}

/// The keys of a class, `0-9*`.
fn members(class: &str) -> Option<Vec<char>> {
    let chars: Vec<char> = class.chars().collect();
    let mut keys = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1), chars.get(at + 2)) {
            (from, Some('-'), Some(&to)) if from.is_ascii_digit() && to.is_ascii_digit() => {
                keys.extend(from..=to);
                at += 3;
            }
            (key, ..) if key.is_ascii_digit() || matches!(key, '*' | '#') => {
                keys.push(key);
                at += 1;
            }
            _ => return None,
        }
    }
    (!keys.is_empty()).then_some(keys)
}

/// How often what stood before it: `{2}`, or once.
fn count(rest: &str) -> Option<(usize, &str)> {
    if rest.starts_with(['*', '+', '?', '.']) {
        return None;
    }
    match rest.strip_prefix('{') {
        None => Some((1, rest)),
        Some(inside) => {
            let (times, rest) = inside.split_once('}')?;
            let times = times.parse().ok().filter(|times| (1..=9).contains(times))?;
            Some((times, rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn small_patterns_are_a_few_keys() {
        for (digits, expected) in [
            ("1", Some("1")),
            ("*", Some("*")),
            ("/^[1-3]$/", Some("1 2 3")),
            ("/^(10[12])$/", Some("101 102")),
            ("/^(0|9)$/", Some("0 9")),
            ("/^[*#]$/", Some("* #")),
            ("/^0{2}$/", Some("00")),
            ("/^\\d$/", Some("0 1 2 3 4 5 6 7 8 9")),
            ("/^(10[0-9]{2})$/", None),
            ("/^1\\d+$/", None),
            ("/1/", None),
            ("/^(1$/", None),
            ("/^[9-1]$/", None),
            ("/^[a]$/", None),
            ("/^\u{e9}$/", None),
            ("/^1{99999999999999999999}$/", None),
            ("/^$/", Some("")),
        ] {
            let found = keys(digits).map(|keys| {
                let keys: Vec<_> = keys.into_iter().map(|key| key.keys).collect();
                keys.join(" ")
            });
            assert_eq!(found.as_deref(), expected, "{digits}");
        }
    }
}
