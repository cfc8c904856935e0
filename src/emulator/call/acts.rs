//! What the callflow says, done one after another, and what people do meanwhile.

use std::collections::VecDeque;

use serde_json::Value;

use super::super::capture::{Capture, Standing};
use super::super::leg::{Ending, Fate, Leg, State};
use super::super::person::Person;
use super::super::record::Recording;
use super::super::script::{self, Act, Utterance};
use super::{Call, Doing, Due, Input, RINGS_MS, Sign};
use crate::call::event::Direction;

impl Call {
    /// What a callflow says is done, as whoever is on the phone hears it.
    pub(super) fn read(&self, callflow: &Value) -> VecDeque<Act> {
        let acts = script::read(callflow);
        match self.order.person {
            Person::Listening => acts.into_iter().map(Act::for_a_listener).collect(),
            _ => acts,
        }
    }

    /// Does the next thing of the callflow; asks for another callflow when there is none.
    pub(super) fn proceed(&mut self) {
        let Some(act) = self.acts.pop_front() else {
            let status = match self.keys {
                Some(_) => "DTMF_RECEIVED",
                None => "ACTION_COMPLETED",
            };
            return self.ask(status);
        };
        self.last_action = act.name();
        match act {
            Act::Dial {
                source,
                destination,
                record,
            } => self.dial(source, destination, record),
            Act::Say(utterance) => {
                self.says(&utterance, false);
                self.begin(Doing::Speaking, Some(utterance.until(self.now)));
            }
            Act::Play { url, ms, grace_ms } => {
                self.sign(Sign::Plays { url, ms });
                self.begin(Doing::Speaking, Some(self.now + ms + grace_ms));
            }
            Act::Capture(rules) => {
                let capture = Capture::begin(*rules, self.now);
                self.listen(capture);
            }
            Act::Hangup => self.finish(),
        }
    }

    fn says(&mut self, utterance: &Utterance, listens: bool) {
        if utterance.ms > 0 {
            self.sign(Sign::Says {
                text: utterance.text.clone(),
                voice: utterance.voice.clone(),
                ms: utterance.ms,
                listens,
            });
        }
    }

    fn listen(&mut self, capture: Capture) {
        self.says(&capture.rules.prompt, true);
        for (after, key) in self.order.person.keys(&capture.rules) {
            self.at(self.now + after, Due::Does(Input::Press(key)));
        }
        let until = capture.deadline();
        self.begin(Doing::Capturing(Box::new(capture)), Some(until));
    }

    /// What was being done has gone on for as long as it does.
    pub(super) fn step_is_over(&mut self) {
        let now = self.now;
        match &mut self.doing {
            Doing::Speaking => self.proceed(),
            Doing::Capturing(capture) => {
                let standing = capture.time_is_up(now);
                self.stands(standing);
            }
            Doing::Ringing(_) | Doing::Asking(_) | Doing::Bridged(_) | Doing::Over => {}
        }
    }

    /// The caller presses a key; it is heard only while keys are taken.
    pub(super) fn press(&mut self, key: char) {
        let now = self.now;
        if let Doing::Capturing(capture) = &mut self.doing
            && (key.is_ascii_digit() || matches!(key, '*' | '#'))
        {
            let standing = capture.press(key, now);
            self.sign(Sign::Key(key));
            self.stands(standing);
        }
    }

    /// The caller says that they have heard what was said as the `nth`.
    pub(super) fn heard(&mut self, nth: usize) {
        let speaks = match &self.doing {
            Doing::Speaking => true,
            Doing::Capturing(capture) => capture.speaks(),
            _ => false,
        };
        if speaks && nth == self.spoken {
            self.step_is_over();
        }
    }

    /// Goes by how an entry stands.
    fn stands(&mut self, standing: Standing) {
        let Doing::Capturing(capture) = std::mem::replace(&mut self.doing, Doing::Speaking) else {
            return;
        };
        match standing {
            Standing::Until(until) => {
                let ms = until - self.now;
                self.sign(Sign::Waits { ms });
                self.begin(Doing::Capturing(capture), Some(until));
            }
            Standing::Again(_) => {
                self.says(&capture.rules.failure, true);
                self.listen(*capture);
            }
            Standing::Done { keys, entered } => {
                if keys.is_some() {
                    self.status(0, "DTMF_RECEIVED");
                }
                self.keys = keys;
                let last = match entered {
                    true => &capture.rules.success,
                    false => &capture.rules.failure,
                };
                self.says(last, false);
                self.begin(Doing::Speaking, Some(last.until(self.now)));
            }
        }
    }

    /// Connects the inbound leg, which rings until the first callflow is there.
    pub(super) fn answer(&mut self) {
        if matches!(self.legs[0].state, State::Ringing) {
            self.connect(0);
        }
    }

    fn connect(&mut self, leg: usize) {
        self.legs[leg].state = State::Connected { since: self.now };
        self.status(leg, "CALL_CONNECTED");
        self.sign(Sign::Connected { leg });
    }

    pub(super) fn add_leg(&mut self, direction: Direction, source: String, destination: String) {
        let call_id = self.order.chance.uuid();
        self.legs.push(Leg {
            call_id,
            direction,
            source,
            destination,
            begun: self.now,
            state: State::Ringing,
            sip_code: 200,
        });
    }

    fn dial(&mut self, source: String, destination: String, record: bool) {
        let leg = self.legs.len();
        self.add_leg(Direction::Outbound, source, destination.clone());
        self.status(leg, "CALL_INITIATED");
        self.sign(Sign::Rings { leg, destination });
        if record && self.order.records {
            let recording_id = self.order.chance.uuid();
            self.recordings.push(Recording::wanted(recording_id, leg));
        }
        self.begin(Doing::Ringing(leg), None);
        let (after, fate) = self
            .order
            .person
            .fate()
            .unwrap_or((RINGS_MS, Fate::NoAnswer));
        self.at(self.now + after, Due::Fate(self.turn, fate));
    }

    /// The fate of the leg that rings.
    pub(super) fn meet(&mut self, fate: Fate) {
        let Doing::Ringing(leg) = self.doing else {
            return;
        };
        self.legs[leg].sip_code = fate.sip_code();
        self.sip_code = fate.sip_code();
        match fate {
            Fate::Answers { talks_ms } => self.answered_by(leg, talks_ms),
            Fate::Busy | Fate::NoAnswer | Fate::Fails => {
                self.gone(leg, Ending::of(fate));
                match leg {
                    0 => self.finish(),
                    _ => self.proceed(),
                }
            }
        }
    }

    fn answered_by(&mut self, leg: usize, talks_ms: Option<u64>) {
        self.connect(leg);
        if let Some(talks) = talks_ms {
            self.at(self.now + talks, Due::Does(Input::HangUp(leg)));
        }
        if leg > 0 {
            let now = self.now;
            let recording = self.recordings.iter_mut().find(|one| one.leg == leg);
            if let Some(recording) = recording {
                recording.begun = Some(now);
            }
            return self.begin(Doing::Bridged(leg), None);
        }
        self.person_leaves();
        self.proceed();
    }

    /// Decides when the caller hangs up by themselves.
    pub(super) fn person_leaves(&mut self) {
        if let Some(after) = self.order.person.leaves() {
            self.at(self.now + after, Due::Does(Input::HangUp(0)));
        }
    }
}
