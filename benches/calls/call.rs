//! Real call shapes. An inbound call to the restaurant's menu, with one to six key presses, its status webhooks and its summary;
//! and a masked call: a party of a booking calls the booking's number and is connected to the other side.

use std::borrow::Cow;

use crate::body::{self, Leg, Told};
use crate::{bare, booked};

/// The keys of each call: every one ends at a step that hangs up. One of each length from one to six.
const KEYS: [&str; 6] = ["3", "19", "111", "1319", "13223", "221319"];

/// The restaurant's number.
pub(crate) const RESTAURANT: &str = "+6561115777";

/// What a caller hears first in the built-in apology.
const APOLOGY: &str = "something went wrong on our side";

/// A small generator of numbers: fresh identifiers at next to no cost, and a run that can be had again by its seed.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn uuid(&mut self) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_u128(bits)
            .with_version(uuid::Version::Random)
            .with_variant(uuid::Variant::RFC4122)
            .into_uuid()
            .to_string()
    }
}

/// What a load is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shape {
    /// Whole calls: voice call actions, two statuses, the summary.
    Calls,
    /// Voice call actions alone.
    Actions,
    /// Calls that come in and stay: one voice call action each.
    Live,
    /// Whole masked calls: the voice call action, the statuses of both legs, the summary.
    Masked,
    /// The voice call actions of masked calls alone.
    MaskedActions,
    /// No calls, but bookings that are asked for, each of them new.
    Bookings,
}

/// A request of a call: a webhook, mostly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A voice call action: the call came in.
    Received,
    /// A voice call action: a key was pressed.
    Key(char),
    /// A status, of the leg at this place.
    Status(usize, &'static str),
    Summary,
    /// A booking, of whoever has these legs.
    Booking,
}

/// A masked call: the caller's leg is 0, the callee's 1.
const MASKED: [Step; 7] = [
    Step::Received,
    Step::Status(0, "CALL_RECEIVED"),
    Step::Status(1, "CALL_INITIATED"),
    Step::Status(1, "CALL_CONNECTED"),
    Step::Status(1, "CALL_DISCONNECTED"),
    Step::Status(0, "CALL_DISCONNECTED"),
    Step::Summary,
];

/// One call, as the platform's side of it sees it.
#[derive(Debug)]
pub(crate) struct Call {
    session: String,
    /// The caller's; of a masked call the callee's as well.
    legs: Vec<Leg>,
    steps: Vec<Step>,
    /// Which step comes next.
    at: usize,
    label: String,
}

/// What was wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A voice call action was answered with the apology.
    Apology,
    /// A voice call action's reply has no label to go on with.
    NoLabel,
    /// A masked call was not connected to the other side.
    NotConnected,
}

impl Call {
    /// A fresh call; a masked one of any of the first `bookings` bookings.
    pub(crate) fn new(shape: Shape, bookings: u64, random: &mut Random) -> Self {
        match shape {
            Shape::Calls | Shape::Actions | Shape::Live => Self::to_restaurant(shape, random),
            Shape::Masked => Self::of_booking(random.below(bookings), &MASKED, random),
            Shape::MaskedActions => Self::of_booking(random.below(bookings), &MASKED[..1], random),
            Shape::Bookings => Self::of_booking(random.next() >> 1, &[Step::Booking], random),
        }
    }

    fn to_restaurant(shape: Shape, random: &mut Random) -> Self {
        let caller = format!("+65{}", 80_000_000 + random.below(10_000_000));
        let keys = KEYS[random.below(KEYS.len() as u64) as usize];
        let keys = keys.chars().map(Step::Key);
        let mut steps = vec![Step::Received];
        match shape {
            Shape::Live => {}
            Shape::Actions => steps.extend(keys),
            _ => {
                steps.push(Step::Status(0, "CALL_RECEIVED"));
                steps.extend(keys);
                steps.extend([Step::Status(0, "CALL_DISCONNECTED"), Step::Summary]);
            }
        }
        let legs = vec![Leg {
            call: random.uuid(),
            direction: "INBOUND",
            source: caller,
            destination: RESTAURANT.to_owned(),
        }];
        Self::of(random.uuid(), legs, steps)
    }

    /// Either party calls the other, or it is asked that they may.
    fn of_booking(booking: u64, steps: &[Step], random: &mut Random) -> Self {
        let number = booked::number(booked::place(booking));
        let mut parties = [booked::rider(booking), booked::driver(booking)];
        if random.below(2) == 0 {
            parties.reverse();
        }
        let [caller, callee] = parties;
        let legs = vec![
            Leg {
                call: random.uuid(),
                direction: "INBOUND",
                source: caller,
                destination: number.clone(),
            },
            Leg {
                call: random.uuid(),
                direction: "OUTBOUND",
                source: number,
                destination: callee,
            },
        ];
        Self::of(random.uuid(), legs, steps.to_vec())
    }

    fn of(session: String, legs: Vec<Leg>, steps: Vec<Step>) -> Self {
        Self {
            session,
            legs,
            steps,
            at: 0,
            label: String::new(),
        }
    }

    fn next(&self) -> Option<Step> {
        self.steps.get(self.at).copied()
    }

    /// Whether nothing more comes of this call.
    pub(crate) fn is_over(&self) -> bool {
        self.next().is_none()
    }

    /// Whether the webhook that comes next is a voice call action.
    pub(crate) fn asks(&self) -> bool {
        matches!(self.next(), Some(Step::Received | Step::Key(_)))
    }

    /// Whether it is on the telephone: it has been answered.
    pub(crate) fn is_live(&self) -> bool {
        !self.label.is_empty()
    }

    /// The next request of a call that is not over: writes its body, and gives its method and path.
    pub(crate) fn write(
        &self,
        random: &mut Random,
        body: &mut String,
    ) -> (&'static str, Cow<'static, str>) {
        body.clear();
        let event = random.uuid();
        let told = |status, key| Told {
            event: &event,
            session: &self.session,
            status,
            key,
            label: &self.label,
        };
        let path = match self.next().expect("the call is not over") {
            Step::Received => {
                body::action(body, &self.legs[0], told("CALL_RECEIVED", None));
                "/webhooks/vca"
            }
            Step::Key(key) => {
                body::action(body, &self.legs[0], told("DTMF_RECEIVED", Some(key)));
                "/webhooks/vca"
            }
            Step::Status(leg, status) => {
                body::status(body, &self.legs[leg], told(status, None));
                "/webhooks/vcs"
            }
            Step::Summary => {
                let last_action = match self.legs.len() {
                    1 => "hangup",
                    _ => "makeCall",
                };
                body::summary(body, &self.session, last_action, &self.legs);
                "/webhooks/vss"
            }
            Step::Booking => {
                body::booking(body, &self.legs[0].source, &self.legs[1].destination);
                return ("PUT", format!("/v1/bookings/{}", self.session).into());
            }
        };
        ("POST", path.into())
    }

    /// Takes the answer to the webhook last written, and goes on.
    pub(crate) fn answered(&mut self, reply: &str) -> Result<(), Wrong> {
        let asked = self.asks();
        self.at += 1;
        if !asked {
            return Ok(());
        }
        if reply.contains(APOLOGY) {
            return Err(Wrong::Apology);
        }
        self.label.clear();
        match label_of(reply) {
            Some(label) => self.label.push_str(label),
            None if self.asks() => return Err(Wrong::NoLabel),
            None => {}
        }
        match self.legs.get(1) {
            Some(callee) if !connects(reply, &callee.destination) => Err(Wrong::NotConnected),
            _ => Ok(()),
        }
    }

    /// Gives the call up: what comes of it no longer matters.
    pub(crate) fn give_up(&mut self) {
        self.at = self.steps.len();
    }
}

/// The label that a callflow carries.
fn label_of(reply: &str) -> Option<&str> {
    let (_, after) = reply.split_once(r#""clientActionId":""#)?;
    let (label, _) = after.split_once('"')?;
    Some(label)
}

/// Whether a callflow calls this number; the bare server knows nobody, and always calls the same one.
fn connects(reply: &str, callee: &str) -> bool {
    let called = reply.split_once(r#""destination":""#);
    let called = called.and_then(|(_, after)| after.split_once('"'));
    called.is_some_and(|(called, _)| called == callee || called == bare::CALLEE)
}
