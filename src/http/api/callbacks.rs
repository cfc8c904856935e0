//! `GET /v1/callbacks`: what the Contact Center gave back when call backs and click-to-dial calls were over.

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use super::handoffs::{DataItem, asked, page};
use super::shown::Shown;
use crate::contact_center::given_back::CallbackResult;
use crate::http::app::App;
use crate::http::auth::Caller;
use crate::http::problem::{Problem, ProblemDetails};

/// A page of results.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallbackList {
    /// Newest first.
    items: Vec<CallbackItem>,
    /// Where the next page begins; null when this is the last.
    next_cursor: Option<String>,
}

/// What was given back.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallbackItem {
    /// Ours.
    id: String,
    /// `SUCCESS`, `FAIL`, `IGNORE`; empty for a web callback.
    #[schema(example = "SUCCESS")]
    result: String,
    /// The service's words for a failure.
    error: Option<String>,
    /// The session whose flow asked for it; null for what a command or a link asked for.
    session_id: Option<String>,
    /// Whether the person answered; null when that was not told.
    answered: Option<bool>,
    /// When they did.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
    /// When the call was over.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// The interaction that it became.
    interaction: Option<String>,
    /// When it came.
    #[schema(format = DateTime)]
    received_at: String,
    /// The user data, tokens filled in.
    data: Vec<DataItem>,
}

/// What the Contact Center gave back, newest first.
#[utoipa::path(get, path = "/v1/callbacks", tag = "contact center",
    params(
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many at most; 50 when left out"),
    ),
    responses(
        (status = 200, description = "A page of results", body = CallbackList),
        (status = 400, description = "`bad_query`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<CallbackList>, Problem> {
    let (after, limit) = asked(&uri)?;
    let read = app
        .store
        .handoffs()
        .callback_results(after.as_deref(), limit + 1);
    let (found, next_cursor) = page(find(&app, read).await?, limit, |it| &it.id);
    let shown = Shown::to(caller);
    let items = found
        .iter()
        .map(|it| CallbackItem::new(it, shown))
        .collect();
    Ok(Json(CallbackList { items, next_cursor }))
}

impl CallbackItem {
    fn new(result: &CallbackResult, shown: Shown) -> Self {
        Self {
            id: result.id.clone(),
            result: shown.text(&result.code),
            error: result.error.as_deref().map(|error| shown.text(error)),
            session_id: result.session().map(str::to_owned),
            answered: result.answered(),
            answered_at: result.answered_at().map(|at| at.to_string()),
            ended_at: result.ended_at().map(|at| at.to_string()),
            interaction: result.interaction().map(str::to_owned),
            received_at: result.received_at.to_string(),
            data: DataItem::all(result.user_data(), shown),
        }
    }
}
