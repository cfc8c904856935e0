//! What is promised of the keys that a database is sealed with: they are replaced while it is served, in small bites between which
//! others write, and whoever looks finds what is under either key.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
pub use super::ring::State;
use super::vault::KeyNumber;

/// How long a node goes on before it looks at the ring again.
pub const LOOKED_AT_EVERY: Duration = Duration::from_millis(if cfg!(feature = "failpoints") {
    50
} else {
    1000
});

/// How long a key is there before it is written with: by then every node that runs has looked at the ring.
pub(super) const LEARNT_WITHIN: Duration = Duration::from_millis(if cfg!(feature = "failpoints") {
    150
} else {
    5000
});

/// How many times as long as a bite took others have the database for themselves.
const OTHERS: u32 = 3;

/// And how long at most: who was frozen in the middle of a bite did not work for so long.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// How long others have the database for themselves after a bite that took `worked`.
pub(super) fn rest_after(worked: Duration) -> Duration {
    (worked * OTHERS).min(LONGEST_REST)
}

/// The keys of a database.
#[async_trait]
pub trait KeyRing: Send + Sync {
    /// The keys that there are, the oldest first: one, and two while a rotation is under way.
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError>;

    /// Makes a new key, which replaces the present one from now on by [`tend`](Self::tend). Returns its number; `None` while
    /// a rotation is under way.
    async fn add_key(&self, at: Timestamp) -> Result<Option<KeyNumber>, StoreError>;

    /// Looks at the ring, and does the next bit of a rotation if there is one: `node` is a name that no other server has, and of those
    /// on one database one works at a time. Returns after how long to come again.
    async fn tend(&self, node: &str, now: Timestamp) -> Result<Duration, StoreError>;
}

/// A key, as people are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its number, which each row under it names.
    pub number: KeyNumber,
    /// Where it stands.
    pub state: State,
    /// When it was made; of a database's first key, when the ring was.
    pub made_at: Timestamp,
    /// Since when it is written with.
    pub current_since: Option<Timestamp>,
    /// How far its rows have been rewritten, once that has begun.
    pub rewriting: Option<Rewriting>,
}

/// How far the rows of a key that goes have been rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewriting {
    /// Since when they are.
    pub since: Timestamp,
    /// How many rows there were to look at.
    pub total: u64,
    /// How many have not been looked at yet.
    pub waiting: u64,
}

impl Rewriting {
    /// When it will be done if it goes on as it has until `now`; `None` while that cannot be said.
    pub fn done_at(&self, now: Timestamp) -> Option<Timestamp> {
        let done = self
            .total
            .checked_sub(self.waiting)
            .filter(|done| *done > 0)?;
        let took = now.duration_since(self.since).as_millis().max(0);
        let left = took * i128::from(self.waiting) / i128::from(done);
        let left = jiff::SignedDuration::from_millis(i64::try_from(left).ok()?);
        now.checked_add(left).ok()
    }
}

/// How many rows are brought under a new key at once.
pub(super) const BITE: u64 = 200;

/// One walk through all tables. A rotation is over when one found nothing to do, that began when nothing more could be written with
/// the old key.
#[derive(Debug)]
pub(super) struct Pass<C> {
    /// Which table it is at, and behind which row.
    pub(super) table: usize,
    pub(super) after: Option<C>,
    pub(super) looked_at: u64,
    pub(super) rewritten: u64,
    /// How many rows there were when the first pass began.
    pub(super) total: u64,
    pub(super) is_first: bool,
}

impl<C> Pass<C> {
    /// The first one, through so many rows.
    pub(super) fn first(total: u64) -> Self {
        Self {
            table: 0,
            after: None,
            looked_at: 0,
            rewritten: 0,
            total,
            is_first: true,
        }
    }

    /// The next one.
    pub(super) fn again(&self) -> Self {
        Self {
            is_first: false,
            ..Self::first(self.total)
        }
    }

    /// Takes what a bite has done: it ended at `last`, if there was anything.
    pub(super) fn go_on(&mut self, looked_at: u64, rewritten: u64, last: Option<C>) {
        self.looked_at += looked_at;
        self.rewritten += rewritten;
        match last {
            Some(last) => self.after = Some(last),
            None => {
                self.table += 1;
                self.after = None;
            }
        }
    }

    /// How many rows have not been looked at yet; in a later pass none, since they are looked at once more to be sure.
    pub(super) fn waiting(&self) -> u64 {
        match self.is_first {
            true => self.total.saturating_sub(self.looked_at),
            false => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_get_three_quarters_and_nobody_rests_for_long() {
        assert_eq!(
            rest_after(Duration::from_millis(20)),
            Duration::from_millis(60)
        );
        assert_eq!(rest_after(Duration::from_secs(3600)), LONGEST_REST);
    }
}
