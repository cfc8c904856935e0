//! Sessions in memory: all that is not projected yet, and of the rest those that were spoken of last. What is here of a
//! session is complete and is on the disk; a session that is not here is looked up in the tables, and taken in.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::call::SessionId;
use crate::session::{Recall, Standing};
use crate::store::entry::{EventMark, mark_of_action};
use crate::store::known::Known;

/// How many sessions that have not ended are held when all of them are projected.
const LIVE: usize = 100_000;

/// How many sessions that have ended, or of which nothing is known, are held when they are projected.
const ENDED: usize = 10_000;

/// The sessions, for the writer, the projector and those who ask.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Sessions>);

/// What is behind the lock. It is held for microseconds, never over input or output.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    held: HashMap<SessionId, Held>,
    /// Marks of virtual number updates that are not projected yet.
    numbers: HashMap<EventMark, Mark>,
    /// Who is let go next, with the record that was its newest then.
    live: VecDeque<(SessionId, u64)>,
    ended: VecDeque<(SessionId, u64)>,
    /// The newest record of any session that was let go.
    let_go: u64,
    projected: u64,
    forgotten_before: i64,
}

/// What is held of one session.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// What is known; `None` for a session that the tables do not have either.
    pub(super) known: Option<Known>,
    /// Its webhooks.
    pub(super) marks: Vec<Mark>,
    /// Its newest reply, with the record that it is in.
    pub(super) reply: Option<(u64, Arc<str>)>,
    /// A group with news of it is being written.
    pub(super) in_writing: bool,
    /// It stands in the queue of those that are let go.
    queued: bool,
}

/// One webhook of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) event: EventMark,
    /// Its record.
    pub(super) seq: u64,
    /// The number of the reply that it answers, when it moved the session on.
    pub(super) answers: Option<u32>,
    /// When it came (ms).
    pub(super) received_at: i64,
}

/// What memory knows that bears on a voice call action.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) same_event: Option<Reply>,
    pub(super) same_step: Option<Reply>,
    pub(super) standing: Standing,
}

/// Where a reply is.
#[derive(Debug)]
pub(super) enum Reply {
    /// In memory.
    Here(Arc<str>),
    /// In this record.
    In(u64),
}

impl Memory {
    /// An empty memory beside tables that hold the records up to `projected`.
    pub(super) fn new(projected: u64, forgotten_before: Timestamp) -> Self {
        Self(Mutex::new(Sessions {
            projected,
            forgotten_before: forgotten_before.as_millisecond(),
            ..Sessions::default()
        }))
    }

    /// The sessions, locked.
    pub(super) fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to which record the tables are known to reach: read it before they are looked into.
    pub(super) fn projected(&self) -> u64 {
        self.lock().projected
    }

    /// Whether the session is held.
    pub(super) fn holds(&self, id: &SessionId) -> bool {
        self.lock().held.contains_key(id)
    }

    /// What bears on a voice call action; `None` when its session is not held.
    pub(super) fn recall(&self, asked: &Recall) -> Option<Found> {
        let event = mark_of_action(&asked.event);
        let sessions = self.lock();
        let held = sessions.held.get(&asked.session)?;
        let same_step = asked.answers.and_then(|number| held.that_left(number));
        Some(Found {
            same_event: held
                .that_came(&event, sessions.forgotten_before)
                .map(|mark| held.reply_in(mark.seq)),
            same_step: same_step.map(|mark| held.reply_in(mark.seq)),
            standing: held.known.clone().map(Known::standing).unwrap_or_default(),
        })
    }

    /// Forgets the events that came before.
    pub(super) fn forget(&self, before: Timestamp) {
        let mut sessions = self.lock();
        sessions.forgotten_before = sessions.forgotten_before.max(before.as_millisecond());
    }
}

impl Sessions {
    /// Before which time (ms) events are forgotten.
    pub(super) fn forgotten_before(&self) -> i64 {
        self.forgotten_before
    }

    /// A session that is held.
    pub(super) fn held(&mut self, id: &SessionId) -> Option<&mut Held> {
        self.held.get_mut(id)
    }

    /// Takes a session in as the tables have it. `false` when they were looked into too long ago: a session that was let
    /// go since may be further on. Look again.
    pub(super) fn admit(&mut self, id: &SessionId, found: Held, projected_then: u64) -> bool {
        if self.let_go > projected_then {
            return false;
        }
        // Before it comes in, so that it is still there when its caller looks.
        self.make_room();
        self.held.entry(id.clone()).or_insert(found);
        self.queue(id);
        true
    }

    /// The mark of a virtual number update that is not projected yet.
    pub(super) fn number(&self, event: &EventMark) -> Option<&Mark> {
        self.numbers.get(event)
    }

    /// A virtual number update was written.
    pub(super) fn add_number(&mut self, mark: Mark) {
        self.numbers.insert(mark.event, mark);
    }

    /// The tables reach up to `through` now; `touched` are the sessions that this batch was about.
    pub(super) fn project(&mut self, through: u64, touched: impl Iterator<Item = SessionId>) {
        self.projected = through;
        self.numbers.retain(|_, mark| mark.seq > through);
        touched.for_each(|id| self.queue(&id));
        self.make_room();
    }

    /// Puts a session in line to be let go, if nothing of it is still to be projected.
    fn queue(&mut self, id: &SessionId) {
        let Some(held) = self.held.get_mut(id) else {
            return;
        };
        if !held.is_clean(self.projected) {
            return;
        }
        if held.has_ended() {
            self.ended.push_back((id.clone(), held.newest()));
        } else if !held.queued {
            held.queued = true;
            self.live.push_back((id.clone(), held.newest()));
        }
    }

    fn make_room(&mut self) {
        while self.ended.len() > ENDED {
            let Some((id, seq)) = self.ended.pop_front() else {
                break;
            };
            self.let_go(&id, seq);
        }
        let mut tries = self.live.len();
        while self.held.len() > LIVE + ENDED && tries > 0 {
            tries -= 1;
            let Some((id, seq)) = self.live.pop_front() else {
                break;
            };
            if let Some(newest) = self.let_go(&id, seq) {
                self.live.push_back((id, newest));
            }
        }
    }

    /// Lets a session go of which nothing came since record `seq`. Its newest record when it has to stay.
    fn let_go(&mut self, id: &SessionId, seq: u64) -> Option<u64> {
        let held = self.held.get(id)?;
        let newest = held.newest();
        if newest != seq || !held.is_clean(self.projected) {
            return Some(newest);
        }
        self.held.remove(id);
        self.let_go = self.let_go.max(newest);
        None
    }
}

impl Held {
    /// The webhook with this mark, unless it is forgotten.
    pub(super) fn that_came(&self, event: &EventMark, forgotten_before: i64) -> Option<&Mark> {
        let known = |mark: &&Mark| mark.event == *event && mark.received_at >= forgotten_before;
        self.marks.iter().rev().find(known)
    }

    /// The webhook that answered this reply and moved the session on.
    pub(super) fn that_left(&self, answers: u32) -> Option<&Mark> {
        self.marks
            .iter()
            .rev()
            .find(|mark| mark.answers == Some(answers))
    }

    fn reply_in(&self, seq: u64) -> Reply {
        match &self.reply {
            Some((newest, reply)) if *newest == seq => Reply::Here(reply.clone()),
            _ => Reply::In(seq),
        }
    }

    fn newest(&self) -> u64 {
        self.marks.last().map_or(0, |mark| mark.seq)
    }

    fn is_clean(&self, projected: u64) -> bool {
        !self.in_writing && self.newest() <= projected
    }

    fn has_ended(&self) -> bool {
        self.known
            .as_ref()
            .is_none_or(|known| known.ending.is_some())
    }
}
