//! A call that is started, until its session is over.

use callwright::emulator::{Ending, Fate, Handset, Pace, Sign};
use serde_json::json;

use super::{Desk, SOMEBODY, reminder};

fn handset(desk: &Desk, session: &str) -> Handset {
    desk.emulator.handset(session).expect("it is carried").1
}

/// Waits until so much was said.
async fn said(call: &Handset, texts: usize) -> Vec<String> {
    let said = |signs: &[Sign]| -> Vec<String> {
        let texts = signs.iter().filter_map(|sign| match sign {
            Sign::Says { text, .. } => Some(text.clone()),
            _ => None,
        });
        texts.collect()
    };
    let view = call
        .until(|view| view.done || said(&view.signs).len() >= texts)
        .await;
    said(&view.signs)
}

#[tokio::test]
async fn a_call_goes_on_from_its_request() {
    let desk = Desk::open(Pace::Real).await;
    let (status, told) = desk.start("k-1", &reminder()).await;
    assert_eq!(
        (status, &told["state"]),
        (201, &json!("ACCEPTED")),
        "{told}"
    );
    let session = told["session_id"].as_str().expect("it has a session");
    let call = handset(&desk, session);
    call.meet(Fate::Answers { talks_ms: None });
    assert_eq!(
        said(&call, 1).await,
        ["Your table is for Friday. To keep it press 1."]
    );
    call.press("1");
    assert_eq!(said(&call, 2).await[1], "Thank you.");
    let record = call.ended().await;
    assert_eq!(
        (record.ending, record.faults),
        (Some(Ending::Completed), vec![])
    );

    let id = told["id"].as_str().expect("it has an id");
    for either in [id, session] {
        let (status, shown) = desk.app.get(&format!("/v1/sessions/{either}")).await;
        assert_eq!(status, 200, "{shown}");
        assert_eq!(
            (&shown["id"], &shown["state"], &shown["session_id"]),
            (&json!(id), &json!("ACCEPTED"), &json!(session))
        );
        assert_eq!(
            (&shown["direction"], &shown["flow"]),
            (&json!("OUTBOUND"), &json!("reminder"))
        );
        assert_eq!(shown["status"], "COMPLETED");
        assert_eq!(shown["destination"], "+65••••2048");
    }
    assert_eq!(desk.emulator.placed().len(), 1);
}

#[tokio::test]
async fn a_message_needs_no_menu_and_a_bridge_two_calls() {
    let desk = Desk::open(Pace::Real).await;
    let body = json!({"flow": "closed", "to": SOMEBODY});
    let (status, told) = desk.start("k-1", &body).await;
    assert_eq!(status, 201, "{told}");
    let call = handset(&desk, told["session_id"].as_str().expect("a session"));
    call.meet(Fate::Answers { talks_ms: None });
    assert_eq!(said(&call, 1).await, ["We are closed today."]);
    assert_eq!(call.ended().await.ending, Some(Ending::Completed));
    let session = told["session_id"].as_str().expect("a session");
    let (_, shown) = desk.app.get(&format!("/v1/sessions/{session}")).await;
    assert_eq!(
        (&shown["flow"], &shown["id"]),
        (&json!("closed"), &told["id"])
    );

    let body = json!({"flow": "bridge", "to": SOMEBODY});
    let (status, told) = desk.start("k-2", &body).await;
    assert_eq!(status, 201, "{told}");
    let call = handset(&desk, told["session_id"].as_str().expect("a session"));
    call.meet(Fate::Answers { talks_ms: None });
    let rings = |leg| move |sign: &Sign| matches!(sign, Sign::Rings { leg: it, .. } if *it == leg);
    call.until(|view| view.signs.iter().any(rings(1))).await;
    call.meet(Fate::Busy);
    assert_eq!(said(&call, 1).await, ["They are busy."]);
    assert_eq!(call.ended().await.faults, [""; 0]);
}
