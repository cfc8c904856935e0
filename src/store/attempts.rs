//! A call that we start, as its row keeps it: what it is found by, in the clear or as a keyed hash; all else, numbers and
//! variables with it, as CBOR that is sealed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::SignedDuration;
use minicbor::{Decode, Encode};

use super::StoreError;
use super::attempt_states::StateForm;
use super::forms::{PositionForm, Text, read_time};
use super::vault::{Place, Vault};
use crate::call::{PhoneNumber, SubAccountId};
use crate::flow::model::{FlowId, FlowVersion, VariableName};
use crate::outbound::attempt::{Attempt, AttemptId, Intent};
use crate::session::{CallRequest, OutboundCall, RequestKey};

/// The states in which an attempt holds its line, as the tables' partial index says it.
pub(super) const ON_THE_LINE: &str = "state IN ('DIALING', 'UNKNOWN')";

/// The states in which an attempt is still worked on.
pub(super) const UNSETTLED: &str = "state IN ('PENDING', 'DIALING')";

/// The states in which it is known what became of an attempt.
pub(super) const SETTLED: &str = "state IN ('ACCEPTED', 'REJECTED')";

/// How many attempts that are worked on are looked at at once.
pub(super) const AT_ONCE: i64 = 500;

const UNREADABLE: StoreError = StoreError::Unreadable { what: "attempt" };

/// What a call is found by, and its sealed text.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) id: String,
    /// Where a call may be on its way: the form of an index of both numbers.
    pub(super) line: [u8; 16],
    pub(super) state: &'static str,
    pub(super) session: Option<String>,
    pub(super) flow: String,
    pub(super) version: String,
    pub(super) begun_at: i64,
    pub(super) record: Vec<u8>,
}

impl Columns {
    /// The columns of `call`.
    pub(super) fn of(vault: &Vault, call: &OutboundCall) -> Self {
        let intent = call.attempt.intent();
        let session = match &call.attempt {
            Attempt::Accepted(accepted) => Some(accepted.session.to_string()),
            _ => None,
        };
        Self {
            id: intent.id.to_string(),
            line: vault.form(line(vault, &intent.source, &intent.destination)),
            state: call.attempt.state(),
            session,
            flow: call.request.flow.to_string(),
            version: call.version.to_string(),
            begun_at: intent.begun_at.as_millisecond(),
            record: vault.seal(place(intent.id.as_str()), &write(call)),
        }
    }
}

/// What a request is found by: 16 bytes of a keyed hash, since a key may be made of a number.
pub(super) fn key(vault: &Vault, key: &RequestKey) -> [u8; 16] {
    vault.index(&format!("request {}", key.as_str()))
}

/// What the calls between two numbers are found by.
pub(super) fn line(vault: &Vault, from: &PhoneNumber, to: &PhoneNumber) -> [u8; 16] {
    vault.index(&format!("line {} {}", from.digits(), to.digits()))
}

fn place(id: &str) -> Place<'_> {
    Place {
        table: "attempts",
        row: id.as_bytes(),
    }
}

/// Opens and reads a row.
pub(super) fn read(
    vault: &Vault,
    id: &str,
    revision: i64,
    sealed: &[u8],
) -> Result<OutboundCall, StoreError> {
    let text = vault.open(place(id), sealed).map_err(|_| UNREADABLE)?;
    let form: Form<'_> = minicbor::decode(&text).map_err(|_| UNREADABLE)?;
    form.call(AttemptId::new(id), revision.unsigned_abs())
}

#[derive(Encode, Decode)]
struct Form<'a> {
    #[b(0)]
    sub_account: Text<'a>,
    #[b(1)]
    source: Text<'a>,
    #[b(2)]
    destination: Text<'a>,
    #[n(3)]
    begun_at: i64,
    #[n(4)]
    valid_until: i64,
    #[b(5)]
    request: RequestForm<'a>,
    #[b(6)]
    version: Text<'a>,
    #[b(7)]
    position: Option<PositionForm<'a>>,
    #[n(8)]
    state: StateForm,
    #[n(9)]
    told: Option<StateForm>,
}

#[derive(Encode, Decode)]
struct RequestForm<'a> {
    #[b(0)]
    flow: Text<'a>,
    #[b(1)]
    to: Text<'a>,
    #[b(2)]
    from: Option<Text<'a>>,
    #[b(3)]
    variables: BTreeMap<Text<'a>, Text<'a>>,
    #[n(4)]
    valid_for_ms: i64,
    #[b(5)]
    sub_account: Option<Text<'a>>,
}

fn write(call: &OutboundCall) -> Vec<u8> {
    let intent = call.attempt.intent();
    let form = Form {
        sub_account: intent.sub_account.as_str().into(),
        source: intent.source.as_it_came().into(),
        destination: intent.destination.as_it_came().into(),
        begun_at: intent.begun_at.as_millisecond(),
        valid_until: intent.valid_until.as_millisecond(),
        request: RequestForm::from(&call.request),
        version: call.version.as_str().into(),
        position: call.position.as_ref().map(PositionForm::from),
        state: StateForm::from(&call.attempt),
        told: call.told.as_ref().map(StateForm::from),
    };
    minicbor::to_vec(&form).expect("memory takes all")
}

impl Form<'_> {
    fn call(self, id: AttemptId, revision: u64) -> Result<OutboundCall, StoreError> {
        let intent = Intent {
            id,
            sub_account: SubAccountId::new(self.sub_account),
            source: PhoneNumber::new(self.source),
            destination: PhoneNumber::new(self.destination),
            begun_at: read_time(self.begun_at)?,
            valid_until: read_time(self.valid_until)?,
        };
        let told = self.told.map(|told| told.attempt(intent.clone()));
        Ok(OutboundCall {
            attempt: self.state.attempt(intent)?,
            request: self.request.into(),
            version: FlowVersion::new(self.version),
            position: self.position.map(Into::into),
            told: told.transpose()?,
            revision,
        })
    }
}

impl<'a> From<&'a CallRequest> for RequestForm<'a> {
    fn from(request: &'a CallRequest) -> Self {
        let variables = request.variables.iter();
        Self {
            flow: request.flow.as_str().into(),
            to: request.to.as_it_came().into(),
            from: request.from.as_ref().map(|from| from.as_it_came().into()),
            variables: variables
                .map(|(name, text)| (name.as_str().into(), text.as_str().into()))
                .collect(),
            valid_for_ms: milliseconds(request.valid_for),
            sub_account: request.sub_account.as_deref().map(Cow::Borrowed),
        }
    }
}

impl From<RequestForm<'_>> for CallRequest {
    fn from(form: RequestForm<'_>) -> Self {
        let variables = form.variables.into_iter();
        Self {
            flow: FlowId::new(form.flow),
            to: PhoneNumber::new(form.to),
            from: form.from.map(PhoneNumber::new),
            variables: variables
                .map(|(name, text)| (VariableName::new(name), text.into_owned()))
                .collect(),
            valid_for: SignedDuration::from_millis(form.valid_for_ms),
            sub_account: form.sub_account.map(Cow::into_owned),
        }
    }
}

fn milliseconds(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
