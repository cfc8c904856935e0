//! What is known of a session as the text of its row, before it is sealed.

use std::borrow::Cow;

use jiff::Timestamp;
use minicbor::{Decode, Encode};

use crate::call::event::{Direction, SummaryError};
use crate::call::{PhoneNumber, SessionId, SubAccountId};
use crate::flow::model::{FlowId, FlowVersion};
use crate::store::StoreError;
use crate::store::forms::{CarriedForm, PositionForm, Text, number, read_time, text};
use crate::store::known::{Ending, Face, Known, Source};

#[derive(Encode, Decode)]
struct Form<'a> {
    #[b(0)]
    sub_account: Option<Text<'a>>,
    #[b(1)]
    direction: Option<Text<'a>>,
    #[b(2)]
    source: Option<Text<'a>>,
    #[b(3)]
    destination: Option<Text<'a>>,
    #[n(4)]
    face_from: usize,
    #[n(5)]
    face_at: i64,
    #[b(6)]
    country: Option<Text<'a>>,
    #[b(7)]
    flow: Option<(Text<'a>, Text<'a>)>,
    #[b(8)]
    position: Option<PositionForm<'a>>,
    #[n(9)]
    replies: u32,
    #[b(10)]
    ending: Option<EndingForm<'a>>,
    #[n(11)]
    started_at: i64,
    #[n(12)]
    last_event_at: i64,
    #[b(13)]
    masked: Option<CarriedForm<'a>>,
}

#[derive(Encode, Decode)]
struct EndingForm<'a> {
    #[b(0)]
    status: Text<'a>,
    #[b(1)]
    error: Option<(Option<i64>, Option<Text<'a>>)>,
    #[n(2)]
    ended_at: Option<i64>,
}

/// Writes what is known.
pub(super) fn write(known: &Known) -> Vec<u8> {
    let form = Form {
        sub_account: text(&known.sub_account),
        direction: known.face.direction.map(|it| it.as_str().into()),
        source: number(&known.face.source),
        destination: number(&known.face.destination),
        face_from: known.face.from as usize,
        face_at: known.face.at.as_millisecond(),
        country: text(&known.caller_country),
        flow: known
            .flow
            .as_ref()
            .map(|(id, version)| (id.as_str().into(), version.as_str().into())),
        position: known.position.as_ref().map(PositionForm::from),
        replies: known.replies,
        ending: known.ending.as_ref().map(EndingForm::from),
        started_at: known.started_at.as_millisecond(),
        last_event_at: known.last_event_at.as_millisecond(),
        masked: known.masked.as_ref().map(CarriedForm::from),
    };
    minicbor::to_vec(&form).expect("memory takes all")
}

/// Reads what [`write()`] wrote of session `id`.
pub(super) fn read(id: SessionId, bytes: &[u8]) -> Result<Known, StoreError> {
    let form: Form<'_> = minicbor::decode(bytes).map_err(|_| UNREADABLE)?;
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
        caller_country: form.country.map(Cow::into_owned),
        flow: form
            .flow
            .map(|(id, version)| (FlowId::new(id), FlowVersion::new(version))),
        position: form.position.map(Into::into),
        replies: form.replies,
        masked: form.masked.map(CarriedForm::carried).transpose()?,
        ending: form.ending.map(EndingForm::ending).transpose()?,
        started_at: read_time(form.started_at)?,
        last_event_at: read_time(form.last_event_at)?,
    })
}

const UNREADABLE: StoreError = StoreError::Unreadable { what: "session" };

impl<'a> From<&'a Ending> for EndingForm<'a> {
    fn from(ending: &'a Ending) -> Self {
        Self {
            status: ending.status.as_str().into(),
            error: ending
                .error
                .as_ref()
                .map(|error| (error.code, text(&error.message))),
            ended_at: ending.ended_at.map(Timestamp::as_millisecond),
        }
    }
}

impl EndingForm<'_> {
    fn ending(self) -> Result<Ending, StoreError> {
        Ok(Ending {
            status: self.status.into_owned(),
            error: self.error.map(|(code, message)| SummaryError {
                code,
                message: message.map(Cow::into_owned),
            }),
            ended_at: self.ended_at.map(read_time).transpose()?,
        })
    }
}
