//! Where the keys of a step lead: the ways between steps (CW101).

use super::context::FlowFile;
use super::way::{By, Place, Way};
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::file::Value;
use crate::flow::model::Target;

impl<'a> FlowFile<'a> {
    /// Notes a way that leads to a place, and gives what the model calls it.
    pub(super) fn note_way(
        &mut self,
        from: usize,
        by: By,
        place: Place,
        span: Span,
    ) -> Option<Target> {
        let repeat = place == Place::Repeat;
        let to = if repeat { Place::Step(from) } else { place };
        self.ways.push(Way {
            from,
            to,
            by,
            span,
            repeat,
        });
        match place {
            Place::Step(index) => Some(Target::Step(self.steps[index].name.clone())),
            Place::End => Some(Target::End),
            Place::Repeat => Some(Target::Repeat),
            Place::Unknown => None,
        }
    }

    /// Notes that a step has a way whose end is not known.
    pub(super) fn unknown_way(&mut self, step: usize, by: By) -> Option<Target> {
        let header = self.steps[step].header.clone();
        self.note_way(step, by, Place::Unknown, header)
    }

    /// Reads where a key leads, and notes the way.
    pub(super) fn way(
        &mut self,
        step: usize,
        by: By,
        path: &str,
        value: &'a Value,
    ) -> Option<Target> {
        let label = match (by, path.strip_prefix("press.")) {
            (By::Press, Some(keys)) => {
                format!("pressing {} leads nowhere", keys.trim_end_matches(".go"))
            }
            _ => "leads nowhere".to_owned(),
        };
        let place = self.place(path, value, &label);
        let target = self.note_way(step, by, place, value.span.clone());
        match place {
            Place::Step(index) if value.as_text() != Some(self.steps[index].name.as_str()) => None,
            _ => target,
        }
    }

    /// Where a step's name leads. A misspelt one is reported, and taken for the one that was meant.
    pub(super) fn place(&self, path: &str, value: &'a Value, label: &str) -> Place {
        if value.is_broken() {
            return Place::Unknown;
        }
        let Some(name) = value.as_text() else {
            let wants = "the name of a step in quotes";
            self.wrong(path, wants, "\"...\"", value);
            return Place::Unknown;
        };
        match name {
            "end" => return Place::End,
            "repeat" => return Place::Repeat,
            _ => {}
        }
        if let Some(index) = self.by_name.get(name) {
            return Place::Step(*index);
        }
        let meant = self.meant(name);
        if !self.lost {
            self.report(self.no_step(path, name, value, label, meant));
        }
        meant.map_or(Place::Unknown, Place::Step)
    }

    fn no_step(
        &self,
        path: &str,
        name: &str,
        value: &Value,
        label: &str,
        meant: Option<usize>,
    ) -> Diagnostic {
        let message = format!("no step is called \"{name}\"");
        let fault = Diagnostic::error("CW101", message).at(value.span.clone(), label);
        let key = path.strip_suffix(".go").map_or(path, |_| "go");
        match meant.map(|index| &self.steps[index]) {
            Some(step) => fault
                .also(step.name_span.clone(), "did you mean this one?")
                .help(format!("write: {key} = \"{}\"", step.name)),
            None => fault.help(self.names_help()),
        }
    }
}
