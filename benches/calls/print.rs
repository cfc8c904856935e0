//! How the figures look: rows of a table, medians of rounds.

use crate::disk::Disk;
use crate::process::Measured;

/// The middle one of `values`; of two middle ones the lower.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or(f64::NAN)
}

/// The median over rounds of what `figure` takes from each.
pub(crate) fn over(rounds: &[Measured], figure: impl Fn(&Measured) -> f64) -> f64 {
    median(rounds.iter().map(figure))
}

pub(crate) fn heading(title: &str) {
    println!("\n## {title}\n");
}

/// The head of a table; `ratio` says what throughput is compared with.
pub(crate) fn head(ratio: &str) {
    println!(
        "| server | load | req/s | {ratio} | p50 ms | p99 ms | p99.9 ms | server CPU | µs/req | RSS MiB | load CPU | neighbours |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
}

/// One row; `reference` is the throughput to compare with.
pub(crate) fn row(server: &str, load: &str, rounds: &[Measured], reference: Option<f64>) {
    let rate = over(rounds, |it| it.outcome.throughput());
    let ratio = reference.map_or_else(|| "-".to_owned(), |it| format!("{:.2}", rate / it));
    println!(
        "| {server} | {load} | {rate:.0} | {ratio} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} | {:.0} | {:.2} | {:.2} |",
        over(rounds, |it| it.outcome.p50),
        over(rounds, |it| it.outcome.p99),
        over(rounds, |it| it.outcome.p999),
        over(rounds, |it| it.server_cpu),
        over(rounds, |it| it.server_cpu * 1e6 / it.outcome.throughput()),
        over(rounds, |it| it.rss),
        over(rounds, |it| it.load_cpu),
        over(rounds, |it| it.neighbours),
    );
    unclean(server, rounds);
}

/// Says so when answers were not what they should be: then the figures above mean nothing.
fn unclean(server: &str, rounds: &[Measured]) {
    for it in rounds.iter().filter(|it| !it.outcome.is_clean()) {
        let found = &it.outcome;
        println!(
            "  !! {server}: {} answers were not 200, {} were apologies, ended a call too soon or connected a stranger, {} connections broke, of {} requests",
            found.refused_actions + found.refused_others,
            found.apologies,
            found.broken,
            found.requests
        );
    }
}

pub(crate) fn disk(disk: &Disk) {
    println!(
        "disk: a 4 KiB overwrite with fdatasync takes p50 {:.3} ms, p99 {:.3} ms",
        disk.p50, disk.p99
    );
}
