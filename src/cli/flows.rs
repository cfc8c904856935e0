//! `callwright flows`: what a running server answers calls with.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::api::{self, ApiArgs};
use super::table::{Column, fields, table};

const LISTED: [Column; 6] = [
    ("FLOW", "id"),
    ("NAME", "name"),
    ("VERSION", "version"),
    ("ANSWERS", "answers"),
    ("LANGUAGES", "languages"),
    ("STEPS", "step_count"),
];

const HEAD: [Column; 6] = [
    ("flow", "id"),
    ("name", "name"),
    ("version", "version"),
    ("answers", "answers"),
    ("languages", "languages"),
    ("start", "start"),
];

const STEPS: [Column; 3] = [("STEP", "name"), ("KIND", "kind"), ("LEADS TO", "leads_to")];

/// Look at the flows that a running server answers calls with
///
/// Numbers are masked unless the token has the scope "numbers".
#[derive(Debug, Args)]
pub(super) struct FlowsArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Print the API's JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: FlowsCommand,
}

#[derive(Debug, Subcommand)]
enum FlowsCommand {
    /// List the flows
    ///
    /// Example: callwright flows list
    List,
    /// Show one flow: its steps and where they lead
    ///
    /// Example: callwright flows show restaurant
    Show {
        /// The flow's id
        id: String,
    },
}

/// Lists flows or shows one.
pub(super) fn run(args: &FlowsArgs) -> anyhow::Result<ExitCode> {
    let (path, show): (Vec<&str>, fn(&Value) -> String) = match &args.command {
        FlowsCommand::List => (vec!["v1", "flows"], listing),
        FlowsCommand::Show { id } => (vec!["v1", "flows", id], flow),
    };
    let body = api::get(&args.api, &path, &[])?;
    api::print(&body, args.json, show)
}

fn listing(page: &Value) -> String {
    table(&page["items"], &LISTED, "No flows.")
}

fn flow(flow: &Value) -> String {
    let steps = table(&flow["steps"], &STEPS, "No steps.");
    format!("{}\n{steps}", fields(flow, &HEAD))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flow_is_shown_with_where_its_steps_lead() {
        let shown = flow(&json!({
            "id": "restaurant", "name": null, "version": "0123", "answers": ["+65••••5777"], "start": "main",
            "languages": ["en"], "step_count": 1,
            "steps": [{"name": "main", "kind": "menu", "leads_to": [{"on": "1", "to": "hours"}, {"on": "2", "to": "end"}]}]
        }));
        assert_eq!(
            shown,
            "flow       restaurant\nversion    0123\nanswers    +65••••5777\nlanguages  en\nstart      main\n\
             \nSTEP  KIND  LEADS TO\nmain  menu  1 → hours, 2 → end\n"
        );
    }
}
