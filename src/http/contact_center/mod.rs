//! What the Contact Center's scripts ask of us, in its own form.
//!
//! * [`companion`] `externalIvrAction`: an existing CallXML or VoiceXML script changes its host and nothing else
//! * [`calls`] a script tells of the call that it is about to forward to us
//! * [`results`] what the Contact Center gives back when a call back is over
//! * `parameters` a query and a form as one; `problems` the refusals

pub mod calls;
pub mod companion;
mod parameters;
mod problems;
pub mod results;
