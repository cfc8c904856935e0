//! `/v1/bookings`: makes, changes, shows and ends bookings.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use utoipa::ToSchema;

use super::booking_body::{self, ID, id};
use super::booking_description::{Close, NewBatch, NewBooking, NewSide, Reopen};
use super::booking_view::{BookingList, BookingView};
use super::find;
use super::query::Parameters;
use crate::bookings::{Booked, Refused};
use crate::http::app::App;
use crate::http::auth::Caller;
use crate::http::body::Unread;
use crate::http::problem::{Fault, Problem, ProblemDetails};
use crate::masking::booking::{Booking, BookingId, SideName};
use crate::masking::rules::PoolName;
use crate::store::bookings::BookingFilter;

/// The largest body of a booking, and of a batch, in bytes.
pub(in crate::http) const BODY_LIMIT: usize = 64 * 1024;
pub(in crate::http) const BATCH_LIMIT: usize = 256 * 1024;

/// How many bookings a page holds when nobody says, and at most.
const PAGE: u32 = 50;
const PAGE_LIMIT: u32 = 200;

/// How many bookings of a batch are made at once.
const AT_ONCE: usize = 16;

type AnId = Result<Path<String>, PathRejection>;

/// Makes a booking, or changes one: a field that is left out stays as it was. Sent again with the same body it changes nothing.
#[utoipa::path(put, path = "/v1/bookings/{id}", tag = "bookings", request_body = NewBooking,
    params(("id" = String, Path, description = "Your own id: 1 to 128 letters, digits and the signs -._~:@")),
    responses(
        (status = 200, description = "It was there; it stands as it is shown", body = BookingView),
        (status = 201, description = "It is new", body = BookingView),
        (status = 409, description = "`closed`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "`same_party`, `party_is_virtual_number`, `unroutable`, `bad_booking`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`pool_exhausted`, `store_unavailable`: nothing was kept", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn put(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    path: AnId,
    body: Unread,
) -> Result<Response, Problem> {
    let id = named(path)?;
    let request = booking_body::booking(&body.read().await?).map_err(Problem::bad_booking)?;
    let booked = app
        .bookings
        .put(&id, &request)
        .await
        .map_err(|why| refusal(&app, why))?;
    Ok(answer(&app, &booked, caller))
}

/// Makes or changes many bookings, up to 500; each succeeds or fails alone.
#[utoipa::path(post, path = "/v1/bookings:batch", tag = "bookings", request_body = NewBatch,
    responses(
        (status = 200, description = "What became of each, in the order in which they were sent", body = BatchAnswer),
        (status = 422, description = "`bad_booking`: the batch cannot be read, and nothing was done", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn batch(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Unread,
) -> Result<Json<BatchAnswer>, Problem> {
    let asked = booking_body::batch(&body.read().await?).map_err(Problem::bad_booking)?;
    let one = async |(id, request): booking_body::Asked| {
        let made = match (&id, request) {
            (Some(id), Ok(request)) => app
                .bookings
                .put(id, &request)
                .await
                .map_err(|why| refusal(&app, why)),
            (_, Err(faults)) => Err(Problem::bad_booking(faults)),
            (None, Ok(_)) => Err(Problem::internal()),
        };
        BatchItem::new(id.as_ref(), made, &app, caller)
    };
    let items = stream::iter(asked)
        .map(one)
        .buffered(AT_ONCE)
        .collect()
        .await;
    Ok(Json(BatchAnswer { items }))
}

/// One booking.
#[utoipa::path(get, path = "/v1/bookings/{id}", tag = "bookings",
    params(("id" = String, Path, description = "Your own id")),
    responses(
        (status = 200, description = "The booking", body = BookingView),
        (status = 404, description = "`not_found`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    path: AnId,
) -> Result<Json<BookingView>, Problem> {
    let id = named(path)?;
    let found = find(&app, app.bookings.get(&id)).await?;
    let booked = found.ok_or_else(|| Problem::not_found("booking"))?;
    Ok(Json(BookingView::new(&booked, &app.bookings, caller)))
}

/// Bookings, the newest first.
#[utoipa::path(get, path = "/v1/bookings", tag = "bookings",
    params(
        ("pool" = Option<String>, Query, description = "Of this pool"),
        ("open" = Option<bool>, Query, description = "`true`: those that are open; `false`: those that are closed or over"),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many at most; 50 when left out"),
    ),
    responses(
        (status = 200, description = "A page of bookings", body = BookingList),
        (status = 400, description = "`bad_query`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<BookingList>, Problem> {
    let filter = filter(&uri)?;
    let page = find(&app, app.bookings.list(&filter)).await?;
    let shown = |booking| {
        let booked = standing(&app, booking);
        BookingView::new(&booked, &app.bookings, caller)
    };
    Ok(Json(BookingList {
        items: page.bookings.into_iter().map(shown).collect(),
        next_cursor: page.next.map(|number| number.to_string()),
    }))
}

/// Closes a booking. Calls go on connecting for as long as the pool's grace for this reason lasts; none in progress is cut.
#[utoipa::path(post, path = "/v1/bookings/{id}/close", tag = "bookings", request_body = Close,
    params(("id" = String, Path, description = "Your own id")),
    responses(
        (status = 200, description = "It is closed", body = BookingView),
        (status = 404, description = "`not_found`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "`closed`: it was closed for another reason", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "`bad_booking`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`: nothing was kept", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn close(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    path: AnId,
    body: Unread,
) -> Result<Response, Problem> {
    let id = named(path)?;
    let request = booking_body::close(&body.read().await?).map_err(Problem::bad_booking)?;
    let booked = app
        .bookings
        .close(&id, request)
        .await
        .map_err(|why| refusal(&app, why))?;
    Ok(answer(&app, &booked, caller))
}

/// Opens a closed booking again, with the numbers that it had, as long as they have not been given to others.
#[utoipa::path(post, path = "/v1/bookings/{id}/reopen", tag = "bookings", request_body = Reopen,
    params(("id" = String, Path, description = "Your own id")),
    responses(
        (status = 200, description = "It is open", body = BookingView),
        (status = 404, description = "`not_found`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "`numbers_gone`: make a new booking", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "`bad_booking`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`: nothing was kept", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn reopen(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    path: AnId,
    body: Unread,
) -> Result<Response, Problem> {
    let id = named(path)?;
    let until = booking_body::reopen(&body.read().await?).map_err(Problem::bad_booking)?;
    let booked = app
        .bookings
        .reopen(&id, until)
        .await
        .map_err(|why| refusal(&app, why))?;
    Ok(answer(&app, &booked, caller))
}

/// Changes one side: its phones, its label, whether it is muted. The other side notices nothing.
#[utoipa::path(put, path = "/v1/bookings/{id}/sides/{side}", tag = "bookings", request_body = NewSide,
    params(
        ("id" = String, Path, description = "Your own id"),
        ("side" = String, Path, description = "`a` or `b`"),
    ),
    responses(
        (status = 200, description = "The booking; `renumbered` says who has to be told another number", body = BookingView),
        (status = 404, description = "`not_found`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "`closed`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "`same_party`, `party_is_virtual_number`, `unroutable`, `bad_booking`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`pool_exhausted`, `store_unavailable`: nothing was kept", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn put_side(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Unread,
) -> Result<Response, Problem> {
    let Path((id, side)) = path.map_err(|_| Problem::not_found("booking"))?;
    let id = booking_body::id(&id).ok_or_else(|| Problem::not_found("booking"))?;
    let side = SideName::from_word(&side).ok_or_else(|| Problem::not_found("side"))?;
    let request = booking_body::side(&body.read().await?).map_err(Problem::bad_booking)?;
    let booked = app.bookings.put_side(&id, side, &request).await;
    Ok(answer(
        &app,
        &booked.map_err(|why| refusal(&app, why))?,
        caller,
    ))
}

/// What became of the bookings of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// One for each booking that was sent, in that order.
    items: Vec<BatchItem>,
}

/// What became of one booking of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchItem {
    /// The id that was sent, if it can be one.
    id: Option<String>,
    /// The HTTP status that `PUT` would have answered.
    #[schema(example = 201)]
    status: u16,
    /// The booking, when it was made or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    booking: Option<BookingView>,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemDetails>,
}

impl BatchItem {
    fn new(
        id: Option<&BookingId>,
        made: Result<Booked, Problem>,
        app: &App,
        caller: Caller,
    ) -> Self {
        let id = id.map(ToString::to_string);
        match made {
            Ok(booked) => Self {
                id,
                status: status(&booked).as_u16(),
                booking: Some(BookingView::new(&booked, &app.bookings, caller)),
                problem: None,
            },
            Err(problem) => Self {
                id,
                status: problem.status().as_u16(),
                booking: None,
                problem: Some(problem.into_details()),
            },
        }
    }
}

fn named(path: AnId) -> Result<BookingId, Problem> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    id(&text).ok_or_else(|| {
        Problem::bad_booking([Fault {
            path: "id".to_owned(),
            message: "cannot be one".to_owned(),
            help: format!("give {ID}"),
        }])
    })
}

fn status(booked: &Booked) -> StatusCode {
    match booked.is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    }
}

fn answer(app: &App, booked: &Booked, caller: Caller) -> Response {
    let mut headers = HeaderMap::new();
    if booked.is_new
        && let Ok(location) = HeaderValue::from_str(&format!("/v1/bookings/{}", booked.booking.id))
    {
        headers.insert(header::LOCATION, location);
    }
    let view = BookingView::new(booked, &app.bookings, caller);
    (status(booked), headers, Json(view)).into_response()
}

/// A booking that was found, as it stands now.
fn standing(app: &App, booking: Booking) -> Booked {
    Booked {
        state: app.bookings.state(&booking),
        booking,
        is_new: false,
        renumbered: Vec::new(),
    }
}

fn filter(uri: &Uri) -> Result<BookingFilter, Problem> {
    let mut given = Parameters::of(uri);
    let filter = BookingFilter {
        pool: given.read("pool", "write the name of a pool", |text| {
            (1..=64).contains(&text.len()).then(|| PoolName::new(text))
        }),
        party: None,
        open: given.read("open", "write true or false", |text| text.parse().ok()),
        before: given.read(
            "cursor",
            "take next_cursor of the page before as it is",
            |text| text.parse().ok(),
        ),
        limit: given
            .read("limit", "write a number from 1 to 200", |text| {
                text.parse()
                    .ok()
                    .filter(|limit| (1..=PAGE_LIMIT).contains(limit))
            })
            .unwrap_or(PAGE),
    };
    given.end()?;
    Ok(filter)
}

/// Why a booking was not kept, as it is told.
fn refusal(app: &App, why: Refused) -> Problem {
    match why {
        Refused::Wrong(faults) => Problem::wrong_booking(&faults),
        Refused::NotFound => Problem::not_found("booking"),
        Refused::Closed => Problem::booking_closed(),
        Refused::NumbersGone => Problem::numbers_gone(),
        Refused::Exhausted(exhausted) => Problem::pool_exhausted(&exhausted),
        Refused::Store(error) => {
            app.metrics.store_failure("booking");
            tracing::error!(%error, "a booking could not be kept: nothing was");
            Problem::store_unavailable()
        }
    }
}
