//! What a sub-account is set to: its webhooks, and where its recordings go.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::super::account::{Account, Push, Registration};
use super::super::exchange::Emulator;
use super::super::webhook::Kind;
use super::{Refusal, parsed};

type Answered = Result<Json<Value>, Refusal>;

/// `GET webhooks`.
pub(super) async fn webhooks(
    State(emulator): State<Emulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Answered {
    Ok(Json(listed(&emulator.open(&account, &headers)?)))
}

/// `POST webhooks`: registers one, over what was registered before.
pub(super) async fn register(
    State(emulator): State<Emulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let mut known = emulator.open(&account, &headers)?;
    let wanted = parsed(&body).ok_or_else(|| emulator.unreadable())?;
    let kind = wanted["type"].as_str().and_then(Kind::from_word);
    let url = wanted["url"].as_str().filter(|url| is_address(url));
    let (Some(kind), Some(url)) = (kind, url) else {
        let message =
            "type should be one of: VCS,VCA,VSS,VRU,VNU; url should be an http or https address";
        return Err(emulator.refuse(StatusCode::UNPROCESSABLE_ENTITY, 1002, message));
    };
    let registration = Registration {
        url: url.to_owned(),
        http_auth_header: wanted["httpAuthHeader"].as_str().map(SecretString::from),
        enabled: wanted["enabled"].as_bool().unwrap_or(true),
    };
    known.webhooks.insert(kind, registration);
    let answer = listed(&known);
    emulator.change(known);
    Ok(Json(answer))
}

/// `DELETE webhooks/{type}`.
pub(super) async fn unregister(
    State(emulator): State<Emulator>,
    Path((account, kind)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answered {
    let mut known = emulator.open(&account, &headers)?;
    let kind = Kind::from_word(&kind);
    let Some((kind, removed)) = kind.and_then(|kind| known.webhooks.remove_entry(&kind)) else {
        return Err(emulator.refuse(StatusCode::NOT_FOUND, 404, "Webhook not found"));
    };
    let mut answer = shown(kind, &removed);
    answer["subAccountId"] = json!(known.id);
    emulator.change(known);
    Ok(Json(ok(answer, "deleted")))
}

/// `GET recording-push-config`.
pub(super) async fn push(
    State(emulator): State<Emulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Answered {
    let known = emulator.open(&account, &headers)?;
    let push = known.push.as_ref().ok_or_else(|| no_push(&emulator))?;
    Ok(Json(pushed(&known, push)))
}

/// `POST recording-push-config`.
pub(super) async fn set_push(
    State(emulator): State<Emulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let mut known = emulator.open(&account, &headers)?;
    let wanted = parsed(&body).ok_or_else(|| emulator.unreadable())?;
    let text = |name: &str| wanted[name].as_str().unwrap_or_default().to_owned();
    let push = Push {
        protocol: text("protocol"),
        host: text("host"),
        port: wanted["port"].as_u64(),
        username: text("username"),
        password_set: wanted["password"]
            .as_str()
            .is_some_and(|password| !password.is_empty()),
        path: text("path"),
    };
    if push.protocol.is_empty() || push.host.is_empty() {
        let message = "protocol and host are missing but they are required";
        return Err(emulator.refuse(StatusCode::UNPROCESSABLE_ENTITY, 1002, message));
    }
    let answer = pushed(&known, &push);
    known.push = Some(push);
    emulator.change(known);
    Ok(Json(answer))
}

/// `DELETE recording-push-config`.
pub(super) async fn delete_push(
    State(emulator): State<Emulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Answered {
    let mut known = emulator.open(&account, &headers)?;
    let push = known.push.take().ok_or_else(|| no_push(&emulator))?;
    let mut answer = pushed(&known, &push);
    answer["delete"] = json!(true);
    emulator.change(known);
    Ok(Json(ok(answer, "deleted")))
}

fn no_push(emulator: &Emulator) -> Refusal {
    emulator.refuse(
        StatusCode::NOT_FOUND,
        404,
        "Recording push config not found",
    )
}

fn is_address(url: &str) -> bool {
    reqwest::Url::parse(url)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn listed(account: &Account) -> Value {
    let webhooks: Vec<_> = account
        .webhooks
        .iter()
        .map(|(kind, one)| shown(*kind, one))
        .collect();
    let answer = json!({
        "subAccountId": account.id,
        "count": webhooks.len(),
        "webhooks": webhooks,
    });
    ok(answer, "ok")
}

fn shown(kind: Kind, registration: &Registration) -> Value {
    json!({
        "type": kind.as_str(),
        "url": registration.url,
        "enabled": registration.enabled,
        "httpAuthHeaderAvailable": registration.http_auth_header.is_some(),
    })
}

fn pushed(account: &Account, push: &Push) -> Value {
    let answer = json!({
        "subAccountId": account.id,
        "protocol": push.protocol,
        "host": push.host,
        "port": push.port,
        "username": push.username,
        "passwordSet": push.password_set,
        "path": push.path,
    });
    ok(answer, "ok")
}

fn ok(answer: Value, message: &str) -> Value {
    let mut fields = match answer {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.insert("statusCode".to_owned(), json!(0));
    fields.insert("statusMessage".to_owned(), json!(message));
    Value::Object(fields)
}

impl Emulator {
    /// Puts a changed sub-account in the place of what it was.
    pub(super) fn change(&self, account: Account) {
        self.accounts().insert(account.id.clone(), account);
    }
}
