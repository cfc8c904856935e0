//! R2, of bookings: the server broken between any two steps of a change. A booking stands as it was or as it was to be, with all of its
//! numbers, whatever was told; what was acknowledged stands.

use reqwest::Method;
use serde_json::{Value, json};

use super::by_day_or_night;
use super::process::{Home, Server};
use super::random::Random;
use crate::app::client;

/// The named points on the way of a booking to the disk.
pub(crate) const POINTS: [&str; 5] = [
    "booking.row",
    "booking.leg",
    "booking.moved",
    "booking.whole",
    "booking.kept",
];

const DEEDS: [&str; 4] = ["abort", "panic", "sleep", "error"];

/// Seeds for each point and deed, by day and by night.
const SEEDS: (usize, usize) = (1, 20);

/// How many bookings are made, changed and closed.
const BOOKINGS: usize = 6;

const RIDER: &str = "+6591234501";
const DRIVERS: [&str; 2] = ["+6581234501", "+6581234502"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_between_any_two_steps_leaves_no_half_booking() {
    let mut random = Random::announced("R2 of bookings");
    let http = client();
    let (mut breaks, mut acknowledged) = (0, 0);
    for point in POINTS {
        for deed in DEEDS {
            for _ in 0..by_day_or_night(SEEDS.0, SEEDS.1) {
                acknowledged += break_at(&http, point, deed, random.between(1, 12)).await;
                breaks += 1;
            }
        }
    }
    println!(
        "R2: {} points of bookings × {} deeds, {breaks} breaks, {acknowledged} changes acknowledged, none lost, no booking by halves",
        POINTS.len(),
        DEEDS.len()
    );
}

/// A server that breaks, and what its clients know.
struct Street {
    home: Home,
    server: Server,
    http: reqwest::Client,
    acknowledged: usize,
}

impl Street {
    /// Asks until it is answered; a server that has ended is started again. The answer.
    async fn ask(&mut self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        loop {
            let url = format!("http://{}{path}", self.home.address);
            let request = self
                .http
                .request(method.clone(), url)
                .body(body.to_string());
            match request.send().await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let text = answer.text().await.unwrap_or_default();
                    if status < 500 {
                        return (status, serde_json::from_str(&text).unwrap_or_default());
                    }
                }
                Err(_) if self.server.ended().is_some() => self.server = self.home.start(),
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    /// Does something to a booking, and holds it against what it is to be then.
    async fn change(&mut self, method: Method, id: &str, what: &str, body: &Value) -> Value {
        let path = format!("/v1/bookings/{id}{what}");
        let (status, told) = self.ask(method, &path, body).await;
        assert!(matches!(status, 200 | 201), "{path} {status} {told}");
        self.acknowledged += 1;
        self.holds(id).await;
        told
    }

    /// A booking is whole: each of its sides reaches the other, or neither does.
    async fn holds(&mut self, id: &str) -> Value {
        let (status, booking) = self
            .ask(Method::GET, &format!("/v1/bookings/{id}"), &json!({}))
            .await;
        assert_eq!(status, 200, "what was acknowledged is there");
        let driver = match booking["b"]["label"].as_str() {
            Some("second") => DRIVERS[1],
            _ => DRIVERS[0],
        };
        let wanted = match booking["state"].as_str() {
            Some("active") => "connected",
            _ => "closed",
        };
        for (caller, side) in [(rider(id), "a"), (driver.to_owned(), "b")] {
            let call = json!({"caller": caller, "virtual_number": booking[side]["virtual_number"]});
            let (_, decided) = self.ask(Method::POST, "/v1/masking/simulate", &call).await;
            assert_eq!(decided["decision"], wanted, "side {side} of {booking}");
        }
        booking
    }
}

/// Each booking has a rider of its own.
fn rider(id: &str) -> String {
    format!("{}{id}", &RIDER[..RIDER.len() - 1])
}

async fn break_at(http: &reqwest::Client, point: &str, deed: &str, at: u64) -> usize {
    let numbers: Vec<_> = (10..22).map(|n| format!("+65312345{n}")).collect();
    let home = Home::new().env("CALLWRIGHT_POOLS__DEFAULT__NUMBERS", &numbers.join(","));
    let order = format!("{point}={deed}@{at}");
    let server = home.start_with(home.command().env("FAILPOINT", order));
    let mut street = Street {
        home,
        server,
        http: http.clone(),
        acknowledged: 0,
    };
    for n in 0..BOOKINGS {
        let id = n.to_string();
        let side = |phone: &str, label: &str| json!({"phones": [phone], "label": label});
        let body = json!({"a": side(&rider(&id), "rider"), "b": side(DRIVERS[0], "first")});
        street.change(Method::PUT, &id, "", &body).await;
        if n % 2 == 0 {
            let second = side(DRIVERS[1], "second");
            street.change(Method::PUT, &id, "/sides/b", &second).await;
        }
        if n % 3 == 0 {
            let cancelled = json!({"reason": "cancelled"});
            street.change(Method::POST, &id, "/close", &cancelled).await;
        }
    }
    // Whatever happened: a new start finds all of them whole.
    drop(street.server);
    street.server = street.home.start();
    for n in 0..BOOKINGS {
        let booking = street.holds(&n.to_string()).await;
        let is_closed = booking["state"] != "active";
        assert_eq!(is_closed, n % 3 == 0, "{booking}");
    }
    street.acknowledged
}
