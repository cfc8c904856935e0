//! The flows that a server answers with: the current ones, and the versions that calls in progress began on.

use std::collections::HashMap;
use std::sync::Arc;

use super::Flow;
use super::model::{Answers, FlowId, FlowVersion};
use crate::call::PhoneNumber;

/// Flows by id, by version and by the number they answer.
#[derive(Debug, Default, Clone)]
pub struct Library {
    current: HashMap<FlowId, Arc<Flow>>,
    by_number: HashMap<PhoneNumber, Arc<Flow>>,
    any: Option<Arc<Flow>>,
    /// Drafts, by who gets them: on every number, or on those that a draft answers.
    drafts: Vec<Arc<Flow>>,
    versions: HashMap<(FlowId, FlowVersion), Arc<Flow>>,
}

impl Library {
    /// Makes a library of the current flows and of `earlier` versions that calls may still be on.
    pub fn new(
        current: impl IntoIterator<Item = Flow>,
        earlier: impl IntoIterator<Item = Flow>,
    ) -> Self {
        let mut library = Self::default();
        for flow in earlier {
            library
                .versions
                .insert((flow.id.clone(), flow.version.clone()), Arc::new(flow));
        }
        for flow in current.into_iter().map(Arc::new) {
            match &flow.answers {
                _ if !flow.preview.is_empty() => library.drafts.push(flow.clone()),
                Answers::Any => library.any = Some(flow.clone()),
                Answers::Numbers(numbers) => {
                    library
                        .by_number
                        .extend(numbers.iter().map(|number| (number.clone(), flow.clone())));
                }
            }
            library
                .versions
                .insert((flow.id.clone(), flow.version.clone()), flow.clone());
            library.current.insert(flow.id.clone(), flow);
        }
        library
    }

    /// The library that follows this one: of the flows `current`, and of those versions of this one that are to be kept.
    pub fn succeeded_by(
        &self,
        current: impl IntoIterator<Item = Flow>,
        mut kept: impl FnMut(&(FlowId, FlowVersion)) -> bool,
    ) -> Self {
        let mut next = Self::new(current, []);
        for (version, flow) in &self.versions {
            if !next.versions.contains_key(version) && kept(version) {
                next.versions.insert(version.clone(), flow.clone());
            }
        }
        next
    }

    /// Whether new calls to the flow `id` are answered by `version`.
    pub fn is_current(&self, id: &FlowId, version: &FlowVersion) -> bool {
        self.current(id)
            .is_some_and(|flow| flow.version == *version)
    }

    /// The virtual numbers that its flows answer by name.
    pub fn own_numbers(&self) -> Vec<PhoneNumber> {
        self.by_number.keys().cloned().collect()
    }

    /// The flow that takes calls to `number`.
    pub fn answering(&self, number: &PhoneNumber) -> Option<&Arc<Flow>> {
        self.by_number.get(number).or(self.any.as_ref())
    }

    /// The flow that names `number` among those that it answers.
    pub fn naming(&self, number: &PhoneNumber) -> Option<&Arc<Flow>> {
        self.by_number.get(number)
    }

    /// The flow that takes the call of `caller` to `number`: a draft that is for them before the flow of everybody.
    pub fn taking(&self, number: &PhoneNumber, caller: Option<&PhoneNumber>) -> Option<&Arc<Flow>> {
        let theirs = |flow: &&Arc<Flow>| {
            let answers = match &flow.answers {
                Answers::Numbers(numbers) => numbers.contains(number),
                Answers::Any => true,
            };
            answers && caller.is_some_and(|caller| flow.preview.contains(caller))
        };
        let draft = self.drafts.iter().find(theirs);
        draft.or_else(|| self.answering(number))
    }

    /// The flow `id` as it is now.
    pub fn current(&self, id: &FlowId) -> Option<&Arc<Flow>> {
        self.current.get(id)
    }

    /// The flow `id` as it was in `version`.
    pub fn version(&self, id: &FlowId, version: &FlowVersion) -> Option<&Arc<Flow>> {
        self.versions.get(&(id.clone(), version.clone()))
    }

    /// Whether any flow pauses agents' recordings.
    pub fn pauses_recordings(&self) -> bool {
        self.versions.values().any(|flow| flow.pauses_recordings())
    }

    /// All current flows, by id.
    pub fn all(&self) -> Vec<&Arc<Flow>> {
        let mut flows: Vec<_> = self.current.values().collect();
        flows.sort_by(|a, b| a.id.cmp(&b.id));
        flows
    }
}

#[cfg(test)]
mod tests {
    use super::Library;
    use crate::call::PhoneNumber;
    use crate::flow::check::check;
    use crate::flow::diagnostic::Source;

    #[test]
    fn a_draft_is_for_those_who_preview_it() {
        let flow = |id: &str, head: &str| {
            let text = format!(
                "[flow]\nid = \"{id}\"\nstart = \"bye\"\n{head}\n[end.bye]\nsay = \"Bye.\"\n"
            );
            let path = format!("{id}.toml");
            Source { path, text }
        };
        let checked = check(&[
            flow("good", "answers = [\"+6561115777\"]"),
            flow(
                "draft",
                "answers = [\"+6561115777\"]\npreview = [\"+6591234567\"]",
            ),
            flow(
                "draft-of-all",
                "answers = \"any\"\npreview = [\"+6591110000\"]",
            ),
        ]);
        assert_eq!(checked.diagnostics, []);
        let library = Library::new(checked.flows.into_iter().map(|(_, flow)| flow), []);
        let taking = |number, caller: Option<&str>| {
            let caller = caller.map(PhoneNumber::new);
            let flow = library.taking(&PhoneNumber::new(number), caller.as_ref());
            flow.map(|flow| flow.id.as_str().to_owned())
        };
        let ours = "+6561115777";
        assert_eq!(taking(ours, Some("+6591234567")).as_deref(), Some("draft"));
        assert_eq!(taking(ours, Some("+6598765432")).as_deref(), Some("good"));
        assert_eq!(taking(ours, None).as_deref(), Some("good"));
        assert_eq!(
            taking(ours, Some("+6591110000")).as_deref(),
            Some("draft-of-all")
        );
        assert_eq!(taking("+6560000000", Some("+6591234567")), None);
    }
}
