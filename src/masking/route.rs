//! What a call to a number of a pool is answered with: a pure function of the call, of what is kept, and of the time. Every case of
//! who may call is decided here and nowhere else.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::booking::{Booking, SideName, Usage};
use super::decision::{Awaits, Code, Decision, Task, Whom};
use super::leg::{Leg, Standing};
use super::number::{NumberBook, PoolNumber, Vn};
use super::party::PartyKey;
use super::rules::{Callback, Direction, Hours, PoolRules, StaleNumber, Withheld};
use super::words::{Sentence, Voice};
use crate::call::{Action, PhoneNumber};
use crate::flow::model::FlowId;
use crate::outbound::Destinations;

/// The most digits that a PIN prompt takes.
const PIN_DIGITS: u8 = 12;

/// A call, as far as it has come.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// Who calls, in the one spelling of the number; `None` when it is hidden.
    pub caller: Option<(&'a PhoneNumber, PartyKey)>,
    /// The called number in the spelling that the platform sent: it goes back in it.
    pub called: &'a PhoneNumber,
    /// What came of it so far.
    pub stage: Stage<'a>,
    /// When.
    pub now: Timestamp,
}

/// What came of a call so far.
#[derive(Debug, Clone)]
pub enum Stage<'a> {
    /// It came in.
    Received,
    /// A PIN was asked for, and this was given.
    PinGiven {
        /// How many were wrong before.
        wrong: u8,
        /// The live booking that the PIN stands for on this number, its calls, and the side whose PIN it is.
        found: Option<(&'a Booking, SideName, Usage)>,
    },
    /// Its last words were said.
    Over,
}

/// All that bears on a call to a number of a pool.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picture {
    /// The leg, if the caller holds the number.
    pub leg: Option<Leg>,
    /// Its booking; one of the same pair that is still live, when the leg's own is over.
    pub booking: Option<Booking>,
    /// What calls that has had; asked for only when its terms depend on it.
    pub usage: Usage,
    /// The live bookings that the caller has on other numbers, up to two; looked for only without a leg.
    pub elsewhere: Vec<(Booking, SideName)>,
    /// Whether the caller is on the block-list.
    pub is_blocked: bool,
    /// How many PINs live on the number; looked for only without a leg.
    pub pins: u64,
}

/// What else is known.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The pool's rules.
    pub rules: &'a PoolRules,
    /// The called number.
    pub number: &'a PoolNumber,
    /// The numbers of all pools.
    pub numbers: &'a NumberBook,
    /// Where calls may go.
    pub destinations: &'a Destinations,
    /// Too many PINs of this caller, or on this number, were wrong of late.
    pub pins_are_off: bool,
}

/// Decides what a call is answered with.
pub fn route(call: &Call<'_>, picture: &Picture, around: Around<'_>) -> Decision {
    let routing = Routing { call, around };
    match &call.stage {
        Stage::Received => routing.received(picture),
        Stage::PinGiven { wrong, found } => routing.pin_given(*wrong, *found),
        Stage::Over => decision(Code::AfterCall, vec![Action::Hangup]),
    }
}

fn decision(code: Code, actions: Vec<Action>) -> Decision {
    Decision {
        code,
        actions,
        awaits: Awaits::Nothing,
        about: None,
        counts: false,
        tasks: Vec::new(),
    }
}

#[derive(Clone, Copy)]
struct Routing<'a> {
    call: &'a Call<'a>,
    around: Around<'a>,
}

/// A booking that a call is about.
#[derive(Clone, Copy)]
struct About<'a> {
    booking: &'a Booking,
    side: SideName,
    usage: Usage,
    /// How it is known, when nothing stands against it.
    code: Code,
}

impl<'a> Routing<'a> {
    fn received(self, picture: &Picture) -> Decision {
        if self.call.caller.is_none() {
            return self.withheld(picture.pins);
        }
        if picture.is_blocked {
            return decision(Code::Blocked, vec![Action::Hangup]);
        }
        let Some(leg) = &picture.leg else {
            return self.unknown(picture);
        };
        match (leg.standing(self.call.now), &picture.booking) {
            (Standing::Free, _) => self.unknown(picture),
            (Standing::Held, Some(booking)) => self.of_leg(leg, booking, picture.usage),
            (Standing::Held | Standing::Resting, booking) => self.closed(booking.as_ref()),
        }
    }

    /// The caller holds the number.
    fn of_leg(self, leg: &Leg, booking: &Booking, usage: Usage) -> Decision {
        let Some((_, party)) = self.call.caller else {
            return self.closed(Some(booking));
        };
        // The caller's own word on who he is has to agree with the booking's: a leg alone connects nobody.
        let side = match booking.side_of(party) {
            Some(side) => side,
            None if leg.booking == booking.number && leg.remembered => leg.side,
            None => return self.closed(Some(booking)),
        };
        if side != leg.side && leg.booking == booking.number {
            return self.alarm(
                Code::Ambiguous,
                "a leg and its booking tell of different sides",
            );
        }
        let code = match booking.closing {
            None => Code::Connected,
            Some(_) => Code::ConnectedInGrace,
        };
        let about = About {
            booking,
            side,
            usage,
            code,
        };
        let wants_pin = booking.terms.force_pin || self.around.rules.pin.force;
        if self.is_over(about) {
            return self.closed(Some(booking));
        }
        match wants_pin && self.around.number.capture && booking.side(side).pin.is_some() {
            true => self.ask_pin(0, Code::PinAsked),
            false => self.connect(about),
        }
    }

    fn is_over(self, about: About<'_>) -> bool {
        let now = self.call.now;
        let idle = about.booking.closing.is_none()
            && about
                .booking
                .idles_out_at(about.usage.last_call_at)
                .is_some_and(|at| now >= at);
        idle || now >= about.booking.rests_from()
    }

    /// Connects the two sides, if nothing stands against it.
    fn connect(self, about: About<'_>) -> Decision {
        let About { booking, side, .. } = about;
        let refusal = self.refusal(about);
        let tell = |code, sentence| {
            let voice = self.voice(Some((booking, side)));
            let mut refused = decision(code, vec![voice.say(sentence), Action::Hangup]);
            refused.about = Some(Whom::of(booking, side));
            refused
        };
        if let Some((code, sentence)) = refusal {
            return tell(code, sentence);
        }
        let callee_side = booking.side(side.other());
        let callee = self.callee(booking, side);
        let caller = self.call.caller.map(|(number, _)| number);
        if caller == Some(callee) || self.is_ours(callee) {
            let mut looped = tell(Code::WouldLoop, Sentence::Failed);
            if about.code != Code::ConnectedByPin || self.is_ours(callee) {
                looped.tasks.push(Task::Alarm(
                    "a call would have gone to the caller or to a number of ours",
                ));
            }
            return looped;
        }
        let Some(source) = self.source(callee_side.vn) else {
            let mut without = tell(Code::NoSource, Sentence::Failed);
            let side = side.other();
            without.tasks.push(Task::Replace {
                booking: booking.number,
                side,
            });
            return without;
        };
        if self.around.destinations.allow(callee, &source).is_err() {
            return tell(Code::NotAllowed, Sentence::Failed);
        }
        let record = booking.terms.record && callee_side.consents;
        let mut actions = Vec::new();
        let voice = self.voice(Some((booking, side)));
        if about.code == Code::ConnectedFromStale {
            actions.push(voice.say(Sentence::StaleConnected));
        }
        if record {
            actions.push(voice.say(Sentence::Recorded));
        }
        actions.push(Action::MakeCall {
            source,
            destination: callee.clone(),
            record,
        });
        Decision {
            about: Some(Whom::of(booking, side)),
            counts: true,
            tasks: self.called_last(booking, side).into_iter().collect(),
            ..decision(about.code, actions)
        }
    }

    /// Which phone is to be remembered as the one that called last.
    fn called_last(self, booking: &Booking, side: SideName) -> Option<Task> {
        let (_, party) = self.call.caller?;
        let it = booking.side(side);
        let phone = it.phones.iter().position(|phone| phone.party == party)?;
        let is_news = booking.terms.callback == Callback::Last && it.last_called != Some(phone);
        is_news.then_some(Task::CalledLast {
            booking: booking.number,
            side,
            phone,
        })
    }

    /// Why the booking's own terms forbid this call.
    fn refusal(self, about: About<'_>) -> Option<(Code, Sentence)> {
        let About {
            booking,
            side,
            usage,
            ..
        } = about;
        let (terms, now) = (&booking.terms, self.call.now);
        if booking.a.muted || booking.b.muted {
            return Some((Code::Muted, Sentence::NotNow));
        }
        let is_open = match terms.direction {
            Direction::Both => true,
            Direction::AToB => side == SideName::A,
            Direction::BToA => side == SideName::B,
        };
        if !is_open {
            return Some((Code::WrongDirection, Sentence::NotNow));
        }
        if now >= booking.connects_until(side) {
            return Some((Code::Closed, Sentence::Closed));
        }
        let zone = booking.side(side.other()).zone.as_deref();
        if terms
            .hours
            .as_ref()
            .is_some_and(|hours| !are_open(hours, zone, now))
        {
            return Some((Code::OutsideHours, Sentence::Hours));
        }
        let limits = &terms.limits;
        let reached =
            |limit: Option<u32>, used: u64| limit.is_some_and(|most| used >= u64::from(most));
        if reached(limits.max_calls, usage.calls.into()) {
            return Some((Code::TooManyCalls, Sentence::Limit));
        }
        if reached(limits.max_calls_per_hour, usage.calls_last_hour.into()) {
            return Some((Code::TooManyCallsThisHour, Sentence::Limit));
        }
        if reached(limits.max_talk_minutes, usage.talk_seconds / 60) {
            return Some((Code::TalkedEnough, Sentence::Limit));
        }
        None
    }

    /// Which phone of the other side is called.
    fn callee(self, booking: &'a Booking, caller: SideName) -> &'a PhoneNumber {
        let side = booking.side(caller.other());
        let last = match booking.terms.callback {
            Callback::Primary => None,
            Callback::Last => side.last_called.and_then(|at| side.phones.get(at)),
        };
        &last.unwrap_or_else(|| side.primary()).number
    }

    fn is_ours(self, number: &PhoneNumber) -> bool {
        self.around.numbers.find(number).is_some()
    }

    /// The number that a call is placed from, in the spelling that the platform sent it in if it is the called one.
    fn source(self, vn: Vn) -> Option<PhoneNumber> {
        let number = self.around.numbers.get(vn)?;
        if !number.may_be_source() {
            return None;
        }
        Some(match number.number == *self.call.called {
            true => self.call.called.clone(),
            false => PhoneNumber::new(number.number.with_plus()),
        })
    }

    fn voice(self, about: Option<(&'a Booking, SideName)>) -> Voice<'a> {
        let side = |name| about.and_then(|(booking, _)| booking.side(name).language.as_deref());
        let languages = about.map_or([None, None], |(_, caller)| {
            [side(caller), side(caller.other())]
        });
        Voice::of(&self.around.rules.speech, languages)
    }

    /// The booking that the caller called about is over.
    fn closed(self, booking: Option<&Booking>) -> Decision {
        let about = booking.and_then(|booking| {
            let (_, party) = self.call.caller?;
            Some((booking, booking.side_of(party)?))
        });
        // A sentence in the language of the side, but of nobody's who left it.
        let voice = match about {
            Some((booking, side)) => {
                let language = booking.side(side).language.as_deref();
                Voice::of(&self.around.rules.speech, [language])
            }
            None => Voice::of(&self.around.rules.speech, []),
        };
        let said = vec![voice.say(Sentence::Closed)];
        let mut decided = self.to_support(said, Code::Closed, Code::ClosedToSupport);
        decided.about = about.map(|(booking, side)| Whom::of(booking, side));
        decided
    }

    /// Nobody knows the caller on this number.
    fn unknown(self, picture: &Picture) -> Decision {
        let unknown = &self.around.rules.unknown;
        let voice = Voice::of(&self.around.rules.speech, []);
        if self.can_ask_pin(picture.pins) {
            return match self.around.pins_are_off {
                false => self.ask_pin(0, Code::PinAsked),
                true => self.announce(Code::PinsOff),
            };
        }
        if let [(booking, side)] = picture.elsewhere.as_slice() {
            let about = About {
                booking,
                side: *side,
                usage: Usage::default(),
                code: Code::ConnectedFromStale,
            };
            let routes =
                unknown.stale_number == StaleNumber::RouteSingle && !booking.terms.force_pin;
            if routes && !self.is_over(about) {
                return self.connect(about);
            }
            let say = voice.say(Sentence::StaleNumber);
            return decision(Code::StaleNumber, vec![say, Action::Hangup]);
        }
        if let Some(flow) = &unknown.flow {
            return self.to_flow(flow);
        }
        if unknown.support.is_some() {
            return self.to_support(Vec::new(), Code::Unknown, Code::UnknownToSupport);
        }
        self.announce(Code::Unknown)
    }

    fn announce(self, code: Code) -> Decision {
        let voice = Voice::of(&self.around.rules.speech, []);
        let say = match &self.around.rules.unknown.announce {
            Some(text) => voice.say_text(text),
            None => voice.say(Sentence::Unknown),
        };
        decision(code, vec![say, Action::Hangup])
    }

    fn to_flow(self, flow: &FlowId) -> Decision {
        Decision {
            awaits: Awaits::Flow(flow.clone()),
            ..decision(Code::UnknownToFlow, Vec::new())
        }
    }

    /// The caller hides the number: nobody is looked up.
    fn withheld(self, pins: u64) -> Decision {
        let voice = Voice::of(&self.around.rules.speech, []);
        let announce = || {
            let say = voice.say(Sentence::Withheld);
            decision(Code::Withheld, vec![say, Action::Hangup])
        };
        match self.around.rules.withheld {
            Withheld::Pin if self.can_ask_pin(pins) && !self.around.pins_are_off => {
                self.ask_pin(0, Code::PinAsked)
            }
            Withheld::Pin | Withheld::Announce => announce(),
            Withheld::Support => match self.support() {
                Some(call) => decision(Code::WithheldToSupport, vec![call]),
                None => announce(),
            },
            Withheld::Hangup => decision(Code::WithheldHungUp, vec![Action::Hangup]),
        }
    }

    /// The support number, behind what is said, if there is one; else the end.
    fn to_support(self, mut actions: Vec<Action>, without: Code, with: Code) -> Decision {
        match self.support() {
            Some(call) => {
                actions.push(call);
                decision(with, actions)
            }
            None if actions.is_empty() => self.announce(without),
            None => {
                actions.push(Action::Hangup);
                decision(without, actions)
            }
        }
    }

    /// A call of the support number, which is not the caller's own.
    fn support(self) -> Option<Action> {
        let support = self.around.rules.unknown.support.as_ref()?;
        let source = self.source(self.around.number.vn)?;
        let is_caller = self
            .call
            .caller
            .is_some_and(|(number, _)| number == support);
        let may = !is_caller && self.around.destinations.allow(support, &source).is_ok();
        may.then(|| Action::MakeCall {
            source,
            destination: support.clone(),
            record: false,
        })
    }

    fn can_ask_pin(self, pins: u64) -> bool {
        self.around.rules.unknown.pin && self.around.number.capture && pins > 0
    }

    fn ask_pin(self, wrong: u8, code: Code) -> Decision {
        let voice = Voice::of(&self.around.rules.speech, []);
        Decision {
            awaits: Awaits::Pin { wrong },
            ..decision(code, vec![voice.ask_pin(wrong > 0, PIN_DIGITS)])
        }
    }

    /// A PIN was given.
    fn pin_given(self, wrong: u8, found: Option<(&Booking, SideName, Usage)>) -> Decision {
        let voice = Voice::of(&self.around.rules.speech, []);
        if self.around.pins_are_off {
            return self.announce(Code::PinsOff);
        }
        let about = found.map(|(booking, side, usage)| About {
            booking,
            side,
            usage,
            code: Code::ConnectedByPin,
        });
        if let Some(about) = about.filter(|about| !self.is_over(*about)) {
            let mut connected = self.connect(about);
            if connected.counts && self.around.rules.pin.remember && self.call.caller.is_some() {
                connected.tasks.push(Task::Remember {
                    booking: about.booking.number,
                    side: about.side,
                    vn: self.around.number.vn,
                });
            }
            return connected;
        }
        let wrong = wrong.saturating_add(1);
        if wrong < self.around.rules.pin.tries.clamp(1, 3) {
            return self.ask_pin(wrong, Code::PinWrong);
        }
        let mut refused = decision(
            Code::PinRefused,
            vec![voice.say(Sentence::PinRefused), Action::Hangup],
        );
        refused.tasks.push(Task::PinFailed);
        refused
    }

    /// What cannot be has been seen: nobody is connected.
    fn alarm(self, code: Code, seen: &'static str) -> Decision {
        let voice = Voice::of(&self.around.rules.speech, []);
        let mut alarmed = decision(code, vec![voice.say(Sentence::Failed), Action::Hangup]);
        alarmed.tasks.push(Task::Alarm(seen));
        alarmed
    }
}

/// Whether somebody may be called now, on a clock of his zone, or of the hours' own.
fn are_open(hours: &Hours, zone: Option<&str>, now: Timestamp) -> bool {
    let zone = TimeZone::get(zone.unwrap_or(&hours.zone)).unwrap_or(TimeZone::UTC);
    let there = now.to_zoned(zone);
    let (time, day) = (there.time(), there.weekday());
    let begins_on = |day: Weekday| hours.days.is_empty() || hours.days.contains(&day);
    if hours.from <= hours.to {
        return begins_on(day) && (hours.from..hours.to).contains(&time);
    }
    begins_on(day) && time >= hours.from || begins_on(day.previous()) && time < hours.to
}
