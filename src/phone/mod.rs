//! A phone on the desk: calls the flows as somebody does who picks up a telephone, through the same webhooks that the
//! platform would send.
//!
//! * [`desk`] the browser's phone: its page ([`page`]), its routes, for this machine alone ([`door`])
//! * [`call`] one call as the page follows it: what happened so far, and what happens next
//! * [`masking`] two phones and a booking beside each other
//! * [`told`] what the page is told, as JSON; [`plan`] the flows that it draws
//! * [`overheard`] sees what the server keeps of a call: the way taken, the step, the variables
//! * [`terminal`] the phone in a terminal: lines in, text out; [`quick`] carries its call without time or network, and
//!   [`answering`] is what it calls
//! * [`recorder`] writes a call of either phone down as it goes, as the [`Script`](crate::rehearsal::Script) of a test
//!
//! The browser's phone exists only where it was asked for, by `callwright demo` or `callwright serve --dev`.

mod answering;
mod call;
mod desk;
mod door;
mod indented;
mod masking;
mod overheard;
mod page;
mod plan;
mod quick;
mod recorder;
pub mod terminal;
mod told;

pub use desk::{Line, Phone};
pub use overheard::Overheard;
