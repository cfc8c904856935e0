//! Every way in which the world may answer what a flow needs, as far as it leads elsewhere: each with the line that says so.

use serde_json::Value;

use super::center::Center;
use super::line::Verb;
use crate::contact_center::queue::State;
use crate::contact_center::schedule::Status;
use crate::flow::model::{Decide, Step};
use crate::flow::need::{Request, Response};
use crate::flow::{Flow, Met, Need};

/// The answers to `need`, of a call that `flow` carries.
pub(super) fn answers(flow: &Flow, need: &Need) -> Vec<(Verb, Met)> {
    let center = |line, met| (Verb::Center(line), met);
    match need {
        Need::Lookup(request) => {
            let times_out = Verb::TimesOut(request.step.to_string());
            let mut all = looked_up(flow, request);
            all.push((times_out, Met::too_late(need)));
            all
        }
        Need::Handoff(it) => vec![
            center(Center::HandsOff(it.queue.clone()), Met::Handoff(true)),
            center(Center::HandoffFails, Met::Handoff(false)),
        ],
        Need::Callback(_) => vec![
            center(Center::CallbackTaken, Met::Callback(true)),
            center(Center::CallbackRefused(None), Met::Callback(false)),
        ],
        Need::Recording(it) => {
            let agent = || it.agent.as_str().to_owned();
            vec![
                center(Center::RecordingPauses(agent()), Met::Recording(true)),
                center(Center::RecordingFails(agent()), Met::Recording(false)),
            ]
        }
        Need::Schedule(it) => {
            let Some(Step::Decide(Decide::Schedule { hours, choices, .. })) = flow.step(&it.step)
            else {
                return Vec::new();
            };
            let choices = choices.keys().map(|number| Status::Choice(*number));
            let all = [Status::Open, Status::Closed].into_iter().chain(choices);
            all.map(|status| {
                let (name, status) = (hours.clone(), Some(status));
                center(Center::Schedule { name, status }, Met::Schedule(status))
            })
            .collect()
        }
        Need::Queue(it) => {
            let Some(Step::Decide(Decide::Queue { is, .. })) = flow.step(&it.step) else {
                return Vec::new();
            };
            // Of the states that are not named, one will do.
            let (mut all, others): (Vec<_>, Vec<_>) = State::ALL
                .into_iter()
                .partition(|state| is.contains_key(state.as_str()));
            all.extend(others.first());
            all.into_iter()
                .map(|state| {
                    let queue = it.about.0.clone();
                    center(Center::Queue { queue, state }, Met::Queue(state))
                })
                .collect()
        }
    }
}

/// The answers that a look-up knows a way for.
fn looked_up(flow: &Flow, request: &Request) -> Vec<(Verb, Met)> {
    let statuses = match flow.step(&request.step) {
        Some(Step::Lookup(lookup)) => lookup.status.keys().copied().collect(),
        _ => Vec::new(),
    };
    let answer = |status| {
        let body = having(&request.fields);
        let response = Response::read(request, status, body.to_string().as_bytes());
        let lookup = request.step.to_string();
        let verb = Verb::Answers {
            lookup,
            status,
            body,
        };
        (verb, Met::Lookup(Ok(response)))
    };
    [200].into_iter().chain(statuses).map(answer).collect()
}

/// An answer that has these fields.
fn having(fields: &[String]) -> Value {
    let mut body = Value::Object(serde_json::Map::new());
    for field in fields {
        let place = format!("/{}", field.replace('.', "/"));
        let mut at = &mut body;
        for part in place.split('/').skip(1) {
            if !at.is_object() {
                *at = Value::Object(serde_json::Map::new());
            }
            at = &mut at[part];
        }
        *at = Value::from("1");
    }
    body
}
