//! Whom an erasure is about, how far what is kept was looked through for them, and what of them waits: kept, sealed, until it is
//! done.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};

use crate::call::PhoneNumber;
use crate::store::StoreError;
use crate::store::vault::{Place, Vault};

const UNREADABLE: StoreError = StoreError::Unreadable { what: "erasure" };

/// See the module's text. Never shown.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub(in crate::store) struct Subject {
    #[n(0)]
    number: String,
    /// How far it was looked.
    #[n(1)]
    pub(super) looked: Looked,
    /// The bookings, by the store's numbers, that they are in or that are called by their number.
    #[n(2)]
    pub(super) bookings: BTreeSet<u64>,
    /// Live sessions of others that name the person.
    #[n(3)]
    pub(super) sessions: BTreeSet<At>,
    /// Calls to others that name them, or to them, of which nobody knows yet what becomes.
    #[n(4)]
    pub(super) attempts: BTreeSet<At>,
    /// Something waited: what it wrote meanwhile has to be looked for.
    #[n(5)]
    pub(super) has_waited: bool,
}

/// How far what is kept was looked through.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) enum Looked {
    /// Not at all.
    #[n(0)]
    NotYet,
    /// Bookings, the newest first, down to this one.
    #[n(1)]
    Bookings(#[n(0)] Option<u64>),
    /// All tables before this one, and this one up to a row.
    #[n(2)]
    Rows(#[n(0)] Table, #[n(1)] Option<At>),
    /// All.
    #[n(3)]
    Through,
}

/// The tables that are looked through after the bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(in crate::store) enum Table {
    #[n(0)]
    Webhooks,
    #[n(1)]
    Sessions,
    #[n(2)]
    Attempts,
    #[n(3)]
    Events,
    #[n(4)]
    Handoffs,
    #[n(5)]
    CallbackResults,
}

impl Table {
    /// All, in the order in which they are looked through.
    pub(super) const ALL: [Self; 6] = [
        Self::Webhooks,
        Self::Sessions,
        Self::Attempts,
        Self::Events,
        Self::Handoffs,
        Self::CallbackResults,
    ];

    /// As the database calls it.
    pub(in crate::store) fn name(self) -> &'static str {
        match self {
            Self::Webhooks => "webhooks",
            Self::Sessions => "sessions",
            Self::Attempts => "attempts",
            Self::Events => "events",
            Self::Handoffs => "handoffs",
            Self::CallbackResults => "callback_results",
        }
    }

    /// From where the next one is looked through.
    pub(super) fn next(self) -> Looked {
        let mut tables = Self::ALL.into_iter().skip_while(|it| *it != self);
        match tables.nth(1) {
            Some(next) => Looked::Rows(next, None),
            None => Looked::Through,
        }
    }
}

/// What tells a row of a table from its others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(in crate::store) enum At {
    #[n(0)]
    Number(#[n(0)] i64),
    #[n(1)]
    Text(#[n(0)] String),
    #[n(2)]
    Bytes(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
}

impl Subject {
    /// A person of whom nothing was looked for yet.
    pub(in crate::store) fn new(phone: &PhoneNumber) -> Self {
        Self {
            number: phone.as_it_came().to_owned(),
            looked: Looked::NotYet,
            bookings: BTreeSet::new(),
            sessions: BTreeSet::new(),
            attempts: BTreeSet::new(),
            has_waited: false,
        }
    }

    /// Their number.
    pub(super) fn phone(&self) -> PhoneNumber {
        PhoneNumber::new(self.number.as_str())
    }

    /// Whether anything waits for its end.
    pub(super) fn waits(&self) -> bool {
        !(self.bookings.is_empty() && self.sessions.is_empty() && self.attempts.is_empty())
    }

    /// Seals it for the erasure's row.
    pub(in crate::store) fn seal(&self, vault: &Vault, id: &str) -> Vec<u8> {
        let text = minicbor::to_vec(self).expect("memory takes all");
        vault.seal(place(id), &text)
    }

    /// Opens what [`seal`](Self::seal) made, or what was kept by a version that knew nothing of CBOR here: the number, and behind it what
    /// is found again.
    pub(in crate::store) fn open(
        vault: &Vault,
        id: &str,
        sealed: &[u8],
    ) -> Result<Self, StoreError> {
        let text = vault.open(place(id), sealed).map_err(|_| UNREADABLE)?;
        if text.first().is_some_and(u8::is_ascii) {
            let text = String::from_utf8(text).map_err(|_| UNREADABLE)?;
            let number = text.lines().next().unwrap_or_default();
            return Ok(Self::new(&PhoneNumber::new(number)));
        }
        minicbor::decode(&text).map_err(|_| UNREADABLE)
    }
}

fn place(id: &str) -> Place<'_> {
    Place {
        table: "erasures",
        row: id.as_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::vault::Keys;

    #[test]
    fn a_person_comes_back_with_all_that_waits() {
        let vault = Vault::new(&Keys::generate());
        let mut subject = Subject::new(&PhoneNumber::new("+6591234567"));
        let comes_back = |subject: &Subject| {
            let read = Subject::open(&vault, "e-1", &subject.seal(&vault, "e-1"));
            read.expect("it was written so") == *subject
        };
        assert!(comes_back(&subject));
        subject.looked = Looked::Rows(Table::Events, Some(At::Bytes(vec![1, 2])));
        subject.bookings = BTreeSet::from([7]);
        subject.sessions = BTreeSet::from([At::Text("s".to_owned())]);
        subject.attempts = BTreeSet::from([At::Number(4)]);
        subject.has_waited = true;
        assert!(comes_back(&subject));
        let earlier = vault.seal(place("e-2"), b"+6591234567\n7 8");
        let read = Subject::open(&vault, "e-2", &earlier).expect("as it was written before");
        assert_eq!(read.phone().as_it_came(), "+6591234567");
        assert_eq!(read.looked, Looked::NotYet);
    }

    #[test]
    fn each_table_is_looked_through_once() {
        let mut looked = Looked::Rows(Table::Webhooks, None);
        let mut seen = Vec::new();
        while let Looked::Rows(table, None) = looked {
            seen.push(table);
            looked = table.next();
        }
        assert_eq!(
            (seen.as_slice(), looked),
            (&Table::ALL[..], Looked::Through)
        );
    }
}
