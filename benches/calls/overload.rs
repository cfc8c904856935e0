//! R17: ten times as many webhooks as the server can answer. What it can do, it is to go on doing; every voice call action is
//! to be answered 200 all the same, with the apology when there is no time for more; and all is to be well soon after. Then
//! the same once more while another process, this one, holds the database's lock.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use rusqlite::{Connection, OpenFlags};

use crate::Options;
use crate::load::Plan;
use crate::print;
use crate::process::{Measured, Server, measure};
use crate::sections::{closed, scratch};

/// Connections that webhooks come on, those that the server is able to answer and those of the overload: more than it works on at
/// once. Over many it does less than over few, whatever is offered.
const CONNECTIONS: usize = 900;

/// How long what is measured before and after takes, as a part of how long the overload does.
const BRIEF: f64 = 1.0 / 6.0;

/// The latency, in milliseconds, up to which the server counts as able.
const ABLE: f64 = 100.0;

/// What is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// Twice as much as the server can do.
    Twice,
    /// Ten times as much.
    TenTimes,
    /// Ten times as much, and the database is locked from a quarter of the time on.
    Stuck,
}

impl Stage {
    fn times(self) -> u32 {
        match self {
            Self::Twice => 2,
            Self::TenTimes | Self::Stuck => 10,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Twice => "2 × C offered",
            Self::TenTimes => "10 × C offered",
            Self::Stuck => "10 × C offered with the database locked from a quarter of the time on",
        }
    }
}

pub(crate) fn run(options: &Options) -> io::Result<()> {
    print::heading("R17: overload");
    let folder = scratch(options, "overload")?;
    let limits = [
        ("CALLWRIGHT_HTTP__MAX_CONNECTIONS", "4096"),
        ("CALLWRIGHT_HTTP__MAX_CONNECTIONS_PER_ADDRESS", "4096"),
    ];
    let limits = limits.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let server = Server::callwright(&folder, &limits)?;
    let brief = Options {
        seconds: options.seconds * BRIEF,
        ..options.clone()
    };
    let capacity = match options.able {
        Some(rate) => measure(&server, &over_all(&brief, rate))?,
        None => capacity(options, &brief, &server)?,
    };
    let able = capacity.outcome.throughput();
    let actions = capacity.outcome.actions as f64 / capacity.outcome.seconds;
    println!("R17: C = {able:.0} webhooks a second, {actions:.0} of them voice call actions");
    for stage in &options.stages {
        let rate = (able * f64::from(stage.times())) as u64;
        let plan = over_all(options, rate);
        let over = match stage {
            Stage::Stuck => while_locked(&folder, &server, &plan)?,
            _ => measure(&server, &plan)?,
        };
        let after = measure(&server, &over_all(&brief, (able / 2.0) as u64))?;
        tell(*stage, &over, actions, &after);
    }
    server.stop()?;
    fs::remove_dir_all(folder)
}

fn over_all(options: &Options, rate: u64) -> Plan {
    Plan {
        rate: Some(rate),
        ..closed(options, CONNECTIONS)
    }
}

/// The highest offered rate at which the server is able: from what it does in a closed loop downwards. That takes as
/// long as the overload will, so that what is left to be done behind the replies counts as well.
fn capacity(options: &Options, brief: &Options, server: &Server) -> io::Result<Measured> {
    let most = measure(server, &closed(options, CONNECTIONS))?;
    let mut rate = most.outcome.throughput();
    for _ in 0..10 {
        let tried = measure(server, &over_all(brief, rate as u64))?;
        if tried.outcome.p99 <= ABLE && tried.outcome.is_clean() {
            return Ok(tried);
        }
        rate *= 0.9;
    }
    Err(io::Error::other(
        "no rate was found that the server is able to do",
    ))
}

/// Puts a load on the server, in the first quarter of which calls begin; then the database is locked.
fn while_locked(folder: &Path, server: &Server, plan: &Plan) -> io::Result<Measured> {
    let calls_begin = Duration::from_secs_f64(plan.seconds / 4.0);
    thread::scope(|scope| {
        let locked = scope.spawn(|| {
            thread::sleep(calls_begin);
            lock(folder)
        });
        let measured = measure(server, plan)?;
        let held = locked.join().expect("a lock is no reason to panic")?;
        drop(held);
        Ok(measured)
    })
}

/// Holds every database of `folder` as another program might, until it is dropped. The tables first: then the journal
/// gets no further segment.
fn lock(folder: &Path) -> io::Result<Vec<Connection>> {
    let mut held = vec![hold(&folder.join("callwright.db")).map_err(io::Error::other)?];
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if is_segment(&path) {
            match hold(&path) {
                // The server was done with it meanwhile.
                Err(_) if !path.exists() => {}
                segment => held.push(segment.map_err(io::Error::other)?),
            }
        }
    }
    Ok(held)
}

fn is_segment(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let number = name.rsplit_once(".db.journal.");
    number.is_some_and(|(_, number)| number.parse::<u64>().is_ok())
}

fn hold(database: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.execute_batch("BEGIN EXCLUSIVE")?;
    Ok(connection)
}

fn tell(stage: Stage, over: &Measured, actions: f64, after: &Measured) {
    let found = &over.outcome;
    let admitted = (found.actions - found.apologies) as f64 / found.seconds;
    println!(
        "R17: {} for {:.0} s: {admitted:.0} voice call actions a second answered ({:.2} of C), p99 {:.0} ms; {} apologies ({} to live calls), p99 {:.0} ms; {} not 200, {} broken {:?}; other webhooks: {} put off by 503; RSS {:.0} MiB; the load's core {:.2} busy; afterwards at C/2 p99 {:.1} ms",
        stage.words(),
        found.seconds,
        admitted / actions,
        found.admitted_p99,
        found.apologies,
        found.apologies_to_live,
        found.apology_p99,
        found.refused_actions,
        found.broken,
        found.breaks,
        found.refused_others,
        over.rss,
        over.load_cpu,
        after.outcome.p99
    );
}
