//! R17: ten times as many webhooks as the server can answer. What it can do, it is to go on doing; every voice call action is
//! to be answered 200 all the same, with the apology when there is no time for more; and all is to be well soon after. Then
//! the same once more while another process, this one, holds the database's lock.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::Options;
use crate::load::Plan;
use crate::print;
use crate::process::{Measured, Server, measure};
use crate::sections::{closed, offered, scratch};

/// Connections that the overload comes on: more than the server works on at once.
const CONNECTIONS: usize = 900;

/// The latency, in milliseconds, up to which the server counts as able.
const ABLE: f64 = 100.0;

pub(crate) fn run(options: &Options) -> io::Result<()> {
    print::heading("R17: overload");
    let folder = scratch(options, "overload")?;
    let limits = [
        ("CALLWRIGHT_HTTP__MAX_CONNECTIONS", "4096"),
        ("CALLWRIGHT_HTTP__MAX_CONNECTIONS_PER_ADDRESS", "4096"),
    ];
    let limits = limits.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let server = Server::callwright(&folder, &limits)?;
    let capacity = capacity(options, &server)?;
    let share = capacity.outcome.actions as f64 / capacity.outcome.requests as f64;
    let able = capacity.outcome.throughput();
    println!(
        "R17: C = {able:.0} webhooks a second, {:.0} of them voice call actions",
        able * share
    );
    for (times, stuck) in [(2, false), (10, false), (10, true)] {
        let rate = (able * f64::from(times)) as u64;
        let plan = Plan {
            connections: CONNECTIONS,
            rate: Some(rate),
            ..closed(options, CONNECTIONS)
        };
        let over = match stuck {
            true => while_locked(&folder, &server, &plan)?,
            false => measure(&server, &plan)?,
        };
        let after = measure(&server, &offered(options, (able / 2.0) as u64))?;
        let row = if stuck {
            " with the database locked from a quarter of the time on"
        } else {
            ""
        };
        tell(&format!("{times} × C{row}"), &over, able * share, &after);
    }
    server.stop()?;
    fs::remove_dir_all(folder)
}

/// The highest offered rate at which the server is able: from what it does in a closed loop downwards.
fn capacity(options: &Options, server: &Server) -> io::Result<Measured> {
    let most = measure(server, &closed(options, 64))?;
    let mut rate = most.outcome.throughput();
    for _ in 0..10 {
        let tried = measure(server, &offered(options, rate as u64))?;
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
            held.push(hold(&path).map_err(io::Error::other)?);
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

fn tell(row: &str, over: &Measured, capacity: f64, after: &Measured) {
    let found = &over.outcome;
    let admitted = (found.actions - found.apologies) as f64 / found.seconds;
    println!(
        "R17: {row} offered for {:.0} s: {admitted:.0} voice call actions a second answered ({:.2} of C), p99 {:.0} ms; {} apologies ({} to live calls), p99 {:.0} ms; {} not 200, {} broken; other webhooks: {} put off by 503; RSS {:.0} MiB; afterwards at C/2 p99 {:.1} ms",
        found.seconds,
        admitted / capacity,
        found.admitted_p99,
        found.apologies,
        found.apologies_to_live,
        found.apology_p99,
        found.refused_actions,
        found.broken,
        found.refused_others,
        over.rss,
        after.outcome.p99
    );
}
