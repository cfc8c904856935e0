//! Recordings of agents' calls that fall silent while a caller enters a secret, and go on as soon as that is over, however it ends.

use super::{Call, Position, Walk};
use crate::contact_center::recording::{Agent, Control};
use crate::flow::Flow;
use crate::flow::model::{Ask, PauseRecording, Step, StepName};
use crate::flow::need::{Controlling, Need};

/// What a turn knows of recordings.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Recordings {
    /// Those that are silent.
    silent: Vec<Agent>,
    /// Those that may be: whoever was to be silenced, whatever came of it.
    touched: Vec<Agent>,
}

/// What is to be begun when a call that waits at `position` is over: a recording that is silent for it goes on.
pub fn let_go(flow: &Flow, call: &Call, position: &Position) -> Option<Need> {
    let mut walk = Walk::new(flow, call, position.clone());
    walk.comes_back();
    walk.resuming(None).pop()
}

impl Walk<'_> {
    /// The call goes on from a step that has waited.
    pub(super) fn comes_back(&mut self) {
        if let Some(agent) = self.paused_at(&self.at.step) {
            self.recordings.silent.push(agent.clone());
            self.recordings.touched.push(agent);
        }
    }

    /// Whether the recording that an ask pauses is silent already.
    pub(super) fn is_silent(&self, pause: &PauseRecording) -> bool {
        let agent = self.agent_of(pause);
        agent.is_some_and(|agent| self.recordings.silent.contains(&agent))
    }

    /// The need that a recording falls silent; `None` when it is not known whose.
    pub(super) fn pausing(&self, pause: &PauseRecording) -> Option<Need> {
        let agent = self.agent_of(pause)?;
        Some(self.controlling(agent, Control::Pause))
    }

    /// What came of pausing the recording for the step here.
    pub(super) fn was_paused(&mut self, is_silent: bool) {
        let Some(agent) = self.paused_at(&self.at.step) else {
            return;
        };
        if is_silent {
            self.recordings.silent.push(agent.clone());
        }
        self.recordings.touched.push(agent);
    }

    /// What is to be begun once the call rests at a step, or has ended: all recordings go on but the one that is silent for it.
    pub(super) fn resuming(&self, rests_at: Option<&StepName>) -> Vec<Need> {
        let kept = rests_at.and_then(|step| self.paused_at(step));
        let touched = self.recordings.touched.iter();
        touched
            .filter(|agent| kept.as_ref() != Some(agent))
            .map(|agent| self.controlling(agent.clone(), Control::Resume))
            .collect()
    }

    /// Whose recording is silent while a step waits.
    fn paused_at(&self, step: &StepName) -> Option<Agent> {
        match self.flow.step(step) {
            Some(Step::Ask(Ask {
                pause: Some(pause), ..
            })) => self.agent_of(pause),
            _ => None,
        }
    }

    fn agent_of(&self, pause: &PauseRecording) -> Option<Agent> {
        let text = pause.agent.fill(|name| self.value(name)).ok()?;
        Agent::parse(&text)
    }

    fn controlling(&self, agent: Agent, control: Control) -> Need {
        let what = match control {
            Control::Pause => "pause",
            Control::Resume => "resume",
        };
        Need::Recording(Box::new(Controlling {
            step: self.at.step.clone(),
            key: self.key_of(&[what, agent.as_str()]),
            agent,
            control,
        }))
    }
}
