//! How much JSON is read from the network: one pass over the bytes, before anything is parsed. The size of the whole
//! body is limited where it is received; see [`super::webhook::Kind::body_limit`].

use super::webhook::{Fault, Kind};

/// How deep objects and lists may nest; the outermost is 1.
pub const DEPTH: usize = 32;

/// The most items of one list.
pub const ITEMS: usize = 1_000;

/// The most bytes of one text or key, as written between its quotes.
pub const TEXT_BYTES: usize = 8 * 1024;

/// The most faults that are told of one body.
const FAULTS: usize = 20;

/// Looks for what is beyond the limits. The list `virtualNumbers` of a virtual number update (and of a body whose kind
/// is told by itself) may be as long as the body's own limit lets it.
///
/// The bytes need not be JSON: what is no JSON is found later.
pub fn check(body: &[u8], expected: Option<Kind>) -> Vec<Fault> {
    if is_small(body) {
        return Vec::new();
    }
    let mut scan = Scan {
        body,
        numbers_unlimited: matches!(expected, None | Some(Kind::NumberUpdate)),
        open: Vec::with_capacity(DEPTH),
        last_text: 0..0,
        faults: Vec::new(),
    };
    scan.run();
    scan.faults
}

/// Whether a body is too short for a list or a text beyond the limits, and holds too few brackets to nest too deep.
fn is_small(body: &[u8]) -> bool {
    body.len() <= ITEMS && body.len() <= TEXT_BYTES && usize::from(opened(body)) <= DEPTH
}

/// How many brackets open in a small body; `[` and `{` differ in one bit. Narrow numbers, since many are added at once.
fn opened(body: &[u8]) -> u16 {
    body.iter().map(|byte| u16::from(byte | 0x20 == b'{')).sum()
}

/// An object or list that has not been closed yet.
struct Open {
    list: bool,
    unlimited: bool,
    commas: usize,
}

struct Scan<'a> {
    body: &'a [u8],
    numbers_unlimited: bool,
    open: Vec<Open>,
    last_text: std::ops::Range<usize>,
    faults: Vec<Fault>,
}

impl Scan<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(byte) = self.body.get(at) {
            match byte {
                b'"' => {
                    at = self.text(at);
                    continue;
                }
                b'{' | b'[' if !self.opened(at, *byte == b'[') => return,
                b'}' | b']' => drop(self.open.pop()),
                b',' => self.comma(at),
                _ => {}
            }
            if self.faults.len() >= FAULTS {
                return;
            }
            at += 1;
        }
    }

    /// Passes a text and gives the place behind it.
    fn text(&mut self, at: usize) -> usize {
        let end = end_of_string(self.body, at);
        if end.saturating_sub(at + 2) > TEXT_BYTES && self.faults.len() < FAULTS {
            self.faults.push(Fault {
                path: place(at),
                message: format!("a text is longer than {TEXT_BYTES} bytes"),
                help: "send shorter texts".to_owned(),
            });
        }
        self.last_text = at..end;
        end
    }

    /// Notes an object or list; `false` when it is one too deep, and nothing more is looked at.
    fn opened(&mut self, at: usize, list: bool) -> bool {
        if self.open.len() == DEPTH {
            self.faults.push(Fault {
                path: place(at),
                message: format!("objects and lists nest deeper than {DEPTH}"),
                help: "send a flatter body".to_owned(),
            });
            return false;
        }
        let unlimited = list && self.is_virtual_numbers();
        self.open.push(Open {
            list,
            unlimited,
            commas: 0,
        });
        true
    }

    /// Whether the list that opens now is `$.payload.virtualNumbers`, by its depth and key.
    fn is_virtual_numbers(&self) -> bool {
        self.numbers_unlimited
            && self.open.len() == 2
            && self.body.get(self.last_text.clone()) == Some(br#""virtualNumbers""#)
    }

    fn comma(&mut self, at: usize) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        open.commas += 1;
        if open.list && !open.unlimited && open.commas == ITEMS {
            self.faults.push(Fault {
                path: place(at),
                message: format!("a list has more than {ITEMS} items"),
                help: "send shorter lists".to_owned(),
            });
        }
    }
}

/// The place behind the string literal whose quote stands at `start`; the text's end when it is never closed.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    bytes.len()
}

/// Where in the body, for want of a path: nothing has been parsed yet.
fn place(at: usize) -> String {
    format!("byte {at}")
}

#[cfg(test)]
mod tests {
    use super::{DEPTH, FAULTS, ITEMS, TEXT_BYTES, check};
    use crate::platform::webhook::Kind;

    fn messages(body: &str, expected: Option<Kind>) -> Vec<String> {
        let faults = check(body.as_bytes(), expected).into_iter();
        faults.map(|fault| fault.message).collect()
    }

    #[test]
    fn nesting_ends_at_its_limit() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(messages(&nested(DEPTH - 1), None).is_empty());
        assert!(messages(&nested(DEPTH), None).is_empty());
        let refused = ["objects and lists nest deeper than 32"];
        assert_eq!(messages(&nested(DEPTH + 1), None), refused);
        assert_eq!(messages(&"[".repeat(1_000_000), None), refused);
        assert_eq!(messages(&"{\"a\":".repeat(1_000_000), None), refused);
        assert!(messages(&"[],".repeat(1_000), None).is_empty());
    }

    #[test]
    fn lists_end_at_their_limit() {
        let list = |items: usize| format!("{{\"a\":[{}]}}", vec!["0"; items].join(","));
        assert!(messages(&list(ITEMS - 1), None).is_empty());
        assert!(messages(&list(ITEMS), None).is_empty());
        assert_eq!(
            messages(&list(ITEMS + 1), None),
            ["a list has more than 1000 items"]
        );
        let object = format!("{{{}}}", vec!["\"a\":0"; 5_000].join(","));
        assert!(messages(&object, None).is_empty());
    }

    #[test]
    fn virtual_numbers_have_no_limit_of_their_own() {
        let update = |key: &str| {
            let numbers = vec!["{\"msisdn\":\"6561115777\"}"; 5_000].join(",");
            format!("{{\"payload\":{{\"{key}\":[{numbers}]}}}}")
        };
        assert!(messages(&update("virtualNumbers"), Some(Kind::NumberUpdate)).is_empty());
        assert!(messages(&update("virtualNumbers"), None).is_empty());
        assert_eq!(
            messages(&update("virtualNumbers"), Some(Kind::CallAction)).len(),
            1
        );
        assert_eq!(
            messages(&update("otherNumbers"), Some(Kind::NumberUpdate)).len(),
            1
        );
    }

    #[test]
    fn texts_and_keys_end_at_their_limit() {
        let text = |bytes: usize| format!("[\"{}\"]", "a".repeat(bytes));
        let key = |bytes: usize| format!("{{\"{}\":0}}", "a".repeat(bytes));
        for body in [text, key] {
            assert!(messages(&body(TEXT_BYTES - 1), None).is_empty());
            assert!(messages(&body(TEXT_BYTES), None).is_empty());
            assert_eq!(
                messages(&body(TEXT_BYTES + 1), None),
                ["a text is longer than 8192 bytes"]
            );
        }
        assert!(messages("[\"[[[[\\\",,,,\"]", None).is_empty());
    }

    #[test]
    fn few_faults_are_told_of_a_body_of_many() {
        let body = format!("\"{}\"", "a".repeat(TEXT_BYTES + 1)).repeat(100);
        assert_eq!(messages(&body, None).len(), FAULTS);
    }
}
