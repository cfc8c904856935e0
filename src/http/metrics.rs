//! What is counted: by route template, method, status and outcome, never by what a stranger can make up.
//!
//! Every [`App`](super::App) has its own recorder, so that two servers in one process count apart.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use metrics::{
    Counter, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use crate::bookings;
use crate::messenger::Counted;
use crate::store::Lag;
use crate::store::outbox::EndpointState;

const REQUESTS: &str = "callwright_http_requests_total";
const VCA_SECONDS: &str = "callwright_vca_duration_seconds";
const VCAS: &str = "callwright_vca_total";
const UNSTORED: &str = "callwright_vca_unstored_total";
const PANICS: &str = "callwright_panics_total";
const STORE_FAILURES: &str = "callwright_store_failures_total";
const STORE_UP: &str = "callwright_store_up";
const LIVE_SESSIONS: &str = "callwright_live_sessions";
const LAG_EVENTS: &str = "callwright_projection_lag_events";
const DELIVERED: &str = "callwright_events_delivered_total";
const FAILED: &str = "callwright_events_failed_total";
const GIVEN_UP: &str = "callwright_events_given_up_total";
const FORGOTTEN: &str = "callwright_events_forgotten_total";
const WAITING: &str = "callwright_events_waiting";
const WAITING_SECONDS: &str = "callwright_events_waiting_seconds";
const KEY_ROWS_WAITING: &str = "callwright_key_rows_waiting";
const BOOKED: &str = "callwright_bookings_made_total";
const EXHAUSTED: &str = "callwright_bookings_exhausted_total";
const ALARMS: &str = "callwright_masking_alarms_total";
const LAG_SECONDS: &str = "callwright_projection_lag_seconds";

/// Bounds of the latency histogram in seconds: around the promises of 25 ms, 100 ms, 400 ms and 2 s.
const SECONDS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 1.0, 2.0,
];

/// After how many latencies they are summed up; until then each one takes memory.
const UPKEEP_EVERY: u64 = 4096;

/// The counters of one server.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// Counters that were found once, by what they count: to find one costs more than to count.
    requests: RwLock<HashMap<(&'static str, &'static str, u16), Counter>>,
    outcomes: RwLock<HashMap<&'static str, Counter>>,
    vca_seconds: Histogram,
    latencies: AtomicU64,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Counters at nought.
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(VCA_SECONDS.to_owned()), &SECONDS)
            .expect("the bounds are not empty")
            .build_recorder();
        let handle = recorder.handle();
        let vca_seconds = metrics::with_local_recorder(&recorder, || {
            describe();
            histogram!(VCA_SECONDS)
        });
        Self {
            recorder,
            handle,
            requests: RwLock::default(),
            outcomes: RwLock::default(),
            vca_seconds,
            latencies: AtomicU64::new(0),
        }
    }

    fn record(&self, what: impl FnOnce()) {
        metrics::with_local_recorder(&self.recorder, what);
    }

    /// One request is answered.
    pub fn request(&self, method: &'static str, route: &'static str, status: u16) {
        self.count(&self.requests, (method, route, status), || {
            counter!(REQUESTS, "method" => method, "route" => route, "status" => status.to_string())
        });
    }

    /// One voice call action is answered.
    pub fn vca(&self, outcome: &'static str, stored: bool, took: Duration) {
        self.count(
            &self.outcomes,
            outcome,
            || counter!(VCAS, "outcome" => outcome),
        );
        self.vca_seconds.record(took);
        if !stored {
            self.record(|| counter!(UNSTORED).increment(1));
        }
        if self.latencies.fetch_add(1, Ordering::Relaxed) % UPKEEP_EVERY == UPKEEP_EVERY - 1 {
            self.handle.run_upkeep();
        }
    }

    /// Counts one more on the counter of `what`, which `find` finds the first time.
    fn count<K: Eq + Hash>(
        &self,
        known: &RwLock<HashMap<K, Counter>>,
        what: K,
        find: impl FnOnce() -> Counter,
    ) {
        let found = known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = found.get(&what) {
            return counter.increment(1);
        }
        drop(found);
        let counter = metrics::with_local_recorder(&self.recorder, find);
        counter.increment(1);
        let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(what, counter);
    }

    /// A handler panicked.
    pub fn panic(&self) {
        self.record(|| counter!(PANICS).increment(1));
    }

    /// The store was late or failed. `operation` as in `keep` or `read`.
    pub fn store_failure(&self, operation: &'static str) {
        self.record(|| counter!(STORE_FAILURES, "operation" => operation).increment(1));
    }

    /// How the store stands at this moment: whether it answers, and how many sessions are live by it.
    pub fn store(&self, live_sessions: Option<u64>) {
        self.record(|| {
            gauge!(STORE_UP).set(f64::from(u8::from(live_sessions.is_some())));
            if let Some(live) = live_sessions {
                gauge!(LIVE_SESSIONS).set(live as f64);
            }
        });
    }

    /// How far what people query lags behind what was kept.
    pub fn lag(&self, lag: Lag) {
        self.record(|| {
            gauge!(LAG_EVENTS).set(lag.records as f64);
            gauge!(LAG_SECONDS).set(lag.age.as_secs_f64());
        });
    }

    /// What was counted of the telling of events.
    pub fn events(&self, counted: &[Counted], forgotten: u64) {
        self.record(|| {
            counter!(FORGOTTEN).absolute(forgotten);
            for it in counted {
                let endpoint = it.endpoint.clone();
                counter!(DELIVERED, "endpoint" => endpoint.clone()).absolute(it.delivered);
                counter!(FAILED, "endpoint" => endpoint.clone()).absolute(it.failed);
                counter!(GIVEN_UP, "endpoint" => endpoint).absolute(it.given_up);
            }
        });
    }

    /// What was counted of bookings and their calls.
    pub fn bookings(&self, counted: &bookings::Counted) {
        self.record(|| {
            for (rung, made) in counted.made {
                counter!(BOOKED, "rung" => rung.as_str()).absolute(made);
            }
            counter!(EXHAUSTED).absolute(counted.exhausted);
            counter!(ALARMS).absolute(counted.alarms);
        });
    }

    /// How many events wait for each endpoint, and how old the oldest is.
    pub fn waiting(&self, endpoints: &[EndpointState], now: Timestamp) {
        self.record(|| {
            for it in endpoints {
                let oldest = it.oldest_waiting.map(|at| now.duration_since(at));
                let seconds = oldest.map_or(0.0, |age| age.as_secs_f64().max(0.0));
                gauge!(WAITING, "endpoint" => it.name.clone()).set(it.waiting as f64);
                gauge!(WAITING_SECONDS, "endpoint" => it.name.clone()).set(seconds);
            }
        });
    }

    /// How many rows are still to be brought under a new key.
    pub fn key_rows_waiting(&self, rows: u64) {
        self.record(|| gauge!(KEY_ROWS_WAITING).set(rows as f64));
    }

    /// All of it in Prometheus's text format.
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Says what each name means, and puts those that are alarmed on at nought.
fn describe() {
    describe_counter!(REQUESTS, "Requests by method, route template and status");
    describe_histogram!(
        VCA_SECONDS,
        Unit::Seconds,
        "How long a voice call action took to answer"
    );
    describe_counter!(VCAS, "Voice call actions by the reason for their reply");
    describe_counter!(UNSTORED, "Voice call actions answered without the store");
    describe_counter!(PANICS, "Handlers that panicked");
    describe_counter!(
        STORE_FAILURES,
        "Times the store was late or failed, by operation"
    );
    describe_gauge!(STORE_UP, "1 while the store answers, else 0");
    describe_gauge!(LIVE_SESSIONS, "Sessions without a summary, as last counted");
    describe_gauge!(
        LAG_EVENTS,
        "Webhooks that were kept and are not to be seen in lists and traces yet"
    );
    describe_gauge!(
        LAG_SECONDS,
        Unit::Seconds,
        "For how long the oldest of them has been waiting"
    );
    describe_counter!(
        BOOKED,
        "Bookings that were made, by the rung of the ladder that their numbers came from"
    );
    describe_counter!(EXHAUSTED, "Bookings that found no number");
    describe_counter!(ALARMS, "Masked calls that were refused for what cannot be");
    describe_counter!(DELIVERED, "Events that an endpoint took");
    describe_counter!(FAILED, "Requests with events that failed, by endpoint");
    describe_counter!(GIVEN_UP, "Events that were given up, by endpoint");
    describe_counter!(FORGOTTEN, "Events whose time or room was over");
    describe_gauge!(WAITING, "Events that wait for an endpoint");
    describe_gauge!(
        WAITING_SECONDS,
        Unit::Seconds,
        "For how long the oldest of them has been waiting"
    );
    describe_gauge!(
        KEY_ROWS_WAITING,
        "Rows that are still to be brought under a new key; 0 while none is new"
    );
    for name in [UNSTORED, PANICS] {
        counter!(name).absolute(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_servers_count_apart() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.request("GET", "/healthz", 200);
        one.request("GET", "/healthz", 200);
        other.request("GET", "/healthz", 503);
        let line =
            r#"callwright_http_requests_total{method="GET",route="/healthz",status="200"} 2"#;
        assert!(one.render().contains(line), "{}", one.render());
        assert!(!other.render().contains(line));
        assert!(other.render().contains(r#"status="503"} 1"#));
    }

    #[test]
    fn a_voice_call_action_is_counted_and_timed() {
        let metrics = Metrics::new();
        metrics.vca("started", true, Duration::from_millis(3));
        metrics.vca("unstored", false, Duration::from_millis(401));
        metrics.panic();
        metrics.store(Some(7));
        metrics.lag(Lag {
            records: 12,
            age: Duration::from_millis(500),
        });
        let text = metrics.render();
        for line in [
            r#"callwright_vca_total{outcome="started"} 1"#,
            "callwright_vca_unstored_total 1",
            "callwright_panics_total 1",
            "callwright_store_up 1",
            "callwright_live_sessions 7",
            "callwright_projection_lag_events 12",
            "callwright_projection_lag_seconds 0.5",
            r#"callwright_vca_duration_seconds_bucket{le="0.005"} 1"#,
            "callwright_vca_duration_seconds_count 2",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
