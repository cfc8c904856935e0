//! `callwright contact-center schedules`, `queues`, `agents` and `follow`: how things stand now.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Unprepared;
use crate::cli::print;
use crate::cli::table::{Column, table, table_of};
use crate::contact_center::queue::{Standing, Thresholds};
use crate::platform::contact_center::ContactCenter;
use crate::platform::contact_center::reading::records;
use crate::platform::contact_center::schedules::When;
use crate::platform::contact_center::streaming::Told;

const QUEUES: [Column; 8] = [
    ("QUEUE", "id"),
    ("NAME", "name"),
    ("MEDIA", "media"),
    ("STATE", "state"),
    ("FREE", "agents_free"),
    ("BUSY", "agents_busy"),
    ("WAITING", "waiting"),
    ("LONGEST WAIT", "longest_wait_s"),
];

/// Say whether a schedule is open, or list all schedules
///
/// Example: callwright contact-center schedules 122 --next
#[derive(Debug, Args)]
pub(super) struct SchedulesArgs {
    /// The schedule's id; all schedules without one
    id: Option<String>,
    /// The schedule, by its name
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    name: Option<String>,
    /// Say what comes next, too
    #[arg(long)]
    next: bool,
    /// At this moment, as 2026-12-25T12:00:00+08:00, instead of now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// So many seconds later
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    offset: Option<i64>,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Say how queues do
///
/// Example: callwright contact-center queues 102
#[derive(Debug, Args)]
pub(super) struct QueuesArgs {
    /// The queue's id; all queues without one
    id: Option<String>,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Say what agents do
///
/// Example: callwright contact-center agents jdoe
#[derive(Debug, Args)]
pub(super) struct AgentsArgs {
    /// The agent's login; all agents without one
    id: Option<String>,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Follow what agents and interactions do, one JSON object a line, until you stop it (Ctrl-C)
///
/// The Contact Center takes three clients at once, ends each after an hour, and keeps two hours for a subscription's id: this command connects again under the same
/// id, and started again with it tells what was missed.
///
/// Example: callwright contact-center follow --subscription wallboard
#[derive(Debug, Args)]
pub(super) struct FollowArgs {
    /// The subscription's id: yours, and nobody else's at the same time
    #[arg(long, value_name = "ID")]
    subscription: String,
    /// End after so many updates
    #[arg(long, value_name = "N")]
    most: Option<u64>,
}

/// Says what a schedule, or all of them, say.
pub(super) async fn schedules(
    center: &ContactCenter,
    args: &SchedulesArgs,
) -> anyhow::Result<ExitCode> {
    let at = args.at.as_deref().map(str::parse::<Timestamp>).transpose();
    let at = at.map_err(|_| {
        Unprepared::Asked("`at` is no time: write it as 2026-12-25T12:00:00+08:00".to_owned())
    })?;
    let Some(id) = &args.id else {
        let told = match &args.name {
            Some(name) => center.schedule_by_name(name).await?,
            None => center.schedules().await?,
        };
        return match args.json {
            true => print(&format!("{told}\n")),
            false => print(&table_of(&records(&told), "No schedules.")),
        };
    };
    if args.next {
        let told = center.schedule_next(id, at).await?;
        let from = told
            .from
            .as_deref()
            .map_or_else(String::new, |from| format!(" from {from} on"));
        return match args.json {
            true => print(&format!("{}\n", serde_json::to_string(&told)?)),
            false => print(&format!("{}, then {}{from}\n", told.now, told.next)),
        };
    }
    let when = When {
        at,
        offset_s: args.offset,
    };
    let status = center.schedule_status(id, when).await?;
    match args.json {
        true => print(&format!(
            "{}\n",
            json!({"schedule": id, "status": status.to_string(), "code": status.code()})
        )),
        false => print(&format!("{status}\n")),
    }
}

/// Says how a queue, or all of them, do.
pub(super) async fn queues(center: &ContactCenter, args: &QueuesArgs) -> anyhow::Result<ExitCode> {
    let found = match &args.id {
        Some(id) => vec![center.queue(id).await?],
        None => center.queues().await?,
    };
    let shown = Value::Array(found.iter().map(standing).collect());
    match args.json {
        true => print(&format!("{shown}\n")),
        false => print(&table(&shown, &QUEUES, "No queues.")),
    }
}

fn standing(queue: &Standing) -> Value {
    json!({
        "id": queue.id, "name": queue.name, "media": queue.media, "state": queue.state(Thresholds::default()).as_str(),
        "agents_free": queue.agents_free, "agents_busy": queue.agents_busy, "agents_away": queue.agents_away,
        "waiting": queue.waiting, "longest_wait_s": queue.longest_wait.as_secs(),
    })
}

/// Says what an agent, or all of them, do.
pub(super) async fn agents(center: &ContactCenter, args: &AgentsArgs) -> anyhow::Result<ExitCode> {
    let found = match &args.id {
        Some(id) => vec![center.agent(id).await?],
        None => center.agents().await?,
    };
    match args.json {
        true => print(&format!("{}\n", Value::Array(found))),
        false => print(&table_of(&found, "No agents.")),
    }
}

/// Follows updates.
pub(super) async fn follow(center: &ContactCenter, args: &FollowArgs) -> anyhow::Result<ExitCode> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if args.subscription.is_empty() || !args.subscription.chars().all(plain) {
        let told = "`subscription` is no id: letters, digits, - and _".to_owned();
        return Err(Unprepared::Asked(told).into());
    }
    let mut follower = center.follow(&args.subscription);
    let mut told = 0;
    while args.most.is_none_or(|most| told < most) {
        match follower.next().await? {
            Told::Update(update) => {
                told += 1;
                print(&format!("{update}\n"))?;
            }
            Told::Connected => eprintln!("listening as {}", args.subscription),
            Told::Lost(why) => eprintln!("{why}; connecting again"),
            Told::Gap(away) => eprintln!(
                "away for {} minutes: what happened meanwhile may be lost",
                away.as_secs() / 60
            ),
        }
    }
    Ok(ExitCode::SUCCESS)
}
