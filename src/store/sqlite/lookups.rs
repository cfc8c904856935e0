//! The tables, looked into on the spot by whoever waits for a reply: a look-up by key takes some microseconds, a hop to
//! another thread would take more.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use super::memory::{Held, Mark, Tells};
use super::segment::BUSY;
use super::{RecordPlace, record, state, tables};
use crate::call::SessionId;
use crate::store::StoreError;
use crate::store::entry::EventMark;
use crate::store::ring::LiveVault;

/// Connections that read, each lent to one look-up at a time.
#[derive(Debug)]
pub(super) struct Lookups {
    database: PathBuf,
    vault: LiveVault,
    free: Mutex<Vec<Connection>>,
}

impl Lookups {
    /// Look-ups in the database at this path.
    pub(super) fn new(database: PathBuf, vault: LiveVault) -> Self {
        Self {
            database,
            vault,
            free: Mutex::default(),
        }
    }

    /// All that the tables have of a session; nothing is known of one that they do not have.
    pub(super) fn session(&self, id: &SessionId) -> Result<Held, StoreError> {
        self.with(|db| self.read_session(db, id))
    }

    fn read_session(&self, db: &Connection, id: &SessionId) -> Result<Held, StoreError> {
        let mut select = db.prepare_cached(
            "SELECT w.id, w.mark, w.answers, w.received_at, s.state, s.id
             FROM sessions AS s LEFT JOIN webhooks AS w ON w.session = s.id
             WHERE s.session_id = ?1 ORDER BY w.id",
        )?;
        let mut rows = select.query([id.as_str()])?;
        let mut held = Held::default();
        while let Some(row) = rows.next()? {
            if held.known.is_none() {
                let sealed: Vec<u8> = row.get(4)?;
                let place = tables::session_place(id);
                let state = self.vault.now().open(place, &sealed).map_err(|_| SESSION)?;
                held.known = Some(state::read(id.clone(), &state)?);
                held.row = Some(row.get(5)?);
            }
            held.marks.extend(read_mark(row)?);
        }
        Ok(held)
    }

    /// The reply in record `seq`, if the tables have that.
    pub(super) fn reply(&self, seq: u64) -> Result<Option<Arc<str>>, StoreError> {
        let sealed: Option<Vec<u8>> = self.with(|db| {
            let mut select = db.prepare_cached("SELECT record FROM webhooks WHERE id = ?1")?;
            Ok(select
                .query_row([seq as i64], |row| row.get(0))
                .optional()?)
        })?;
        sealed
            .map(|sealed| self.open_reply(seq, &sealed))
            .transpose()
    }

    /// The reply in a sealed record.
    pub(super) fn open_reply(&self, seq: u64, sealed: &[u8]) -> Result<Arc<str>, StoreError> {
        let place = RecordPlace::new(seq);
        let record = self.vault.now().open(place.place(), sealed);
        record::read_reply(&record.map_err(|_| WEBHOOK)?)
    }

    /// Whether a virtual number update with this mark came at or after a time (ms).
    pub(super) fn number_came(&self, mark: &EventMark, since: i64) -> Result<bool, StoreError> {
        self.with(|db| {
            let mut select = db.prepare_cached(
                "SELECT 1 FROM webhooks WHERE session IS NULL AND mark = ?1 AND received_at >= ?2",
            )?;
            Ok(select.exists(params![mark, since])?)
        })
    }

    /// Lends a connection; one that failed is not lent again.
    pub(super) fn with<T>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let free = || self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let lent = free().pop();
        let db = match lent {
            Some(db) => db,
            None => self.connect()?,
        };
        let found = look(&db)?;
        free().push(db);
        Ok(found)
    }

    fn connect(&self) -> Result<Connection, rusqlite::Error> {
        let access = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.database, access)?;
        db.busy_timeout(BUSY)?;
        Ok(db)
    }

    /// Lets go of the connections that are not lent.
    pub(super) fn close(&self) {
        self.free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

const SESSION: StoreError = StoreError::Unreadable { what: "session" };
const WEBHOOK: StoreError = StoreError::Unreadable { what: "webhook" };

/// The webhook of a joined row; `None` for a session without any.
fn read_mark(row: &Row<'_>) -> Result<Option<Mark>, rusqlite::Error> {
    let Some(seq) = row.get::<_, Option<i64>>(0)? else {
        return Ok(None);
    };
    Ok(Some(Mark {
        event: row.get(1)?,
        seq: seq as u64,
        answers: row.get(2)?,
        received_at: row.get(3)?,
        // Secrets were taken out, and all was told, as it was projected.
        is_secret: false,
        tells: Tells::Nothing,
    }))
}
