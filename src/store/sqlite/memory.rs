//! Sessions in memory: all that is not projected yet, and of the rest those that were spoken of last. What is here of a
//! session is complete and is on the disk; a session that is not here is looked up in the tables, and taken in.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::calls::{News, Pending, Unprojected};
use crate::call::SessionId;
use crate::session::{Recall, Standing};
use crate::store::entry::{Entry, EventMark, mark_of_action};
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
    /// What the tables do not have yet: the session of each record, none for a virtual number update, from the one after
    /// `projected` on.
    pending: VecDeque<Option<SessionId>>,
    /// Marks of virtual number updates that are not projected yet.
    numbers: HashMap<EventMark, Mark>,
    /// What records that are not projected yet mean for bookings.
    calls: Pending,
    /// Who is let go next, with the record that was its newest then.
    live: VecDeque<(SessionId, u64)>,
    ended: VecDeque<(SessionId, u64)>,
    /// The newest record of any session that was let go.
    let_go: u64,
    /// How often sessions were erased.
    erasures: u64,
    projected: u64,
    forgotten_before: i64,
}

/// How the tables stood when they were looked into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    projected: u64,
    erasures: u64,
}

/// What is held of one session.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// What is known; `None` for a session that the tables do not have either.
    pub(super) known: Option<Known>,
    /// Its row in the tables, once it is there.
    pub(super) row: Option<i64>,
    /// What it is found by has changed since it was written there.
    is_found_anew: bool,
    /// Its webhooks.
    pub(super) marks: Vec<Mark>,
    /// Its newest reply, with the record that it is in, while it is live.
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
    /// Its record holds secret variables.
    pub(super) is_secret: bool,
    /// What its record has told on.
    pub(super) tells: Tells,
}

/// What a record has told on when it is projected, as far as its kind says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    Nothing,
    /// Perhaps that its session has begun: it does not know what carries it.
    Hearsay,
    /// That its session has begun, on a flow.
    Begin,
    /// What became of a masked call, once that is known.
    Call,
    /// That its session has ended.
    End,
    /// Perhaps that a recording is ready.
    Recording,
}

impl Tells {
    fn of(entry: &Entry) -> Self {
        match entry {
            Entry::Summary(_) => Self::End,
            Entry::Recording(_) => Self::Recording,
            Entry::Action(exchange) if exchange.is_masked_alone() => Self::Call,
            Entry::Action(exchange) if exchange.begins_a_flow() => Self::Begin,
            Entry::Status(_) => Self::Hearsay,
            Entry::Action(_) | Entry::Numbers(_) => Self::Nothing,
        }
    }
}

impl Mark {
    /// The mark of `entry`, which is record `seq` and whose [`Entry::mark`] is `event`.
    pub(super) fn of(entry: &Entry, event: EventMark, seq: u64) -> Self {
        Self {
            event,
            seq,
            answers: entry.answers(),
            received_at: entry.received_at().as_millisecond(),
            is_secret: entry.has_secrets(),
            tells: Tells::of(entry),
        }
    }
}

/// What the tables are to take next: records in their order, and the sessions that they are about.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// The place of each record's session in `sessions`, and its mark; none for a virtual number update.
    pub(super) records: Vec<Option<(usize, Mark)>>,
    pub(super) sessions: Vec<DueSession>,
    /// What they mean for bookings.
    pub(super) calls: Vec<News>,
}

/// A session as it stands now, which may be further on than the records that are due: what is not due yet is taken in
/// again after a crash, and changes nothing then.
#[derive(Debug)]
pub(super) struct DueSession {
    pub(super) known: Known,
    pub(super) row: i64,
    /// The tables do not have it yet.
    pub(super) is_new: bool,
    /// What the first record of it that is due tells.
    pub(super) first: Tells,
    /// What it is found by has changed since the tables were told.
    pub(super) is_found_anew: bool,
}

/// How many sessions are looked at under one lock: the live call waits for it.
const AT_ONCE: usize = 64;

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

    /// How the tables stand: read it before they are looked into.
    pub(super) fn moment(&self) -> Moment {
        let sessions = self.lock();
        Moment {
            projected: sessions.projected,
            erasures: sessions.erasures,
        }
    }

    /// Sessions have been erased from the tables. One of which something has come meanwhile begins there anew.
    pub(super) fn erase(&self, ids: &[SessionId]) {
        let mut sessions = self.lock();
        sessions.erasures += 1;
        let projected = sessions.projected;
        for id in ids {
            let is_clean = match sessions.held.get_mut(id) {
                Some(held) => {
                    held.row = None;
                    held.is_clean(projected)
                }
                None => false,
            };
            if is_clean {
                sessions.held.remove(id);
            }
        }
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
            standing: held.known.as_ref().map(Known::standing).unwrap_or_default(),
        })
    }

    /// What the tables are to take next: at most `count` records.
    pub(super) fn due(&self, count: usize) -> Due {
        let (mut due, mut places) = (Due::default(), HashMap::new());
        while due.records.len() < count {
            let mut sessions = self.lock();
            let begun = due.records.len();
            for offset in begun..count.min(begun + AT_ONCE) {
                let Some(record) = sessions.pending.get(offset).cloned() else {
                    due.calls = sessions.calls_due(due.records.len());
                    return due;
                };
                let seq = sessions.projected + 1 + offset as u64;
                let record = record.map(|id| sessions.record_due(id, seq, &mut due, &mut places));
                due.records.push(record);
            }
            due.calls = sessions.calls_due(due.records.len());
        }
        due
    }

    /// What the tables do not have yet of a booking's calls.
    pub(super) fn calls_of(&self, booking: u64) -> Unprojected {
        let sessions = self.lock();
        sessions.calls.of(booking, sessions.projected)
    }

    /// The tables have taken `due`, up to record `through`.
    pub(super) fn project(&self, through: u64, due: Due) {
        let mut sessions = self.lock();
        sessions.project(through);
        drop(sessions);
        for taken in due.sessions.chunks(AT_ONCE) {
            let mut sessions = self.lock();
            for session in taken {
                sessions.take_row(&session.known.id, session.row);
            }
            sessions.make_room();
        }
    }

    /// The tables could not take `due`: it is due still.
    pub(super) fn put_back(&self, due: &Due) {
        let mut sessions = self.lock();
        for session in due.sessions.iter().filter(|it| it.is_found_anew) {
            if let Some(held) = sessions.held(&session.known.id) {
                held.is_found_anew = true;
            }
        }
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
    /// go since may be further on, and one may have been erased. Look again.
    pub(super) fn admit(&mut self, id: &SessionId, found: Held, then: Moment) -> bool {
        if self.let_go > then.projected || self.erasures != then.erasures {
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

    /// A record was written: of this session, or a virtual number update.
    pub(super) fn add_pending(&mut self, session: Option<SessionId>) {
        self.pending.push_back(session);
    }

    /// A record was written that means something for a booking.
    pub(super) fn add_call(&mut self, news: News) {
        self.calls.add(news);
    }

    /// What the next `count` records mean for bookings.
    fn calls_due(&self, count: usize) -> Vec<News> {
        self.calls.up_to(self.projected + count as u64)
    }

    /// Record `seq` and its session are due.
    fn record_due(
        &mut self,
        id: SessionId,
        seq: u64,
        due: &mut Due,
        places: &mut HashMap<SessionId, usize>,
    ) -> (usize, Mark) {
        const HELD: &str = "a session is held, with its marks, until its records are projected";
        let held = self.held.get_mut(&id).expect(HELD);
        let mark = held.marks.iter().rev().find(|mark| mark.seq == seq);
        let mark = *mark.expect(HELD);
        let place = *places.entry(id).or_insert_with(|| {
            due.sessions.push(DueSession {
                known: held.known.clone().expect(HELD),
                row: held.row.unwrap_or(seq as i64),
                is_new: held.row.is_none(),
                first: mark.tells,
                is_found_anew: std::mem::take(&mut held.is_found_anew),
            });
            due.sessions.len() - 1
        });
        (place, mark)
    }

    /// The tables reach up to `through` now.
    fn project(&mut self, through: u64) {
        let taken = through.saturating_sub(self.projected) as usize;
        self.pending.drain(..taken.min(self.pending.len()));
        self.projected = through;
        self.numbers.retain(|_, mark| mark.seq > through);
        self.calls.project(through);
    }

    /// The tables have the session in this row.
    fn take_row(&mut self, id: &SessionId, row: i64) {
        if let Some(held) = self.held(id) {
            held.row = Some(row);
        }
        self.queue(id);
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
    /// News of it is on the disk.
    pub(super) fn learn(
        &mut self,
        known: Option<Known>,
        marks: Vec<Mark>,
        reply: Option<(u64, Arc<str>)>,
    ) {
        self.in_writing = false;
        let is_found_alike = match (&self.known, &known) {
            (Some(before), Some(after)) => after.is_found_as(before),
            _ => false,
        };
        self.is_found_anew |= !is_found_alike;
        self.known = known;
        self.marks.extend(marks);
        self.reply = reply.or(self.reply.take()).filter(|_| !self.has_ended());
    }

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
