//! A booking, and a number of a pool, as their rows keep them: what they are found by, in the clear or as a keyed hash; all else as
//! CBOR that is sealed.

use std::borrow::Cow;

use jiff::SignedDuration;
use jiff::civil::{Time, Weekday};
use minicbor::{Decode, Encode};

use super::StoreError;
use super::forms::{Text, read_time};
use super::vault::{KeyNumber, Place, Vault};
use crate::call::{PhoneNumber, SubAccountId};
use crate::masking::booking::{
    Booking, BookingId, CloseReason, Closing, Phone, Pin, Side, SideName, Terms,
};
use crate::masking::number::Heard;
use crate::masking::rules::{Callback, Direction, Hours, Limits};
use crate::masking::spelling::key_digits;
use crate::masking::{Health, Leg, PairKey, PartyKey, PoolName, PoolNumber, Vn};
use crate::outbound::Country;

const UNREADABLE: StoreError = StoreError::Unreadable { what: "booking" };
const NUMBER: StoreError = StoreError::Unreadable {
    what: "pool's number",
};

/// What a person is found by.
pub(super) fn party(vault: &Vault, number: &PhoneNumber) -> PartyKey {
    PartyKey(vault.index(&format!("party {}", key_digits(number))))
}

/// What a booking is found by: 16 bytes of a keyed hash, since an id may be made of a number.
pub(super) fn id_index(vault: &Vault, id: &BookingId) -> [u8; 16] {
    vault.index(&format!("booking {}", id.as_str()))
}

/// What a PIN is found by on a number.
pub(super) fn pin_key(vault: &Vault, vn: Vn, pin: &str) -> [u8; 16] {
    vault.index(&format!("pin {} {pin}", vn.0))
}

/// What a number of a pool is found by.
pub(super) fn number_index(vault: &Vault, number: &PhoneNumber) -> [u8; 16] {
    vault.index(&format!("pool {}", number.digits()))
}

/// The side and how the party came to it, as one small number.
pub(super) fn side_word(leg: &Leg) -> i16 {
    side_number(leg.side) + if leg.remembered { 2 } else { 0 }
}

/// `a` is 0, `b` is 1.
pub(super) fn side_number(side: SideName) -> i16 {
    match side {
        SideName::A => 0,
        SideName::B => 1,
    }
}

/// What [`side_number`] wrote.
pub(super) fn read_side(number: i16) -> SideName {
    match number & 1 {
        0 => SideName::A,
        _ => SideName::B,
    }
}

/// A leg from its columns.
pub(super) struct LegRow {
    pub(super) party: Vec<u8>,
    pub(super) vn: i64,
    pub(super) booking: i64,
    pub(super) side: i16,
    pub(super) pair: Vec<u8>,
    pub(super) rests_from: i64,
    pub(super) free_from: i64,
    /// Under which key party and pair stand.
    pub(super) key_number: i16,
}

impl LegRow {
    pub(super) fn leg(self, vault: &Vault) -> Result<Leg, StoreError> {
        let number = KeyNumber::try_from(self.key_number).map_err(|_| UNREADABLE)?;
        let key = |form: Vec<u8>| vault.index_of(number, &form).map_err(|_| UNREADABLE);
        Ok(Leg {
            party: PartyKey(key(self.party)?),
            vn: Vn(u32::try_from(self.vn).map_err(|_| UNREADABLE)?),
            booking: self.booking.unsigned_abs(),
            side: read_side(self.side),
            remembered: self.side >= 2,
            pair: PairKey(key(self.pair)?),
            rests_from: read_time(self.rests_from)?,
            free_from: read_time(self.free_from)?,
        })
    }
}

fn place(index: &[u8]) -> Place<'_> {
    Place {
        table: "bookings",
        row: index,
    }
}

/// Seals a booking for its row.
pub(super) fn seal(vault: &Vault, index: &[u8; 16], booking: &Booking) -> Vec<u8> {
    let form = Form::from(booking);
    let text = minicbor::to_vec(&form).expect("memory takes all");
    vault.seal(place(index), &text)
}

/// A booking's row as it is read.
pub(super) struct BookingRow {
    pub(super) number: i64,
    pub(super) index: Vec<u8>,
    pub(super) pair: Vec<u8>,
    pub(super) revision: i64,
    pub(super) record: Vec<u8>,
}

impl BookingRow {
    pub(super) fn open(self, vault: &Vault) -> Result<Booking, StoreError> {
        let index_of = |form: &[u8]| vault.index_beside(&self.record, form);
        let index = index_of(&self.index).map_err(|_| UNREADABLE)?;
        let pair = index_of(&self.pair).map_err(|_| UNREADABLE)?;
        let text = vault.open(place(&index), &self.record);
        let text = text.map_err(|_| UNREADABLE)?;
        let form: Form<'_> = minicbor::decode(&text).map_err(|_| UNREADABLE)?;
        let mut booking = form.booking()?;
        booking.number = self.number.unsigned_abs();
        booking.revision = self.revision.unsigned_abs();
        booking.pair = PairKey(pair);
        Ok(booking)
    }
}

#[derive(Encode, Decode)]
struct Form<'a> {
    #[b(0)]
    id: Text<'a>,
    #[b(1)]
    pool: Text<'a>,
    #[b(2)]
    a: SideForm<'a>,
    #[b(3)]
    b: SideForm<'a>,
    #[n(4)]
    created_at: i64,
    #[n(5)]
    expires_at: i64,
    #[n(6)]
    idle_ttl_ms: Option<i64>,
    #[n(7)]
    closing: Option<ClosingForm>,
    #[n(8)]
    limits: Option<(Option<u32>, Option<u32>, Option<u32>)>,
    #[n(9)]
    direction: Option<u8>,
    #[b(10)]
    hours: Option<HoursForm<'a>>,
    /// Bits: recorded, the phone that called last is called, PIN forced, hotline.
    #[n(11)]
    flags: u8,
}

#[derive(Encode, Decode)]
struct SideForm<'a> {
    #[b(0)]
    phones: Vec<PhoneForm<'a>>,
    #[b(1)]
    label: Option<Text<'a>>,
    #[b(2)]
    language: Option<Text<'a>>,
    #[b(3)]
    zone: Option<Text<'a>>,
    #[n(4)]
    vn: u32,
    #[n(5)]
    earlier: Vec<u32>,
    #[b(6)]
    pin: Option<Text<'a>>,
    /// Bits: consents, muted.
    #[n(7)]
    flags: u8,
    #[n(8)]
    last_called: Option<u8>,
}

#[derive(Encode, Decode)]
struct PhoneForm<'a> {
    #[b(0)]
    number: Text<'a>,
    #[cbor(n(1), with = "minicbor::bytes")]
    party: [u8; 16],
}

#[derive(Encode, Decode)]
struct ClosingForm {
    #[n(0)]
    at: i64,
    #[n(1)]
    reason: u8,
    #[n(2)]
    a_to_b_until: i64,
    #[n(3)]
    b_to_a_until: i64,
}

#[derive(Encode, Decode)]
struct HoursForm<'a> {
    /// Seconds since midnight.
    #[n(0)]
    from: u32,
    #[n(1)]
    to: u32,
    /// 1 is Monday.
    #[n(2)]
    days: Vec<i8>,
    #[b(3)]
    zone: Text<'a>,
}

impl<'a> From<&'a Booking> for Form<'a> {
    fn from(booking: &'a Booking) -> Self {
        let terms = &booking.terms;
        let limits = &terms.limits;
        let flags = [
            terms.record,
            terms.callback == Callback::Last,
            terms.force_pin,
            terms.hotline,
        ];
        Self {
            id: booking.id.as_str().into(),
            pool: booking.pool.as_str().into(),
            a: (&booking.a).into(),
            b: (&booking.b).into(),
            created_at: booking.created_at.as_millisecond(),
            expires_at: booking.expires_at.as_millisecond(),
            idle_ttl_ms: booking.idle_ttl.map(milliseconds),
            closing: booking.closing.as_ref().map(|closing| ClosingForm {
                at: closing.at.as_millisecond(),
                reason: position(&CloseReason::ALL, &closing.reason),
                a_to_b_until: closing.a_to_b_until.as_millisecond(),
                b_to_a_until: closing.b_to_a_until.as_millisecond(),
            }),
            limits: (*limits != Limits::default()).then_some((
                limits.max_calls,
                limits.max_calls_per_hour,
                limits.max_talk_minutes,
            )),
            direction: match terms.direction {
                Direction::Both => None,
                Direction::AToB => Some(0),
                Direction::BToA => Some(1),
            },
            hours: terms.hours.as_ref().map(HoursForm::from),
            flags: bits(&flags),
        }
    }
}

impl<'a> From<&'a Side> for SideForm<'a> {
    fn from(side: &'a Side) -> Self {
        let text = |it: &'a Option<String>| it.as_deref().map(Cow::Borrowed);
        Self {
            phones: side
                .phones
                .iter()
                .map(|phone| PhoneForm {
                    number: phone.number.as_it_came().into(),
                    party: phone.party.0,
                })
                .collect(),
            label: text(&side.label),
            language: text(&side.language),
            zone: text(&side.zone),
            vn: side.vn.0,
            earlier: side.earlier.iter().map(|vn| vn.0).collect(),
            pin: side.pin.as_ref().map(|pin| pin.0.as_str().into()),
            flags: bits(&[side.consents, side.muted]),
            last_called: side.last_called.and_then(|at| u8::try_from(at).ok()),
        }
    }
}

impl<'a> From<&'a Hours> for HoursForm<'a> {
    fn from(hours: &'a Hours) -> Self {
        let seconds = |time: Time| {
            let (hour, minute) = (
                u32::from(time.hour().unsigned_abs()),
                u32::from(time.minute().unsigned_abs()),
            );
            hour * 3600 + minute * 60 + u32::from(time.second().unsigned_abs())
        };
        Self {
            from: seconds(hours.from),
            to: seconds(hours.to),
            days: hours
                .days
                .iter()
                .map(|day| day.to_monday_one_offset())
                .collect(),
            zone: hours.zone.as_str().into(),
        }
    }
}

impl Form<'_> {
    fn booking(self) -> Result<Booking, StoreError> {
        let [record, last, force_pin, hotline] = read_bits(self.flags);
        let (max_calls, max_calls_per_hour, max_talk_minutes) = self.limits.unwrap_or_default();
        Ok(Booking {
            id: BookingId::new(self.id),
            number: 0,
            revision: 0,
            pool: PoolName::new(self.pool),
            pair: PairKey([0; 16]),
            a: self.a.side()?,
            b: self.b.side()?,
            created_at: read_time(self.created_at)?,
            expires_at: read_time(self.expires_at)?,
            idle_ttl: self.idle_ttl_ms.map(SignedDuration::from_millis),
            closing: self.closing.map(ClosingForm::closing).transpose()?,
            terms: Terms {
                limits: Limits {
                    max_calls,
                    max_calls_per_hour,
                    max_talk_minutes,
                },
                direction: match self.direction {
                    None => Direction::Both,
                    Some(0) => Direction::AToB,
                    Some(_) => Direction::BToA,
                },
                hours: self.hours.map(HoursForm::hours).transpose()?,
                record,
                callback: if last {
                    Callback::Last
                } else {
                    Callback::Primary
                },
                force_pin,
                hotline,
            },
        })
    }
}

impl SideForm<'_> {
    fn side(self) -> Result<Side, StoreError> {
        let [consents, muted, ..] = read_bits(self.flags);
        if self.phones.is_empty() {
            return Err(UNREADABLE);
        }
        Ok(Side {
            phones: self
                .phones
                .into_iter()
                .map(|phone| Phone {
                    number: PhoneNumber::new(phone.number),
                    party: PartyKey(phone.party),
                })
                .collect(),
            label: self.label.map(Cow::into_owned),
            language: self.language.map(Cow::into_owned),
            zone: self.zone.map(Cow::into_owned),
            vn: Vn(self.vn),
            earlier: self.earlier.into_iter().map(Vn).collect(),
            pin: self.pin.map(|pin| Pin(pin.into_owned())),
            consents,
            muted,
            last_called: self.last_called.map(usize::from),
        })
    }
}

impl ClosingForm {
    fn closing(self) -> Result<Closing, StoreError> {
        let reason = CloseReason::ALL
            .get(usize::from(self.reason))
            .ok_or(UNREADABLE)?;
        Ok(Closing {
            at: read_time(self.at)?,
            reason: *reason,
            a_to_b_until: read_time(self.a_to_b_until)?,
            b_to_a_until: read_time(self.b_to_a_until)?,
        })
    }
}

impl HoursForm<'_> {
    fn hours(self) -> Result<Hours, StoreError> {
        let time = |seconds: u32| {
            let small = |it: u32| i8::try_from(it).map_err(|_| UNREADABLE);
            let (hour, minute) = (small(seconds / 3600)?, small(seconds / 60 % 60)?);
            Time::new(hour, minute, small(seconds % 60)?, 0).map_err(|_| UNREADABLE)
        };
        let day = |offset: i8| Weekday::from_monday_one_offset(offset).map_err(|_| UNREADABLE);
        Ok(Hours {
            from: time(self.from)?,
            to: time(self.to)?,
            days: self.days.into_iter().map(day).collect::<Result<_, _>>()?,
            zone: self.zone.into_owned(),
        })
    }
}

fn milliseconds(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn position<T: PartialEq>(all: &[T], one: &T) -> u8 {
    let at = all.iter().position(|it| it == one).unwrap_or_default();
    u8::try_from(at).unwrap_or_default()
}

fn bits(flags: &[bool]) -> u8 {
    let set = flags.iter().enumerate().filter(|(_, flag)| **flag);
    set.map(|(at, _)| 1 << at).sum()
}

fn read_bits(bits: u8) -> [bool; 4] {
    [0, 1, 2, 3].map(|at| bits & (1 << at) != 0)
}

/// Seals a number of a pool for its row.
pub(super) fn seal_number(vault: &Vault, index: &[u8; 16], number: &PoolNumber) -> Vec<u8> {
    let form = NumberForm {
        number: number.number.as_it_came().into(),
        pool: number.pool.as_str().into(),
        country: number.country.map(|country| country.code().into()),
        region: number.region.as_deref().map(Cow::Borrowed),
        sub_account: number.sub_account.as_ref().map(|it| it.as_str().into()),
        flags: bits(&[
            number.capture,
            number.reserved,
            number.draining,
            number.removed,
        ]),
        health: position(&HEALTHS, &number.health),
        heard: number.heard.map(|heard| {
            (
                position(&HEALTHS, &heard.health),
                heard.since.as_millisecond(),
            )
        }),
        changed_at: number.changed_at.as_millisecond(),
    };
    let text = minicbor::to_vec(&form).expect("memory takes all");
    vault.seal(number_place(index), &text)
}

/// Opens a number's row, in which its index stands in the form `index`.
pub(super) fn open_number(
    vault: &Vault,
    vn: i64,
    index: &[u8],
    sealed: &[u8],
) -> Result<PoolNumber, StoreError> {
    let index = vault.index_beside(sealed, index).map_err(|_| NUMBER)?;
    let text = vault
        .open(number_place(&index), sealed)
        .map_err(|_| NUMBER)?;
    let form: NumberForm<'_> = minicbor::decode(&text).map_err(|_| NUMBER)?;
    let health = |at: u8| HEALTHS.get(usize::from(at)).copied().ok_or(NUMBER);
    let [capture, reserved, draining, removed] = read_bits(form.flags);
    let heard = form.heard.map(|(said, since)| {
        Ok::<_, StoreError>(Heard {
            health: health(said)?,
            since: read_time(since)?,
        })
    });
    Ok(PoolNumber {
        vn: Vn(u32::try_from(vn).map_err(|_| NUMBER)?),
        number: PhoneNumber::new(form.number),
        pool: PoolName::new(form.pool),
        country: form.country.and_then(|code| Country::parse(&code)),
        region: form.region.map(Cow::into_owned),
        sub_account: form.sub_account.map(SubAccountId::new),
        capture,
        reserved,
        draining,
        health: health(form.health)?,
        heard: heard.transpose()?,
        changed_at: read_time(form.changed_at)?,
        removed,
    })
}

const HEALTHS: [Health; 4] = [
    Health::Active,
    Health::Unhealthy,
    Health::Expiring,
    Health::Inactive,
];

fn number_place(index: &[u8]) -> Place<'_> {
    Place {
        table: "pool_numbers",
        row: index,
    }
}

#[derive(Encode, Decode)]
struct NumberForm<'a> {
    #[b(0)]
    number: Text<'a>,
    #[b(1)]
    pool: Text<'a>,
    #[b(2)]
    country: Option<Text<'a>>,
    #[b(3)]
    region: Option<Text<'a>>,
    #[b(4)]
    sub_account: Option<Text<'a>>,
    /// Bits: capture, reserved, draining, removed.
    #[n(5)]
    flags: u8,
    #[n(6)]
    health: u8,
    #[n(7)]
    heard: Option<(u8, i64)>,
    #[n(8)]
    changed_at: i64,
}
