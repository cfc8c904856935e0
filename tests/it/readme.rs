//! README's calls, made as it says, get the answers that it prints.

use serde_json::Value;

use crate::app::TestApp;

const README: &str = include_str!("../../README.md");

/// The bodies of README's webhooks.
fn bodies() -> Vec<&'static str> {
    let posts = README.split("/webhooks/vca -d '").skip(1);
    posts.filter_map(|rest| rest.split("\n}'").next()).collect()
}

/// The callflows that README prints.
fn printed() -> Vec<Value> {
    let blocks = README.split("```json\n").skip(1);
    let blocks = blocks.filter_map(|rest| rest.split("```").next());
    blocks
        .map(|block| serde_json::from_str(block).expect("README prints JSON"))
        .collect()
}

#[tokio::test]
async fn its_calls_get_the_answers_that_it_prints() {
    let app = TestApp::start().await;
    let (bodies, printed) = (bodies(), printed());
    assert_eq!((bodies.len(), printed.len()), (1, 1));
    for (body, printed) in bodies.iter().zip(&printed) {
        let (status, text) = app.post("/webhooks/vca", format!("{body}\n}}")).await;
        let answered: Value = serde_json::from_str(&text).expect("a callflow is JSON");
        assert_eq!((status, &answered), (200, printed));
    }
}
