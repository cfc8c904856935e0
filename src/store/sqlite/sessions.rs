//! The `sessions` table: what is known of a session, read and written whole.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use crate::call::event::{Direction, SummaryError};
use crate::call::{PhoneNumber, SessionId, SubAccountId};
use crate::flow::model::{FlowId, FlowVersion};
use crate::store::StoreError;
use crate::store::forms::{read_position, read_time, write_position};
use crate::store::known::{Ending, Face, Known, Source};

/// A row as it stands in the table.
#[derive(FromRow)]
pub(super) struct Columns {
    session_id: String,
    sub_account: Option<String>,
    direction: Option<String>,
    source: Option<String>,
    destination: Option<String>,
    face_from: i64,
    face_at: i64,
    caller_country: Option<String>,
    flow_id: Option<String>,
    flow_version: Option<String>,
    position: Option<String>,
    replies: i64,
    status: Option<String>,
    error_code: Option<i64>,
    error_message: Option<String>,
    started_at: i64,
    ended_at: Option<i64>,
    last_event_at: i64,
}

/// What is known of session `id`.
pub(super) async fn load(
    db: &mut SqliteConnection,
    id: &SessionId,
) -> Result<Option<Known>, StoreError> {
    sqlx::query("SELECT * FROM sessions WHERE session_id = ?1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await?
        .map(|row| read(&row))
        .transpose()
}

/// Reads a row that has all of the table's columns.
pub(super) fn read(row: &SqliteRow) -> Result<Known, StoreError> {
    Known::try_from(Columns::from_row(row)?)
}

/// Reads a row of a `LEFT JOIN` on `sessions`: `None` when there is no session.
pub(super) fn read_joined(row: &SqliteRow) -> Result<Option<Known>, StoreError> {
    match row.try_get::<Option<String>, _>("session_id")? {
        Some(_) => read(row).map(Some),
        None => Ok(None),
    }
}

/// Writes what is known of a session over what was.
pub(super) async fn save(db: &mut SqliteConnection, known: &Known) -> Result<(), StoreError> {
    let number = |number: &Option<PhoneNumber>| number.as_ref().map(|n| n.as_it_came().to_owned());
    let digits = |number: &Option<PhoneNumber>| number.as_ref().map(|n| n.digits().to_owned());
    let ending = known.ending.as_ref();
    let error = ending.and_then(|ending| ending.error.as_ref());
    sqlx::query(
        "INSERT INTO sessions (
             session_id, sub_account, direction, source, destination, source_digits, destination_digits,
             face_from, face_at, caller_country, flow_id, flow_version, position, replies,
             status, error_code, error_message, started_at, ended_at, last_event_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
         ON CONFLICT (session_id) DO UPDATE SET
             sub_account = excluded.sub_account, direction = excluded.direction,
             source = excluded.source, destination = excluded.destination,
             source_digits = excluded.source_digits, destination_digits = excluded.destination_digits,
             face_from = excluded.face_from, face_at = excluded.face_at,
             caller_country = excluded.caller_country,
             flow_id = excluded.flow_id, flow_version = excluded.flow_version,
             position = excluded.position, replies = excluded.replies,
             status = excluded.status, error_code = excluded.error_code,
             error_message = excluded.error_message, ended_at = excluded.ended_at,
             last_event_at = excluded.last_event_at",
    )
    .bind(known.id.as_str())
    .bind(known.sub_account.as_ref().map(SubAccountId::as_str))
    .bind(known.face.direction.map(Direction::as_str))
    .bind(number(&known.face.source))
    .bind(number(&known.face.destination))
    .bind(digits(&known.face.source))
    .bind(digits(&known.face.destination))
    .bind(known.face.from as i64)
    .bind(known.face.at.as_millisecond())
    .bind(known.caller_country.as_deref())
    .bind(known.flow.as_ref().map(|(id, _)| id.as_str()))
    .bind(known.flow.as_ref().map(|(_, version)| version.as_str()))
    .bind(known.position.as_ref().map(write_position))
    .bind(i64::from(known.replies))
    .bind(ending.map(|ending| ending.status.as_str()))
    .bind(error.and_then(|error| error.code))
    .bind(error.and_then(|error| error.message.as_deref()))
    .bind(known.started_at.as_millisecond())
    .bind(ending.and_then(|ending| ending.ended_at).map(|at| at.as_millisecond()))
    .bind(known.last_event_at.as_millisecond())
    .execute(db)
    .await?;
    Ok(())
}

impl TryFrom<Columns> for Known {
    type Error = StoreError;

    fn try_from(row: Columns) -> Result<Self, StoreError> {
        let ending = row.ending()?;
        Ok(Self {
            face: row.face()?,
            ending,
            id: SessionId::new(row.session_id),
            sub_account: row.sub_account.map(SubAccountId::new),
            caller_country: row.caller_country,
            flow: row
                .flow_id
                .map(FlowId::new)
                .zip(row.flow_version.map(FlowVersion::new)),
            position: row.position.as_deref().map(read_position).transpose()?,
            replies: u32::try_from(row.replies).map_err(|_| unreadable("reply number"))?,
            started_at: read_time(row.started_at)?,
            last_event_at: read_time(row.last_event_at)?,
        })
    }
}

impl Columns {
    fn face(&self) -> Result<Face, StoreError> {
        let from = usize::try_from(self.face_from)
            .ok()
            .and_then(|number| Source::ALL.get(number))
            .ok_or(unreadable("source of a number"))?;
        Ok(Face {
            direction: self.direction.as_deref().and_then(Direction::from_word),
            source: self.source.clone().map(PhoneNumber::new),
            destination: self.destination.clone().map(PhoneNumber::new),
            from: *from,
            at: read_time(self.face_at)?,
        })
    }

    fn ending(&self) -> Result<Option<Ending>, StoreError> {
        let Some(status) = self.status.clone() else {
            return Ok(None);
        };
        let said_error = self.error_code.is_some() || self.error_message.is_some();
        Ok(Some(Ending {
            status,
            error: said_error.then(|| SummaryError {
                code: self.error_code,
                message: self.error_message.clone(),
            }),
            ended_at: self.ended_at.map(read_time).transpose()?,
        }))
    }
}

fn unreadable(what: &'static str) -> StoreError {
    StoreError::Unreadable { what }
}
