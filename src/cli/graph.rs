//! `callwright graph`: draws a flow.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use crate::flow::draw;

/// Draw a flow
///
/// Prints the drawing in the words of Mermaid, which code hosts and editors show, or of Graphviz; or draws it itself, as an SVG file that every
/// browser shows, in light and dark.
///
/// Example: callwright graph flows/restaurant.toml --svg restaurant.svg
#[derive(Debug, Args)]
pub(super) struct GraphArgs {
    /// The flow's file
    flow: PathBuf,
    /// In whose words it is printed
    #[arg(long, value_enum, default_value_t)]
    format: Words,
    /// Draw it into this file instead
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    svg: Option<PathBuf>,
}

/// The words of a drawing.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Words {
    /// Mermaid's
    #[default]
    Mermaid,
    /// Graphviz's
    Dot,
}

/// Draws the flow.
pub(super) fn run(args: &GraphArgs) -> anyhow::Result<ExitCode> {
    let flow = match super::one_flow(&args.flow) {
        Ok(flow) => flow,
        Err(code) => return Ok(code),
    };
    let text = match (&args.svg, args.format) {
        (Some(file), _) => {
            let written = std::fs::write(file, draw::svg(&flow));
            written.with_context(|| format!("{} cannot be written", file.display()))?;
            return super::print(&format!("drawn in {}\n", file.display()));
        }
        (None, Words::Mermaid) => draw::mermaid(&flow),
        (None, Words::Dot) => draw::dot(&flow),
    };
    super::print(&text)
}
