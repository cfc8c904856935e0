//! `GET /v1/keys` and `POST /v1/keys/rotate`: the keys that the database is sealed with.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::http::app::App;
use crate::http::problem::{Problem, ProblemDetails};
use crate::store::rekeying::KeyRecord;

/// The keys that there are: one, and two while a rotation is under way. Nothing of a key itself is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyList {
    /// The oldest first.
    items: Vec<KeyView>,
}

/// A key.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyView {
    /// Its number.
    #[schema(example = 2)]
    id: u8,
    /// `COMING` while nodes learn it, `CURRENT` while rows are written with it, `GOING` while rows may still be under it.
    #[schema(example = "CURRENT")]
    state: &'static str,
    #[schema(format = DateTime)]
    made_at: String,
    /// Since when rows are written with it; null until then.
    #[schema(format = DateTime)]
    current_since: Option<String>,
    /// How many rows there were when its rows began to be rewritten; null until then.
    rows: Option<u64>,
    /// How many of them still wait.
    rows_waiting: Option<u64>,
    /// When none will wait any more, if it goes on as so far.
    #[schema(format = DateTime)]
    done_at: Option<String>,
}

/// Lists the keys.
#[utoipa::path(get, path = "/v1/keys", tag = "privacy", responses(
    (status = 200, description = "The keys", body = KeyList),
    (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn list(State(app): State<App>) -> Result<Json<KeyList>, Problem> {
    shown(&app).await.map(Json)
}

/// Makes a new key, and has all that is stored rewritten with it while calls are answered.
#[utoipa::path(post, path = "/v1/keys/rotate", tag = "privacy", responses(
    (status = 202, description = "It has begun", body = KeyList),
    (status = 409, description = "`rotation_under_way`", body = ProblemDetails, content_type = "application/problem+json"),
    (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn rotate(
    State(app): State<App>,
) -> Result<(StatusCode, Json<KeyList>), Problem> {
    let made = find(&app, app.store.key_ring().add_key(app.clock.now())).await?;
    let Some(key) = made else {
        return Err(Problem::rotation_under_way());
    };
    tracing::info!(
        key,
        "a new key was made: what is stored is rewritten with it"
    );
    Ok((StatusCode::ACCEPTED, Json(shown(&app).await?)))
}

async fn shown(app: &App) -> Result<KeyList, Problem> {
    let keys = find(app, app.store.key_ring().keys()).await?;
    let now = app.clock.now();
    let items = keys.iter().map(|key| view(key, now)).collect();
    Ok(KeyList { items })
}

fn view(key: &KeyRecord, now: Timestamp) -> KeyView {
    let rewriting = key.rewriting;
    let time = |at: Timestamp| format!("{at:.3}");
    KeyView {
        id: key.number,
        state: key.state.as_str(),
        made_at: time(key.made_at),
        current_since: key.current_since.map(time),
        rows: rewriting.map(|it| it.total),
        rows_waiting: rewriting.map(|it| it.waiting),
        done_at: rewriting.and_then(|it| it.done_at(now)).map(time),
    }
}
