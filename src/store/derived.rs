//! What is read out of a session's webhooks when somebody looks into it: its legs, and its recordings. Pure, and the
//! same for every order in which the webhooks came, as far as the platform's own times and words decide.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::call::CallId;
use crate::call::event::{Leg, RecordingUpdate, SummaryLeg};

/// A call status, as it bears on its leg.
#[derive(Debug, Clone)]
pub(super) struct LegStatus {
    /// The leg as this status gives it.
    pub(super) leg: Leg,
    /// The platform's word.
    pub(super) status: String,
    /// When it happened, by the platform; else when it came.
    pub(super) at: Timestamp,
}

/// The legs that `statuses` speak of, named in the order in which they began. A status without a call id names no leg.
pub(super) fn legs_by_status(mut statuses: Vec<LegStatus>) -> Vec<SummaryLeg> {
    statuses.sort_by(|a, b| {
        let key = |s: &LegStatus| (s.at, progress(&s.status), s.status.clone());
        key(a).cmp(&key(b))
    });
    let mut legs: BTreeMap<CallId, (usize, SummaryLeg)> = BTreeMap::new();
    for status in statuses {
        let Some(call) = status.leg.call.clone() else {
            continue;
        };
        let order = legs.len();
        let (_, leg) = legs.entry(call).or_insert_with(|| (order, unnamed()));
        tell(leg, status);
    }
    let mut legs: Vec<_> = legs.into_values().collect();
    legs.sort_by_key(|(order, _)| *order);
    let named = |(order, leg)| SummaryLeg {
        name: name(order),
        ..leg
    };
    legs.into_iter().map(named).collect()
}

/// The newest update of each recording, in the order in which recordings were first heard of: of two updates the one
/// that is further along, of two as far along the one that came later.
pub(super) fn newest_updates(updates: Vec<RecordingUpdate>) -> Vec<RecordingUpdate> {
    let mut newest: Vec<RecordingUpdate> = Vec::new();
    for update in updates {
        match newest
            .iter_mut()
            .find(|known| known.recording == update.recording)
        {
            Some(known) if stage(&update.status) >= stage(&known.status) => *known = update,
            Some(_) => {}
            None => newest.push(update),
        }
    }
    newest
}

/// How far along a recording is. A word that the platform adds later counts as the furthest.
fn stage(status: &str) -> usize {
    const WORDS: [&str; 7] = [
        "UNKNOWN",
        "PROCESSING",
        "PROCESSING_FAILED",
        "UPLOAD_FAILED",
        "UPLOAD_COMPLETED",
        "CALLBACK_FAILED",
        "CALLBACK_COMPLETED",
    ];
    WORDS
        .iter()
        .position(|word| *word == status)
        .unwrap_or(WORDS.len())
}

/// Which of two statuses of one millisecond is the later.
fn progress(status: &str) -> u8 {
    match status {
        "CALL_INITIATED" => 0,
        "CALL_RECEIVED" => 1,
        "CALL_CONNECTED" => 2,
        "CALL_DISCONNECTED" => 4,
        _ => 3,
    }
}

fn unnamed() -> SummaryLeg {
    SummaryLeg {
        name: String::new(),
        leg: Leg::default(),
        status: None,
        initiated_at: None,
        connected_at: None,
        disconnected_at: None,
        mos: None,
        packet_loss_rate: None,
        jitter: None,
    }
}

/// Lays a later status over what is known of a leg: what it does not say stays.
fn tell(known: &mut SummaryLeg, later: LegStatus) {
    match later.status.as_str() {
        "CALL_INITIATED" | "CALL_RECEIVED" => {
            known.initiated_at = known.initiated_at.or(Some(later.at));
        }
        "CALL_CONNECTED" => known.connected_at = known.connected_at.or(Some(later.at)),
        "CALL_DISCONNECTED" => known.disconnected_at = Some(later.at),
        _ => {}
    }
    known.status = Some(later.status);
    let (new, old) = (later.leg, std::mem::take(&mut known.leg));
    known.leg = Leg {
        call: new.call.or(old.call),
        direction: new.direction.or(old.direction),
        call_type: new.call_type.or(old.call_type),
        source: new.source.or(old.source),
        destination: new.destination.or(old.destination),
        source_country: new.source_country.or(old.source_country),
        destination_country: new.destination_country.or(old.destination_country),
        duration_seconds: new.duration_seconds.or(old.duration_seconds),
        sip_code: new.sip_code.or(old.sip_code),
    };
}

/// `callA`, `callB` … as summaries name them; past `callZ` by number.
fn name(order: usize) -> String {
    match u8::try_from(order) {
        Ok(order @ 0..26) => format!("call{}", char::from(b'A' + order)),
        _ => format!("call{}", order + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::SessionId;

    fn status(call: &str, status: &str, second: i64, duration: Option<u64>) -> LegStatus {
        LegStatus {
            leg: Leg {
                call: Some(CallId::new(call)),
                duration_seconds: duration,
                ..Leg::default()
            },
            status: status.to_owned(),
            at: Timestamp::from_second(second).expect("small"),
        }
    }

    #[test]
    fn legs_are_told_alike_in_any_order() {
        let told = vec![
            status("z", "CALL_INITIATED", 1, None),
            status("z", "CALL_CONNECTED", 2, Some(0)),
            status("b", "CALL_INITIATED", 3, None),
            status("b", "CALL_DISCONNECTED", 3, Some(5)),
            status("z", "CALL_DISCONNECTED", 9, Some(7)),
        ];
        let legs = legs_by_status(told.clone());
        let said: Vec<_> = legs
            .iter()
            .map(|leg| {
                (
                    leg.name.as_str(),
                    leg.status.as_deref(),
                    leg.leg.duration_seconds,
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                ("callA", Some("CALL_DISCONNECTED"), Some(7)),
                ("callB", Some("CALL_DISCONNECTED"), Some(5)),
            ]
        );
        let mut turned = told;
        for _ in 0..turned.len() {
            turned.rotate_left(1);
            assert_eq!(legs_by_status(turned.clone()), legs);
            let reversed = turned.iter().rev().cloned().collect();
            assert_eq!(legs_by_status(reversed), legs);
        }
    }

    #[test]
    fn a_status_that_names_no_leg_makes_none() {
        let mut nameless = status("x", "CALL_UPDATED", 1, None);
        nameless.leg.call = None;
        assert_eq!(legs_by_status(vec![nameless]), []);
    }

    #[test]
    fn a_late_update_of_a_recording_does_not_take_it_back() {
        let update = |status: &str| RecordingUpdate {
            session: SessionId::new("s"),
            recording: "r".to_owned(),
            duration_seconds: None,
            file_path: None,
            status: status.to_owned(),
        };
        for (came, newest) in [
            (["PROCESSING", "UPLOAD_COMPLETED"], "UPLOAD_COMPLETED"),
            (["UPLOAD_COMPLETED", "PROCESSING"], "UPLOAD_COMPLETED"),
            (["UPLOAD_COMPLETED", "ARCHIVED"], "ARCHIVED"),
            (
                ["CALLBACK_COMPLETED", "UPLOAD_COMPLETED"],
                "CALLBACK_COMPLETED",
            ),
        ] {
            let kept = newest_updates(came.map(update).to_vec());
            assert_eq!(kept, [update(newest)], "{came:?}");
        }
    }
}
