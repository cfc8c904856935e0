//! The emulator: its Voice API from outside, single calls step by step, and crowds of calls of random flows against the
//! real server.

mod alone;
mod api;
mod crowd;
mod flows;
mod steps;

use callwright::clock::Clock;
use callwright::emulator::{Account, Emulator, Mischief, Pace, Serving, Setup};
use tokio::net::TcpListener;

use crate::app::{RESTAURANT, TECH_SUPPORT, TestApp};

/// The sub-account.
const ACCOUNT: &str = "InternalDemoCPaaS_8dD15_voice";
/// Its key.
const KEY: &str = "a-key-of-the-emulator";

fn setup(seed: u64, mischief: Mischief) -> Setup {
    Setup {
        seed,
        pace: Pace::Virtual,
        mischief,
    }
}

/// An emulator whose webhooks go to `app`, with a clock that stands still.
fn emulator(app: &TestApp, setup: Setup, numbers: &[String]) -> Emulator {
    let shipped = [RESTAURANT, TECH_SUPPORT];
    let numbers = numbers.iter().map(String::as_str).chain(shipped);
    let account = Account::new(ACCOUNT, KEY, numbers)
        .with_webhooks(&app.url("/webhooks"), None)
        .with_recording();
    Emulator::new(setup, [account], still())
}

fn still() -> Clock {
    let begin = "2026-11-20T04:30:00Z".parse().expect("a time");
    Clock::from_fn(move || begin)
}

async fn serve(emulator: &Emulator) -> Serving {
    let socket = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    emulator.serve(socket).expect("it has an address")
}
