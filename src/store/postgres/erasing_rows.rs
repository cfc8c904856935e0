//! The rows that are looked through for people who are erased, a page a statement, and those that go.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::PostgresStore;
use super::erasing::many;
use super::pool::Statement;
use super::resealing::columns_of;
use crate::call::PhoneNumber;
use crate::store::StoreError;
use crate::store::attempts::SETTLED;
use crate::store::erasing::looking::{Over, PAGE, Row, Went};
use crate::store::erasing::subject::{At, Table};

/// How many sessions go in one statement.
pub(super) const BITE: i64 = 100;

/// What goes with the sessions that `gone` names.
pub(super) const WITH_THEM: &str = "traces AS (
         DELETE FROM webhooks WHERE session_id IN (SELECT session_id FROM gone)
     ), told AS (
         DELETE FROM events WHERE session_id IN (SELECT session_id FROM gone) RETURNING number
     ), waiting AS (
         DELETE FROM deliveries WHERE event IN (SELECT number FROM told)
     ), rows AS (
         DELETE FROM sessions WHERE session_id IN (SELECT session_id FROM gone) RETURNING 1
     )";

/// The sessions of a person.
const THEIRS: &str = "(source_index = ANY ($1) OR destination_index = ANY ($1))";

/// That a session is over.
fn ended(over: Over) -> String {
    format!(
        "(status IS NOT NULL OR last_event_at < {})",
        over.quiet_since
    )
}

/// A table's id, what a row's text is sealed for, what goes with a row, and its sealed column.
fn columns(table: Table) -> [&'static str; 4] {
    match table {
        Table::Webhooks => ["id", "sealed_for", "session_id", "record"],
        Table::Sessions => ["session_id", "session_id", "session_id", "state"],
        Table::Attempts => ["number", "attempt_id", "number", "record"],
        Table::Events => ["sealed_for", "sealed_for", "sealed_for", "data"],
        Table::Handoffs => ["handoff_id", "handoff_id", "handoff_id", "record"],
        Table::CallbackResults => ["result_id", "result_id", "result_id", "record"],
    }
}

impl PostgresStore {
    /// The rows behind `after`. Updates of virtual numbers are not among the webhooks: they tell of nobody's numbers but our own.
    pub(super) async fn rows_behind(
        &self,
        table: Table,
        after: Option<&At>,
    ) -> Result<Vec<Row>, StoreError> {
        let ([id, bound_to, of, sealed], name) = (columns(table), table.name());
        let behind = match after {
            Some(_) => format!("{id} > $1 AND"),
            None => String::new(),
        };
        let text = format!(
            "SELECT {id} AS at, {bound_to} AS bound_to, {of} AS whose, {sealed} AS sealed FROM {name}
             WHERE {behind} {of} IS NOT NULL ORDER BY {id} LIMIT {PAGE}"
        );
        let rows = self.desk.read(|| {
            let statement = sqlx::query(sqlx::AssertSqlSafe(text.clone()));
            match after {
                Some(At::Number(number)) => statement.bind(*number),
                Some(At::Text(text)) => statement.bind(text.clone()),
                Some(At::Bytes(bytes)) => statement.bind(bytes.clone()),
                None => statement,
            }
        });
        rows.await?.iter().map(row).collect()
    }

    /// Erases the sessions of a person that are over. The live ones are left.
    pub(super) async fn erase_theirs(
        &self,
        phone: &PhoneNumber,
        over: Over,
    ) -> Result<Went, StoreError> {
        let vault = self.vault.now();
        let forms = columns_of(&vault, vault.index(phone.digits()));
        let which = format!("{THEIRS} AND {} LIMIT {BITE}", ended(over));
        let mut went = Went::default();
        loop {
            let bite = self
                .erase_sessions(&which, |it| it.bind(forms.clone()))
                .await?;
            went.gone += bite.gone;
            if bite.gone.sessions < BITE.unsigned_abs() {
                break;
            }
        }
        let text = format!(
            "SELECT session_id AS at, started_at AS since FROM sessions WHERE {THEIRS} AND status IS NULL"
        );
        went.left = self.left(&text, |it| it.bind(forms.clone())).await?;
        Ok(went)
    }

    async fn erase_sessions<'q>(
        &self,
        which: &str,
        bind: impl Fn(Statement<'q>) -> Statement<'q> + Send + Sync,
    ) -> Result<Went, StoreError> {
        let text = format!(
            "WITH gone AS (
                 SELECT session_id FROM sessions WHERE {which} FOR UPDATE
             ), {WITH_THEM}
             SELECT (SELECT count(*) FROM rows) AS sessions, (SELECT count(*) FROM told) AS events"
        );
        let statement = bind(sqlx::query(sqlx::AssertSqlSafe(text)));
        let row = self.one_row(statement).await?;
        let mut went = Went::default();
        went.gone.sessions = many(&row, "sessions")?;
        went.gone.events = many(&row, "events")?;
        Ok(went)
    }

    async fn left<'q>(
        &self,
        text: &str,
        bind: impl Fn(Statement<'q>) -> Statement<'q> + Send + Sync,
    ) -> Result<Vec<(At, i64)>, StoreError> {
        let rows = self
            .desk
            .read(|| bind(sqlx::query(sqlx::AssertSqlSafe(text.to_owned()))));
        let read = |row: &PgRow| Ok((at(row, "at")?, row.try_get("since")?));
        rows.await?.iter().map(read).collect()
    }

    /// Erases what rows of a table tell of, as far as it is over.
    pub(super) async fn erase_these(
        &self,
        table: Table,
        rows: Vec<At>,
        over: Over,
    ) -> Result<Went, StoreError> {
        let these = These::of(rows);
        match table {
            Table::Webhooks | Table::Sessions => self.erase_ended(these.texts, over).await,
            Table::Attempts => self.erase_settled(these.numbers, over).await,
            Table::Events => self.erase_events(these.bytes).await,
            Table::Handoffs | Table::CallbackResults => {
                let ([id, ..], name) = (columns(table), table.name());
                let text = format!("DELETE FROM {name} WHERE {id} = ANY ($1) RETURNING 1");
                let statement = sqlx::query(sqlx::AssertSqlSafe(text)).bind(these.texts);
                let mut went = Went::default();
                went.gone.attempts = self.desk.run(statement).await?.len() as u64;
                Ok(went)
            }
        }
    }

    async fn erase_ended(&self, ids: Vec<String>, over: Over) -> Result<Went, StoreError> {
        let mut went = Went::default();
        for ids in ids.chunks(BITE as usize) {
            let which = format!("session_id = ANY ($1) AND {}", ended(over));
            let bite = self
                .erase_sessions(&which, |it| it.bind(ids.to_vec()))
                .await?;
            went.gone += bite.gone;
        }
        let text = "SELECT session_id AS at, started_at AS since FROM sessions
             WHERE session_id = ANY ($1) AND status IS NULL";
        went.left = self.left(text, |it| it.bind(ids.clone())).await?;
        Ok(went)
    }

    async fn erase_settled(&self, numbers: Vec<i64>, over: Over) -> Result<Went, StoreError> {
        let text = format!(
            "DELETE FROM attempts WHERE number = ANY ($1) AND ({SETTLED} OR begun_at < $2) RETURNING 1"
        );
        let statement = sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(numbers.clone())
            .bind(over.begun_before);
        let mut went = Went::default();
        went.gone.attempts = self.desk.run(statement).await?.len() as u64;
        let text = "SELECT number AS at, begun_at AS since FROM attempts WHERE number = ANY ($1)";
        went.left = self.left(text, |it| it.bind(numbers.clone())).await?;
        Ok(went)
    }

    async fn erase_events(&self, sealed_for: Vec<Vec<u8>>) -> Result<Went, StoreError> {
        let text = "WITH told AS (
                 DELETE FROM events WHERE sealed_for = ANY ($1) RETURNING number
             ), waiting AS (
                 DELETE FROM deliveries WHERE event IN (SELECT number FROM told)
             )
             SELECT count(*) AS events FROM told";
        let row = self.one_row(sqlx::query(text).bind(sealed_for)).await?;
        let mut went = Went::default();
        went.gone.events = many(&row, "events")?;
        Ok(went)
    }
}

/// What tells rows, by its kind.
#[derive(Default)]
struct These {
    numbers: Vec<i64>,
    texts: Vec<String>,
    bytes: Vec<Vec<u8>>,
}

impl These {
    fn of(rows: Vec<At>) -> Self {
        let mut these = Self::default();
        for at in rows {
            match at {
                At::Number(number) => these.numbers.push(number),
                At::Text(text) => these.texts.push(text),
                At::Bytes(bytes) => these.bytes.push(bytes),
            }
        }
        these
    }
}

fn row(row: &PgRow) -> Result<Row, StoreError> {
    Ok(Row {
        at: at(row, "at")?,
        bound_to: match at(row, "bound_to")? {
            At::Number(number) => number.to_be_bytes().to_vec(),
            At::Text(text) => text.into_bytes(),
            At::Bytes(bytes) => bytes,
        },
        of: at(row, "whose")?,
        sealed: row.try_get("sealed")?,
    })
}

/// A column of whichever type.
fn at(row: &PgRow, column: &str) -> Result<At, StoreError> {
    if let Ok(number) = row.try_get(column) {
        return Ok(At::Number(number));
    }
    match row.try_get(column) {
        Ok(text) => Ok(At::Text(text)),
        Err(_) => Ok(At::Bytes(row.try_get(column)?)),
    }
}
