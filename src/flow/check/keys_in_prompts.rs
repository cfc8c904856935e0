//! Finds the keys that a prompt's words tell callers to press: "press 1", "按1", "tekan satu", "1を押して".
//!
//! Only forms that cannot be meant otherwise count, so that a prompt in words we don't know gives nothing rather than
//! something wrong. How the words stand in each language is `wording`'s.

mod one_key;
mod wording;

use std::ops::Range;

use one_key::{Key, before, read_key, skip_quote, spaces, word_at};
use wording::{KEY_FIRST, KeyFirst, VERB_FIRST, VerbFirst};

/// One key that a text tells callers to press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    /// The key as a flow writes it: `1`, `12`, `*`, `#`.
    pub(crate) key: String,
    /// The words that say so, in bytes of the text: `press 1`, or the key alone further on in a list.
    pub(crate) span: Range<usize>,
}

/// The keys that `text` tells callers to press, in the order they are named.
pub(crate) fn keys_in(text: &str) -> Vec<Mention> {
    let mut mentions = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let found = verb_first(text, at).or_else(|| key_first_at(text, at));
        match found {
            Some(named) => {
                at = named.end;
                mentions.extend(named.mentions);
            }
            None => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    mentions
}

/// Whether `text` holds the key `key` at all, as a number or a word of its own: enough to believe that callers are told
/// of it.
pub(crate) fn may_name(text: &str, key: &str) -> bool {
    text.char_indices().any(|(at, first)| {
        let inside_word = first.is_ascii_alphanumeric()
            && before(text, at).is_some_and(|c| c.is_ascii_alphanumeric());
        !inside_word && read_key(text, at).is_some_and(|found| found.key == key)
    })
}

/// The keys named at one place, and where the words end.
struct Named {
    mentions: Vec<Mention>,
    end: usize,
}

/// `press 1`, `press 1, 2 or 3`, and behind it `, 2 for hours`.
fn verb_first(text: &str, at: usize) -> Option<Named> {
    VERB_FIRST.iter().find_map(|words| {
        let verb_end = words.verb_at(text, at)?;
        let start = skip_fillers(text, verb_end, words);
        let mut mentions = read_list(text, start, words)?;
        mentions.first_mut()?.span.start = at;
        let end = further_keys(text, words, &mut mentions)?;
        Some(Named { mentions, end })
    })
}

impl VerbFirst {
    /// Where the verb that begins at `at` ends.
    fn verb_at(&self, text: &str, at: usize) -> Option<usize> {
        if self.spaced && before(text, at).is_some_and(char::is_alphanumeric) {
            return None;
        }
        self.verbs
            .iter()
            .filter_map(|verb| word_at(text, at, verb, self.spaced))
            .max()
    }

    /// Whether what stands at `at` makes the number before it something else: `one of our staff`, `按一下`.
    fn is_no_key(&self, text: &str, at: usize) -> bool {
        let next = at + spaces(&text[at..]);
        self.not_before
            .iter()
            .any(|word| word_at(text, next, word, self.spaced).is_some())
    }

    /// Whether "for", "to" stands at `at`.
    fn has_purpose(&self, text: &str, at: usize) -> bool {
        let at = at + spaces(&text[at..]);
        self.purposes
            .iter()
            .any(|word| word_at(text, at, word, self.spaced).is_some())
    }

    fn key_at(&self, text: &str, at: usize) -> Option<Key> {
        read_key(text, at).filter(|key| !self.is_no_key(text, key.end))
    }
}

/// Adds the keys of `press 1 for bookings, 2 for hours, or 3 for …`; gives where the words end.
fn further_keys(text: &str, words: &VerbFirst, mentions: &mut Vec<Mention>) -> Option<usize> {
    let mut end = mentions.last()?.span.end;
    while words.has_purpose(text, end) {
        let Some(key) = next_with_purpose(text, end, words) else {
            break;
        };
        end = key.span.end;
        mentions.push(key);
    }
    Some(end)
}

/// The key of the next `, 2 for …` in the same sentence, unless a verb comes first.
fn next_with_purpose(text: &str, from: usize, words: &VerbFirst) -> Option<Mention> {
    let sentence = text[from..]
        .find(['.', '!', '?', ';'])
        .map_or(text.len(), |end| from + end);
    for (offset, _) in text[from..sentence].char_indices() {
        let at = from + offset;
        if words.verb_at(text, at).is_some() {
            return None;
        }
        let key = joined(text, at, words)
            .and_then(|(next, _)| Some(mention(words.key_at(text, next)?, next)))
            .filter(|key| words.has_purpose(text, key.span.end));
        if key.is_some() {
            return key;
        }
    }
    None
}

fn skip_fillers(text: &str, mut at: usize, words: &VerbFirst) -> usize {
    loop {
        at += spaces(&text[at..]);
        let filler = words
            .fillers
            .iter()
            .filter_map(|filler| word_at(text, at, filler, words.spaced))
            .max();
        match filler {
            Some(end) => at = end,
            None => return at,
        }
    }
}

/// Keys joined by the language's "or" and "and", and by commas when an "or" follows.
fn read_list(text: &str, at: usize, words: &VerbFirst) -> Option<Vec<Mention>> {
    let first = words.key_at(text, at)?;
    if let Some(range) = read_range(text, at, &first, words) {
        return Some(range);
    }
    let mut end = first.end;
    let mut sure = vec![mention(first, at)];
    let mut after_commas = Vec::new();
    while let Some((next, comma)) = joined(text, end, words) {
        let start = skip_quote(text, next);
        let Some(key) = words.key_at(text, start) else {
            break;
        };
        end = key.end;
        after_commas.push(mention(key, start));
        if !comma {
            sure.append(&mut after_commas);
        }
    }
    Some(sure)
}

/// Where the next key of a list begins, and whether only a comma joins it.
fn joined(text: &str, at: usize, words: &VerbFirst) -> Option<(usize, bool)> {
    let at = skip_quote(text, at);
    let bare = at + spaces(&text[at..]);
    let comma = words
        .commas
        .iter()
        .find_map(|comma| word_at(text, bare, comma, false));
    let after = comma.unwrap_or(bare);
    let after = after + spaces(&text[after..]);
    let word = words
        .joins
        .iter()
        .filter_map(|join| word_at(text, after, join, words.spaced))
        .max();
    match (word, comma) {
        (Some(end), _) => Some((end + spaces(&text[end..]), false)),
        (None, Some(_)) => Some((after, true)),
        (None, None) => None,
    }
}

/// `press 1 to 5`: single digits that rise.
fn read_range(text: &str, at: usize, first: &Key, words: &VerbFirst) -> Option<Vec<Mention>> {
    let gap = first.end + spaces(&text[first.end..]);
    let to = words
        .ranges
        .iter()
        .find_map(|to| word_at(text, gap, to, words.spaced))?;
    let last_at = to + spaces(&text[to..]);
    let last = words.key_at(text, last_at)?;
    let digit = |key: &Key| key.key.parse::<u8>().ok().filter(|_| key.key.len() == 1);
    let (from, till) = (digit(first)?, digit(&last)?);
    let plain = text[last_at..].starts_with(|c: char| c.is_numeric());
    (plain && from < till).then(|| {
        (from..=till)
            .map(|n| Mention {
                key: n.to_string(),
                span: at..last.end,
            })
            .collect()
    })
}

/// `1を押して`, `1または2を押して`.
fn key_first_at(text: &str, at: usize) -> Option<Named> {
    KEY_FIRST.iter().find_map(|words| {
        let mut keys = Vec::new();
        let mut end = at;
        loop {
            let key = read_key(text, end)?;
            let start = end;
            end = key.end;
            keys.push(mention(key, start));
            match words.join_at(text, end) {
                Some(next) if read_key(text, next).is_some() => end = next,
                _ => break,
            }
        }
        let verb_end = words.verb_after(text, end)?;
        let last = keys.last_mut()?;
        last.span.end = verb_end;
        Some(Named {
            end: verb_end,
            mentions: keys,
        })
    })
}

impl KeyFirst {
    fn join_at(&self, text: &str, at: usize) -> Option<usize> {
        let at = self.skip_suffix(text, at);
        self.joins
            .iter()
            .filter_map(|join| word_at(text, at, join, false))
            .max()
    }

    fn skip_suffix(&self, text: &str, at: usize) -> usize {
        let at = at + spaces(&text[at..]);
        self.suffixes
            .iter()
            .filter_map(|suffix| word_at(text, at, suffix, false))
            .max()
            .unwrap_or(at)
    }

    /// Where the verb that follows a key at `at` ends.
    fn verb_after(&self, text: &str, at: usize) -> Option<usize> {
        let at = self.skip_suffix(text, at);
        let particle = self
            .particles
            .iter()
            .find_map(|particle| word_at(text, at, particle, false))?;
        let at = particle + spaces(&text[particle..]);
        self.verbs
            .iter()
            .filter_map(|verb| word_at(text, at, verb, false))
            .max()
            .or_else(|| self.verb_is_shared(text, particle).then_some(particle))
    }

    /// `予約は1を、変更は2を押して`: one verb for both.
    fn verb_is_shared(&self, text: &str, at: usize) -> bool {
        text[at..].starts_with(['、', ',', '，'])
            && self.verbs.iter().any(|verb| text[at..].contains(verb))
    }
}

fn mention(key: Key, start: usize) -> Mention {
    Mention {
        key: key.key,
        span: start..key.end,
    }
}

#[cfg(test)]
mod tests;
