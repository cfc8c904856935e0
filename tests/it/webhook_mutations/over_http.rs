//! The same mutations over HTTP, against the real server: an answer to each, never a 5xx, and a valid callflow to every
//! voice call action that is one.

use callwright::platform::webhook::{Kind, parse};
use futures_util::{StreamExt, stream};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::{asked, mutated};
use crate::app::{Reply, Settings, TestApp};

/// How many are under way at once.
const AT_ONCE: usize = 16;

async fn answers(kind: Kind) {
    // What a disk takes is not asked here: 10,000 bodies should not wait for it, nor others' tests for these.
    let settings = Settings::default().env("CALLWRIGHT_DURABILITY", "process");
    let app = TestApp::start_with(settings).await;
    let path = format!("/webhooks/{}", kind.short().to_ascii_lowercase());
    stream::iter(bodies(kind))
        .for_each_concurrent(AT_ONCE, |body| answer(&app, &path, kind, body))
        .await;
    assert_eq!(app.get("/healthz").await.0, 200);
}

async fn answer(app: &TestApp, path: &str, kind: Kind, body: String) {
    let taken = parse(body.as_bytes(), Some(kind)).is_ok();
    let (status, text) = app.post(path, body.clone()).await;
    match (taken, kind) {
        (true, Kind::CallAction) => drop(Reply::read(status, text)),
        (true, _) => assert_eq!(status, 200, "{text} for {body}"),
        (false, _) => assert_eq!(status, 400, "{text} for {body}"),
    }
}

/// 10,000 mutated bodies, the same in every run.
fn bodies(kind: Kind) -> Vec<String> {
    let config = Config {
        rng_seed: RngSeed::Fixed(asked("PROPTEST_RNG_SEED", 8)),
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let mutations = mutated(kind);
    let mut body = || {
        let tree = mutations
            .new_tree(&mut runner)
            .expect("nothing is filtered out");
        tree.current().to_string()
    };
    (0..asked("PROPTEST_CASES", 10_000))
        .map(|_| body())
        .collect()
}

macro_rules! of_each_type {
    ($($name:ident: $kind:ident),*) => {$(
        #[tokio::test]
        async fn $name() {
            answers(Kind::$kind).await;
        }
    )*};
}

of_each_type! {
    vca: CallAction,
    vcs: CallStatus,
    vss: SessionSummary,
    vru: Recording,
    vnu: NumberUpdate
}
