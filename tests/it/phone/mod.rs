//! The phone: `callwright demo` with real Chromium on its page, the routes of the page, and the terminal.

mod browser;
pub(crate) mod demo;
mod masking;
mod pages;
mod routes;
mod terminal;

use std::fs;
use std::path::{Path, PathBuf};

/// A flow in two languages that asks for a secret.
fn clinic() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows/phone/clinic.toml")
}

/// The restaurant that is shipped.
fn restaurant() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/restaurant.toml")
}

/// What a file of the tests holds.
fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
