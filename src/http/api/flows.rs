//! `GET /v1/flows` and `GET /v1/flows/{id}`: what calls are answered with; `POST /v1/flows/reload`: the files read again.

use std::borrow::Cow;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::query::Parameters;
use super::shown::Shown;
use crate::flow::Flow;
use crate::flow::model::{Answers, Decide, FlowId, Step, StepName, Target};
use crate::http::app::App;
use crate::http::auth::Caller;
use crate::http::problem::{Fault, Problem, ProblemDetails};
use crate::shelf::{Refusal, Reload};

/// All flows.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlowList {
    /// The flows, by id.
    items: Vec<FlowItem>,
    /// Since when these are what calls are answered with.
    #[schema(example = "2026-11-27T20:15:30Z")]
    served_since: String,
    /// Why the files as they are now are not; `null` while they are.
    refused: Option<Refused>,
}

/// Files that hold errors.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refused {
    /// When they were read.
    at: String,
    /// What is wrong, a line each, phone numbers masked.
    #[schema(example = json!(["flows/pizza.toml:8:12: error[CW101]: no step is called \"hour\""]))]
    faults: Vec<String>,
}

/// A flow as it is listed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlowItem {
    id: String,
    /// What people call it.
    name: Option<String>,
    /// The first 12 hexadecimal digits of the SHA-256 of its file.
    version: String,
    /// The numbers it answers; `any` is every number that no other flow answers.
    #[schema(example = json!(["+65••••5777"]))]
    answers: Vec<String>,
    /// The step that a call begins at.
    start: String,
    /// The languages it speaks, its first language first.
    languages: Vec<String>,
    /// How many steps it has.
    step_count: usize,
}

/// A flow with its steps.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlowDetail {
    #[serde(flatten)]
    flow: FlowItem,
    /// Its steps, by name.
    steps: Vec<StepView>,
}

/// One step of a flow.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    name: String,
    /// `menu`, `ask`, `message`, `connect` or `end`.
    #[schema(example = "menu")]
    kind: &'static str,
    /// Its ways out; an `end` has none.
    leads_to: Vec<WayView>,
}

/// A way out of a step.
#[derive(Debug, Serialize, ToSchema)]
pub struct WayView {
    /// The keys pressed, or `entered`, `said`, `busy`, `no_answer`, `failed`, `after`, `give_up`.
    #[schema(example = "1")]
    on: String,
    /// The step that follows, `end`, or `repeat` for the same one again.
    to: String,
}

/// All flows that calls are answered with.
#[utoipa::path(get, path = "/v1/flows", tag = "flows", responses(
    (status = 200, description = "The flows", body = FlowList),
    (status = 400, description = "`bad_query`", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<FlowList>, Problem> {
    Parameters::of(&uri).end()?;
    Ok(Json(FlowList::of(&app, caller)))
}

/// Has the flow files read again now, rather than when a change of theirs is noticed.
#[utoipa::path(post, path = "/v1/flows/reload", tag = "flows", responses(
    (status = 200, description = "Calls are answered with the files as they are", body = FlowList),
    (status = 422, description = "`flows_refused`: the files hold errors, and what was served before is", body = ProblemDetails, content_type = "application/problem+json"),
    (status = 503, description = "`store_unavailable`: the files are good, but could not be kept; they are tried again", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn reload(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<FlowList>, Problem> {
    if let Reload::Later(error) = app.reload_flows().await {
        tracing::warn!(%error, "the new flows could not be kept, and are not served yet");
        return Err(Problem::store_unavailable());
    }
    match app.shelf.refusal() {
        None => Ok(Json(FlowList::of(&app, caller))),
        Some(refusal) => Err(refused(&refusal)),
    }
}

fn refused(refusal: &Refusal) -> Problem {
    let fault = |line: &String| {
        let (path, message) = line.split_once(": ").unwrap_or(("", line));
        Fault {
            path: path.to_owned(),
            message: message.to_owned(),
            help: "`callwright check` says more; mend the file, and try again".to_owned(),
        }
    };
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "flows_refused",
        "The flow files hold errors",
        "what was served before is served; mend the files and try again",
    )
    .with_faults(refusal.faults.iter().map(fault))
}

impl FlowList {
    fn of(app: &App, caller: Caller) -> Self {
        let (library, shown) = (app.shelf.library(), Shown::to(caller));
        let flows = library.all();
        Self {
            items: flows
                .iter()
                .map(|flow| FlowItem::new(flow, shown))
                .collect(),
            served_since: app.shelf.since().to_string(),
            refused: app.shelf.refusal().map(|refusal| Refused {
                at: refusal.at.to_string(),
                faults: refusal.faults,
            }),
        }
    }
}

/// One flow, its steps and where they lead.
#[utoipa::path(get, path = "/v1/flows/{id}", tag = "flows",
    params(("id" = String, Path, description = "The flow's id")),
    responses(
        (status = 200, description = "The flow", body = FlowDetail),
        (status = 404, description = "`not_found`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<FlowDetail>, Problem> {
    let id = id.ok().map(|Path(id)| FlowId::new(id));
    let flow = id.and_then(|id| app.shelf.library().current(&id).cloned());
    let flow = flow.ok_or_else(|| Problem::not_found("flow"))?;
    Ok(Json(FlowDetail {
        flow: FlowItem::new(&flow, Shown::to(caller)),
        steps: flow
            .steps
            .iter()
            .map(|(name, step)| StepView::new(name, step))
            .collect(),
    }))
}

impl FlowItem {
    fn new(flow: &Flow, shown: Shown) -> Self {
        Self {
            id: flow.id.to_string(),
            name: flow.name.clone(),
            version: flow.version.to_string(),
            answers: match &flow.answers {
                Answers::Any => vec!["any".to_owned()],
                Answers::Numbers(numbers) => numbers.iter().map(|one| shown.number(one)).collect(),
            },
            start: flow.start.to_string(),
            languages: flow.speaking_order().map(ToString::to_string).collect(),
            step_count: flow.steps.len(),
        }
    }
}

impl StepView {
    fn new(name: &StepName, step: &Step) -> Self {
        let leads_to = ways(step)
            .into_iter()
            .map(|(on, target)| WayView {
                on: on.into_owned(),
                to: word(target),
            })
            .collect();
        Self {
            name: name.to_string(),
            kind: step.kind(),
            leads_to,
        }
    }
}

/// The ways out of a step, in the order that people think of them.
fn ways(step: &Step) -> Vec<(Cow<'_, str>, &Target)> {
    match step {
        Step::Menu(menu) => {
            let pressed = menu.press.iter();
            let pressed = pressed.map(|(keys, press)| (keys.as_str().into(), &press.go));
            pressed
                .chain([("give_up".into(), &menu.retry.give_up)])
                .collect()
        }
        Step::Ask(ask) => {
            let failed = ask
                .pause
                .iter()
                .map(|pause| ("failed".into(), &pause.failed));
            [
                ("entered".into(), &ask.go),
                ("give_up".into(), &ask.retry.give_up),
            ]
            .into_iter()
            .chain(failed)
            .collect()
        }
        Step::Message(message) => vec![("said".into(), &message.go)],
        Step::Connect(connect) => vec![
            ("busy".into(), &connect.busy),
            ("no_answer".into(), &connect.no_answer),
            ("failed".into(), &connect.failed),
            ("after".into(), &connect.after),
        ],
        Step::Decide(Decide::Hours { open, closed, .. }) => {
            vec![("open".into(), open), ("closed".into(), closed)]
        }
        Step::Decide(Decide::Value { is, otherwise, .. }) => {
            let words = is.iter().map(|(word, go)| (word.into(), go));
            words.chain([("else".into(), otherwise)]).collect()
        }
        Step::Lookup(lookup) => {
            let statuses = lookup.status.iter();
            let statuses = statuses.map(|(status, go)| (status.to_string().into(), go));
            let ok = [("ok".into(), &lookup.ok)].into_iter();
            ok.chain(statuses)
                .chain([("failed".into(), &lookup.failed)])
                .collect()
        }
        Step::Decide(Decide::Schedule {
            open,
            closed,
            choices,
            ..
        }) => {
            let choices = choices
                .iter()
                .map(|(number, go)| (format!("choice.{number}").into(), go));
            [("open".into(), open), ("closed".into(), closed)]
                .into_iter()
                .chain(choices)
                .collect()
        }
        Step::Decide(Decide::Queue { is, otherwise, .. }) => {
            let words = is.iter().map(|(word, go)| (word.into(), go));
            words.chain([("else".into(), otherwise)]).collect()
        }
        Step::Handoff(handoff) => vec![("failed".into(), &handoff.failed)],
        Step::Callback(callback) => vec![
            ("ok".into(), &callback.ok),
            ("failed".into(), &callback.failed),
        ],
        Step::Use(used) => vec![("begins".into(), &used.go)],
        Step::Return(end) => vec![("returns".into(), &end.go)],
        Step::End(_) => Vec::new(),
    }
}

fn word(target: &Target) -> String {
    match target {
        Target::Step(name) => name.to_string(),
        Target::End => "end".to_owned(),
        Target::Repeat => "repeat".to_owned(),
    }
}
