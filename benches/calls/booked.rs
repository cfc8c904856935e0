//! Bookings that everybody who measures knows without a look: whom the n-th is between, and which number both sides call. Riders come
//! again after four million, drivers after one; nobody has a number twice.

/// How many bookings there are where not many are wanted.
pub(crate) const FEW: u64 = 10_000;

/// How many numbers the pool has.
pub(crate) const NUMBERS: usize = 2000;

/// The one side's phone.
pub(crate) fn rider(booking: u64) -> String {
    format!("+659{:07}", booking % 4_000_000)
}

/// The other side's.
pub(crate) fn driver(booking: u64) -> String {
    // Who has ridden with one driver gets another the next time.
    let driver = (booking + booking / 4_000_000) % 1_000_000;
    format!("+658{:07}", 4_000_000 + driver)
}

/// The number of the pool that both call, by its place.
pub(crate) fn place(booking: u64) -> usize {
    let place = (booking + 2 * (booking / 1_000_000)) % NUMBERS as u64;
    usize::try_from(place).expect("a place in the pool")
}

/// A number of the pool.
pub(crate) fn number(place: usize) -> String {
    format!("+6561{place:06}")
}
