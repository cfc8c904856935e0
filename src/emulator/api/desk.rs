//! The desk: what people at an emulator do that the platform has no route for. Nobody is asked who they are, so the emulator
//! listens on loopback unless it is told otherwise.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::call::{Answer, Sign};
use super::super::exchange::{ApiFault, Emulator};
use super::super::leg::Fate;
use super::super::line::{Handset, View};
use super::super::person::Person;
use super::Refusal;

pub(super) fn routes() -> Router<Emulator> {
    Router::new()
        .route("/calls", post(call))
        .route("/calls/{session}", get(look))
        .route("/calls/{session}/keys", post(press))
        .route("/calls/{session}/hangup", post(hang_up))
        .route("/calls/{session}/fate", post(meet))
        .route("/numbers", post(set_number))
        .route("/faults", post(script))
        .route("/placed", get(placed))
}

pub(super) type Answered = Result<Json<Value>, Refusal>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCall {
    from: String,
    to: String,
}

async fn call(State(emulator): State<Emulator>, body: Bytes) -> Answered {
    let NewCall { from, to } = read(&body, r#"{"from": "+6591234567", "to": "+6561115777"}"#)?;
    match emulator.call(&from, &to, Person::ByHand) {
        Ok(handset) => Ok(Json(json!({"session_id": handset.session_id()}))),
        Err(error) => Err(refused(StatusCode::NOT_FOUND, &error.to_string())),
    }
}

async fn look(State(emulator): State<Emulator>, Path(session): Path<String>) -> Answered {
    Ok(Json(seen(&handset(&emulator, &session)?.view())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    keys: String,
}

async fn press(
    State(emulator): State<Emulator>,
    Path(session): Path<String>,
    body: Bytes,
) -> Answered {
    let handset = handset(&emulator, &session)?;
    let Keys { keys } = read(&body, r#"{"keys": "1"}"#)?;
    handset.press(&keys);
    done()
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Leg {
    #[serde(default)]
    leg: usize,
}

async fn hang_up(
    State(emulator): State<Emulator>,
    Path(session): Path<String>,
    body: Bytes,
) -> Answered {
    let handset = handset(&emulator, &session)?;
    let Leg { leg } = match body.is_empty() {
        true => Leg::default(),
        false => read(&body, r#"{"leg": 0}"#)?,
    };
    handset.hang_up(leg);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Met {
    fate: FateWord,
    talks_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FateWord {
    Answers,
    Busy,
    NoAnswer,
    Fails,
}

async fn meet(
    State(emulator): State<Emulator>,
    Path(session): Path<String>,
    body: Bytes,
) -> Answered {
    let handset = handset(&emulator, &session)?;
    let Met { fate, talks_ms } = read(
        &body,
        r#"{"fate": "answers"}, or "busy", "no_answer", "fails""#,
    )?;
    handset.meet(match fate {
        FateWord::Answers => Fate::Answers { talks_ms },
        FateWord::Busy => Fate::Busy,
        FateWord::NoAnswer => Fate::NoAnswer,
        FateWord::Fails => Fate::Fails,
    });
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberState {
    subaccount: String,
    number: Option<String>,
    status: Option<String>,
}

async fn set_number(State(emulator): State<Emulator>, body: Bytes) -> Answered {
    let wanted = r#"{"subaccount": "demo"} for a snapshot; with "number" and "status": "Inactive" for a change"#;
    let NumberState {
        subaccount,
        number,
        status,
    } = read(&body, wanted)?;
    let answer = match (number, status) {
        (Some(number), Some(status)) => emulator.set_number(&subaccount, &number, &status).await,
        _ => emulator.tell_numbers(&subaccount).await,
    };
    match answer {
        Some(Answer::Said { status, .. }) => Ok(Json(json!({"answered": status}))),
        Some(Answer::Nobody) => Ok(Json(json!({"answered": "nobody"}))),
        Some(Answer::NotRegistered) => {
            Ok(Json(json!({"answered": "no VNU webhook is registered"})))
        }
        None => Err(refused(
            StatusCode::NOT_FOUND,
            "no sub-account here has that number",
        )),
    }
}

async fn script(State(emulator): State<Emulator>, body: Bytes) -> Answered {
    let wanted = r#"a list of {"too_many": 5}, {"refused": 503}, "not_created", "half_a_body", "silent_after_placing", …"#;
    let faults: Vec<ApiFault> = read(&body, wanted)?;
    faults.into_iter().for_each(|fault| emulator.script(fault));
    done()
}

async fn placed(State(emulator): State<Emulator>) -> Json<Value> {
    let placed = emulator.placed();
    let shown = placed.iter().map(|call| {
        json!({
            "session_id": call.session_id,
            "client_request_id": call.client_request_id,
            "destination": call.destination,
        })
    });
    Json(shown.collect())
}

fn handset(emulator: &Emulator, session: &str) -> Result<Handset, Refusal> {
    let found = emulator.handset(session).map(|(_, handset)| handset);
    found.ok_or_else(|| {
        refused(
            StatusCode::NOT_FOUND,
            "there is no such call; POST /emulator/calls begins one",
        )
    })
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8], wanted: &str) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| {
        let message = format!("the body cannot be read: send {wanted}");
        refused(StatusCode::BAD_REQUEST, &message)
    })
}

pub(super) fn refused(status: StatusCode, message: &str) -> Refusal {
    let body = Json(json!({"error": message}));
    Refusal(Box::new((status, body).into_response()))
}

pub(super) fn done() -> Answered {
    Ok(Json(json!({"status": "done"})))
}

fn seen(view: &View) -> Value {
    let signs: Vec<_> = view.signs.iter().map(sign).collect();
    let ending = view.record.ending.map(|ending| ending.as_str());
    json!({
        "session_id": view.record.session_id,
        "status": ending.unwrap_or("live"),
        "signs": signs,
        "faults": view.record.faults,
    })
}

fn sign(sign: &Sign) -> Value {
    match sign {
        Sign::Rings { leg, destination } => json!({"rings": leg, "destination": destination}),
        Sign::Connected { leg } => json!({"connected": leg}),
        Sign::Says {
            text,
            voice,
            ms,
            listens,
        } => {
            json!({"says": text, "voice": voice, "ms": ms, "listens": listens})
        }
        Sign::Plays { url, ms } => json!({"plays": url, "ms": ms}),
        Sign::Key(_) => json!("key"),
        Sign::Waits { ms } => json!({"waits": ms}),
        Sign::Asks => json!("asks"),
        Sign::Gone { leg, how } => json!({"gone": leg, "how": how.as_str()}),
        Sign::Over { how } => json!({"over": how.as_str()}),
    }
}
