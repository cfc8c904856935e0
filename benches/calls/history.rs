//! A file with a past: throughput with more and more events in it, what a live session takes of memory, and how soon
//! the server answers after a start.

use std::io;
use std::path::Path;
use std::time::Instant;

use crate::Options;
use crate::call::Shape;
use crate::load::Plan;
use crate::print;
use crate::process::{Measured, Server, measure};
use crate::sections::{closed, drain, on_bare, one_call, scratch};

/// How many calls are live when memory and start-up are measured.
const LIVE: u64 = 100_000;

/// A fill takes no longer than this, in seconds.
const FILLS_WITHIN: f64 = 3600.0;

pub(crate) fn run(options: &Options) -> io::Result<()> {
    print::heading("With a past: closed loop, 64 connections");
    let folder = scratch(options, "history")?;
    let server = Server::callwright(&folder, &[])?;
    print::head("× bare");
    let mut events = 0;
    let mut first = None;
    let mut levels = vec![0, 100_000, 1_000_000];
    levels.extend(options.ten_million.then_some(10_000_000));
    for level in levels {
        events += fill(options, &server, Shape::Calls, level.max(events) - events)?;
        let (bare, real) = beside(options, &server)?;
        let answered = real
            .iter()
            .map(|it| it.outcome.requests + it.outcome.uncounted);
        events += answered.sum::<u64>();
        let reference = print::over(&bare, |it| it.outcome.throughput());
        let rate = print::over(&real, |it| it.outcome.throughput());
        print::row(
            "callwright",
            &format!("{level} past events"),
            &real,
            Some(reference),
        );
        let none = *first.get_or_insert(rate / reference);
        println!(
            "  ÷ with none: {:.2} (each to the bare server beside it)",
            rate / reference / none
        );
    }
    memory(options, &server)?;
    start_up(options, server, &folder, events)?;
    std::fs::remove_dir_all(folder)
}

/// The bare server and this one in turns, as often as there are rounds.
fn beside(options: &Options, server: &Server) -> io::Result<(Vec<Measured>, Vec<Measured>)> {
    let plan = closed(options, 64).warmed();
    let (mut bare, mut real) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        bare.push(on_bare(&plan)?);
        real.push(measure(server, &plan)?);
        drain(server)?;
    }
    Ok((bare, real))
}

/// Puts `events` more into the file.
fn fill(options: &Options, server: &Server, shape: Shape, events: u64) -> io::Result<u64> {
    if events == 0 {
        return Ok(0);
    }
    let plan = Plan {
        seconds: FILLS_WITHIN,
        requests: events,
        shape,
        ..closed(options, 64)
    };
    let filled = measure(server, &plan)?;
    drain(server)?;
    Ok(filled.outcome.requests)
}

fn memory(options: &Options, server: &Server) -> io::Result<()> {
    let before = server.usage().rss;
    let live = fill(options, server, Shape::Live, LIVE)?;
    let after = server.usage().rss;
    println!(
        "\nmemory: {before:.0} MiB before and {after:.0} MiB after {live} calls that stay: {:.2} KiB each",
        (after - before) * 1024.0 / live as f64
    );
    Ok(())
}

fn start_up(options: &Options, server: Server, folder: &Path, events: u64) -> io::Result<()> {
    let stopped = server.stop()?;
    let (server, calm) = start(options, folder)?;
    drop(server); // As by kill -9.
    let (server, killed) = start(options, folder)?;
    let rss = server.usage().rss;
    server.stop()?;
    println!(
        "start-up with {events} past events and {LIVE} live sessions: first answer after {calm:.2} s (after a calm stop, which took {:.2} s), {killed:.2} s (after kill -9); {rss:.0} MiB",
        stopped.as_secs_f64()
    );
    Ok(())
}

/// Starts the server and waits for the first good answer.
fn start(options: &Options, folder: &Path) -> io::Result<(Server, f64)> {
    let began = Instant::now();
    let server = Server::callwright(folder, &[])?;
    if !one_call(&server, options)? {
        return Err(io::Error::other(
            "the first call after a start got the apology",
        ));
    }
    Ok((server, began.elapsed().as_secs_f64()))
}
