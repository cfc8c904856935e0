//! Events on their way, as SQLite keeps them: one transaction a step, on the connection of the deliveries.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, ToSql, named_params, params};

use super::{SqliteStore, events};
use crate::events::Kind;
use crate::store::forms::read_time;
use crate::store::outbox::{
    Delivery, EndpointState, EventFilter, EventRecord, Outbox, Pruned, Replayed, Settled, Then,
    Waiting, Wants,
};
use crate::store::telling::Found;
use crate::store::{Lease, StoreError};

/// How many events one step takes at most.
const BITE: i64 = 500;

/// The events that fit a filter.
const FITS: &str = "e.number > :after AND e.number <= coalesce(:through, e.number) AND e.at >= coalesce(:from, e.at)
     AND e.at < coalesce(:to, e.at + 1) AND (:kinds IS NULL OR e.kind IN (SELECT value FROM json_each(:kinds)))";

#[async_trait]
impl Outbox for SqliteStore {
    async fn spread_events(
        &self,
        lease: &Lease,
        endpoints: &[Wants],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.hold_against(Some(lease))?;
        // Most often there is nothing, and no write is to be in the way of others for that.
        let sql = "SELECT 1 FROM events WHERE number > (SELECT newest FROM event_log)";
        if !self
            .lookups
            .with(|db| Ok(db.prepare_cached(sql)?.exists([])?))?
        {
            return Ok(0);
        }
        let endpoints = endpoints.to_vec();
        let spread = move |db: &Connection| spread(db, &endpoints, now.as_millisecond());
        self.deliveries.write(spread).await
    }

    async fn claim_deliveries(
        &self,
        endpoint: &str,
        most: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError> {
        if !self.is_anything_due(endpoint, now)? {
            return Ok(Vec::new());
        }
        let (endpoint, vault) = (endpoint.to_owned(), self.vault.now());
        let (now, until) = (now.as_millisecond(), until.as_millisecond());
        let found = self
            .deliveries
            .write(move |db| claim(db, &endpoint, most, now, until));
        let open = |(found, tries, claim): (Found, u32, i64)| {
            let event = found.read(&vault)?;
            Ok(Delivery {
                event,
                tries,
                claim,
            })
        };
        found.await?.into_iter().map(open).collect()
    }

    async fn settle_delivery(&self, settled: &Settled) -> Result<bool, StoreError> {
        let settled = settled.clone();
        self.deliveries.write(move |db| settle(db, &settled)).await
    }

    async fn events(&self, filter: &EventFilter) -> Result<Vec<EventRecord>, StoreError> {
        self.catch_up().await;
        let (filter, vault) = (filter.clone(), self.vault.now());
        let lookups = self.lookups.clone();
        let listed = tokio::task::spawn_blocking(move || {
            let found = lookups.with(|db| list(db, &filter))?;
            let mut events = Vec::with_capacity(found.len());
            for found in found {
                events.push(found.read(&vault)?);
            }
            lookups.with(|db| add_waiting(db, &mut events))?;
            Ok(events)
        });
        listed.await.unwrap_or(Err(StoreError::Closing))
    }

    async fn replay_events(
        &self,
        endpoint: &Wants,
        filter: &EventFilter,
        now: Timestamp,
    ) -> Result<Replayed, StoreError> {
        let (endpoint, filter) = (endpoint.clone(), filter.clone());
        let replay = move |db: &Connection| replay(db, &endpoint, &filter, now.as_millisecond());
        self.deliveries.write(replay).await
    }

    async fn prune_events(
        &self,
        lease: &Lease,
        before: Timestamp,
        most: u64,
    ) -> Result<Pruned, StoreError> {
        self.hold_against(Some(lease))?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let prune = move |db: &Connection| prune(db, before.as_millisecond(), most);
        self.deliveries.write(prune).await
    }

    async fn declare_endpoints(&self, endpoints: &[(String, [u8; 16])]) -> Result<(), StoreError> {
        let endpoints = endpoints.to_vec();
        let declare = move |db: &Connection| {
            for (name, address) in endpoints {
                db.execute(
                    "INSERT INTO endpoints AS known (name, address) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET address = excluded.address, disabled_at = NULL, quiet_until = NULL
                     WHERE known.address <> excluded.address",
                    params![name, address],
                )?;
            }
            Ok(())
        };
        self.deliveries.write(declare).await
    }

    async fn enable_endpoint(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        let enable = move |db: &Connection| {
            let sql = "UPDATE endpoints SET disabled_at = NULL, quiet_until = NULL WHERE name = ?1";
            Ok(db.execute(sql, [name])? > 0)
        };
        self.deliveries.write(enable).await
    }

    async fn endpoints(&self) -> Result<Vec<EndpointState>, StoreError> {
        let lookups = self.lookups.clone();
        let listed = tokio::task::spawn_blocking(move || lookups.with(endpoints));
        listed.await.unwrap_or(Err(StoreError::Closing))
    }
}

impl SqliteStore {
    /// Most often there is nothing, and no write is to be in the way of others for that.
    fn is_anything_due(&self, endpoint: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM deliveries WHERE endpoint = ?1 AND due_at <= ?2";
        let due = params![endpoint, now.as_millisecond()];
        self.lookups
            .with(|db| Ok(db.prepare_cached(sql)?.exists(due)?))
    }
}

fn words(kinds: &[Kind]) -> Option<String> {
    let words: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
    (!words.is_empty()).then(|| serde_json::to_string(&words).expect("words are texts"))
}

fn spread(db: &Connection, endpoints: &[Wants], now: i64) -> Result<u64, StoreError> {
    let sql = "SELECT count(*), max(number) FROM
         (SELECT number FROM events WHERE number > (SELECT newest FROM event_log) ORDER BY number LIMIT ?1)";
    let (count, newest) = db.prepare_cached(sql)?.query_row([BITE], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
    })?;
    let Some(newest) = newest else {
        return Ok(0);
    };
    let mut insert = db.prepare_cached(
        "INSERT OR IGNORE INTO deliveries (endpoint, event, tries, due_at, claim)
         SELECT ?1, number, 0, ?2, 0 FROM events
         WHERE number > (SELECT newest FROM event_log) AND number <= ?3 AND kind IN (SELECT value FROM json_each(?4))
             AND NOT EXISTS (SELECT 1 FROM endpoints WHERE name = ?1 AND disabled_at IS NOT NULL)",
    )?;
    for wants in endpoints {
        insert.execute(params![wants.endpoint, now, newest, words(&wants.kinds)])?;
    }
    db.prepare_cached("UPDATE event_log SET newest = ?1")?
        .execute([newest])?;
    Ok(count.unsigned_abs())
}

type Claimed = (Found, u32, i64);

fn claim(
    db: &Connection,
    endpoint: &str,
    most: u32,
    now: i64,
    until: i64,
) -> Result<Vec<Claimed>, StoreError> {
    let sql = format!(
        "SELECT {}, d.tries, d.claim + 1 FROM deliveries AS d JOIN events AS e ON e.number = d.event
         WHERE d.endpoint = ?1 AND d.due_at <= ?2 AND NOT EXISTS
             (SELECT 1 FROM endpoints WHERE name = ?1 AND (disabled_at IS NOT NULL OR quiet_until > ?2))
         ORDER BY d.due_at LIMIT ?3",
        events::COLUMNS
    );
    let mut select = db.prepare_cached(&sql)?;
    let found = select.query_map(params![endpoint, now, most], |row| {
        Ok((events::read(row)?, row.get(6)?, row.get(7)?))
    })?;
    let found: Vec<Claimed> = found.collect::<Result<_, _>>()?;
    let mut update = db.prepare_cached(
        "UPDATE deliveries SET due_at = ?3, claim = claim + 1 WHERE endpoint = ?1 AND event = ?2",
    )?;
    for (event, _, _) in &found {
        update.execute(params![endpoint, event.number, until])?;
    }
    Ok(found)
}

fn settle(db: &Connection, settled: &Settled) -> Result<bool, StoreError> {
    let of = params![settled.endpoint, settled.event as i64, settled.claim];
    let at = settled.at.as_millisecond();
    let changed = match &settled.then {
        Then::Delivered => {
            let sql = "UPDATE endpoints SET last_delivered_at = ?2 WHERE name = ?1";
            db.prepare_cached(sql)?
                .execute(params![settled.endpoint, at])?;
            let sql = "DELETE FROM deliveries WHERE endpoint = ?1 AND event = ?2 AND claim = ?3";
            db.prepare_cached(sql)?.execute(of)?
        }
        Then::NotDelivered {
            again_at,
            quiet_until,
            disables,
            why,
        } => {
            db.prepare_cached(
                "UPDATE endpoints SET last_failed_at = ?2, last_failure = ?3, quiet_until = coalesce(?4, quiet_until),
                     disabled_at = CASE WHEN ?5 THEN coalesce(disabled_at, ?2) ELSE disabled_at END
                 WHERE name = ?1",
            )?
            .execute(params![
                settled.endpoint,
                at,
                why,
                quiet_until.map(Timestamp::as_millisecond),
                disables
            ])?;
            let sql = "UPDATE deliveries SET tries = tries + 1, due_at = ?4 WHERE endpoint = ?1 AND event = ?2 AND claim = ?3";
            db.prepare_cached(sql)?.execute(params![
                settled.endpoint,
                settled.event as i64,
                settled.claim,
                again_at.map(Timestamp::as_millisecond)
            ])?
        }
    };
    Ok(changed > 0)
}

fn list(db: &Connection, filter: &EventFilter) -> Result<Vec<Found>, StoreError> {
    let sql = format!(
        "SELECT {} FROM events AS e WHERE {FITS} ORDER BY e.number {} LIMIT :limit",
        events::COLUMNS,
        if filter.last { "DESC" } else { "ASC" }
    );
    let mut select = db.prepare_cached(&sql)?;
    let mut found = fitting(filter, |of| {
        let found = select.query_map(of, events::read)?;
        found.collect::<Result<Vec<_>, _>>()
    })?;
    found.sort_unstable_by_key(|event| event.number);
    Ok(found)
}

/// Calls `with` with the parameters of [`FITS`] and `:limit`.
fn fitting<T>(
    filter: &EventFilter,
    with: impl FnOnce(&[(&str, &dyn ToSql)]) -> Result<T, rusqlite::Error>,
) -> Result<T, rusqlite::Error> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    with(named_params! {
        ":after": number(filter.after),
        ":through": filter.through.map(number),
        ":from": filter.from.map(Timestamp::as_millisecond),
        ":to": filter.to.map(Timestamp::as_millisecond),
        ":kinds": words(&filter.kinds),
        ":limit": filter.limit,
    })
}

/// Adds to each event, which stand in their order, where it waits.
fn add_waiting(db: &Connection, events: &mut [EventRecord]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Ok(());
    };
    let mut select = db.prepare_cached(
        "SELECT event, endpoint, tries, due_at FROM deliveries WHERE event BETWEEN ?1 AND ?2 ORDER BY event, endpoint",
    )?;
    let mut rows = select.query([first.number as i64, last.number as i64])?;
    while let Some(row) = rows.next()? {
        let event = row.get::<_, i64>(0)?.unsigned_abs();
        if let Ok(place) = events.binary_search_by_key(&event, |event| event.number) {
            events[place].waiting.push(Waiting {
                endpoint: row.get(1)?,
                tries: row.get(2)?,
                due_at: time(row, 3)?,
            });
        }
    }
    Ok(())
}

fn time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, StoreError> {
    let milliseconds: Option<i64> = row.get(column)?;
    milliseconds.map(read_time).transpose()
}

fn replay(
    db: &Connection,
    endpoint: &Wants,
    filter: &EventFilter,
    now: i64,
) -> Result<Replayed, StoreError> {
    let kinds = match filter.kinds.is_empty() {
        true => endpoint.kinds.clone(),
        false => filter.kinds.clone(),
    };
    let filter = EventFilter {
        kinds,
        ..filter.clone()
    };
    let sql = format!(
        "SELECT e.number FROM events AS e
         WHERE {FITS} AND e.number <= (SELECT newest FROM event_log) ORDER BY e.number LIMIT :limit"
    );
    let mut select = db.prepare_cached(&sql)?;
    let numbers: Vec<i64> = fitting(&filter, |of| {
        select.query_map(of, |row| row.get(0))?.collect()
    })?;
    let mut insert = db.prepare_cached(
        "INSERT INTO deliveries (endpoint, event, tries, due_at, claim) VALUES (?1, ?2, 0, ?3, 0)
         ON CONFLICT (endpoint, event) DO UPDATE SET tries = 0, due_at = excluded.due_at, claim = claim + 1",
    )?;
    for number in &numbers {
        insert.execute(params![endpoint.endpoint, number, now])?;
    }
    Ok(Replayed {
        events: numbers.len() as u64,
        last: numbers.last().map(|number| number.unsigned_abs()),
    })
}

fn prune(db: &Connection, before: i64, most: i64) -> Result<Pruned, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT number FROM (SELECT number, at FROM events ORDER BY number LIMIT ?1)
         WHERE at < ?2 OR number <= (SELECT newest FROM event_log) - ?3",
    )?;
    let numbers: Vec<i64> = select
        .query_map(params![BITE, before, most], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut undelivered = 0;
    let mut forget = db.prepare_cached("DELETE FROM deliveries WHERE event = ?1")?;
    let mut delete = db.prepare_cached("DELETE FROM events WHERE number = ?1")?;
    for number in &numbers {
        undelivered += forget.execute([number])?;
        delete.execute([number])?;
    }
    Ok(Pruned {
        events: numbers.len() as u64,
        undelivered: undelivered as u64,
    })
}

fn endpoints(db: &Connection) -> Result<Vec<EndpointState>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT p.name, p.disabled_at, p.quiet_until, p.last_delivered_at, p.last_failed_at, p.last_failure,
             coalesce(w.waiting, 0), coalesce(w.given_up, 0), (SELECT at FROM events WHERE number = w.oldest)
         FROM endpoints AS p LEFT JOIN (
             SELECT endpoint, count(due_at) AS waiting, count(*) - count(due_at) AS given_up,
                 min(CASE WHEN due_at IS NOT NULL THEN event END) AS oldest
             FROM deliveries GROUP BY endpoint
         ) AS w ON w.endpoint = p.name ORDER BY p.name",
    )?;
    let mut rows = select.query([])?;
    let mut states = Vec::new();
    while let Some(row) = rows.next()? {
        states.push(EndpointState {
            name: row.get(0)?,
            disabled_at: time(row, 1)?,
            quiet_until: time(row, 2)?,
            last_delivered_at: time(row, 3)?,
            last_failed_at: time(row, 4)?,
            last_failure: row.get(5)?,
            waiting: row.get::<_, i64>(6)?.unsigned_abs(),
            given_up: row.get::<_, i64>(7)?.unsigned_abs(),
            oldest_waiting: time(row, 8)?,
        });
    }
    Ok(states)
}
