//! `POST callflows`: places a call, or says by the platform's status code why not.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::time::Duration;

use super::super::account::Account;
use super::super::chance::Chance;
use super::super::exchange::{ApiFault, Emulator};
use super::super::leg::written;
use super::super::script::not_for_masking;
use super::{Silence, parsed};
use crate::platform::callflow::check::status;
use crate::platform::callflow::{Fault, SentAs, check};

/// How long a call may be placed when `validUntil` does not say, in milliseconds.
const VALID_MS: u64 = 30_000;
/// How long an answer that never comes keeps its connection.
const STUCK: Duration = Duration::from_secs(600);
/// `validUntil` has passed.
const EXPIRED: i32 = -1015;

/// Takes a request.
pub(super) async fn send(
    State(emulator): State<Emulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fault = emulator.next_fault();
    if let Some(answer) = fault.and_then(before_placing) {
        return answer;
    }
    let account = match emulator.open(&account, &headers) {
        Ok(account) => account,
        Err(refusal) => return not_let_in(refusal.0.status(), &account),
    };
    let request = match read(&emulator, &account, &body) {
        Ok(request) => request,
        Err((code, message)) => return refused(http_status(code), code, &message),
    };
    let session = emulator
        .place(&account.id, &request)
        .session_id()
        .to_owned();
    let created = created(&emulator, &request, &session);
    match fault {
        None => Json(created).into_response(),
        Some(fault) => after_placing(fault, &created).await,
    }
}

fn created(emulator: &Emulator, request: &Value, session: &str) -> Value {
    let until = match request["validUntil"].as_str() {
        Some(until) => until.to_owned(),
        None => written(emulator.clock().now(), VALID_MS),
    };
    json!({
        "sessionId": session,
        "sessionStatus": "CREATED",
        "callFlowRequestId": Chance::fresh_uuid(),
        "validUntil": until,
        "statusCode": 1,
        "statusMessage": "Created",
    })
}

/// The request, or the code and message that it is refused with.
fn read(emulator: &Emulator, account: &Account, body: &[u8]) -> Result<Value, (i32, String)> {
    let invalid = || (status::BAD_JSON, "Invalid JSON request body".to_owned());
    let request = parsed(body).ok_or_else(invalid)?;
    if let Err(faults) = check(&request, SentAs::Request) {
        return Err(faults
            .first()
            .map_or_else(invalid, |fault| (fault.status, message(fault))));
    }
    if let Some(place) = not_for_masking(&request).filter(|_| account.masking) {
        let message =
            format!("$.callflow[{place}].action should be one of: makeCall,say,playFile,hangup");
        return Err((status::UNKNOWN_ACTION, message));
    }
    for action in request["callflow"].as_array().into_iter().flatten() {
        let source = action["params"]["source"].as_str();
        if source.is_some_and(|source| !account.owns(source)) {
            return Err((
                status::BAD_CALLER_ID,
                "Invalid Callflow : Caller Id is not allowed".to_owned(),
            ));
        }
    }
    let until = request["validUntil"]
        .as_str()
        .and_then(|until| until.parse::<jiff::Timestamp>().ok());
    if until.is_some_and(|until| until <= emulator.clock().now()) {
        return Err((
            EXPIRED,
            "Invalid Callflow : validUntil is in the past".to_owned(),
        ));
    }
    Ok(request)
}

/// The platform's words where they are documented, the rule's own where not.
fn message(fault: &Fault) -> String {
    let Fault {
        status: code,
        path,
        message,
    } = fault;
    match *code {
        status::BAD_JSON => "Invalid JSON request body".to_owned(),
        status::BAD_VOICE => "Speech profile or language parameter invalid".to_owned(),
        status::UNKNOWN_ACTION => format!("{path} {message}"),
        status::BAD_FIELD => format!("Invalid call flow entry provided. {path}: {message}"),
        status::NO_CALL_FIRST => {
            "Invalid Callflow : First action should be a MakeCall action".to_owned()
        }
        status::MIN_NEEDS_MAX
        | status::DIGIT_NEEDS_OVERALL
        | status::DIGIT_ABOVE_OVERALL
        | status::HASH_NEEDS_MAX => message.clone(),
        _ => format!("Invalid Callflow : {path} {message}"),
    }
}

/// The OpenAPI file shows -1007 with 400 and -1013 with 422; of the others it says nothing.
fn http_status(code: i32) -> StatusCode {
    match code {
        status::UNKNOWN_ACTION => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn not_let_in(status: StatusCode, account: &str) -> Response {
    match status {
        StatusCode::UNAUTHORIZED => refused(
            status,
            401,
            "Authentication header not found or token invalid",
        ),
        _ => refused(
            status,
            404,
            &format!("SubAccount not found by Id : {account}"),
        ),
    }
}

fn refused(http: StatusCode, code: i32, message: &str) -> Response {
    let body = json!({
        "sessionStatus": "NOT_CREATED",
        "callFlowRequestId": Chance::fresh_uuid(),
        "statusCode": code,
        "statusMessage": message,
    });
    (http, Json(body)).into_response()
}

/// What is answered before anything is looked at.
fn before_placing(fault: ApiFault) -> Option<Response> {
    let unknown = "An unknown error has occurred";
    Some(match fault {
        ApiFault::TooMany(after) => {
            let mut answer = refused(StatusCode::TOO_MANY_REQUESTS, 429, "Too many requests");
            if let Some(after) = after {
                answer
                    .headers_mut()
                    .insert(header::RETRY_AFTER, after.into());
            }
            answer
        }
        ApiFault::Refused(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            match status.is_server_error() {
                true => refused(status, i32::from(status.as_u16()), "Internal server error"),
                false => refused(status, -9999, unknown),
            }
        }
        ApiFault::NotCreated => refused(StatusCode::OK, -9999, unknown),
        ApiFault::SilentBeforePlacing => silent(),
        ApiFault::HalfABody
        | ApiFault::SilentAfterPlacing
        | ApiFault::StuckAfterPlacing
        | ApiFault::WrongBody => {
            return None;
        }
    })
}

async fn after_placing(fault: ApiFault, created: &Value) -> Response {
    match fault {
        ApiFault::HalfABody => half(&created.to_string()),
        ApiFault::SilentAfterPlacing => silent(),
        ApiFault::WrongBody => "<html>proxy</html>".into_response(),
        _ => {
            tokio::time::sleep(STUCK).await;
            silent()
        }
    }
}

/// An answer whose connection breaks in the middle.
fn half(body: &str) -> Response {
    let half = Bytes::copy_from_slice(&body.as_bytes()[..body.len() / 2]);
    // The first half has to be on its way before the break, which would take it along.
    let broken = async {
        tokio::task::yield_now().await;
        Err(std::io::Error::other("broken off, as scripted"))
    };
    let parts = stream::iter([Ok(half)]).chain(stream::once(broken));
    let mut answer = Response::new(Body::from_stream(parts));
    let whole = body.len().into();
    answer.headers_mut().insert(header::CONTENT_LENGTH, whole);
    answer
}

fn silent() -> Response {
    let mut answer = Response::new(Body::empty());
    answer.extensions_mut().insert(Silence);
    answer
}
