//! `callwright bookings`: makes, changes, shows and ends bookings on a running server.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::api::{self, ApiArgs};
use super::table::{Column, fields, printable, table};

const LISTED: [Column; 7] = [
    ("BOOKING", "id"),
    ("STATE", "state"),
    ("POOL", "pool"),
    ("A CALLS", "a_number"),
    ("B CALLS", "b_number"),
    ("CREATED", "created_at"),
    ("EXPIRES", "expires_at"),
];

const HEAD: [Column; 11] = [
    ("booking", "id"),
    ("state", "state"),
    ("pool", "pool"),
    ("created", "created_at"),
    ("expires", "expires_at"),
    ("idle ttl", "idle_ttl"),
    ("direction", "direction"),
    ("limits", "limits"),
    ("hours", "hours"),
    ("closed", "closed"),
    ("tell anew", "renumbered"),
];

const SIDES: [Column; 7] = [
    ("SIDE", "side"),
    ("CALLS", "virtual_number"),
    ("PHONES", "phones"),
    ("LABEL", "label"),
    ("LANGUAGE", "language"),
    ("PIN", "pin"),
    ("MUTED", "muted"),
];

const BATCH: [Column; 4] = [
    ("BOOKING", "id"),
    ("STATUS", "status"),
    ("A CALLS", "a_number"),
    ("WHY NOT", "why"),
];

const SIMULATED: [Column; 3] = [
    ("decision", "decision"),
    ("because", "rule"),
    ("side", "side"),
];

/// Make, change, show and end bookings on a running server
///
/// A booking joins two sides: while it lives, each reaches the other by the booking's virtual number, and neither sees the
/// other's. Phones are masked unless the token has the scope "numbers".
#[derive(Debug, Args)]
pub(super) struct BookingsArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Print the API's JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: BookingsCommand,
}

#[derive(Debug, Subcommand)]
enum BookingsCommand {
    Put(PutArgs),
    /// Make or change many bookings at once
    ///
    /// FILE holds {"bookings": [{"id": "…", "a": {…}, "b": {…}}]}, up to 500.
    ///
    /// Example: callwright bookings batch trips.json
    Batch {
        /// The file, or - for standard input
        file: PathBuf,
    },
    /// Show one booking
    ///
    /// Example: callwright bookings show trip-4711
    Show {
        /// Your own id
        id: String,
    },
    /// List bookings, the newest first
    ///
    /// Example: callwright bookings list --open true
    List {
        /// Of this pool
        #[arg(long)]
        pool: Option<String>,
        /// true: those that are open; false: those that are closed or over
        #[arg(long)]
        open: Option<bool>,
        /// How many at most, 1 to 200 [default: 50]
        #[arg(long)]
        limit: Option<String>,
        /// Where to go on, as the page before says
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Close a booking; its calls still connect for as long as its pool's grace for the reason lasts
    ///
    /// Example: callwright bookings close trip-4711 --reason completed
    Close {
        /// Your own id
        id: String,
        /// Why
        #[arg(long, value_enum)]
        reason: Reason,
        /// After abuse: the side that is put on the block-list
        #[arg(long, value_enum)]
        block: Option<SideArg>,
    },
    /// Open a closed booking again, with the numbers that it had
    ///
    /// Example: callwright bookings reopen trip-4711
    Reopen {
        /// Your own id
        id: String,
        /// When it ends at the latest, as 2026-11-21T08:00:00Z
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
    },
    Side(SideArgs),
    Simulate(SimulateArgs),
}

/// Make a booking, or change one: what is left out stays as it was
///
/// Example: callwright bookings put trip-4711 --a "+65 9123 4567" --b "+65 8123 4567"
#[derive(Debug, Args)]
struct PutArgs {
    /// Your own id: letters, digits and the signs -._~:@
    id: String,
    /// A phone of side A, the primary first; again for more
    #[arg(long = "a", value_name = "PHONE")]
    a: Vec<String>,
    /// A phone of side B
    #[arg(long = "b", value_name = "PHONE")]
    b: Vec<String>,
    /// The pool [default: default]
    #[arg(long)]
    pool: Option<String>,
    /// When it ends at the latest, as 2026-11-21T08:00:00Z
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// After how long without a call it ends, as 2h
    #[arg(long, value_name = "SPAN")]
    idle_ttl: Option<String>,
    /// A file with the whole body as JSON, or - for standard input; the options lie over it
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
}

/// Change one side of a booking; the other notices nothing
///
/// Example: callwright bookings side trip-4711 b --phone "+65 8234 5678"
#[derive(Debug, Args)]
struct SideArgs {
    /// Your own id
    id: String,
    /// Which side
    #[arg(value_enum)]
    side: SideArg,
    /// A phone, the primary first; again for more
    #[arg(long = "phone", value_name = "PHONE")]
    phones: Vec<String>,
    /// What you call it
    #[arg(long)]
    label: Option<String>,
    /// Whether it is not connected
    #[arg(long)]
    muted: Option<bool>,
}

/// Say what a call would be answered with, and why, without calling anybody
///
/// Example: callwright bookings simulate +6531234567 --caller +6591234567
#[derive(Debug, Args)]
struct SimulateArgs {
    /// The virtual number that is called
    virtual_number: String,
    /// Who calls [default: somebody who hides the number]
    #[arg(long, value_name = "PHONE")]
    caller: Option<String>,
    /// When, as 2026-11-21T08:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SideArg {
    A,
    B,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reason {
    Completed,
    Cancelled,
    Abuse,
}

impl SideArg {
    fn word(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Abuse => "abuse",
        }
    }
}

/// Does what is asked about bookings.
pub(super) fn run(args: &BookingsArgs) -> anyhow::Result<ExitCode> {
    let (answer, show): (String, fn(&Value) -> String) = match &args.command {
        BookingsCommand::Put(put) => (
            api::put(&args.api, &["v1", "bookings", &put.id], &put.body()?)?,
            booking,
        ),
        BookingsCommand::Batch { file } => (
            api::post(&args.api, &["v1", "bookings:batch"], None, &json_of(file)?)?,
            batch,
        ),
        BookingsCommand::Show { id } => {
            (api::get(&args.api, &["v1", "bookings", id], &[])?, booking)
        }
        BookingsCommand::List {
            pool,
            open,
            limit,
            cursor,
        } => {
            let open = open.map(|open| open.to_string());
            let query = [
                ("pool", pool.as_deref()),
                ("open", open.as_deref()),
                ("limit", limit.as_deref()),
                ("cursor", cursor.as_deref()),
            ];
            (api::get(&args.api, &["v1", "bookings"], &query)?, listing)
        }
        BookingsCommand::Close { id, reason, block } => {
            let body = set(
                json!({"reason": reason.word()}),
                &[("block", block.map(SideArg::word))],
            );
            (
                api::post(&args.api, &["v1", "bookings", id, "close"], None, &body)?,
                booking,
            )
        }
        BookingsCommand::Reopen { id, expires_at } => {
            let body = set(json!({}), &[("expires_at", expires_at.as_deref())]);
            (
                api::post(&args.api, &["v1", "bookings", id, "reopen"], None, &body)?,
                booking,
            )
        }
        BookingsCommand::Side(side) => {
            let path = ["v1", "bookings", &side.id, "sides", side.side.word()];
            (api::put(&args.api, &path, &side.body())?, booking)
        }
        BookingsCommand::Simulate(call) => {
            let body = set(
                json!({"virtual_number": call.virtual_number}),
                &[
                    ("caller", call.caller.as_deref()),
                    ("at", call.at.as_deref()),
                ],
            );
            (
                api::post(&args.api, &["v1", "masking", "simulate"], None, &body)?,
                simulated,
            )
        }
    };
    api::print(&answer, args.json, show)
}

impl PutArgs {
    fn body(&self) -> anyhow::Result<Value> {
        let mut body = match &self.body {
            Some(file) => json_of(file)?,
            None => json!({}),
        };
        for (side, phones) in [("a", &self.a), ("b", &self.b)] {
            if !phones.is_empty() {
                body[side]["phones"] = json!(phones);
            }
        }
        Ok(set(
            body,
            &[
                ("pool", self.pool.as_deref()),
                ("expires_at", self.expires_at.as_deref()),
                ("idle_ttl", self.idle_ttl.as_deref()),
            ],
        ))
    }
}

impl SideArgs {
    fn body(&self) -> Value {
        let mut body = set(json!({}), &[("label", self.label.as_deref())]);
        if !self.phones.is_empty() {
            body["phones"] = json!(self.phones);
        }
        if let Some(muted) = self.muted {
            body["muted"] = json!(muted);
        }
        body
    }
}

/// `body` with those of `fields` that are given.
fn set(mut body: Value, fields: &[(&str, Option<&str>)]) -> Value {
    for (field, value) in fields {
        if let Some(value) = value {
            body[*field] = json!(value);
        }
    }
    body
}

/// The JSON object of a file.
fn json_of(file: &Path) -> anyhow::Result<Value> {
    let text = match file.to_str() {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        }
        _ => std::fs::read_to_string(file),
    };
    let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
    let body: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
    anyhow::ensure!(
        body.is_object(),
        "{} is no JSON object: write {{ … }}",
        file.display()
    );
    Ok(body)
}

/// A booking with its numbers where a table finds them.
fn flat(booking: &Value) -> Value {
    let mut flat = booking.clone();
    flat["a_number"] = booking["a"]["virtual_number"].clone();
    flat["b_number"] = booking["b"]["virtual_number"].clone();
    flat
}

fn listing(page: &Value) -> String {
    let items: Value = page["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(flat)
        .collect();
    let mut shown = table(&items, &LISTED, "No bookings.");
    if let Some(cursor) = page["next_cursor"].as_str() {
        shown += &format!("\nThere are more: --cursor {}\n", printable(cursor));
    }
    shown
}

fn booking(booking: &Value) -> String {
    let side = |name: &str| {
        let mut side = booking[name].clone();
        side["side"] = json!(name);
        side
    };
    let sides = table(&json!([side("a"), side("b")]), &SIDES, "");
    format!("{}\n{sides}", fields(booking, &HEAD))
}

fn batch(answer: &Value) -> String {
    let row = |item: &Value| {
        let mut row = item.clone();
        row["a_number"] = item["booking"]["a"]["virtual_number"].clone();
        row["why"] = match item["problem"]["errors"]
            .as_array()
            .and_then(|faults| faults.first())
        {
            Some(fault) => json!(format!(
                "{}: {}",
                fault["path"].as_str().unwrap_or(""),
                fault["message"].as_str().unwrap_or("")
            )),
            None => item["problem"]["title"].clone(),
        };
        row
    };
    let rows: Value = answer["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(row)
        .collect();
    table(&rows, &BATCH, "Nothing was sent.")
}

fn simulated(answer: &Value) -> String {
    let actions: Value = answer["callflow"]["callflow"]
        .as_array()
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let actions = table(
        &actions,
        &[("THEN", "action"), ("WITH", "params")],
        "And then a flow goes on.",
    );
    format!("{}\n{actions}", fields(answer, &SIMULATED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trip() -> Value {
        json!({
            "id": "trip-1", "state": "active", "pool": "default", "created_at": "2026-11-21T02:00:00Z",
            "expires_at": "2026-11-22T02:00:00Z", "direction": "both", "limits": {}, "renumbered": ["b"],
            "a": {"virtual_number": "+6531234567", "phones": ["+65••••4567"], "label": "rider", "muted": false},
            "b": {"virtual_number": "+6531234568", "phones": ["+65••••2222", "+65••••3333"], "muted": true}
        })
    }

    #[test]
    fn a_booking_is_shown_with_both_sides() {
        assert_eq!(
            booking(&trip()),
            "booking    trip-1\nstate      active\npool       default\ncreated    2026-11-21T02:00:00Z\n\
             expires    2026-11-22T02:00:00Z\ndirection  both\ntell anew  b\n\
             \nSIDE  CALLS        PHONES                    LABEL  LANGUAGE  PIN  MUTED\n\
             a     +6531234567  +65••••4567               rider                 false\n\
             b     +6531234568  +65••••2222, +65••••3333                        true\n"
        );
    }

    #[test]
    fn bookings_are_listed_with_the_numbers_that_each_side_calls() {
        let page = json!({"items": [trip()], "next_cursor": "41"});
        assert_eq!(
            listing(&page),
            "BOOKING  STATE   POOL     A CALLS      B CALLS      CREATED               EXPIRES\n\
             trip-1   active  default  +6531234567  +6531234568  2026-11-21T02:00:00Z  2026-11-22T02:00:00Z\n\
             \nThere are more: --cursor 41\n"
        );
        assert_eq!(listing(&json!({"items": []})), "No bookings.\n");
    }

    #[test]
    fn a_batch_says_of_each_what_became_of_it() {
        let answer = json!({"items": [
            {"id": "trip-1", "status": 201, "booking": trip()},
            {"id": "trip-2", "status": 422, "problem": {"title": "Bad", "errors": [{"path": "a.phones[0]", "message": "has letters in it"}]}},
            {"id": "trip-3", "status": 503, "problem": {"title": "The store does not answer", "errors": []}}
        ]});
        assert_eq!(
            batch(&answer),
            "BOOKING  STATUS  A CALLS      WHY NOT\ntrip-1   201     +6531234567\n\
             trip-2   422                  a.phones[0]: has letters in it\n\
             trip-3   503                  The store does not answer\n"
        );
    }

    #[test]
    fn a_decision_is_shown_with_what_is_done() {
        let answer = json!({"decision": "connected", "rule": "because", "side": "a", "callflow": {"callflow": [
            {"action": "makeCall", "params": {"source": "+65••••4567", "destination": "+65••••2222"}}]}});
        assert_eq!(
            simulated(&answer),
            "decision  connected\nbecause   because\nside      a\n\nTHEN      WITH\nmakeCall  +65••••2222 → +65••••4567\n"
        );
    }
}
