//! `POST /contact-center/calls`: a tenant's script tells the SIP id of the call that it is about to forward to us, so that a
//! flow can hand that call over.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::call::PhoneNumber;
use crate::contact_center::Fault;
use crate::contact_center::handoff::SipId;
use crate::contact_center::matching::SipCall;
use crate::http::app::App;
use crate::http::body::Unread;
use crate::http::problem::{Problem, ProblemDetails};

/// The largest body, in bytes.
pub(in crate::http) const BODY_LIMIT: usize = 4 * 1024;

/// A call that is about to come in.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "it is described here and read by hand, all faults at once"
)]
pub struct ForwardedCall {
    /// Its Call-ID in SIP.
    #[schema(example = "MDc5ZGI5ZDgyYjY2NGRiNjNjMjQ3ZjkyMGQyMzljMzY")]
    sip_id: String,
    /// Who calls.
    #[schema(example = "+6591234567")]
    caller: String,
    /// Our number that it will be forwarded to.
    #[schema(example = "+6561115777")]
    called: String,
}

/// That it was stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallStored {
    /// Always `stored`.
    #[schema(example = "stored")]
    status: &'static str,
}

/// Tells of a call that is about to come in. A call of the same two numbers that comes within a minute has its SIP id.
#[utoipa::path(post, path = "/contact-center/calls", tag = "contact center", request_body = ForwardedCall,
    responses(
        (status = 200, description = "It is stored", body = CallStored),
        (status = 422, description = "`bad_sip_call`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`no_contact_center`, `store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn tell(
    State(app): State<App>,
    body: Unread,
) -> Result<Json<CallStored>, Problem> {
    let handover = app
        .handover
        .as_ref()
        .ok_or_else(Problem::no_contact_center)?;
    let body = body.read().await?;
    let call = read(&body, app.clock.now()).map_err(Problem::bad_sip_call)?;
    handover.tell(&call).await.map_err(|error| {
        app.metrics.store_failure("sip_call");
        tracing::error!(%error, "a call that a script told of could not be kept: answered 503");
        Problem::store_unavailable()
    })?;
    Ok(Json(CallStored { status: "stored" }))
}

fn read(body: &[u8], told_at: jiff::Timestamp) -> Result<SipCall, Vec<Fault>> {
    let example = r#"send {"sip_id": "…", "caller": "+6568332048", "called": "+6561115777"}"#;
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(fields) = json.as_object() else {
        return Err(vec![Fault::new("", "is no JSON object", example)]);
    };
    let mut faults = Vec::new();
    let sip_id = text(
        fields,
        "sip_id",
        "the call's Call-ID, 1 to 500 visible characters",
        SipId::parse,
        &mut faults,
    );
    let number = "a phone number with its country code, as in +6568332048";
    let caller = text(fields, "caller", number, any_number, &mut faults);
    let called = text(fields, "called", number, any_number, &mut faults);
    for name in fields
        .keys()
        .filter(|name| !["sip_id", "caller", "called"].contains(&name.as_str()))
    {
        let plain = name.len() <= 32 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let shown = if plain { name.as_str() } else { "(a field)" };
        faults.push(Fault::new(shown, "is not known here", "leave it out"));
    }
    match (sip_id, caller, called) {
        (Some(sip_id), Some(caller), Some(called)) if faults.is_empty() => Ok(SipCall {
            sip_id,
            caller,
            called,
            told_at,
        }),
        _ => Err(faults),
    }
}

fn text<T>(
    fields: &serde_json::Map<String, Value>,
    name: &str,
    what: &str,
    read: impl FnOnce(&str) -> Option<T>,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let (message, found) = match fields.get(name) {
        None => ("is missing", None),
        Some(Value::String(text)) => ("cannot be read", read(text.trim())),
        Some(_) => ("is not a text", None),
    };
    if found.is_none() {
        faults.push(Fault::new(name, message, format!("write {what}")));
    }
    found
}

/// A number with or without its `+`, as networks write it.
fn any_number(text: &str) -> Option<PhoneNumber> {
    PhoneNumber::parse_e164(&format!("+{}", text.strip_prefix('+').unwrap_or(text)))
}
