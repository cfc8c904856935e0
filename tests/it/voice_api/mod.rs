//! The client of the platform's API, against a platform on a real port that resets, stalls, lies and fails.

mod openapi;
pub(crate) mod scripted;
mod sequences;

use std::time::Duration;

use callwright::call::callflow::Action;
use callwright::call::{PhoneNumber, SessionId};
use callwright::config::Config;
use callwright::outbound::attempt::{AttemptId, Doubt, Later, NeverLeft, Placed};
use callwright::platform::client::{ApiError, Patience, VoiceApi};
use jiff::{SignedDuration, Timestamp};

use scripted::{Act, Scripted, created, refused};

/// Long enough for a busy machine, short enough for a test that waits for it.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(10),
    answer: Duration::from_secs(10),
};

/// The client of a sub-account whose platform is at `base`.
fn client(base: &str, patience: Patience) -> VoiceApi {
    let variables = [
        ("ID", "Acme_IVR"),
        ("PRODUCT", "ivr"),
        ("API_KEY", "hunter2"),
        ("API_BASE", base),
    ]
    .map(|(key, value)| {
        (
            format!("CALLWRIGHT_SUBACCOUNTS__MAIN__{key}"),
            value.to_owned(),
        )
    });
    let config = Config::load(None, variables).expect("all sound");
    VoiceApi::new(&config.subaccounts["main"], patience).expect("it has a key")
}

fn call() -> [Action; 2] {
    let call = Action::MakeCall {
        source: PhoneNumber::new("+6561115777"),
        destination: PhoneNumber::new("+6568332048"),
        record: false,
    };
    [call, Action::Hangup]
}

async fn start(api: &VoiceApi) -> Placed {
    let until = Timestamp::from_second(1_900_000_000).expect("a time");
    api.start(&AttemptId::new("a-1"), &call(), until).await
}

/// Places a call at a platform that does `act`; gives what came of it, how often it was asked, and over how many
/// connections.
async fn placed(act: Act, patience: Patience) -> (Placed, usize, usize) {
    let platform = Scripted::acting([act]).await;
    let api = client(&format!("http://{}", platform.address), patience);
    let placed = start(&api).await;
    (placed, platform.seen().len(), platform.connections())
}

#[tokio::test]
async fn an_answer_says_what_came_of_a_call() {
    let limited = |headers| Act::Answer(429, headers, "{}".to_owned());
    let date = "Wed, 21 Oct 2026 07:28:00 GMT";
    let at: Timestamp = "2026-10-21T07:28:00Z".parse().expect("a time");
    let in_seconds = |seconds| Some(Later::In(SignedDuration::from_secs(seconds)));
    for (act, expected) in [
        (created("s-1"), Placed::Accepted(SessionId::new("s-1"))),
        (limited(""), Placed::TryLater(None)),
        (
            limited("Retry-After: 7\r\n"),
            Placed::TryLater(in_seconds(7)),
        ),
        (limited("Retry-After: soon\r\n"), Placed::TryLater(None)),
        (
            limited("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n"),
            Placed::TryLater(Some(Later::At(at))),
        ),
    ] {
        let (placed, asked, connections) = placed(act.clone(), PATIENCE).await;
        assert_eq!(placed, expected, "{act:?} {date}");
        assert_eq!((asked, connections), (1, 1));
    }
    for (status, code) in [
        (200, -1013),
        (400, -1007),
        (401, 401),
        (403, 403),
        (404, 404),
        (422, -1014),
    ] {
        let (placed, asked, _) = placed(refused(status, code), PATIENCE).await;
        let Placed::Rejected(refusal) = placed else {
            panic!("{status}: {placed:?}")
        };
        assert_eq!(
            (refusal.code, refusal.message.as_str(), asked),
            (code.into(), "No", 1)
        );
        assert!(!refusal.advice.is_empty());
    }
}

#[tokio::test]
async fn what_may_have_arrived_is_unknown_and_not_sent_again() {
    let page = |status| Act::Answer(status, "", "<html>Sorry</html>".to_owned());
    let Act::Answer(_, _, whole) = created("s-1") else {
        unreachable!("it is an answer")
    };
    let unreadable = |status| Doubt::Unreadable { status };
    let failed = |status| Doubt::Failed { status };
    let short = Patience {
        answer: Duration::ZERO,
        connect: Duration::from_millis(300),
    };
    for (act, patience, expected) in [
        (Act::ResetUnread, PATIENCE, Doubt::Broken),
        (Act::ResetRead, PATIENCE, Doubt::Broken),
        (Act::Close, PATIENCE, Doubt::Broken),
        (Act::EndAtOnce, PATIENCE, Doubt::Broken),
        (Act::HalfBody(whole.clone()), PATIENCE, Doubt::Broken),
        (Act::Raw("SSH-2.0-OpenSSH_9.6\r\n"), PATIENCE, Doubt::Broken),
        (
            Act::Raw("HTTP/1.1 200 OK\r\nContent-Le"),
            PATIENCE,
            Doubt::Broken,
        ),
        (Act::Silence, short, Doubt::TimedOut),
        (Act::Ignore, short, Doubt::TimedOut),
        (page(200), PATIENCE, unreadable(200)),
        (page(400), PATIENCE, unreadable(400)),
        (page(403), PATIENCE, unreadable(403)),
        (page(503), PATIENCE, failed(503)),
        (refused(500, 500), PATIENCE, failed(500)),
        (page(502), PATIENCE, failed(502)),
        (
            Act::Answer(200, "", "{}".to_owned()),
            PATIENCE,
            unreadable(200),
        ),
        (
            Act::Answer(200, "", " ".repeat(70_000)),
            PATIENCE,
            unreadable(200),
        ),
        (
            Act::Answer(204, "", String::new()),
            PATIENCE,
            unreadable(204),
        ),
    ] {
        let read = act.reads_it_all();
        let (placed, asked, connections) = placed(act.clone(), patience).await;
        assert_eq!(placed, Placed::Unknown(expected), "{act:?}");
        assert_eq!((asked, connections), (usize::from(read), 1), "{act:?}");
    }
}

#[tokio::test]
async fn what_failed_before_a_byte_was_written_has_never_left() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let nobody = free.local_addr().expect("it is bound");
    drop(free);
    for scheme in ["http", "https"] {
        let api = client(&format!("{scheme}://{nobody}"), PATIENCE);
        assert_eq!(
            start(&api).await,
            Placed::NeverLeft(NeverLeft::NoConnection)
        );
    }
    let api = client("https://voice.invalid", PATIENCE);
    assert_eq!(start(&api).await, Placed::NeverLeft(NeverLeft::NoAddress));
    let short = Patience {
        connect: Duration::from_millis(200),
        ..PATIENCE
    };
    for (act, patience, expected) in [
        (Act::ResetUnread, PATIENCE, None),
        (Act::EndAtOnce, PATIENCE, None),
        (Act::Raw("HTTP/1.1 400 Bad Request\r\n\r\n"), short, None),
        (Act::Ignore, short, Some(NeverLeft::NoConnection)),
    ] {
        // The encryption is never agreed on, so nothing of the request is ever written.
        let platform = Scripted::acting([act.clone()]).await;
        let api = client(&format!("https://{}", platform.address), patience);
        let placed = start(&api).await;
        let Placed::NeverLeft(why) = placed else {
            panic!("{act:?}: {placed:?}")
        };
        assert!(
            expected.is_none_or(|expected| why == expected),
            "{act:?}: {why:?}"
        );
        assert!(platform.seen().is_empty());
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Scripted::acting([created("s-1")]).await;
    let location = format!("Location: http://{}/\r\n", elsewhere.address);
    let redirect = Act::Answer(307, Box::leak(location.into_boxed_str()), "{}".to_owned());
    let (placed, asked, _) = placed(redirect, PATIENCE).await;
    assert_eq!(placed, Placed::Unknown(Doubt::Unreadable { status: 307 }));
    assert_eq!((asked, elsewhere.connections()), (1, 0));
}

#[tokio::test]
async fn the_key_is_sent_and_shown_nowhere() {
    let platform = Scripted::acting([created("s-1"), refused(401, 401)]).await;
    let api = client(&format!("http://{}", platform.address), PATIENCE);
    start(&api).await;
    let told = format!("{api:?} {:?}", start(&api).await);
    assert!(!told.contains("hunter2"), "{told}");
    let seen = platform.seen();
    assert!(seen[0].head.contains("authorization: bearer hunter2\r\n"));
    assert_eq!(seen[0].path, "/api/v1/subaccounts/Acme_IVR/callflows");
    assert_eq!(seen[0].body["clientRequestId"], "a-1");
}

#[tokio::test]
async fn what_the_platform_keeps_is_read_in_every_form() {
    let numbers = r#"{"totalNumbers": 2, "numbers": [{"msisdn": "6561115777", "countryCode": "SG", "operationalStatus": "Active",
        "rentalPrice": 1.5, "numberHealth": {"isHealthy": true}}, {"msisdn": 6561115778}, {"nothing": 1}]}"#;
    let platform = Scripted::acting([
        Act::Answer(200, "", numbers.to_owned()),
        Act::Answer(200, "", "[]".to_owned()),
        Act::Answer(204, "", String::new()),
        Act::Answer(
            404,
            "",
            r#"{"code": 4018, "message": "Invalid jobId"}"#.to_owned(),
        ),
        Act::Answer(429, "Retry-After: 3\r\n", String::new()),
    ])
    .await;
    let api = client(&format!("http://{}", platform.address), PATIENCE);
    let numbers = api.numbers().await.expect("it answers");
    let read: Vec<_> = numbers
        .iter()
        .map(|it| (it.number.as_str(), it.healthy))
        .collect();
    assert_eq!(read, [("+6561115777", Some(true)), ("+6561115778", None)]);
    let strange = api.voices().await.expect_err("it is no object");
    assert_eq!(strange, ApiError::Doubt(Doubt::Unreadable { status: 200 }));
    assert_eq!(api.cancel_export("j-1").await, Ok(()));
    let unknown = api.export("j-1").await.expect_err("there is none");
    assert!(
        unknown
            .to_string()
            .starts_with("the platform refused (4018): Invalid jobId: ")
    );
    let busy = api.webhooks().await.expect_err("it has no time");
    assert_eq!(
        busy.to_string(),
        "the platform asks to be called less often (429): wait 3 seconds"
    );
}
