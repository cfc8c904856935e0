//! What the server promises when things break, each row of the list with its figure. Every test here runs the real
//! program in a process of its own and judges it from outside: by what clients were told, and by what a server that was
//! started anew then knows.
//!
//! Short forms run each time; with `CALLWRIGHT_NIGHTLY` set (`./check --nightly`) the long ones do. A figure is printed as
//! one line that begins with its row, as `R5: …`. `CALLWRIGHT_TEST_BINARY` names another build of the program to test.

mod backups;
#[cfg(feature = "failpoints")]
pub(crate) mod bookings;
mod busy;
mod busy_rows;
mod clock_jumps;
mod crowd;
mod damaged;
mod database_away;
mod deadline;
mod disk_full;
mod killed;
mod left_behind;
mod locked;
mod masked_out_of_order;
mod node_loss;
mod out_of_order;
pub(crate) mod platform;
mod power_cut;
pub(crate) mod process;
pub(crate) mod random;
mod reload;
mod rotated;
mod same_request;
mod trace;

#[cfg(feature = "failpoints")]
pub(crate) mod failpoints;
pub(crate) mod placed;
pub(crate) mod told;

/// Whether the long forms are to run.
fn nightly() -> bool {
    std::env::var_os("CALLWRIGHT_NIGHTLY").is_some()
}

/// One of two sizes: that of every day, or the night's.
fn by_day_or_night<T>(day: T, night: T) -> T {
    if nightly() { night } else { day }
}

/// The value at `quantile` (0 to 1) of `values`.
fn quantile<T: Copy + Ord + Default>(values: &mut [T], quantile: f64) -> T {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    let index = (last as f64 * quantile).ceil() as usize;
    values.get(index).copied().unwrap_or_default()
}
