//! Writes that are committed together: what each of them does is decided one after the other against memory and against
//! those before it; memory learns of it after the commit.

use std::collections::HashMap;
use std::sync::Arc;

use super::calls::{News, What};
use super::memory::{Mark, Sessions};
use crate::call::SessionId;
use crate::store::entry::Entry;
use crate::store::known::Known;

/// What a group changes.
#[derive(Debug, Default)]
pub(super) struct Group {
    sessions: HashMap<SessionId, Change>,
    numbers: Vec<Mark>,
    /// What the writes mean for bookings.
    calls: Vec<News>,
    /// The session of each write, in their order.
    order: Vec<Option<SessionId>>,
}

/// What a group changes of one session.
#[derive(Debug, Default)]
struct Change {
    known: Option<Known>,
    marks: Vec<Mark>,
    reply: Option<(u64, Arc<str>)>,
}

/// What becomes of one write.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is to be written.
    Write,
    /// It is known, or another one has overtaken it.
    Overtaken,
    /// Its session is not in memory: take it in, and ask again.
    NotHeld,
}

impl Group {
    /// Decides on `entry`, which gets this mark if it is to be written.
    pub(super) fn add(&mut self, sessions: &mut Sessions, entry: &Entry, mark: Mark) -> Verdict {
        match entry.session() {
            Some(id) if self.is_overtaken(sessions, id, entry, mark) => Verdict::Overtaken,
            Some(id) => self.take(sessions, id, entry, mark),
            None => self.add_number(sessions, mark),
        }
    }

    /// Takes an entry that was decided on when it was written. Its session may be further on already, as the tables had
    /// it: then it comes there once more.
    pub(super) fn replay(&mut self, sessions: &mut Sessions, entry: &Entry, mark: Mark) -> Verdict {
        match entry.session() {
            Some(id) => self.take(sessions, id, entry, mark),
            None => self.take_number(mark),
        }
    }

    fn add_number(&mut self, sessions: &Sessions, mark: Mark) -> Verdict {
        let here = self.numbers.iter().any(|other| other.event == mark.event);
        if here || sessions.number(&mark.event).is_some() {
            return Verdict::Overtaken;
        }
        self.take_number(mark)
    }

    fn take_number(&mut self, mark: Mark) -> Verdict {
        self.numbers.push(mark);
        self.order.push(None);
        Verdict::Write
    }

    /// Whether it is known, or its session has gone on without it; not when the session is not held.
    fn is_overtaken(
        &self,
        sessions: &mut Sessions,
        id: &SessionId,
        entry: &Entry,
        mark: Mark,
    ) -> bool {
        let forgotten_before = sessions.forgotten_before();
        let Some(held) = sessions.held(id) else {
            return false;
        };
        let change = self.sessions.get(id);
        let known = change.map_or(&held.known, |change| &change.known).as_ref();
        let is_left = |answers| {
            let here = change.is_some_and(|it| it.marks.iter().any(|m| m.answers == Some(answers)));
            here || held.that_left(answers).is_some()
        };
        let here = change.is_some_and(|it| it.marks.iter().any(|m| m.event == mark.event));
        here || held.that_came(&mark.event, forgotten_before).is_some()
            || mark.answers.is_some_and(is_left)
            || entry.is_behind(known)
    }

    fn take(
        &mut self,
        sessions: &mut Sessions,
        id: &SessionId,
        entry: &Entry,
        mark: Mark,
    ) -> Verdict {
        let Some(held) = sessions.held(id) else {
            return Verdict::NotHeld;
        };
        held.in_writing = true;
        let change = self.sessions.entry(id.clone()).or_insert_with(|| Change {
            known: held.known.clone(),
            ..Change::default()
        });
        self.calls
            .extend(news(entry, change.known.as_ref(), mark.seq));
        change.known = entry.fold(change.known.take());
        change.marks.push(mark);
        if let Entry::Action(exchange) = entry {
            change.reply = Some((mark.seq, exchange.reply.clone()));
        }
        self.order.push(Some(id.clone()));
        Verdict::Write
    }

    /// The group is on the disk: memory learns of it.
    pub(super) fn install(self, sessions: &mut Sessions) {
        for (id, change) in self.sessions {
            if let Some(held) = sessions.held(&id) {
                held.learn(change.known, change.marks, change.reply);
            }
        }
        for mark in self.numbers {
            sessions.add_number(mark);
        }
        for news in self.calls {
            sessions.add_call(news);
        }
        for session in self.order {
            sessions.add_pending(session);
        }
    }

    /// The group could not be written: memory stays as it is.
    pub(super) fn abandon(self, sessions: &mut Sessions) {
        for id in self.sessions.keys() {
            if let Some(held) = sessions.held(id) {
                held.in_writing = false;
            }
        }
    }
}

/// What a write means for a booking; `known` is its session before.
fn news(entry: &Entry, known: Option<&Known>, seq: u64) -> Option<News> {
    if let Some(call) = entry.masked_call() {
        let (side, at) = (call.side, call.at);
        let what = What::Called { side, at };
        return Some(News {
            seq,
            booking: call.booking,
            what,
        });
    }
    let (booking, seconds) = entry.masked_talk(known)?;
    let what = What::Talked { seconds };
    Some(News { seq, booking, what })
}
