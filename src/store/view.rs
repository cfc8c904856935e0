//! What people see of a session, made of what is kept of it. Pure, and the same on every engine.

use super::derived::{LegStatus, legs_by_status, newest_updates};
use super::entry::Entry;
use super::known::Known;
use super::records::{Place, SessionRow, TraceEntry};
use super::{SessionPage, SessionRecord};
use crate::call::event::{RecordingUpdate, SummaryLeg};
use crate::flow::model::StepName;
use crate::session::Exchange;

/// What the status of a session is called that has not ended.
pub(super) const LIVE: &str = "live";

/// A page of `limit` sessions at most, out of one more than that, newest first.
pub(super) fn page(sessions: Vec<Known>, limit: u32) -> SessionPage {
    let limit = limit as usize;
    let more = sessions.len() > limit;
    let items: Vec<_> = sessions.into_iter().take(limit).map(row).collect();
    let next = items.last().filter(|_| more).map(place);
    SessionPage { items, next }
}

/// One session with its webhooks, in the order that they came.
pub(super) fn record(known: Known, entries: Vec<Entry>) -> SessionRecord {
    SessionRecord {
        error: known
            .ending
            .as_ref()
            .and_then(|ending| ending.error.clone()),
        legs: legs(&entries),
        recordings: recordings(&entries),
        trace: entries.into_iter().filter_map(trace_entry).collect(),
        row: row(known),
    }
}

/// The legs of the summary that ended the session; while there is none, those that the statuses speak of.
fn legs(entries: &[Entry]) -> Vec<SummaryLeg> {
    let summary = entries.iter().find_map(|entry| match entry {
        Entry::Summary(summary) => Some(summary.event.legs.clone()),
        _ => None,
    });
    let statuses = entries.iter().filter_map(|entry| match entry {
        Entry::Status(status) => Some(LegStatus {
            leg: status.event.leg.clone(),
            status: status.event.status.clone(),
            at: status.event.at.unwrap_or(status.received_at),
        }),
        _ => None,
    });
    summary.unwrap_or_else(|| legs_by_status(statuses.collect()))
}

fn recordings(entries: &[Entry]) -> Vec<RecordingUpdate> {
    let updates = entries.iter().filter_map(|entry| match entry {
        Entry::Recording(update) => Some(update.event.clone()),
        _ => None,
    });
    newest_updates(updates.collect())
}

fn trace_entry(entry: Entry) -> Option<TraceEntry> {
    let kind = entry.kind().to_owned();
    let silent = |received_at, status| TraceEntry {
        kind,
        received_at,
        status,
        digits: None,
        secret_digits: false,
        step: None,
        path: Vec::new(),
        met: Vec::new(),
        sip_code: None,
        outcome: None,
        reply: None,
    };
    Some(match entry {
        Entry::Action(exchange) => acted(&exchange),
        Entry::Status(it) => silent(it.received_at, it.event.status),
        Entry::Summary(it) => silent(it.received_at, it.event.status),
        Entry::Recording(it) => silent(it.received_at, it.event.status),
        Entry::Numbers(_) => return None,
    })
}

fn acted(exchange: &Exchange) -> TraceEntry {
    let digits = exchange.action.digits.as_ref();
    TraceEntry {
        kind: "VCA".to_owned(),
        received_at: exchange.received_at,
        status: exchange.action.status.as_str().to_owned(),
        digits: digits.map(|digits| digits.as_str().to_owned()),
        secret_digits: exchange.secret_digits,
        step: exchange.step.as_ref().map(StepName::to_string),
        path: exchange.path.iter().map(StepName::to_string).collect(),
        met: exchange.met.clone(),
        sip_code: exchange.action.leg.sip_code,
        outcome: Some(exchange.outcome.as_str().to_owned()),
        reply: Some(exchange.reply.to_string()),
    }
}

fn row(known: Known) -> SessionRow {
    let (status, ended_at) = match known.ending {
        Some(ending) => (ending.status, ending.ended_at),
        None => (LIVE.to_owned(), None),
    };
    SessionRow {
        id: known.id,
        sub_account: known.sub_account,
        direction: known.face.direction,
        source: known.face.source,
        destination: known.face.destination,
        flow: known.flow,
        status,
        started_at: known.started_at,
        ended_at,
    }
}

fn place(row: &SessionRow) -> Place {
    Place {
        started_at: row.started_at,
        id: row.id.clone(),
    }
}
