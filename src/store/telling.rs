//! What the webhooks of a session are told on as, and how an event is sealed. Pure, and the same on every engine.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::booking_forms::id_index;
use super::entry::Entry;
use super::known::Known;
use super::vault::{Place, Vault};
use super::{EventRecord, StoreError};
use crate::call::event::{Direction, RecordingUpdate, SummaryError};
use crate::events::calls::Wrong;
use crate::events::{
    CallConnected, CallEnded, CallRefused, Event, Free, Number, RecordingReady, SessionEnded,
    SessionStarted, Side, Subject, Told,
};
use crate::flow::model::VariableName;
use crate::flow::step::Value;
use crate::masking::{BookingId, SideName, spelling};
use crate::session::Stage;

/// What is told of a masked call.
pub(super) struct OfCall {
    /// The booking, by the store's number; `None` for a stranger's call.
    pub(super) booking: Option<u64>,
    pub(super) event: Event,
}

impl OfCall {
    /// Whether the two sides are connected: that is told when the call is counted.
    pub(super) fn is_connected(&self) -> bool {
        matches!(self.event, Event::CallConnected(_))
    }

    /// Whether it is told although nothing counts.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.event, Event::CallRefused(_))
    }
}

/// What a voice call action tells of a masked call: that it is put through, or that it is not. `None` while that is open.
pub(super) fn called(entry: &Entry) -> Option<OfCall> {
    let Entry::Action(exchange) = entry else {
        return None;
    };
    let carried = exchange.masked.as_ref()?;
    let (leg, whom) = (&exchange.action.leg, carried.about.as_ref());
    let called = leg.destination.as_ref()?;
    let (session_id, virtual_number) = (exchange.action.session.to_string(), called.with_plus());
    let event = match whom.filter(|_| carried.counts) {
        Some(whom) => Event::CallConnected(CallConnected {
            booking_id: whom.id.to_string(),
            session_id,
            from: side(whom.side),
            virtual_number,
        }),
        None if carried.code.refuses() => Event::CallRefused(CallRefused {
            booking_id: whom.map(|whom| whom.id.to_string()),
            session_id,
            from: whom.map(|whom| side(whom.side)),
            caller: spelling::caller(leg.source.as_ref(), called).map(Number),
            virtual_number,
            decision: carried.code.as_str().to_owned(),
        }),
        None => return None,
    };
    let booking = whom.map(|whom| whom.booking);
    Some(OfCall { booking, event })
}

/// A masked call that was connected is over; `None` when its session is of none.
pub(super) fn call_ended(known: &Known, talk_seconds: u64) -> Option<OfCall> {
    let whom = known.masked.as_ref()?.about.as_ref()?;
    let event = Event::CallEnded(CallEnded {
        booking_id: whom.id.to_string(),
        session_id: known.id.to_string(),
        from: side(whom.side),
        outcome: known.ending.as_ref()?.status.clone(),
        talk_seconds,
    });
    let booking = Some(whom.booking);
    Some(OfCall { booking, event })
}

fn side(name: SideName) -> Side {
    match name {
        SideName::A => Side::A,
        SideName::B => Side::B,
    }
}

/// What a flow has saved and set.
pub(super) type Variables = BTreeMap<VariableName, Value>;

/// A session that was not known has been heard of.
pub(super) fn started(known: &Known) -> Event {
    Event::SessionStarted(as_started(known))
}

/// The summary of a session has come; `None` while it has not.
pub(super) fn ended(known: &Known, variables: Variables) -> Option<Event> {
    let ending = known.ending.as_ref()?;
    let shown = variables.into_iter().filter(|(_, value)| !value.secret);
    Some(Event::SessionEnded(SessionEnded {
        session: as_started(known),
        outcome: ending.status.clone(),
        error: ending.error.as_ref().map(wrong),
        ended_at: ending.ended_at,
        variables: shown
            .map(|(name, value)| (name.to_string(), Free(value.text)))
            .collect(),
    }))
}

/// A recording that `update` says can be fetched, unless one of `earlier` said so.
pub(super) fn ready(update: &RecordingUpdate, earlier: &[Entry]) -> Option<Event> {
    let was_ready = earlier.iter().any(|entry| match entry {
        Entry::Recording(it) => it.event.recording == update.recording && is_ready(&it.event),
        _ => false,
    });
    (is_ready(update) && !was_ready).then(|| {
        Event::RecordingReady(RecordingReady {
            session_id: update.session.to_string(),
            recording_id: update.recording.clone(),
            duration_seconds: update.duration_seconds,
            file_path: update.file_path.clone().map(Free),
        })
    })
}

/// Whether the platform has put a recording where it is fetched from. What it calls us back for comes after that.
fn is_ready(update: &RecordingUpdate) -> bool {
    matches!(
        update.status.as_str(),
        "UPLOAD_COMPLETED" | "CALLBACK_COMPLETED" | "CALLBACK_FAILED"
    )
}

/// What was saved by the time of a voice call action; `None` when that does not tell.
pub(super) fn variables(entry: Entry) -> Option<Variables> {
    let Entry::Action(exchange) = entry else {
        return None;
    };
    match exchange.session.as_ref().map(|session| &session.stage) {
        Some(Stage::Waiting(position)) => Some(position.variables.clone()),
        Some(Stage::HungUp) => Some(exchange.saved.clone()).filter(|saved| !saved.is_empty()),
        None => None,
    }
}

fn as_started(known: &Known) -> SessionStarted {
    let number = |number: &Option<crate::call::PhoneNumber>| number.clone().map(Number);
    SessionStarted {
        session_id: known.id.to_string(),
        sub_account: known.sub_account.as_ref().map(ToString::to_string),
        direction: known.face.direction.map(Direction::as_str),
        source: number(&known.face.source),
        destination: number(&known.face.destination),
        flow: known.flow.as_ref().map(|(id, _)| id.to_string()),
        version: known.flow.as_ref().map(|(_, version)| version.to_string()),
        started_at: known.started_at,
    }
}

fn wrong(error: &SummaryError) -> Wrong {
    Wrong {
        code: error.code,
        message: error.message.clone().map(Free),
    }
}

/// An event as its row has it.
pub(super) struct Row {
    pub(super) sealed_for: [u8; 16],
    pub(super) kind: &'static str,
    pub(super) session: Option<String>,
    pub(super) booking: Option<String>,
    pub(super) sequence: Option<u32>,
    pub(super) at: i64,
    pub(super) data: Vec<u8>,
}

impl Row {
    /// The row of an event that happens now.
    pub(super) fn of(vault: &Vault, told: &Told) -> Self {
        let sealed_for = *Uuid::new_v4().as_bytes();
        let booking = match told.subject() {
            Subject::Booking(id) => Some(hex(&vault.form(id_index(vault, &BookingId::new(id))))),
            Subject::Session(_) | Subject::Pool(_) => None,
        };
        Self {
            sealed_for,
            kind: told.kind().as_str(),
            session: told.event.session().map(str::to_owned),
            booking,
            sequence: told.sequence,
            at: told.at.as_millisecond(),
            data: vault.seal(place(&sealed_for), told.data().as_bytes()),
        }
    }
}

/// Where an event's data is sealed.
pub(super) fn place(sealed_for: &[u8]) -> Place<'_> {
    Place {
        table: "events",
        row: sealed_for,
    }
}

/// What an event is called wherever it is sent.
pub(super) fn event_id(sealed_for: &[u8]) -> String {
    format!("evt_{}", hex(sealed_for))
}

/// What the events of a booking are found by: its id may be made of a number, and is not told in the clear.
/// In whichever of the two ways it stands there.
pub(super) fn booking_columns(vault: &Vault, id: &BookingId) -> [String; 2] {
    vault.forms(id_index(vault, id)).map(|form| hex(&form))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An event's columns, as they are read.
pub(super) struct Found {
    pub(super) number: i64,
    pub(super) sealed_for: Vec<u8>,
    pub(super) kind: String,
    pub(super) sequence: Option<i64>,
    pub(super) at: i64,
    pub(super) data: Vec<u8>,
}

impl Found {
    /// The event, of which nothing waits yet.
    pub(super) fn read(self, vault: &Vault) -> Result<EventRecord, StoreError> {
        let unreadable = StoreError::Unreadable { what: "event" };
        let opened = vault.open(place(&self.sealed_for), &self.data).ok();
        let data = opened.and_then(|data| String::from_utf8(data).ok());
        Ok(EventRecord {
            id: event_id(&self.sealed_for),
            number: self.number.unsigned_abs(),
            kind: self.kind,
            sequence: self
                .sequence
                .and_then(|sequence| u32::try_from(sequence).ok()),
            at: super::forms::read_time(self.at)?,
            data: data.ok_or(unreadable)?,
            waiting: Vec::new(),
        })
    }
}

/// How many turns back the variables of a session are looked for: behind the one that hung up little can come.
pub(super) const TURNS_BACK: i64 = 4;
