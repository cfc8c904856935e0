//! From a URL to a database that can be trusted, or a sentence that says what to do and holds no password.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tokio::time::timeout;

use super::{rotation, schema};
use crate::store::StoreError;
use crate::store::ring::{LiveVault, Whose};
use crate::store::vault::Place;

/// The oldest server that is tried: 15.
const OLDEST: i32 = 150_000;

/// How long a server has to take a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// What tells whether keys are this database's.
const KNOWN_WORD: &[u8] = b"callwright";

const KEY_CHECK: Place<'_> = Place {
    table: "database_keys",
    row: b"1",
};

/// What may stand behind the `?` of a database URL, as libpq and sqlx spell it; beside `options[NAME]`.
const PARAMETERS: [&str; 18] = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "options",
    "application_name",
    "statement-cache-capacity",
];

/// What is wrong with a database and what to do, as the rest of a sentence that begins with its place.
pub(super) type Trouble = String;

/// Opens the database once, brings it to this program's schema, and gives the way to it.
pub(super) async fn open(url: &str, vault: &LiveVault) -> Result<PgConnectOptions, StoreError> {
    let options = options(url)?;
    let opened = async {
        let mut db = connect(&options).await?;
        check_server(&mut db).await?;
        schema::bring_up(&mut db).await?;
        schema::check_rights(&mut db).await?;
        check_keys(&mut db, vault).await?;
        // It has served; the server notices its end either way.
        _ = db.close().await;
        Ok(())
    };
    opened
        .await
        .map_err(|trouble: Trouble| unusable(&options, &trouble))?;
    Ok(options)
}

/// Whether there is no schema of ours yet.
pub(super) async fn is_new(url: &str) -> Result<bool, StoreError> {
    let options = options(url)?;
    let asked = async {
        let mut db = connect(&options).await?;
        let known: bool = sqlx::query_scalar("SELECT to_regclass('database_keys') IS NOT NULL")
            .fetch_one(&mut db)
            .await
            .map_err(|error| told(&error))?;
        _ = db.close().await;
        Ok(!known)
    };
    asked
        .await
        .map_err(|trouble: Trouble| unusable(&options, &trouble))
}

fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    check_parameters(url)?;
    let options: PgConnectOptions = url.parse().map_err(|_| {
        StoreError::Unusable(
            "the database URL cannot be read: write it as postgres://USER:PASSWORD@HOST/DATABASE, and what is no \
             letter or digit in the password as % and two hexadecimal digits; an sslmode is disable, allow, prefer, \
             require, verify-ca or verify-full"
                .to_owned(),
        )
    })?;
    Ok(options
        .application_name("callwright")
        // Statements are no news, and a failure is logged once, at the edge.
        .disable_statement_logging())
}

/// Refuses a parameter that sqlx would pass over, and log with its value. It is not repeated: it may be the rest of a
/// password with a question mark in it.
fn check_parameters(url: &str) -> Result<(), StoreError> {
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    let names = parameters.split('&').filter(|it| !it.is_empty());
    let mut names = names.map(|it| it.split_once('=').map_or(it, |(name, _)| name));
    let is_known = |name: &str| PARAMETERS.contains(&name) || name.starts_with("options[");
    match names.position(|name| !is_known(name)) {
        None => Ok(()),
        Some(before) => Err(StoreError::Unusable(format!(
            "the database URL has a parameter that is not known, number {} behind its \"?\": known are {}; in a password \
             write ? as %3F",
            before + 1,
            PARAMETERS.join(", ")
        ))),
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Trouble> {
    match timeout(CONNECT, options.connect()).await {
        Ok(connected) => connected.map_err(|error| told(&error)),
        Err(_) => Err(format!(
            "does not answer within {} s: see whether the server runs and no firewall stands between",
            CONNECT.as_secs()
        )),
    }
}

async fn check_server(db: &mut PgConnection) -> Result<(), Trouble> {
    let row = sqlx::query(
        "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
             current_setting('transaction_read_only') = 'on' AS read_only,
             current_setting('server_encoding') AS encoding",
    )
    .fetch_one(db)
    .await
    .map_err(|error| told(&error))?;
    let number: i32 = row.try_get("number").map_err(|error| told(&error))?;
    let text = |name| row.try_get::<String, _>(name).unwrap_or_default();
    fits(
        (number, &text("version")),
        row.try_get("read_only").unwrap_or(false),
        &text("encoding"),
    )
}

/// Whether a server of this version (as a number, and as it calls itself) will do.
fn fits((number, version): (i32, &str), read_only: bool, encoding: &str) -> Result<(), Trouble> {
    if number < OLDEST {
        return Err(format!(
            "is on PostgreSQL {version}, and Callwright needs 15 or newer: upgrade the server"
        ));
    }
    if read_only {
        return Err(
            "can only be read: name the primary server, not a standby, and a user that may write"
                .to_owned(),
        );
    }
    match encoding {
        "UTF8" => Ok(()),
        other => Err(format!(
            "is encoded in {other}: make one by CREATE DATABASE callwright ENCODING 'UTF8' TEMPLATE template0"
        )),
    }
}

/// Whether the keys are this database's. The first to come seals the known word.
async fn check_keys(db: &mut PgConnection, vault: &LiveVault) -> Result<(), Trouble> {
    sqlx::query(
        "INSERT INTO database_keys (only_row, key_check) VALUES (1, $1) ON CONFLICT DO NOTHING",
    )
    .bind(vault.seal_as_configured(KEY_CHECK, KNOWN_WORD))
    .execute(&mut *db)
    .await
    .map_err(|error| told(&error))?;
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT key_check FROM database_keys")
        .fetch_one(&mut *db)
        .await
        .map_err(|error| told(&error))?;
    match vault.whose(KEY_CHECK, KNOWN_WORD, &sealed) {
        Some(whose) => learn_ring(db, vault, whose).await,
        None => Err(
            "is encrypted with other keys than these: restore the copy of its keys file, or set CALLWRIGHT_KEYS__DATA \
             and CALLWRIGHT_KEYS__INDEX to its keys"
                .to_owned(),
        ),
    }
}

/// Reads the keys that the database is sealed with. What is sealed with the configured keys of before is sealed with those of now.
async fn learn_ring(db: &mut PgConnection, vault: &LiveVault, whose: Whose) -> Result<(), Trouble> {
    let first = vault.first(whose);
    let learnt = rotation::ring_at_start(db, vault, &first).await;
    learnt.map_err(|error| match error {
        StoreError::Database(_) => format!("cannot have its keys read: {error}"),
        _ => "holds keys of its own that the ones that are set do not open: set the keys that it was last served with"
            .to_owned(),
    })?;
    if whose == Whose::Before {
        sqlx::query("UPDATE database_keys SET key_check = $1")
            .bind(vault.seal_as_configured(KEY_CHECK, KNOWN_WORD))
            .execute(db)
            .await
            .map_err(|error| told(&error))?;
    }
    Ok(())
}

fn unusable(options: &PgConnectOptions, trouble: &str) -> StoreError {
    let database = options.get_database().unwrap_or(options.get_username());
    let host = match options.get_socket() {
        Some(folder) => folder.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    StoreError::Unusable(format!("the database {database} at {host} {trouble}"))
}

/// What a refusal means for the one who starts the server (PostgreSQL's manual, appendix A).
pub(super) fn told(error: &sqlx::Error) -> Trouble {
    if let sqlx::Error::Database(refused) = error {
        return match refused.code().as_deref() {
            Some("28P01") => {
                "refuses the password: set the right one in the database URL".to_owned()
            }
            Some("28000") => format!(
                "does not let this user in: see its pg_hba.conf, and whether it wants TLS ({})",
                refused.message()
            ),
            Some("3D000") => "does not exist: make it, as in CREATE DATABASE callwright".to_owned(),
            Some("42501") => format!(
                "denies its user a right: let the user own the database, or GRANT CREATE ON SCHEMA public ({})",
                refused.message()
            ),
            Some("42P07" | "42710") => format!(
                "holds tables that are not Callwright's: give Callwright a database of its own ({})",
                refused.message()
            ),
            Some("42P01") => format!(
                "lacks a table of Callwright's: restore a backup ({})",
                refused.message()
            ),
            Some("53300") => {
                "has no connection left: raise its max_connections, or end other programs"
                    .to_owned()
            }
            Some("57P03") => "is starting or stopping: try again in a moment".to_owned(),
            Some("53100") => "has no room left on its disk: free some, then start again".to_owned(),
            Some("25006") => "can only be read: name the primary server, not a standby".to_owned(),
            _ => format!("refuses to serve: {}", refused.message()),
        };
    }
    match error {
        sqlx::Error::Io(error) => format!(
            "cannot be reached: see whether the server runs, and whether host and port are right ({error})"
        ),
        sqlx::Error::Tls(error) => format!(
            "cannot be reached by TLS: see its certificate, or set sslmode and sslrootcert in the database URL ({error})"
        ),
        sqlx::Error::Protocol(_) => format!(
            "is not answered for by a PostgreSQL server: see whether host and port are right ({error})"
        ),
        other => format!("cannot be opened: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_server_that_will_not_do_is_told_why() {
        assert_eq!(fits((150_000, "15.0"), false, "UTF8"), Ok(()));
        assert_eq!(fits((180_001, "18.1"), false, "UTF8"), Ok(()));
        for (version, read_only, encoding, says) in [
            ((140_019, "14.19"), false, "UTF8", "PostgreSQL 14.19"),
            ((170_002, "17.2"), true, "UTF8", "primary server"),
            ((170_002, "17.2"), false, "LATIN1", "encoded in LATIN1"),
        ] {
            let told = fits(version, read_only, encoding).expect_err("it will not do");
            assert!(told.contains(says), "{told}");
        }
    }
}
