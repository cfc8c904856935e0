//! CORE: texts that people write, flows and configurations alike: where something stands in them, and which word was
//! meant by a misspelt one.

mod lines;
mod near;

pub(crate) use lines::{Lines, line};
pub(crate) use near::nearest;
