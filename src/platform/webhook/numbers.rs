//! Virtual number updates (VNU).

use super::envelope::optional_id;
use super::status::UNKNOWN;
use crate::call::event::{NumberUpdate, VirtualNumber};
use crate::call::{PhoneNumber, SubAccountId};
use crate::platform::json::{Members, Scalar, Value};

/// The payload's fields as they came.
#[derive(Default)]
struct RawUpdate<'a> {
    sub_account: Scalar<'a>,
    kind: Scalar<'a>,
    total: Scalar<'a>,
    numbers: Option<Value<'a>>,
}

impl<'a> RawUpdate<'a> {
    fn read(payload: Members<'a>) -> Self {
        let mut raw = Self::default();
        for (key, value) in payload {
            match key.as_ref() {
                "subAccountId" => raw.sub_account = value.scalar(),
                "updateEventType" => raw.kind = value.scalar(),
                "totalNumbers" => raw.total = value.scalar(),
                "virtualNumbers" => raw.numbers = Some(value),
                _ => {}
            }
        }
        raw
    }
}

/// Reads a virtual number update's payload. Items without a number are left out.
pub(super) fn read(payload: Members<'_>) -> NumberUpdate {
    let raw = RawUpdate::read(payload);
    let numbers = raw.numbers.into_iter().flat_map(Value::items);
    NumberUpdate {
        sub_account: optional_id(&raw.sub_account).map(SubAccountId::new),
        kind: raw.kind.as_str().unwrap_or(UNKNOWN).to_owned(),
        total: raw.total.count(),
        numbers: numbers.filter_map(number).collect(),
    }
}

fn number(item: Value<'_>) -> Option<VirtualNumber> {
    let mut raw: [Scalar<'_>; 5] = Default::default();
    let [msisdn, status, country, reference, updated] = &mut raw;
    for (key, value) in item.members() {
        match key.as_ref() {
            "msisdn" => *msisdn = value.scalar(),
            "operationalStatus" => *status = value.scalar(),
            "countryCode" => *country = value.scalar(),
            "referenceId" => *reference = value.scalar(),
            "updatedTimestamp" => *updated = value.scalar(),
            _ => {}
        }
    }
    Some(VirtualNumber {
        number: PhoneNumber::new(msisdn.text()?),
        status: status.text(),
        country: country.text(),
        reference: reference.text(),
        updated_at: updated.instant(),
    })
}
