//! The one table of routes. The router, what guards each route, the API's description and the tests are made from it.

use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use tower::{Layer as _, Service};
use tower_http::set_header::{SetResponseHeader, SetResponseHeaderLayer};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::api::{
    bookings, callbacks, calls, events, flows, handoffs, keys, numbers, pools, sessions, simulate,
    subjects, verdicts,
};
use super::app::App;
use super::contact_center::{self, companion};
use super::description;
use super::guard::Guard;
use super::head::judge;
use super::log::{Template, observe};
use super::operation;
use super::problem::Problem;
use super::webhooks;
use crate::config::Scope;
use crate::platform::webhook::Kind;

/// One route.
#[derive(Debug)]
pub struct Row {
    /// The method.
    pub method: Method,
    /// The path, with `{name}` where a part is free.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
    /// The largest body, in bytes; 0 where none is read.
    pub body_limit: usize,
    handler: fn() -> UtoipaMethodRouter<App>,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Anyone who can connect.
    Anyone,
    /// The platform, by the `Authorization` string of a sub-account that has one.
    Platform,
    /// A script of the Contact Center's tenant, by tenant and token among its parameters, or by a token of ours.
    Script,
    /// The bearer of a token with any one of these scopes, wherever tokens are asked for.
    Token(&'static [Scope]),
}

const READ: Access = Access::Token(&[Scope::Read]);
const CALL: Access = Access::Token(&[Scope::Call]);
const BOOK: Access = Access::Token(&[Scope::Book]);
const LOOK: Access = Access::Token(&[Scope::Read, Scope::Book]);
const MANAGE: Access = Access::Token(&[Scope::Manage]);
const HANDOFF: Access = Access::Token(&[Scope::Handoff]);
const ADMIN: Access = Access::Token(&[Scope::Admin]);
const METRICS: Access = Access::Token(&[Scope::Metrics, Scope::Read]);

/// Every route there is.
pub static ROUTES: LazyLock<[Row; 47]> = LazyLock::new(|| {
    [
        webhook("/webhooks/vca", Kind::CallAction, || routes!(webhooks::vca)),
        webhook("/webhooks/vcs", Kind::CallStatus, || routes!(webhooks::vcs)),
        webhook("/webhooks/vss", Kind::SessionSummary, || {
            routes!(webhooks::vss)
        }),
        webhook("/webhooks/vru", Kind::Recording, || routes!(webhooks::vru)),
        webhook("/webhooks/vnu", Kind::NumberUpdate, || {
            routes!(webhooks::vnu)
        }),
        webhook("/webhooks", Kind::NumberUpdate, || routes!(webhooks::any)),
        post("/v1/sessions", CALL, calls::BODY_LIMIT, || {
            routes!(calls::start)
        }),
        get("/v1/sessions", READ, || routes!(sessions::list)),
        get("/v1/sessions/{session_id}", READ, || {
            routes!(sessions::show)
        }),
        post(
            "/v1/sessions/{session_id}/verdict",
            CALL,
            verdicts::BODY_LIMIT,
            || routes!(verdicts::settle),
        ),
        put("/v1/bookings/{id}", BOOK, bookings::BODY_LIMIT, || {
            routes!(bookings::put)
        }),
        get("/v1/bookings/{id}", LOOK, || routes!(bookings::show)),
        get("/v1/bookings", LOOK, || routes!(bookings::list)),
        post("/v1/bookings:batch", BOOK, bookings::BATCH_LIMIT, || {
            routes!(bookings::batch)
        }),
        post(
            "/v1/bookings/{id}/close",
            BOOK,
            bookings::BODY_LIMIT,
            || routes!(bookings::close),
        ),
        post(
            "/v1/bookings/{id}/reopen",
            BOOK,
            bookings::BODY_LIMIT,
            || routes!(bookings::reopen),
        ),
        put(
            "/v1/bookings/{id}/sides/{side}",
            BOOK,
            bookings::BODY_LIMIT,
            || routes!(bookings::put_side),
        ),
        post("/v1/masking/simulate", LOOK, simulate::BODY_LIMIT, || {
            routes!(simulate::simulate)
        }),
        get("/v1/pools", READ, || routes!(pools::list)),
        get("/v1/pools/{name}/plan", READ, || routes!(pools::plan)),
        get("/v1/numbers", READ, || routes!(numbers::list)),
        put("/v1/numbers/{number}", MANAGE, numbers::BODY_LIMIT, || {
            routes!(numbers::put)
        }),
        post("/v1/numbers/{number}/drain", MANAGE, 0, || {
            routes!(numbers::drain)
        }),
        post("/v1/numbers/sync", MANAGE, 0, || routes!(numbers::sync)),
        get("/v1/flows", READ, || routes!(flows::list)),
        get("/v1/flows/{id}", READ, || routes!(flows::show)),
        Row {
            method: Method::POST,
            path: "/v1/flows/reload",
            access: MANAGE,
            body_limit: 0,
            handler: || routes!(flows::reload),
        },
        get("/v1/handoffs", READ, || routes!(handoffs::list)),
        script(Method::GET, "/contact-center/externalIvrAction", || {
            routes!(companion::by_query)
        }),
        script(Method::POST, "/contact-center/externalIvrAction", || {
            routes!(companion::by_form)
        }),
        script(Method::GET, "/SC/externalIvrAction.php", || {
            routes!(companion::by_query_as_there)
        }),
        script(Method::POST, "/SC/externalIvrAction.php", || {
            routes!(companion::by_form_as_there)
        }),
        Row {
            method: Method::POST,
            path: "/contact-center/calls",
            access: HANDOFF,
            body_limit: contact_center::calls::BODY_LIMIT,
            handler: || routes!(contact_center::calls::tell),
        },
        Row {
            method: Method::POST,
            path: "/contact-center/callback/{key}",
            access: Access::Script,
            body_limit: contact_center::results::BODY_LIMIT,
            handler: || routes!(contact_center::results::take),
        },
        get("/v1/callbacks", READ, || routes!(callbacks::list)),
        get("/v1/events", READ, || routes!(events::list)),
        post("/v1/events/replay", ADMIN, events::BODY_LIMIT, || {
            routes!(events::replay)
        }),
        get("/v1/events/endpoints", READ, || routes!(events::endpoints)),
        post("/v1/events/endpoints/{name}/enable", ADMIN, 0, || {
            routes!(events::enable)
        }),
        post("/v1/subjects/erase", ADMIN, subjects::BODY_LIMIT, || {
            routes!(subjects::erase)
        }),
        get("/v1/erasures", ADMIN, || routes!(subjects::list)),
        get("/v1/keys", ADMIN, || routes!(keys::list)),
        post("/v1/keys/rotate", ADMIN, 0, || routes!(keys::rotate)),
        get("/openapi.json", READ, || routes!(operation::openapi)),
        get("/metrics", METRICS, || routes!(operation::metrics)),
        get("/healthz", Access::Anyone, || routes!(operation::healthz)),
        get("/readyz", Access::Anyone, || routes!(operation::readyz)),
    ]
});

/// A webhook's row; its body may be as large as that of `largest`.
fn webhook(path: &'static str, largest: Kind, handler: fn() -> UtoipaMethodRouter<App>) -> Row {
    let (method, body_limit) = (Method::POST, largest.body_limit());
    Row {
        method,
        path,
        access: Access::Platform,
        body_limit,
        handler,
    }
}

/// A row of the companion endpoint.
fn script(method: Method, path: &'static str, handler: fn() -> UtoipaMethodRouter<App>) -> Row {
    let body_limit = match method {
        Method::POST => companion::BODY_LIMIT,
        _ => 0,
    };
    Row {
        method,
        path,
        access: Access::Script,
        body_limit,
        handler,
    }
}

fn get(path: &'static str, access: Access, handler: fn() -> UtoipaMethodRouter<App>) -> Row {
    Row {
        method: Method::GET,
        path,
        access,
        body_limit: 0,
        handler,
    }
}

fn post(
    path: &'static str,
    access: Access,
    body_limit: usize,
    handler: fn() -> UtoipaMethodRouter<App>,
) -> Row {
    Row {
        method: Method::POST,
        path,
        access,
        body_limit,
        handler,
    }
}

fn put(
    path: &'static str,
    access: Access,
    body_limit: usize,
    handler: fn() -> UtoipaMethodRouter<App>,
) -> Row {
    Row {
        method: Method::PUT,
        path,
        access,
        body_limit,
        handler,
    }
}

/// The API's description, made from the handlers and the table.
pub static DESCRIPTION: LazyLock<OpenApi> = LazyLock::new(|| {
    let described = ROUTES.iter().fold(
        OpenApiRouter::<App>::with_openapi(description::opening()),
        |router, row| router.routes((row.handler)()),
    );
    description::completed(described.into_openapi(), ROUTES.as_slice())
});

/// Routes that stand beside the table, where somebody asked for them.
#[derive(Debug)]
pub struct Annex {
    /// What the log calls all of them.
    pub template: &'static str,
    /// The routes.
    pub router: Router,
}

/// All routes, guarded, logged and bounded.
pub fn router(app: App) -> Site {
    router_with(app, None)
}

/// The same, and an annex, whose routes guard themselves.
pub fn router_with(app: App, annex: Option<Annex>) -> Site {
    let routed = ROUTES
        .iter()
        .fold(OpenApiRouter::<App>::default(), |router, row| {
            let guard = Guard {
                app: app.clone(),
                row,
            };
            router.routes((row.handler)().map(|handler| handler.route_layer(guard)))
        });
    let annexed = annex.map(|Annex { template, router }| {
        router.layer(map_response(move |mut response: Response| {
            response.extensions_mut().insert(Template(template));
            ready(response)
        }))
    });
    let router = Router::from(routed)
        .merge(annexed.unwrap_or_default().with_state(()))
        .fallback(async || Problem::no_such_path())
        .method_not_allowed_fallback(wrong_method)
        .with_state(app.clone());
    let unkept = always(header::CACHE_CONTROL, "no-store").layer(Observed { app, router });
    always(header::X_CONTENT_TYPE_OPTIONS, "nosniff").layer(unkept)
}

/// All routes, and the headers that every answer carries.
pub type Site = SetResponseHeader<SetResponseHeader<Observed, HeaderValue>, HeaderValue>;

/// An answer that is being made.
pub(super) type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// The router, and what stands around all routes: bounds on the head, and the log's line. Around the router and no layer
/// of it, since each layer is paid for by every request.
#[derive(Debug, Clone)]
pub struct Observed {
    app: App,
    router: Router,
}

impl Service<Request> for Observed {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answering {
        let Self { app, mut router } = self.clone();
        Box::pin(async move {
            let route = async |request| match judge(&request) {
                Ok(()) => router.call(request).await.into_response(),
                Err(problem) => problem.into_response(),
            };
            Ok(observe(&app, request, route).await)
        })
    }
}

/// A header that every answer carries.
fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

/// Refuses a method, and tells the log on which route.
async fn wrong_method(path: Option<MatchedPath>, _request: Request) -> Response {
    let mut response = Problem::method_not_allowed().into_response();
    let row = path.and_then(|path| ROUTES.iter().find(|row| row.path == path.as_str()));
    if let Some(row) = row {
        response.extensions_mut().insert(Template(row.path));
    }
    response
}

#[cfg(test)]
mod tests;
