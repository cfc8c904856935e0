//! `[name|value][name|value]…`: the form in which data travel to the agent's panel, to a call back, to a click-to-dial link.
//!
//! The format has no escape for its own three signs, so in a name or a value `[` is written `(`, `]` is written `)`, `|` is
//! written `/`; a control character is a blank.

/// The most characters of the data of a handoff and of a call back ("There is a limit of 500 characters").
pub const MOST_CHARACTERS: usize = 500;

/// Names and values, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pairs(Vec<(String, String)>);

/// Pairs as they are sent, within a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// How many characters had to be left out of it.
    pub left_out: usize,
}

/// Why a text is no pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPairs {
    /// Something stands outside brackets.
    #[error("has text outside the brackets")]
    Outside,
    /// A bracket opens and does not close.
    #[error("has a [ without its ]")]
    Open,
    /// A pair without the sign between name and value.
    #[error("has a pair without |")]
    NoBar,
    /// A pair with more than one such sign.
    #[error("has a pair with more than one |")]
    ManyBars,
    /// A pair without a name.
    #[error("has a pair without a name")]
    NoName,
}

impl Pairs {
    /// Pairs of these names and values. Signs of the format become others; ends are trimmed.
    pub fn new<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let plain = pairs
            .into_iter()
            .map(|(name, value)| (plain(name.as_ref()), plain(value.as_ref())));
        Self(plain.collect())
    }

    /// Reads `[name|value]…`. Line breaks and runs of blanks, which scripts bring along, are one blank each.
    ///
    /// # Errors
    ///
    /// What keeps the text from being pairs.
    pub fn parse(text: &str) -> Result<Self, NotPairs> {
        let mut pairs = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let inside = rest.strip_prefix('[').ok_or(NotPairs::Outside)?;
            let (pair, after) = inside.split_once(']').ok_or(NotPairs::Open)?;
            if pair.contains('[') {
                return Err(NotPairs::Open);
            }
            let (name, value) = pair.split_once('|').ok_or(NotPairs::NoBar)?;
            if value.contains('|') {
                return Err(NotPairs::ManyBars);
            }
            let name = one_line(name);
            if name.is_empty() {
                return Err(NotPairs::NoName);
            }
            pairs.push((name, one_line(value)));
            rest = after.trim_start();
        }
        Ok(Self(pairs))
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as they are sent.
    pub fn written(&self) -> String {
        self.iter()
            .map(|(name, value)| format!("[{name}|{value}]"))
            .collect()
    }

    /// As many of them as fit into `most` characters, in their order: of the first that does not fit, the beginning of its
    /// value; nothing after it.
    pub fn within(&self, most: usize) -> Written {
        let whole = self.written().chars().count();
        let (mut text, mut length) = (String::new(), 0);
        for (name, value) in self.iter() {
            let frame = name.chars().count() + "[|]".len();
            let room = most.saturating_sub(length + frame);
            let fits = value.chars().count() <= room;
            if fits && length + frame <= most {
                text.push_str(&format!("[{name}|{value}]"));
                length += frame + value.chars().count();
                continue;
            }
            let begins: String = value.chars().take(room).collect();
            if !begins.is_empty() {
                length += frame + begins.chars().count();
                text.push_str(&format!("[{name}|{begins}]"));
            }
            break;
        }
        Written {
            text,
            left_out: whole - length,
        }
    }
}

/// A text without the format's own signs and without control characters.
fn plain(text: &str) -> String {
    let sign = |c: char| match c {
        '[' => '(',
        ']' => ')',
        '|' => '/',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().map(sign).collect::<String>().trim().to_owned()
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_guides_own_data_are_read_and_written() {
        let text = "[First Name|John][Last Name|Smith]";
        let pairs = Pairs::parse(text).expect("the guide's example");
        assert_eq!(pairs.written(), text);
        // As the guide's CallXML has it: broken over two lines in the middle of a name.
        let broken = "[First Name|John][Last Name|Smith][Account\n ID|12345678]";
        let pairs = Pairs::parse(broken).expect("the guide's example");
        let last = pairs.iter().last();
        assert_eq!(last, Some(("Account ID", "12345678")));
    }

    #[test]
    fn what_is_no_pair_is_told_from_what_is() {
        for (text, why) in [
            ("First Name|John", NotPairs::Outside),
            ("[a|b]c", NotPairs::Outside),
            ("[a|b]]", NotPairs::Outside),
            ("[a|b", NotPairs::Open),
            ("[a|[b]]", NotPairs::Open),
            ("[a]", NotPairs::NoBar),
            ("[]", NotPairs::NoBar),
            ("[a|b|c]", NotPairs::ManyBars),
            ("[|b]", NotPairs::NoName),
        ] {
            assert_eq!(Pairs::parse(text), Err(why), "{text}");
        }
        for text in ["", "  ", "[a|]", "[a|b] [c|d]"] {
            assert!(Pairs::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_formats_own_signs_become_others() {
        let pairs = Pairs::new([("a[1]", "x|y\nz")]);
        assert_eq!(pairs.written(), "[a(1)|x/y z]");
    }

    #[test]
    fn a_tail_that_does_not_fit_is_left_out() {
        let pairs = Pairs::new([("a", "12345"), ("b", "12345"), ("c", "1")]);
        let within = |most| {
            let Written { text, left_out } = pairs.within(most);
            (text, left_out)
        };
        for (most, text, left_out) in [
            (23, "[a|12345][b|12345][c|1]", 0),
            (22, "[a|12345][b|12345]", 5),
            (15, "[a|12345][b|12]", 8),
            (13, "[a|12345]", 14),
            (0, "", 23),
        ] {
            assert_eq!(within(most), (text.to_owned(), left_out), "{most}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(pairs in prop::collection::vec(("\\PC{1,20}", "\\PC{0,40}"), 0..12), most in 0_usize..600) {
            let pairs = Pairs::new(pairs.into_iter().filter(|(name, _)| !one_line(name).is_empty()));
            let Written { text, left_out } = pairs.within(most);
            let length = text.chars().count();
            prop_assert!(length <= most);
            prop_assert_eq!(length + left_out, pairs.written().chars().count());
            let read = Pairs::parse(&text).expect("it is pairs");
            prop_assert_eq!(read.written().chars().filter(|c| !c.is_whitespace()).count(), text.chars().filter(|c| !c.is_whitespace()).count());
        }
    }
}
