//! What may be said of a failure of the database: its kind, never a stored value.

use std::error::Error;

/// The kind of failure, as the end of a sentence; empty when the error is of a type that may quote what is stored.
pub(super) fn told(error: &(dyn Error + Send + Sync + 'static)) -> String {
    kind(error).map_or(String::new(), |kind| format!(": {kind}"))
}

fn kind(error: &(dyn Error + Send + Sync + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<rusqlite::Error>() {
        // The code's own words are fixed; SQLite's message beside them is not.
        error.sqlite_error().map(ToString::to_string)
    } else if let Some(error) = error.downcast_ref::<std::io::Error>() {
        Some(error.kind().to_string())
    } else {
        of_pool(error.downcast_ref::<sqlx::Error>()?)
    }
}

fn of_pool(error: &sqlx::Error) -> Option<String> {
    match error {
        sqlx::Error::Database(error) => error.code().map(|code| format!("error code {code}")),
        sqlx::Error::Io(error) => Some(error.kind().to_string()),
        sqlx::Error::PoolTimedOut => Some("no connection was free in time".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use rusqlite::ffi;

    use crate::store::StoreError;

    const STORED: &str = "+6591234567";

    fn sqlite(code: i32) -> StoreError {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(STORED.to_owned())).into()
    }

    #[test]
    fn a_failure_says_its_kind_and_nothing_stored() {
        let quoting = rusqlite::Error::FromSqlConversionFailure(
            0,
            rusqlite::types::Type::Text,
            STORED.into(),
        );
        for (error, says) in [
            (sqlite(ffi::SQLITE_BUSY), "locked"),
            (sqlite(ffi::SQLITE_FULL), "full"),
            (sqlite(ffi::SQLITE_IOERR), "I/O"),
            (
                io::Error::new(io::ErrorKind::StorageFull, STORED).into(),
                "no storage space",
            ),
            (
                sqlx::Error::PoolTimedOut.into(),
                "no connection was free in time",
            ),
            (quoting.into(), "the database failed"),
            (
                sqlx::Error::Protocol(STORED.to_owned()).into(),
                "the database failed",
            ),
        ] {
            let told = error.to_string();
            assert!(told.starts_with("the database failed"), "{told}");
            assert!(told.contains(says) && !told.contains("91234567"), "{told}");
        }
    }
}
