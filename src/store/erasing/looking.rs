//! How people are erased, the same on every engine. What is theirs by an index goes first; then all that is kept is looked through, a
//! page at a time, for everybody at once who is to be erased, and what names them goes; then it is seen what of them waits for
//! its end. Where that stands is kept after each bite, so that a restart goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::bookings::{erase_bookings, look_at_bookings};
use super::named::Sought;
use super::people::{Asked, Person, Search};
use super::subject::{At, Looked, Subject, Table};
use crate::call::PhoneNumber;
use crate::masking::PartyKey;
use crate::masking::booking::{Booking, CloseReason};
use crate::store::bookings::BookingStore;
use crate::store::rekeying::rest_after;
use crate::store::vault::{Place, Vault};
use crate::store::{Lease, StoreError, record};

/// How many rows are looked into at once.
pub(in crate::store) const PAGE: usize = 500;

/// How many pages are looked into until it is kept how far that went.
const PAGES: usize = 8;

/// What an engine does for this.
#[async_trait]
pub(in crate::store) trait Erases: BookingStore + Sized {
    /// The keys of this moment.
    fn keys(&self) -> Vault;

    /// Who is to be erased, in the order in which that was asked.
    async fn people(&self) -> Result<Vec<Asked>, StoreError>;

    /// The rows of a table behind `after`, [`PAGE`] at most, in an order that holds.
    async fn page(&self, table: Table, after: Option<&At>) -> Result<Vec<Row>, StoreError>;

    /// Erases the sessions that a person called or was called in and that are over, once all that was kept before can be found.
    /// What is left are the live ones.
    async fn erase_sessions_of(&self, phone: &PhoneNumber, over: Over) -> Result<Went, StoreError>;

    /// Erases what [`Row::of`] tells of rows of this table: sessions and calls that are over, all else at once. What is left is not.
    async fn erase_rows(&self, table: Table, rows: Vec<At>, over: Over)
    -> Result<Went, StoreError>;

    /// Erases a booking and the calls that it had; `None` while one of them is live.
    async fn erase_whole(&self, booking: &Booking, over: Over) -> Result<Option<Gone>, StoreError>;

    /// Erases what a person holds by themselves: numbers, and a place on the block-list.
    async fn erase_party(&self, party: PartyKey) -> Result<(), StoreError>;

    /// Keeps a booking of which only words have changed. `false` when it was changed meanwhile.
    async fn keep_words(&self, booking: &Booking) -> Result<bool, StoreError>;

    /// Has nothing be left of what went, wherever the engine keeps more than its rows.
    async fn leave_nothing_behind(&self) -> Result<(), StoreError>;

    /// Keeps how it stands, under `lease`.
    async fn note(&self, lease: &Lease, notes: Vec<Note>) -> Result<(), StoreError>;
}

/// A sealed row.
#[derive(Debug)]
pub(in crate::store) struct Row {
    /// What tells it from the others.
    pub(in crate::store) at: At,
    /// What its text is sealed for.
    pub(in crate::store) bound_to: Vec<u8>,
    /// What goes with it: a webhook's session, else itself.
    pub(in crate::store) of: At,
    pub(in crate::store) sealed: Vec<u8>,
}

/// How long a call may be silent. Of one that was for longer, the end was lost.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(24);

/// What is over beside that of which the end was heard: the rest waits for its end.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Over {
    /// Sessions of which nothing was heard since then (ms).
    pub(in crate::store) quiet_since: i64,
    /// Calls that we started before then (ms), whatever became of them.
    pub(in crate::store) begun_before: i64,
    /// Bookings of others that are over by then.
    pub(super) bookings: Timestamp,
}

impl Over {
    /// What is over where calls are answered.
    pub(in crate::store) fn at(now: Timestamp) -> Self {
        Self {
            quiet_since: (now - LONGEST_SILENCE).as_millisecond(),
            begun_before: i64::MIN,
            bookings: now,
        }
    }

    /// All: nothing goes on in a copy.
    pub(in crate::store) const IN_A_COPY: Self = Self {
        quiet_since: i64::MAX,
        begun_before: i64::MAX,
        bookings: Timestamp::MAX,
    };
}

/// How much went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gone {
    /// Bookings.
    pub bookings: u64,
    /// Sessions, with their traces.
    pub sessions: u64,
    /// Events.
    pub events: u64,
    /// Calls that we started, and handoffs.
    pub attempts: u64,
}

impl AddAssign for Gone {
    fn add_assign(&mut self, more: Self) {
        self.bookings += more.bookings;
        self.sessions += more.sessions;
        self.events += more.events;
        self.attempts += more.attempts;
    }
}

/// What went, and what did not because it is not over, each with when it began (ms).
#[derive(Debug, Default)]
pub(in crate::store) struct Went {
    pub(in crate::store) gone: Gone,
    pub(in crate::store) left: Vec<(At, i64)>,
}

/// How an erasure stands; without a subject it is done.
pub(in crate::store) struct Note {
    pub(in crate::store) id: String,
    pub(in crate::store) subject: Option<Subject>,
    pub(in crate::store) done_at: Option<i64>,
    pub(in crate::store) gone: Gone,
}

/// Goes on by a bite. Returns how much went, and after how long to go on; `None` when there is nothing to do but to wait.
pub(in crate::store) async fn go_on<S: Erases>(
    store: &S,
    lease: &Lease,
    now: Timestamp,
    over: Over,
) -> Result<(Gone, Option<Duration>), StoreError> {
    let began = Instant::now();
    let asked = store.people().await?.into_iter();
    let mut people: Vec<_> = asked.map(|it| Person::new(store, it)).collect();
    let mut is_much = false;
    let between = people.iter().find(|it| it.is_between());
    if let Some(looked) = between.map(|it| it.looked().clone()) {
        // Who was asked for meanwhile begins after these.
        people.sort_by_key(|it| *it.looked() != looked);
        let there = people.partition_point(|it| *it.looked() == looked);
        is_much = look(store, &mut people[..there], now, over).await?;
    } else {
        for person in people.iter_mut().filter(|it| it.is_new()) {
            begin(store, person, over).await?;
        }
    }
    if !people.iter().any(Person::is_between) {
        see_what_waits(store, &mut people, now, over).await?;
    }
    let is_more = people.iter().any(|it| it.is_between() || it.is_new());
    let mut gone = Gone::default();
    people.iter().for_each(|it| gone += it.gone);
    let notes: Vec<_> = people.into_iter().filter_map(|it| it.note(now)).collect();
    if !notes.is_empty() {
        store.note(lease, notes).await?;
    }
    let rests = match is_much {
        true => rest_after(began.elapsed()),
        false => Duration::ZERO,
    };
    Ok((gone, is_more.then_some(rests)))
}

/// Erases what is found of a person at once.
async fn begin<S: Erases>(store: &S, person: &mut Person, over: Over) -> Result<(), StoreError> {
    person.gone += store.erase_sessions_of(&person.phone, over).await?.gone;
    person.subject().looked = Looked::Bookings(None);
    Ok(())
}

/// Looks through the next pages of a table. Whether they were so many that others should have a turn.
async fn look<S: Erases>(
    store: &S,
    people: &mut [Person],
    now: Timestamp,
    over: Over,
) -> Result<bool, StoreError> {
    let search = Search::of(people);
    for _ in 0..PAGES {
        let Some(looked) = people.first().map(|it| it.looked().clone()) else {
            break;
        };
        let next = match &looked {
            Looked::Bookings(before) => {
                look_at_bookings(store, people, &search, *before, now).await?
            }
            Looked::Rows(table, after) => {
                look_at_rows(store, people, &search, (*table, after.as_ref()), over).await?
            }
            Looked::NotYet | Looked::Through => break,
        };
        let is_another_table = std::mem::discriminant(&looked) != std::mem::discriminant(&next)
            || matches!(next, Looked::Rows(_, None));
        for person in people.iter_mut() {
            person.subject().looked = next.clone();
        }
        if is_another_table {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn look_at_rows<S: Erases>(
    store: &S,
    people: &mut [Person],
    search: &Search,
    (table, after): (Table, Option<&At>),
    over: Over,
) -> Result<Looked, StoreError> {
    let keys = store.keys();
    let rows = store.page(table, after).await?;
    let next = match rows.last().filter(|_| rows.len() >= PAGE) {
        Some(last) => Looked::Rows(table, Some(last.at.clone())),
        None => table.next(),
    };
    let sought = search.sought.clone();
    let read = move || named_in(table, rows, &keys, &sought);
    let named = tokio::task::spawn_blocking(read).await;
    for (place, rows) in named.map_err(|_| StoreError::Closing)?? {
        let Some(person) = people.get_mut(place) else {
            continue;
        };
        let went = store
            .erase_rows(table, rows.into_iter().collect(), over)
            .await?;
        person.gone += went.gone;
        // What began afterwards is kept as anything new is.
        let asked_at = person.asked.asked_at;
        let left = went
            .left
            .into_iter()
            .filter(|(_, since)| *since <= asked_at);
        person.waiting(table).extend(left.map(|(at, _)| at));
    }
    Ok(next)
}

/// What goes with whom, of rows that are looked into.
fn named_in(
    table: Table,
    rows: Vec<Row>,
    keys: &Vault,
    sought: &Sought,
) -> Result<BTreeMap<usize, BTreeSet<At>>, StoreError> {
    let mut theirs: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in rows {
        let place = Place {
            table: table.name(),
            row: &row.bound_to,
        };
        let text = match keys.open(place, &row.sealed) {
            Ok(text) => text,
            Err(_) if keys.has_key_of(&row.sealed) => {
                let table = table.name();
                tracing::error!(
                    table,
                    "a row does not open, and is passed over in the search for people to be erased"
                );
                continue;
            }
            Err(_) => return Err(StoreError::Unreadable { what: "row" }),
        };
        for place in named_by(table, &text, sought) {
            theirs.entry(place).or_default().insert(row.of.clone());
        }
    }
    Ok(theirs)
}

fn named_by(table: Table, text: &[u8], sought: &Sought) -> BTreeSet<usize> {
    match table {
        Table::Webhooks => match record::parts(text) {
            Some([meaning, reply, body]) => {
                let mut named = sought.in_cbor(meaning);
                named.extend(sought.in_text(reply));
                named.extend(sought.in_text(body));
                named
            }
            None => sought.in_text(text),
        },
        Table::Events => {
            let mut named = sought.in_text(text);
            if !named.is_empty() && tells_of_erasing(text) {
                named.clear();
            }
            named
        }
        _ => sought.in_cbor(text),
    }
}

/// Whether an event tells that a booking was closed because it is erased: its owner is to learn of it.
fn tells_of_erasing(data: &[u8]) -> bool {
    let data: Option<serde_json::Value> = serde_json::from_slice(data).ok();
    data.is_some_and(|data| data["reason"] == CloseReason::Erased.as_str())
}

/// Sees what of those who were looked for everywhere is not over yet. Of whom nothing is left it is done; of whom something had to be
/// waited for, what that wrote meanwhile is looked for as well.
async fn see_what_waits<S: Erases>(
    store: &S,
    people: &mut [Person],
    now: Timestamp,
    over: Over,
) -> Result<(), StoreError> {
    let mut leaves_something = false;
    for person in people.iter_mut() {
        if *person.looked() != Looked::Through {
            continue;
        }
        let is_over = end(store, person, now, over).await?;
        let subject = person.subject();
        let has_waited = std::mem::replace(&mut subject.has_waited, !is_over);
        match (is_over, has_waited) {
            (true, true) => subject.looked = Looked::NotYet,
            (true, false) => person.is_done = true,
            (false, _) => {}
        }
        leaves_something |= person.is_done || !has_waited || person.gone != Gone::default();
    }
    match leaves_something {
        true => store.leave_nothing_behind().await,
        false => Ok(()),
    }
}

/// Erases what of a person has come to its end. Whether that was all.
async fn end<S: Erases>(
    store: &S,
    person: &mut Person,
    now: Timestamp,
    over: Over,
) -> Result<bool, StoreError> {
    let went = store.erase_sessions_of(&person.phone, over).await?;
    person.gone += went.gone;
    let is_live = !went.left.is_empty();
    for table in [Table::Sessions, Table::Attempts] {
        let waiting = std::mem::take(person.waiting(table));
        if !waiting.is_empty() {
            let went = store
                .erase_rows(table, waiting.into_iter().collect(), over)
                .await?;
            person.gone += went.gone;
            person
                .waiting(table)
                .extend(went.left.into_iter().map(|(at, _)| at));
        }
    }
    erase_bookings(store, person, now, over).await?;
    store.erase_party(person.party).await?;
    Ok(!is_live && !person.subject().waits())
}
