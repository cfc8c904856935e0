//! Many calls at once: every core plays them, each on stages of its own, and what came of them is told in their order.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::Visited;
use super::failure::Of;
use super::play::play;
use super::script::Scripted;
use super::stage::Stage;
use crate::flow::Flow;
use crate::flow::diagnostic::Source;
use crate::outbound::Country;

/// A call to be played.
#[derive(Debug, Clone, Copy)]
pub struct Show<'a> {
    /// The file that it is written in.
    pub test: &'a Source,
    /// The call.
    pub call: &'a Scripted,
    /// The flow that answers it.
    pub flow: &'a Flow,
    /// That flow's file.
    pub source: &'a Source,
}

/// What came of a call.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The path of its test file.
    pub test: String,
    /// Its name.
    pub name: String,
    /// Why it failed, as people read it; `None` when it passed.
    pub shown: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// What it visited.
    pub visited: Visited,
    /// Its replies, as they are compared.
    pub replies: Vec<String>,
}

/// Plays all of them; the outcomes stand in their order. `countries` may be called beside those of the flows' own numbers.
pub fn rehearse(shows: &[Show<'_>], countries: &[Country]) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes: Mutex<Vec<(usize, Outcome)>> = Mutex::default();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores.min(shows.len()) {
            scope.spawn(|| {
                let mut stages: HashMap<*const Flow, Stage> = HashMap::new();
                let mut mine = Vec::new();
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    let Some(show) = shows.get(nth) else { break };
                    let stage = stages
                        .entry(show.flow)
                        .or_insert_with(|| Stage::new(show.flow, countries));
                    mine.push((nth, perform(*show, stage, nth)));
                }
                outcomes.lock().expect(HELD).append(&mut mine);
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect(HELD);
    outcomes.sort_by_key(|(nth, _)| *nth);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Why the lock is never poisoned.
const HELD: &str = "nothing panics that holds it";

fn perform(show: Show<'_>, stage: &Stage, nth: usize) -> Outcome {
    let began = Instant::now();
    let played = play(stage, show.flow, show.call, nth as u64);
    let of = Of {
        name: &show.call.name,
        test: show.test,
        flow: show.flow,
        source: show.source,
    };
    Outcome {
        test: show.test.path.clone(),
        name: show.call.name.clone(),
        shown: played.failure.map(|failure| failure.shown(of)),
        took: began.elapsed(),
        visited: played.visited,
        replies: played.replies,
    }
}
