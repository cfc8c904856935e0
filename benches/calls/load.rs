//! The load, in a process of its own: so many connections that ask as fast as they are answered (closed loop), or
//! requests at a fixed rate whatever the server does (open loop). In an open loop a latency counts from the moment at
//! which the request was due, so that a server that stalls cannot hide what it did to those that were waiting.
//!
//! Before it counts it may warm up: a process that has just begun has its memory and its first files still to get. Wrong answers
//! count all the same.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::LocalSet;

use crate::call::{Call, Random, Shape};
use crate::connection::Connection;
use crate::process::Usage;

/// The shortest sleep between requests that are due: where they are due more often, several go at once. To sleep between any two
/// would take the time that the load itself needs.
const SHORTEST_SLEEP: Duration = Duration::from_micros(200);

/// How long a load warms up that does, in seconds.
pub(crate) const WARM_UP: f64 = 1.0;

/// What a load is to be.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Plan {
    /// Where servers listen: each takes every other webhook of a call, as behind a proxy.
    #[arg(long = "address")]
    pub(crate) addresses: Vec<SocketAddr>,
    /// Kept connections to each.
    #[arg(long)]
    pub(crate) connections: usize,
    /// Offered requests a second; none: a closed loop.
    #[arg(long)]
    pub(crate) rate: Option<u64>,
    /// How long what is not counted goes on before, in seconds.
    #[arg(long, default_value_t = 0.0)]
    pub(crate) warm_up: f64,
    /// How long, in seconds.
    #[arg(long)]
    pub(crate) seconds: f64,
    /// After how many requests it ends at the latest.
    #[arg(long, default_value_t = u64::MAX)]
    pub(crate) requests: u64,
    /// What it is made of.
    #[arg(long, value_enum, default_value_t = Shape::Calls)]
    pub(crate) shape: Shape,
    /// How many bookings there are that masked calls may be of.
    #[arg(long, default_value_t = 0)]
    pub(crate) bookings: u64,
    /// The seed of its identifiers.
    #[arg(long)]
    pub(crate) seed: u64,
}

/// What came of it. Times in milliseconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) seconds: f64,
    /// With the warm-up.
    pub(crate) whole_seconds: f64,
    pub(crate) requests: u64,
    /// Requests that were answered and not counted.
    pub(crate) uncounted: u64,
    pub(crate) actions: u64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
    /// Answers to voice call actions that were not 200.
    pub(crate) refused_actions: u64,
    /// Answers to others that were not 200, or 201.
    pub(crate) refused_others: u64,
    /// Voice call actions answered with the apology, with a reply that ends the call too soon, or with a stranger.
    pub(crate) apologies: u64,
    /// Those of them to calls that were on the telephone.
    pub(crate) apologies_to_live: u64,
    /// How long a voice call action took that got an answer of its own, from when it was sent.
    pub(crate) admitted_p99: f64,
    /// How long one took that got the apology, from when it was sent.
    pub(crate) apology_p99: f64,
    /// Connections that broke.
    pub(crate) broken: u64,
    /// Why they did, and how many by that.
    pub(crate) breaks: BTreeMap<String, u64>,
    /// Requests that were due and could not be sent before the end.
    pub(crate) unsent: u64,
    /// Processor time of the load itself, in seconds: near `seconds`, the load was the bottleneck.
    pub(crate) cpu: f64,
}

impl Outcome {
    /// Answered requests a second.
    pub(crate) fn throughput(&self) -> f64 {
        self.requests as f64 / self.seconds
    }

    /// Whether every answer was what it should be.
    pub(crate) fn is_clean(&self) -> bool {
        self.refused_actions + self.refused_others + self.apologies + self.broken == 0
    }
}

/// What the connections share. One thread serves them all.
struct Shared {
    plan: Plan,
    random: Random,
    latencies: Histogram<u64>,
    admitted: Histogram<u64>,
    apologized: Histogram<u64>,
    outcome: Outcome,
    sent: u64,
    /// From when on what is sent counts.
    counts_from: Instant,
    end: Instant,
    /// The moments at which requests are due, in an open loop.
    due: VecDeque<Instant>,
}

/// Runs the load and tells what came of it.
pub(crate) fn run(plan: Plan) -> std::io::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(LocalSet::new().run_until(load(plan)))
}

async fn load(plan: Plan) -> std::io::Result<Outcome> {
    let mut connections = Vec::new();
    for _ in 0..plan.connections {
        let mut one_each = Vec::new();
        for address in &plan.addresses {
            one_each.push(Connection::open(*address).await?);
        }
        connections.push(one_each);
    }
    let began = Instant::now();
    let shared = Rc::new(RefCell::new(Shared::new(plan.clone(), began)));
    let ticks = Rc::new(Semaphore::new(0));
    if let Some(rate) = plan.rate {
        tokio::task::spawn_local(hand_out(
            pace(rate, began, &plan),
            shared.clone(),
            ticks.clone(),
        ));
    }
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|one_each| {
            let ticks = plan.rate.map(|_| ticks.clone());
            tokio::task::spawn_local(attend(one_each, shared.clone(), ticks))
        })
        .collect();
    for task in tasks {
        task.await.expect("a connection's task does not panic");
    }
    let mut shared = shared.borrow_mut();
    Ok(shared.finish(began))
}

impl Shared {
    fn new(plan: Plan, began: Instant) -> Self {
        let counts_from = began + Duration::from_secs_f64(plan.warm_up);
        Self {
            random: Random::new(plan.seed),
            latencies: histogram(),
            admitted: histogram(),
            apologized: histogram(),
            outcome: Outcome::default(),
            sent: 0,
            counts_from,
            end: counts_from + Duration::from_secs_f64(plan.seconds),
            due: VecDeque::new(),
            plan,
        }
    }

    /// Whether there is to be another request.
    fn goes_on(&mut self) -> bool {
        let goes_on = self.sent < self.plan.requests && Instant::now() < self.end;
        self.sent += u64::from(goes_on);
        goes_on
    }

    /// Counts an answer, and takes the call on by it. Whether the connection can be used again.
    fn settle(
        &mut self,
        call: &mut Call,
        answer: std::io::Result<(u16, &str, bool)>,
        from: Instant,
        sent: Instant,
    ) -> bool {
        let (status, reply, stays_open) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.outcome.broken += 1;
                let why = self.outcome.breaks.entry(error.to_string());
                *why.or_default() += 1;
                call.give_up();
                return false;
            }
        };
        let counts = from >= self.counts_from;
        if matches!(status, 200 | 201) {
            if counts {
                record(&mut self.latencies, from);
                self.outcome.requests += 1;
            } else {
                self.outcome.uncounted += 1;
            }
            self.hear(call, reply, sent, counts);
        } else {
            match call.asks() {
                true => self.outcome.refused_actions += 1,
                false => self.outcome.refused_others += 1,
            }
            call.give_up();
        }
        stays_open
    }

    /// Takes the call on by what the platform heard.
    fn hear(&mut self, call: &mut Call, reply: &str, sent: Instant, counts: bool) {
        let (asks, live) = (call.asks(), call.is_live());
        self.outcome.actions += u64::from(asks && counts);
        if call.answered(reply).is_err() {
            self.outcome.apologies += 1;
            self.outcome.apologies_to_live += u64::from(live);
            record(&mut self.apologized, sent);
            call.give_up();
        } else if asks && counts {
            record(&mut self.admitted, sent);
        }
    }

    fn finish(&mut self, began: Instant) -> Outcome {
        let millis = |micros| micros as f64 / 1000.0;
        let at = |quantile| millis(self.latencies.value_at_quantile(quantile));
        Outcome {
            seconds: self.counts_from.elapsed().as_secs_f64(),
            whole_seconds: began.elapsed().as_secs_f64(),
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: millis(self.latencies.max()),
            admitted_p99: millis(self.admitted.value_at_quantile(0.99)),
            apology_p99: millis(self.apologized.value_at_quantile(0.99)),
            unsent: self.due.len() as u64,
            cpu: Usage::of(std::process::id()).cpu,
            ..self.outcome.clone()
        }
    }
}

/// Microseconds, up to ten minutes.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 600_000_000, 3).expect("the bounds are in order")
}

fn record(times: &mut Histogram<u64>, from: Instant) {
    let micros = u64::try_from(from.elapsed().as_micros()).unwrap_or(u64::MAX);
    times.saturating_record(micros.max(1));
}

/// A thread that says when requests are due. It sleeps between them; one that it overslept is due at its own time all
/// the same.
fn pace(rate: u64, began: Instant, plan: &Plan) -> mpsc::UnboundedReceiver<Instant> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let interval = Duration::from_secs_f64(1.0 / rate as f64);
    let seconds = plan.warm_up + plan.seconds;
    let count = ((seconds * rate as f64) as u64).min(plan.requests);
    std::thread::spawn(move || {
        // A sleep of this thread may be late by this many nanoseconds; where the system says no, by 50 microseconds.
        let _ = std::fs::write("/proc/thread-self/timerslack_ns", "1000");
        for index in 0..count {
            let due = began + interval.mul_f64(index as f64);
            let now = Instant::now();
            if due > now {
                std::thread::sleep((due - now).max(SHORTEST_SLEEP));
            }
            if sender.send(due).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Hands due requests to whichever connection is free.
async fn hand_out(
    mut due: mpsc::UnboundedReceiver<Instant>,
    shared: Rc<RefCell<Shared>>,
    ticks: Rc<Semaphore>,
) {
    while let Some(moment) = due.recv().await {
        shared.borrow_mut().due.push_back(moment);
        ticks.add_permits(1);
    }
    ticks.close();
}

/// One connection, to each server in turns: call after call.
async fn attend(
    mut one_each: Vec<Connection>,
    shared: Rc<RefCell<Shared>>,
    ticks: Option<Rc<Semaphore>>,
) {
    let plan = shared.borrow().plan.clone();
    let fresh = || Call::new(plan.shape, plan.bookings, &mut shared.borrow_mut().random);
    let mut call = fresh();
    let mut body = String::with_capacity(1024);
    let mut turns = (0..one_each.len()).cycle();
    while let Some(from) = next_due(&shared, ticks.as_deref()).await {
        if call.is_over() {
            call = fresh();
        }
        let Some(turn) = turns.next() else { return };
        let (method, path) = call.write(&mut shared.borrow_mut().random, &mut body);
        let sent = Instant::now();
        let answer = one_each[turn].send(method, &path, &body).await;
        let stays_open = shared.borrow_mut().settle(&mut call, answer, from, sent);
        if !stays_open {
            match Connection::open(plan.addresses[turn]).await {
                Ok(fresh) => one_each[turn] = fresh,
                Err(_) => return,
            }
        }
    }
}

/// The moment from which the next request counts; `None` when there is to be none.
async fn next_due(shared: &RefCell<Shared>, ticks: Option<&Semaphore>) -> Option<Instant> {
    let Some(ticks) = ticks else {
        return shared.borrow_mut().goes_on().then(Instant::now);
    };
    // After the last one is handed out nobody waits any more: who finds something due sends it, the others end.
    if let Ok(tick) = ticks.acquire().await {
        tick.forget();
    }
    let mut shared = shared.borrow_mut();
    if Instant::now() > shared.end + Duration::from_secs(1) {
        return None;
    }
    shared.due.pop_front()
}

impl Plan {
    /// This plan, with a warm-up before it.
    pub(crate) fn warmed(self) -> Self {
        Self {
            warm_up: WARM_UP,
            ..self
        }
    }

    /// This plan as the arguments of a process that is to run it.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let shape = clap::ValueEnum::to_possible_value(&self.shape)
            .expect("every shape can be named")
            .get_name()
            .to_owned();
        let mut arguments = vec![
            format!("--connections={}", self.connections),
            format!("--warm-up={}", self.warm_up),
            format!("--seconds={}", self.seconds),
            format!("--requests={}", self.requests),
            format!("--shape={shape}"),
            format!("--bookings={}", self.bookings),
            format!("--seed={}", self.seed),
        ];
        let addresses = self.addresses.iter();
        arguments.extend(addresses.map(|address| format!("--address={address}")));
        arguments.extend(self.rate.map(|rate| format!("--rate={rate}")));
        arguments
    }
}
