//! The page: built from `web/` and kept in the program, so that it needs nothing but the program.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};

/// What the page may do: be itself, and talk to this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page itself.
pub(super) async fn index() -> Response {
    let html = include_str!("../../web/dist/index.html");
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, html).into_response()
}

/// What it does.
pub(super) async fn script() -> Response {
    let script = include_str!("../../web/dist/phone.js");
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}

/// How it looks.
pub(super) async fn style() -> Response {
    let style = include_str!("../../web/dist/phone.css");
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], style).into_response()
}

/// The picture in a browser's tab.
pub(super) async fn icon() -> Response {
    let icon = include_str!("../../web/dist/icon.svg");
    ([(CONTENT_TYPE, "image/svg+xml")], icon).into_response()
}
