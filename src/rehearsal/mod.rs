//! Rehearsals: the calls written down in `*.test.toml`, played against the real handler in this process, with the bodies
//! that the platform would send. Nothing is on a disk, nothing on a network, and time takes no time.
//!
//! * [`script`] a test file, read; [`mod@line`] what one line of a call says, [`center`] one about the Contact Center; [`mod@schema`] all of
//!   it, for editors
//! * [`written`] a call written down, line by line; [`mod@traced`] made of the trace of one that a server has carried, [`fitting`] and tried
//! * [`stage`] the handler with a clock of its own, a [`prompter`] in the place of other people's systems, and a [`notebook`] in that
//!   of a store ([`unasked`], [`unmasked`]: what of one is never asked for)
//! * [`play`] one call, line by line; [`way`] the steps that it passed; [`failure`] what went wrong, as people read it
//! * [`company`] many calls on every core, and what came of them
//! * [`paths`] the shortest calls to every step and every key, by all [`answers`] of the world; [`coverage`] which of those a test visits
//! * [`repertoire`] the flows and test files at some paths, and what is wrong with them
//! * [`wire`] the replies against those that were stored; [`junit`] the outcome for build servers

mod answers;
mod center;
mod company;
mod coverage;
mod failure;
mod fitting;
mod junit;
mod line;
mod notebook;
mod paths;
mod play;
mod prompter;
mod repertoire;
mod schema;
mod script;
mod stage;
mod traced;
mod unasked;
mod unmasked;
mod way;
mod wire;
mod written;

pub use center::Center;
pub use company::{Outcome, Show, rehearse};
pub use coverage::{Visited, unvisited};
pub use failure::Failure;
pub use fitting::fitted;
pub use junit::report;
pub use line::Verb;
pub use paths::{Goal, Path, shortest};
pub use repertoire::{Repertoire, Tested};
pub use schema::schema;
pub use script::{Line, Scripted, TestFile, read};
pub use traced::{NoTest, Traced, Unlike, may_be_tested, traced};
pub use wire::{Wire, WireFault};
pub use written::{NotAdded, Script, added};
