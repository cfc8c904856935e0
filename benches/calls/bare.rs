//! The reference: axum as anyone would write it. It parses the same bodies into a struct, answers the same bytes as the
//! real server does first, or as it connects a masked call with, and keeps nothing.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;

use crate::call::RESTAURANT;

/// The reply of the restaurant's first menu, byte for byte.
const CALLFLOW: &str = r#"{"clientActionId":"restaurant@d743e0127a59:main:1:en:1","callflow":[{"action":"sayAndCapture","params":{"promptMessage":"Welcome to ABC Restaurant, to book a table press 1, to speak to a representative press 2, to hear our restaurant hours press 3.","voiceProfile":"en-US-BenjaminRUS","speed":1,"minDigits":1,"maxDigits":1,"completeOnHash":false,"digitTimeout":9999,"overallTimeout":10000,"noOfTries":1}}]}"#;

/// Whom every masked call is connected to here.
pub(crate) const CALLEE: &str = "+6580000000";

/// The reply that connects a masked call, as long as the real one.
const CONNECT: &str = r#"{"clientActionId":"masking/1/","callflow":[{"action":"makeCall","params":{"source":"+6561000000","destination":"+6580000000"}}]}"#;

// What is parsed is not used: parsing it is what is compared.
#[allow(dead_code)]
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    event_type: String,
    payload: Payload,
}

#[allow(dead_code)]
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    event_id: Option<String>,
    call_id: Option<String>,
    session_id: String,
    sub_account_id: String,
    call_status: Option<String>,
    call_direction: Option<String>,
    call_type: Option<String>,
    source: Option<String>,
    destination: Option<String>,
    client_action_id: Option<String>,
    event_data: Option<EventData>,
    timestamp: Option<String>,
}

#[allow(dead_code)]
#[derive(Debug, Deserialize)]
struct EventData {
    dtmf: Option<String>,
}

/// Serves on a port of its own choice, until it is killed.
pub(crate) fn serve() -> std::io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let router = axum::Router::new()
            .route("/webhooks/vca", post(action))
            .route("/webhooks/vcs", post(other))
            .route("/webhooks/vss", post(other));
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", socket.local_addr()?);
        axum::serve(
            axum::serve::ListenerExt::tap_io(socket, |stream| {
                // As the other server does; without it an answer may wait for the client's acknowledgement.
                let _ = stream.set_nodelay(true);
            }),
            router,
        )
        .await
    })
}

async fn action(Json(webhook): Json<Webhook>) -> Response {
    let is_for_menu = webhook.payload.destination.as_deref() == Some(RESTAURANT);
    reply(&webhook, if is_for_menu { CALLFLOW } else { CONNECT })
}

async fn other(Json(webhook): Json<Webhook>) -> Response {
    reply(&webhook, r#"{"status":"stored"}"#)
}

fn reply(webhook: &Webhook, reply: &'static str) -> Response {
    std::hint::black_box(webhook);
    ([(header::CONTENT_TYPE, "application/json")], reply).into_response()
}
