//! Finds the keys that a prompt's words tell callers to press: "press 1", "按1", "tekan satu", "1を押して".
//!
//! Only forms that cannot be meant otherwise count, so that a prompt in words we don't know gives nothing rather than
//! something wrong. How the words stand in each language is [`wording`](super::wording)'s.

use std::ops::Range;

use super::wording::{KEY_FIRST, KEY_WORDS, KeyFirst, VERB_FIRST, VerbFirst};

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

/// A key read at one place.
struct Key {
    key: String,
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

/// Reads a key at `at`: up to four digits that belong to no longer number, a symbol, or its word.
fn read_key(text: &str, at: usize) -> Option<Key> {
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
fn word_at(text: &str, at: usize, word: &str, spaced: bool) -> Option<usize> {
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

fn mention(key: Key, start: usize) -> Mention {
    Mention {
        key: key.key,
        span: start..key.end,
    }
}

fn before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

fn spaces(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn skip_quote(text: &str, at: usize) -> usize {
    const QUOTES: &[char] = &[
        '"', '\'', '“', '”', '‘', '’', '「', '」', '[', ']', '(', ')',
    ];
    let quote = text[at..].chars().next().filter(|c| QUOTES.contains(c));
    at + quote.map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::{keys_in, may_name};

    fn keys(text: &str) -> String {
        let keys: Vec<String> = keys_in(text).into_iter().map(|found| found.key).collect();
        keys.join(" ")
    }

    fn check(table: &[(&str, &str)]) {
        for (text, expected) in table {
            assert_eq!(keys(text), *expected, "{text}");
        }
    }

    #[test]
    fn english() {
        check(&[
            ("To book a table press 1, to speak to us press 2.", "1 2"),
            ("For English, press one.", "1"),
            (
                "Press star to go back, press hash to end, press pound or asterisk",
                "* # # *",
            ),
            ("press the star key", "*"),
            ("press the number 1 on your keypad", "1"),
            ("Press key number two", "2"),
            ("press \"3\" or '4'", "3 4"),
            ("press *, or press #", "* #"),
            ("Press 1 or 2.", "1 2"),
            ("Press 1, 2 or 3.", "1 2 3"),
            ("Press 1, 2, or 3.", "1 2 3"),
            ("Press 1, 2 people are waiting", "1"),
            ("Press 1 to 5 to rate us", "1 2 3 4 5"),
            ("Press 1 to connect now", "1"),
            ("press 12 for the spa", "12"),
            ("press 101 for the spa", "101"),
            ("Dial 0 for the operator", "0"),
            (
                "Press 1 for bookings, 2 for hours, or 4 for directions.",
                "1 2 4",
            ),
            ("by pressing 1 you agree", "1"),
            ("PRESS 1 NOW", "1"),
            ("Press 1.", "1"),
            ("Press 1 at any time", "1"),
            ("key 1 for yes, key 2 for no", "1 2"),
            ("Press 1\nPress\n2", "1 2"),
        ]);
    }

    #[test]
    fn english_that_means_no_key() {
        check(&[
            ("Say yes or no", ""),
            ("We express 1 thing", ""),
            ("the empress 1", ""),
            ("pressed 1", ""),
            ("press one of the keys", ""),
            ("press one or more keys", ""),
            ("press 1 and one of our staff will help", "1"),
            ("enter the four digits", ""),
            ("dial 1-800-555-1234", ""),
            ("dial 1 800 555 1234", ""),
            ("dial +65 6833 2048", ""),
            ("dial 65683320", ""),
            ("press 1st", ""),
            ("press 20251", ""),
            ("press 1.5", ""),
            ("the press 10:30 briefing", ""),
            ("key in your number", ""),
            ("press any key", ""),
            ("press {key}", ""),
            ("press", ""),
            ("open from 11 to 3, table for 2", ""),
            ("press 1 3 times", ""),
            ("push 2-way sound", ""),
        ]);
    }

    #[test]
    fn chinese() {
        check(&[
            ("订位或改位请按1,与店员通话请按2,营业时间请按3。", "1 2 3"),
            ("請按二", "2"),
            ("请按１", "1"),
            ("按数字键1", "1"),
            ("请按下1号键", "1"),
            ("请按1、2或3", "1 2 3"),
            ("返回请按星号键,结束请按井号", "* #"),
            ("请按*键", "*"),
            ("按0转人工", "0"),
            ("请按「3」", "3"),
            ("请按一下", ""),
            ("请按一次", ""),
            ("按照2025年", ""),
            ("请输入6位编号", ""),
            ("請撥9", "9"),
            ("一共有二人", ""),
            ("请按1至5评分", "1 2 3 4 5"),
        ]);
    }

    #[test]
    fn malay_and_indonesian() {
        check(&[
            ("Untuk Bahasa Melayu, tekan 2.", "2"),
            ("Tekan satu untuk tempahan, tekan dua untuk bantuan", "1 2"),
            ("Silakan tekan angka 3", "3"),
            ("tekan bintang, tekan tombol pagar", "* #"),
            ("tekan 1 atau 2", "1 2"),
            ("tekan satu kali", ""),
            ("tekanan 1", ""),
            ("tekan delapan, tekan lapan", "8 8"),
            ("tekan 1 untuk tempahan, 2 untuk bantuan", "1 2"),
        ]);
    }

    #[test]
    fn thai_vietnamese_japanese_korean() {
        check(&[
            ("สำรองโต๊ะ กด 1 ติดต่อพนักงาน กด 2", "1 2"),
            ("กดหมายเลข ๓", "3"),
            ("กดหนึ่ง", "1"),
            ("กดสี่", "4"),
            ("กดเครื่องหมายสี่เหลี่ยม กดดอกจัน", "# *"),
            ("กด 1 ครั้ง", ""),
            ("Để đặt bàn, bấm phím 1. Nhấn phím số 2.", "1 2"),
            ("Bấm một, ấn phím sao, nhấn phím thăng", "1 * #"),
            ("nhấn 1 hoặc 2", "1 2"),
            ("ご予約は1を押してください。", "1"),
            ("ご予約は１を、変更は２番を押してください。", "1 2"),
            ("1番のボタンを押してください", "1"),
            ("1または2を押して", "1 2"),
            ("シャープを押してください", "#"),
            ("10を超える", ""),
            ("예약은 1번을 눌러 주세요", "1"),
        ]);
    }

    #[test]
    fn spans_hold_the_words_that_say_so() {
        let text = "For hours press 4. Press the 1 or 2. 中文请按3。1を押して";
        let said: Vec<&str> = keys_in(text)
            .into_iter()
            .map(|found| &text[found.span])
            .collect();
        assert_eq!(said, ["press 4", "Press the 1", "2", "按3", "1を押して"]);
    }

    #[test]
    fn may_name_is_generous() {
        for (text, key, expected) in [
            ("1 for bookings", "1", true),
            ("for hours choose two", "2", true),
            ("the 21st", "1", false),
            ("中文按一", "1", true),
            ("someone", "1", false),
            ("ABC1", "1", false),
            ("our hours", "4", false),
        ] {
            assert_eq!(may_name(text, key), expected, "{text} {key}");
        }
    }
}
