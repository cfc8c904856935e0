//! R16: flow files that change under load, half of them broken, in every way that files are saved. No call fails, none hears two
//! versions, each ends on the version that it began on, and what is refused is said within a second, with its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{by_day_or_night, quantile};
use crate::app::{Caller, RESTAURANT, Reply, Settings, TestApp};

/// How often the files change, by day and by night.
const RELOADS: (usize, usize) = (24, 500);

/// How many people call at once.
const CALLERS: usize = 4;

/// How soon a change is seen.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// The flow in its `n`th version: every text tells which.
fn flow(n: usize) -> String {
    format!(
        "callwright = 1\n[flow]\nid = \"shop\"\nstart = \"one\"\nanswers = [\"{RESTAURANT}\"]\n\
         [defaults]\ntries = 1\ngive_up = \"bye\"\n\
         [menu.one]\nsay = \"v{n} one. Press 1.\"\npress.1 = \"two\"\n\
         [menu.two]\nsay = \"v{n} two. Press 2.\"\npress.2 = \"between\"\n\
         [message.between]\nsay = \"v{n} between.\"\ngo = \"three\"\n\
         [menu.three]\nsay = \"v{n} three. Press 3.\"\npress.3 = \"bye\"\n\
         [end.bye]\nsay = \"v{n} bye.\"\n"
    )
}

/// A way to break it, and what is said of it then.
fn broken(n: usize) -> (String, &'static str) {
    let good = flow(n);
    match n % 6 {
        0 => (
            good.replace("press.1 = \"two\"", "press.1 = between"),
            ":11:11: error[CW001]",
        ),
        1 => (
            good.replace("go = \"three\"", "go = \"four\""),
            ":17:6: error[CW101]",
        ),
        2 => (
            good.replace("go = \"three\"", "go = \"between\""),
            "error[CW204]",
        ),
        3 => (
            good.replace("[message.between]", "[massage.between]"),
            ":15:2: error[CW004]",
        ),
        // Half of the file: the other half is still on its way.
        4 => (good[..good.len() / 2].to_owned(), "error[CW"),
        _ => (good + &" ".repeat(8 * 1024 * 1024), "is larger than 8 MiB"),
    }
}

/// Saves the file as some program does.
fn save(folder: &Path, nth: usize, text: &str) {
    let file = folder.join("shop.toml");
    match nth % 3 {
        0 => fs::write(&file, text).expect("overwritten"),
        1 => {
            let beside = folder.join(".shop.toml.swp");
            fs::write(&beside, text).expect("written beside");
            fs::rename(beside, file).expect("renamed");
        }
        _ => swap(folder, nth, text),
    }
}

/// Saves the file as a ConfigMap does: a folder of its own, and a link that is swapped.
fn swap(folder: &Path, nth: usize, text: &str) {
    use std::os::unix::fs::symlink;
    let version = format!("..{nth}");
    fs::create_dir(folder.join(&version)).expect("a folder");
    fs::write(folder.join(&version).join("shop.toml"), text).expect("written there");
    let link = |to: PathBuf, name: &str| {
        let new = folder.join("..new");
        symlink(to, &new).expect("a link");
        fs::rename(new, folder.join(name)).expect("swapped");
    };
    link(PathBuf::from(version), "..data");
    link(Path::new("..data").join("shop.toml"), "shop.toml");
}

/// The one version that a reply speaks of.
fn version(reply: &Reply) -> String {
    let mut versions: Vec<_> = reply
        .heard()
        .iter()
        .flat_map(|text| text.split(' '))
        .filter(|word| word.starts_with('v'))
        .map(str::to_owned)
        .collect();
    versions.dedup();
    assert_eq!(versions.len(), 1, "one answer, one version: {}", reply.text);
    versions.remove(0)
}

/// Calls from beginning to end, and holds every reply to the version of the first.
async fn call(app: &TestApp, nth: usize) {
    let session = format!("{nth}-{}", uuid::Uuid::new_v4());
    let mut caller = Caller::new(app, &session, RESTAURANT);
    let first = caller.dial().await;
    let (begun, label) = (version(&first), stamp(&caller));
    for key in ["1", "2"] {
        let reply = caller.press(Some(key)).await;
        assert_eq!(version(&reply), begun, "{}", reply.text);
        assert_eq!(stamp(&caller), label);
    }
    let last = caller.press(Some("3")).await;
    assert!(last.hangs_up(), "{}", last.text);
    assert_eq!(version(&last), begun, "{}", last.text);
    caller.end("COMPLETED").await;
}

/// The version in a call's label.
fn stamp(caller: &Caller<'_>) -> String {
    let label = caller.label.clone().expect("the call goes on");
    let (stamp, _) = label.split_once(':').expect("a label has parts");
    stamp.to_owned()
}

/// Asks for the flows until they are as `wanted`; gives how long that took.
async fn until(app: &TestApp, what: &str, wanted: impl Fn(&Value) -> bool) -> Duration {
    let began = Instant::now();
    loop {
        let (status, flows) = app.get("/v1/flows").await;
        assert_eq!(status, 200);
        if wanted(&flows) {
            return began.elapsed();
        }
        assert!(
            began.elapsed() < 20 * SEEN_WITHIN,
            "never seen: {what}: {flows}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flows_change_under_load_and_no_call_notices() {
    let settings = Settings::default().flow("shop.toml", &flow(0));
    let app = Arc::new(TestApp::start_with(settings).await);
    let (going, calls) = (
        Arc::new(AtomicBool::new(true)),
        Arc::new(AtomicUsize::new(0)),
    );
    let callers = (0..CALLERS).map(|nth| {
        let (app, going, calls) = (app.clone(), going.clone(), calls.clone());
        tokio::spawn(async move {
            while going.load(Ordering::Relaxed) {
                call(&app, nth).await;
                calls.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    // This one stays on the version that it begins on, whatever comes.
    let mut old = app.caller(RESTAURANT);
    assert_eq!(version(&old.dial().await), "v0");

    let reloads = by_day_or_night(RELOADS.0, RELOADS.1);
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for n in 1..=reloads {
        let served = app.get("/v1/flows").await.1["items"][0]["version"].clone();
        if n % 2 == 0 {
            save(&app.flows(), n, &flow(n));
            taken.push(
                until(&app, "a good version", |flows| {
                    flows["refused"].is_null() && flows["items"][0]["version"] != served
                })
                .await,
            );
            continue;
        }
        let (text, told) = broken(n / 2);
        save(&app.flows(), n, &text);
        refused.push(
            until(&app, told, |flows| {
                let faults = flows["refused"]["faults"].as_array();
                let mut faults = faults.into_iter().flatten().filter_map(Value::as_str);
                flows["items"][0]["version"] == served
                    && faults.any(|fault| fault.contains("shop.toml") && fault.contains(told))
            })
            .await,
        );
        assert_eq!(app.get("/readyz").await.1["status"], "degraded");
    }
    going.store(false, Ordering::Relaxed);
    for caller in callers {
        caller.await.expect("no call fails");
    }
    for (key, last) in [("1", false), ("2", false), ("3", true)] {
        let reply = old.press(Some(key)).await;
        assert_eq!((version(&reply), reply.hangs_up()), ("v0".to_owned(), last));
    }
    let (worst_taken, worst) = (quantile(&mut taken, 1.0), quantile(&mut refused, 1.0));
    println!(
        "R16: {reloads} changes, half of them broken, under {} calls: 0 failed, 0 of two versions; taken within {} ms, refused within {} ms",
        calls.load(Ordering::Relaxed),
        worst_taken.as_millis(),
        worst.as_millis()
    );
    assert!(worst <= SEEN_WITHIN, "a refusal took {worst:?}");
}

#[tokio::test]
async fn a_reload_that_is_asked_for_is_answered_with_what_came_of_it() {
    let app = TestApp::start_with(Settings::default().flow("shop.toml", &flow(1))).await;
    let reload = async || {
        let answer = app.client.post(app.url("/v1/flows/reload")).send().await;
        let answer = answer.expect("the server answers");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("the answer is text");
        (
            status,
            serde_json::from_str::<Value>(&text).expect("it is JSON"),
        )
    };
    let (status, first) = reload().await;
    assert_eq!((status, &first["refused"]), (200, &Value::Null), "{first}");
    let wrong = flow(2).replace("go = \"three\"", "go = \"+6591234567\"");
    fs::write(app.flows().join("shop.toml"), wrong).expect("written");
    let (status, problem) = reload().await;
    assert_eq!(
        (status, &problem["code"]),
        (422, &"flows_refused".into()),
        "{problem}"
    );
    let path = problem["errors"][0]["path"].as_str().expect("a place");
    assert!(path.ends_with("shop.toml:17:6"), "{problem}");
    assert!(!problem.to_string().contains("91234567"), "{problem}");
    let served = app.get("/v1/flows").await.1;
    assert_eq!(
        served["items"], first["items"],
        "the last good version stays"
    );
    let ready = app.get("/readyz").await.1;
    assert_eq!(
        (&ready["flows"], &ready["flow_faults"]),
        (&"last_good".into(), &1.into())
    );
    fs::write(app.flows().join("shop.toml"), flow(2)).expect("written");
    let (status, second) = reload().await;
    assert_eq!(
        (status, &second["refused"]),
        (200, &Value::Null),
        "{second}"
    );
    assert_ne!(second["items"], first["items"]);
    assert_eq!(app.get("/readyz").await.1["status"], "ready");
}
