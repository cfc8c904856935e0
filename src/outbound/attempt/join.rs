//! Which attempt a session belongs to that the platform tells of, and whether a line is taken. An attempt's session may be
//! heard of before the answer to its request, or instead of it.

use jiff::{SignedDuration, Timestamp};

use super::{Attempt, AttemptId, Intent, ToldBy};
use crate::call::{PhoneNumber, SessionId, SubAccountId};

/// For how much longer than it was valid an attempt may be heard of.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// What a webhook tells of a session that was placed by a request (`OUTBOUND`).
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// The session.
    pub session: &'a SessionId,
    /// The id that its request carried, when it is given back (`clientRequestId`, in summaries).
    pub client_request_id: Option<&'a str>,
    /// Whose it is.
    pub sub_account: &'a SubAccountId,
    /// Our virtual number.
    pub source: &'a PhoneNumber,
    /// Who is called.
    pub destination: &'a PhoneNumber,
    /// When it was first heard of.
    pub at: Timestamp,
}

/// Which attempt a session belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined<'a> {
    /// To this one, which had it already.
    Known(&'a AttemptId),
    /// To this one, which it closes.
    To(&'a AttemptId, ToldBy),
    /// To one of several: none is closed.
    Ambiguous,
    /// To none of these.
    Stranger,
}

/// Says which of `attempts` a session belongs to: the one whose id it gives back; else the only one that is on its way or
/// unknown, with the same numbers and sub-account, begun no longer ago than it was valid and a minute.
pub fn join<'a>(heard: &Heard<'_>, attempts: impl IntoIterator<Item = &'a Attempt>) -> Joined<'a> {
    let mut alike = Vec::new();
    for attempt in attempts {
        let id = &attempt.intent().id;
        match attempt {
            Attempt::Accepted(accepted) if accepted.session == *heard.session => {
                return Joined::Known(id);
            }
            _ if heard.client_request_id == Some(id.as_str()) => {
                return Joined::To(id, ToldBy::Echo);
            }
            _ if attempt.holds_the_line() && is_like(heard, attempt.intent()) => alike.push(id),
            _ => {}
        }
    }
    match alike.as_slice() {
        [] => Joined::Stranger,
        [one] if heard.client_request_id.is_none() => Joined::To(one, ToldBy::Numbers),
        // It gives an id back that is none of these: somebody else's call to the same number.
        [_] => Joined::Stranger,
        _ => Joined::Ambiguous,
    }
}

/// Whether a session may come of this intent.
fn is_like(heard: &Heard<'_>, intent: &Intent) -> bool {
    let age = heard.at.duration_since(intent.begun_at);
    let valid_for = intent.valid_until.duration_since(intent.begun_at);
    intent.sub_account == *heard.sub_account
        && intent.source == *heard.source
        && intent.destination == *heard.destination
        && age >= SignedDuration::ZERO
        && age <= valid_for.saturating_add(LATE)
}

/// The other attempt between the same two numbers that is on its way or unknown: while there is one, `intent` is not
/// dialled (409 `in_flight`).
pub fn in_flight<'a>(
    intent: &Intent,
    attempts: impl IntoIterator<Item = &'a Attempt>,
) -> Option<&'a AttemptId> {
    attempts
        .into_iter()
        .filter(|attempt| attempt.holds_the_line())
        .map(Attempt::intent)
        .find(|other| {
            other.id != intent.id
                && other.source == intent.source
                && other.destination == intent.destination
        })
        .map(|other| &other.id)
}
