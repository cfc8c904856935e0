//! Overload: so many webhooks are worked on at once, the others stand in line for their turn, and whoever does not get it in
//! time is answered without work: a voice call action with the apology, anything else with 503. Calls on the telephone go before
//! those that come in.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

/// Voice call actions that are worked on at once.
const ACTIONS: usize = 256;

/// How many of these places are kept from calls that only come in, for those that are on the telephone.
const KEPT: usize = 64;

/// Other webhooks that are worked on at once. Nobody waits for them on the telephone.
const OTHERS: usize = 128;

/// How long a webhook waits for its turn when many come at once: a burst is over soon, and nobody has to be sent away.
pub(super) const PATIENCE: Duration = Duration::from_millis(250);

/// How long a line may stand until more come than are answered: then whoever is in no call hears so soon.
const STANDS: Duration = Duration::from_millis(100);

/// How long these wait then. The wait is part of the protection: answered at once, those who are sent away would come back at
/// once, and take the time that the others' answers need.
const SHORT_PATIENCE: Duration = Duration::from_millis(25);

/// How often the log says that webhooks are sent away.
const SAID_EVERY: Duration = Duration::from_secs(1);

/// The places, shared by all connections.
#[derive(Debug, Clone)]
pub struct Turns {
    actions: Arc<Places>,
    others: Arc<Places>,
    said: Arc<Mutex<Option<Instant>>>,
}

/// What waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// A call that comes in.
    NewCall,
    /// A call that is on the telephone.
    LiveCall,
    /// A status, a summary, a recording, a number.
    Other,
}

/// A place, given back when it is dropped, also when its webhook was given up.
#[derive(Debug)]
pub struct Turn(Option<Arc<Places>>);

/// Places of one kind, and the lines before them.
#[derive(Debug)]
struct Places {
    /// How many of them only those take who go first.
    kept: usize,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    free: usize,
    /// Who goes first, and who goes when none of those waits.
    first: Line,
    then: Line,
}

/// Those who wait, in the order that they came.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<oneshot::Sender<Turn>>,
    /// Since when it has been standing.
    since: Option<Instant>,
}

/// Where a place is handed over once it is free.
struct Called {
    turn: oneshot::Receiver<Turn>,
    /// How long the line has been standing.
    stands: Duration,
}

impl Turns {
    /// All places free.
    pub fn new() -> Self {
        Self::of(ACTIONS, KEPT, OTHERS)
    }

    fn of(actions: usize, kept: usize, others: usize) -> Self {
        Self {
            actions: Places::new(actions, kept),
            others: Places::new(others, 0),
            said: Arc::default(),
        }
    }

    /// A place; `None` when none came free in time.
    pub async fn take(&self, who: Waiting) -> Option<Turn> {
        let (places, goes_first) = match who {
            Waiting::LiveCall => (&self.actions, true),
            Waiting::NewCall => (&self.actions, false),
            Waiting::Other => (&self.others, true),
        };
        match places.at_once_or_in_line(goes_first) {
            Ok(turn) => Some(turn),
            Err(Called { turn, stands }) => timeout(patience(who, stands), turn).await.ok()?.ok(),
        }
    }

    /// Tells the log that webhooks are sent away: now and then, since words cost time too.
    pub fn say_so(&self) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|moment| moment.elapsed() >= SAID_EVERY) {
            *said = Some(Instant::now());
            tracing::error!("overloaded: webhooks are answered without being worked on");
        }
    }
}

/// How long to wait in a line that has been standing for so long. A call on the telephone would break off.
fn patience(who: Waiting, stands: Duration) -> Duration {
    match who {
        Waiting::LiveCall => PATIENCE,
        _ if stands < STANDS => PATIENCE,
        _ => SHORT_PATIENCE,
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self::new()
    }
}

impl Line {
    fn join(&mut self) -> Called {
        // Whoever gave up is no part of it.
        while (self.waiting.front()).is_some_and(oneshot::Sender::is_closed) {
            self.waiting.pop_front();
        }
        let now = Instant::now();
        if self.waiting.is_empty() {
            self.since = Some(now);
        }
        let stands = self.since.map_or(Duration::ZERO, |since| now - since);
        let (caller, turn) = oneshot::channel();
        self.waiting.push_back(caller);
        Called { turn, stands }
    }
}

impl Places {
    fn new(free: usize, kept: usize) -> Arc<Self> {
        let book = Book {
            free,
            ..Book::default()
        };
        let book = Mutex::new(book);
        Arc::new(Self { kept, book })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place, or one in line.
    fn at_once_or_in_line(self: &Arc<Self>, goes_first: bool) -> Result<Turn, Called> {
        let mut book = self.book();
        let kept = if goes_first { 0 } else { self.kept };
        if book.free > kept {
            book.free -= 1;
            return Ok(Turn(Some(self.clone())));
        }
        let line = match goes_first {
            true => &mut book.first,
            false => &mut book.then,
        };
        Err(line.join())
    }

    /// Hands a place that came free to whoever is next and still there.
    fn hand_on(self: Arc<Self>) {
        let mut turn = Turn(Some(self.clone()));
        loop {
            let mut book = self.book();
            let is_for_all = book.free + 1 > self.kept;
            let next = match book.first.waiting.pop_front() {
                None if is_for_all => book.then.waiting.pop_front(),
                next => next,
            };
            let Some(next) = next else {
                book.free += 1;
                turn.0 = None;
                return;
            };
            drop(book);
            match next.send(turn) {
                Ok(()) => return,
                Err(back) => turn = back,
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(places) = self.0.take() {
            places.hand_on();
        }
    }
}

#[cfg(test)]
mod tests;
