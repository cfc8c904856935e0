//! What is PostgreSQL's own: what keeps a database from being opened, and what is in it.

use callwright::store::Store as _;
use callwright::store::postgres::PostgresStore;
use callwright::store::vault::Keys;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::cluster::{self, Cluster};

/// The sentence that a database is refused with. None holds the password.
async fn told(url: &str, keys: &Keys) -> String {
    let refused = PostgresStore::open(url, keys).await;
    let told = refused.expect_err("it cannot be opened").to_string();
    assert!(!told.contains("sesame"), "{told}");
    told
}

/// Runs statements in the database at `url`.
async fn sql(url: &str, statements: &str) {
    let mut db = PgConnection::connect(url).await.expect("it can be reached");
    run(&mut db, statements).await;
}

async fn run(db: &mut PgConnection, statements: &str) {
    let run = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(db)
        .await;
    run.expect("they run");
}

/// The address of a server that is none of PostgreSQL's.
async fn something_else() -> String {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            // Whether it is read is the client's affair.
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    format!("postgres://u:sesame@{address}/d")
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    let Some(cluster) = Cluster::start_with_passwords() else {
        return;
    };
    let keys = Keys::generate();
    let url = |user: &str, database: &str| cluster.url(user, database);
    for (url, says) in [
        (url("postgres:sesame", "nowhere"), "CREATE DATABASE"),
        (url("postgres:sesame2", "postgres"), "refuses the password"),
        (
            "postgres://u:sesame@127.0.0.1:1/d".to_owned(),
            "cannot be reached",
        ),
        ("postgres://u:sesame@[::".to_owned(), "cannot be read"),
        (
            url("postgres:sesame", "postgres") + "&sslmode=sometimes",
            "verify-full",
        ),
        (
            url("postgres:sesame", "postgres") + "&sslmode=prefer&pasword=sesame",
            "not known, number 3",
        ),
        ("postgres://u:ses?ame@h/d".to_owned(), "%3F"),
        (
            something_else().await,
            "is not answered for by a PostgreSQL server",
        ),
        ("postgres://u:sesame@h:port/d".to_owned(), "cannot be read"),
    ] {
        let told = told(&url, &keys).await;
        assert!(told.contains(says), "{told}");
    }
}

#[tokio::test]
async fn a_user_without_rights_is_told_which() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let keys = Keys::generate();
    cluster.sql("CREATE ROLE guest LOGIN");
    let owners = cluster.database();
    let guests = owners.replace("postgres@", "guest@");
    let first = told(&guests, &keys).await;
    assert!(first.contains("GRANT CREATE ON SCHEMA"), "{first}");
    PostgresStore::open(&owners, &keys).await.expect("sound");
    let second = told(&guests, &keys).await;
    assert!(second.contains("_sqlx_migrations (SELECT)"), "{second}");
    sql(
        &owners,
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest",
    )
    .await;
    let third = told(&guests, &keys).await;
    assert!(third.contains("GRANT SELECT, INSERT"), "{third}");
    sql(
        &owners,
        "ALTER ROLE guest SET default_transaction_read_only = on",
    )
    .await;
    let fourth = told(&guests, &keys).await;
    assert!(fourth.contains("primary server"), "{fourth}");
}

#[tokio::test]
async fn a_user_who_may_not_make_tables_serves_once_they_are_there() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let keys = Keys::generate();
    cluster.sql("CREATE ROLE guest LOGIN");
    let owners = cluster.database();
    let guests = owners.replace("postgres@", "guest@");
    PostgresStore::open(&owners, &keys).await.expect("sound");
    sql(
        &owners,
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest",
    )
    .await;
    let store = PostgresStore::open(&guests, &keys)
        .await
        .expect("the tables are there");
    let lease = store
        .take_lease("work", "guest", std::time::Duration::from_secs(60))
        .await;
    assert!(lease.expect("it may write").is_some());
    for (version, says) in [
        (9999, "newer Callwright"),
        (1, "earlier Callwright, which its user may not change"),
    ] {
        sql(
            &owners,
            "DELETE FROM _sqlx_migrations WHERE version IN (1, 9999)",
        )
        .await;
        let newer = format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES ({version}, 'half done', {}, '', 0)",
            version == 9999
        );
        sql(&owners, &newer).await;
        let told = told(&guests, &keys).await;
        assert!(told.contains(says), "{told}");
    }
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused() {
    let Some(url) = cluster::database() else {
        return;
    };
    let (server, name) = (url.clone(), format!("l{}", uuid::Uuid::new_v4().simple()));
    sql(
        &server,
        &format!("CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"),
    )
    .await;
    let (front, back) = url.split_once("localhost/").expect("it names a host");
    let (_, back) = back.split_once('?').expect("and a folder");
    let told = told(
        &format!("{front}localhost/{name}?{back}"),
        &Keys::generate(),
    )
    .await;
    assert!(told.contains("ENCODING 'UTF8'"), "{told}");
}

#[tokio::test]
async fn other_keys_and_newer_schemas_are_refused() {
    let Some(url) = cluster::database() else {
        return;
    };
    let keys = Keys::generate();
    assert!(PostgresStore::is_new(&url).await.expect("it answers"));
    PostgresStore::open(&url, &keys).await.expect("sound");
    assert!(!PostgresStore::is_new(&url).await.expect("it answers"));
    let other = told(&url, &Keys::generate()).await;
    assert!(other.contains("encrypted with other keys"), "{other}");
    sql(
        &url,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'later', true, '', 0)",
    )
    .await;
    let newer = told(&url, &keys).await;
    assert!(
        newer.contains("newer Callwright (its schema is 9999"),
        "{newer}"
    );
}

#[tokio::test]
async fn another_program_s_tables_are_left_alone() {
    let Some(url) = cluster::database() else {
        return;
    };
    sql(&url, "CREATE TABLE sessions (id int)").await;
    let told = told(&url, &Keys::generate()).await;
    assert!(told.contains("a database of its own"), "{told}");
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_schema() {
    let Some(url) = cluster::database() else {
        return;
    };
    let keys = Keys::generate();
    let opens = (0..6).map(|_| PostgresStore::open(&url, &keys));
    for opened in futures_util::future::join_all(opens).await {
        opened.expect("each node opens it");
    }
}

#[tokio::test]
async fn a_node_that_starts_while_another_adds_a_column_looks_again() {
    let Some(url) = cluster::database() else {
        return;
    };
    let keys = Keys::generate();
    PostgresStore::open(&url, &keys).await.expect("sound");
    sql(
        &url,
        "CREATE TABLE done AS SELECT * FROM _sqlx_migrations WHERE version = 8;
         DELETE FROM _sqlx_migrations WHERE version = 8;
         ALTER TABLE erasures DROP COLUMN bookings",
    )
    .await;
    let mut other = PgConnection::connect(&url).await.expect("it answers");
    let add = "BEGIN; ALTER TABLE erasures ADD COLUMN bookings BIGINT NOT NULL DEFAULT 0";
    run(&mut other, add).await;
    let ends = async {
        let waits = "SELECT count(*) > 0 FROM pg_locks JOIN pg_database ON oid = database
             WHERE datname = current_database() AND NOT granted";
        while !sqlx::query_scalar::<_, bool>(waits)
            .fetch_one(&mut other)
            .await
            .expect("it answers")
        {}
        run(
            &mut other,
            "INSERT INTO _sqlx_migrations SELECT * FROM done; COMMIT",
        )
        .await;
    };
    let (opened, ()) = tokio::join!(PostgresStore::open(&url, &keys), ends);
    opened.expect("the other has done it meanwhile");
}
