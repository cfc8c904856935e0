//! What flows need of the Contact Center, seen to. Without a tenant every need is met by its failure.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::contact_center::handoff::{By, Outcome, Request};
use crate::contact_center::interaction::Interaction;
use crate::contact_center::matching::Match;
use crate::contact_center::recording::Control;
use crate::flow::need::{Controlling, Handing, Met, Need};
use crate::handover::Handover;

/// After how long a recording that should go on is told so again, each time that it could not be.
const AGAIN_AFTER: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(10),
];

/// Meets a need; `None` for one that is not the Contact Center's.
pub(super) async fn meet(handover: Option<Arc<Handover>>, need: Need) -> Option<Met> {
    let late = Met::too_late(&need);
    let Some(handover) = handover else {
        return (!matches!(need, Need::Lookup(_))).then(|| {
            tracing::warn!(step = %need.step(), "there is no [contact_center]: the step's `failed` is taken");
            late
        });
    };
    Some(match need {
        Need::Lookup(_) => return None,
        Need::Handoff(handing) => Met::Handoff(hand_off(&handover, *handing).await),
        Need::Callback(it) => match handover.call_back(&it.session, it.callback).await {
            Ok(()) => Met::Callback(true),
            Err(reason) => {
                tracing::warn!(step = %it.step, %reason, "a call back was not taken: its `failed` is taken");
                Met::Callback(false)
            }
        },
        Need::Schedule(it) => Met::Schedule(handover.known().schedule(&it.about).await),
        Need::Queue(it) => {
            let (queue, thresholds) = &it.about;
            Met::Queue(handover.known().queue(queue.as_str(), *thresholds).await)
        }
        Need::Recording(it) => Met::Recording(control_recording(&handover, &it).await),
    })
}

/// Has a recording fall silent, or go on. That it goes on is tried again: an agent's recording must not stay silent.
async fn control_recording(handover: &Handover, asked: &Controlling) -> bool {
    let mut pauses = match asked.control {
        Control::Pause => [].iter(),
        Control::Resume => AGAIN_AFTER.iter(),
    };
    loop {
        let controlled = handover
            .center()
            .control_recording(&asked.agent, asked.control)
            .await;
        let Err(reason) = controlled else { return true };
        tracing::warn!(step = %asked.step, control = ?asked.control, %reason, "an agent's recording was not controlled");
        match pauses.next() {
            Some(pause) => sleep(*pause).await,
            None => return false,
        }
    }
}

async fn hand_off(handover: &Handover, handing: Handing) -> bool {
    let Some(sip_id) = sip_id(handover, &handing).await else {
        return false;
    };
    if !handing.variables.is_empty() {
        let of = match &handing.guid {
            Some(guid) => Interaction::Guid(guid.clone()),
            None => Interaction::Sip(sip_id.clone()),
        };
        if let Err(reason) = handover
            .center()
            .set_variables(&of, &handing.variables)
            .await
        {
            tracing::warn!(step = %handing.step, %reason, "variables were not set on an interaction; the call is handed over without");
        }
    }
    let request = Request {
        sip_id,
        queue: handing.queue,
        data: handing.data,
    };
    let handoff = handover.hand_off(request, By::Flow(handing.session)).await;
    handoff.outcome == Outcome::Taken
}

/// The call's id in SIP: the webhook's, else what the tenant's script told of it.
async fn sip_id(
    handover: &Handover,
    handing: &Handing,
) -> Option<crate::contact_center::handoff::SipId> {
    if let Some(id) = &handing.sip_id {
        return Some(id.clone());
    }
    let found = match (&handing.caller, &handing.called) {
        (Some(caller), Some(called)) => handover.sip_id(caller, called, handing.began).await,
        _ => Match::Nobody,
    };
    let why = match found {
        Match::One(id) => return Some(id),
        Match::Nobody => "nobody told of this call, so its SIP id is not known",
        Match::Several => "scripts told of several such calls, and none is guessed",
    };
    tracing::warn!(step = %handing.step, why, "a call is not handed over: its `failed` is taken");
    None
}
