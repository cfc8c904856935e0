//! Reads TOML and remembers where everything stands. A statement that is no TOML is reported and left out, so that the
//! rest is still checked.
//!
//! * [`tree`] what the text says, with places
//! * `statements` the text cut into headers and `key = value`; each is read alone, by `toml`
//! * `assemble` the tree, put together from what was read
//! * `pair`, `syntax` what is said of a bad statement
//! * `layout` the text laid out alike everywhere
//! * `places` the stretch of a step, and places within a string

mod assemble;
mod layout;
mod pair;
mod places;
mod statements;
mod syntax;
mod tree;

pub use layout::laid_out;
pub(crate) use pair::is_phone_number;
pub use places::{extent, within};
pub use tree::{Entry, Kind, Table, Value};

use super::diagnostic::Diagnostic;

/// A file that was read.
#[derive(Debug, Default)]
pub struct Tree {
    /// Everything it says.
    pub root: Table,
    /// Steps whose whole header stood before, each beside the root: `[menu.main]` after `[menu.main]`.
    pub again: Vec<Table>,
    /// What is wrong with its form, without source indices.
    pub faults: Vec<Diagnostic>,
    /// Whether a part could not be read at all: then steps that seem to be missing may be there.
    pub lost: bool,
}

/// Reads a text. Any text gives a tree; what is wrong with it is among the tree's faults.
pub fn read(text: &str) -> Tree {
    if let Some(fault) = syntax::not_text(text) {
        return Tree {
            faults: vec![fault],
            lost: true,
            ..Tree::default()
        };
    }
    assemble::assemble(text)
}

#[cfg(test)]
mod tests {
    use super::{Kind, Tree, read, within};
    use crate::text::Lines;

    /// The faults as `code line:column message`.
    fn faults(text: &str) -> Vec<String> {
        let shown = |fault: &crate::flow::diagnostic::Diagnostic| {
            let (line, column) = Lines::of(text).place(fault.place().1);
            format!("{} {line}:{column} {}", fault.code, fault.message)
        };
        read(text).faults.iter().map(shown).collect()
    }

    fn keys(tree: &Tree, path: &str) -> Vec<String> {
        let entry = tree.root.at(path).expect("the test's path is there");
        let table = entry.value.as_table().expect("and is a table");
        table.entries().iter().map(|e| e.key.clone()).collect()
    }

    #[test]
    fn every_fault_is_told_once_and_hides_nothing_else() {
        for (text, told) in [
            (
                "press.1 = book",
                "CW001 1:11 this text needs quotes: press.1 = \"book\"",
            ),
            (
                "press.1 = { go = book, say = \"x\" }",
                "CW001 1:18 this text needs quotes: go = \"book\"",
            ),
            (
                "wait = 6s",
                "CW001 1:8 this text needs quotes: wait = \"6s\"",
            ),
            (
                "t = 11:00-15:00",
                "CW001 1:5 this text needs quotes: t = \"11:00-15:00\"",
            ),
            ("press.1 = ", "CW016 1:9 press.1 has no value"),
            (
                "x = \"1\"\nx = \"2\"",
                "CW002 2:1 x is set twice; the first one is on line 1",
            ),
            (
                "x.a = \"1\"\nx = \"2\"",
                "CW002 2:1 x is set twice; the first one is on line 1",
            ),
            (
                "say = “Hello there”",
                "CW009 1:7 these are curly quotes from a word processor; type plain \" quotes",
            ),
            (
                "say = \"Hello there”",
                "CW009 1:19 these are curly quotes from a word processor; type plain \" quotes",
            ),
            (
                "n = +65 6833 2048",
                "CW012 1:5 a phone number needs quotes (without them TOML drops the +)",
            ),
            (
                "press.# = \"x\"",
                "CW013 1:7 # starts a comment, so this key has no value; for the hash key write press.hash",
            ),
            (
                "# = \"x\"",
                "CW013 1:1 this line is a comment, because # starts one; for the hash key write press.hash",
            ),
            (
                "say = \"one\n\ntwo, three\nfour\"",
                "CW015 1:7 a prompt that runs over several lines needs \"\"\" three quotes",
            ),
            (
                "say = \"one",
                "CW016 1:7 this text is not closed: the quote at its end is missing",
            ),
            (
                "say \"one\"",
                "CW016 1:5 this line is neither a header nor key = \"value\"",
            ),
            (
                "say: \"one\"",
                "CW016 1:4 between a key and its value stands =, not :",
            ),
            (
                "say = \"a\" \"b\"",
                "CW016 1:11 something stands behind the value",
            ),
            (
                "say = [\"a\", \"b\"",
                "CW016 1:16 this list is not closed by ]",
            ),
            (
                "p = { go = \"a\"",
                "CW016 1:15 these braces are not closed by }",
            ),
            ("press.* = \"x\"", "CW016 1:7 * cannot stand in a key"),
            (
                "[menu.broken\nx = \"y\"",
                "CW016 1:1 this header is not closed by ]",
            ),
        ] {
            let whole = format!("{text}\n[end.bye]\nsay = \"x\"\n");
            assert_eq!(faults(&whole), [told], "{text}");
            assert_eq!(keys(&read(&whole), "end.bye"), ["say"], "{text}");
        }
    }

    #[test]
    fn steps_of_one_name_are_told_by_their_headers() {
        let text = "[menu.main]\nsay = \"x\"\n\n[menu.main]\nsay = \"y\"\n";
        assert_eq!(
            faults(text),
            ["CW007 4:1 two steps are called \"main\": [menu.main] line 1 and [menu.main] line 4"]
        );
    }

    #[test]
    fn many_faults_of_one_file_are_all_told() {
        let text = "hello there\n[menu.main]\nsay: \"x\"\nsay_again = Welcome to us.\nno_input = [\"x\", \"y\"\nplay = 1\n[end.x]\nsay = “x”\n";
        let codes: Vec<_> = faults(text).iter().map(|f| f[..8].to_owned()).collect();
        assert_eq!(
            codes,
            ["CW016 1:", "CW016 3:", "CW001 4:", "CW016 5:", "CW009 8:"]
        );
    }

    #[test]
    fn values_that_cannot_be_read_are_there_all_the_same() {
        let tree = read("[menu.main]\nsay \"x\"\npress.1 = {\n");
        let main = tree
            .root
            .at("menu.main")
            .and_then(|e| e.value.as_table())
            .expect("menu.main");
        assert!(main.torn);
        assert!(main.at("say").expect("say").value.is_broken());
        assert!(main.at("press.1").expect("press.1").value.is_broken());
    }

    #[test]
    fn line_ends_marks_and_emptiness_do_no_harm() {
        for text in ["", "\u{feff}", "\r\n\r\n", "# only a comment"] {
            assert!(faults(text).is_empty(), "{text:?}");
        }
        let text = "\u{feff}[menu.main]\r\nsay = \"a\"\r\n";
        let tree = read(text);
        assert!(tree.faults.is_empty());
        let say = tree.root.at("menu.main.say").expect("say");
        assert_eq!(&text[say.value.span.clone()], "\"a\"");
        assert_eq!(Lines::of(text).place(3), (1, 1));
        assert_eq!(
            faults("a = \"\u{fffd}\"")[0],
            "CW018 1:6 this file is not saved as UTF-8 text"
        );
    }

    #[test]
    fn deep_nesting_is_refused_without_a_fall() {
        for text in [
            format!("{}x = 1", "a.".repeat(100_000)),
            format!("[{}x]", "a.".repeat(100_000)),
            format!("a = {}", "[".repeat(100_000)),
            format!("a = {}", "{a=".repeat(100_000)),
            format!("a = {}", "{a.a.a = ".repeat(50)),
        ] {
            assert_eq!(faults(&text).len(), 1, "{}", &text[..20]);
            assert!(faults(&text)[0].contains("too deep"), "{}", &text[..20]);
        }
    }

    #[test]
    fn stretches_of_a_text_are_found_behind_its_escapes() {
        for (text, stretch, found) in [
            ("x = \"press 1\"", 6..7, "1"),
            ("x = \"a \\\"b\\\" \\u00e9 {ref}\"", 9..14, "{ref}"),
            ("x = \"\"\"\nab\ncd\"\"\"", 3..5, "cd"),
            ("x = \"\"\"a\\\n   b\"\"\"", 1..2, "b"),
            ("x = 'a\\b'", 1..2, "\\"),
            ("x = \"按1\"", 0..4, "按1"),
        ] {
            let tree = read(text);
            let value = &tree.root.at("x").expect("x").value;
            assert_eq!(&text[within(text, &value.span, stretch)], found, "{text}");
        }
    }

    #[test]
    fn ten_thousand_steps_are_read() {
        let mut text = String::new();
        for n in 0..10_000 {
            text.push_str(&format!(
                "[message.s{n}]\nsay = \"x\"\ngo = \"s{}\"\n",
                n + 1
            ));
        }
        let tree = read(&text);
        assert!(tree.faults.is_empty());
        assert_eq!(keys(&tree, "message").len(), 10_000);
        assert!(matches!(
            tree.root.at("message.s9999.go").expect("go").value.kind,
            Kind::Text(_)
        ));
    }
}
