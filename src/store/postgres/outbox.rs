//! Events on their way, as PostgreSQL keeps them: each step one statement, and of the nodes that want to take one event one
//! takes it.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::pool::Statement;
use super::{PostgresStore, clear, events};
use crate::events::Kind;
use crate::store::forms::read_time;
use crate::store::outbox::{
    Delivery, EndpointState, EventFilter, EventRecord, Outbox, Pruned, Replayed, Settled, Then,
    Waiting, Wants,
};
use crate::store::{Lease, StoreError};

/// How many events one statement takes at most.
const BITE: i64 = 500;

/// The events that fit a filter: parameters 1 to 6.
const FITS: &str = "e.number > $1 AND ($2::bigint IS NULL OR e.number <= $2) AND ($3::bigint IS NULL OR e.at >= $3)
     AND ($4::bigint IS NULL OR e.at < $4) AND ($5::text[] IS NULL OR e.kind = ANY ($5))";

#[async_trait]
impl Outbox for PostgresStore {
    async fn spread_events(
        &self,
        lease: &Lease,
        endpoints: &[Wants],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (mut names, mut kinds) = (Vec::new(), Vec::new());
        for wants in endpoints {
            for kind in &wants.kinds {
                names.push(wants.endpoint.as_str());
                kinds.push(kind.as_str());
            }
        }
        // The leader alone gives numbers: whoever held the lease before is fenced off, and waited for by the take-over.
        let statement = sqlx::query(
            "WITH fence AS (
                 SELECT 1 FROM leases WHERE name = $1 AND epoch = $2 FOR SHARE
             ), next AS (
                 SELECT sealed_for, row_number() OVER (ORDER BY at, sequence, sealed_for) AS place
                 FROM (SELECT sealed_for, at, sequence FROM events
                       WHERE number IS NULL AND EXISTS (SELECT 1 FROM fence) ORDER BY at, sequence LIMIT $3) AS few
             ), log AS (
                 UPDATE event_log SET newest = newest + (SELECT count(*) FROM next)
                 WHERE EXISTS (SELECT 1 FROM next) RETURNING newest
             ), numbered AS (
                 UPDATE events AS e SET number = log.newest - (SELECT count(*) FROM next) + next.place
                 FROM next, log WHERE e.sealed_for = next.sealed_for RETURNING e.number, e.kind
             ), spread AS (
                 INSERT INTO deliveries (endpoint, event, tries, due_at, claim)
                 SELECT w.endpoint, n.number, 0, $4, 0
                 FROM numbered AS n JOIN unnest($5::text[], $6::text[]) AS w (endpoint, kind) ON w.kind = n.kind
                 WHERE NOT EXISTS (SELECT 1 FROM endpoints WHERE name = w.endpoint AND disabled_at IS NOT NULL)
                 ON CONFLICT DO NOTHING
             )
             SELECT EXISTS (SELECT 1 FROM fence) AS is_ours, (SELECT count(*) FROM numbered) AS numbered",
        )
        .bind(&lease.name)
        .bind(lease.epoch)
        .bind(BITE)
        .bind(now.as_millisecond())
        .bind(names)
        .bind(kinds);
        let row = self.fenced(statement).await?;
        Ok(row.try_get::<i64, _>("numbered")?.unsigned_abs())
    }

    async fn claim_deliveries(
        &self,
        endpoint: &str,
        most: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError> {
        let text = format!(
            "WITH due AS (
                 SELECT event FROM deliveries
                 WHERE endpoint = $1 AND due_at <= $2 AND NOT EXISTS
                     (SELECT 1 FROM endpoints WHERE name = $1 AND (disabled_at IS NOT NULL OR quiet_until > $2))
                 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
             ), taken AS (
                 UPDATE deliveries AS d SET due_at = $4, claim = claim + 1 FROM due
                 WHERE d.endpoint = $1 AND d.event = due.event RETURNING d.event, d.tries, d.claim
             )
             SELECT {}, t.tries, t.claim FROM taken AS t JOIN events AS e ON e.number = t.event ORDER BY e.number",
            events::COLUMNS
        );
        let statement = sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(clear(endpoint))
            .bind(now.as_millisecond())
            .bind(i64::from(most))
            .bind(until.as_millisecond());
        let rows = self.desk.run(statement).await?;
        let read = |row: &PgRow| {
            Ok(Delivery {
                event: events::read(row)?.read(&self.vault.now())?,
                tries: counted(row, "tries")?,
                claim: row.try_get("claim")?,
            })
        };
        rows.iter().map(read).collect()
    }

    async fn settle_delivery(&self, settled: &Settled) -> Result<bool, StoreError> {
        let statement = match &settled.then {
            Then::Delivered => sqlx::query(
                "WITH known AS (
                     UPDATE endpoints SET last_delivered_at = $4 WHERE name = $1
                 )
                 DELETE FROM deliveries WHERE endpoint = $1 AND event = $2 AND claim = $3 RETURNING 1",
            ),
            Then::NotDelivered { .. } => sqlx::query(
                "WITH known AS (
                     UPDATE endpoints SET last_failed_at = $4, last_failure = $5, quiet_until = coalesce($6, quiet_until),
                         disabled_at = CASE WHEN $7 THEN coalesce(disabled_at, $4) ELSE disabled_at END
                     WHERE name = $1
                 )
                 UPDATE deliveries SET tries = tries + 1, due_at = $8
                 WHERE endpoint = $1 AND event = $2 AND claim = $3 RETURNING 1",
            ),
        };
        let statement = statement
            .bind(clear(&settled.endpoint))
            .bind(settled.event as i64)
            .bind(settled.claim)
            .bind(settled.at.as_millisecond());
        let statement = match &settled.then {
            Then::Delivered => statement,
            Then::NotDelivered {
                again_at,
                quiet_until,
                disables,
                why,
            } => statement
                .bind(why)
                .bind(quiet_until.map(Timestamp::as_millisecond))
                .bind(disables)
                .bind(again_at.map(Timestamp::as_millisecond)),
        };
        Ok(!self.desk.run(statement).await?.is_empty())
    }

    async fn events(&self, filter: &EventFilter) -> Result<Vec<EventRecord>, StoreError> {
        let text = format!(
            "SELECT {} FROM events AS e WHERE {FITS} ORDER BY e.number {} LIMIT $6",
            events::COLUMNS,
            if filter.last { "DESC" } else { "ASC" }
        );
        let rows = self
            .desk
            .read(|| fitting(sqlx::query(sqlx::AssertSqlSafe(text.clone())), filter));
        let read = |row: &PgRow| events::read(row)?.read(&self.vault.now());
        let mut found: Vec<EventRecord> = rows.await?.iter().map(read).collect::<Result<_, _>>()?;
        found.sort_unstable_by_key(|event| event.number);
        self.add_waiting(&mut found).await?;
        Ok(found)
    }

    async fn replay_events(
        &self,
        endpoint: &Wants,
        filter: &EventFilter,
        now: Timestamp,
    ) -> Result<Replayed, StoreError> {
        let kinds = match filter.kinds.is_empty() {
            true => endpoint.kinds.clone(),
            false => filter.kinds.clone(),
        };
        let filter = EventFilter {
            kinds,
            ..filter.clone()
        };
        let text = format!(
            "WITH wanted AS (
                 SELECT e.number FROM events AS e WHERE {FITS} ORDER BY e.number LIMIT $6
             ), again AS (
                 INSERT INTO deliveries AS d (endpoint, event, tries, due_at, claim)
                 SELECT $7, number, 0, $8, 0 FROM wanted
                 ON CONFLICT (endpoint, event) DO UPDATE SET tries = 0, due_at = excluded.due_at, claim = d.claim + 1
             )
             SELECT count(*) AS events, max(number) AS last FROM wanted"
        );
        let statement = fitting(sqlx::query(sqlx::AssertSqlSafe(text)), &filter)
            .bind(clear(&endpoint.endpoint))
            .bind(now.as_millisecond());
        let rows = self.desk.run(statement).await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(Replayed {
            events: row.try_get::<i64, _>("events")?.unsigned_abs(),
            last: row
                .try_get::<Option<i64>, _>("last")?
                .map(i64::unsigned_abs),
        })
    }

    async fn prune_events(
        &self,
        lease: &Lease,
        before: Timestamp,
        most: u64,
    ) -> Result<Pruned, StoreError> {
        let statement = sqlx::query(
            "WITH fence AS (
                 SELECT 1 FROM leases WHERE name = $1 AND epoch = $2 FOR SHARE
             ), old AS (
                 SELECT number FROM (SELECT number, at FROM events WHERE number IS NOT NULL ORDER BY number LIMIT $3) AS first
                 WHERE EXISTS (SELECT 1 FROM fence)
                     AND (at < $4 OR number <= (SELECT newest FROM event_log) - $5)
             ), forgotten AS (
                 DELETE FROM deliveries WHERE event IN (SELECT number FROM old) RETURNING 1
             ), gone AS (
                 DELETE FROM events WHERE number IN (SELECT number FROM old) RETURNING 1
             )
             SELECT EXISTS (SELECT 1 FROM fence) AS is_ours, (SELECT count(*) FROM gone) AS events,
                 (SELECT count(*) FROM forgotten) AS undelivered",
        )
        .bind(&lease.name)
        .bind(lease.epoch)
        .bind(BITE)
        .bind(before.as_millisecond())
        .bind(i64::try_from(most).unwrap_or(i64::MAX));
        let row = self.fenced(statement).await?;
        Ok(Pruned {
            events: row.try_get::<i64, _>("events")?.unsigned_abs(),
            undelivered: row.try_get::<i64, _>("undelivered")?.unsigned_abs(),
        })
    }

    async fn declare_endpoints(&self, endpoints: &[(String, [u8; 16])]) -> Result<(), StoreError> {
        let names: Vec<_> = endpoints.iter().map(|(name, _)| clear(name)).collect();
        let addresses: Vec<_> = endpoints.iter().map(|(_, it)| it.to_vec()).collect();
        let statement = sqlx::query(
            "INSERT INTO endpoints AS known (name, address)
             SELECT name, address FROM unnest($1::text[], $2::bytea[]) AS new (name, address) ORDER BY name
             ON CONFLICT (name) DO UPDATE SET address = excluded.address, disabled_at = NULL, quiet_until = NULL
             WHERE known.address <> excluded.address",
        )
        .bind(names)
        .bind(addresses);
        self.desk.run(statement).await?;
        Ok(())
    }

    async fn enable_endpoint(&self, name: &str) -> Result<bool, StoreError> {
        let statement = sqlx::query(
            "UPDATE endpoints SET disabled_at = NULL, quiet_until = NULL WHERE name = $1 RETURNING 1",
        )
        .bind(clear(name));
        Ok(!self.desk.run(statement).await?.is_empty())
    }

    async fn endpoints(&self) -> Result<Vec<EndpointState>, StoreError> {
        let rows = self.desk.read(|| {
            sqlx::query(
                "SELECT p.*, coalesce(w.waiting, 0) AS waiting, coalesce(w.given_up, 0) AS given_up, e.at AS oldest_waiting
                 FROM endpoints AS p LEFT JOIN (
                     SELECT endpoint, count(due_at) AS waiting, count(*) - count(due_at) AS given_up,
                         min(event) FILTER (WHERE due_at IS NOT NULL) AS oldest
                     FROM deliveries GROUP BY endpoint
                 ) AS w ON w.endpoint = p.name LEFT JOIN events AS e ON e.number = w.oldest ORDER BY p.name",
            )
        });
        rows.await?.iter().map(state).collect()
    }
}

impl PostgresStore {
    /// The row of a statement that says whether its lease is its holder's still.
    async fn fenced(&self, statement: Statement<'_>) -> Result<PgRow, StoreError> {
        let rows = self.desk.run(statement).await?;
        let row = rows.into_iter().next().ok_or(sqlx::Error::RowNotFound)?;
        match row.try_get("is_ours")? {
            true => Ok(row),
            false => Err(StoreError::LeaseLost),
        }
    }

    /// Adds to each event, which stand in their order, where it waits.
    async fn add_waiting(&self, found: &mut [EventRecord]) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (found.first(), found.last()) else {
            return Ok(());
        };
        let (first, last) = (first.number as i64, last.number as i64);
        let rows = self.desk.read(|| {
            sqlx::query(
                "SELECT event, endpoint, tries, due_at FROM deliveries WHERE event BETWEEN $1 AND $2 ORDER BY event, endpoint",
            )
            .bind(first)
            .bind(last)
        });
        for row in rows.await? {
            let event = row.try_get::<i64, _>("event")?.unsigned_abs();
            if let Ok(place) = found.binary_search_by_key(&event, |event| event.number) {
                found[place].waiting.push(Waiting {
                    endpoint: row.try_get("endpoint")?,
                    tries: counted(&row, "tries")?,
                    due_at: time(&row, "due_at")?,
                });
            }
        }
        Ok(())
    }
}

fn fitting<'q>(statement: Statement<'q>, filter: &EventFilter) -> Statement<'q> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let kinds: Vec<_> = filter.kinds.iter().copied().map(Kind::as_str).collect();
    statement
        .bind(number(filter.after))
        .bind(filter.through.map(number))
        .bind(filter.from.map(Timestamp::as_millisecond))
        .bind(filter.to.map(Timestamp::as_millisecond))
        .bind((!kinds.is_empty()).then_some(kinds))
        .bind(i64::from(filter.limit))
}

fn counted(row: &PgRow, column: &str) -> Result<u32, StoreError> {
    Ok(u32::try_from(row.try_get::<i64, _>(column)?).unwrap_or(u32::MAX))
}

fn time(row: &PgRow, column: &str) -> Result<Option<Timestamp>, StoreError> {
    let milliseconds: Option<i64> = row.try_get(column)?;
    milliseconds.map(read_time).transpose()
}

fn state(row: &PgRow) -> Result<EndpointState, StoreError> {
    let many = |column| Ok::<_, StoreError>(row.try_get::<i64, _>(column)?.unsigned_abs());
    Ok(EndpointState {
        name: row.try_get("name")?,
        disabled_at: time(row, "disabled_at")?,
        quiet_until: time(row, "quiet_until")?,
        last_delivered_at: time(row, "last_delivered_at")?,
        last_failed_at: time(row, "last_failed_at")?,
        last_failure: row.try_get("last_failure")?,
        waiting: many("waiting")?,
        given_up: many("given_up")?,
        oldest_waiting: time(row, "oldest_waiting")?,
    })
}
