//! `callwright events`: what was told, and to whom.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::api::{self, ApiArgs, ApiError};
use super::table::{Column, fields, printable, table};

/// How often `tail` asks for more.
const EVERY: Duration = Duration::from_millis(500);

const LISTED: [Column; 6] = [
    ("NUMBER", "number"),
    ("TIME", "timestamp"),
    ("TYPE", "type"),
    ("SEQUENCE", "sequence"),
    ("EVENT", "id"),
    ("WAITING", "waiting"),
];

const ENDPOINTS: [Column; 7] = [
    ("ENDPOINT", "name"),
    ("STATE", "state"),
    ("WAITING", "waiting"),
    ("GIVEN UP", "given_up"),
    ("OLDEST WAITING", "oldest_waiting"),
    ("LAST DELIVERED", "last_delivered_at"),
    ("LAST FAILURE", "last_failure"),
];

const REPLAYED: [Column; 1] = [("deliveries", "deliveries")];

/// See what your systems are told, and have it sent again
///
/// Numbers are masked unless the token has the scope "numbers".
#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Print the API's JSON, for scripts; `tail` prints one event a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Print events as they happen, until it is ended
    ///
    /// Example: callwright events tail --last 20
    ///
    /// Example: callwright events tail --json | jq .data
    Tail {
        /// Begin with so many that happened before, 1 to 200 [default: 10]
        #[arg(long, value_name = "COUNT", default_value = "10")]
        last: String,
    },
    List(Filters),
    /// List the endpoints, and how each does
    ///
    /// Example: callwright events endpoints
    Endpoints,
    /// Have an endpoint be sent to again that said it wants no more (410)
    ///
    /// Example: callwright events enable crm
    Enable {
        /// The endpoint
        name: String,
    },
    Replay(Range),
}

/// List events, the oldest first
///
/// Example: callwright events list --type session.ended --from 2026-11-01T00:00:00Z
#[derive(Debug, Args)]
struct Filters {
    /// Behind this number
    #[arg(long, value_name = "NUMBER")]
    after: Option<String>,
    /// Happened at this time or later, as 2026-11-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Happened before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Of this type, as session.ended
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// How many at most, 1 to 200 [default: 50]
    #[arg(long)]
    limit: Option<String>,
}

/// Send events again, delivered or not, each with the id that it had
///
/// Example: callwright events replay --from 2026-11-01T00:00:00Z --endpoint crm
///
/// Example: callwright events replay --after 1200 --through 1300
#[derive(Debug, Args)]
struct Range {
    /// Only to this endpoint
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// Happened at this time or later, as 2026-11-01T00:00:00Z
    #[arg(long, value_name = "TIME", required_unless_present = "after")]
    from: Option<String>,
    /// Happened before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Behind this number
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// Up to this number
    #[arg(long, value_name = "NUMBER")]
    through: Option<u64>,
    /// Only of this type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    kinds: Vec<String>,
}

/// Does what was asked about events.
pub(super) fn run(args: &EventsArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        EventsCommand::Tail { last } => tail(args, last),
        EventsCommand::List(filters) => list(args, filters),
        EventsCommand::Endpoints => {
            let answer = api::get(&args.api, &["v1", "events", "endpoints"], &[])?;
            api::print(&answer, args.json, show_endpoints)
        }
        EventsCommand::Enable { name } => {
            let path = ["v1", "events", "endpoints", name, "enable"];
            let answer = api::post(&args.api, &path, None, &json!({}))?;
            api::print(&answer, args.json, show_endpoints)
        }
        EventsCommand::Replay(range) => replay(args, range),
    }
}

fn show_endpoints(answer: &Value) -> String {
    let none = "No endpoints: add [events.endpoints.NAME] to the configuration.";
    table(&answer["items"], &ENDPOINTS, none)
}

fn list(args: &EventsArgs, filters: &Filters) -> anyhow::Result<ExitCode> {
    let query = [
        ("after", filters.after.as_deref()),
        ("from", filters.from.as_deref()),
        ("to", filters.to.as_deref()),
        ("type", filters.kind.as_deref()),
        ("limit", filters.limit.as_deref()),
    ];
    let answer = api::get(&args.api, &["v1", "events"], &query)?;
    api::print(&answer, args.json, |page| {
        let mut shown = table(&page["items"], &LISTED, "No events fit.");
        if let Some(after) = page["next_after"].as_u64() {
            shown += &format!("More: --after {after}\n");
        }
        shown
    })
}

fn replay(args: &EventsArgs, range: &Range) -> anyhow::Result<ExitCode> {
    let mut body = json!({});
    for (field, text) in [
        ("endpoint", &range.endpoint),
        ("from", &range.from),
        ("to", &range.to),
    ] {
        if let Some(text) = text {
            body[field] = json!(text);
        }
    }
    for (field, number) in [("after", range.after), ("through", range.through)] {
        if let Some(number) = number {
            body[field] = json!(number);
        }
    }
    if !range.kinds.is_empty() {
        body["types"] = json!(range.kinds);
    }
    let answer = api::post(&args.api, &["v1", "events", "replay"], None, &body)?;
    api::print(&answer, args.json, |replayed| fields(replayed, &REPLAYED))
}

/// Prints what there is and what comes. A server that is away for a while is asked again once it has answered before.
fn tail(args: &EventsArgs, last: &str) -> anyhow::Result<ExitCode> {
    let path = ["v1", "events"];
    let first = api::get(&args.api, &path, &[("last", Some(last))])?;
    let mut after = print_page(args, &first, 0)?;
    loop {
        let from = after.to_string();
        let query = [("after", Some(from.as_str())), ("limit", Some("200"))];
        match api::get(&args.api, &path, &query) {
            Ok(page) => after = print_page(args, &page, after)?,
            Err(ApiError::Nobody(_) | ApiError::Lost(..)) => {}
            Err(error) => return Err(error.into()),
        }
        thread::sleep(EVERY);
    }
}

/// Prints a page, a line an event; the number of its last one, or `before`.
fn print_page(args: &EventsArgs, page: &str, before: u64) -> anyhow::Result<u64> {
    let page: Value = serde_json::from_str(page).context("the server's answer is not JSON")?;
    let events = page["items"].as_array().map(Vec::as_slice);
    let mut last = before;
    for event in events.unwrap_or_default() {
        super::print(&match args.json {
            true => format!("{event}\n"),
            false => line(event),
        })?;
        last = event["number"].as_u64().unwrap_or(last);
    }
    Ok(last)
}

fn line(event: &Value) -> String {
    let text = |field: &str| printable(event[field].as_str().unwrap_or_default());
    let data = printable(&event["data"].to_string());
    format!("{} {} {data}\n", text("timestamp"), text("type"))
}
