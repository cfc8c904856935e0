//! `callwright events`, as it is typed.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::receiver::Receiver;
use super::{call, failed};
use crate::app::{Settings, TestApp};

fn events(app: &TestApp, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callwright"));
    command
        .arg("events")
        .args(args)
        .env("CALLWRIGHT_URL", app.url(""));
    command
}

async fn said(app: &TestApp, args: &[&str]) -> String {
    let mut command = events(app, args);
    let answer = tokio::task::spawn_blocking(move || command.output());
    let answer = answer.await.expect("it ends").expect("it starts");
    let told = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(answer.status.success(), "{told}");
    String::from_utf8(answer.stdout).expect("it is text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tail_prints_what_was_and_what_comes() {
    let app = TestApp::start().await;
    let before = call(&app).await;
    let mut tail = events(&app, &["tail", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(tail.stdout.take().expect("it is piped")).lines();
    let (sender, mut lines_read) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        lines
            .map_while(Result::ok)
            .for_each(|line| _ = sender.send(line))
    });
    let mut next = async || {
        let line = lines_read.recv().await.expect("it goes on");
        serde_json::from_str::<Value>(&line).expect("each line is JSON")
    };
    for kind in ["session.started", "session.ended"] {
        let event = next().await;
        assert_eq!(
            (&event["type"], &event["data"]["session_id"]),
            (&kind.into(), &before.as_str().into())
        );
    }
    let after = call(&app).await;
    for kind in ["session.started", "session.ended"] {
        let event = next().await;
        assert_eq!(
            (&event["type"], &event["data"]["session_id"]),
            (&kind.into(), &after.as_str().into())
        );
    }
    tail.kill().expect("it is our child");
    tail.wait().expect("it is our child");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_states_and_repeats() {
    let crm = Receiver::with(|_| (500, None)).await;
    let app = TestApp::start_with(crm.told_by(Settings::default(), "CRM")).await;
    call(&app).await;
    failed(&app, "crm").await;
    let listed = said(&app, &["list", "--type", "session.ended"]).await;
    assert!(
        listed.contains("session.ended") && !listed.contains("session.started"),
        "{listed}"
    );
    let states = said(&app, &["endpoints"]).await;
    assert!(
        states.contains("crm") && states.contains("answered 500"),
        "{states}"
    );
    let replayed = said(&app, &["replay", "--after", "0", "--endpoint", "crm"]).await;
    assert!(replayed.contains("deliveries  2"), "{replayed}");
    let enabled = said(&app, &["enable", "crm"]).await;
    assert!(enabled.contains("active"), "{enabled}");
}
