//! Masked calls: beside calls to a menu, and among millions of bookings beside thousands. The bookings are real ones, and a call that
//! is not connected to the other side of its booking is told as a wrong answer.

use std::io;

use crate::Options;
use crate::booked::FEW;
use crate::call::Shape;
use crate::filled::Filled;
use crate::load::Plan;
use crate::print;
use crate::process::Measured;
use crate::sections::{Drain, closed, disk, on_bare};

/// Masked calls beside IVR calls, each as a ratio to the bare server under the same load.
pub(crate) fn beside_ivr(options: &Options) -> io::Result<()> {
    print::heading("Masked calls beside IVR calls, closed loop");
    println!(
        "{FEW} active bookings on the server; of seven webhooks of a masked call one asks for a callflow, of an IVR call's five to ten all but three"
    );
    print::disk(&disk(options)?);
    print::head("× bare");
    for connections in [64, 16] {
        let kinds = [("IVR calls", Shape::Calls), ("masked calls", Shape::Masked)];
        let mut taken = [Taken::default(), Taken::default()];
        for _ in 0..options.rounds {
            for ((_, shape), taken) in kinds.iter().zip(&mut taken) {
                let plan = load(options, connections, *shape);
                taken.bare.push(on_bare(&plan)?);
                taken.add(Filled::with(options, FEW)?.measure(&plan)?);
            }
        }
        for ((kind, _), taken) in kinds.iter().zip(&taken) {
            let load = format!("{connections} connections, {kind}");
            let bare = print::over(&taken.bare, |it| it.outcome.throughput());
            print::row("bare axum", &load, &taken.bare, Some(bare));
            print::row("callwright", &load, &taken.real, Some(bare));
            println!("  after the burst {}", Drain::line(&taken.drains));
        }
    }
    Ok(())
}

/// Masked calls among many bookings, against the same among few.
pub(crate) fn among_many(options: &Options) -> io::Result<()> {
    print::heading("Masked calls among many bookings, closed loop, 64 connections");
    let many = match options.ten_million {
        true => 10_000_000,
        false => 1_000_000,
    };
    let databases = [Filled::with(options, FEW)?, Filled::with(options, many)?];
    for filled in &databases {
        println!(
            "{} bookings: filled in {:.0} s, {:.0} MiB",
            filled.bookings,
            filled.took.as_secs_f64(),
            filled.size
        );
    }
    print::disk(&disk(options)?);
    print::head("× bare");
    let kinds = [
        ("masked calls", Shape::Masked),
        ("voice call actions alone", Shape::MaskedActions),
    ];
    for (kind, shape) in kinds {
        let plan = load(options, 64, shape);
        let mut taken = [Taken::default(), Taken::default()];
        for _ in 0..options.rounds {
            for (filled, taken) in databases.iter().zip(&mut taken) {
                taken.bare.push(on_bare(&plan)?);
                taken.add(filled.measure(&plan)?);
            }
        }
        for (filled, taken) in databases.iter().zip(&taken) {
            let load = format!("{kind}, {} bookings", filled.bookings);
            let bare = print::over(&taken.bare, |it| it.outcome.throughput());
            print::row("callwright", &load, &taken.real, Some(bare));
        }
        let [few, many] = &taken;
        println!(
            "  ÷ with few: {:.2} (each to the bare server beside it); to read what each number carries, for which the server takes a hundredth of the time at most and which it did not do meanwhile, took {:.1} s of the core with few and {:.1} s with many",
            many.ratio() / few.ratio(),
            print::median(few.began_with.iter().copied()),
            print::median(many.began_with.iter().copied()),
        );
    }
    Ok(())
}

fn load(options: &Options, connections: usize, shape: Shape) -> Plan {
    Plan {
        shape,
        bookings: FEW,
        ..closed(options, connections).warmed()
    }
}

/// What was measured of one kind, round by round.
#[derive(Debug, Default)]
struct Taken {
    bare: Vec<Measured>,
    real: Vec<Measured>,
    drains: Vec<Drain>,
    /// Processor time before the measurement, in seconds.
    began_with: Vec<f64>,
}

impl Taken {
    fn add(&mut self, (measured, drained, began_with): (Measured, Drain, f64)) {
        self.real.push(measured);
        self.drains.push(drained);
        self.began_with.push(began_with);
    }

    /// The real server's throughput to the bare one's.
    fn ratio(&self) -> f64 {
        let rate = |rounds: &[Measured]| print::over(rounds, |it| it.outcome.throughput());
        rate(&self.real) / rate(&self.bare)
    }
}
