//! How a queue does: the service's real-time statistics, and the word that a menu needs to know.

use jiff::SignedDuration;

/// How a queue stands, as the real-time statistics tell it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// `queue-id`.
    pub id: String,
    /// `queue-name`.
    pub name: String,
    /// `media-type`: `phone`, `chat`, `vmail`, `email`.
    pub media: String,
    /// `agent-count-waitTransact`: agents who could take a call now.
    pub agents_free: u32,
    /// `agent-count-busy` and `agent-count-postProcess`: agents at work, who will be free again.
    pub agents_busy: u32,
    /// `agent-count-onBreak`, `-workOffline`, `-loggedOut`: agents who take nothing.
    pub agents_away: u32,
    /// `queue-size`: who waits.
    pub waiting: u32,
    /// `longest-wait-time`.
    pub longest_wait: SignedDuration,
}

/// From where on a queue is not `free`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// The fewest agents that must be free.
    pub agents_free: u32,
    /// The most callers that may wait.
    pub calls_waiting: u32,
    /// The longest that anybody may have waited.
    pub longest_wait: SignedDuration,
}

impl Default for Thresholds {
    /// An agent is free, and nobody waits.
    fn default() -> Self {
        Self {
            agents_free: 1,
            calls_waiting: 0,
            longest_wait: SignedDuration::from_secs(60),
        }
    }
}

/// How a queue does, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// A call would be answered soon.
    Free,
    /// Agents are at work, and a call would wait.
    Waiting,
    /// No agent is at work: a call would wait for ever.
    Nobody,
    /// The service did not say.
    Unknown,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Free, Self::Waiting, Self::Nobody, Self::Unknown];

    /// The word for it, as flows write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Waiting => "waiting",
            Self::Nobody => "nobody",
            Self::Unknown => "unknown",
        }
    }
}

impl Standing {
    /// The state by these thresholds.
    pub fn state(&self, thresholds: Thresholds) -> State {
        let soon = self.agents_free >= thresholds.agents_free
            && self.waiting <= thresholds.calls_waiting
            && self.longest_wait <= thresholds.longest_wait;
        match (self.agents_free + self.agents_busy, soon) {
            (0, _) => State::Nobody,
            (_, true) => State::Free,
            (_, false) => State::Waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_does_as_its_figures_and_thresholds_say() {
        let generous = Thresholds {
            agents_free: 0,
            calls_waiting: 3,
            longest_wait: SignedDuration::from_secs(120),
        };
        let usual = Thresholds::default();
        for (free, busy, waiting, longest, thresholds, state) in [
            (0, 0, 0, 0, usual, State::Nobody),
            (0, 0, 5, 900, generous, State::Nobody),
            (1, 0, 0, 0, usual, State::Free),
            (1, 3, 1, 5, usual, State::Waiting),
            (0, 2, 0, 0, usual, State::Waiting),
            (0, 2, 3, 120, generous, State::Free),
            (0, 2, 4, 10, generous, State::Waiting),
            (5, 2, 0, 121, generous, State::Waiting),
        ] {
            let standing = Standing {
                agents_free: free,
                agents_busy: busy,
                agents_away: 4,
                waiting,
                longest_wait: SignedDuration::from_secs(longest),
                ..Standing::default()
            };
            assert_eq!(standing.state(thresholds), state, "{standing:?}");
        }
    }
}
