//! Steps that the Contact Center has a part in: what they need of it, and where the call goes on.

use super::{Progress, Walk};
use crate::call::{PhoneNumber, SessionId};
use crate::contact_center::callback::{self, CallerId, When};
use crate::contact_center::interaction::Variable;
use crate::contact_center::pairs::Pairs;
use crate::contact_center::queue::State;
use crate::contact_center::schedule::Status;
use crate::flow::model::{Callback, CallbackWhen, Decide, Handoff, Target};
use crate::flow::need::{Asking, CallingBack, Handing, Need};
use crate::flow::template::Template;

impl Walk<'_> {
    /// What a handoff needs. Data whose variable has no value are left out.
    pub(super) fn handing(&self, handoff: &Handoff) -> Need {
        let variables = handoff.variables.iter().filter_map(|(name, template)| {
            let value = template.fill(|name| self.value(name)).ok()?;
            let secret = template.names().any(|name| self.is_secret(name));
            Some(Variable::of_flow(name, &value, secret))
        });
        Need::Handoff(Box::new(Handing {
            step: self.at.step.clone(),
            key: self.key(self.call.replies),
            session: SessionId::new(self.call.id.as_str()),
            caller: self.call.caller.clone(),
            called: self.call.called.clone(),
            began: self.call.began,
            sip_id: None,
            queue: handoff.queue.clone(),
            data: self.filled(&handoff.data),
            variables: variables.collect(),
            guid: handoff
                .guid
                .as_ref()
                .and_then(|it| it.fill(|name| self.value(name)).ok())
                .map(|guid| guid.trim().to_owned())
                .filter(|guid| !guid.is_empty()),
        }))
    }

    /// The turn in which the call is handed over: the words, then our side ends.
    pub(super) fn handed_over(mut self, handoff: &Handoff) -> Progress {
        if let Some(say) = &handoff.say {
            self.say_if_possible(say);
        }
        Progress::Turn(self.hang_up())
    }

    /// What a call back needs; `None` when nobody can be called back: the caller's number is hidden.
    pub(super) fn calling_back(&self, step: &Callback) -> Option<Need> {
        let plain = |template: &Template| template.fill(|name| self.value(name)).ok();
        let phone = match &step.number {
            Some(template) => PhoneNumber::new(plain(template)?),
            None => self.call.caller.clone()?,
        };
        let callback = callback::Callback {
            phone,
            when: when(&step.when),
            data: self.filled(&step.data),
            caller_id: caller_id(step.caller_id.as_deref()),
            user_data: self.filled(&step.user_data),
            dial_plan: step.dial_plan,
            external_id: step.id.as_ref().and_then(plain),
        };
        let is_sound = callback.faults().is_empty();
        is_sound.then(|| {
            Need::Callback(Box::new(CallingBack {
                step: self.at.step.clone(),
                key: self.key(self.call.replies),
                session: SessionId::new(self.call.id.as_str()),
                callback,
            }))
        })
    }

    /// What a decision needs to be told first.
    pub(super) fn deciding(&self, decide: &Decide) -> Option<Need> {
        let (step, key) = (self.at.step.clone(), self.key(self.call.replies));
        match decide {
            Decide::Schedule { schedule, .. } => {
                let about = schedule.clone();
                Some(Need::Schedule(Asking { step, key, about }))
            }
            Decide::Queue {
                queue, thresholds, ..
            } => {
                let about = (queue.clone(), *thresholds);
                Some(Need::Queue(Asking { step, key, about }))
            }
            Decide::Hours { .. } | Decide::Value { .. } => None,
        }
    }

    fn filled(&self, data: &[(String, Template)]) -> Pairs {
        let filled = data.iter().filter_map(|(name, template)| {
            let value = template.fill(|name| self.value(name)).ok()?;
            (!value.trim().is_empty()).then_some((name.as_str(), value))
        });
        Pairs::new(filled)
    }
}

fn when(when: &CallbackWhen) -> When {
    match when {
        CallbackWhen::Now { channel, delay_s } => When::Now {
            channel: channel.clone(),
            delay_s: *delay_s,
        },
        CallbackWhen::AgentFree {
            queue,
            expires_s,
            preview_s,
        } => When::AgentFree {
            queue: queue.clone(),
            expires_s: *expires_s,
            preview_s: *preview_s,
        },
    }
}

fn caller_id(word: Option<&str>) -> CallerId {
    match word {
        None => CallerId::Tenant,
        Some("anonymous") => CallerId::Anonymous,
        Some("agent") => CallerId::Agent,
        Some(channel) => CallerId::Channel(channel.to_owned()),
    }
}

/// Where a schedule's word leads. One that nobody knows is closed; a choice that is not named as well.
pub(super) fn by_schedule(decide: &Decide, status: Option<Status>) -> Option<Target> {
    let Decide::Schedule {
        open,
        closed,
        choices,
        ..
    } = decide
    else {
        return None;
    };
    Some(match status {
        Some(Status::Open) => open.clone(),
        Some(Status::Choice(number)) => choices.get(&number).unwrap_or(closed).clone(),
        Some(Status::Closed) | None => closed.clone(),
    })
}

/// Where a queue's state leads.
pub(super) fn by_queue(decide: &Decide, state: State) -> Option<Target> {
    let Decide::Queue { is, otherwise, .. } = decide else {
        return None;
    };
    Some(is.get(state.as_str()).unwrap_or(otherwise).clone())
}
