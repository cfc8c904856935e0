//! Liquid in Studio's texts, `{{widgets.menu.Digits}}`: what a flow knows becomes a variable of it.

use super::super::draft::Telling;
use super::super::tree::Tree;
use super::{Studio, kind_of, name_of};

impl<'t> Studio<'t> {
    /// A text with the places of its variables as a flow has them. What a flow does not know is left out and told.
    pub(super) fn words(&mut self, state: &'t Tree, line: usize, words: &str) -> String {
        let mut said = String::new();
        let mut rest = words;
        while let Some(at) = rest.find(['{', '}']) {
            said.push_str(&rest[..at]);
            rest = &rest[at..];
            let inside = ["{{", "{%"].into_iter().find_map(|open| {
                let close = if open == "{{" { "}}" } else { "%}" };
                let inside = rest.strip_prefix(open)?;
                let end = inside.find(close)?;
                Some((open, &inside[..end], &inside[end + close.len()..]))
            });
            match inside {
                Some((open, inside, behind)) => {
                    match self.variable(inside).filter(|_| open == "{{") {
                        Some(name) => said.push_str(&format!("{{{name}}}")),
                        None => self.strange(state, line, inside.trim()),
                    }
                    rest = behind;
                }
                // A brace alone is a brace.
                None => {
                    let brace = &rest[..1];
                    said.push_str(&brace.repeat(2));
                    rest = &rest[1..];
                }
            }
        }
        said + rest
    }

    fn strange(&mut self, state: &'t Tree, line: usize, inside: &str) {
        self.draft.remark(
            line,
            Telling {
                what: format!("{{{{{inside}}}}} of widget {:?}", name_of(state)),
                why: "no step of the flow saves it: it is left out",
                instead: "the name of a variable in braces, {name}, that an [ask] or a [lookup] on the way saves",
            },
        );
    }

    /// The variable for what stands in braces, when a flow knows one.
    pub(super) fn variable(&mut self, inside: &str) -> Option<String> {
        let parts: Vec<&str> = inside.trim().split('.').map(str::trim).collect();
        match parts.as_slice() {
            ["trigger", "call", "From"] | ["contact", "channel", "address"] => {
                Some("caller".to_owned())
            }
            ["trigger", "call", "To"] | ["flow", "channel", "address"] => Some("called".to_owned()),
            ["trigger", "call", "CallSid"] | ["flow", "sid"] => Some("call.id".to_owned()),
            ["trigger", "call", "FromCountry"] => Some("caller.country".to_owned()),
            ["widgets", widget, "Digits"] => {
                let gather = self.state(widget)?;
                let asks = kind_of(gather) == "gather-input-on-call" && !self.is_menu(gather);
                asks.then(|| self.draft.name(widget))
            }
            ["widgets", widget, "parsed", fields @ ..] if !fields.is_empty() => {
                let request = self.state(widget)?;
                let plain = |field: &&str| {
                    field
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'_')
                        && !field.is_empty()
                };
                let saves = kind_of(request) == "make-http-request"
                    && fields.iter().all(plain)
                    && self.asks_well(request);
                saves.then(|| {
                    format!(
                        "{}_{}",
                        self.draft.name(widget),
                        fields.join("_").to_lowercase()
                    )
                })
            }
            _ => None,
        }
    }

    /// The fields of a widget's answer that texts of the flow speak of: each with its variable.
    pub(super) fn fields_of(&mut self, widget: &str) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        self.states
            .iter()
            .for_each(|state| all_texts(state, &mut texts));
        let before = format!("widgets.{widget}.parsed.");
        let mut fields: Vec<(String, String)> = Vec::new();
        for text in texts {
            for inside in text
                .split("{{")
                .skip(1)
                .filter_map(|it| it.split("}}").next())
            {
                let inside = inside.trim();
                let (Some(path), Some(name)) =
                    (inside.strip_prefix(&before), self.variable(inside))
                else {
                    continue;
                };
                if !fields.iter().any(|(known, _)| *known == name) {
                    fields.push((name, path.trim().to_owned()));
                }
            }
        }
        fields
    }
}

fn all_texts<'t>(tree: &'t Tree, texts: &mut Vec<&'t str>) {
    texts.extend(tree.value.as_deref());
    tree.children
        .iter()
        .for_each(|child| all_texts(child, texts));
}
