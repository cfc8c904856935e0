//! HTTP: what stands between the network and the core.
//!
//! * [`routes`] the one table of routes: method, path, who may call, how large a body
//! * [`webhooks`] what the platform POSTs to us, as [`webhook_schema`] describes it
//! * [`api`] what people and their systems ask us
//! * [`operation`] health, readiness, metrics; [`description`] the API's own description
//! * [`auth`] webhook secrets and bearer tokens
//! * [`guard`] what stands before every handler: who may, and what if it panics
//! * [`origin`] from whose address a request came, also behind proxies
//! * [`head`], [`body`] requests that end, in size and in time
//! * [`turns`] who is worked for at once, and what the others are told
//! * [`contact_center`] what the Contact Center's scripts ask of us
//! * [`problem`] refusals (RFC 9457); `call_problem` those of calls that we are to start, `booking_problem` those of bookings, `event_problem` those about events
//! * [`log`] one line and one count per request
//! * [`metrics`] what is counted
//! * [`listener`], [`census`], [`connection`] connections that end, in number and in time
//! * [`app`] what the handlers share

pub mod api;
pub mod app;
pub mod auth;
pub mod body;
pub mod booking_problem;
mod call_problem;
pub mod census;
pub mod connection;
pub mod contact_center;
pub mod description;
mod event_problem;
pub mod guard;
pub mod head;
pub mod listener;
pub mod log;
pub mod metrics;
pub mod operation;
pub mod origin;
pub mod problem;
pub mod routes;
pub mod turns;
pub mod webhook_schema;
pub mod webhooks;

pub use app::App;
pub use routes::{Annex, Site, router, router_with};
