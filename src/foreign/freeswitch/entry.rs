//! The entries of a menu: keys, and where each leads.

use super::super::draft::{Draft, Telling, press};
use super::super::tree::{Sort, Tree};
use super::digits::{Key, keys};
use super::{Menu, application, comment};

/// A way out of a menu: what is pressed, and where it leads.
pub(super) type Way = (String, String);

impl Menu<'_> {
    /// Where each key leads; comments between the entries are the menu's.
    pub(super) fn ways(
        &self,
        draft: &mut Draft,
        start: &str,
        comments: &mut Vec<String>,
    ) -> Vec<Way> {
        let mut ways: Vec<Way> = Vec::new();
        for child in &self.tree.children {
            match (child.sort, child.name.as_str()) {
                (Sort::Comment, _) => comments.push(comment(child)),
                (Sort::Branch, "entry") => self.entry(draft, child, start, &mut ways),
                _ => {}
            }
        }
        ways
    }

    fn entry(&self, draft: &mut Draft, entry: &Tree, start: &str, ways: &mut Vec<Way>) {
        let digits = entry.peek("digits").unwrap_or_default();
        let action = entry.peek("action").unwrap_or_default();
        let what = || {
            let param = entry
                .peek("param")
                .map_or(String::new(), |param| format!(" {param:?}"));
            format!("key {digits} of menu {:?}: {action}{param}", self.foreign)
        };
        let is_key = |key: &Key| press(&key.keys).is_some();
        let Some(found) = keys(digits).filter(|keys| keys.iter().all(is_key)) else {
            return draft.tell(
                entry,
                Telling {
                    what: what(),
                    why: "a menu here has keys, and no patterns that stand for many",
                    instead: "an [ask] for the digits, and a [lookup] or a [decide] that knows where they lead; or a press.KEY for each",
                },
            );
        };
        let clashes = |key: &Key| {
            ways.iter().any(|(known, _)| {
                known.starts_with(&key.keys) || key.keys.starts_with(known.as_str())
            })
        };
        let (clashing, free): (Vec<_>, Vec<_>) = found.into_iter().partition(clashes);
        if free.is_empty() {
            return draft.tell(
                entry,
                Telling {
                    what: what(),
                    why: "an earlier key is the same or begins alike, and is taken first",
                    instead: "another key",
                },
            );
        }
        if let Some(key) = clashing.first() {
            draft.remark(
                entry.line,
                Telling {
                    what: format!("key {} of {}", key.keys, what()),
                    why: "an earlier key is the same or begins alike, and is taken first",
                    instead: "another key",
                },
            );
        }
        for key in free {
            let place = Place {
                menu: self,
                entry,
                key: &key,
            };
            let to = place.leads(draft, start);
            ways.push((key.keys, to));
        }
        for name in ["digits", "action", "param"] {
            if let Some(attribute) = entry.child(name) {
                attribute.taken();
            }
        }
    }
}

/// One key of an entry.
struct Place<'a> {
    menu: &'a Menu<'a>,
    entry: &'a Tree,
    key: &'a Key,
}

impl Place<'_> {
    /// Where it leads.
    fn leads(&self, draft: &mut Draft, start: &str) -> String {
        let param = self.entry.peek("param").unwrap_or_default();
        let param = param
            .replace("$1", &self.key.captured)
            .replace("$0", &self.key.keys);
        let key = match self.key.keys.as_str() {
            "*" => "star",
            "#" => "hash",
            keys => keys,
        };
        let foreign = format!("{} {key}", self.menu.foreign);
        let way = application::Way {
            foreign: &foreign,
            line: self.entry.line,
            menu: self.menu,
            start,
        };
        let action = self.entry.peek("action").unwrap_or_default();
        match action {
            "menu-sub" => way.menu(draft, &param),
            "menu-top" => start.to_owned(),
            "menu-back" => way.back(draft),
            "menu-exit" => way.exit(draft),
            "menu-exec-app" => way.of(draft, &param),
            "menu-play-sound" => way.plays(draft, &param),
            "menu-say" | "menu-say-text" => way.says(draft, &param),
            _ => way.unknown(
                draft,
                action,
                &param,
                "the action has no counterpart",
                "a step of its own",
            ),
        }
    }
}
