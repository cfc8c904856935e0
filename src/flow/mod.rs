//! CORE: the flow language. A file becomes a flow in three moves, and a flow answers a call in one:
//!
//! * [`mod@file`] reads TOML and remembers where everything stands
//! * [`check`] explains every fault, all at once ([`diagnostic`]), or builds the
//! * [`model`], a flow that cannot be wrong: every step it names exists, every text parses
//! * [`mod@step`] moves a call: flow, position and event in, actions and the next position out; or a [`need`], to be met first
//!
//! [`hours`] are opening hours. [`report`] shows diagnostics, [`chart`] the ways between the steps, [`draw`] the whole; [`difference`] tells what changed, [`first`] is a flow to
//! begin with. [`label`] is the `clientActionId` that ties a reply to the webhook that answers it,
//! [`library`] the flows that a server answers with. What the keys of the language mean is in `docs/flows.md`.

pub mod bundle;
pub mod chart;
pub mod check;
pub mod diagnostic;
pub mod difference;
pub mod draw;
pub mod file;
pub mod first;
pub mod hours;
pub mod label;
pub mod library;
pub mod model;
pub mod need;
pub mod report;
mod speech;
pub mod step;
pub mod template;

pub use label::Label;
pub use library::Library;
pub use model::Flow;
pub use need::{Met, Need};
pub use step::{Position, Progress, Turn, step};
