//! How the core's words are written as CBOR (RFC 8949), and read back. A field is known by its index, so names cost nothing:
//! an index is never given to another field. Optional fields may be added; one that is missing reads as unknown, so that a
//! later version's rows and an earlier one's can be read by both.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use minicbor::{Decode, Encode};

use super::StoreError;
use crate::call::event::{Direction, Leg, SummaryLeg};
use crate::call::{CallId, PhoneNumber};
use crate::flow::Position;
use crate::flow::model::{Language, StepName, VariableName};
use crate::flow::step::Value;
use crate::masking::{BookingId, Carried, Code, SideName, Whom};

/// A text: what is written is borrowed.
pub(super) type Text<'a> = Cow<'a, str>;

/// A text that may be missing.
pub(super) fn text<T: AsRef<str>>(text: &Option<T>) -> Option<Text<'_>> {
    text.as_ref().map(|text| Cow::Borrowed(text.as_ref()))
}

/// A number that may be missing, in the spelling that it came in.
pub(super) fn number(number: &Option<PhoneNumber>) -> Option<Text<'_>> {
    number
        .as_ref()
        .map(|number| Cow::Borrowed(number.as_it_came()))
}

/// Where a flow waits. It holds secret variables, so it is stored sealed only.
#[derive(Encode, Decode)]
pub(super) struct PositionForm<'a> {
    #[b(0)]
    step: Text<'a>,
    #[n(1)]
    wrong_tries: u8,
    #[b(2)]
    language: Text<'a>,
    #[b(3)]
    variables: BTreeMap<Text<'a>, Text<'a>>,
    #[b(4)]
    secrets: BTreeMap<Text<'a>, Text<'a>>,
    #[b(5)]
    last_menu: Option<Text<'a>>,
}

#[derive(Encode, Decode)]
pub(super) struct LegForm<'a> {
    #[b(0)]
    call: Option<Text<'a>>,
    #[b(1)]
    direction: Option<Text<'a>>,
    #[b(2)]
    call_type: Option<Text<'a>>,
    #[b(3)]
    source: Option<Text<'a>>,
    #[b(4)]
    destination: Option<Text<'a>>,
    #[b(5)]
    source_country: Option<Text<'a>>,
    #[b(6)]
    destination_country: Option<Text<'a>>,
    #[n(7)]
    duration_seconds: Option<u64>,
    #[n(8)]
    sip_code: Option<u16>,
}

#[derive(Encode, Decode)]
pub(super) struct SummaryLegForm<'a> {
    #[b(0)]
    name: Text<'a>,
    #[b(1)]
    leg: LegForm<'a>,
    #[b(2)]
    status: Option<Text<'a>>,
    #[n(3)]
    initiated_at: Option<i64>,
    #[n(4)]
    connected_at: Option<i64>,
    #[n(5)]
    disconnected_at: Option<i64>,
    #[n(6)]
    mos: Option<f64>,
    #[n(7)]
    packet_loss_rate: Option<f64>,
    #[n(8)]
    jitter: Option<f64>,
}

/// Reads a time.
pub(super) fn read_time(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreError::Unreadable { what: "time" })
}

impl<'a> From<&'a Position> for PositionForm<'a> {
    fn from(position: &'a Position) -> Self {
        let of_kind = |secret| {
            let chosen = position
                .variables
                .iter()
                .filter(move |(_, value)| value.secret == secret);
            chosen
                .map(|(name, value)| {
                    (
                        Cow::Borrowed(name.as_str()),
                        Cow::Borrowed(value.text.as_str()),
                    )
                })
                .collect()
        };
        Self {
            step: Cow::Borrowed(position.step.as_str()),
            wrong_tries: position.wrong_tries,
            language: Cow::Borrowed(position.language.as_str()),
            variables: of_kind(false),
            secrets: of_kind(true),
            last_menu: text(&position.last_menu),
        }
    }
}

/// Variables that are all secret, or all not.
fn of_kind<'a>(
    texts: BTreeMap<Text<'a>, Text<'a>>,
    secret: bool,
) -> impl Iterator<Item = (VariableName, Value)> + use<'a> {
    let value = move |text: Text<'a>| Value {
        text: text.into_owned(),
        secret,
    };
    texts
        .into_iter()
        .map(move |(name, text)| (VariableName::new(name), value(text)))
}

impl From<PositionForm<'_>> for Position {
    fn from(form: PositionForm<'_>) -> Self {
        let plain = of_kind(form.variables, false);
        Self {
            step: StepName::new(form.step),
            wrong_tries: form.wrong_tries,
            language: Language::new(form.language),
            variables: plain.chain(of_kind(form.secrets, true)).collect(),
            last_menu: form.last_menu.map(StepName::new),
        }
    }
}

impl<'a> From<&'a Leg> for LegForm<'a> {
    fn from(leg: &'a Leg) -> Self {
        Self {
            call: text(&leg.call),
            direction: leg.direction.map(|direction| direction.as_str().into()),
            call_type: text(&leg.call_type),
            source: number(&leg.source),
            destination: number(&leg.destination),
            source_country: text(&leg.source_country),
            destination_country: text(&leg.destination_country),
            duration_seconds: leg.duration_seconds,
            sip_code: leg.sip_code,
        }
    }
}

impl From<LegForm<'_>> for Leg {
    fn from(form: LegForm<'_>) -> Self {
        Self {
            call: form.call.map(CallId::new),
            direction: form.direction.as_deref().and_then(Direction::from_word),
            call_type: form.call_type.map(Cow::into_owned),
            source: form.source.map(PhoneNumber::new),
            destination: form.destination.map(PhoneNumber::new),
            source_country: form.source_country.map(Cow::into_owned),
            destination_country: form.destination_country.map(Cow::into_owned),
            duration_seconds: form.duration_seconds,
            sip_code: form.sip_code,
        }
    }
}

impl<'a> From<&'a SummaryLeg> for SummaryLegForm<'a> {
    fn from(leg: &'a SummaryLeg) -> Self {
        let milliseconds = |at: Option<Timestamp>| at.map(Timestamp::as_millisecond);
        Self {
            name: leg.name.as_str().into(),
            leg: LegForm::from(&leg.leg),
            status: text(&leg.status),
            initiated_at: milliseconds(leg.initiated_at),
            connected_at: milliseconds(leg.connected_at),
            disconnected_at: milliseconds(leg.disconnected_at),
            mos: leg.mos,
            packet_loss_rate: leg.packet_loss_rate,
            jitter: leg.jitter,
        }
    }
}

impl From<SummaryLegForm<'_>> for SummaryLeg {
    fn from(form: SummaryLegForm<'_>) -> Self {
        let time = |at: Option<i64>| at.and_then(|at| Timestamp::from_millisecond(at).ok());
        Self {
            name: form.name.into_owned(),
            leg: form.leg.into(),
            status: form.status.map(Cow::into_owned),
            initiated_at: time(form.initiated_at),
            connected_at: time(form.connected_at),
            disconnected_at: time(form.disconnected_at),
            mos: form.mos,
            packet_loss_rate: form.packet_loss_rate,
            jitter: form.jitter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_and_its_secrets_stay_secret() {
        let value = |text: &str, secret| Value {
            text: text.to_owned(),
            secret,
        };
        let position = Position {
            step: StepName::new("pin"),
            wrong_tries: 2,
            language: Language::new("en"),
            variables: BTreeMap::from([
                (VariableName::new("day"), value("Friday", false)),
                (VariableName::new("pin"), value("4471", true)),
            ]),
            last_menu: Some(StepName::new("main")),
        };
        let written = minicbor::to_vec(PositionForm::from(&position)).expect("memory");
        let read: PositionForm<'_> = minicbor::decode(&written).expect("our own");
        assert_eq!(Position::from(read), position);
    }

    #[test]
    fn a_leg_keeps_the_spelling_of_its_numbers() {
        let leg = Leg {
            source: Some(PhoneNumber::new("6591234567")),
            sip_code: Some(486),
            ..Leg::default()
        };
        let written = minicbor::to_vec(LegForm::from(&leg)).expect("memory");
        let read = Leg::from(minicbor::decode::<LegForm<'_>>(&written).expect("our own"));
        assert_eq!(read, leg);
        assert_eq!(
            read.source.expect("it was there").as_it_came(),
            "6591234567"
        );
    }

    #[test]
    fn what_an_earlier_or_a_later_version_wrote_is_read() {
        let read = |written: Vec<u8>| {
            Leg::from(minicbor::decode::<LegForm<'_>>(&written).expect("readable"))
        };
        let leg = Leg {
            call: Some(CallId::new("leg-1")),
            ..Leg::default()
        };
        let earlier = minicbor::to_vec(["leg-1"]).expect("memory");
        assert_eq!(read(earlier), leg);
        let mut fields = [None; 10];
        (fields[0], fields[9]) = (Some("leg-1"), Some("of a later version"));
        let later = minicbor::to_vec(fields);
        assert_eq!(read(later.expect("memory")), leg);
    }
}

/// A session as masking left it.
#[derive(Encode, Decode)]
pub(super) struct CarriedForm<'a> {
    #[n(0)]
    replies: u32,
    #[b(1)]
    code: Text<'a>,
    /// The booking, and whether side b calls.
    #[n(2)]
    about: Option<(u64, bool)>,
    #[n(3)]
    wrong_pins: Option<u8>,
    #[n(4)]
    counts: bool,
    /// The booking, by the customer's id.
    #[b(5)]
    id: Option<Text<'a>>,
}

impl<'a> From<&'a Carried> for CarriedForm<'a> {
    fn from(carried: &'a Carried) -> Self {
        Self {
            replies: carried.replies,
            code: carried.code.as_str().into(),
            about: carried
                .about
                .as_ref()
                .map(|whom| (whom.booking, whom.side == SideName::B)),
            wrong_pins: carried.wrong_pins,
            counts: carried.counts,
            id: carried.about.as_ref().map(|whom| whom.id.as_str().into()),
        }
    }
}

impl CarriedForm<'_> {
    /// What was written.
    pub(super) fn carried(self) -> Result<Carried, StoreError> {
        let code = Code::from_word(&self.code);
        let whom = self.about.zip(self.id);
        Ok(Carried {
            replies: self.replies,
            code: code.ok_or(StoreError::Unreadable {
                what: "masked call",
            })?,
            about: whom.map(|((booking, is_b), id)| Whom {
                booking,
                id: BookingId::new(id),
                side: if is_b { SideName::B } else { SideName::A },
            }),
            wrong_pins: self.wrong_pins,
            counts: self.counts,
        })
    }
}
