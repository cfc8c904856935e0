//! The projection behind the replies, on a thread of its own: reads the journal from where the tables end, folds it in
//! batches, and drops the journal's files that are done with. It alone writes the tables, but for the calls that we start.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::erasing_rows::{BITE, Bite, Which};
use super::journal::Journal;
use super::lock::Lock;
use super::memory::Memory;
use super::open::{BULK_CHECKPOINT_PAGES, CHECKPOINT_PAGES, safely};
use super::progress::{Progress, Work};
use super::segment::Reader;
use super::writer::Queue;
use super::{erasing_bookings, erasing_rows, flows, forgetting, tables};
use crate::config::Durability;
use crate::store::erasing::looking::Went;
use crate::store::erasing::subject::{At, Table};
use crate::store::ring::LiveVault;
use crate::store::{FlowText, StoreError};

/// About how many bytes of records a batch has at most.
const BYTES: usize = 8 << 20;

/// In what bites the projector works.
#[derive(Debug)]
struct Pace {
    /// How many records a batch has at most.
    records: usize,
    /// How many pages the tables' log gathers before they are written into the file.
    pages: i64,
    /// How long the disk is left to commits after each piece of room for the journal.
    pause: Duration,
}

/// While the tables follow the journal: small bites, since calls are answered in between. The processor is not given up while a
/// batch is committed, and the journal's commits wait for the disk behind the pages.
const FOLLOWING: Pace = Pace {
    records: 64,
    pages: CHECKPOINT_PAGES,
    pause: Duration::from_millis(2),
};

/// While they catch up, as after a burst: large ones, which take less time in all.
const CATCHING_UP: Pace = Pace {
    records: 512,
    pages: BULK_CHECKPOINT_PAGES,
    pause: Duration::ZERO,
};

/// How long a projection that failed waits before it is tried again.
const TRIED_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// How long the end waits for the projection. What is left is in the journal, and is projected after the next start.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// What is done to the tables beside projecting, when somebody asks for it.
#[derive(Debug)]
pub(super) enum Command {
    Flows {
        flows: Vec<FlowText>,
        at: Timestamp,
        /// The versions that nothing needs any more are forgotten: all records that may need one are projected.
        forgets: bool,
        caller: oneshot::Sender<Result<(), StoreError>>,
    },
    Forget {
        before: Timestamp,
        caller: oneshot::Sender<Result<u64, StoreError>>,
    },
    Erase {
        which: Which,
        caller: oneshot::Sender<Result<Went, StoreError>>,
    },
    /// Nothing is to be left of what was erased but in the rows that are there.
    LeaveNothing {
        /// Where the writer is called to go on to another file.
        queue: Queue,
        caller: oneshot::Sender<Result<(), StoreError>>,
    },
}

/// What the projector works with.
#[derive(Debug)]
pub(super) struct Projector {
    /// The one connection that writes the tables.
    pub(super) tables: Connection,
    /// How many pages their log gathers before they are written into the file.
    pub(super) gathers: i64,
    pub(super) journal: Arc<Journal>,
    pub(super) memory: Arc<Memory>,
    pub(super) progress: Arc<Progress>,
    pub(super) vault: LiveVault,
    pub(super) durability: Durability,
    /// Up to which record the tables reach.
    pub(super) projected: u64,
    /// The journal's oldest file, open.
    pub(super) reader: Option<(u64, Reader)>,
    /// Held until all is written.
    pub(super) lock: Arc<Lock>,
}

impl Projector {
    /// Projects until it is told to end.
    pub(super) fn run(mut self) {
        let mut is_failing = false;
        let mut closing_since = None;
        loop {
            if self.progress.is_closing() {
                let since = *closing_since.get_or_insert_with(Instant::now);
                if is_failing || since.elapsed() > LAST_WAIT {
                    break;
                }
            }
            let done = match self.progress.next() {
                Work::Project => {
                    let (began, committed) = (Instant::now(), self.progress.committed());
                    let done = self.project();
                    self.progress.give_way(began.elapsed(), committed);
                    done
                }
                Work::Do(command) => {
                    self.obey(command);
                    Ok(())
                }
                Work::End => break,
            };
            match done {
                Ok(()) => is_failing = false,
                Err(error) => {
                    if !is_failing {
                        tracing::error!(reason = %error, "the projection fails, and is tried again until it does not");
                    }
                    is_failing = true;
                    self.progress.pause(TRIED_AGAIN_AFTER);
                }
            }
        }
        drop(self.lock);
    }

    /// Projects the next batch.
    pub(super) fn project(&mut self) -> Result<(), StoreError> {
        let pace = match self.progress.is_catching_up() {
            false => FOLLOWING,
            true => CATCHING_UP,
        };
        self.journal.make_spare(&mut self.tables, pace.pause)?;
        self.progress.file_is_made();
        let (file, is_done_with) = self.journal.oldest();
        let reader = match self.reader.take() {
            Some((open, reader)) if open == file => reader,
            _ => Reader::open(&self.journal.path(file))?,
        };
        let records = reader.after(self.projected, pace.records, BYTES)?;
        if records.is_empty() {
            drop(reader);
            return match is_done_with {
                true => self.journal.drop_oldest(&mut self.tables),
                false => Ok(()),
            };
        }
        self.reader = Some((file, reader));
        if self.durability == Durability::Process {
            // The tables must not reach further than what of the journal survives a power cut.
            self.journal.sync(file)?;
        }
        self.gather(pace.pages)?;
        self.write(file, records)
    }

    /// Has the tables' log gather `pages`.
    fn gather(&mut self, pages: i64) -> Result<(), StoreError> {
        if pages != self.gathers {
            self.tables
                .pragma_update(None, "wal_autocheckpoint", pages)?;
            self.gathers = pages;
        }
        Ok(())
    }

    fn write(&mut self, file: u64, mut records: Vec<(u64, Vec<u8>)>) -> Result<(), StoreError> {
        let due = self.memory.due(records.len());
        // What memory has not learnt of yet was committed this moment: the next batch takes it.
        records.truncate(due.records.len());
        let Some((through, _)) = records.last() else {
            return Ok(());
        };
        let through = *through;
        let written = tables::write(&mut self.tables, &self.vault, file, &due, records);
        if written.is_err() {
            self.memory.put_back(&due);
        }
        written?;
        self.projected = through;
        self.memory.project(through, due);
        self.progress.project(through);
        Ok(())
    }

    /// Does what somebody asked for, and tells them. One who has gone meanwhile is not there to be told.
    fn obey(&mut self, command: Command) {
        match command {
            Command::Flows {
                flows,
                at,
                forgets,
                caller,
            } => {
                let kept = safely(&mut self.tables, |tables| {
                    flows::keep(tables, &flows, at, forgets)
                });
                _ = caller.send(kept);
            }
            Command::Forget { before, caller } => {
                let forgotten = safely(&mut self.tables, |tables| {
                    forgetting::forget(tables, before)
                });
                if forgotten.is_ok() {
                    self.memory.forget(before);
                }
                _ = caller.send(forgotten);
            }
            Command::Erase { which, caller } => {
                let erased = self.erase(&which);
                _ = caller.send(erased);
            }
            Command::LeaveNothing { queue, caller } => {
                let left = self.leave_nothing_behind(&queue);
                _ = caller.send(left);
            }
        }
    }

    /// Erases rows for good.
    fn erase(&mut self, which: &Which) -> Result<Went, StoreError> {
        let mut went = Went::default();
        match which {
            // The next bite is another command's, so that others write in between.
            Which::Old(before) => {
                let before = *before;
                self.bite(&mut went, |db| erasing_rows::old_sessions(db, before))?;
                went.gone.attempts +=
                    safely(&mut self.tables, |db| erasing_rows::old_calls(db, before))?;
            }
            Which::SessionsOf(phone, over) => {
                let vault = self.vault.now();
                while self.bite(&mut went, |db| {
                    erasing_rows::sessions_of(db, &vault, phone, *over)
                })? {}
                went.left = erasing_rows::live_of(&self.tables, &vault, phone)?;
            }
            Which::Rows(Table::Webhooks | Table::Sessions, rows, over) => {
                for rows in rows.chunks(BITE) {
                    self.bite(&mut went, |db| erasing_rows::sessions_in(db, rows, *over))?;
                }
                went.left = erasing_rows::live_in(&self.tables, rows)?;
            }
            Which::Rows(table, rows, over) => {
                let erase = |db: &mut _| erasing_rows::rows(db, *table, rows, *over);
                went = safely(&mut self.tables, erase)?;
            }
            Which::Booking(booking, over) => {
                let vault = self.vault.now();
                let erased = safely(&mut self.tables, |db| {
                    erasing_bookings::erase(db, &vault, *booking, *over)
                })?;
                match erased {
                    Some(bite) => self.forget(bite, &mut went),
                    None => went.left.push((At::Number(*booking as i64), 0)),
                }
            }
            Which::Party(party) => {
                let vault = self.vault.now();
                safely(&mut self.tables, |db| {
                    erasing_bookings::erase_party(db, &vault, *party)
                })?;
            }
        }
        Ok(went)
    }

    /// Erases a bite of sessions. Whether another one may find more.
    fn bite(
        &mut self,
        went: &mut Went,
        erase: impl FnOnce(&mut Connection) -> Result<Bite, StoreError>,
    ) -> Result<bool, StoreError> {
        let bite = safely(&mut self.tables, erase)?;
        let is_full = bite.is_full();
        self.forget(bite, went);
        Ok(is_full)
    }

    /// Has memory forget sessions that went.
    fn forget(&mut self, bite: Bite, went: &mut Went) {
        self.memory.erase(&bite.ids);
        went.gone += bite.gone;
    }

    /// Has the journal go on in a file that was made anew, and drops those before it and the tables' log. What comes meanwhile
    /// is projected.
    fn leave_nothing_behind(&mut self, queue: &Queue) -> Result<(), StoreError> {
        let until = Instant::now() + LAST_WAIT;
        let last = self.journal.begin_anew(&mut self.tables)?;
        queue.call();
        while self.journal.oldest().0 <= last && Instant::now() < until {
            self.project()?;
            std::thread::yield_now();
        }
        self.journal.forget_used();
        // Somebody who reads keeps the log from being emptied; who reads on and on, until it is overwritten soon enough.
        while !self.empty_log()? && Instant::now() < until {
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Empties the tables' log, unless somebody reads. Whether it is empty.
    fn empty_log(&self) -> Result<bool, StoreError> {
        let busy: i64 = self
            .tables
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(busy == 0)
    }
}
