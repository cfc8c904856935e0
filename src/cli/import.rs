//! `callwright import`: carries a menu over that was written for another program.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::call::PhoneNumber;
use crate::flow::check::check;
use crate::flow::diagnostic::{Severity, Source};
use crate::foreign::{Carried, LARGEST, Left, Wanted, carry};

/// Carry a menu over from FreeSWITCH or Twilio Studio
///
/// Reads the IVR menus of FreeSWITCH (ivr.conf.xml) or a flow of Twilio Studio (JSON) and writes a flow. What has no place in a flow is told line by line, with why,
/// and what to write instead; where a call came to it stands a step that says so. Nothing is dropped in silence. Ends with 1 when `callwright check` still finds
/// errors, each of which is told as well.
///
/// Example: callwright import ivr.conf.xml --out flows/main.toml --answers +6561115779
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The file to carry over
    file: PathBuf,
    /// The flow's file, which must not be there yet; without it the flow is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The flow's id; made of the name of the flow's file, or of the file that is read, when it is not given
    #[arg(long)]
    id: Option<String>,
    /// Your virtual number whose calls come to it; any when it is not given
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    answers: Option<PhoneNumber>,
}

fn number(text: &str) -> Result<PhoneNumber, String> {
    PhoneNumber::parse_e164(text).ok_or_else(|| "write it as +6561115779".to_owned())
}

/// Carries the menu over.
pub(super) fn run(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let text = read(&args.file)?;
    let named = args.out.as_ref().unwrap_or(&args.file);
    let stem = named.file_stem().unwrap_or_default().to_string_lossy();
    let id = plain(args.id.as_deref().unwrap_or(&stem));
    let wanted = Wanted {
        id: &id,
        answers: args.answers.as_ref(),
    };
    let carried = carry(&text, wanted)
        .with_context(|| format!("{} was not carried over", args.file.display()))?;
    let out = match &args.out {
        Some(out) => {
            write(out, &carried.flow)?;
            out.display().to_string()
        }
        None => {
            super::print(&carried.flow)?;
            format!("{id}.toml")
        }
    };
    eprint!("{}", told(&args.file, &out, &carried));
    Ok(match errors(&carried.flow) {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// The file's text, if it is not too large for a menu.
fn read(file: &Path) -> anyhow::Result<String> {
    let cannot = || format!("{} cannot be read", file.display());
    let opened = fs::File::open(file).with_context(cannot)?;
    let mut text = String::new();
    let most = LARGEST as u64 + 1;
    opened
        .take(most)
        .read_to_string(&mut text)
        .with_context(cannot)?;
    Ok(text)
}

/// Writes a file that is not there yet, and its folder.
fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written", file.display());
    if file.extension().is_none_or(|it| it != "toml")
        || file.to_string_lossy().ends_with(".test.toml")
    {
        bail!("end the file's name in .toml, as in flows/main.toml");
    }
    if let Some(folder) = file.parent().filter(|folder| *folder != Path::new("")) {
        fs::create_dir_all(folder).with_context(cannot)?;
    }
    let opened = OpenOptions::new().write(true).create_new(true).open(file);
    opened
        .with_context(cannot)?
        .write_all(text.as_bytes())
        .with_context(cannot)
}

/// What is said of it: what could not be carried over, and what comes next.
fn told(file: &Path, out: &str, carried: &Carried) -> String {
    let mut text = String::new();
    for left in &carried.left {
        let Left {
            lines,
            what,
            why,
            instead,
            ..
        } = left;
        let (first, others) = lines
            .split_first()
            .map_or((1, &[][..]), |(first, others)| (*first, others));
        // Writing to a text does not fail: here and below.
        let _ = write!(text, "{}:{first}", file.display());
        if !others.is_empty() {
            let others: Vec<_> = others.iter().map(ToString::to_string).collect();
            let _ = write!(text, " (and lines {})", others.join(", "));
        }
        let _ = writeln!(
            text,
            ": {}",
            super::table::printable(&format!("{what}: {why}"))
        );
        if !instead.is_empty() {
            let _ = writeln!(
                text,
                "  write instead: {}",
                super::table::printable(instead)
            );
        }
    }
    let harmless = carried.left.iter().filter(|left| left.harmless).count();
    let need = carried.left.len() - harmless;
    let _ = writeln!(
        text,
        "{} of {} attributes and values are in the flow; {need} notes need a look, {harmless} change no call",
        carried.taken, carried.leaves
    );
    let _ = writeln!(
        text,
        "next: callwright check {out}\n      callwright phone {out}"
    );
    text
}

fn errors(flow: &str) -> usize {
    let source = Source {
        path: String::new(),
        text: flow.to_owned(),
    };
    let faults = check(&[source]).diagnostics;
    faults
        .iter()
        .filter(|fault| fault.severity == Severity::Error)
        .count()
}

/// A flow's id, made of a file's name.
fn plain(stem: &str) -> String {
    let letter = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') => c,
        _ => '-',
    };
    let id: String = stem.chars().map(letter).collect();
    match id.trim_matches('-') {
        "" => "menu".to_owned(),
        id => id.to_owned(),
    }
}
