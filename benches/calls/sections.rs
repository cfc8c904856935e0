//! What is measured: throughput and latency beside the bare server, and a load without a pause.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::call::Shape;
use crate::connection::Connection;
use crate::disk::{self, Disk};
use crate::load::{Plan, WARM_UP};
use crate::print;
use crate::process::{Measured, Server, fresh_seed, measure};
use crate::{Options, Section, booked, bookings, history, masked, nodes, overload};

/// How long the projection is waited for after a burst.
const DRAINS_WITHIN: Duration = Duration::from_secs(600);

/// Measures what `options` ask for, and prints it.
pub(crate) fn run(options: &Options) -> io::Result<()> {
    println!(
        "server on core 0, load on core 1, {} s each (throughput and latency after {WARM_UP} s more that do not count, for either server), medians of {} rounds; {}",
        options.seconds,
        options.rounds,
        load_average()
    );
    for section in &options.only {
        match section {
            Section::Throughput => throughput(options)?,
            Section::Latency => latency(options)?,
            Section::History => history::run(options)?,
            Section::Bookings => bookings::on_sqlite(options)?,
            Section::BookingsOnPostgres => bookings::on_postgres(options)?,
            Section::Masked => masked::beside_ivr(options)?,
            Section::ManyBookings => masked::among_many(options)?,
            Section::Nodes => nodes::run(options)?,
            Section::Overload => overload::run(options)?,
        }
    }
    match options.sustained {
        Some(seconds) => sustained(options, seconds),
        None => Ok(()),
    }
}

fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split_whitespace().next().unwrap_or("unknown");
    format!("load average before: {first}")
}

/// A folder for one server, empty.
pub(crate) fn scratch(options: &Options, name: &str) -> io::Result<PathBuf> {
    let folder = options
        .scratch
        .join(format!("calls-{}-{name}", std::process::id()));
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Takes the disk's measure where databases are put.
pub(crate) fn disk(options: &Options) -> io::Result<Disk> {
    let seconds = (options.seconds / 10.0).clamp(0.2, 2.0);
    disk::measure(&options.scratch, Duration::from_secs_f64(seconds))
}

/// A load by `options`, at `connections`, closed. Whoever measures a server with it says where that is.
pub(crate) fn closed(options: &Options, connections: usize) -> Plan {
    Plan {
        addresses: Vec::new(),
        connections,
        rate: None,
        warm_up: 0.0,
        seconds: options.seconds,
        requests: u64::MAX,
        shape: options.shape,
        bookings: booked::FEW,
        seed: fresh_seed(),
    }
}

/// A load by `options` of so many requests a second.
pub(crate) fn offered(options: &Options, rate: u64) -> Plan {
    Plan {
        rate: Some(rate),
        ..closed(options, 64)
    }
}

/// Puts a load on a bare server that has just begun.
pub(crate) fn on_bare(plan: &Plan) -> io::Result<Measured> {
    measure(&Server::bare()?, plan)
}

/// Puts a load on the real server that has just begun with nothing, and has it catch up.
fn on_new(options: &Options, plan: &Plan) -> io::Result<(Measured, Drain)> {
    let folder = scratch(options, "new")?;
    let server = Server::callwright(&folder, &[])?;
    let measured = measure(&server, plan)?;
    let drained = drain(&server)?;
    server.stop()?;
    fs::remove_dir_all(&folder)?;
    Ok((measured, drained))
}

fn throughput(options: &Options) -> io::Result<()> {
    print::heading("Throughput, closed loop");
    print::disk(&disk(options)?);
    print::head("× bare");
    for connections in [64, 16] {
        let plan = closed(options, connections).warmed();
        let (mut bare, mut real, mut drains) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            bare.push(on_bare(&plan)?);
            let (measured, drained) = on_new(options, &plan)?;
            real.push(measured);
            drains.push(drained);
        }
        let load = format!("{connections} connections");
        let reference = print::over(&bare, |it| it.outcome.throughput());
        print::row("bare axum", &load, &bare, Some(reference));
        print::row("callwright", &load, &real, Some(reference));
        println!(
            "  p99 ÷ bare's p99: {:.1}; after the burst {}",
            print::over(&real, |it| it.outcome.p99) / print::over(&bare, |it| it.outcome.p99),
            Drain::line(&drains)
        );
    }
    Ok(())
}

fn latency(options: &Options) -> io::Result<()> {
    print::heading("Latency, open loop, 64 connections");
    let disk = disk(options)?;
    print::disk(&disk);
    print::head("× bare");
    for rate in [1000, 4000] {
        let plan = offered(options, rate).warmed();
        let (mut bare, mut real) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            bare.push(on_bare(&plan)?);
            real.push(on_new(options, &plan)?.0);
        }
        let load = format!("{rate}/s offered");
        print::row("bare axum", &load, &bare, None);
        print::row("callwright", &load, &real, None);
        let p99 = print::over(&real, |it| it.outcome.p99);
        println!(
            "  p99 = {:.1} × fdatasync's p50, {:.1} × its p99",
            p99 / disk.p50,
            p99 / disk.p99
        );
    }
    Ok(())
}

fn sustained(options: &Options, seconds: f64) -> io::Result<()> {
    print::heading("Sustained, closed loop, 64 connections");
    print::disk(&disk(options)?);
    print::head("× bare");
    let plan = closed(options, 64);
    let bare = on_bare(&plan)?;
    let folder = scratch(options, "sustained")?;
    let server = Server::callwright(&folder, &[])?;
    let real = measure(&server, &Plan { seconds, ..plan })?;
    let drain = drain(&server)?;
    server.stop()?;
    fs::remove_dir_all(&folder)?;
    let reference = bare.outcome.throughput();
    print::row("bare axum", "64 connections", &[bare], Some(reference));
    let load = format!("{seconds} s");
    let requests = real.outcome.requests as f64;
    print::row("callwright", &load, &[real], Some(reference));
    println!(
        "  with the drain counted in: {:.2} × bare; {}",
        requests / (seconds + drain.seconds) / reference,
        Drain::line(&[drain])
    );
    Ok(())
}

/// How far the projection was behind, and how long it took to catch up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drain {
    /// Events, when the server tells.
    behind: Option<f64>,
    seconds: f64,
}

impl Drain {
    pub(crate) fn line(drains: &[Self]) -> String {
        let behind: Vec<_> = drains.iter().filter_map(|it| it.behind).collect();
        if behind.is_empty() {
            return "nothing is left to do behind the reply".to_owned();
        }
        format!(
            "the projection was {:.0} events behind and caught up in {:.2} s",
            print::median(behind),
            print::median(drains.iter().map(|it| it.seconds))
        )
    }
}

/// Waits until the projection has caught up.
pub(crate) fn drain(server: &Server) -> io::Result<Drain> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let began = Instant::now();
        let first = behind(server).await?;
        let mut now = first;
        while now.is_some_and(|events| events > 0.0) && began.elapsed() < DRAINS_WITHIN {
            tokio::time::sleep(Duration::from_millis(20)).await;
            now = behind(server).await?;
        }
        Ok(Drain {
            behind: first,
            seconds: began.elapsed().as_secs_f64(),
        })
    })
}

/// How many events the projection is behind, by the server's metrics.
async fn behind(server: &Server) -> io::Result<Option<f64>> {
    let mut connection = Connection::open(server.address).await?;
    let (_, text, _) = connection.get("/metrics").await?;
    let line = text
        .lines()
        .find(|line| line.starts_with("callwright_projection_lag_events "));
    Ok(line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()))
}

/// Posts the first webhook of a fresh call, and gives whether it was answered as it should be.
pub(crate) fn one_call(server: &Server, options: &Options) -> io::Result<bool> {
    let plan = Plan {
        addresses: vec![server.address],
        requests: 1,
        shape: Shape::Live,
        ..closed(options, 1)
    };
    Ok(crate::load::run(plan)?.is_clean())
}
