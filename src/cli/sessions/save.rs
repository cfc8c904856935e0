//! `callwright sessions save`: a call that a server has carried, as a test.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};

use super::super::api::{self, ApiArgs};
use crate::config::Config;
use crate::flow::Flow;
use crate::flow::check::check;
use crate::flow::diagnostic::Source;
use crate::flows_folder::{self, Found};
use crate::rehearsal::{Script, added, fitted, may_be_tested, traced};

/// Save a call that was carried as a test
///
/// Writes what was heard and done, how look-ups were answered, and when it was, into a new test file beside the flow, or behind the calls of one that tests the
/// same flow. Secrets and phone numbers are left out, and it is said what stands in for them. The test is played before it is written: it passes, or nothing is
/// written and the reason is told.
///
/// Example: callwright sessions save 6a7ab1d3-2fb1-11ec-9a3c-0d8b6c7a9c11 flows/restaurant.test.toml
#[derive(Debug, Args)]
pub(super) struct SaveArgs {
    /// The session's id
    session_id: String,
    /// The test file, in the folder of the flow that carried the call or above it
    file: PathBuf,
}

/// The flow that carried the call.
struct Carrier {
    /// Its file, as it lies from the folder of the test.
    name: String,
    source: Source,
    flow: Flow,
}

/// Saves the call.
pub(super) fn run(api: &ApiArgs, args: &SaveArgs, json: bool) -> anyhow::Result<ExitCode> {
    let file = &args.file;
    if !flows_folder::is_test(file) {
        bail!("end the file's name in .test.toml: any other .toml is taken for a flow");
    }
    let body = api::get(api, &["v1", "sessions", &args.session_id], &[])?;
    let session: Value = serde_json::from_str(&body).context("the server's answer is not JSON")?;
    let no_test = || format!("session {} was not saved", args.session_id);
    may_be_tested(&session).with_context(no_test)?;
    let carrier = carrier(
        folder_of(file),
        session["flow"].as_str().unwrap_or_default(),
    )?;
    let traced = traced(&session, &carrier.flow).with_context(no_test)?;
    let countries = Config::load(None, super::super::environment())?
        .outbound
        .countries;
    let script =
        fitted(traced, &carrier.flow, &carrier.source, &countries).with_context(no_test)?;
    write(file, &carrier.name, &script)?;
    let told = match json {
        true => format!(
            "{}\n",
            json!({ "file": file, "name": script.name(), "left_out": script.left_out() })
        ),
        false => told(file, &script),
    };
    super::super::print(&told)
}

fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// Finds the flow `id` in `folder` or below it.
fn carrier(folder: &Path, id: &str) -> anyhow::Result<Carrier> {
    let Found { sources, .. } = flows_folder::find(&[folder.to_owned()]);
    let flows = check(&sources).flows;
    let found = flows.into_iter().find(|(_, flow)| flow.id.as_str() == id);
    let Some((index, flow)) = found else {
        bail!(
            "no flow in {} is `{id}` and holds no error: write the test into the folder of the flow that carried the call",
            folder.display()
        );
    };
    let source = sources[index].clone();
    let path = Path::new(&source.path);
    let name = path.strip_prefix(folder).unwrap_or(path);
    Ok(Carrier {
        name: name.display().to_string(),
        source,
        flow,
    })
}

fn write(file: &Path, flow: &str, script: &Script) -> anyhow::Result<()> {
    let there = match fs::read_to_string(file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be read", file.display()));
        }
    };
    let text = added(there.as_deref(), flow, &script.table())?;
    fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

/// What is said of a call that was saved.
fn told(file: &Path, script: &Script) -> String {
    let file = file.display();
    let mut text = format!("saved in {file}: {}\n", script.name());
    for sentence in script.left_out() {
        // Writing to a text does not fail.
        let _ = writeln!(text, "left out: {sentence}");
    }
    text + &format!("it passes:  callwright test {file}\n")
}
