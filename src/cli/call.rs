//! `call`: starts a call on a running server; `settle`: tells it what became of one that is UNKNOWN.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Map, Value, json};

use super::api::{self, ApiArgs, ApiError};
use super::table::{Column, fields};

const STARTED: [Column; 4] = [
    ("call", "id"),
    ("state", "state"),
    ("session", "session_id"),
    ("reason", "reason"),
];

/// Start a call
///
/// Calls NUMBER and carries the call by FLOW, on a running server. Sent again with the same --key it starts no second one.
///
/// Example: callwright call reminder +6568332048 --var day=Friday
#[derive(Debug, Args)]
pub(super) struct CallArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// The flow's id
    flow: String,
    /// Who is called, with + and country code
    number: String,
    /// Our virtual number [default: the flow's, else the sub-account's first]
    #[arg(long)]
    from: Option<String>,
    /// A variable that the flow needs
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// For how long the call may begin, as 30s, 5m or 1h [default: 30s]
    #[arg(long, value_name = "TIME")]
    valid_for: Option<String>,
    /// The sub-account by its name in the configuration, where the number does not tell
    #[arg(long, value_name = "NAME")]
    subaccount: Option<String>,
    /// What the request is known again by [default: a new one]
    #[arg(long)]
    key: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Tell what became of a call that is UNKNOWN
///
/// For who has looked it up at the platform, or has asked whoever was called. Until it is known, the same number is not
/// called again from the same one.
///
/// Example: callwright settle 0199a1b2-… --not-placed
#[derive(Debug, Args)]
pub(super) struct SettleArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// The call, as `call` gave it
    id: String,
    /// It was placed: the platform's session
    #[arg(long, value_name = "SESSION", required_unless_present = "not_placed")]
    session: Option<String>,
    /// It was not placed
    #[arg(long, conflicts_with = "session")]
    not_placed: bool,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Starts a call.
pub(super) fn call(args: &CallArgs) -> anyhow::Result<ExitCode> {
    let new_key = || uuid::Uuid::new_v4().to_string();
    let key = args.key.clone().unwrap_or_else(new_key);
    let answer = api::post(&args.api, &["v1", "sessions"], Some(&key), &body(args)?);
    let answer = match answer {
        Err(error @ ApiError::Lost(..)) => Err(error).with_context(|| {
            format!(
                "the call may have been started: ask again by the same command with --key {key}"
            )
        }),
        other => Ok(other?),
    };
    api::print(&answer?, args.json, |started| fields(started, &STARTED))
}

fn body(args: &CallArgs) -> anyhow::Result<Value> {
    let mut body = json!({"flow": args.flow, "to": args.number});
    for (field, value) in [
        ("from", &args.from),
        ("valid_for", &args.valid_for),
        ("subaccount", &args.subaccount),
    ] {
        if let Some(value) = value {
            body[field] = json!(value);
        }
    }
    let mut variables = Map::new();
    for variable in &args.variables {
        let (name, value) = variable
            .split_once('=')
            .context("a --var has no =: write --var NAME=VALUE")?;
        variables.insert(name.to_owned(), json!(value));
    }
    if !variables.is_empty() {
        body["variables"] = variables.into();
    }
    Ok(body)
}

/// Settles a call.
pub(super) fn settle(args: &SettleArgs) -> anyhow::Result<ExitCode> {
    let verdict = match &args.session {
        Some(session) => json!({"placed": true, "session_id": session}),
        None => json!({"placed": false}),
    };
    let path = ["v1", "sessions", &args.id, "verdict"];
    let answer = api::post(&args.api, &path, None, &verdict)?;
    api::print(&answer, args.json, |settled| fields(settled, &STARTED))
}
