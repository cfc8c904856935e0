//! The disk: how long a 4 KiB overwrite takes until it is safe. No durable answer can be quicker.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Times of one overwrite with `fdatasync`, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disk {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// Overwrites a file in `folder` for `how_long`.
pub(crate) fn measure(folder: &Path, how_long: Duration) -> io::Result<Disk> {
    const BLOCK: [u8; 4096] = [7; 4096];
    const BLOCKS: u64 = 1024;
    let path = folder.join("fdatasync");
    let file = File::create(&path)?;
    for block in 0..BLOCKS {
        file.write_all_at(&BLOCK, block * 4096)?;
    }
    file.sync_all()?;
    let mut times =
        Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are in order");
    let began = Instant::now();
    let mut block = 0;
    while began.elapsed() < how_long {
        let from = Instant::now();
        file.write_all_at(&BLOCK, (block % BLOCKS) * 4096)?;
        file.sync_data()?;
        times.saturating_record(u64::try_from(from.elapsed().as_nanos()).unwrap_or(u64::MAX));
        block += 1;
    }
    std::fs::remove_file(path)?;
    let at = |quantile| times.value_at_quantile(quantile) as f64 / 1e6;
    Ok(Disk {
        p50: at(0.5),
        p99: at(0.99),
    })
}
