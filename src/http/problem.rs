//! Refusals, as problem details (RFC 9457): what is wrong, where, and what to do about it.
//!
//! No problem repeats what it refuses: a number, a secret or a digit that came in never goes out again.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::booking_problem::Shortage;

/// What every problem's `type` begins with; its code follows.
const TYPE_PREFIX: &str = "urn:callwright:problem:";

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem(Box<ProblemDetails>);

/// What a refusal says.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// Names the kind of problem: `urn:callwright:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:callwright:problem:bad_query")]
    kind: String,
    /// The kind of problem in words, always the same for one code.
    title: Cow<'static, str>,
    /// The HTTP status.
    status: u16,
    /// What happened this time and what to do about it.
    detail: Cow<'static, str>,
    /// The kind of problem for programs.
    #[schema(example = "bad_query")]
    code: Cow<'static, str>,
    /// The request in which it happened, as `urn:callwright:request:` and the id that the log line carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// Every single fault, when there are several to name.
    errors: Vec<Fault>,
    /// The rule that was broken, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    /// The call that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The call's state.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// The platform's status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_code: Option<i64>,
    /// How far the numbers of a pool go.
    #[serde(flatten)]
    shortage: Option<Shortage>,
    #[serde(skip)]
    #[schema(ignore)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// One fault of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where: a path into the JSON body, or a parameter's name.
    #[schema(example = "limit")]
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl Problem {
    /// A problem of the kind `code`, called `title`.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(ProblemDetails {
            kind: format!("{TYPE_PREFIX}{code}"),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.into(),
            instance: None,
            errors: Vec::new(),
            rule: None,
            id: None,
            state: None,
            platform_code: None,
            shortage: None,
            headers: Vec::new(),
        }))
    }

    /// The same with its single faults.
    pub fn with_faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.0.errors.extend(faults);
        self
    }

    /// The same with the id of the request it happened in.
    pub fn in_request(mut self, id: &str) -> Self {
        self.0.instance = Some(format!("urn:callwright:request:{id}"));
        self
    }

    /// The same with a response header.
    pub(super) fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// The same with when to try again.
    pub(super) fn retry_after(mut self, seconds: i64) -> Self {
        let header = (header::RETRY_AFTER, HeaderValue::from(seconds));
        self.0.headers.push(header);
        self
    }

    /// The same with the rule that was broken.
    pub(super) fn by_rule(mut self, rule: &'static str) -> Self {
        self.0.rule = Some(rule);
        self
    }

    /// The same about a call of ours, in this state.
    pub(super) fn about_call(mut self, id: &str, state: &'static str) -> Self {
        self.0.id = Some(id.to_owned());
        self.0.state = Some(state);
        self
    }

    /// The same with the platform's status code.
    pub(super) fn with_platform_code(mut self, code: i64) -> Self {
        self.0.platform_code = Some(code);
        self
    }

    /// The same with how far the numbers of a pool go.
    pub(super) fn short_of(mut self, shortage: Shortage) -> Self {
        self.0.shortage = Some(shortage);
        self
    }

    /// What it says, for an answer that holds several.
    pub(super) fn into_details(self) -> ProblemDetails {
        *self.0
    }

    /// What it says.
    pub fn details(&self) -> &ProblemDetails {
        &self.0
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).expect("a problem is made from a status code")
    }

    /// The kind of problem for programs.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// 400: the body is not the webhook that the path is for.
    pub fn bad_webhook(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_webhook",
            "The body is no webhook that this path takes",
            "Each fault is named in errors; nothing was stored",
        )
        .with_faults(faults)
    }

    /// 400: parameters that are unknown or wrong.
    pub fn bad_query(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_query",
            "The query has parameters that are unknown or wrong",
            "Each fault is named in errors",
        )
        .with_faults(faults)
    }

    /// 400: the connection broke, or the body is not framed as HTTP asks.
    pub fn broken_body() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "broken_body",
            "The body broke off",
            "Send the body whole, as long as its Content-Length says",
        )
    }

    /// 401: a webhook without the `Authorization` string of a sub-account.
    pub fn wrong_webhook_secret() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "wrong_webhook_secret",
            "The Authorization header is not the one agreed on",
            "Register the webhook with httpAuthHeader set to the sub-account's webhook_secret",
        )
        .with_header(header::WWW_AUTHENTICATE, "Webhook realm=\"callwright\"")
    }

    /// 401: an API request without a token that is known.
    pub fn token_needed() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "token_needed",
            "A known token is needed",
            "Send Authorization: Bearer and a token of the configuration's [api.tokens]",
        )
        .with_header(header::WWW_AUTHENTICATE, "Bearer realm=\"callwright\"")
    }

    /// 403: a token that may do other things, but not this.
    pub fn missing_scope(scope: &'static str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "missing_scope",
            "The token may not do this",
            format!("Give the token the scope {scope} in the configuration's [api.tokens]"),
        )
        .with_header(
            header::WWW_AUTHENTICATE,
            "Bearer realm=\"callwright\", error=\"insufficient_scope\"",
        )
    }

    /// 403: a webhook of a sub-account that is not configured.
    pub fn unknown_subaccount() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "unknown_subaccount",
            "The sub-account is not one of ours",
            "Set the id of the platform's sub-account in the configuration's [subaccounts.NAME]",
        )
        .with_faults([Fault {
            path: "payload.subAccountId".to_owned(),
            message: "is not the id of a configured sub-account".to_owned(),
            help: "compare it with id in [subaccounts.NAME]".to_owned(),
        }])
    }

    /// 403: a webhook from an address that is not listed.
    pub fn address_not_allowed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "address_not_allowed",
            "Webhooks are not taken from this address",
            "Add the address to allow_from in the configuration's [webhooks]; behind a reverse proxy, set [proxies]",
        )
    }

    /// 404: nothing has this path.
    pub fn no_such_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no_such_path",
            "There is nothing at this path",
            "All paths are listed at /openapi.json",
        )
    }

    /// 404: the path is right, but what it names is not there. `what` as in "session".
    pub fn not_found(what: &'static str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "It is not there",
            format!("There is no {what} of this id"),
        )
    }

    /// 405: the path is there, but not for this method.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "The path does not take this method",
            "The Allow header lists the methods that it takes",
        )
    }

    /// 408: the body did not come in time. The connection is closed.
    pub fn body_timeout() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            "The body did not come in time",
            "Send the whole body within http.body_timeout_ms",
        )
        .with_header(header::CONNECTION, "close")
    }

    /// 413: more than `limit` bytes. The connection is closed.
    pub fn body_too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "The body is too large",
            format!("Send at most {limit} bytes"),
        )
        .with_header(header::CONNECTION, "close")
    }

    /// 414: more than `limit` bytes of path and query.
    pub fn address_too_long(limit: usize) -> Self {
        Self::new(
            StatusCode::URI_TOO_LONG,
            "address_too_long",
            "The address is too long",
            format!("Send at most {limit} bytes of path and query"),
        )
        .with_header(header::CONNECTION, "close")
    }

    /// 431: more headers, or more bytes of them, than is allowed.
    pub fn head_too_large(headers: usize, bytes: usize) -> Self {
        Self::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "head_too_large",
            "The request's head is too large",
            format!("Send at most {headers} headers and {bytes} bytes of head"),
        )
        .with_header(header::CONNECTION, "close")
    }

    /// 500: our fault.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The server made a mistake",
            "The log has a line with the id in instance; please report it",
        )
    }

    /// 503: the store is late or fails. Nothing was stored.
    pub fn store_unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store_unavailable",
            "The store does not answer",
            "Nothing was stored; send it again after Retry-After seconds",
        )
        .with_header(header::RETRY_AFTER, "1")
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let (status, headers) = (self.status(), std::mem::take(&mut self.0.headers));
        let mut response = (status, Json(self.0)).into_response();
        let answered = response.headers_mut();
        answered.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        answered.extend(headers);
        response
    }
}

#[cfg(test)]
pub(in crate::http) mod tests {
    use super::*;

    /// Every problem there is: a status, a code, and the header it must carry.
    fn all() -> Vec<(Problem, u16, &'static str, Option<HeaderName>)> {
        vec![
            (Problem::bad_webhook([]), 400, "bad_webhook", None),
            (Problem::bad_query([]), 400, "bad_query", None),
            (Problem::broken_body(), 400, "broken_body", None),
            (
                Problem::wrong_webhook_secret(),
                401,
                "wrong_webhook_secret",
                Some(header::WWW_AUTHENTICATE),
            ),
            (
                Problem::token_needed(),
                401,
                "token_needed",
                Some(header::WWW_AUTHENTICATE),
            ),
            (
                Problem::missing_scope("read"),
                403,
                "missing_scope",
                Some(header::WWW_AUTHENTICATE),
            ),
            (
                Problem::unknown_subaccount(),
                403,
                "unknown_subaccount",
                None,
            ),
            (
                Problem::address_not_allowed(),
                403,
                "address_not_allowed",
                None,
            ),
            (Problem::no_such_path(), 404, "no_such_path", None),
            (Problem::not_found("session"), 404, "not_found", None),
            (
                Problem::method_not_allowed(),
                405,
                "method_not_allowed",
                None,
            ),
            (
                Problem::body_timeout(),
                408,
                "body_timeout",
                Some(header::CONNECTION),
            ),
            (
                Problem::body_too_large(1),
                413,
                "body_too_large",
                Some(header::CONNECTION),
            ),
            (
                Problem::address_too_long(1),
                414,
                "address_too_long",
                Some(header::CONNECTION),
            ),
            (
                Problem::head_too_large(1, 1),
                431,
                "head_too_large",
                Some(header::CONNECTION),
            ),
            (Problem::internal(), 500, "internal", None),
            (
                Problem::store_unavailable(),
                503,
                "store_unavailable",
                Some(header::RETRY_AFTER),
            ),
        ]
    }

    #[test]
    fn each_problem_says_what_it_is() {
        holds(all());
    }

    /// Whether each is what it should be.
    pub(in crate::http) fn holds(problems: Vec<(Problem, u16, &'static str, Option<HeaderName>)>) {
        for (problem, status, code, needed_header) in problems {
            let json = serde_json::to_value(&problem.0).expect("a problem is plain data");
            assert_eq!(json["status"], status, "{code}");
            assert_eq!(json["code"], code);
            assert_eq!(json["type"], format!("urn:callwright:problem:{code}"));
            for words in ["title", "detail"] {
                let words = json[words].as_str().expect("a text");
                assert!(
                    !words.is_empty() && !words.ends_with('.'),
                    "{code}: {words}"
                );
            }
            let response = problem.into_response();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
            if let Some(name) = needed_header {
                assert!(
                    response.headers().contains_key(&name),
                    "{code} lacks {name}"
                );
            }
        }
    }

    #[test]
    fn faults_and_the_request_are_named() {
        let fault = Fault {
            path: "limit".into(),
            message: "is no number".into(),
            help: "write 1 to 200".into(),
        };
        let problem = Problem::bad_query([fault]).in_request("abc");
        let json = serde_json::to_value(&problem.0).expect("a problem is plain data");
        assert_eq!(
            json["errors"],
            serde_json::json!([{"path": "limit", "message": "is no number", "help": "write 1 to 200"}])
        );
        assert_eq!(json["instance"], "urn:callwright:request:abc");
    }
}
