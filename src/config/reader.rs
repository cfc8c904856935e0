//! Reads the merged values key by key: each is of the right kind, none is unknown, and every fault knows its place.
//!
//! What a value must be is said in `keys.rs`; the texts of variables become numbers and lists here, where the key says
//! that it wants one.

use std::ops::RangeInclusive;

use figment::value::{Dict, Value};

use super::fault::{Fault, Place};
use super::layer::{KeyPath, Layer, Spot, merge};
use super::suggest::Stranger;
use super::values::shown_url;
use super::wrong::{Wrong, fault_of, is_plain_name, shown_path, variable};

/// A value in force: its key, how it is shown (as TOML, secrets blanked), and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key from the root, as `["log", "level"]`.
    pub path: Vec<String>,
    /// The value as TOML.
    pub shown: String,
    /// Where it comes from.
    pub place: Place,
}

/// How a value may be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// As it is.
    Whole,
    /// Not at all.
    Blank,
    /// As an address, its password blanked.
    Url,
}

/// A section whose keys are being read.
pub(super) struct Section {
    path: KeyPath,
    values: Dict,
    asked: Vec<&'static str>,
}

impl Section {
    fn new(path: KeyPath, values: Dict) -> Self {
        Self {
            path,
            values,
            asked: Vec::new(),
        }
    }

    /// The path of a key in it.
    pub(super) fn path_of(&self, key: &str) -> KeyPath {
        let mut path = self.path.clone();
        path.push(key.to_owned());
        path
    }
}

/// A value that has not been understood yet.
struct Entry {
    path: KeyPath,
    place: Place,
    value: Value,
}

/// Reads the layers, and gathers what is wrong and what is in force.
pub(super) struct Reader<'a> {
    layers: &'a [Layer],
    faults: Vec<Fault>,
    settings: Vec<Setting>,
    known: Vec<KeyPath>,
    strangers: Vec<Stranger>,
}

impl<'a> Reader<'a> {
    /// A reader of `layers`, the later over the earlier, and its root section.
    pub(super) fn new(layers: &'a [Layer]) -> (Self, Section) {
        let reader = Self {
            layers,
            faults: Vec::new(),
            settings: Vec::new(),
            known: Vec::new(),
            strangers: Vec::new(),
        };
        (reader, Section::new(KeyPath::new(), merge(layers)))
    }

    /// The section `name`; empty when there is none.
    pub(super) fn section(&mut self, parent: &mut Section, name: &'static str) -> Section {
        let entry = self.entry(parent, name);
        entry
            .and_then(|entry| self.as_section(entry.path, entry.value))
            .unwrap_or_else(|| Section::new(parent.path_of(name), Dict::new()))
    }

    /// The sections `[parent.name.NAME]`, by their names, which are small letters, digits and single underscores: only
    /// then can a variable name them.
    pub(super) fn named(
        &mut self,
        parent: &mut Section,
        name: &'static str,
    ) -> Vec<(String, Section)> {
        let all = self.section(parent, name);
        let mut sections = Vec::new();
        for (name, value) in all.values {
            let mut path = all.path.clone();
            path.push(name.clone());
            if !is_plain_name(&name) {
                let place = self.section_place(&path);
                let wrong = Wrong::new(
                    "has a name that is not made of small letters, digits and single underscores",
                );
                let help = "a name begins with a letter, as in `main` or `sales_2`";
                self.refuse::<()>(&path, &place, wrong.help(help));
            }
            sections.extend(self.as_section(path, value).map(|section| (name, section)));
        }
        sections
    }

    /// The section `name` whose keys are names of its owner's, each with a text as `parse` understands it.
    pub(super) fn pairs<T>(
        &mut self,
        parent: &mut Section,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Vec<(String, T)> {
        let all = self.section(parent, name);
        let mut pairs = Vec::new();
        for (key, value) in all.values {
            let mut path = all.path.clone();
            path.push(key.clone());
            let spot = self.spot(&path);
            let place = spot.map_or(Place::BuiltIn, |spot| spot.value.clone());
            match text_of(&value).and_then(&parse) {
                Ok(read) => {
                    let shown = toml::Value::from(value.as_str().unwrap_or_default()).to_string();
                    self.in_force(Entry { path, place, value }, shown);
                    pairs.push((key, read));
                }
                Err(wrong) => {
                    self.refuse::<()>(&path, &place, wrong);
                }
            }
        }
        pairs
    }

    fn as_section(&mut self, path: KeyPath, value: Value) -> Option<Section> {
        if let Value::Dict(_, values) = value {
            return Some(Section::new(path, values));
        }
        let help = match self.spot(&path).map(|spot| &spot.value) {
            Some(Place::Variable(_)) => format!("set its keys, as {}__…", variable(&path)),
            _ => format!(
                "write [{}] on a line of its own, and its keys below",
                shown_path(&path)
            ),
        };
        self.fault(&path, Wrong::new("is a section, not a value").help(help));
        None
    }

    /// The text of `key`, as `parse` understands it. `None` when it is not set, or is wrong and told so.
    pub(super) fn text<T>(
        &mut self,
        section: &mut Section,
        key: &'static str,
        show: Show,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let entry = self.entry(section, key)?;
        let text = match text_of(&entry.value) {
            Ok(text) => text,
            Err(wrong) => return self.refuse(&entry.path, &entry.place, wrong),
        };
        match parse(text) {
            Ok(value) => {
                let shown = match show {
                    Show::Whole => toml::Value::from(text).to_string(),
                    Show::Blank => "\"***\"".to_owned(),
                    Show::Url => toml::Value::from(shown_url(text)).to_string(),
                };
                self.in_force(entry, shown);
                Some(value)
            }
            Err(wrong) => self.refuse(&entry.path, &entry.place, wrong),
        }
    }

    /// The whole number of `key`, inside `range`; `unit` is told with the range.
    pub(super) fn integer(
        &mut self,
        section: &mut Section,
        key: &'static str,
        range: RangeInclusive<u64>,
        unit: &str,
    ) -> Option<u64> {
        let entry = self.entry(section, key)?;
        let number = match &entry.value {
            Value::String(_, text) if matches!(entry.place, Place::Variable(_)) => {
                text.trim().parse().ok()
            }
            Value::Num(_, number) => number.to_i128().and_then(|n| u64::try_from(n).ok()),
            _ => None,
        };
        match number.filter(|number| range.contains(number)) {
            Some(number) => {
                self.in_force(entry, number.to_string());
                Some(number)
            }
            None => {
                let (least, most) = range.into_inner();
                let wrong = Wrong::new(format!(
                    "is not a whole number from {least} to {most}{unit}"
                ));
                self.refuse(&entry.path, &entry.place, wrong)
            }
        }
    }

    /// The truth of `key`: `true` or `false`.
    pub(super) fn truth(&mut self, section: &mut Section, key: &'static str) -> Option<bool> {
        let entry = self.entry(section, key)?;
        let truth = match &entry.value {
            Value::Bool(_, truth) => Some(*truth),
            Value::String(_, text) if matches!(entry.place, Place::Variable(_)) => {
                text.trim().parse().ok()
            }
            _ => None,
        };
        match truth {
            Some(truth) => {
                self.in_force(entry, truth.to_string());
                Some(truth)
            }
            None => {
                let wrong = Wrong::new("is neither true nor false");
                self.refuse(&entry.path, &entry.place, wrong.help("without quotes"))
            }
        }
    }

    /// The list of `key`, each element as `parse` understands it and `show` shows it. A variable holds it separated by
    /// commas, or as TOML writes it.
    pub(super) fn list<T>(
        &mut self,
        section: &mut Section,
        key: &'static str,
        mut parse: impl FnMut(&str) -> Result<T, Wrong>,
        show: impl Fn(&T) -> String,
    ) -> Option<Vec<T>> {
        let entry = self.entry(section, key)?;
        let elements = match elements(&entry) {
            Ok(elements) => elements,
            Err(wrong) => return self.refuse(&entry.path, &entry.place, wrong),
        };
        let mut found = Vec::new();
        let mut whole = true;
        for (index, element) in elements.iter().enumerate() {
            match text_of(element).and_then(&mut parse) {
                Ok(value) => found.push(value),
                Err(wrong) => {
                    whole = false;
                    let place = self.element_place(&entry, index);
                    self.refuse::<()>(&entry.path, &place, wrong);
                }
            }
        }
        if whole {
            let shown: Vec<String> = found.iter().map(show).collect();
            self.in_force(entry, toml::Value::from(shown).to_string());
        }
        whole.then_some(found)
    }

    /// Whether `key`, already asked for, was set at all.
    pub(super) fn is_set(&self, path: &[String]) -> bool {
        self.layers.iter().any(|layer| layer.spot(path).is_some())
    }

    /// Whether only the defaults set `path`.
    pub(super) fn is_built_in(&self, path: &[String]) -> bool {
        let spot = self.spot(path);
        spot.is_none_or(|spot| spot.value == Place::BuiltIn)
    }

    /// Tells that `key` has to be there and is not, where its section stands.
    pub(super) fn missing(&mut self, section: &Section, key: &str, wrong: Wrong) {
        let path = section.path_of(key);
        if self.is_set(&path) {
            return;
        }
        let place = self.section_place(&section.path);
        let mut fault = fault_of(&section.path, &place, wrong, Some(key));
        fault.missing = true;
        self.faults.push(fault);
    }

    /// Tells what is wrong with the value at `path`.
    pub(super) fn fault(&mut self, path: &[String], wrong: Wrong) {
        let place = self
            .spot(path)
            .map_or(Place::BuiltIn, |spot| spot.value.clone());
        self.refuse::<()>(path, &place, wrong);
    }

    /// Ends a section: what was not asked for is unknown.
    pub(super) fn end(&mut self, section: Section) {
        for key in section.values.keys() {
            let path = section.path_of(key);
            let place = self
                .spot(&path)
                .map_or(Place::BuiltIn, |spot| spot.key.clone());
            self.strangers.push(Stranger {
                path,
                place,
                siblings: section.asked.clone(),
            });
        }
    }

    /// All that was found: the faults, and the values in force.
    pub(super) fn finish(mut self) -> (Vec<Fault>, Vec<Setting>) {
        let unknown = self
            .strangers
            .into_iter()
            .map(|stranger| stranger.told(&self.known));
        self.faults.extend(unknown);
        (self.faults, self.settings)
    }

    fn entry(&mut self, section: &mut Section, key: &'static str) -> Option<Entry> {
        section.asked.push(key);
        let path = section.path_of(key);
        self.known.push(path.clone());
        let value = section.values.remove(key)?;
        let place = self
            .spot(&path)
            .map_or(Place::BuiltIn, |spot| spot.value.clone());
        Some(Entry { path, place, value })
    }

    /// Where the value in force stands: in the last layer that has it.
    fn spot(&self, path: &[String]) -> Option<&Spot> {
        self.layers.iter().rev().find_map(|layer| layer.spot(path))
    }

    /// Where an element of a list stands: the layer that has the list has it too, unless it is a variable.
    fn element_place(&self, list: &Entry, index: usize) -> Place {
        let mut path = list.path.clone();
        path.push(index.to_string());
        let layer = self
            .layers
            .iter()
            .rev()
            .find(|layer| layer.spot(&list.path).is_some());
        layer
            .and_then(|layer| layer.spot(&path))
            .map_or_else(|| list.place.clone(), |spot| spot.value.clone())
    }

    /// Where a section stands: in a file before a variable, since that is where a key is added first.
    fn section_place(&self, path: &[String]) -> Place {
        let spot = self.layers.iter().find_map(|layer| layer.spot(path));
        spot.map_or(Place::BuiltIn, |spot| spot.key.clone())
    }

    fn refuse<T>(&mut self, path: &[String], place: &Place, wrong: Wrong) -> Option<T> {
        self.faults.push(fault_of(path, place, wrong, None));
        None
    }

    fn in_force(&mut self, entry: Entry, shown: String) {
        let Entry { path, place, .. } = entry;
        self.settings.push(Setting { path, shown, place });
    }
}

fn text_of(value: &Value) -> Result<&str, Wrong> {
    match value {
        Value::String(_, text) if text.trim().is_empty() => Err(Wrong::new("is empty")),
        Value::String(_, text) if text.contains('\u{fffd}') => Err(Wrong::new("is not UTF-8")),
        Value::String(_, text) => Ok(text),
        _ => Err(Wrong::new("is not a text").help("put it in quotes")),
    }
}

fn elements(list: &Entry) -> Result<Vec<Value>, Wrong> {
    match (&list.value, &list.place) {
        (Value::Array(_, values), _) => Ok(values.clone()),
        (Value::String(_, text), Place::Variable(_)) if text.trim_start().starts_with('[') => {
            let (table, faults) =
                Layer::of_toml("", &format!("list = {text}"), |_, _| Place::BuiltIn);
            match (table.values().get("list"), faults.is_empty()) {
                (Some(Value::Array(_, values)), true) => Ok(values.clone()),
                _ => Err(Wrong::new("begins like a TOML list, and is none")
                    .help("separate its elements by commas")),
            }
        }
        (Value::String(_, text), Place::Variable(_)) => Ok(text
            .split(',')
            .map(|element| Value::from(element.trim()))
            .collect()),
        _ => {
            Err(Wrong::new("is not a list").help("put it in brackets, and each element in quotes"))
        }
    }
}
