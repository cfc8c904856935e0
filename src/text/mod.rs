//! CORE: texts, whatever they are about: where something stands in one, which word was meant by a misspelt one, what
//! must not be shown as it is, and types for those that are names.

mod lines;
mod loggable;
mod names;
mod near;
mod printable;
pub(crate) mod spans;

pub(crate) use lines::{Lines, line};
pub(crate) use loggable::plain;
pub(crate) use names::name;
pub(crate) use near::nearest;
pub(crate) use printable::is_unsafe;
