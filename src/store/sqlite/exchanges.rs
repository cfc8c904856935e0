//! The live call: what is recalled before a voice call action is answered, and what is kept before the answer is sent.

use sqlx::{Row, SqliteConnection, SqlitePool};

use super::sessions;
use super::webhooks::Entry;
use crate::flow::model::StepName;
use crate::session::{Exchange, Recall, Recalled};
use crate::store::forms::write_path;
use crate::store::known::{Face, Known, Source};
use crate::store::{Kept, StoreError};

/// What is known that bears on a voice call action: one round trip, always one row.
pub(super) async fn recall(pool: &SqlitePool, recall: &Recall) -> Result<Recalled, StoreError> {
    let row = sqlx::query(
        "SELECT
             (SELECT reply FROM webhooks WHERE kind = 'VCA' AND event_key = ?1) AS same_event,
             (SELECT reply FROM webhooks WHERE session_id = ?2 AND answers = ?3) AS same_step,
             sessions.*
         FROM (SELECT 1) LEFT JOIN sessions ON session_id = ?2",
    )
    .bind(recall.event.as_str())
    .bind(recall.session.as_str())
    .bind(recall.answers.map(i64::from))
    .fetch_one(pool)
    .await?;
    Ok(Recalled {
        same_event: row.try_get("same_event")?,
        same_step: row.try_get("same_step")?,
        standing: sessions::read_joined(&row)?
            .map(Known::standing)
            .unwrap_or_default(),
    })
}

/// Keeps an exchange, or nothing of it when the session has moved on since it was recalled.
pub(super) async fn keep(
    db: &mut SqliteConnection,
    exchange: &Exchange,
) -> Result<Kept, StoreError> {
    let known = sessions::load(db, &exchange.action.session).await?;
    if is_overtaken(known.as_ref(), exchange) || !entry(exchange).add(db).await? {
        return Ok(Kept::Overtaken);
    }
    let known = known.unwrap_or_else(|| first_seen(exchange));
    sessions::save(db, &after(known, exchange)).await?;
    Ok(Kept::Stored)
}

/// A session that has been given as many replies already. One that has been given fewer is moved on, because turns
/// that the store could not take are no reason to lose the call.
fn is_overtaken(known: Option<&Known>, exchange: &Exchange) -> bool {
    match (known, &exchange.session) {
        (Some(known), Some(session)) => known.replies >= session.replies,
        _ => false,
    }
}

fn first_seen(exchange: &Exchange) -> Known {
    let began = exchange
        .session
        .as_ref()
        .map_or(exchange.received_at, |session| session.started_at);
    Known::first_seen(exchange.action.session.clone(), began)
}

/// What is known of the session once the exchange is kept.
fn after(known: Known, exchange: &Exchange) -> Known {
    let action = &exchange.action;
    let happened_at = action.at.unwrap_or(exchange.received_at);
    let known = known.heard(action.sub_account.as_ref(), exchange.received_at);
    match &exchange.session {
        Some(session) => known.carried(session.clone(), happened_at),
        None => known.seen_as(Face::of_leg(&action.leg, Source::Action, happened_at)),
    }
}

fn entry(exchange: &Exchange) -> Entry<'_> {
    let action = &exchange.action;
    Entry {
        kind: "VCA",
        event: Some(&action.event),
        session: Some(&action.session),
        received_at: exchange.received_at,
        happened_at: action.at,
        status: action.status.as_str(),
        digits: action
            .digits
            .as_ref()
            .filter(|_| !exchange.secret_digits)
            .map(|digits| digits.as_str()),
        secret_digits: exchange.secret_digits,
        step: exchange.step.as_ref().map(StepName::as_str),
        path: Some(write_path(&exchange.path)),
        outcome: Some(exchange.outcome.as_str()),
        reply: Some(&exchange.reply),
        answers: exchange.session.as_ref().map(|_| exchange.answers),
        detail: None,
        body: &exchange.body,
    }
}
