//! The browser's phone: its routes, and the calls that it makes on the emulator.
//!
//! State goes to the page as server-sent events, commands come as POST; what the page knows of a call it knows from the
//! events alone.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream::{Stream, StreamExt as _};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::call::Call;
use super::overheard::Overheard;
use super::recorder::Recorder;
use super::told::What;
use super::{door, masking, page, plan};
use crate::bookings::Bookings;
use crate::clock::Clock;
use crate::emulator::{Emulator, Fate, Handset, Manner, Witness};
use crate::flow::Library;
use crate::flow::model::FlowId;
use crate::http::body;
use crate::http::problem::{Fault, Problem};
use crate::rehearsal::added;
use crate::shelf::Shelf;
use crate::store::Store as _;

/// The largest body of a command, in bytes.
const LARGEST_COMMAND: usize = 4 * 1024;

/// How long a command's body may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the phone is connected to.
#[derive(Debug)]
pub struct Line {
    /// The platform that carries the calls, and sends their webhooks to the server.
    pub emulator: Emulator,
    /// The flows that the server answers with.
    pub shelf: Arc<Shelf>,
    /// What the server keeps.
    pub overheard: Arc<Overheard>,
    /// The bookings of number masking.
    pub bookings: Arc<Bookings>,
    /// What time it is.
    pub clock: Clock,
}

/// The browser's phone. A clone is the same one.
#[derive(Debug, Clone)]
pub struct Phone(Arc<Desk>);

#[derive(Debug)]
struct Desk {
    line: Line,
    calls: Mutex<HashMap<String, (Handset, Arc<Call>)>>,
}

impl Phone {
    /// A phone on `line`, with no call yet.
    pub fn new(line: Line) -> Self {
        let calls = Mutex::default();
        Self(Arc::new(Desk { line, calls }))
    }

    /// The numbers that its calls go to where no sub-account has them.
    pub fn numbers(library: &Library) -> Vec<String> {
        let flows = library.all().into_iter();
        flows.filter_map(|flow| plan::number(flow)).collect()
    }

    /// Its page and routes, below `/phone`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/phone", get(page::index))
            .route("/phone/phone.js", get(page::script))
            .route("/phone/phone.css", get(page::style))
            .route("/phone/icon.svg", get(page::icon))
            .route("/phone/flows", get(flows))
            .route("/phone/calls", post(call))
            .route("/phone/calls/{session}", post(command))
            .route("/phone/calls/{session}/events", get(events))
            .route("/phone/calls/{session}/test", get(test))
            .route("/phone/masking", get(page::index))
            .route("/phone/masking/book", post(masking::book))
            .route("/phone/masking/show", post(masking::show))
            .route("/phone/masking/close", post(masking::close))
            .route("/phone/masking/calls", post(masking::call))
            .layer(from_fn(door::guard))
            .with_state(self.clone())
    }

    /// Hangs up every call, and lets go of the pages that follow them.
    pub fn close(&self) {
        for (handset, call) in self.calls().values() {
            handset.hang_up(0);
            call.close();
        }
    }

    /// Places a call, and gives its session.
    fn place(&self, wanted: NewCall) -> Result<String, Problem> {
        let NewCall {
            flow,
            from,
            at,
            twice,
            late,
        } = wanted;
        let line = &self.0.line;
        let library = line.shelf.library();
        let flow = library.current(&FlowId::new(flow));
        let flow = flow.ok_or_else(|| Problem::not_found("flow"))?.clone();
        let no_number = || Problem::not_found("number of this flow");
        let to = plan::number(&flow).ok_or_else(no_number)?;
        line.emulator.add_number(&to);
        let at = at.unwrap_or_else(|| line.clock.now());
        let call = Arc::new(Call::new(flow.clone()));
        let witness = |session: &str| {
            let began = What::Began {
                session: session.to_owned(),
                flow: flow.id.to_string(),
                from: from.clone(),
                to: to.clone(),
                at: at.to_string(),
            };
            call.begins(began, Recorder::new(to_the_second(at), &from));
            self.follow(session, &call)
        };
        let handset = line
            .emulator
            .call_before(&from, &to, at, Manner { twice, late }, witness)
            .map_err(|_| no_number())?;
        Ok(self.takes(handset, call))
    }

    /// Takes a call that was placed, until it is over; gives its session.
    pub(super) fn takes(&self, handset: Handset, call: Arc<Call>) -> String {
        let session = handset.session_id().to_owned();
        self.calls()
            .insert(session.clone(), (handset.clone(), call.clone()));
        tokio::spawn(see_off(self.clone(), handset, call));
        session
    }

    /// The bookings of number masking.
    pub(super) fn bookings(&self) -> &Bookings {
        &self.0.line.bookings
    }

    /// The platform that carries the calls.
    pub(super) fn emulator(&self) -> &Emulator {
        &self.0.line.emulator
    }

    /// What time it is.
    pub(super) fn now(&self) -> Timestamp {
        self.0.line.clock.now()
    }

    /// Has `call` told of what happens on the phone, and of what the server keeps.
    fn follow(&self, session: &str, call: &Arc<Call>) -> Witness {
        let (kept, seen) = (call.clone(), call.clone());
        let overheard = &self.0.line.overheard;
        overheard.listen(session, move |exchange| kept.kept(exchange));
        Witness::new(move |ms, happening| seen.happens(ms, happening))
    }

    fn find(&self, session: &str) -> Result<(Handset, Arc<Call>), Problem> {
        let found = self.calls().get(session).cloned();
        found.ok_or_else(|| Problem::not_found("call"))
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<String, (Handset, Arc<Call>)>> {
        self.0.calls.lock().expect("nothing panics that holds it")
    }
}

async fn flows(State(phone): State<Phone>) -> Response {
    Json(plan::plans(&phone.0.line.shelf.library())).into_response()
}

/// A call that the page makes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCall {
    flow: String,
    from: String,
    /// When it begins; now when it is not said.
    #[serde(default, deserialize_with = "time")]
    at: Option<Timestamp>,
    /// How its webhooks are delivered.
    #[serde(default)]
    twice: bool,
    #[serde(default)]
    late: bool,
}

fn time<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(value)?;
    let time = text.map(|text| text.parse()).transpose();
    time.map_err(serde::de::Error::custom)
}

async fn call(State(phone): State<Phone>, body: Body) -> Result<Response, Problem> {
    let wanted = r#"{"flow": "restaurant", "from": "+6591234567", "at": "2026-12-25T04:00:00Z"}"#;
    let session = phone.place(read(body, wanted).await?)?;
    Ok((StatusCode::CREATED, Json(json!({"session": session}))).into_response())
}

/// The time on the flow's clock, which is UTC's until flows are given a zone of their own.
fn to_the_second(at: Timestamp) -> DateTime {
    let at = at.to_zoned(TimeZone::UTC).datetime();
    at.with().subsec_nanosecond(0).build().unwrap_or(at)
}

/// Lets go of a call when it is over and its webhooks are delivered.
async fn see_off(phone: Phone, handset: Handset, call: Arc<Call>) {
    handset.ended().await;
    phone.0.line.overheard.forget(handset.session_id());
    call.close();
}

/// What the page does to a call.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    Press { keys: String },
    Heard { nth: usize },
    HangUp { leg: usize },
    Meet { fate: FateWord },
    Deliver { twice: bool, late: bool },
    Again { number: usize },
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FateWord {
    Answers,
    Busy,
    NoAnswer,
    Fails,
}

impl From<FateWord> for Fate {
    fn from(word: FateWord) -> Self {
        match word {
            FateWord::Answers => Self::Answers { talks_ms: None },
            FateWord::Busy => Self::Busy,
            FateWord::NoAnswer => Self::NoAnswer,
            FateWord::Fails => Self::Fails,
        }
    }
}

async fn command(
    State(phone): State<Phone>,
    Path(session): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    let (handset, call) = phone.find(&session)?;
    let wanted = r#"{"do": "press", "keys": "1"}, or another of what docs/phone.md lists"#;
    match read(body, wanted).await? {
        Command::Press { keys } => handset.press(&keys),
        Command::Heard { nth } => handset.heard(nth),
        Command::HangUp { leg } => {
            if leg == 0 && handset.view().record.ending.is_none() {
                call.hangs_up();
            }
            handset.hang_up(leg);
        }
        Command::Meet { fate } => handset.meet(fate.into()),
        Command::Deliver { twice, late } => handset.deliver(Manner { twice, late }),
        Command::Again { number } => handset.again(number),
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn events(
    State(phone): State<Phone>,
    Path(session): Path<String>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let (_, call) = phone.find(&session)?;
    let last = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse::<usize>().ok());
    let events = call.events(last.map_or(0, |last| last + 1));
    let named = events.map(|(number, json)| {
        let event = Event::default().id(number.to_string()).data(json);
        Ok(event)
    });
    Ok(Sse::new(named))
}

/// The call as the first of a test file, beside the flow that it is of.
async fn test(
    State(phone): State<Phone>,
    Path(session): Path<String>,
) -> Result<Response, Problem> {
    let (_, call) = phone.find(&session)?;
    let flow = call
        .flow()
        .ok_or_else(|| Problem::not_found("test of a masked call"))?;
    let texts = phone.0.line.overheard.last_good_flows().await;
    let texts = texts.map_err(|_| Problem::store_unavailable())?;
    let file = texts.iter().find(|text| text.id == flow.id);
    let file = file.map_or("", |text| text.path.as_str());
    let file = std::path::Path::new(file).file_name().unwrap_or_default();
    let table = call.table().unwrap_or_default();
    let text = added(None, &file.to_string_lossy(), &table).unwrap_or_default();
    Ok(([(CONTENT_TYPE, "application/toml")], text).into_response())
}

pub(super) async fn read<T: DeserializeOwned>(body: Body, wanted: &str) -> Result<T, Problem> {
    let bytes: Bytes = body::read(body, LARGEST_COMMAND, PATIENCE).await?;
    serde_json::from_slice(&bytes).map_err(|_| {
        let help = format!("send {wanted}");
        let fault = Fault {
            path: String::new(),
            message: "it cannot be read".to_owned(),
            help,
        };
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_command",
            "This is nothing that the phone can do",
            "the body is not what this route takes",
        )
        .with_faults([fault])
    })
}
