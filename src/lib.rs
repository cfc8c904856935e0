//! Callwright: the webhook server a company puts behind its 8x8 phone numbers.
//!
//! # The map
//!
//! | module | what it is |
//! |---|---|
//! | `text` | core: places in a text, the word that was meant, types for names |
//! | [`call`] | core: numbers, ids, events in, actions out |
//! | [`outbound`] | core: calls that leave: where they may go, how often, what is known of one |
//! | [`contact_center`] | core: handoffs, call backs, schedules and queues of the Contact Center |
//! | [`flow`] | core: the flow language: file → check → model → step |
//! | [`foreign`] | menus written for other programs, carried over into flows |
//! | [`masking`] | core: number masking: bookings, who holds which number, what a masked call is answered with |
//! | [`session`] | core: one session, and what a voice call action is answered with |
//! | [`events`] | core: what the customer's systems are told, how it is signed, when it is tried again |
//! | [`platform`] | the platform's JSON ↔ the core's words; the clients of its Voice API and Contact Center |
//! | [`store`] | what is kept: the promise, SQLite and PostgreSQL |
//! | [`bookings`] | bookings: taken in, given numbers, kept; their calls decided |
//! | [`shelf`] | the flows that calls are answered with, read again when their files change |
//! | [`switchboard`] | the live call: recall, ask the core, keep, answer |
//! | [`world`] | what flows need of the world: look-ups in other people's systems |
//! | [`dialer`] | calls that we start: keep the intent, send it once, keep what came of it |
//! | [`handover`] | calls handed to the Contact Center: kept, sent once, kept with what came of it |
//! | [`messenger`] | tells the customer's systems: sends events until each has them |
//! | [`eraser`] | erases people who are to be forgotten, by bites until nothing is left |
//! | [`http`] | routes, webhooks, API, errors |
//! | [`emulator`] | a stand-in for the platform: calls, webhooks, the Voice API |
//! | [`phone`] | a phone on the desk: in the browser and in the terminal |
//! | [`rehearsal`] | calls written down in test files, played against the handler in one process; carried calls, written down |
//! | [`lsp`] | a language server for flow files |
//! | [`server`] | the composition root |
//! | [`cli`] | the commands; the only place that prints |
//! | [`flows_folder`] | finds and reads flow files |
//! | [`outward`] | requests to addresses that people configure, guarded; a leaf |
//! | [`watch`] | tells when files change |
//! | [`config`], [`clock`], [`telemetry`], [`mod@failpoint`] | leaves |
//!
//! # The import rule
//!
//! Imports run one way: `text`, `call` ← `outbound` ← `contact_center` ← `flow` ← `masking` ← `session` ← `events` ← `platform`, `store`, `foreign` ← `shelf`, `bookings` ← `switchboard` ← `world`, `dialer`, `handover`, `messenger`, `eraser` ← `http`,
//! `emulator` ← `rehearsal` ← `phone` ← `lsp`, `server` ← `cli` ← `main`; the leaves may be used by all but the core. The core (`text`, `call`, `outbound`,
//! `contact_center`, `flow`, `masking`, `session`, `events`) names no tokio, axum, sqlx, clock or environment. `tests/it/house.rs` reads every `use crate::` and holds
//! the rule.

pub mod bookings;
pub mod call;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contact_center;
pub mod dialer;
pub mod emulator;
pub mod eraser;
pub mod events;
pub mod failpoint;
pub mod flow;
pub mod flows_folder;
pub mod foreign;
pub mod handover;
pub mod http;
pub mod lsp;
pub mod masking;
pub mod messenger;
pub mod outbound;
pub mod outward;
pub mod phone;
pub mod platform;
pub mod rehearsal;
pub mod server;
pub mod session;
pub mod shelf;
pub mod store;
pub mod switchboard;
pub mod telemetry;
mod text;
pub mod watch;
pub mod world;
