//! `callwright phone`: calls a flow in the terminal.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::clock::Clock;
use crate::phone::terminal::{Outcome, Terminal, parse_time};
use crate::rehearsal::added;

/// Call a flow in the terminal
///
/// You read what a caller would hear and type what a caller would press; time takes no time, and nothing is sent or kept.
/// `:help` lists what else can be typed, such as `:save FILE.test.toml`, which writes the call down as a test.
///
/// Example: callwright phone flows/restaurant.toml --at "2026-12-25 12:00"
#[derive(Debug, Args)]
pub(super) struct PhoneArgs {
    /// The flow's file
    flow: PathBuf,
    /// When the call begins, on the flow's clock; now when it is not given
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<DateTime>,
    /// The number that calls
    #[arg(long, value_name = "NUMBER", default_value = "+6591234567")]
    from: String,
}

fn time(text: &str) -> Result<DateTime, String> {
    parse_time(text, now(&TimeZone::UTC))
        .ok_or_else(|| "write it as \"2026-12-25 12:00\"".to_owned())
}

fn now(zone: &TimeZone) -> DateTime {
    let now = zone.to_datetime(Clock::system().now());
    now.with().subsec_nanosecond(0).build().unwrap_or(now)
}

/// Carries the call until it is quit.
pub(super) fn run(args: &PhoneArgs) -> anyhow::Result<ExitCode> {
    let flow = match super::one_flow(&args.flow) {
        Ok(flow) => flow,
        Err(code) => return Ok(code),
    };
    let at = args.at.unwrap_or_else(|| now(&flow.zone));
    let (mut terminal, opening) = Terminal::new(flow, &args.from, at);
    let typed = io::stdin().is_terminal();
    let mut lines = io::stdin().lock().lines();
    say(&opening)?;
    loop {
        say(terminal.prompt())?;
        let Some(line) = lines.next() else {
            say("\n")?;
            return Ok(ExitCode::SUCCESS);
        };
        let line = line.context("what was typed is no text")?;
        echo(&terminal, &line, typed)?;
        match terminal.take(&line) {
            Outcome::Text(text) => say(&text)?,
            Outcome::Save { file, table } => say(&save(&args.flow, Path::new(&file), &table))?,
            Outcome::Quit => return Ok(ExitCode::SUCCESS),
        }
    }
}

/// Shows the line where it was not typed, and hides a secret where it was.
fn echo(terminal: &Terminal, line: &str, typed: bool) -> anyhow::Result<()> {
    let shown = terminal.shown(line);
    match typed {
        false => say(&format!("{shown}\n")),
        // One line up, and over what stands there.
        true if shown != line => say(&format!("\x1b[1A\r\x1b[K{}{shown}\n", terminal.prompt())),
        true => Ok(()),
    }
}

/// Adds the call to a test file; gives what to say of it.
fn save(flow: &Path, file: &Path, table: &str) -> String {
    let beside = flow.canonicalize().unwrap_or_else(|_| flow.to_owned());
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    let tested = match folder.ok().and_then(|folder| {
        let name = beside.strip_prefix(&folder).ok()?;
        Some(name.display().to_string())
    }) {
        Some(name) => name,
        None => beside.display().to_string(),
    };
    let there = match fs::read_to_string(file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return format!(" ({} cannot be read: {error})\n", file.display()),
    };
    let text = match added(there.as_deref(), &tested, table) {
        Ok(text) => text,
        Err(error) => return format!(" ({error})\n"),
    };
    match fs::write(file, text) {
        Ok(()) => format!(" (saved in {})\n", file.display()),
        Err(error) => format!(" ({} cannot be written: {error})\n", file.display()),
    }
}

/// Prints at once, so that a prompt is there before the answer is waited for. A reader who has gone away ends the command.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
