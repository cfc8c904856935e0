//! The one writer, on a thread of its own. Whatever waits is one group, one transaction on the journal and, after its
//! COMMIT, one wave of answers.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::group::{Group, Verdict};
use super::journal::Journal;
use super::lock::Lock;
use super::lookups::Lookups;
use super::memory::{Mark, Memory};
use super::progress::Progress;
use super::segment::{Appender, Records};
use super::{RecordPlace, record, tables};
use crate::store::entry::{Entry, EventMark};
use crate::store::ring::LiveVault;
use crate::store::{Kept, StoreError};

/// How many writes one transaction takes at most, so that the first of a burst does not wait for all of it.
const GROUP: usize = 512;

/// How many writes call the writer at once: their first one may have to wait for long until nobody else is ready.
const CALLED_AT: usize = 32;

/// About how many bytes a record takes beside its own, for which room is made at once.
const BESIDE: usize = 64;

/// How many writes may wait. At ten thousand a second that is a fraction of a second; more would be answered too late.
const QUEUE: usize = 4096;

/// How many writes may wait while it is in doubt whether anything can be written. The others hear at once that it cannot,
/// rather than all wait until their time is over.
const IN_DOUBT: usize = 16;

/// How long the writer may be at a group until that is in doubt: as long as a voice call action waits at most.
const STUCK: Duration = Duration::from_millis(400);

/// A write and the caller that waits for it.
#[derive(Debug)]
struct Job {
    entry: Entry,
    /// What makes it known, and its bytes: made by the caller so that the writer need not.
    mark: EventMark,
    record: Vec<u8>,
    caller: oneshot::Sender<Result<Kept, StoreError>>,
}

/// Where writes are handed in.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    came: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: Vec<Job>,
    closed: bool,
    /// Somebody calls although nothing waits.
    called: bool,
    /// Since when the writer has been at a group; `None` while it waits for one.
    at_work_since: Option<Instant>,
    /// Why the last group could not be written, if it could not.
    failure: Option<StoreError>,
}

impl Waiting {
    /// How many may wait now. Of a writer that waits itself nothing bad is known that the next group would not tell.
    fn room(&self) -> usize {
        let in_doubt = |since: Instant| self.failure.is_some() || since.elapsed() >= STUCK;
        match self.at_work_since.is_some_and(in_doubt) {
            true => IN_DOUBT,
            false => QUEUE,
        }
    }
}

impl Queue {
    /// Hands a write in and waits until it is on the disk. Fails at once when too many wait.
    ///
    /// A write that is dropped while it waits is left undone; one that has begun is not.
    pub(super) async fn write(&self, entry: Entry) -> Result<Kept, StoreError> {
        let (caller, answer) = oneshot::channel();
        let job = Job {
            mark: entry.mark(),
            record: record::write(&entry),
            entry,
            caller,
        };
        if self.push(job)? {
            let _call = Call(self);
            // Whoever else is ready now hands in before the writer is called: one commit for all of them.
            tokio::task::yield_now().await;
        }
        answer.await.unwrap_or(Err(StoreError::Closing))
    }

    /// Whether it is the first that waits: then its caller calls the writer.
    fn push(&self, job: Job) -> Result<bool, StoreError> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(StoreError::Closing);
        }
        if waiting.jobs.len() >= waiting.room() {
            return Err(waiting.failure.clone().unwrap_or(StoreError::Busy));
        }
        waiting.jobs.push(job);
        if waiting.jobs.len() == CALLED_AT {
            self.0.came.notify_one();
        }
        Ok(waiting.jobs.len() == 1)
    }

    /// Calls the writer, whether or not anything waits.
    pub(super) fn call(&self) {
        self.lock().called = true;
        self.0.came.notify_one();
    }

    /// Has the writer finish what waits and end. Nothing more is taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.0.came.notify_one();
    }

    /// Why nothing can be written, as far as the last group tells.
    pub(super) fn failure(&self) -> Option<StoreError> {
        self.lock().failure.clone()
    }

    /// Whether writes are taken.
    pub(super) fn is_open(&self) -> bool {
        !self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The next group; `None` when the queue is closed and empty.
    fn take(&self) -> Option<Vec<Job>> {
        let mut waiting = self.lock();
        waiting.at_work_since = None;
        while waiting.jobs.is_empty() && !waiting.closed && !waiting.called {
            waiting = self
                .0
                .came
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        waiting.called = false;
        waiting.at_work_since = Some(Instant::now());
        if waiting.jobs.is_empty() && waiting.closed {
            return None;
        }
        if waiting.jobs.len() <= GROUP {
            return Some(std::mem::take(&mut waiting.jobs));
        }
        let rest = waiting.jobs.split_off(GROUP);
        Some(std::mem::replace(&mut waiting.jobs, rest))
    }
}

/// Calls the writer when it is dropped: also when its caller has gone meanwhile, since others may wait.
struct Call<'a>(&'a Queue);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.0.came.notify_one();
    }
}

/// Closes the queue when the writer ends, however it ends, so that nobody waits for it.
struct Open(Queue);

impl Drop for Open {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.closed = true;
        waiting.jobs.clear();
    }
}

/// What the writer works with.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) queue: Queue,
    pub(super) memory: Arc<Memory>,
    pub(super) journal: Arc<Journal>,
    pub(super) lookups: Arc<Lookups>,
    pub(super) progress: Arc<Progress>,
    pub(super) vault: LiveVault,
    /// The file that is written; `None` after a fault of it, until it is opened again.
    pub(super) appender: Option<Appender>,
    /// The number of the newest record.
    pub(super) newest: u64,
    /// Held until all is written.
    pub(super) lock: Arc<Lock>,
}

impl Writer {
    /// Serves the queue until it is closed and empty.
    pub(super) fn run(mut self) {
        let open = Open(self.queue.clone());
        while let Some(jobs) = self.queue.take() {
            if jobs.is_empty() {
                self.go_on_to_next_file();
                continue;
            }
            match self.progress.wait_for_room() {
                Ok(()) => self.settle(jobs),
                Err(error) => tell(jobs.into_iter().map(|job| (job.caller, Err(error.clone())))),
            }
        }
        drop(open);
        drop(self.lock);
    }

    /// Writes a group and tells its callers.
    fn settle(&mut self, jobs: Vec<Job>) {
        // Kept until the group is in the journal: a key is given up only when nobody writes with it.
        let vault = self.vault.now();
        let mut group = Group::default();
        let room = jobs.iter().map(|job| job.record.len() + BESIDE).sum();
        let mut records = Records::beginning_at(self.newest + 1, room);
        let mut told = Vec::with_capacity(jobs.len());
        for job in jobs {
            if job.caller.is_closed() {
                continue;
            }
            let seq = records.next();
            let verdict = self.decide(&mut group, &job, seq);
            if let Ok(Kept::Stored) = verdict {
                let place = RecordPlace::new(seq);
                records.push(|sealed| vault.seal_onto(place.place(), &job.record, sealed));
            }
            told.push((job.caller, verdict));
        }
        match self.append(&records) {
            Ok(newest) => {
                self.queue.lock().failure = None;
                group.install(&mut self.memory.lock());
                self.newest = newest;
                self.progress.commit(newest);
                tell(told);
            }
            Err(error) => {
                self.queue.lock().failure = Some(error.clone());
                group.abandon(&mut self.memory.lock());
                tell(
                    told.into_iter()
                        .map(|(caller, _)| (caller, Err(error.clone()))),
                );
            }
        }
    }

    /// What becomes of an entry in this group.
    fn decide(&self, group: &mut Group, job: &Job, seq: u64) -> Result<Kept, StoreError> {
        let entry = &job.entry;
        if entry.session().is_none() && self.is_known(&job.mark)? {
            return Ok(Kept::Overtaken);
        }
        let mark = Mark::of(entry, job.mark, seq);
        loop {
            let verdict = group.add(&mut self.memory.lock(), entry, mark);
            match (verdict, entry.session()) {
                (Verdict::Write, _) => return Ok(Kept::Stored),
                (Verdict::NotHeld, Some(session)) => take_in(&self.memory, &self.lookups, session)?,
                (Verdict::Overtaken | Verdict::NotHeld, _) => return Ok(Kept::Overtaken),
            }
        }
    }

    /// Whether a virtual number update has come before. Memory is asked first: what leaves it is in the tables by then.
    fn is_known(&self, mark: &EventMark) -> Result<bool, StoreError> {
        let (is_held, since) = {
            let sessions = self.memory.lock();
            (sessions.number(mark).is_some(), sessions.forgotten_before())
        };
        Ok(is_held || self.lookups.number_came(mark, since)?)
    }

    /// Adds records to the journal. Returns the number of the newest.
    fn append(&mut self, records: &Records) -> Result<u64, StoreError> {
        let Some(newest) = records.newest() else {
            return Ok(self.newest);
        };
        self.go_on_to_next_file();
        let decided_after = self.newest;
        let mut appender = match self.appender.take() {
            Some(appender) => appender,
            None => self.open_again()?,
        };
        if self.newest != decided_after {
            // What seemed lost when the file failed had been kept: these were decided without it.
            self.appender = Some(appender);
            return Err(StoreError::Busy);
        }
        let added = appender.append(records);
        if added.as_ref().err().is_none_or(is_busy) {
            self.appender = Some(appender);
        }
        added?;
        Ok(newest)
    }

    fn go_on_to_next_file(&mut self) {
        let is_full = self.appender.as_ref().is_some_and(Appender::is_full);
        if (is_full || self.journal.is_left())
            && let Some(next) = self.journal.next_file()
        {
            self.appender = Some(next);
            self.progress.want_file();
        }
    }

    /// Opens the file again after a fault. A commit that failed may be there all the same: then memory learns of it.
    fn open_again(&mut self) -> Result<Appender, StoreError> {
        let appender = self.journal.appender()?;
        let reader = self.journal.newest_reader()?;
        for (seq, sealed) in reader.after(self.newest, usize::MAX >> 1, usize::MAX)? {
            let entry = tables::open(&self.vault.now(), seq, &sealed)?;
            remember(&self.memory, &self.lookups, &entry, seq)?;
            self.newest = seq;
        }
        self.progress.commit(self.newest);
        Ok(appender)
    }
}

/// Takes a session that is not in memory in, from the tables.
pub(super) fn take_in(
    memory: &Memory,
    lookups: &Lookups,
    session: &crate::call::SessionId,
) -> Result<(), StoreError> {
    loop {
        let moment = memory.moment();
        let found = lookups.session(session)?;
        if memory.lock().admit(session, found, moment) {
            return Ok(());
        }
    }
}

/// Has memory learn of an entry that is in the journal.
pub(super) fn remember(
    memory: &Memory,
    lookups: &Lookups,
    entry: &Entry,
    seq: u64,
) -> Result<(), StoreError> {
    let event = entry.mark();
    loop {
        let mut group = Group::default();
        let verdict = group.replay(&mut memory.lock(), entry, Mark::of(entry, event, seq));
        match (verdict, entry.session()) {
            (Verdict::NotHeld, Some(session)) => take_in(memory, lookups, session)?,
            _ => {
                group.install(&mut memory.lock());
                return Ok(());
            }
        }
    }
}

/// Whether another program's lock was in the way, and nothing else.
fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

/// Tells each caller. One that has gone meanwhile is not there to be told.
fn tell<R>(told: R)
where
    R: IntoIterator<
        Item = (
            oneshot::Sender<Result<Kept, StoreError>>,
            Result<Kept, StoreError>,
        ),
    >,
{
    for (caller, result) in told {
        _ = caller.send(result);
    }
}

#[cfg(test)]
mod tests;
