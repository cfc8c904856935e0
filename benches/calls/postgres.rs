//! A PostgreSQL database of a measurement's own, beside the one that the environment names.

use std::fs;
use std::io;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::runtime::Runtime;

/// Names a PostgreSQL database beside which others may be made.
pub(crate) const VARIABLE: &str = "CALLWRIGHT_BENCH_POSTGRES";

/// A database; dropped with this.
#[derive(Debug)]
pub(crate) struct Database {
    name: String,
    beside: String,
    url: String,
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self.tell(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

impl Database {
    /// An empty one; `None` when no PostgreSQL is named.
    pub(crate) fn fresh(what_for: &str) -> io::Result<Option<Self>> {
        let Ok(beside) = std::env::var(VARIABLE) else {
            return Ok(None);
        };
        let name = format!("callwright_calls_{what_for}_{}", std::process::id());
        let database = Self {
            url: renamed(&beside, &name)?,
            name,
            beside,
        };
        database.tell(&format!("CREATE DATABASE {}", database.name))?;
        Ok(Some(database))
    }

    /// What to do to have one.
    pub(crate) fn how_to() -> String {
        format!(
            "not measured: set {VARIABLE} to postgres://USER@HOST:PORT/DATABASE, as whom databases can be made"
        )
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What autovacuum does within a minute, so that it is not in what is measured.
    pub(crate) async fn look_after(&self) -> io::Result<()> {
        let looked_after = async {
            let mut connection = PgConnection::connect(&self.url).await?;
            sqlx::raw_sql("VACUUM ANALYZE")
                .execute(&mut connection)
                .await
        };
        looked_after.await.map(drop).map_err(io::Error::other)
    }

    /// On which cores of this machine it may run.
    pub(crate) fn where_it_runs(&self) -> io::Result<String> {
        let status = Runtime::new()?.block_on(async {
            let mut connection = PgConnection::connect(&self.beside).await?;
            let process: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
                .fetch_one(&mut connection)
                .await?;
            // It is there as long as the connection is.
            let status = fs::read_to_string(format!("/proc/{process}/status"));
            Ok::<_, sqlx::Error>(status.unwrap_or_default())
        });
        let status = status.map_err(io::Error::other)?;
        let cores = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        Ok(match cores {
            Some(cores) => format!("on core {}", cores.trim()),
            None => "elsewhere".to_owned(),
        })
    }

    fn tell(&self, sql: &str) -> io::Result<()> {
        let told = Runtime::new()?.block_on(async {
            let mut connection = PgConnection::connect(&self.beside).await?;
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                .execute(&mut connection)
                .await
        });
        told.map(drop).map_err(io::Error::other)
    }
}

/// The URL with another database's name in it.
fn renamed(url: &str, name: &str) -> io::Result<String> {
    let (whole, query) = match url.split_once('?') {
        Some((whole, query)) => (whole, format!("?{query}")),
        None => (url, String::new()),
    };
    let server = whole
        .rsplit_once('/')
        .map(|(server, _)| server)
        .filter(|server| server.contains("://"));
    let server = server.ok_or_else(|| io::Error::other(Database::how_to()))?;
    Ok(format!("{server}/{name}{query}"))
}
