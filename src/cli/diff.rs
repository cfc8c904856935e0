//! `callwright diff`: what changed in a flow, in its own words.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::flow::difference::difference;

/// Say what changed in a flow: steps, keys, prompts
///
/// Between two files, or between a file as git last committed it and as it is now. How the file is laid out, comments and the order of steps are no change.
/// Ends with 0 when nothing changed, with 1 when something did.
///
/// Example: callwright diff flows/restaurant.toml
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The file as it was; or, alone, the file as it is
    before: PathBuf,
    /// The file as it is
    after: Option<PathBuf>,
    /// The commit that a file alone is compared with
    #[arg(
        long,
        value_name = "COMMIT",
        default_value = "HEAD",
        conflicts_with = "after"
    )]
    against: String,
}

/// Compares the two.
pub(super) fn run(args: &DiffArgs) -> anyhow::Result<ExitCode> {
    let (before, after) = match &args.after {
        Some(after) => (read(&args.before)?, read(after)?),
        None => (committed(&args.before, &args.against)?, read(&args.before)?),
    };
    let told = difference(&before, &after);
    super::print(&told)?;
    Ok(match told.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// A file as it is in a commit.
fn committed(path: &Path, commit: &str) -> anyhow::Result<String> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let name = path.file_name().context("name a file")?.to_string_lossy();
    let shown = Command::new("git")
        .arg("-C")
        .arg(folder.unwrap_or(Path::new(".")))
        .args(["show", "--end-of-options", &format!("{commit}:./{name}")])
        .output()
        .context("git cannot be run; name two files instead")?;
    if !shown.status.success() {
        let why = String::from_utf8_lossy(&shown.stderr);
        bail!(
            "git does not have {} in {commit}: {}",
            path.display(),
            why.trim()
        );
    }
    String::from_utf8(shown.stdout).context("what git has of it is no text")
}
