//! What an editor asks of one file: its steps, and where they are named; also while the file is wrong.

use super::asked::AskedWith;
use super::context::FlowFile;
use super::shape::Shape;
use super::uses::HandedDown;
use super::vocabulary::{Key, PRESS, TABLES, kind_called};
use super::way::Place;
use super::{Options, check_one, is_shared, trees};
use crate::flow::diagnostic::{Source, Span};
use crate::flow::file::Tree;

/// The steps of a file.
#[derive(Debug, Default)]
pub struct Outline {
    /// Each step, in the file's order.
    pub steps: Vec<StepAt>,
    /// Where a step is named, quotes included, and the index of that step.
    pub named: Vec<(Span, usize)>,
}

/// A step, and where its name stands in its header.
#[derive(Debug)]
pub struct StepAt {
    /// Its name.
    pub name: String,
    /// `menu`, `ask` …
    pub kind: &'static str,
    /// Where the name stands.
    pub span: Span,
}

/// The outline of one of these sources.
pub fn outline(sources: &[Source], index: usize) -> Outline {
    let options = Options::default();
    let trees = trees(sources);
    let asked = AskedWith::new(sources, &trees, &options);
    let mut file = FlowFile::new(index, &sources[index], &trees[index], &asked);
    if is_shared(file.path) {
        file.hand_down(HandedDown::nothing(index, &trees[index]));
    }
    check_one(&mut file, &trees[index]);
    Outline {
        named: named(&file, &trees[index]),
        steps: file
            .steps
            .iter()
            .map(|step| StepAt {
                name: step.name.to_string(),
                kind: step.kind,
                span: step.name_span.clone(),
            })
            .collect(),
    }
}

fn named(file: &FlowFile<'_>, tree: &Tree) -> Vec<(Span, usize)> {
    let ways = file.ways.iter().map(|way| (way.span.clone(), way.to));
    let start = tree.root.at("flow.start").zip(file.head.start);
    let start = start.map(|(entry, step)| (entry.value.span.clone(), Place::Step(step)));
    let places = ways.chain(start);
    let mut named: Vec<_> = places
        .filter_map(|(span, place)| match place {
            Place::Step(step) => Some((span, step)),
            _ => None,
        })
        // A way that no key names stands at its step's header.
        .filter(|(span, _)| file.text[span.clone()].starts_with(['"', '\'']))
        .collect();
    named.sort_by_key(|(span, step)| (span.start, *step));
    named.dedup();
    named
}

/// Whether the value that these keys lead to names a step: `flow.start`, `menu.main.press.1`.
pub fn names_a_step(path: &[&str]) -> bool {
    let [first, rest @ ..] = path else {
        return false;
    };
    let table = TABLES.iter().find(|table| table.name == *first);
    match (table.map(|table| table.shape), rest) {
        (Some(Shape::Table(keys)), rest) => leads(keys, rest),
        (None, [_, rest @ ..]) => kind_called(first).is_some_and(|kind| leads(kind.keys, rest)),
        _ => false,
    }
}

fn leads(keys: &[Key], path: &[&str]) -> bool {
    let [key, rest @ ..] = path else {
        return false;
    };
    let key = keys.iter().find(|known| known.name == *key);
    match (key.map(|key| key.shape), rest) {
        (Some(Shape::Step), []) | (Some(Shape::Ways(_) | Shape::Presses), [_]) => true,
        (Some(Shape::Presses), [_, rest @ ..]) => leads(&PRESS, rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{names_a_step, outline};
    use crate::flow::diagnostic::Source;

    #[test]
    fn steps_are_found_where_they_are_named_also_in_a_wrong_file() {
        let text = "[flow]\nid = \"a\"\nstart = \"main\"\n[defaults]\ngive_up = \"bye\"\n\
                    [menu.main]\nsay = \"Press 1.\"\npress.1 = \"by\"\npress.2 = { go = \"repeat\" }\npress.3 = \n[end.bye]\n";
        let sources = [Source {
            path: "a.toml".to_owned(),
            text: text.to_owned(),
        }];
        let outline = outline(&sources, 0);
        let steps: Vec<_> = outline
            .steps
            .iter()
            .map(|step| (step.kind, step.name.as_str(), &text[step.span.clone()]))
            .collect();
        assert_eq!(steps, [("menu", "main", "main"), ("end", "bye", "bye")]);
        let named: Vec<_> = outline
            .named
            .iter()
            .map(|(span, step)| (&text[span.clone()], *step))
            .collect();
        let expected = [
            ("\"main\"", 0),
            ("\"bye\"", 1),
            ("\"by\"", 1),
            ("\"repeat\"", 0),
        ];
        assert_eq!(named, expected);
    }

    #[test]
    fn keys_that_lead_somewhere() {
        for path in [
            &["flow", "start"][..],
            &["defaults", "give_up"],
            &["menu", "main", "press", "1"],
            &["menu", "main", "press", "1", "go"],
            &["decide", "x", "is", "gold"],
            &["lookup", "x", "status", "409"],
            &["use", "x", "on", "verified"],
        ] {
            assert!(names_a_step(path), "{path:?}");
        }
        for path in [
            &[][..],
            &["flow"],
            &["flow", "id"],
            &["menu", "main", "say"],
            &["menu", "main", "press", "1", "say"],
            &["ask", "x", "save"],
            &["numbers", "staff"],
            &["hours", "x", "mon"],
        ] {
            assert!(!names_a_step(path), "{path:?}");
        }
    }
}
