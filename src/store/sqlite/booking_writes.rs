//! Writes of bookings, one writer on a thread of its own. Whatever waits is one transaction, on the disk before anybody is told; what
//! each write meets is looked at in that transaction, so that nothing is tried twice.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::events::tell;
use super::resealing;
use crate::events::{Event, Subject, Told};
use crate::masking::{BookingWrite, Leg};
use crate::store::StoreError;
use crate::store::booking_forms::{id_index, seal, side_number, side_word};
use crate::store::bookings::BookingKept;
use crate::store::resealing::{BOOKINGS, LEGS, PINS};
use crate::store::ring::LiveVault;
use crate::store::vault::Vault;

/// How many writes one transaction takes at most.
const GROUP: usize = 256;

/// How many may wait; more would be answered too late.
const QUEUE: usize = 4096;

/// What is done on the writer's connection.
type Work = Box<dyn FnOnce(&Connection) -> Result<(), StoreError> + Send>;

/// Where writes are handed in.
#[derive(Debug, Clone, Default)]
pub(super) struct BookingQueue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    came: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: Vec<Job>,
    closed: bool,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} jobs", self.jobs.len())
    }
}

/// A write, and who waits for it.
enum Job {
    Booking(
        Box<Sealed>,
        oneshot::Sender<Result<BookingKept, StoreError>>,
    ),
    Other(Work, oneshot::Sender<Result<(), StoreError>>),
}

/// A write with what its caller made ready.
struct Sealed {
    write: BookingWrite,
    index: [u8; 16],
    record: Vec<u8>,
    tells: Vec<Event>,
    /// What the record is sealed with.
    vault: Vault,
    live: LiveVault,
}

impl BookingQueue {
    /// Keeps a booking; see [`BookingStore::keep_booking`](crate::store::bookings::BookingStore::keep_booking).
    pub(super) async fn keep(
        &self,
        live: &LiveVault,
        write: BookingWrite,
        tells: Vec<Event>,
    ) -> Result<BookingKept, StoreError> {
        let vault = live.now();
        let index = id_index(&vault, &write.booking.id);
        let record = seal(&vault, &index, &write.booking);
        let sealed = Box::new(Sealed {
            write,
            index,
            record,
            tells,
            vault,
            live: live.clone(),
        });
        let (caller, answer) = oneshot::channel();
        self.push(Job::Booking(sealed, caller)).await?;
        answer.await.unwrap_or(Err(StoreError::Closing))
    }

    /// Does something else on the writer's connection, in a transaction with whatever waits.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let done = Arc::new(Mutex::new(None));
        let made = done.clone();
        let work: Work = Box::new(move |db| {
            let result = work(db)?;
            *made.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            Ok(())
        });
        let (caller, answer) = oneshot::channel();
        self.push(Job::Other(work, caller)).await?;
        answer.await.unwrap_or(Err(StoreError::Closing))?;
        let result = done.lock().unwrap_or_else(PoisonError::into_inner).take();
        result.ok_or(StoreError::Closing)
    }

    async fn push(&self, job: Job) -> Result<(), StoreError> {
        let is_first = {
            let mut waiting = self.lock();
            if waiting.closed {
                return Err(StoreError::Closing);
            }
            if waiting.jobs.len() >= QUEUE {
                return Err(StoreError::Busy);
            }
            waiting.jobs.push(job);
            waiting.jobs.len() == 1
        };
        if is_first {
            let _call = Call(self);
            // Whoever else is ready now hands in before the writer is called: one commit for all of them.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Has the writer finish what waits and end.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.0.came.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        let waiting = self.0.waiting.lock();
        waiting.unwrap_or_else(PoisonError::into_inner)
    }

    /// The next group; `None` when the queue is closed and empty.
    fn take(&self) -> Option<Vec<Job>> {
        let waiting = self.lock();
        let idle = |waiting: &mut Waiting| waiting.jobs.is_empty() && !waiting.closed;
        let waited = self.0.came.wait_while(waiting, idle);
        let mut waiting = waited.unwrap_or_else(PoisonError::into_inner);
        let taken = waiting.jobs.len().min(GROUP);
        (taken > 0).then(|| waiting.jobs.drain(..taken).collect())
    }
}

/// Calls the writer when it is dropped: also when its caller has gone meanwhile, since others may wait.
struct Call<'a>(&'a BookingQueue);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.0.came.notify_one();
    }
}

/// Closes the queue when the writer ends, however it ends, so that nobody waits for it.
struct Open(BookingQueue);

impl Drop for Open {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.closed = true;
        waiting.jobs.clear();
    }
}

/// Serves the queue until it is closed and empty.
pub(super) fn serve(queue: BookingQueue, mut db: Connection) {
    let open = Open(queue.clone());
    while let Some(jobs) = queue.take() {
        // A panic undoes its group, whose callers learn that nobody answers them, and costs nobody else anything.
        let settling = AssertUnwindSafe(|| settle(&mut db, jobs));
        if std::panic::catch_unwind(settling).is_err() {
            tracing::error!("writing bookings panicked: what was being written was undone");
        }
    }
    drop(open);
}

/// Who waits, and for what, until it is on the disk.
enum Caller {
    Booking(
        oneshot::Sender<Result<BookingKept, StoreError>>,
        BookingKept,
    ),
    Other(oneshot::Sender<Result<(), StoreError>>),
}

/// Writes a group and tells its callers. When one write fails, which a database that is well lets none do, all of the group do.
fn settle(db: &mut Connection, jobs: Vec<Job>) {
    let mut callers = Vec::with_capacity(jobs.len());
    match write_all(db, jobs, &mut callers) {
        Ok(()) => {
            for told in callers {
                match told {
                    Caller::Booking(caller, kept) => {
                        crate::failpoint!("booking.kept", "");
                        drop(caller.send(Ok(kept)));
                    }
                    Caller::Other(caller) => drop(caller.send(Ok(()))),
                }
            }
        }
        Err(error) => {
            for told in callers {
                match told {
                    Caller::Booking(caller, _) => drop(caller.send(Err(error.clone()))),
                    Caller::Other(caller) => drop(caller.send(Err(error.clone()))),
                }
            }
        }
    }
}

fn write_all(
    db: &mut Connection,
    jobs: Vec<Job>,
    callers: &mut Vec<Caller>,
) -> Result<(), StoreError> {
    let mut failed = None;
    let moment = match db.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(moment) => Some(moment),
        Err(error) => {
            failed = Some(StoreError::from(error));
            None
        }
    };
    for job in jobs {
        match job {
            Job::Booking(_, caller) if caller.is_closed() => {}
            Job::Booking(sealed, caller) => {
                let kept = match (&moment, &failed) {
                    (Some(moment), None) => keep(moment, *sealed),
                    _ => Ok(BookingKept::Overtaken),
                };
                let kept = kept.unwrap_or_else(|error| {
                    failed = Some(error);
                    BookingKept::Overtaken
                });
                callers.push(Caller::Booking(caller, kept));
            }
            Job::Other(work, caller) => {
                if let (Some(moment), None) = (&moment, &failed)
                    && let Err(error) = work(moment)
                {
                    failed = Some(error);
                }
                callers.push(Caller::Other(caller));
            }
        }
    }
    match (moment, failed) {
        (Some(moment), None) => Ok(moment.commit()?),
        (_, failed) => Err(failed.unwrap_or(StoreError::Busy)),
    }
}

/// Keeps one booking, if everything that it takes is to be had. All is looked at before anything is written.
fn keep(db: &Connection, sealed: Sealed) -> Result<BookingKept, StoreError> {
    let Sealed {
        write,
        index,
        mut record,
        tells,
        vault: sealed_with,
        live,
    } = sealed;
    let mut booking = write.booking.clone();
    // The key changes in a transaction: in this one it does not.
    let vault = live.now();
    if vault.number() != sealed_with.number() {
        record = seal(&vault, &index, &booking);
    }
    renew(db, &vault, &index, &write)?;
    let known: Option<(i64, i64)> = db
        .prepare_cached("SELECT number, revision FROM bookings WHERE id_index = ?1")?
        .query_row([vault.form(index)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let as_read = match booking.number {
        0 => None,
        number => Some((number as i64, booking.revision as i64)),
    };
    if known != as_read {
        return Ok(BookingKept::Overtaken);
    }
    if !may_take(db, &vault, &write)? {
        return Ok(BookingKept::Taken);
    }
    if !are_own(db, &vault, &write)? {
        return Ok(BookingKept::Overtaken);
    }
    if !pins_are_free(db, &vault, &write)? {
        return Ok(BookingKept::PinTaken);
    }
    put(db, &vault, &mut booking, &write, &index, &record)?;
    tell_all(db, &vault, booking.number, write.now, tells)?;
    crate::failpoint!("booking.row", booking.id.as_str(), Err(StoreError::Busy));
    for leg in &write.takes {
        take(db, &vault, leg, booking.number)?;
        crate::failpoint!("booking.leg", booking.id.as_str(), Err(StoreError::Busy));
    }
    for leg in &write.changes {
        change(db, &vault, leg)?;
        crate::failpoint!("booking.moved", booking.id.as_str(), Err(StoreError::Busy));
    }
    for pin in &write.pins {
        db.prepare_cached(
            "INSERT INTO pins (vn, pin, booking, side, free_from, key_number) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (vn, pin) DO UPDATE SET booking = ?3, side = ?4, free_from = ?5",
        )?
        .execute(params![
            pin.vn.0,
            vault.form(pin.key),
            booking.number as i64,
            side_number(pin.side),
            pin.free_from.as_millisecond(),
            vault.number()
        ])?;
    }
    for (vn, key) in &write.drops {
        db.prepare_cached("DELETE FROM pins WHERE vn = ?1 AND pin = ?2 AND booking = ?3")?
            .execute(params![vn.0, vault.form(*key), booking.number as i64])?;
    }
    crate::failpoint!("booking.whole", booking.id.as_str(), Err(StoreError::Busy));
    Ok(BookingKept::Stored(Box::new(booking)))
}

/// While keys rotate: brings what the write may meet under the current key, so that the tables' keys keep all of it apart.
fn renew(
    db: &Connection,
    vault: &Vault,
    index: &[u8; 16],
    write: &BookingWrite,
) -> Result<(), StoreError> {
    if !vault.is_rotating() {
        return Ok(());
    }
    let other = |index: [u8; 16]| vault.forms(index)[1];
    resealing::renew(db, vault, BOOKINGS, "id_index = ?1", &[&other(*index)])?;
    for leg in write.takes.iter().chain(&write.changes) {
        resealing::renew(db, vault, LEGS, "party = ?1", &[&other(leg.party.0)])?;
    }
    let dropped = write.drops.iter().map(|(vn, key)| (vn, key));
    for (vn, key) in write
        .pins
        .iter()
        .map(|pin| (&pin.vn, &pin.key))
        .chain(dropped)
    {
        resealing::renew(
            db,
            vault,
            PINS,
            "vn = ?1 AND pin = ?2",
            &[&vn.0, &other(*key)],
        )?;
    }
    Ok(())
}

/// Whether each leg is new, free, rested, or of the same pair.
fn may_take(db: &Connection, vault: &Vault, write: &BookingWrite) -> Result<bool, StoreError> {
    let rested = write
        .rested_before
        .map_or(i64::MIN, |before| before.as_millisecond());
    let mut select = db.prepare_cached(
        "SELECT 1 FROM legs WHERE party = ?1 AND vn = ?2
         AND NOT (pair = ?3 OR free_from <= ?4 OR rests_from <= ?5)",
    )?;
    for leg in &write.takes {
        let now = write.now.as_millisecond();
        let (party, pair) = (vault.form(leg.party.0), vault.form(leg.pair.0));
        if select.exists(params![party, leg.vn.0, pair, now, rested])? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether each leg that is to be changed is the booking's still.
fn are_own(db: &Connection, vault: &Vault, write: &BookingWrite) -> Result<bool, StoreError> {
    let mut select =
        db.prepare_cached("SELECT 1 FROM legs WHERE party = ?1 AND vn = ?2 AND booking = ?3")?;
    for leg in &write.changes {
        let party = vault.form(leg.party.0);
        if !select.exists(params![party, leg.vn.0, write.booking.number as i64])? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn pins_are_free(db: &Connection, vault: &Vault, write: &BookingWrite) -> Result<bool, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT 1 FROM pins WHERE vn = ?1 AND pin = ?2 AND booking <> ?3 AND free_from > ?4",
    )?;
    for (at, pin) in write.pins.iter().enumerate() {
        let twice = write.pins[..at]
            .iter()
            .any(|other| (other.vn, other.key) == (pin.vn, pin.key));
        let number = write.booking.number as i64;
        if twice
            || select.exists(params![
                pin.vn.0,
                vault.form(pin.key),
                number,
                write.now.as_millisecond()
            ])?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes the booking's own row; it knows its number and revision then.
pub(super) fn put(
    db: &Connection,
    vault: &Vault,
    booking: &mut crate::masking::Booking,
    write: &BookingWrite,
    index: &[u8; 16],
    record: &[u8],
) -> Result<(), StoreError> {
    let (is_open, due_at) = (booking.closing.is_none(), write.due_at.as_millisecond());
    let pair = vault.form(booking.pair.0);
    if booking.number == 0 {
        db.prepare_cached(
            "INSERT INTO bookings (id_index, pair, pool, is_open, due_at, revision, record)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)",
        )?
        .execute(params![
            vault.form(*index),
            pair,
            booking.pool.as_str(),
            is_open,
            due_at,
            record
        ])?;
        booking.number = db.last_insert_rowid().unsigned_abs();
        return Ok(());
    }
    db.prepare_cached(
        "UPDATE bookings SET pair = ?2, is_open = ?3, due_at = ?4, record = ?5, revision = revision + 1
         WHERE number = ?1",
    )?
    .execute(params![booking.number as i64, pair, is_open, due_at, record])?;
    booking.revision += 1;
    Ok(())
}

/// Has told what is told of a booking and beside it, what is the booking's counted.
pub(super) fn tell_all(
    db: &Connection,
    vault: &Vault,
    booking: u64,
    at: Timestamp,
    tells: impl IntoIterator<Item = Event>,
) -> Result<(), StoreError> {
    for event in tells {
        let sequence = match event.subject() {
            Subject::Booking(_) => db
                .prepare_cached(
                    "UPDATE bookings SET events = events + 1 WHERE number = ?1 RETURNING events",
                )?
                .query_row([booking as i64], |row| row.get(0))
                .optional()?,
            Subject::Session(_) | Subject::Pool(_) => None,
        };
        tell(
            db,
            vault,
            &Told {
                event,
                at,
                sequence,
            },
        )?;
    }
    Ok(())
}

/// Takes a leg. One that another booking of the pair holds lasts as long as the longer of the two.
pub(super) fn take(
    db: &Connection,
    vault: &Vault,
    leg: &Leg,
    booking: u64,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO legs AS l (party, vn, booking, side, pair, rests_from, free_from, key_number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (party, vn) DO UPDATE SET
             rests_from = CASE WHEN l.pair = ?5 AND l.booking <> ?3 THEN max(l.rests_from, ?6) ELSE ?6 END,
             free_from = CASE WHEN l.pair = ?5 AND l.booking <> ?3 THEN max(l.free_from, ?7) ELSE ?7 END,
             booking = ?3, side = ?4, pair = ?5",
    )?
    .execute(params![
        vault.form(leg.party.0),
        leg.vn.0,
        booking as i64,
        side_word(leg),
        vault.form(leg.pair.0),
        leg.rests_from.as_millisecond(),
        leg.free_from.as_millisecond(),
        vault.number()
    ])?;
    Ok(())
}

fn change(db: &Connection, vault: &Vault, leg: &Leg) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE legs SET booking = ?3, side = ?4, pair = ?5, rests_from = ?6, free_from = ?7
         WHERE party = ?1 AND vn = ?2",
    )?
    .execute(params![
        vault.form(leg.party.0),
        leg.vn.0,
        leg.booking as i64,
        side_word(leg),
        vault.form(leg.pair.0),
        leg.rests_from.as_millisecond(),
        leg.free_from.as_millisecond()
    ])?;
    Ok(())
}
