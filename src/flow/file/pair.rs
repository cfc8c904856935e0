//! What a person is told of a `key = value` that is no TOML: what they most likely meant, in plain words, once.

use toml::de::Error;
use toml_parser::lexer::TokenKind;

use super::assemble::Told;
use super::statements::{Statement, Statements, span};
use crate::flow::diagnostic::{Diagnostic, Span};

/// The quotes that word processors and input methods put in place of plain ones.
const CURLY: [char; 10] = [
    '\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{ff02}', '\u{300c}', '\u{300d}',
    '\u{ab}', '\u{bb}',
];

/// How many lines are searched for the end of a text that was not closed on its own.
const LONGEST_PROMPT: usize = 30;

/// What is wrong with a `key = value`.
pub(super) fn explain(text: &str, all: &Statements, at: usize, errors: &[Error]) -> Told {
    let look = Look {
        text,
        all,
        at,
        statement: &all.list[at],
    };
    let error = look.foremost(errors);
    look.curly()
        .or_else(|| look.hash_key())
        .or_else(|| look.unclosed(error))
        .or_else(|| look.unquoted(error, errors))
        .unwrap_or_else(|| look.in_plain_words(error))
}

/// A closer look at one bad statement.
struct Look<'a> {
    text: &'a str,
    all: &'a Statements,
    at: usize,
    statement: &'a Statement,
}

impl<'a> Look<'a> {
    /// The error that stands first; toml sorts by the pass that found it.
    fn foremost<'e>(&self, errors: &'e [Error]) -> &'e Error {
        errors
            .iter()
            .min_by_key(|error| error.span().map_or(usize::MAX, |span| span.start))
            .unwrap_or(&errors[0])
    }

    /// Where an error stands in the file, on letters' bounds and never empty at a line's end.
    fn place(&self, error: &Error) -> Span {
        let base = self.statement.span.start;
        let own = error.span().unwrap_or(0..0);
        let start = (base + own.start).min(self.statement.span.end);
        let end = (base + own.end).clamp(start, self.statement.span.end);
        if self.text.get(start..end).is_none() {
            return self.statement.span.clone();
        }
        start..end
    }

    fn key(&self) -> String {
        let keys: Vec<_> = self
            .statement
            .path
            .iter()
            .map(|(key, _)| key.as_str())
            .collect();
        keys.join(".")
    }

    /// Curly quotes around a text.
    fn curly(&self) -> Option<Told> {
        let tokens = &self.all.tokens[self.statement.tokens.clone()];
        let mut places = tokens.iter().flat_map(|token| {
            let raw = &self.text[span(token)];
            let plain = raw.starts_with(['"', '\'']) && raw.len() > 1 && raw.ends_with(['"', '\'']);
            let letters = raw
                .char_indices()
                .filter(move |(_, c)| !plain && CURLY.contains(c));
            letters.map(move |(at, c)| {
                token.span().start() + at..token.span().start() + at + c.len_utf8()
            })
        });
        let first = places.next()?;
        let last = places.last();
        let message = "these are curly quotes from a word processor; type plain \" quotes";
        let value = self.with_plain_quotes();
        let mut fault = Diagnostic::error("CW009", message)
            .at(first, "this quote")
            .help(format!("write: {} = {value}", self.key()));
        if let Some(last) = last {
            fault = fault.also(last, "and this one");
        }
        Some(Told::torn(fault))
    }

    /// The value with plain quotes in the place of double curly ones, or of all when there are only single ones.
    fn with_plain_quotes(&self) -> String {
        let tokens = &self.all.tokens[self.statement.tokens.clone()];
        let equals = tokens
            .iter()
            .find(|token| token.kind() == TokenKind::Equals);
        let (Some(equals), Some(last)) = (equals, tokens.last()) else {
            return "\"...\"".to_owned();
        };
        let raw = self.text[equals.span().end()..last.span().end()].trim();
        let double = ['“', '”', '„'];
        if raw.contains(double) {
            raw.replace(double, "\"")
        } else {
            raw.replace(CURLY, "\"")
        }
    }

    /// `press.# = "x"`: all behind the # is a comment.
    fn hash_key(&self) -> Option<Told> {
        let comment = self.statement.comment.clone()?;
        let value = self.text[comment.clone()].strip_prefix('#')?.trim_start();
        let value = value.strip_prefix('=')?;
        let tokens = &self.all.tokens[self.statement.tokens.clone()];
        if tokens.iter().any(|token| token.kind() == TokenKind::Equals) {
            return None;
        }
        let message =
            "# starts a comment, so this key has no value; for the hash key write press.hash";
        Some(Told::torn(
            Diagnostic::error("CW013", message)
                .at(comment, "read as a comment")
                .help(format!("write: {}.hash ={value}", self.key())),
        ))
    }

    /// A text whose closing quote is missing, or stands some lines further on.
    fn unclosed(&self, error: &Error) -> Option<Told> {
        let message = error.message();
        let quote = message.starts_with("invalid basic string, expected `\"`")
            || message.starts_with("invalid literal string, expected `'`");
        let multi = message.starts_with("invalid multi-line");
        if multi {
            return Some(Told {
                lost: true,
                ..Told::torn(
                    Diagnostic::error("CW015", "these three quotes are never closed")
                        .at(
                            self.opening(),
                            "the text begins here and takes the rest of the file",
                        )
                        .help("write \"\"\" behind the text's last word"),
                )
            });
        }
        if !quote {
            return None;
        }
        let key = self.key();
        Some(match self.closing_line() {
            Some(further) => Told {
                statements: further + 1,
                ..Told::torn(
                    Diagnostic::error(
                        "CW015",
                        "a prompt that runs over several lines needs \"\"\" three quotes",
                    )
                    .at(self.opening(), "one quote ends with its line")
                    .help(format!(
                        "write: {key} = \"\"\" at the beginning and \"\"\" at the end"
                    )),
                )
            },
            None => Told::torn(
                Diagnostic::error(
                    "CW016",
                    "this text is not closed: the quote at its end is missing",
                )
                .at(self.opening(), "the text begins here")
                .help(format!("write the quote behind the last word of {key}")),
            ),
        })
    }

    /// The quotes that the statement's last string opens with.
    fn opening(&self) -> Span {
        let tokens = &self.all.tokens[self.statement.tokens.clone()];
        let string = tokens
            .iter()
            .rev()
            .find(|token| token.kind().encoding().is_some());
        let Some(string) = string else {
            return self.statement.span.clone();
        };
        let raw = &self.text[span(string)];
        let quotes = raw.len() - raw.trim_start_matches(['"', '\'']).len();
        string.span().start()..string.span().start() + quotes.max(1)
    }

    /// How many statements further on the closing quote stands, when all up to there are no TOML either.
    fn closing_line(&self) -> Option<usize> {
        let further = self.all.list[self.at + 1..].iter().take(LONGEST_PROMPT);
        for (nth, statement) in further.enumerate() {
            let raw = &self.text[statement.span.clone()];
            if statement.is_header || toml::de::DeTable::parse(raw).is_ok() {
                return None;
            }
            if raw.trim_end().ends_with(['"', '\'']) {
                return Some(nth + 1);
            }
        }
        None
    }

    /// A text or a phone number without quotes.
    fn unquoted(&self, error: &Error, errors: &[Error]) -> Option<Told> {
        let message = error.message();
        let place = self.place(error);
        let base = self.statement.span.start;
        let value_at = self.text[base..place.start]
            .rfind('=')
            .map(|at| base + at + 1)?;
        let unquoted = message.starts_with("string values must be quoted");
        let number = [
            "invalid datetime",
            "unexpected",
            "invalid number",
            "invalid integer",
            "invalid float",
        ];
        let raw = self.text[value_at..self.statement.span.end].trim();
        let bare = !raw.is_empty() && !raw.contains(['"', '\'', '[', '{', '=']);
        let odd_number = bare && number.iter().any(|start| message.starts_with(start));
        if !unquoted && !odd_number {
            return None;
        }
        let (value, place) = if odd_number || bare {
            let start =
                value_at + (self.text[value_at..].len() - self.text[value_at..].trim_start().len());
            (raw, start..start + raw.len())
        } else {
            (self.text[place.clone()].trim(), place)
        };
        let key = self.key_before(value_at - 1);
        if value.is_empty() {
            return Some(self.empty(&key, value_at));
        }
        let fault = if is_phone_number(value) {
            Diagnostic::error(
                "CW012",
                "a phone number needs quotes (without them TOML drops the +)",
            )
            .help(format!("write: {key} = \"{}\"", compact_number(value)))
        } else {
            let quoted = format!("{key} = \"{value}\"");
            Diagnostic::error("CW001", format!("this text needs quotes: {quoted}"))
                .help(format!("write: {quoted}"))
        };
        let alike = errors
            .iter()
            .all(|error| error.message().starts_with("string values must be quoted"));
        Some(Told {
            readable: alike && !is_phone_number(value),
            ..Told::torn(fault.at(place, "no quotes"))
        })
    }

    fn empty(&self, key: &str, at: usize) -> Told {
        Told::torn(
            Diagnostic::error("CW016", format!("{key} has no value"))
                .at(at - 1..at, "nothing stands behind it")
                .help(format!("write: {key} = \"...\"")),
        )
    }

    /// The key that stands before the `=` at this byte: in braces it isn't the statement's own.
    fn key_before(&self, equals: usize) -> String {
        let before = self.text[self.statement.span.start..equals].trim_end();
        let start = before
            .rfind(|c: char| {
                !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '*'))
            })
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
        before[start..].trim().to_owned()
    }

    /// Everything else, by toml's own message.
    fn in_plain_words(&self, error: &Error) -> Told {
        let key = match self.key() {
            key if key.is_empty() => "say".to_owned(),
            key => key,
        };
        let message = error.message();
        let words = PLAIN_WORDS
            .iter()
            .find(|(start, ..)| message.starts_with(start));
        let raw = &self.text[self.statement.span.clone()];
        let before_value = raw.split(['=', '"', '\'']).next().unwrap_or_default();
        let (told, help) = match words {
            _ if before_value.contains(':') => (
                "between a key and its value stands =, not :".to_owned(),
                format!("write: {key} = \"...\""),
            ),
            _ if raw.contains(".*") && message.starts_with("invalid unquoted key") => (
                "* cannot stand in a key".to_owned(),
                "for the star key write: press.star = \"...\"".to_owned(),
            ),
            Some((_, told, help)) => ((*told).to_owned(), help.replace("KEY", &key)),
            None => (
                format!("this line is not TOML: {}", message.replace('\n', " ")),
                format!("write: {key} = \"...\""),
            ),
        };
        Told::torn(
            Diagnostic::error("CW016", told)
                .at(self.place(error), "")
                .help(help),
        )
    }
}

/// How toml's messages begin, what we say instead, and what to type. `KEY` is the statement's key.
const PLAIN_WORDS: [(&str, &str, &str); 9] = [
    (
        "key with no value",
        "this line is neither a header nor key = \"value\"",
        "write: KEY = \"...\", or put # in front to make it a comment",
    ),
    (
        "unexpected key or value",
        "something stands behind the value",
        "one line is one KEY = \"value\"; for a quote inside a text write \\\"",
    ),
    (
        "unclosed array",
        "this list is not closed by ]",
        "write ] behind the list's last text",
    ),
    (
        "unclosed inline table",
        "these braces are not closed by }",
        "write } behind the last value in the braces",
    ),
    (
        "missing comma",
        "a comma is missing here",
        "write a comma between the two",
    ),
    (
        "missing escaped value",
        "a backslash stands for a special letter together with the next one, and this is none",
        "for a plain backslash write \\\\",
    ),
    (
        "invalid unquoted key",
        "a key is made of plain letters, digits, _ and -",
        "write: KEY = \"...\"",
    ),
    (
        "unquoted keys cannot be empty",
        "a key is missing here",
        "write the key between the dots: press.1 = \"...\"",
    ),
    (
        "invalid comment character",
        "an unprintable letter stands here",
        "delete the letter and type the line anew",
    ),
];

impl Told {
    /// A statement that cannot be read.
    fn torn(fault: Diagnostic) -> Self {
        Self {
            fault,
            readable: false,
            lost: false,
            statements: 1,
        }
    }
}

/// Whether an unquoted value is a phone number as people write them.
pub(crate) fn is_phone_number(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let phone_letters =
        |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '_');
    value.chars().all(phone_letters) && (digits >= 7 || value.starts_with('+') && digits >= 3)
}

/// A phone number without the signs that people put between its digits.
fn compact_number(value: &str) -> String {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    format!("+{digits}")
}
