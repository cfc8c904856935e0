//! Just enough reading of Rust to find the paths that a file names: comments and strings are blanked, `use` groups are
//! opened, `super` is followed. It knows rustfmt's layout, not the whole grammar.

/// A path's first segment below its root, and the line it stands on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) line: usize,
    pub(super) name: String,
}

/// The text with comments and the insides of strings blanked, line by line as before.
pub(super) fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = string_length(rest) {
            length
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.extend(
            rest[..skipped]
                .chars()
                .map(|c| if c == '\n' { '\n' } else { ' ' }),
        );
        rest = &rest[skipped..];
    }
    code
}

/// How long the string or character literal is that `text` begins with.
fn string_length(text: &str) -> Option<usize> {
    if text.starts_with("'\"'") || text.starts_with("'\\\"'") {
        return text[1..].find("'").map(|end| end + 2);
    }
    if let Some(raw) = text.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = 1 + hashes + 1;
            return text[open..]
                .find(&close)
                .map(|end| open + end + close.len());
        }
        return None;
    }
    let inside = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })?;
    Some(end + 2)
}

/// The part of `code` that ships: everything before the unit tests at its foot.
pub(super) fn shipped(code: &str) -> &str {
    code.find("#[cfg(test)]\nmod ")
        .map_or(code, |tests| &code[..tests])
}

/// What `code` names directly below `root` (`crate`, `std` …), through plain paths and `use root::{…}` groups.
pub(super) fn named_below(code: &str, root: &str) -> Vec<Named> {
    let prefix = format!("{root}::");
    code.match_indices(&prefix)
        .filter(|(at, _)| starts_a_path(code, *at))
        .flat_map(|(at, _)| segments(code, at + prefix.len()))
        .collect()
}

fn starts_a_path(code: &str, at: usize) -> bool {
    !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
}

/// The segment at `at`, or those of the group that opens there.
fn segments(code: &str, at: usize) -> Vec<Named> {
    if !code[at..].starts_with('{') {
        return identifier(code, at).into_iter().collect();
    }
    let mut depth = 0;
    let mut found = Vec::new();
    let mut expects_name = false;
    for (offset, c) in code[at..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if expects_name && c.is_alphabetic() && depth == 1 => {
                found.extend(identifier(code, at + offset));
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
        expects_name =
            depth == 1 && (matches!(c, '{' | ',') || (expects_name && c.is_whitespace()));
    }
    found
}

fn identifier(code: &str, at: usize) -> Option<Named> {
    let rest = &code[at..];
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    (end > 0).then(|| Named {
        line: line_of(code, at),
        name: rest[..end].to_owned(),
    })
}

/// The line, from 1, that the byte `at` stands on.
pub(super) fn line_of(code: &str, at: usize) -> usize {
    1 + code[..at].matches('\n').count()
}

/// The modules at the crate's root that a file reaches through a chain of `super`. `depth` is how deep the file's own
/// module lies; whatever stands below the first inline module lies one deeper.
pub(super) fn named_by_super(code: &str, depth: usize) -> Vec<Named> {
    const SUPER: &str = "super::";
    let inline = code
        .find("\nmod ")
        .filter(|at| opens_a_body(&code[at + 1..]));
    let mut found = Vec::new();
    for (at, _) in code.match_indices(SUPER) {
        if !starts_a_path(code, at) {
            continue;
        }
        let chain = code[at..].len() - code[at..].trim_start_matches(SUPER).len();
        let own_depth = depth + usize::from(inline.is_some_and(|inline| at > inline));
        if chain / SUPER.len() >= own_depth {
            found.extend(segments(code, at + chain));
        }
    }
    found
}

fn opens_a_body(line: &str) -> bool {
    line.lines().next().is_some_and(|line| line.ends_with('{'))
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let text = "use crate::call::{A, B};\nuse crate::{\n    flow::{self, x},\n    store as s,\n};\n// crate::no\nlet a = \"crate::no\";\nfn f(x: &mycrate::no, y: crate::http::Z) {}\n";
    let code = code(text);
    let found: Vec<_> = named_below(&code, "crate")
        .into_iter()
        .map(|n| (n.line, n.name))
        .collect();
    let expected = [(1, "call"), (3, "flow"), (4, "store"), (8, "http")];
    assert_eq!(found, expected.map(|(line, name)| (line, name.to_owned())));
}

#[test]
fn a_chain_of_super_reaches_the_root() {
    let code = "use super::near;\nuse super::super::http::X;\nmod tests {\n    use super::super::near;\n}\n";
    let found = named_by_super(code, 2);
    assert_eq!(
        found,
        [Named {
            line: 2,
            name: "http".to_owned()
        }]
    );
}

#[test]
fn strings_and_comments_are_no_code() {
    for text in [
        "\"a\\\"tokio\"",
        "r#\"tokio \" \"#",
        "// tokio",
        "/* tokio */",
        "'\"' // tokio",
    ] {
        assert!(!code(text).contains("tokio"), "{text}");
    }
    assert_eq!(code("a\n// b\nc").lines().count(), 3);
}
