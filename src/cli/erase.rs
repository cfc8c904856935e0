//! `callwright erase`: forgets people, on a server or in back-ups.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::{Value, json};

use super::api::{self, ApiArgs};
use super::table::{Column, fields, table};
use crate::call::PhoneNumber;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{keys, postgres, sqlite};

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

const ERASED_IN: [Column; 5] = [
    ("back-up", "backup"),
    ("bookings", "bookings"),
    ("sessions", "sessions"),
    ("events", "events"),
    ("calls", "calls"),
];

/// How much is read from standard input, in bytes.
const LONGEST_LIST: u64 = 1 << 20;

const GOES_ON: &str = "
It goes on behind this: all that is kept is looked through, and what is under way, such as a live call, goes when it is over.
callwright erase --list tells when it is done.
";

/// Erase all that is kept of a person: bookings, sessions, traces, events, calls that were started
///
/// All that is kept is looked through for their number. Open bookings are closed at once. What is under way goes when it is over. Back-ups that were made before keep what they have until they are named.
///
/// Example: callwright erase +6591234567
///
/// Example: callwright erase +6591234567 --backup /backups/*.db
///
/// Example: callwright erase - < numbers.txt
///
/// Example: callwright erase --list
#[derive(Debug, Args)]
pub(super) struct EraseArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Their phone number; - reads numbers from standard input, one a line, which keeps them out of the shell's history
    #[arg(required_unless_present = "list")]
    phone: Option<String>,
    /// List what was erased, and when; nothing tells who
    #[arg(long, conflicts_with = "phone")]
    list: bool,
    /// Erase them from these files that `callwright backup` wrote, and not on the server; or from a PostgreSQL database that a dump was
    /// restored into and that no node serves (postgres://...)
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "list")]
    backup: Vec<String>,
    /// For --backup: the configuration file, which tells where the keys are, instead of callwright.toml in the working directory
    #[arg(long, value_name = "FILE", env = "CALLWRIGHT_CONFIG")]
    config: Option<PathBuf>,
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
    let people = match phone.as_str() {
        "-" => from_standard_input()?,
        phone => vec![phone.to_owned()],
    };
    if !args.backup.is_empty() {
        return erase_from_backups(args, &people);
    }
    for phone in people {
        let path = ["v1", "subjects", "erase"];
        let answer = api::post(&args.api, &path, None, &json!({ "phone": phone }))?;
        api::print(&answer, args.json, told)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn from_standard_input() -> anyhow::Result<Vec<String>> {
    let mut text = String::new();
    let read = std::io::stdin()
        .take(LONGEST_LIST)
        .read_to_string(&mut text);
    read.context("the numbers cannot be read from standard input")?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let people: Vec<_> = lines.map(str::to_owned).collect();
    ensure!(
        !people.is_empty(),
        "standard input has no number: write one a line, as in +6591234567"
    );
    Ok(people)
}

/// Erases people from back-ups, one of these after the other.
fn erase_from_backups(args: &EraseArgs, people: &[String]) -> anyhow::Result<ExitCode> {
    let people = people.iter().map(|phone| PhoneNumber::parse_e164(phone));
    let people: Vec<_> = people
        .collect::<Option<_>>()
        .context("that is no phone number: write each with its country code, as in +6591234567")?;
    let config = Config::load(args.config.as_deref(), super::environment())?;
    let keys = keys::find_there(&config.keys)?.with_context(|| {
        format!(
            "{} is not there, and without the keys that a back-up was made with nobody can look into it: put them there, or set `keys.data` and `keys.index`",
            config.keys.file.display()
        )
    })?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be started")?;
    let now = Clock::system().now();
    for backup in &args.backup {
        let is_restored = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| backup.starts_with(scheme));
        let erased = match is_restored {
            true => runtime.block_on(postgres::erase_from_restored(backup, &keys, &people, now)),
            false => {
                let file = Path::new(backup);
                runtime.block_on(sqlite::erase_from_backup(file, &keys, &people, now))
            }
        }?;
        let erased = json!({
            // An address may hold a password.
            "backup": if is_restored { "restored" } else { backup.as_str() },
            "bookings": erased.bookings,
            "sessions": erased.sessions,
            "events": erased.events,
            "calls": erased.attempts,
        });
        api::print(&erased.to_string(), args.json, |erased| {
            fields(erased, &ERASED_IN)
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What went, and how to see the rest go.
fn told(erased: &Value) -> String {
    let mut text = fields(erased, &ERASED);
    if erased["done_at"].is_null() {
        text.push_str(GOES_ON);
    }
    text
}
