//! The way that a call took: step by step, with what led from one to the next.

use std::fmt::Write as _;
use std::sync::Arc;

use super::coverage::Visited;
use crate::flow::Flow;
use crate::flow::model::{Keys, Step};
use crate::session::{Exchange, Stage};

/// What stands in the place of a secret.
const SECRET: &str = "****";

/// The way as `language -1-> main -silence-> main(2)`.
pub(super) fn written(flow: &Flow, exchanges: &[Arc<Exchange>]) -> String {
    let mut text = String::new();
    for exchange in moves(exchanges) {
        if !text.is_empty() {
            // Writing to a text does not fail.
            let _ = write!(text, " -{}-> ", reason(flow, exchange));
        }
        let steps: Vec<_> = exchange.path.iter().map(ToString::to_string).collect();
        text += &match steps.is_empty() {
            true => "end".to_owned(),
            false => steps.join(" -> "),
        };
        if let Some(tries) = tries(exchange).filter(|tries| *tries > 1) {
            let _ = write!(text, "({tries})");
        }
    }
    text
}

/// What a call visited.
pub(super) fn visited(flow: &Flow, exchanges: &[Arc<Exchange>]) -> Visited {
    let mut visited = Visited::default();
    for exchange in moves(exchanges) {
        visited.steps.extend(exchange.path.iter().cloned());
        let digits = exchange.action.digits.as_ref();
        let step = exchange.step.as_ref();
        if let (Some(digits), Some(step)) = (digits, step)
            && let Some(Step::Menu(menu)) = flow.step(step)
        {
            let keys = Keys::new(digits.as_str());
            if menu.press.contains_key(&keys) {
                visited.keys.insert((step.clone(), keys));
            }
        }
    }
    visited
}

/// The exchanges that moved the call on: a repeated webhook moves nothing.
fn moves(exchanges: &[Arc<Exchange>]) -> impl Iterator<Item = &Exchange> {
    let exchanges = exchanges.iter().map(Arc::as_ref);
    exchanges.filter(|exchange| exchange.session.is_some())
}

fn reason(flow: &Flow, exchange: &Exchange) -> String {
    let action = &exchange.action;
    let step = exchange.step.as_ref().and_then(|step| flow.step(step));
    match (step, &action.digits, action.leg.sip_code) {
        (Some(Step::Connect(_)), _, Some(486 | 600)) => "busy".to_owned(),
        (Some(Step::Connect(_)), _, Some(408 | 480 | 487)) => "no answer".to_owned(),
        (Some(Step::Connect(_)), _, Some(400..)) => "fails".to_owned(),
        (Some(Step::Connect(_)), ..) => "answers".to_owned(),
        (Some(Step::Lookup(_)), ..) => "meanwhile".to_owned(),
        _ if exchange.secret_digits => SECRET.to_owned(),
        (_, Some(digits), _) => digits.as_str().to_owned(),
        (_, None, _) => "silence".to_owned(),
    }
}

/// Which try of its step the call waits for.
fn tries(exchange: &Exchange) -> Option<u8> {
    match &exchange.session.as_ref()?.stage {
        Stage::Waiting(position) => Some(position.wrong_tries + 1),
        Stage::HungUp => None,
    }
}
