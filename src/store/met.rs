//! How it is written what a flow's needs were met with: a part of an exchange, which is stored sealed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use super::StoreError;
use super::forms::Text;
use crate::contact_center::queue::State;
use crate::contact_center::schedule::Status;
use crate::flow::Met;
use crate::flow::model::StepName;
use crate::flow::need::{LookupFailure, MetAt, Response};

const UNREADABLE: StoreError = StoreError::Unreadable { what: "need" };

/// A need and how it was met.
#[derive(Encode, Decode)]
pub(super) struct MetForm<'a> {
    #[b(0)]
    step: Text<'a>,
    #[b(1)]
    how: HowForm<'a>,
}

#[derive(Encode, Decode)]
enum HowForm<'a> {
    #[n(0)]
    Answered(#[b(0)] AnswerForm<'a>),
    #[n(1)]
    Failed(#[b(0)] Text<'a>),
    #[n(2)]
    Handoff(#[n(0)] bool),
    #[n(3)]
    Callback(#[n(0)] bool),
    #[n(4)]
    Schedule(#[n(0)] Option<i64>),
    #[n(5)]
    Queue(#[b(0)] Text<'a>),
    #[n(6)]
    Recording(#[n(0)] bool),
}

#[derive(Encode, Decode)]
struct AnswerForm<'a> {
    #[n(0)]
    status: u16,
    #[b(1)]
    fields: Option<BTreeMap<Text<'a>, Text<'a>>>,
}

/// What was met; nothing is written of a turn without needs.
pub(super) fn met_forms(met: &[MetAt]) -> Option<Vec<MetForm<'_>>> {
    let form = |it| MetForm::from(it);
    (!met.is_empty()).then(|| met.iter().map(form).collect())
}

/// Reads what [`met_forms`] wrote.
pub(super) fn read_met(forms: Option<Vec<MetForm<'_>>>) -> Result<Vec<MetAt>, StoreError> {
    forms.into_iter().flatten().map(MetForm::met).collect()
}

impl<'a> From<&'a MetAt> for MetForm<'a> {
    fn from(it: &'a MetAt) -> Self {
        let how = match &it.met {
            Met::Lookup(Ok(response)) => HowForm::Answered(AnswerForm::from(response)),
            Met::Lookup(Err(failure)) => HowForm::Failed(failure.as_str().into()),
            Met::Handoff(taken) => HowForm::Handoff(*taken),
            Met::Callback(taken) => HowForm::Callback(*taken),
            Met::Schedule(status) => HowForm::Schedule(status.map(Status::code)),
            Met::Queue(state) => HowForm::Queue(state.as_str().into()),
            Met::Recording(is_silent) => HowForm::Recording(*is_silent),
        };
        Self {
            step: it.step.as_str().into(),
            how,
        }
    }
}

impl<'a> From<&'a Response> for AnswerForm<'a> {
    fn from(response: &'a Response) -> Self {
        let field = |(path, value): (&'a String, &'a String)| {
            (Cow::Borrowed(path.as_str()), Cow::Borrowed(value.as_str()))
        };
        Self {
            status: response.status,
            fields: response
                .fields
                .as_ref()
                .map(|fields| fields.iter().map(field).collect()),
        }
    }
}

impl MetForm<'_> {
    fn met(self) -> Result<MetAt, StoreError> {
        let met = match self.how {
            HowForm::Answered(answer) => Met::Lookup(Ok(answer.response())),
            HowForm::Failed(word) => {
                let failure = LookupFailure::from_word(&word).ok_or(UNREADABLE)?;
                Met::Lookup(Err(failure))
            }
            HowForm::Handoff(taken) => Met::Handoff(taken),
            HowForm::Callback(taken) => Met::Callback(taken),
            HowForm::Recording(is_silent) => Met::Recording(is_silent),
            HowForm::Schedule(code) => Met::Schedule(match code {
                Some(code) => Some(Status::of_code(code).ok_or(UNREADABLE)?),
                None => None,
            }),
            HowForm::Queue(word) => {
                let state = State::ALL.into_iter().find(|state| state.as_str() == word);
                Met::Queue(state.ok_or(UNREADABLE)?)
            }
        };
        Ok(MetAt {
            step: StepName::new(self.step),
            met,
        })
    }
}

impl AnswerForm<'_> {
    fn response(self) -> Response {
        let fields = self.fields.map(|fields| {
            let fields = fields.into_iter();
            fields
                .map(|(path, value)| (path.into_owned(), value.into_owned()))
                .collect()
        });
        Response {
            status: self.status,
            fields,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_can_be_met_comes_back() {
        let fields = BTreeMap::from([("guests".to_owned(), "4".to_owned())]);
        let answered = |fields| {
            Met::Lookup(Ok(Response {
                status: 200,
                fields,
            }))
        };
        let met: Vec<_> = [
            answered(Some(fields)),
            answered(Some(BTreeMap::new())),
            answered(None),
            Met::Lookup(Err(LookupFailure::LeftAlone)),
            Met::Handoff(true),
            Met::Callback(false),
            Met::Schedule(None),
            Met::Schedule(Some(Status::Closed)),
            Met::Schedule(Some(Status::Choice(3))),
            Met::Queue(State::Nobody),
            Met::Recording(true),
        ]
        .into_iter()
        .map(|met| MetAt {
            step: StepName::new("a.step"),
            met,
        })
        .collect();
        let bytes = minicbor::to_vec(met_forms(&met)).expect("memory takes all");
        let forms = minicbor::decode(&bytes).expect("it was written so");
        assert_eq!(read_met(forms).expect("and reads"), met);
        assert!(met_forms(&[]).is_none());
        assert_eq!(read_met(None).expect("none"), []);
    }
}
