//! The people who are being erased in one bite, each with how far it has come.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::looking::{Gone, Note};
use super::named::Sought;
use super::subject::{At, Looked, Subject, Table};
use crate::call::PhoneNumber;
use crate::masking::PartyKey;
use crate::store::bookings::BookingStore;

/// A person who is to be erased, as that is kept.
pub(in crate::store) struct Asked {
    pub(in crate::store) id: String,
    pub(in crate::store) asked_at: i64,
    pub(in crate::store) subject: Subject,
}

/// A person who is being erased.
pub(super) struct Person {
    pub(super) asked: Asked,
    /// How it stands in the store.
    was: Subject,
    pub(super) phone: PhoneNumber,
    pub(super) party: PartyKey,
    pub(super) gone: Gone,
    pub(super) is_done: bool,
}

impl Person {
    pub(super) fn new(store: &impl BookingStore, asked: Asked) -> Self {
        let phone = asked.subject.phone();
        Self {
            was: asked.subject.clone(),
            party: store.party(&phone),
            phone,
            asked,
            gone: Gone::default(),
            is_done: false,
        }
    }

    pub(super) fn subject(&mut self) -> &mut Subject {
        &mut self.asked.subject
    }

    pub(super) fn looked(&self) -> &Looked {
        &self.asked.subject.looked
    }

    pub(super) fn is_between(&self) -> bool {
        matches!(self.looked(), Looked::Bookings(_) | Looked::Rows(..))
    }

    pub(super) fn is_new(&self) -> bool {
        *self.looked() == Looked::NotYet
    }

    /// What of a table waits for its end.
    pub(super) fn waiting(&mut self, table: Table) -> &mut BTreeSet<At> {
        match table {
            Table::Attempts => &mut self.asked.subject.attempts,
            _ => &mut self.asked.subject.sessions,
        }
    }

    /// How it stands, if it stands otherwise than before.
    pub(super) fn note(self, now: Timestamp) -> Option<Note> {
        let is_news =
            self.is_done || self.gone != Gone::default() || self.was != self.asked.subject;
        is_news.then_some(Note {
            id: self.asked.id,
            subject: (!self.is_done).then_some(self.asked.subject),
            done_at: self.is_done.then(|| now.as_millisecond()),
            gone: self.gone,
        })
    }
}

/// Who is looked for: people who all are at the same place.
pub(super) struct Search {
    pub(super) sought: Arc<Sought>,
    pub(super) parties: HashMap<PartyKey, Vec<usize>>,
}

impl Search {
    pub(super) fn of(people: &[Person]) -> Self {
        let mut parties: HashMap<_, Vec<_>> = HashMap::new();
        for (place, person) in people.iter().enumerate() {
            parties.entry(person.party).or_default().push(place);
        }
        Self {
            sought: Arc::new(Sought::new(people.iter().map(|it| &it.phone))),
            parties,
        }
    }
}
