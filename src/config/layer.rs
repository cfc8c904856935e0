//! One layer of the configuration (the defaults, a file, the environment): its values as figment merges them, and where
//! each of them stands.

use std::collections::BTreeMap;
use std::ops::Range;

use figment::value::{Dict, Empty, Map, Tag, Value};
use figment::{Figment, Metadata, Profile, Provider};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Place};
use crate::text::Lines;

/// A key from the root: `["log", "level"]`. The elements of a list are counted from 0.
pub(super) type KeyPath = Vec<String>;

/// The prefix of every environment variable.
pub(super) const PREFIX: &str = "CALLWRIGHT_";

/// Variables that are read elsewhere: the file's path, the API's address and token for the commands that use it, and a
/// password for one of them.
const NOT_CONFIGURATION: [&str; 4] = [
    "CALLWRIGHT_CONFIG",
    "CALLWRIGHT_URL",
    "CALLWRIGHT_TOKEN",
    "CALLWRIGHT_PUSH_PASSWORD",
];

/// No value lies deeper than `pools.NAME.masking.speech.sentences.LANGUAGE.SENTENCE`; what does is not followed.
const DEEPEST: usize = 7;

/// A text with more faults of grammar than this is no configuration, and the rest of them tells nothing more.
const MOST_GRAMMAR_FAULTS: usize = 100;

/// Values, and where they stand.
pub(super) struct Layer {
    name: String,
    values: Dict,
    places: BTreeMap<KeyPath, Spot>,
}

/// Where a key and its value stand.
#[derive(Clone)]
pub(super) struct Spot {
    pub(super) key: Place,
    pub(super) value: Place,
}

impl Layer {
    /// The layer of a TOML text, with the faults of its grammar. `place` makes a place of a line and a column.
    pub(super) fn of_toml(
        name: &str,
        text: &str,
        place: impl Fn(usize, usize) -> Place,
    ) -> (Self, Vec<Fault>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let lines = Lines::of(text);
        let at = |span: Range<usize>| {
            let (line, column) = lines.place(span.start);
            place(line, column)
        };
        let faults = errors
            .iter()
            .take(MOST_GRAMMAR_FAULTS)
            .map(|error| Fault {
                place: at(error.span().unwrap_or_default()),
                message: format!("this is not TOML: {}", error.message()),
                help: None,
                missing: false,
            })
            .collect();
        let mut places = BTreeMap::new();
        let values = dict(table.get_ref(), &mut Vec::new(), &mut places, &at);
        let name = name.to_owned();
        (
            Self {
                name,
                values,
                places,
            },
            faults,
        )
    }

    /// The layer of those of `variables` that begin with [`PREFIX`]: text all of them, since only the reader of a key
    /// knows whether `+6561115777` or `0099` is a number. Names are taken in any case.
    pub(super) fn of_environment(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> (Self, Vec<Fault>) {
        let mut layer = Self {
            name: "the environment".to_owned(),
            values: Dict::new(),
            places: BTreeMap::new(),
        };
        let mut variables: Vec<_> = variables
            .into_iter()
            .filter(|(name, _)| ours(name))
            .collect();
        variables.sort();
        let faults = variables
            .into_iter()
            .filter_map(|(name, value)| layer.add_variable(name, value))
            .collect();
        (layer, faults)
    }

    fn add_variable(&mut self, name: String, value: String) -> Option<Fault> {
        let path: KeyPath = name[PREFIX.len()..]
            .split("__")
            .map(str::to_lowercase)
            .collect();
        let place = Place::Variable(name);
        let path = match path.len() {
            1..=DEEPEST => path,
            _ => vec![path.join("__")],
        };
        if let Some(earlier) = self
            .places
            .get(&path)
            .filter(|_| holds(&self.values, &path))
        {
            return Some(Fault {
                message: format!("sets the key that {} sets too", earlier.key),
                help: Some("keep one of them; upper and lower case are the same".to_owned()),
                place,
                missing: false,
            });
        }
        for length in 1..=path.len() {
            self.places.entry(path[..length].to_vec()).or_insert(Spot {
                key: place.clone(),
                value: place.clone(),
            });
        }
        insert(&mut self.values, &path, value);
        None
    }

    /// Where `path` stands in this layer.
    pub(super) fn spot(&self, path: &[String]) -> Option<&Spot> {
        self.places.get(path)
    }

    /// The values of this layer alone.
    pub(super) fn values(&self) -> &Dict {
        &self.values
    }
}

impl Provider for &Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

/// The layers as one, a later one over an earlier.
pub(super) fn merge(layers: &[Layer]) -> Dict {
    layers
        .iter()
        .fold(Figment::new(), |figment, layer| figment.merge(layer))
        .data()
        .expect("a layer has its values already, so none of them fails to give them")
        .remove(&Profile::Default)
        .unwrap_or_default()
}

fn ours(name: &str) -> bool {
    let prefixed = name
        .get(..PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
    prefixed
        && !NOT_CONFIGURATION
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other))
}

/// Whether there is a value, not only a section, at `path`.
fn holds(values: &Dict, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => values
            .get(last)
            .is_some_and(|value| value.as_dict().is_none()),
        [first, rest @ ..] => match values.get(first) {
            Some(Value::Dict(_, inner)) => holds(inner, rest),
            _ => false,
        },
    }
}

/// Puts a text at `path`. What stands in the way (`CALLWRIGHT_LOG` beside `CALLWRIGHT_LOG__LEVEL`) stays, and is a fault
/// when it is read.
fn insert(values: &mut Dict, path: &[String], text: String) {
    match path {
        [] => {}
        [last] => {
            values.insert(last.clone(), Value::from(text));
        }
        [first, rest @ ..] => {
            let inner = values
                .entry(first.clone())
                .or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, inner) = inner {
                insert(inner, rest, text);
            }
        }
    }
}

fn dict(
    table: &DeTable<'_>,
    path: &mut KeyPath,
    places: &mut BTreeMap<KeyPath, Spot>,
    at: &impl Fn(Range<usize>) -> Place,
) -> Dict {
    let mut values = Dict::new();
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        let spot = Spot {
            key: at(key.span()),
            value: at(value.span()),
        };
        places.insert(path.clone(), spot);
        values.insert(
            key.get_ref().to_string(),
            figment_value(value, path, places, at),
        );
        path.pop();
    }
    values
}

/// A TOML value as figment's. Dates and fractions are used by no key, and become what no reader takes.
fn figment_value(
    value: &Spanned<DeValue<'_>>,
    path: &mut KeyPath,
    places: &mut BTreeMap<KeyPath, Spot>,
    at: &impl Fn(Range<usize>) -> Place,
) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Empty(Tag::Default, Empty::None), Value::from),
        DeValue::Float(_) | DeValue::Datetime(_) => Value::Empty(Tag::Default, Empty::None),
        DeValue::Table(_) | DeValue::Array(_) if path.len() >= DEEPEST => {
            Value::Empty(Tag::Default, Empty::None)
        }
        DeValue::Table(table) => Value::from(dict(table, path, places, at)),
        DeValue::Array(items) => {
            let mut values = Vec::new();
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                let place = at(item.span());
                let spot = Spot {
                    key: place.clone(),
                    value: place,
                };
                places.insert(path.clone(), spot);
                values.push(figment_value(item, path, places, at));
                path.pop();
            }
            Value::from(values)
        }
    }
}
