//! Writes that are committed together: what each of them does is decided one after the other against memory and against
//! those before it; memory learns of it after the commit.

use std::collections::HashMap;
use std::sync::Arc;

use super::memory::{Held, Mark, Sessions};
use crate::call::SessionId;
use crate::store::entry::Entry;
use crate::store::known::Known;

/// What a group changes.
#[derive(Debug, Default)]
pub(super) struct Group {
    sessions: HashMap<SessionId, Change>,
    numbers: Vec<Mark>,
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
    /// Decides on `entry`, which becomes record `seq` if it is to be written.
    pub(super) fn add(&mut self, sessions: &mut Sessions, entry: &Entry, seq: u64) -> Verdict {
        let mark = Mark {
            event: entry.mark(),
            seq,
            answers: entry.answers(),
            received_at: entry.received_at().as_millisecond(),
        };
        match entry.session() {
            Some(id) => self.add_to_session(sessions, id, entry, mark),
            None => self.add_number(sessions, mark),
        }
    }

    fn add_number(&mut self, sessions: &Sessions, mark: Mark) -> Verdict {
        let here = self.numbers.iter().any(|other| other.event == mark.event);
        if here || sessions.number(&mark.event).is_some() {
            return Verdict::Overtaken;
        }
        self.numbers.push(mark);
        Verdict::Write
    }

    fn add_to_session(
        &mut self,
        sessions: &mut Sessions,
        id: &SessionId,
        entry: &Entry,
        mark: Mark,
    ) -> Verdict {
        let forgotten_before = sessions.forgotten_before();
        let Some(held) = sessions.held(id) else {
            return Verdict::NotHeld;
        };
        let change = self.sessions.get(id);
        let known = change.map_or(&held.known, |change| &change.known).as_ref();
        let is_left = |answers| {
            let here = change.is_some_and(|it| it.marks.iter().any(|m| m.answers == Some(answers)));
            here || held.that_left(answers).is_some()
        };
        let here = change.is_some_and(|it| it.marks.iter().any(|m| m.event == mark.event));
        if here
            || held.that_came(&mark.event, forgotten_before).is_some()
            || mark.answers.is_some_and(is_left)
            || entry.is_behind(known)
        {
            return Verdict::Overtaken;
        }
        let after = entry.fold(known.cloned());
        held.in_writing = true;
        let change = self.sessions.entry(id.clone()).or_default();
        change.known = after;
        change.marks.push(mark);
        if matches!(entry, Entry::Action(_)) {
            change.reply = Some((mark.seq, entry.reply().into()));
        }
        Verdict::Write
    }

    /// The group is on the disk: memory learns of it.
    pub(super) fn install(self, sessions: &mut Sessions) {
        for (id, change) in self.sessions {
            if let Some(held) = sessions.held(&id) {
                held.learn(change);
            }
        }
        self.numbers
            .into_iter()
            .for_each(|mark| sessions.add_number(mark));
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

impl Held {
    fn learn(&mut self, change: Change) {
        self.in_writing = false;
        self.known = change.known;
        self.marks.extend(change.marks);
        if change.reply.is_some() {
            self.reply = change.reply;
        }
    }
}
