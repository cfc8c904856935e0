//! Who may call what: every route of the table, by every caller, with every method; and what strangers get.

use super::*;
use crate::http::app::testing::{
    FakeStore, Mood, ask, config, request, serving, with_sub_accounts, with_tokens,
};

/// What a caller may find in front of a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    LetIn,
    Refused(u16),
}

use Verdict::{LetIn, Refused};

const NO: Verdict = Refused(401);
const NOT_SO: Verdict = Refused(403);

/// Callers by their `Authorization`, and what each finds at an open route, a webhook, a route that needs `read`, one that
/// needs `metrics` or `read`, `call`, `book`, `read` or `book`, `manage`, one that needs `handoff` or is a script's, and one
/// that needs `admin`; on a server beyond loopback with a secret.
#[rustfmt::skip]
const BEYOND_LOOPBACK: [(Option<&str>, [Verdict; 10]); 14] = [
    (None, [LetIn, NO, NO, NO, NO, NO, NO, NO, NO, NO]),
    (Some(""), [LetIn, NO, NO, NO, NO, NO, NO, NO, NO, NO]),
    (Some("Bearer wrong"), [LetIn, NO, NO, NO, NO, NO, NO, NO, NO, NO]),
    (Some("reader"), [LetIn, NO, NO, NO, NO, NO, NO, NO, NO, NO]),
    (Some("Basic cmVhZGVyOg=="), [LetIn, NO, NO, NO, NO, NO, NO, NO, NO, NO]),
    (Some("the secret"), [LetIn, LetIn, NO, NO, NO, NO, NO, NO, NO, NO]),
    (Some("Bearer reader"), [LetIn, NO, LetIn, LetIn, NOT_SO, NOT_SO, LetIn, NOT_SO, NOT_SO, NOT_SO]),
    (Some("Bearer meter"), [LetIn, NO, NOT_SO, LetIn, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO]),
    (Some("Bearer seer"), [LetIn, NO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO]),
    (Some("Bearer dialer"), [LetIn, NO, NOT_SO, NOT_SO, LetIn, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO]),
    (Some("Bearer booker"), [LetIn, NO, NOT_SO, NOT_SO, NOT_SO, LetIn, LetIn, NOT_SO, NOT_SO, NOT_SO]),
    (Some("Bearer keeper"), [LetIn, NO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, LetIn, NOT_SO, NOT_SO]),
    (Some("Bearer script"), [LetIn, NO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, LetIn, NOT_SO]),
    (Some("Bearer admin"), [LetIn, NO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, NOT_SO, LetIn]),
];

/// The column of the table above that a row stands in. A new kind of access has to be given one.
fn column(access: Access) -> usize {
    match access {
        Access::Anyone => 0,
        Access::Platform => 1,
        Access::Token([Scope::Read]) => 2,
        Access::Token([Scope::Metrics, Scope::Read]) => 3,
        Access::Token([Scope::Call]) => 4,
        Access::Token([Scope::Book]) => 5,
        Access::Token([Scope::Read, Scope::Book]) => 6,
        Access::Token([Scope::Manage]) => 7,
        Access::Script | Access::Token([Scope::Handoff]) => 8,
        Access::Token([Scope::Admin]) => 9,
        Access::Token(other) => panic!("no column for {other:?}"),
    }
}

fn guarded() -> Site {
    let config = with_tokens(
        with_sub_accounts(&[("main", Some("the secret"))]),
        "0.0.0.0:0",
        &[
            ("reader", &[Scope::Read]),
            ("meter", &[Scope::Metrics]),
            ("seer", &[Scope::Numbers]),
            ("dialer", &[Scope::Call]),
            ("booker", &[Scope::Book]),
            ("keeper", &[Scope::Manage]),
            ("script", &[Scope::Handoff]),
            ("admin", &[Scope::Admin]),
        ],
    );
    serving(config, &FakeStore::new(Mood::Works)).0
}

/// A path that fits a row's template.
fn filled(row: &Row) -> String {
    row.path
        .replace("{session_id}", "s-1")
        .replace("{id}", "shop")
        .replace("{side}", "a")
        .replace("{name}", "default")
        .replace("{number}", "+6531234567")
        .replace("{key}", "k")
}

#[tokio::test]
async fn every_route_lets_in_whom_it_should() {
    let router = guarded();
    for row in ROUTES.iter() {
        for (came, verdicts) in BEYOND_LOOPBACK {
            let answer = ask(
                &router,
                request(row.method.as_str(), &filled(row), came, "{"),
            )
            .await;
            let verdict = match answer.status {
                401 | 403 => Refused(answer.status),
                _ => LetIn,
            };
            assert_eq!(
                verdict,
                verdicts[column(row.access)],
                "{} {} {came:?}",
                row.method,
                row.path
            );
            if answer.status == 401 {
                assert!(answer.headers.contains_key("www-authenticate"));
            }
        }
    }
}

#[tokio::test]
async fn only_health_and_readiness_are_open_beyond_loopback() {
    let open: Vec<_> = ROUTES
        .iter()
        .filter(|row| matches!(row.access, Access::Anyone))
        .map(|row| row.path)
        .collect();
    assert_eq!(open, ["/healthz", "/readyz"]);
}

#[tokio::test]
async fn other_methods_and_other_paths_are_problems() {
    let router = guarded();
    for row in ROUTES.iter() {
        for method in [
            "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW",
        ] {
            let taken = |other: &Row| other.path == row.path && other.method.as_str() == method;
            if ROUTES.iter().any(taken) {
                continue;
            }
            let answer = ask(
                &router,
                request(method, &filled(row), Some("Bearer reader"), ""),
            )
            .await;
            assert_eq!(answer.status, 405, "{method} {}", row.path);
            assert_eq!(answer.body["code"], "method_not_allowed");
            let allowed = answer.headers["allow"].to_str().expect("methods are plain");
            assert!(allowed.contains(row.method.as_str()), "{allowed}");
        }
    }
    for path in [
        "/",
        "/v1",
        "/v1/sessions/",
        "/v1/sessions/a/b",
        "/webhooks/",
        "/webhooks/vxx",
        "/+6591234567",
    ] {
        let answer = ask(&router, request("GET", path, None, "")).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (404, &"no_such_path".into()),
            "{path}"
        );
        assert!(!answer.body.to_string().contains("6591234567"));
    }
}

#[tokio::test]
async fn a_head_request_asks_for_the_same_token() {
    let router = guarded();
    assert_eq!(
        ask(&router, request("HEAD", "/v1/sessions", None, ""))
            .await
            .status,
        401
    );
    let known = ask(
        &router,
        request("HEAD", "/v1/sessions", Some("Bearer reader"), ""),
    )
    .await;
    assert_eq!(known.status, 200);
}

#[tokio::test]
async fn every_answer_has_its_id_and_is_not_kept() {
    let router = serving(config(), &FakeStore::new(Mood::Works)).0;
    for path in ["/healthz", "/v1/sessions", "/nowhere"] {
        let answer = ask(&router, request("GET", path, None, "")).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["x-request-id"].len(), 36);
        assert!(!answer.headers.contains_key("server"));
    }
    let mut brought = request("GET", "/healthz", None, "");
    brought
        .headers_mut()
        .insert("x-request-id", HeaderValue::from_static("trace-7"));
    assert_eq!(
        ask(&router, brought).await.headers["x-request-id"],
        "trace-7"
    );
}

#[tokio::test]
async fn strangers_cannot_make_up_labels() {
    let (router, app) = serving(config(), &FakeStore::new(Mood::Works));
    for at in 0..50 {
        ask(
            &router,
            request("GET", &format!("/stranger/{at}"), None, ""),
        )
        .await;
        ask(
            &router,
            request("GET", &format!("/v1/sessions/{at}"), None, ""),
        )
        .await;
        ask(
            &router,
            request("DELETE", &format!("/v1/sessions/{at}"), None, ""),
        )
        .await;
        ask(&router, request(&format!("BREW{at}"), "/healthz", None, "")).await;
    }
    let text = app.metrics.render();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("callwright_http_requests_total{"))
        .collect();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    for line in [
        r#"{method="GET",route="unmatched",status="404"} 50"#,
        r#"{method="GET",route="/v1/sessions/{session_id}",status="404"} 50"#,
        r#"{method="DELETE",route="/v1/sessions/{session_id}",status="405"} 50"#,
        r#"{method="OTHER",route="/healthz",status="405"} 50"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}
