//! The phone beside a server: an emulator whose webhooks go to this server, and the page that calls by it.

use std::net::SocketAddr;
use std::sync::Arc;

use secrecy::ExposeSecret as _;

use crate::config::{Product, Subaccount};
use crate::emulator::{Account, Emulator, Mischief, Pace, Setup};
use crate::http::{Annex, App};
use crate::phone::{Line, Overheard, Phone};

/// The sub-account and its key where none is configured.
const DEMO: (&str, &str) = ("demo", "demo-key");

/// The phone and its emulator.
#[derive(Debug)]
pub(super) struct Desk {
    emulator: Emulator,
    phone: Phone,
}

impl Desk {
    /// A desk beside the server of `app`, which listens on `address`.
    pub(super) fn new(app: &App, address: SocketAddr, overheard: Arc<Overheard>) -> Self {
        let setup = Setup {
            seed: app.clock.now().as_microsecond().unsigned_abs(),
            pace: Pace::Real,
            mischief: Mischief::NONE,
        };
        let emulator = Emulator::new(setup, [account(app, address)], app.clock.clone());
        let phone = Phone::new(Line {
            emulator: emulator.clone(),
            shelf: app.shelf.clone(),
            overheard,
            bookings: app.bookings.clone(),
            clock: app.clock.clone(),
        });
        Self { emulator, phone }
    }

    /// The phone's routes.
    pub(super) fn annex(&self) -> Annex {
        Annex {
            template: "/phone",
            router: self.phone.router(),
        }
    }

    /// What carries the phone's calls.
    pub(super) fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Hangs up.
    pub(super) fn close(&self) {
        self.phone.close();
    }
}

/// The first sub-account for menus that is configured, or a made-up one: its webhooks come as the platform's would, with its
/// secret.
fn account(app: &App, address: SocketAddr) -> Account {
    let menus = |account: &&Subaccount| account.product == Product::Ivr;
    let configured = app.config.subaccounts.values().find(menus);
    let key = configured.and_then(|account| account.api_key.as_ref());
    let secret = configured.and_then(|account| account.webhook_secret.as_ref());
    let own = configured.map_or(&[][..], |account| &account.numbers);
    let own = own.iter().map(|number| number.with_plus());
    let numbers: Vec<_> = Phone::numbers(&app.shelf.library())
        .into_iter()
        .chain(own)
        .chain(
            app.bookings
                .numbers()
                .iter()
                .map(|it| it.number.with_plus()),
        )
        .collect();
    Account::new(
        configured.map_or(DEMO.0, |account| &account.id),
        key.map_or(DEMO.1, |key| key.expose_secret()),
        numbers.iter().map(String::as_str),
    )
    .with_webhooks(
        &format!("http://{address}/webhooks"),
        secret.map(|secret| secret.expose_secret()),
    )
    .with_recording()
}
