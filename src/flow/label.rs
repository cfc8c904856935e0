//! The label that every reply carries as `clientActionId`, and that the webhook which answers it brings back:
//! `flow@version:step:try:language:n`.
//!
//! It exposes late and duplicate webhooks, and lets a call go on when its stored session is lost.

use std::fmt;

use super::model::{FlowId, FlowVersion, Language, StepName};

/// Where a call stood when a reply was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Which flow.
    pub flow: FlowId,
    /// Made from which text.
    pub version: FlowVersion,
    /// The step that waits.
    pub step: StepName,
    /// Which try of the step it is, from 1.
    pub attempt: u8,
    /// The language spoken.
    pub language: Language,
    /// How many replies the session has been given, this one included.
    pub replies: u32,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            flow,
            version,
            step,
            attempt,
            language,
            replies,
        } = self;
        write!(f, "{flow}@{version}:{step}:{attempt}:{language}:{replies}")
    }
}

impl Label {
    /// Reads a label back. `None` when it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (flow, rest) = text.split_once('@')?;
        let mut fields = rest.split(':');
        let mut name = || fields.next().filter(|field| !field.is_empty());
        let label = Self {
            version: FlowVersion::new(name()?),
            step: StepName::new(name()?),
            attempt: name()?.parse().ok().filter(|attempt| *attempt > 0)?,
            language: Language::new(name()?),
            replies: name()?.parse().ok().filter(|replies| *replies > 0)?,
            flow: FlowId::new(flow),
        };
        (!flow.is_empty() && fields.next().is_none()).then_some(label)
    }
}

#[cfg(test)]
mod tests {
    use super::Label;

    #[test]
    fn reads_back_what_it_wrote() {
        let text = "abc-restaurant@7f3c9a000000:main:2:en:5";
        let label = Label::parse(text).expect("a label of ours");
        assert_eq!((label.attempt, label.replies), (2, 5));
        assert_eq!(label.to_string(), text);
    }

    #[test]
    fn refuses_what_is_not_ours() {
        for text in [
            "",
            "main_menu",
            "a@b:c:1:en",
            "a@b:c:1:en:1:x",
            "a@b:c:0:en:1",
            "a@b:c:1:en:0",
            "@b:c:1:en:1",
            "a@:c:1:en:1",
        ] {
            assert_eq!(Label::parse(text), None, "{text}");
        }
    }
}
