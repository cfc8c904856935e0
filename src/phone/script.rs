//! A call written down as a test: what was heard and what was done, line by line, for a `*.test.toml` beside the flow.

use std::fmt::Write as _;

use jiff::civil::DateTime;
use toml::Value;

/// A call as it is written down.
#[derive(Debug, Clone)]
pub(super) struct Script {
    at: DateTime,
    from: String,
    lines: Vec<String>,
    /// What the caller did, for the test's name.
    deeds: Vec<String>,
}

/// Why a call cannot be added to a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdded {
    /// The file is no TOML.
    #[error("the file that is there is no TOML, so nothing was added to it")]
    NoToml,
    /// The file's calls are to another flow.
    #[error("the file that is there tests another flow, so nothing was added to it")]
    OtherFlow,
}

impl Script {
    /// A call that begins at `at`, on the flow's clock.
    pub(super) fn new(at: DateTime, from: &str) -> Self {
        Self {
            at,
            from: from.to_owned(),
            lines: Vec::new(),
            deeds: Vec::new(),
        }
    }

    /// The caller hears `text`.
    pub(super) fn hears(&mut self, text: &str) {
        self.lines.push(format!("hear {text}"));
    }

    /// The caller chooses by `keys`.
    pub(super) fn presses(&mut self, keys: &str) {
        self.lines.push(format!("press {keys}"));
        self.deeds.push(keys.to_owned());
    }

    /// The caller enters `digits`.
    pub(super) fn types(&mut self, digits: &str) {
        let shown = digits.replace('*', "star");
        self.lines.push(format!("type {shown}"));
        self.deeds.push(shown);
    }

    /// The caller enters a secret: a test tells how many digits it has, and makes up others when it runs.
    pub(super) fn types_secret(&mut self, digits: &str) {
        let hidden = |key: char| match key {
            '*' => "star".to_owned(),
            '#' => key.to_string(),
            _ => "*".to_owned(),
        };
        let shown: String = digits.chars().map(hidden).collect();
        self.lines.push(format!("type {shown}"));
        self.deeds.push(shown);
    }

    /// The caller does nothing.
    pub(super) fn stays_silent(&mut self) {
        self.lines.push("silence".to_owned());
        self.deeds.push("silence".to_owned());
    }

    /// The flow calls `number`.
    pub(super) fn dials(&mut self, number: &str) {
        self.lines.push(format!("dials {number}"));
    }

    /// What became of that: `busy`, `no answer`, `answers`, `fails`.
    pub(super) fn meets(&mut self, fate: &str) {
        self.lines.push(fate.to_owned());
        self.deeds.push(fate.to_owned());
    }

    /// The caller hangs up.
    pub(super) fn hangs_up(&mut self) {
        self.lines.push("hangs up".to_owned());
    }

    /// The call is over.
    pub(super) fn ends(&mut self) {
        self.lines.push("ended".to_owned());
    }

    /// The call as a table of a test file, which `step` is a name for.
    pub(super) fn table(&self, step: &str) -> String {
        let name = match self.deeds.as_slice() {
            [] => format!("comes to {step}"),
            deeds => format!("{} comes to {step}", deeds.join(", ")),
        };
        let (name, from) = (quoted(&name), quoted(&self.from));
        let mut table = format!(
            "[[call]]\nname  = {name}\nat    = {}\nfrom  = {from}\nsteps = [\n",
            self.at
        );
        for line in &self.lines {
            // Writing to a text does not fail.
            let _ = writeln!(table, "  {},", quoted(line));
        }
        table.push_str("]\n");
        table
    }
}

/// `table` behind what the file `there` holds, or as the first call of a file that tests `flow`.
///
/// # Errors
///
/// When the file that is there holds something else.
pub fn added(there: Option<&str>, flow: &str, table: &str) -> Result<String, NotAdded> {
    let Some(there) = there else {
        return Ok(format!("flow = {}\n\n{table}", quoted(flow)));
    };
    let file: toml::Table = there.parse().map_err(|_| NotAdded::NoToml)?;
    match file.get("flow").and_then(Value::as_str) {
        Some(tested) if tested == flow => Ok(format!("{}\n\n{table}", there.trim_end())),
        _ => Err(NotAdded::OtherFlow),
    }
}

/// A text as TOML has it on one line.
fn quoted(text: &str) -> String {
    Value::String(text.replace(['\n', '\r', '\t'], " ")).to_string()
}

#[cfg(test)]
mod tests {
    use super::{NotAdded, Script, added};

    #[test]
    fn a_secret_is_not_written_down_and_quotes_are_toml() {
        let mut script = Script::new(
            "2026-11-20T12:30:00".parse().expect("a time"),
            "+6591234567",
        );
        script.hears("Say \"yes\", or\npress 1");
        script.types_secret("9876#");
        let table = script.table("bye");
        let file = added(None, "a.toml", &table).expect("a new file");
        let read: toml::Table = file.parse().expect("TOML");
        let steps = read["call"][0]["steps"].as_array().expect("steps").clone();
        let steps: Vec<_> = steps.iter().filter_map(toml::Value::as_str).collect();
        assert_eq!(steps, ["hear Say \"yes\", or press 1", "type ****#"]);
        assert!(read["call"][0]["at"].is_datetime());
    }

    #[test]
    fn a_call_is_added_only_to_its_own_flows_file() {
        let script = Script::new(
            "2026-11-20T12:30:00".parse().expect("a time"),
            "+6591234567",
        );
        let table = script.table("bye");
        let first = added(None, "a.toml", &table).expect("a new file");
        let both = added(Some(&first), "a.toml", &table).expect("the same flow");
        assert_eq!(both.matches("[[call]]").count(), 2);
        assert_eq!(
            added(Some(&first), "b.toml", &table),
            Err(NotAdded::OtherFlow)
        );
        assert_eq!(added(Some("x"), "a.toml", &table), Err(NotAdded::NoToml));
    }
}
