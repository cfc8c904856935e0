//! How the core's words are written into a column as JSON, and read back. Fields may be added; one that is missing
//! reads as unknown, so that a later version's rows and an earlier one's can be read by both.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::call::event::{Direction, Leg, SummaryLeg};
use crate::call::{CallId, PhoneNumber};
use crate::flow::Position;
use crate::flow::model::{Language, StepName, VariableName};
use crate::flow::step::Value;

/// Where a flow waits. It holds secret variables, so it is stored sealed only.
#[derive(Serialize, Deserialize)]
pub(super) struct PositionForm {
    step: String,
    #[serde(default)]
    wrong_tries: u8,
    language: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_menu: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LegForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sip_code: Option<u16>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SummaryLegForm {
    name: String,
    #[serde(flatten)]
    leg: LegForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initiated_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connected_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnected_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mos: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packet_loss_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jitter: Option<f64>,
}

/// Reads a time.
pub(super) fn read_time(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreError::Unreadable { what: "time" })
}

impl From<&Position> for PositionForm {
    fn from(position: &Position) -> Self {
        let of_kind = |secret| {
            let chosen = position
                .variables
                .iter()
                .filter(move |(_, value)| value.secret == secret);
            chosen
                .map(|(name, value)| (name.to_string(), value.text.clone()))
                .collect()
        };
        Self {
            step: position.step.to_string(),
            wrong_tries: position.wrong_tries,
            language: position.language.to_string(),
            variables: of_kind(false),
            secrets: of_kind(true),
            last_menu: position.last_menu.as_ref().map(StepName::to_string),
        }
    }
}

impl From<PositionForm> for Position {
    fn from(form: PositionForm) -> Self {
        let of_kind = |texts: BTreeMap<String, String>, secret| {
            let value = move |text| Value { text, secret };
            texts
                .into_iter()
                .map(move |(name, text)| (VariableName::new(name), value(text)))
        };
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

impl From<&Leg> for LegForm {
    fn from(leg: &Leg) -> Self {
        let number = |number: &Option<PhoneNumber>| {
            number.as_ref().map(|number| number.as_it_came().to_owned())
        };
        Self {
            call: leg.call.as_ref().map(CallId::to_string),
            direction: leg.direction.map(|direction| direction.as_str().to_owned()),
            call_type: leg.call_type.clone(),
            source: number(&leg.source),
            destination: number(&leg.destination),
            source_country: leg.source_country.clone(),
            destination_country: leg.destination_country.clone(),
            duration_seconds: leg.duration_seconds,
            sip_code: leg.sip_code,
        }
    }
}

impl From<LegForm> for Leg {
    fn from(form: LegForm) -> Self {
        Self {
            call: form.call.map(CallId::new),
            direction: form.direction.as_deref().and_then(Direction::from_word),
            call_type: form.call_type,
            source: form.source.map(PhoneNumber::new),
            destination: form.destination.map(PhoneNumber::new),
            source_country: form.source_country,
            destination_country: form.destination_country,
            duration_seconds: form.duration_seconds,
            sip_code: form.sip_code,
        }
    }
}

impl From<&SummaryLeg> for SummaryLegForm {
    fn from(leg: &SummaryLeg) -> Self {
        let milliseconds = |at: Option<Timestamp>| at.map(Timestamp::as_millisecond);
        Self {
            name: leg.name.clone(),
            leg: LegForm::from(&leg.leg),
            status: leg.status.clone(),
            initiated_at: milliseconds(leg.initiated_at),
            connected_at: milliseconds(leg.connected_at),
            disconnected_at: milliseconds(leg.disconnected_at),
            mos: leg.mos,
            packet_loss_rate: leg.packet_loss_rate,
            jitter: leg.jitter,
        }
    }
}

impl From<SummaryLegForm> for SummaryLeg {
    fn from(form: SummaryLegForm) -> Self {
        let time = |at: Option<i64>| at.and_then(|at| Timestamp::from_millisecond(at).ok());
        Self {
            name: form.name,
            leg: form.leg.into(),
            status: form.status,
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

    fn write(form: &impl Serialize) -> String {
        serde_json::to_string(form).expect("text keys only")
    }

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
        let written = write(&PositionForm::from(&position));
        let read: PositionForm = serde_json::from_str(&written).expect("our own");
        assert_eq!(Position::from(read), position);
    }

    #[test]
    fn a_leg_keeps_the_spelling_of_its_numbers_and_says_no_nulls() {
        let leg = Leg {
            source: Some(PhoneNumber::new("6591234567")),
            sip_code: Some(486),
            ..Leg::default()
        };
        let written = write(&LegForm::from(&leg));
        assert_eq!(written, r#"{"source":"6591234567","sip_code":486}"#);
        let read: LegForm = serde_json::from_str(&written).expect("our own");
        let read = Leg::from(read);
        assert_eq!(read, leg);
        assert_eq!(
            read.source.expect("it was there").as_it_came(),
            "6591234567"
        );
    }
}
