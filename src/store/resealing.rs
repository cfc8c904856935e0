//! What a rotation of keys rewrites: the tables, and of each row the sealed text and the columns that it is found by. The same on every
//! engine, and pure: a row is read, made anew, and written where it still stands as it was read.

use super::StoreError;
use super::vault::{KeyNumber, Place, Vault};

/// A table with what in it is under a key.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) table: &'static str,
    /// What tells a row from the others.
    pub(super) id: &'static [&'static str],
    /// Its sealed column, and what that is bound to. Where there is none, the column `key_number` tells the key.
    pub(super) sealed: Option<(&'static str, BoundTo)>,
    /// The columns that hold an index.
    pub(super) keyed: &'static [&'static str],
    /// They hold it as a text of hexadecimal digits.
    pub(super) is_hex: bool,
}

/// What a row's sealed text is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BoundTo {
    /// The bytes of a column, a text or a blob.
    Bytes(&'static str),
    /// A number, in big-endian.
    Number(&'static str),
    /// The index in the first of the columns that hold one.
    Index,
}

/// The tables that are alike on all engines; `webhooks` is not among them.
pub(super) const SHAPES: [Shape; 13] = [
    sealed(
        "sessions",
        &["id"],
        "state",
        BoundTo::Bytes("session_id"),
        &["source_index", "destination_index"],
    ),
    sealed(
        "virtual_numbers",
        &["number_index"],
        "number",
        BoundTo::Index,
        &["number_index"],
    ),
    sealed(
        "attempts",
        &["number"],
        "record",
        BoundTo::Bytes("attempt_id"),
        &["line", "request_key"],
    ),
    Shape {
        is_hex: true,
        ..sealed(
            "events",
            &["number"],
            "data",
            BoundTo::Bytes("sealed_for"),
            &["booking_id"],
        )
    },
    sealed(
        "handoffs",
        &["handoff_id"],
        "record",
        BoundTo::Bytes("handoff_id"),
        &[],
    ),
    sealed(
        "sip_calls",
        &["number"],
        "record",
        BoundTo::Index,
        &["line"],
    ),
    sealed(
        "callback_results",
        &["result_id"],
        "record",
        BoundTo::Bytes("result_id"),
        &[],
    ),
    sealed(
        "pool_numbers",
        &["vn"],
        "record",
        BoundTo::Index,
        &["number_index"],
    ),
    sealed(
        "bookings",
        &["number"],
        "record",
        BoundTo::Index,
        &["id_index", "pair"],
    ),
    keyed("legs", &["party", "vn"], &["party", "pair"]),
    keyed("pins", &["vn", "pin"], &["pin"]),
    keyed("blocked_parties", &["party"], &["party"]),
    sealed(
        "erasures",
        &["number"],
        "subject",
        BoundTo::Bytes("id"),
        &[],
    ),
];

/// The tables of which a row is brought under the current key before somebody writes with what it is found by.
pub(super) const VIRTUAL_NUMBERS: &Shape = &SHAPES[1];
pub(super) const ATTEMPTS: &Shape = &SHAPES[2];
pub(super) const POOL_NUMBERS: &Shape = &SHAPES[7];
pub(super) const BOOKINGS: &Shape = &SHAPES[8];
pub(super) const LEGS: &Shape = &SHAPES[9];
pub(super) const PINS: &Shape = &SHAPES[10];
pub(super) const BLOCKED: &Shape = &SHAPES[11];

pub(super) const fn sealed(
    table: &'static str,
    id: &'static [&'static str],
    column: &'static str,
    bound_to: BoundTo,
    keyed: &'static [&'static str],
) -> Shape {
    Shape {
        table,
        id,
        sealed: Some((column, bound_to)),
        keyed,
        is_hex: false,
    }
}

const fn keyed(
    table: &'static str,
    id: &'static [&'static str],
    keyed: &'static [&'static str],
) -> Shape {
    Shape {
        table,
        id,
        sealed: None,
        keyed,
        is_hex: false,
    }
}

/// What of a row is under a key, as it was read.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What the sealed text is bound to, where a column says it.
    pub(super) bound_to: Vec<u8>,
    /// The sealed text; `None` where there is none.
    pub(super) sealed: Option<Vec<u8>>,
    pub(super) keyed: Vec<Option<Vec<u8>>>,
    /// The column `key_number`, of tables without a sealed column.
    pub(super) number: Option<KeyNumber>,
}

/// The same under the current key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Anew {
    pub(super) sealed: Option<Vec<u8>>,
    pub(super) keyed: Vec<Option<Vec<u8>>>,
}

impl Shape {
    /// The row under the current key; `None` when it is that already, or has nothing that is under a key.
    pub(super) fn anew(&self, vault: &Vault, found: &Found) -> Result<Option<Anew>, StoreError> {
        const UNREADABLE: StoreError = StoreError::Unreadable { what: "row" };
        let of_text = || found.sealed.as_ref().and_then(|sealed| sealed.first());
        let Some(number) = found.number.as_ref().or_else(of_text).copied() else {
            return Ok(None);
        };
        if number == vault.number() {
            return Ok(None);
        }
        let index = |form: &Vec<u8>| vault.index_of(number, form).map_err(|_| UNREADABLE);
        let indexes: Vec<Option<[u8; 16]>> = found
            .keyed
            .iter()
            .map(|form| form.as_ref().map(index).transpose())
            .collect::<Result<_, _>>()?;
        let sealed = match (&self.sealed, &found.sealed) {
            (Some((_, bound_to)), Some(sealed)) => {
                let row = match bound_to {
                    BoundTo::Index => &indexes.first().copied().flatten().ok_or(UNREADABLE)?[..],
                    BoundTo::Bytes(_) | BoundTo::Number(_) => &found.bound_to,
                };
                let place = Place {
                    table: self.table,
                    row,
                };
                let text =
                    zeroize::Zeroizing::new(vault.open(place, sealed).map_err(|_| UNREADABLE)?);
                Some(vault.seal(place, &text))
            }
            _ => None,
        };
        let keyed = indexes
            .into_iter()
            .map(|index| index.map(|index| vault.form(index).to_vec()));
        Ok(Some(Anew {
            sealed,
            keyed: keyed.collect(),
        }))
    }

    /// The column that the sealed text is bound to, if a column says it.
    pub(super) fn bound_column(&self) -> Option<&'static str> {
        match self.sealed {
            Some((_, BoundTo::Bytes(column) | BoundTo::Number(column))) => Some(column),
            _ => None,
        }
    }
}

/// The bytes that a text of hexadecimal digits stands for; `None` when it is no such.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect::<Option<Vec<u8>>>()
        .filter(|bytes| bytes.len() == 16)
}
