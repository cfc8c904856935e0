//! Reads JSON, with the line of each value.

use std::fmt;

use serde::de::{self, Deserialize, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::NoMenu;
use super::tree::{DEEPEST, Sort, Tree};
use crate::text::Lines;

pub(super) fn read(text: &str) -> Result<Tree, NoMenu> {
    let raw: &RawValue = serde_json::from_str(text).map_err(unreadable)?;
    let source = Source {
        text,
        lines: Lines::of(text),
    };
    source.tree("", raw, 0)
}

fn unreadable(error: serde_json::Error) -> NoMenu {
    NoMenu::Unreadable(error.to_string())
}

struct Source<'a> {
    text: &'a str,
    lines: Lines<'a>,
}

/// The members of an object in their order, repeated ones too.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Source<'a> {
    fn tree(&self, name: &str, raw: &'a RawValue, depth: usize) -> Result<Tree, NoMenu> {
        if depth > DEEPEST {
            return Err(NoMenu::TooDeep);
        }
        let text = raw.get();
        // A raw value is a piece of the text that it was read from.
        let offset = text.as_ptr() as usize - self.text.as_ptr() as usize;
        let line = self.lines.line(offset);
        let children = match text.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text).map_err(unreadable)?;
                let members = members.into_iter();
                members
                    .map(|(name, value)| self.tree(&name, value, depth + 1))
                    .collect::<Result<Vec<_>, _>>()?
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(unreadable)?;
                let items = items.into_iter();
                items
                    .map(|item| self.tree("", item, depth + 1))
                    .collect::<Result<Vec<_>, _>>()?
            }
            _ => return Ok(Tree::leaf(Sort::Value, name, &plain(text), line)),
        };
        Ok(Tree::branch(name, line, children))
    }
}

/// A value that is no object and no list as a text; `null` is empty.
fn plain(text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Null) | Err(_) => String::new(),
        Ok(other) => other.to_string(),
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Reader).map(Members)
    }
}
