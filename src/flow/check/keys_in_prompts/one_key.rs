//! Reads one key, and the letters around it.

use super::wording::KEY_WORDS;

/// A key read at one place.
pub(super) struct Key {
    /// As a flow writes it.
    pub(super) key: String,
    /// Where it ends.
    pub(super) end: usize,
}

/// Reads a key at `at`: up to four digits that belong to no longer number, a symbol, or its word.
pub(super) fn read_key(text: &str, at: usize) -> Option<Key> {
    let at = skip_quote(text, at);
    let rest = text.get(at..)?;
    let first = rest.chars().next()?;
    if digit(first).is_some() {
        return read_digits(text, at);
    }
    let symbol = match first {
        '*' | '＊' => Some("*"),
        '#' | '＃' => Some("#"),
        _ => None,
    };
    if let Some(symbol) = symbol {
        return Some(Key {
            key: symbol.to_owned(),
            end: at + first.len_utf8(),
        });
    }
    KEY_WORDS
        .iter()
        .filter_map(|(word, key)| {
            let end = word_at(text, at, word, is_spaced(word))?;
            Some(Key {
                key: (*key).to_owned(),
                end,
            })
        })
        .max_by_key(|key| key.end)
}

fn read_digits(text: &str, at: usize) -> Option<Key> {
    let digits: Vec<(char, usize)> = text[at..]
        .chars()
        .map_while(|c| Some((digit(c)?, c.len_utf8())))
        .collect();
    let end = at + digits.iter().map(|(_, bytes)| bytes).sum::<usize>();
    let stands_alone = !before(text, at).is_some_and(|c| digit(c).is_some() || c == '+')
        && !goes_on_as_number(&text[end..]);
    (digits.len() <= 4 && stands_alone).then(|| Key {
        key: digits.iter().map(|(digit, _)| *digit).collect(),
        end,
    })
}

/// `-800`, ` 800`, `.5`, `:30`, `/7`, `%`, `st`: the number before was no key.
fn goes_on_as_number(rest: &str) -> bool {
    let mut chars = rest.chars();
    match chars.next() {
        Some('-') => chars.next().is_some_and(|c| c.is_ascii_alphanumeric()),
        Some(' ' | '.' | ':' | '/') => chars.next().is_some_and(|c| c.is_ascii_digit()),
        Some('%') => true,
        Some(c) => c.is_ascii_alphabetic(),
        None => false,
    }
}

/// The ASCII form of a digit: half width, full width or Thai.
fn digit(c: char) -> Option<char> {
    let value = match c {
        '0'..='9' => return Some(c),
        '０'..='９' => c as u32 - '０' as u32,
        '๐'..='๙' => c as u32 - '๐' as u32,
        _ => return None,
    };
    char::from_digit(value, 10)
}

/// Where `word` ends when it stands at `at`, whatever its case; a `spaced` one must end with a word's end.
pub(super) fn word_at(text: &str, at: usize, word: &str, spaced: bool) -> Option<usize> {
    let end = at + word.len();
    let here = text.get(at..end)?;
    let whole = !spaced || !text[end..].starts_with(|c: char| c.is_alphabetic());
    (here.eq_ignore_ascii_case(word) && whole).then_some(end)
}

/// Whether the language of `word` puts spaces between words.
fn is_spaced(word: &str) -> bool {
    word.chars()
        .all(|c| c < '\u{0300}' || ('\u{1e00}'..'\u{1f00}').contains(&c) || c == ' ')
}

/// The letter before `at`.
pub(super) fn before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

/// How many bytes of space a text begins with.
pub(super) fn spaces(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// Behind the quote or bracket that stands at `at`, if one does.
pub(super) fn skip_quote(text: &str, at: usize) -> usize {
    const QUOTES: &[char] = &[
        '"', '\'', '“', '”', '‘', '’', '「', '」', '[', ']', '(', ')',
    ];
    let quote = text[at..].chars().next().filter(|c| QUOTES.contains(c));
    at + quote.map_or(0, char::len_utf8)
}
