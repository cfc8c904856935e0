//! `callwright fmt`: lays flow files out alike.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::CANNOT_BEGIN;
use crate::config::Config;
use crate::flow::file;
use crate::flow::report::{Format, Look, render};
use crate::flows_folder::{self, Found};

/// Lay flow files out alike; comments and everything that they say stay
///
/// The signs of equality of a table stand below one another, one empty line stands before each table. Test files are laid out by their writers.
///
/// Example: callwright fmt flows
#[derive(Debug, Args)]
pub(super) struct FmtArgs {
    /// Flow files, or folders with flow files at any depth; the configured folder when none is given
    paths: Vec<PathBuf>,
    /// Write nothing, and end with 1 when a file is laid out otherwise
    #[arg(long)]
    check: bool,
}

/// Lays the files out.
pub(super) fn run(args: &FmtArgs) -> anyhow::Result<ExitCode> {
    let paths = match args.paths.as_slice() {
        [] => vec![Config::load(None, super::environment())?.flows],
        given => given.to_vec(),
    };
    let Found { sources, errors } = flows_folder::find(&paths);
    for error in &errors {
        eprintln!("error: {error}");
    }
    let (mut text, mut wrong) = (String::new(), false);
    // A calendar is laid out by whoever made it.
    let flows = sources
        .iter()
        .filter(|source| !source.path.ends_with(".ics"));
    for source in flows {
        match file::laid_out(&source.text) {
            Ok(laid) if laid == source.text => {}
            Ok(_) if args.check => {
                text += &format!("{} is laid out otherwise\n", source.path);
                wrong = true;
            }
            Ok(laid) => {
                let written = fs::write(&source.path, laid);
                written.with_context(|| format!("{} cannot be written", source.path))?;
                text += &format!("{} is laid out\n", source.path);
            }
            Err(faults) => {
                let sources = std::slice::from_ref(source);
                let look = Look {
                    format: Format::Human,
                    colour: super::colour(&std::io::stderr()),
                    all: false,
                };
                eprint!("{}", render(sources, &faults, look));
                wrong = true;
            }
        }
    }
    super::print(&text)?;
    Ok(match (errors.is_empty(), wrong) {
        (false, _) => ExitCode::from(CANNOT_BEGIN),
        (true, true) => ExitCode::FAILURE,
        (true, false) => ExitCode::SUCCESS,
    })
}
