//! A flow's text with those of the files that it uses, as one text: what is kept of a version, so that calls on it can go on
//! when the files have changed.

use super::diagnostic::Source;

/// Begins a further file. No TOML and no calendar may hold this sign, so no file that a flow was made of has it.
const NEXT: char = '\u{1e}';

/// One text of all.
pub fn bundle(main: &Source, parts: &[&Source]) -> String {
    let mut text = main.text.clone();
    for part in parts {
        text.push_str(&format!("{NEXT}{}\n{}", part.path, part.text));
    }
    text
}

/// The sources of a text that [`bundle`] made, the first at `path`.
pub fn unbundle(path: &str, text: &str) -> Vec<Source> {
    let mut texts = text.split(NEXT);
    let main = Source {
        path: path.to_owned(),
        text: texts.next().unwrap_or_default().to_owned(),
    };
    let parts = texts.filter_map(|part| {
        let (path, text) = part.split_once('\n')?;
        Some(Source {
            path: path.to_owned(),
            text: text.to_owned(),
        })
    });
    [main].into_iter().chain(parts).collect()
}

#[cfg(test)]
mod tests {
    use super::{bundle, unbundle};
    use crate::flow::diagnostic::Source;

    #[test]
    fn what_was_bundled_comes_apart_again() {
        let source = |path: &str, text: &str| Source {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let (main, part) = (
            source("a.toml", "x = 1\n"),
            source("shared/b.toml", "\n# b\n"),
        );
        assert_eq!(
            unbundle("a.toml", &bundle(&main, &[&part])),
            [main.clone(), part]
        );
        assert_eq!(unbundle("a.toml", &bundle(&main, &[])), [main]);
    }
}
