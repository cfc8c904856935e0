//! The `webhooks` table: what came, once each; and what statuses, summaries and recording updates do to their session.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;

use super::sessions;
use crate::call::event::{CallStatus, RecordingUpdate, SessionSummary};
use crate::call::{EventId, SessionId, SubAccountId};
use crate::store::forms::{write_leg, write_legs, write_recording};
use crate::store::known::{Face, Known, Source, start_by_summary};
use crate::store::{StoreError, Webhook};

/// How many event ids one transaction forgets at most: a few milliseconds of the writer.
const FORGET_AT_ONCE: i64 = 500;

/// One row of the table. What a kind of webhook does not have stays at its default.
#[derive(Default)]
pub(super) struct Entry<'a> {
    pub(super) kind: &'static str,
    pub(super) event: Option<&'a EventId>,
    pub(super) session: Option<&'a SessionId>,
    pub(super) received_at: Timestamp,
    pub(super) happened_at: Option<Timestamp>,
    pub(super) status: &'a str,
    pub(super) digits: Option<&'a str>,
    pub(super) secret_digits: bool,
    pub(super) step: Option<&'a str>,
    pub(super) path: Option<String>,
    pub(super) outcome: Option<&'static str>,
    pub(super) reply: Option<&'a str>,
    pub(super) answers: Option<u32>,
    pub(super) detail: Option<String>,
    pub(super) body: &'a str,
}

impl Entry<'_> {
    /// Adds the row. `false`, and nothing added, when this event is known, or when the step that it answers was left.
    pub(super) async fn add(self, db: &mut SqliteConnection) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO webhooks (kind, event_key, session_id, received_at, happened_at, status, digits,
                 secret_digits, step, path, outcome, reply, answers, detail, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT DO NOTHING",
        )
        .bind(self.kind)
        .bind(self.event_key())
        .bind(self.session.map(SessionId::as_str))
        .bind(self.received_at.as_millisecond())
        .bind(self.happened_at.map(Timestamp::as_millisecond))
        .bind(self.status)
        .bind(self.digits)
        .bind(self.secret_digits)
        .bind(self.step)
        .bind(self.path)
        .bind(self.outcome)
        .bind(self.reply)
        .bind(self.answers.map(i64::from))
        .bind(self.detail)
        .bind(self.body)
        .execute(db)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// What a second delivery of the same webhook has in common with the first.
    fn event_key(&self) -> String {
        match self.event {
            Some(event) => event.to_string(),
            None => body_key(self.body),
        }
    }
}

fn body_key(body: &str) -> String {
    let mut key = "sha256:".to_owned();
    for byte in Sha256::digest(body) {
        key.push_str(&format!("{byte:02x}"));
    }
    key
}

/// Keeps a call status; a repeated one changes nothing.
pub(super) async fn keep_status(
    db: &mut SqliteConnection,
    webhook: &Webhook<CallStatus>,
) -> Result<(), StoreError> {
    let event = &webhook.event;
    let new = Entry {
        event: event.event.as_ref(),
        happened_at: event.at,
        status: &event.status,
        detail: Some(write_leg(&event.leg)),
        ..entry("VCS", &event.session, webhook)
    };
    if !new.add(db).await? {
        return Ok(());
    }
    let happened_at = event.at.unwrap_or(webhook.received_at);
    let face = Face::of_leg(&event.leg, Source::Status, happened_at);
    let known = known_or_new(db, &event.session, webhook.received_at).await?;
    let known = known.heard(event.sub_account.as_ref(), webhook.received_at);
    sessions::save(db, &known.seen_as(face)).await
}

/// Keeps a session summary and ends the session; a repeated one changes nothing, a second one only the trace.
pub(super) async fn keep_summary(
    db: &mut SqliteConnection,
    webhook: &Webhook<SessionSummary>,
) -> Result<(), StoreError> {
    let event = &webhook.event;
    let new = Entry {
        happened_at: event.ended_at,
        status: &event.status,
        detail: Some(write_legs(&event.legs)),
        ..entry("VSS", &event.session, webhook)
    };
    if !new.add(db).await? {
        return Ok(());
    }
    let begun = start_by_summary(event, webhook.received_at);
    let known = known_or_new(db, &event.session, begun).await?;
    let known = known.heard(event.sub_account.as_ref(), webhook.received_at);
    let began = event.started_at.unwrap_or(webhook.received_at);
    sessions::save(db, &known.summarised(event, began)).await
}

/// Keeps a recording update; a repeated one changes nothing.
pub(super) async fn keep_recording(
    db: &mut SqliteConnection,
    webhook: &Webhook<RecordingUpdate>,
) -> Result<(), StoreError> {
    let event = &webhook.event;
    let new = Entry {
        status: &event.status,
        detail: Some(write_recording(event)),
        ..entry("VRU", &event.session, webhook)
    };
    if !new.add(db).await? {
        return Ok(());
    }
    let known = known_or_new(db, &event.session, webhook.received_at).await?;
    let nobody: Option<&SubAccountId> = None;
    sessions::save(db, &known.heard(nobody, webhook.received_at)).await
}

/// Forgets the next few event ids of webhooks that came before `before`. Returns how many; 0 when none is left.
pub(super) async fn forget_some(
    db: &mut SqliteConnection,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "UPDATE webhooks SET event_key = NULL WHERE id IN (
             SELECT id FROM webhooks WHERE event_key IS NOT NULL AND received_at < ?1
             ORDER BY received_at LIMIT ?2)",
    )
    .bind(before.as_millisecond())
    .bind(FORGET_AT_ONCE)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// What is known of `session`, or a session first seen at `at`.
pub(super) async fn known_or_new(
    db: &mut SqliteConnection,
    session: &SessionId,
    at: Timestamp,
) -> Result<Known, StoreError> {
    let known = sessions::load(db, session).await?;
    Ok(known.unwrap_or_else(|| Known::first_seen(session.clone(), at)))
}

fn entry<'a, E>(kind: &'static str, session: &'a SessionId, webhook: &'a Webhook<E>) -> Entry<'a> {
    Entry {
        kind,
        session: Some(session),
        received_at: webhook.received_at,
        body: &webhook.body,
        ..Entry::default()
    }
}
