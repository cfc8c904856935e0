//! What is known of a session as the text of its row, before it is sealed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::call::event::{Direction, SummaryError};
use crate::call::{PhoneNumber, SessionId, SubAccountId};
use crate::flow::model::{FlowId, FlowVersion};
use crate::store::StoreError;
use crate::store::forms::{PositionForm, read_time};
use crate::store::known::{Ending, Face, Known, Source};

#[derive(Serialize, Deserialize)]
struct Form {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    face_from: usize,
    face_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<PositionForm>,
    replies: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ending: Option<EndingForm>,
    started_at: i64,
    last_event_at: i64,
}

#[derive(Serialize, Deserialize)]
struct EndingForm {
    status: String,
    error: Option<(Option<i64>, Option<String>)>,
    ended_at: Option<i64>,
}

/// Writes what is known.
pub(super) fn write(known: &Known) -> Vec<u8> {
    let number = |number: &Option<PhoneNumber>| number.as_ref().map(|n| n.as_it_came().to_owned());
    let form = Form {
        sub_account: known.sub_account.as_ref().map(SubAccountId::to_string),
        direction: known.face.direction.map(|it| it.as_str().to_owned()),
        source: number(&known.face.source),
        destination: number(&known.face.destination),
        face_from: known.face.from as usize,
        face_at: known.face.at.as_millisecond(),
        country: known.caller_country.clone(),
        flow: known
            .flow
            .as_ref()
            .map(|(id, version)| (id.to_string(), version.to_string())),
        position: known.position.as_ref().map(PositionForm::from),
        replies: known.replies,
        ending: known.ending.as_ref().map(EndingForm::from),
        started_at: known.started_at.as_millisecond(),
        last_event_at: known.last_event_at.as_millisecond(),
    };
    serde_json::to_vec(&form).expect("this form has text keys only")
}

/// Reads what [`write()`] wrote of session `id`.
pub(super) fn read(id: SessionId, bytes: &[u8]) -> Result<Known, StoreError> {
    let form: Form = serde_json::from_slice(bytes).map_err(|_| UNREADABLE)?;
    let from = Source::ALL.get(form.face_from).ok_or(UNREADABLE)?;
    let face = Face {
        direction: form.direction.as_deref().and_then(Direction::from_word),
        source: form.source.map(PhoneNumber::new),
        destination: form.destination.map(PhoneNumber::new),
        from: *from,
        at: read_time(form.face_at)?,
    };
    Ok(Known {
        id,
        sub_account: form.sub_account.map(SubAccountId::new),
        face,
        caller_country: form.country,
        flow: form
            .flow
            .map(|(id, version)| (FlowId::new(id), FlowVersion::new(version))),
        position: form.position.map(Into::into),
        replies: form.replies,
        ending: form.ending.map(EndingForm::ending).transpose()?,
        started_at: read_time(form.started_at)?,
        last_event_at: read_time(form.last_event_at)?,
    })
}

const UNREADABLE: StoreError = StoreError::Unreadable { what: "session" };

impl From<&Ending> for EndingForm {
    fn from(ending: &Ending) -> Self {
        Self {
            status: ending.status.clone(),
            error: ending
                .error
                .as_ref()
                .map(|error| (error.code, error.message.clone())),
            ended_at: ending.ended_at.map(Timestamp::as_millisecond),
        }
    }
}

impl EndingForm {
    fn ending(self) -> Result<Ending, StoreError> {
        Ok(Ending {
            status: self.status,
            error: self
                .error
                .map(|(code, message)| SummaryError { code, message }),
            ended_at: self.ended_at.map(read_time).transpose()?,
        })
    }
}
