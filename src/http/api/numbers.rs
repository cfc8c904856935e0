//! `/v1/numbers`: the virtual numbers of pools.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::booking_description::NewNumber;
use super::form::{Form, text};
use super::number_view::{NumberList, NumberView};
use super::query::Parameters;
use crate::bookings::numbers::{NumberRefused, NumberRequest};
use crate::call::PhoneNumber;
use crate::http::app::App;
use crate::http::body::Unread;
use crate::http::problem::{Fault, Problem, ProblemDetails};
use crate::masking::PoolNumber;
use crate::masking::rules::PoolName;

/// The largest body, in bytes.
pub(in crate::http) const BODY_LIMIT: usize = 4 * 1024;

type ANumber = Result<Path<String>, PathRejection>;

/// The virtual numbers of all pools.
#[utoipa::path(get, path = "/v1/numbers", tag = "numbers",
    params(("pool" = Option<String>, Query, description = "Of this pool")),
    responses(
        (status = 200, description = "The numbers, by their digits", body = NumberList),
        (status = 400, description = "`bad_query`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn list(
    State(app): State<App>,
    uri: Uri,
) -> Result<Json<NumberList>, Problem> {
    let mut given = Parameters::of(&uri);
    let pool = given.read("pool", "write the name of a pool", |text| {
        Some(text.to_owned())
    });
    given.end()?;
    let mut numbers = app.bookings.numbers();
    numbers.retain(|number| {
        pool.as_ref()
            .is_none_or(|pool| number.pool.as_str() == *pool && !number.removed)
    });
    numbers.sort_by(|one, other| one.number.digits().cmp(other.number.digits()));
    let items = numbers.iter().map(|number| view(&app, number)).collect();
    Ok(Json(NumberList { items }))
}

/// Puts a number into a pool, or changes what it is there. What is left out stays as it was.
#[utoipa::path(put, path = "/v1/numbers/{number}", tag = "numbers", request_body = NewNumber,
    params(("number" = String, Path, description = "The virtual number, with or without +")),
    responses(
        (status = 200, description = "It was there; it is as it is shown", body = NumberView),
        (status = 201, description = "It is new", body = NumberView),
        (status = 409, description = "`answers_a_flow`, `configured`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "`bad_number`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`: nothing was changed", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn put(
    State(app): State<App>,
    path: ANumber,
    body: Unread,
) -> Result<Response, Problem> {
    let number = named(path)?;
    let request = request(&body.read().await?).map_err(Problem::bad_number)?;
    let kept = app.numbers.put(&number, &request).await;
    let (number, is_new) = kept.map_err(|why| refusal(&app, why))?;
    app.switchboard.learn(vec![number.number.clone()]);
    let status = match is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok((status, Json(view(&app, &number))).into_response())
}

/// Takes a number out of use: bookings on it get others over a day, and no booking gets it. `PUT` with `"draining": false` ends that.
#[utoipa::path(post, path = "/v1/numbers/{number}/drain", tag = "numbers",
    params(("number" = String, Path, description = "The virtual number, with or without +")),
    responses(
        (status = 200, description = "It drains", body = NumberView),
        (status = 404, description = "`not_found`: it is in no pool", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`: nothing was changed", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn drain(
    State(app): State<App>,
    path: ANumber,
) -> Result<Json<NumberView>, Problem> {
    let number = named(path)?;
    let drained = app.numbers.drain(&number).await;
    let number = drained.map_err(|why| refusal(&app, why))?;
    Ok(Json(view(&app, &number)))
}

/// Asks the platform how the numbers are, now and not within the hour.
#[utoipa::path(post, path = "/v1/numbers/sync", tag = "numbers",
    responses(
        (status = 200, description = "What the platform told", body = Synced),
        (status = 502, description = "`platform_failed`: some sub-account's numbers were not told", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn sync(State(app): State<App>) -> Result<Json<Synced>, Problem> {
    let told = app.dialer.ask_for_numbers().await;
    let kept = app.numbers.hear_lists(&told.lists).await;
    kept.map_err(|error| refusal(&app, error.into()))?;
    if !told.failed.is_empty() {
        return Err(Problem::platform_silent(told.failed.join("; ")));
    }
    let in_pools = app.bookings.numbers();
    let is_unused = |number: &&PhoneNumber| {
        let in_pool = in_pools
            .iter()
            .any(|it| it.number == **number && !it.removed);
        !in_pool && app.shelf.library().naming(number).is_none()
    };
    let unused = told
        .numbers()
        .filter(is_unused)
        .map(PhoneNumber::with_plus)
        .collect();
    let items = in_pools.iter().map(|number| view(&app, number)).collect();
    Ok(Json(Synced {
        told: told.numbers().count(),
        unused,
        items,
    }))
}

/// What the platform told of the numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Synced {
    /// How many numbers it listed, of all sub-accounts with an `api_key`.
    told: usize,
    /// Those of them that are in no pool and that no flow names.
    unused: Vec<String>,
    /// The numbers of pools, as they are now.
    items: Vec<NumberView>,
}

fn view(app: &App, number: &PoolNumber) -> NumberView {
    NumberView::new(number, app.numbers.is_configured(&number.number))
}

/// The number of a path. It is a virtual one: people's numbers stand in no path.
fn named(path: ANumber) -> Result<PhoneNumber, Problem> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    let digits = text.strip_prefix('+').unwrap_or(&text);
    PhoneNumber::parse_e164(&format!("+{digits}")).ok_or_else(|| {
        Problem::bad_number([Fault {
            path: "number".to_owned(),
            message: "is no virtual number".to_owned(),
            help: "write its country code and digits, 7 to 15, with or without +".to_owned(),
        }])
    })
}

fn request(body: &[u8]) -> Result<NumberRequest, Vec<Fault>> {
    let mut form = Form::of(body, "{\"pool\": \"default\"}")?;
    let truth = "true or false";
    let pool = form.nullable("pool", "the name of a pool, or null", |value| {
        text(64)(value).map(PoolName::new)
    });
    let request = NumberRequest {
        pool,
        capture: form.field("capture", truth, serde_json::Value::as_bool),
        reserved: form.field("reserved", truth, serde_json::Value::as_bool),
        draining: form.field("draining", truth, serde_json::Value::as_bool),
        region: form.field(
            "region",
            "what phones of the region begin with, as \"+1415\"",
            |value| PhoneNumber::beginning(value.as_str()?),
        ),
    };
    form.end().map(|()| request)
}

fn refusal(app: &App, why: NumberRefused) -> Problem {
    match why {
        NumberRefused::Wrong {
            field,
            what,
            remedy,
        } => Problem::bad_number([Fault {
            path: field.to_owned(),
            message: what,
            help: remedy,
        }]),
        NumberRefused::Answers(flow) => Problem::number_answers(flow.as_str()),
        NumberRefused::Configured => Problem::number_configured(),
        NumberRefused::NotFound => Problem::not_found("number of a pool"),
        NumberRefused::Store(error) => {
            app.metrics.store_failure("number");
            tracing::error!(%error, "a virtual number could not be kept: nothing was changed");
            Problem::store_unavailable()
        }
    }
}
