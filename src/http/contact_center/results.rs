//! `ctl_callbackUrl`: what the Contact Center gives back when a call back or a click-to-dial call is over.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters;
use crate::contact_center::given_back::CallbackResult;
use crate::contact_center::pairs::Pairs;
use crate::http::app::App;
use crate::http::body::Unread;
use crate::http::problem::{Problem, ProblemDetails};
use crate::text::plain;

/// The largest form, in bytes: 1800 characters of user data, percent-encoded, and an error's message.
pub(in crate::http) const BODY_LIMIT: usize = 32 * 1024;

/// The most characters of a word or message that are kept.
const LONGEST: usize = 500;

/// That it was stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultStored {
    /// Always `stored`.
    #[schema(example = "stored")]
    status: &'static str,
}

/// Takes what the Contact Center gives back when a call back or a click-to-dial call is over.
#[utoipa::path(post, path = "/contact-center/callback/{key}", tag = "contact center",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`ctl_userdata`, `resultCode`, `errorString`"),
    params(("key" = String, Path, description = "As `callwright contact-center callback-url` prints it")),
    responses(
        (status = 200, description = "It is stored", body = ResultStored),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn take(
    State(app): State<App>,
    key: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    uri: Uri,
    form: Unread,
) -> Result<Json<ResultStored>, Problem> {
    let Path(key) = key.map_err(|_| Problem::wrong_tenant_token())?;
    app.api_keys
        .let_result_in(&app.tenant_keys, &headers, key.as_bytes())?;
    let form = form.read().await?;
    let result = read(&parameters::of(&uri, &form), app.clock.now());
    app.store
        .handoffs()
        .keep_callback_result(&result)
        .await
        .map_err(|error| {
            app.metrics.store_failure("callback_result");
            tracing::error!(%error, "a result of a call back could not be kept: answered 503");
            Problem::store_unavailable()
        })?;
    if let Some(session_id) = result.session().and_then(plain) {
        let answered = result.answered();
        tracing::info!(
            session_id,
            answered,
            "a call back that a flow asked for is over"
        );
    }
    Ok(Json(ResultStored { status: "stored" }))
}

/// Reads what came, whatever it is: the Contact Center does not send it again.
fn read(given: &[(String, String)], received_at: jiff::Timestamp) -> CallbackResult {
    let value = |name| parameters::value(given, name).unwrap_or_default();
    let short = |text: &str| text.chars().take(LONGEST).collect::<String>();
    let data = value("ctl_userdata");
    CallbackResult {
        id: uuid::Uuid::now_v7().to_string(),
        received_at,
        code: short(value("resultCode")),
        error: Some(short(value("errorString"))).filter(|error| !error.is_empty()),
        data: Pairs::parse(data).unwrap_or_else(|_| Pairs::new([("ctl_userdata", data)])),
    }
}
