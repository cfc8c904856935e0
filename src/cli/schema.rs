//! `callwright schema`: the language for editors.

use std::process::ExitCode;

use clap::Args;

use crate::flow::check::schema;
use crate::rehearsal;

/// Print the JSON Schema of flow files, for editors that complete keys
///
/// A line `#:schema ./flow.schema.json` at the top of a flow has taplo and Even Better TOML use the file beside it; docs/tools.md tells more.
///
/// Example: callwright schema > flows/flow.schema.json
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// That of test files, NAME.test.toml
    #[arg(long)]
    tests: bool,
}

/// Prints it.
pub(super) fn run(args: &SchemaArgs) -> anyhow::Result<ExitCode> {
    super::print(&match args.tests {
        true => rehearsal::schema(),
        false => schema(),
    })
}
