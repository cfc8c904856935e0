//! The statement that moves a session: a webhook and what it makes of its session, what that counts as for a booking, and what is
//! told of it. All of it, or nothing.

use uuid::Uuid;

use super::clear;
use super::events::Rows;
use super::keep::{record_place, session_place};
use super::pool::Statement;
use super::resealing::fenced;
use crate::events::{Event, Told};
use crate::store::booking_forms::side_number;
use crate::store::entry::Entry;
use crate::store::known::Known;
use crate::store::telling::OfCall;
use crate::store::vault::Vault;
use crate::store::{record, state, telling};

/// What a webhook has told: of its session, whose beginning is told by now or is not, and of a booking.
pub(super) struct Tells {
    pub(super) is_begun: bool,
    pub(super) of_session: Vec<Event>,
    pub(super) of_call: Option<OfCall>,
}

/// Moves a session and adds a webhook.
const MOVES: &str = "WITH moved AS (
         INSERT INTO sessions AS s (session_id, revision, source_index, destination_index, flow_id, flow_version,
             status, started_at, last_event_at, state, start_is_told)
         SELECT $1, $2 + 1, $3, $4, $5, $6, $7, $8, $9, $10, $16 WHERE {fence}
         ON CONFLICT (session_id) DO UPDATE SET
             revision = excluded.revision, source_index = excluded.source_index,
             destination_index = excluded.destination_index, flow_id = excluded.flow_id,
             flow_version = excluded.flow_version, status = excluded.status,
             last_event_at = excluded.last_event_at, state = excluded.state, start_is_told = excluded.start_is_told
         WHERE s.revision = $2
         RETURNING 1
     )
     INSERT INTO webhooks (sealed_for, session_id, mark, answers, received_at, record)
     SELECT $11, $1, $12, $13, $14, $15 FROM moved
     RETURNING 1";

/// The same, and has events told.
const MOVES_AND_TELLS: &str = "WITH moved AS (
         INSERT INTO sessions AS s (session_id, revision, source_index, destination_index, flow_id, flow_version,
             status, started_at, last_event_at, state, start_is_told, events)
         SELECT $1, $2 + 1, $3, $4, $5, $6, $7, $8, $9, $10, $16, $17 WHERE {fence}
         ON CONFLICT (session_id) DO UPDATE SET
             revision = excluded.revision, source_index = excluded.source_index,
             destination_index = excluded.destination_index, flow_id = excluded.flow_id,
             flow_version = excluded.flow_version, status = excluded.status,
             last_event_at = excluded.last_event_at, state = excluded.state, start_is_told = excluded.start_is_told,
             events = s.events + $17
         WHERE s.revision = $2
         RETURNING events
     ), told AS (
         INSERT INTO events (sealed_for, kind, session_id, sequence, at, data)
         SELECT t.sealed_for, t.kind, $1, moved.events - $17 + t.place, $14, t.data
         FROM moved, unnest($18::bytea[], $19::text[], $20::bytea[]) WITH ORDINALITY AS t (sealed_for, kind, data, place)
     )
     INSERT INTO webhooks (sealed_for, session_id, mark, answers, received_at, record)
     SELECT $11, $1, $12, $13, $14, $15 FROM moved
     RETURNING 1";

/// A statement that moves a session and counts a call for its booking, or what was talked in it, and has that told: `text`, which has
/// so many parameters, and ten more. A call that is not put through counts for nothing and is told all the same.
fn counting(text: &str, used: usize) -> String {
    let [
        booking,
        side,
        at,
        talked,
        refused,
        of,
        sealed_for,
        kind,
        id,
        data,
    ] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(|more| used + more);
    let counts = format!(
        ", counted AS (
             INSERT INTO masked_calls (session_id, booking, side, at)
             SELECT $1, ${booking}, ${side}, ${at} FROM moved WHERE ${booking} IS NOT NULL
             ON CONFLICT (session_id) DO NOTHING RETURNING 1
         ), talked AS (
             UPDATE masked_calls SET talk_seconds = ${talked} FROM moved
             WHERE session_id = $1 AND ${talked} IS NOT NULL AND talk_seconds IS NULL RETURNING 1
         ), happened AS (
             SELECT 1 FROM counted UNION ALL SELECT 1 FROM talked UNION ALL SELECT 1 FROM moved WHERE ${refused}
         ), numbered AS (
             UPDATE bookings SET events = events + 1 WHERE number = ${of} AND EXISTS (SELECT 1 FROM happened) RETURNING events
         ), told_of_call AS (
             INSERT INTO events (sealed_for, kind, session_id, booking_id, sequence, at, data)
             SELECT ${sealed_for}, ${kind}, $1, ${id}, (SELECT events FROM numbered), $14, ${data}
             FROM happened WHERE ${kind} IS NOT NULL
         )
         INSERT INTO webhooks"
    );
    text.replacen("INSERT INTO webhooks", &counts, 1)
}

/// An event that a webhook has told; the statement counts it.
fn told_at(event: Event, entry: &Entry) -> Told {
    let (at, sequence) = (entry.received_at(), None);
    Told {
        event,
        at,
        sequence,
    }
}

/// What a write brings, sealed.
pub(super) struct Sealed {
    place: [u8; 16],
    mark: [u8; 16],
    record: Vec<u8>,
    session_id: String,
    source: Option<[u8; 16]>,
    destination: Option<[u8; 16]>,
    state: Vec<u8>,
    is_begun: bool,
    told: Rows,
    /// What is told of a masked call: the store's number of its booking, and the row.
    of_call: Option<(Option<u64>, telling::Row)>,
    /// The call is told of though nothing counts.
    is_refused: bool,
}

impl Sealed {
    pub(super) fn of(
        vault: &Vault,
        entry: &Entry,
        known: &Known,
        row: &Uuid,
        tells: Tells,
    ) -> Self {
        let index = |number: &Option<crate::call::PhoneNumber>| {
            number
                .as_ref()
                .map(|number| vault.form(vault.index(number.digits())))
        };
        let session_id = clear(known.id.as_str());
        let mut kept = entry.clone();
        kept.forget_secrets();
        let told = tells.of_session.into_iter();
        let is_refused = matches!(&tells.of_call, Some(it) if it.is_refused());
        let of_call = tells.of_call.map(|call| {
            let row = telling::Row::of(vault, &told_at(call.event, entry));
            (call.booking, row)
        });
        Self {
            place: *row.as_bytes(),
            mark: entry.mark(),
            record: vault.seal(record_place(row.as_bytes()), &record::write(&kept)),
            source: index(&known.face.source),
            destination: index(&known.face.destination),
            state: vault.seal(session_place(&session_id), &state::write(known)),
            is_begun: tells.is_begun,
            told: Rows::of(vault, told.map(|event| told_at(event, entry))),
            of_call,
            is_refused,
            session_id,
        }
    }

    /// Moves the session if it still is at `revision` (0: if there is none), and adds the webhook if it moved. One row
    /// when both were done, none when the session has changed; a known event or a step already left is an error that
    /// undoes all of it.
    pub(super) fn statement(
        &self,
        vault: &Vault,
        entry: &Entry,
        known: &Known,
        revision: i64,
    ) -> Statement<'_> {
        let word = |text: &str| clear(text);
        // Most webhooks tell nothing, and their statement is not to pay for it.
        let (text, used) = match self.told.is_empty() {
            true => (MOVES, 16),
            false => (MOVES_AND_TELLS, 20),
        };
        let (call, talk) = (entry.masked_call(), entry.masked_talk(Some(known)));
        let is_masked = call.is_some() || talk.is_some() || self.of_call.is_some();
        let text = match is_masked {
            false => fenced(text, vault),
            true => fenced(&counting(text, used), vault),
        };
        let statement = sqlx::query(sqlx::AssertSqlSafe(text));
        let statement = statement
            .bind(self.session_id.as_str())
            .bind(revision)
            .bind(self.source.as_ref().map(|index| index.as_slice()))
            .bind(self.destination.as_ref().map(|index| index.as_slice()))
            .bind(known.flow.as_ref().map(|(id, _)| word(id.as_str())))
            .bind(
                known
                    .flow
                    .as_ref()
                    .map(|(_, version)| word(version.as_str())),
            )
            .bind(known.ending.as_ref().map(|ending| word(&ending.status)))
            .bind(known.started_at.as_millisecond())
            .bind(known.last_event_at.as_millisecond())
            .bind(self.state.as_slice())
            .bind(self.place.as_slice())
            .bind(self.mark.as_slice())
            .bind(entry.answers().map(i64::from))
            .bind(entry.received_at().as_millisecond())
            .bind(self.record.as_slice())
            .bind(self.is_begun);
        let statement = match self.told.is_empty() {
            true => statement,
            false => statement
                .bind(self.told.count())
                .bind(&self.told.sealed_for)
                .bind(&self.told.kind)
                .bind(&self.told.data),
        };
        if !is_masked {
            return statement;
        }
        let (of, row) = match &self.of_call {
            Some((of, row)) => (*of, Some(row)),
            None => (None, None),
        };
        statement
            .bind(call.map(|call| call.booking as i64))
            .bind(call.map(|call| side_number(call.side)))
            .bind(call.map(|call| call.at))
            .bind(talk.map(|(_, seconds)| seconds as i64))
            .bind(self.is_refused)
            .bind(of.map(|booking| booking as i64))
            .bind(row.map(|row| row.sealed_for.to_vec()))
            .bind(row.map(|row| row.kind))
            .bind(row.and_then(|row| row.booking.as_deref()))
            .bind(row.map(|row| row.data.as_slice()))
    }
}
