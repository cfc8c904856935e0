//! `callwright erase`: forgets a person.

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::api::{self, ApiArgs};
use super::table::{Column, fields, table};

const ERASED: [Column; 7] = [
    ("erasure", "id"),
    ("asked", "asked_at"),
    ("done", "done_at"),
    ("bookings", "bookings"),
    ("sessions", "sessions"),
    ("events", "events"),
    ("calls", "calls"),
];

const LISTED: [Column; 7] = [
    ("ERASURE", "id"),
    ("ASKED", "asked_at"),
    ("DONE", "done_at"),
    ("BOOKINGS", "bookings"),
    ("SESSIONS", "sessions"),
    ("EVENTS", "events"),
    ("CALLS", "calls"),
];

const GOES_ON: &str = "
It goes on behind this: all that is kept is looked through, and what is under way, such as a live call, goes when it is over.
callwright erase --list tells when it is done.
";

/// Erase all that is kept of a person: bookings, sessions, traces, events, calls that were started
///
/// All that is kept is looked through for their number. Open bookings are closed at once. What is under way goes when it is over. Copies of the database that were made before keep what they have.
///
/// Example: callwright erase +6591234567
///
/// Example: callwright erase - < number.txt
///
/// Example: callwright erase --list
#[derive(Debug, Args)]
pub(super) struct EraseArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Their phone number; - reads it from standard input, which keeps it out of the shell's history
    #[arg(required_unless_present = "list")]
    phone: Option<String>,
    /// List what was erased, and when; nothing tells who
    #[arg(long, conflicts_with = "phone")]
    list: bool,
    /// Print the API's JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Erases a person, or lists what was erased.
pub(super) fn run(args: &EraseArgs) -> anyhow::Result<ExitCode> {
    let Some(phone) = &args.phone else {
        let answer = api::get(&args.api, &["v1", "erasures"], &[])?;
        return api::print(&answer, args.json, |page| {
            table(&page["items"], &LISTED, "Nobody was erased.")
        });
    };
    let phone = match phone.as_str() {
        "-" => {
            let mut text = String::new();
            let read = std::io::stdin().take(64).read_to_string(&mut text);
            read.context("the number cannot be read from standard input")?;
            text.trim().to_owned()
        }
        phone => phone.to_owned(),
    };
    let path = ["v1", "subjects", "erase"];
    let answer = api::post(&args.api, &path, None, &json!({ "phone": phone }))?;
    api::print(&answer, args.json, told)
}

/// What went, and how to see the rest go.
fn told(erased: &Value) -> String {
    let mut text = fields(erased, &ERASED);
    if erased["done_at"].is_null() {
        text.push_str(GOES_ON);
    }
    text
}
