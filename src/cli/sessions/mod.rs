//! `callwright sessions`: the calls that a server has carried; [`save`] makes a test of one.

mod save;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::api::{self, ApiArgs};
use super::table::{Column, fields, table};

const LISTED: [Column; 7] = [
    ("STARTED", "started_at"),
    ("SESSION", "session_id"),
    ("DIRECTION", "direction"),
    ("FROM", "source"),
    ("TO", "destination"),
    ("FLOW", "flow"),
    ("STATUS", "status"),
];

const HEAD: [Column; 14] = [
    ("session", "session_id"),
    ("call", "id"),
    ("state", "state"),
    ("reason", "reason"),
    ("sub-account", "sub_account"),
    ("direction", "direction"),
    ("from", "source"),
    ("to", "destination"),
    ("flow", "flow"),
    ("version", "version"),
    ("status", "status"),
    ("started", "started_at"),
    ("ended", "ended_at"),
    ("error", "error"),
];

const LEGS: [Column; 6] = [
    ("LEG", "name"),
    ("DIRECTION", "direction"),
    ("FROM", "source"),
    ("TO", "destination"),
    ("STATUS", "status"),
    ("SECONDS", "duration_seconds"),
];

const TRACE: [Column; 7] = [
    ("RECEIVED", "received_at"),
    ("KIND", "kind"),
    ("STATUS", "status"),
    ("DIGITS", "digits"),
    ("STEP", "step"),
    ("PATH", "path"),
    ("OUTCOME", "outcome"),
];

const RECORDINGS: [Column; 4] = [
    ("RECORDING", "recording_id"),
    ("STATUS", "status"),
    ("SECONDS", "duration_seconds"),
    ("FILE", "file_path"),
];

/// Look at the calls that a running server has carried
///
/// Numbers are masked unless the token has the scope "numbers".
#[derive(Debug, Args)]
pub(super) struct SessionsArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Print the API's JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: SessionsCommand,
}

#[derive(Debug, Subcommand)]
enum SessionsCommand {
    List(Filters),
    /// Show one session: its legs, every webhook with its outcome, its recordings
    ///
    /// Example: callwright sessions show 6a7ab1d3-2fb1-11ec-9a3c-0d8b6c7a9c11
    Show {
        /// The session's id
        session_id: String,
    },
    Save(save::SaveArgs),
}

/// List sessions, the newest first
///
/// Example: callwright sessions list --status live
///
/// Example: callwright sessions list --number +6561115777 --from 2026-11-01T00:00:00Z
#[derive(Debug, Args)]
struct Filters {
    /// Begun at this time or later, as 2026-11-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Begun before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// From or to this number
    #[arg(long)]
    number: Option<String>,
    /// On this flow
    #[arg(long, value_name = "ID")]
    flow: Option<String>,
    /// live, or how it ended in the platform's word, as COMPLETED or NO_ANSWER
    #[arg(long)]
    status: Option<String>,
    /// How many at most, 1 to 200 [default: 50]
    #[arg(long)]
    limit: Option<String>,
    /// Where to go on, as the page before says
    #[arg(long)]
    cursor: Option<String>,
}

/// Lists sessions, shows one or saves one.
pub(super) fn run(args: &SessionsArgs) -> anyhow::Result<ExitCode> {
    let (body, show): (String, fn(&Value) -> String) = match &args.command {
        SessionsCommand::List(filters) => (list(&args.api, filters)?, listing),
        SessionsCommand::Show { session_id } => (
            api::get(&args.api, &["v1", "sessions", session_id], &[])?,
            session,
        ),
        SessionsCommand::Save(save) => return save::run(&args.api, save, args.json),
    };
    api::print(&body, args.json, show)
}

fn list(api: &ApiArgs, filters: &Filters) -> Result<String, api::ApiError> {
    let query = [
        ("from", filters.from.as_deref()),
        ("to", filters.to.as_deref()),
        ("number", filters.number.as_deref()),
        ("flow", filters.flow.as_deref()),
        ("status", filters.status.as_deref()),
        ("limit", filters.limit.as_deref()),
        ("cursor", filters.cursor.as_deref()),
    ];
    api::get(api, &["v1", "sessions"], &query)
}

fn listing(page: &Value) -> String {
    let mut shown = table(&page["items"], &LISTED, "No sessions.");
    if let Some(cursor) = page["next_cursor"].as_str() {
        shown += &format!(
            "\nThere are more: --cursor {}\n",
            super::table::printable(cursor)
        );
    }
    shown
}

fn session(session: &Value) -> String {
    let trace = table(&session["trace"], &TRACE, "Nothing came.");
    let legs = table(&session["legs"], &LEGS, "No legs are known.");
    let mut shown = format!("{}\n{legs}\n{trace}", fields(session, &HEAD));
    if session["recordings"]
        .as_array()
        .is_some_and(|all| !all.is_empty())
    {
        shown += &format!("\n{}", table(&session["recordings"], &RECORDINGS, ""));
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_says_how_to_go_on() {
        let page = json!({
            "items": [{
                "session_id": "s-1", "direction": "INBOUND", "source": "+65••••4567", "destination": "+65••••5777",
                "flow": "restaurant", "version": "v", "status": "live", "started_at": "2026-11-21T02:00:00Z", "ended_at": null
            }],
            "next_cursor": "c-1"
        });
        assert_eq!(
            listing(&page),
            "STARTED               SESSION  DIRECTION  FROM         TO           FLOW        STATUS\n\
             2026-11-21T02:00:00Z  s-1      INBOUND    +65••••4567  +65••••5777  restaurant  live\n\
             \nThere are more: --cursor c-1\n"
        );
        assert_eq!(
            listing(&json!({"items": [], "next_cursor": null})),
            "No sessions.\n"
        );
    }

    #[test]
    fn a_session_is_shown_with_its_trace() {
        let shown = session(&json!({
            "session_id": "s-1", "status": "COMPLETED", "error": {"code": 1, "message": "lost"},
            "legs": [{"name": "callA", "status": "COMPLETED", "duration_seconds": 12}],
            "trace": [{"received_at": "2026-11-21T02:00:00Z", "kind": "VCA", "status": "CALL_RECEIVED",
                       "path": ["hello", "main"], "outcome": "stepped", "reply": {"callflow": []}}],
            "recordings": []
        }));
        assert_eq!(
            shown,
            "session  s-1\nstatus   COMPLETED\nerror    1 → lost\n\
             \nLEG    DIRECTION  FROM  TO  STATUS     SECONDS\ncallA                       COMPLETED  12\n\
             \nRECEIVED              KIND  STATUS         DIGITS  STEP  PATH         OUTCOME\n\
             2026-11-21T02:00:00Z  VCA   CALL_RECEIVED                hello, main  stepped\n"
        );
    }
}
