//! `callwright lsp`: a language server for flow files.

use std::io;
use std::process::ExitCode;

use clap::Args;

use crate::lsp;

/// Serve an editor: faults while you type, the way to a step, names of steps
///
/// Editors start it themselves and speak the Language Server Protocol to it over standard input and output; docs/tools.md says how to set one up. Ends with 0
/// when the editor took its leave, else with 1.
///
/// Example: callwright lsp
#[derive(Debug, Args)]
pub(super) struct LspArgs {
    /// What most editors add, and what is done anyway
    #[arg(long, hide = true)]
    stdio: bool,
}

/// Serves until the editor is done.
pub(super) fn run(_: &LspArgs) -> anyhow::Result<ExitCode> {
    let parted = lsp::serve(&mut io::stdin().lock(), &mut io::stdout().lock())?;
    Ok(match parted {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
