//! A stand-in for 8x8 Voice: carries calls, calls webhooks, answers the Voice API. For the desk and for tests.
//!
//! * [`call`] one call without I/O, in milliseconds; the files beside it are its parts ([`capture`] is one `sayAndCapture`,
//!   [`script`] a callflow read, [`leg`] a leg, [`person`] whoever is on the phone, [`mischief`] what happens to webhooks)
//! * [`mod@line`] carries one call in real or virtual time, [`courier`] delivers its webhooks, [`record`] is what is known of it
//! * [`exchange`] is the emulator as a whole: [`Emulator`]
//! * [`center`] a tenant of the Contact Center without I/O: queues, schedules, handoffs, call backs, updates
//! * [`api`] its HTTP side: the platform's routes, and a desk to place and steer calls at
//!
//! What is assumed where the platform's documents are silent is listed in `docs/emulator.md`.

mod account;
mod api;
mod call;
mod capture;
mod center;
mod chance;
mod courier;
mod exchange;
mod leg;
mod line;
mod mischief;
mod person;
mod record;
mod script;
mod webhook;

pub use account::{Account, Push, Registration, VirtualNumber};
pub use api::Serving;
pub use call::{Answer, Call, Input, Order, Output, Post, RINGS_MS, Sign, sip_id};
pub use center::{Arrived, Center, CenterFault, PendingCallback, Queue, Schedule};
pub use chance::Chance;
pub use exchange::{ApiFault, Emulator, NotCarried, Placed, Setup};
pub use leg::{Ending, Fate};
pub use line::{Handset, Happening, Pace, View, Witness};
pub use mischief::{Manner, Mischief};
pub use person::{Person, Prepared};
pub use record::{LegRecord, Record, Recording};
pub use webhook::Kind;
