//! How far the journal reaches and how far its projection: what the writer, the projector and those who wait for the
//! tables tell each other.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::projector::Command;
use crate::store::{Lag, StoreError};

/// How many records the projection may lag behind before the writer makes its groups wait for it: each takes some 600 bytes
/// of memory until it is projected.
pub(super) const FAR_BEHIND: u64 = 600_000;

/// At how many nothing is taken any more: the sessions in memory have to end somewhere.
const TOO_FAR: u64 = FAR_BEHIND + FAR_BEHIND / 4;

/// By how many records the tables lag behind while the projector catches up, and not just follows.
const CATCHING_UP: u64 = 8192;

/// How long the projector gives way at most: a server that was frozen in the middle did not work for so long.
const LONGEST_WAY: Duration = Duration::from_secs(2);

/// How long a group waits for a projection that lags far behind.
const HELD_UP: Duration = Duration::from_millis(20);

/// How long a record waits to be projected with others, when nobody asks for it.
const GATHER: Duration = Duration::from_millis(40);

/// How many records are enough not to wait for others.
const GATHERED: u64 = 128;

/// How finely the age of what is not projected is known.
const GRAIN: Duration = Duration::from_millis(50);

/// See the module's text.
#[derive(Debug)]
pub(super) struct Progress {
    state: Mutex<State>,
    changed: Condvar,
    projected: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    committed: u64,
    projected: u64,
    /// Somebody waits for the tables to reach this.
    wanted: u64,
    /// When some of the records that are not projected were committed, the oldest first.
    commits: VecDeque<(u64, Instant)>,
    commands: VecDeque<(u64, Command)>,
    /// The journal's next file is to be made now.
    file_wanted: bool,
    closing: bool,
}

/// What the projector is to do next.
#[derive(Debug)]
pub(super) enum Work {
    /// Project what there is.
    Project,
    /// Do this; all that it may look at is projected.
    Do(Command),
    /// End.
    End,
}

impl Progress {
    /// A journal that reaches up to `committed`, projected up to `projected`.
    pub(super) fn new(committed: u64, projected: u64) -> Self {
        let state = State {
            committed,
            projected,
            commits: VecDeque::from([(committed, Instant::now())]),
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            projected: watch::Sender::new(projected),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal reaches up to `seq`.
    pub(super) fn commit(&self, seq: u64) {
        let mut state = self.lock();
        let before = state.lag();
        state.committed = seq;
        let now = Instant::now();
        match state.commits.back_mut() {
            Some(newest) if now - newest.1 < GRAIN => newest.0 = seq,
            _ => state.commits.push_back((seq, now)),
        }
        let is_news = before == 0 || (before < GATHERED && state.lag() >= GATHERED);
        drop(state);
        // The projector knows already that there is something to do, and would wake only to learn it again.
        if is_news {
            self.changed.notify_all();
        }
    }

    /// The tables reach up to `seq`.
    pub(super) fn project(&self, seq: u64) {
        let mut state = self.lock();
        state.projected = seq;
        while state
            .commits
            .front()
            .is_some_and(|(through, _)| *through <= seq)
        {
            state.commits.pop_front();
        }
        drop(state);
        self.changed.notify_all();
        self.projected.send_replace(seq);
    }

    /// Has the writer wait when the projection lags far behind; fails when it lags too far.
    pub(super) fn wait_for_room(&self) -> Result<(), StoreError> {
        let state = self.lock();
        if state.lag() < FAR_BEHIND {
            return Ok(());
        }
        let waited = self
            .changed
            .wait_timeout_while(state, HELD_UP, |state| state.lag() >= FAR_BEHIND);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match state.lag() < TOO_FAR {
            true => Ok(()),
            false => Err(StoreError::Busy),
        }
    }

    /// How far the tables lag behind the journal.
    pub(super) fn lag(&self) -> Lag {
        let state = self.lock();
        let records = state.lag();
        let since = state.commits.front().map(|(_, at)| at.elapsed());
        Lag {
            records,
            age: since.filter(|_| records > 0).unwrap_or_default(),
        }
    }

    /// Waits until the tables hold all that was committed when this was called, but not for longer than `patience`.
    pub(super) async fn catch_up(&self, patience: Duration) {
        let mut projected = self.projected.subscribe();
        let target = {
            let mut state = self.lock();
            state.wanted = state.wanted.max(state.committed);
            state.committed
        };
        self.changed.notify_all();
        // Late is late: the reader gets what there is, and the lag is there to be seen.
        _ = tokio::time::timeout(patience, projected.wait_for(|seq| *seq >= target)).await;
    }

    /// Has the projector do something once all that is committed now is projected.
    pub(super) async fn command<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        self.ask(|state| state.committed, make).await
    }

    /// Has the projector do something next, whatever is not projected yet: it does not look at what records leave in the tables.
    pub(super) async fn command_now<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        self.ask(|_| 0, make).await
    }

    async fn ask<T>(
        &self,
        after: impl FnOnce(&State) -> u64,
        make: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        {
            let mut state = self.lock();
            if state.closing {
                return Err(StoreError::Closing);
            }
            let after = after(&state);
            state.wanted = state.wanted.max(after);
            state.line_up(after, make(caller));
        }
        self.changed.notify_all();
        answer.await.unwrap_or(Err(StoreError::Closing))
    }

    /// What the projector is to do next; waits until there is something.
    pub(super) fn next(&self) -> Work {
        let mut state = self.lock();
        loop {
            if let Some(command) = state.due() {
                return Work::Do(command);
            }
            let is_wanted = state.wanted > state.projected || state.file_wanted;
            if is_wanted || state.lag() >= GATHERED {
                return Work::Project;
            }
            if state.closing {
                return match state.lag() {
                    0 => Work::End,
                    _ => Work::Project,
                };
            }
            let since = state.commits.front().map(|(_, at)| at.elapsed());
            let left = match since {
                Some(since) if state.lag() > 0 => GATHER.saturating_sub(since),
                _ => Duration::MAX,
            };
            state = match left {
                Duration::ZERO => return Work::Project,
                Duration::MAX => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                left => self.wait(state, left),
            };
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, left: Duration) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, left);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Up to where the journal reaches.
    pub(super) fn committed(&self) -> u64 {
        self.lock().committed
    }

    /// Whether the tables reach up to `seq`.
    pub(super) fn reaches(&self, seq: u64) -> bool {
        self.lock().projected >= seq
    }

    /// Whether the tables lag so far behind that the projector catches up, and does not just follow.
    pub(super) fn is_catching_up(&self) -> bool {
        self.lock().lag() >= CATCHING_UP
    }

    /// Has the projector, which worked for `worked` and began when the journal reached up to `committed`, leave the
    /// processor for as long to those that answer calls while more of them come: a burst is answered first and projected after
    /// it. Not while it follows, since it lets them work between any two rows; nor when somebody waits for the tables, or when they
    /// lag too far.
    ///
    /// A thread of low priority would do the same, and would be kept from working by any busy program beside this one,
    /// perhaps while it holds what a live call waits for.
    pub(super) fn give_way(&self, worked: Duration, committed: u64) {
        let state = self.lock();
        if state.committed == committed {
            return;
        }
        let gives_way = |state: &mut State| {
            let is_waited_for =
                state.wanted > state.projected || !state.commands.is_empty() || state.file_wanted;
            let is_burst = (CATCHING_UP..FAR_BEHIND / 2).contains(&state.lag());
            !state.closing && !is_waited_for && is_burst
        };
        let pause = worked.min(LONGEST_WAY);
        drop(self.changed.wait_timeout_while(state, pause, gives_way));
    }

    /// Has the projector make the journal's next file before anything else.
    pub(super) fn want_file(&self) {
        self.lock().file_wanted = true;
        self.changed.notify_all();
    }

    /// The journal's next file is there.
    pub(super) fn file_is_made(&self) {
        self.lock().file_wanted = false;
    }

    /// Has the projector pause, unless it is to end.
    pub(super) fn pause(&self, pause: Duration) {
        let state = self.lock();
        drop(
            self.changed
                .wait_timeout_while(state, pause, |state| !state.closing),
        );
    }

    /// Has the projector end once it has projected what there is.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.changed.notify_all();
    }

    /// Whether the projector is to end.
    pub(super) fn is_closing(&self) -> bool {
        self.lock().closing
    }
}

impl State {
    fn lag(&self) -> u64 {
        self.committed.saturating_sub(self.projected)
    }

    /// Puts a command behind those that wait for no more than it does.
    fn line_up(&mut self, after: u64, command: Command) {
        let place = self.commands.partition_point(|(other, _)| *other <= after);
        self.commands.insert(place, (after, command));
    }

    /// The next command, if all that came before it is projected.
    fn due(&mut self) -> Option<Command> {
        let due = self
            .commands
            .front()
            .is_some_and(|(after, _)| *after <= self.projected);
        if !due {
            return None;
        }
        self.commands.pop_front().map(|(_, command)| command)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn forget() -> Command {
        let (caller, _) = oneshot::channel();
        let before = Timestamp::UNIX_EPOCH;
        Command::Forget { before, caller }
    }

    fn flows() -> Command {
        let (caller, _) = oneshot::channel();
        let (flows, at) = (Vec::new(), Timestamp::UNIX_EPOCH);
        Command::Flows {
            flows,
            at,
            forgets: false,
            caller,
        }
    }

    #[test]
    fn what_waits_for_no_record_is_done_before_what_does() {
        let mut state = State::default();
        state.line_up(5, forget());
        state.line_up(0, flows());
        state.line_up(7, forget());
        state.line_up(0, flows());
        assert!(matches!(state.due(), Some(Command::Flows { .. })));
        assert!(matches!(state.due(), Some(Command::Flows { .. })));
        assert!(state.due().is_none(), "its records are not projected");
        state.projected = 5;
        assert!(matches!(state.due(), Some(Command::Forget { .. })));
        assert!(state.due().is_none());
    }
}
