//! How many connections there are, in all and from one address.
//!
//! When there is no room, whoever keeps us waiting gives way: first the oldest that has not sent a head yet, then the
//! oldest idle one. Only when all are at work is the newcomer turned away. So silent sockets cannot keep the platform out.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::connection::{Progress, Stage};

/// The connections that are open.
#[derive(Debug)]
pub(super) struct Census {
    most: usize,
    most_of_one: usize,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    next: u64,
    open: BTreeMap<u64, Entry>,
    by_address: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Entry {
    address: IpAddr,
    progress: Arc<Progress>,
    leave: Arc<Notify>,
}

/// A connection's place, given up when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    census: Arc<Census>,
    number: u64,
    leave: Arc<Notify>,
}

impl Census {
    /// Room for `most` connections, of which `most_of_one` from one address.
    pub(super) fn new(most: usize, most_of_one: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_of_one,
            book: Mutex::default(),
        })
    }

    /// A seat for a connection from `peer`; `None` when there is no room and nobody to give way.
    pub(super) fn seat(self: &Arc<Self>, peer: IpAddr, progress: Arc<Progress>) -> Option<Seat> {
        let address = neighbourhood(peer);
        let mut book = self.book();
        let of_one = book.by_address.get(&address).copied().unwrap_or_default();
        if of_one >= self.most_of_one && !book.make_room(|entry| entry.address == address) {
            return None;
        }
        if book.open.len() >= self.most && !book.make_room(|_| true) {
            return None;
        }
        let leave = Arc::new(Notify::new());
        let number = book.enter(Entry {
            address,
            progress,
            leave: leave.clone(),
        });
        Some(Seat {
            census: self.clone(),
            number,
            leave,
        })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // A panic elsewhere leaves the book whole: each change is made at once.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn enter(&mut self, entry: Entry) -> u64 {
        let number = self.next;
        self.next += 1;
        *self.by_address.entry(entry.address).or_default() += 1;
        self.open.insert(number, entry);
        number
    }

    fn strike(&mut self, number: u64) {
        let Some(entry) = self.open.remove(&number) else {
            return;
        };
        entry.leave.notify_one();
        if let Some(count) = self.by_address.get_mut(&entry.address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&entry.address);
            }
        }
    }

    /// Sends away the one among `whom` that keeps us waiting and came first.
    fn make_room(&mut self, whom: impl Fn(&Entry) -> bool) -> bool {
        let waiting = |stage| {
            let mut oldest_first = self.open.iter();
            let found =
                oldest_first.find(|(_, entry)| whom(entry) && entry.progress.stage() == stage);
            found.map(|(number, _)| *number)
        };
        let number = waiting(Stage::Head).or_else(|| waiting(Stage::Idle));
        number.inspect(|number| self.strike(*number)).is_some()
    }
}

impl Seat {
    /// Returns when the connection has to give way.
    pub(super) async fn taken_away(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.census.book().strike(self.number);
    }
}

/// What counts as one address: an IPv4 address however it is written, and of IPv6 the network of 64 bits that one
/// customer has to himself.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn peer(text: &str) -> IpAddr {
        text.parse().expect("a test's address is valid")
    }

    /// Seats a connection at `stage`.
    fn seat(census: &Arc<Census>, from: &str, stage: Stage) -> Option<Seat> {
        let progress = Arc::new(Progress::default());
        progress.enter(stage);
        census.seat(peer(from), progress)
    }

    fn is_sent_away(seat: &Seat) -> bool {
        seat.taken_away().now_or_never().is_some()
    }

    #[test]
    fn the_silent_give_way_before_the_idle_and_never_the_busy() {
        let census = Census::new(3, 3);
        let busy = seat(&census, "10.0.0.1", Stage::Busy).expect("there is room");
        let idle = seat(&census, "10.0.0.2", Stage::Idle).expect("there is room");
        let silent = seat(&census, "10.0.0.3", Stage::Head).expect("there is room");
        let _second = seat(&census, "10.0.0.4", Stage::Busy).expect("the silent one gives way");
        assert!(is_sent_away(&silent) && !is_sent_away(&idle) && !is_sent_away(&busy));
        let _third = seat(&census, "10.0.0.5", Stage::Busy).expect("the idle one gives way");
        assert!(is_sent_away(&idle) && !is_sent_away(&busy));
        assert!(seat(&census, "10.0.0.6", Stage::Busy).is_none());
        drop(busy);
        assert!(seat(&census, "10.0.0.6", Stage::Busy).is_some());
    }

    #[test]
    fn one_address_takes_only_its_share() {
        let census = Census::new(10, 2);
        let _kept: Vec<_> = ["10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "2001:db8::2"]
            .map(|from| seat(&census, from, Stage::Busy).expect("there is room"))
            .into();
        for full in ["10.0.0.1", "2001:db8::3"] {
            assert!(seat(&census, full, Stage::Busy).is_none(), "{full}");
        }
        assert!(seat(&census, "2001:db8:0:1::3", Stage::Busy).is_some());
    }

    #[test]
    fn an_address_that_left_is_forgotten() {
        let census = Census::new(10, 2);
        drop(seat(&census, "10.0.0.1", Stage::Head));
        assert!(census.book().by_address.is_empty() && census.book().open.is_empty());
    }
}
