//! Reads the one flow of a file, for commands that need it whole.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use super::CANNOT_BEGIN;
use crate::flow::Flow;
use crate::flow::check::{Checked, check};
use crate::flow::diagnostic::Severity;
use crate::flow::report::{Format, Look, render};
use crate::flows_folder;

/// The flow, or the exit code after what is wrong with it was said.
pub(super) fn one_flow(path: &Path) -> Result<Flow, ExitCode> {
    let sources = match flows_folder::read(&[path.to_owned()]) {
        Ok(sources) => sources,
        Err(errors) => {
            for error in errors {
                eprintln!("error: {error}");
            }
            return Err(ExitCode::from(CANNOT_BEGIN));
        }
    };
    let Checked {
        mut flows,
        diagnostics,
        ..
    } = check(&sources);
    let is_error = |fault: &crate::flow::diagnostic::Diagnostic| fault.severity == Severity::Error;
    if diagnostics.iter().any(is_error) || flows.len() != 1 {
        let look = Look {
            format: Format::Human,
            colour: super::colour(&io::stderr()),
            all: false,
        };
        eprint!("{}", render(&sources, &diagnostics, look));
        eprintln!("error: {} is not one flow without errors", path.display());
        return Err(ExitCode::FAILURE);
    }
    Ok(flows.remove(0).1)
}
