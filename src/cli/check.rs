//! `callwright check`: every fault of every flow, at once.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use super::platform::voices;
use crate::clock::Clock;
use crate::config::Config;
use crate::flow::check::{Checked, Options, check_with};
use crate::flow::diagnostic::{Severity, Source};
use crate::flow::report::{Format, Look, render};
use crate::flows_folder::{self, FolderError, Found};

/// Explain every fault in flow files
///
/// Ends with 0 when there is no fault, or warnings alone; 1 when there are errors (with --strict: or warnings); 2 when
/// something could not be read. With the list that `callwright platform voices` writes in the working directory, voices are
/// looked at too.
///
/// Example: callwright check flows/restaurant.toml
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Flow files, or folders with flow files at any depth; the configured folder when none is given
    paths: Vec<PathBuf>,
    /// How the faults are shown
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
    /// Warnings count as errors
    #[arg(long)]
    strict: bool,
    /// All faults, rather than 20 of each file
    #[arg(long)]
    all: bool,
    /// The day that calendars are asked about, such as 2026-12-25; today when it is not given
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    at: Option<jiff::civil::Date>,
    /// Ask the environment for the secrets that look-ups need
    #[arg(long)]
    env: bool,
}

/// How the faults are shown.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum FormatArg {
    /// For people: the text underlined, with help
    #[default]
    Human,
    /// For editors: path:line:column: error and code: message
    Short,
    /// For programs: one array of objects
    Json,
    /// For code hosts: SARIF 2.1.0
    Sarif,
    /// For GitHub's workflows: a remark beside each line
    Github,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Human => Self::Human,
            FormatArg::Short => Self::Short,
            FormatArg::Json => Self::Json,
            FormatArg::Sarif => Self::Sarif,
            FormatArg::Github => Self::Github,
        }
    }
}

fn parse_date(text: &str) -> Result<jiff::civil::Date, String> {
    let wrong = |_| "write year, month and day: 2026-12-25".to_owned();
    text.parse().map_err(wrong)
}

/// Runs the command. The configuration is read only when no path says where the flows are.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let configured = match args.paths.as_slice() {
        [] => Config::load(None, super::environment())?.flows,
        _ => PathBuf::new(),
    };
    let colour = super::colour(&std::io::stdout());
    let (out, err) = (&mut std::io::stdout().lock(), &mut std::io::stderr().lock());
    Ok(ExitCode::from(run_into(
        args,
        &configured,
        colour,
        out,
        err,
    )))
}

/// The same, printing to these; gives the exit code.
fn run_into(
    args: &CheckArgs,
    default_flows: &Path,
    colour: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let paths = match args.paths.as_slice() {
        [] => &[default_flows.to_owned()],
        given => given,
    };
    let Found { sources, errors } = flows_folder::find(paths);
    if sources.is_empty() {
        say_unread(&errors, err);
        let help = "help: name a flow or a folder, as in: callwright check flows";
        let _ = writeln!(err, "{help}");
        return 2;
    }
    let code = show_faults(args, &sources, colour, out, err);
    say_unread(&errors, err);
    if errors.is_empty() { code } else { 2 }
}

/// Says what could not be looked at. A reader who has gone away needs no answer: here and below.
fn say_unread(errors: &[FolderError], err: &mut dyn Write) {
    for error in errors {
        let _ = writeln!(err, "error: {error}");
    }
}

/// Prints every fault of these flows; gives the exit code.
fn show_faults(
    args: &CheckArgs,
    sources: &[Source],
    colour: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let today = || Clock::system().now().to_zoned(TimeZone::UTC).date();
    let options = Options {
        voices: voices::copied(Path::new(voices::COPY)),
        at: Some(args.at.unwrap_or_else(today)),
        environment: args
            .env
            .then(|| super::environment().map(|(name, _)| name).collect()),
    };
    let checked = check_with(sources, &options);
    let look = Look {
        format: args.format.into(),
        colour,
        all: args.all,
    };
    let _ = out.write_all(render(sources, &checked.diagnostics, look).as_bytes());
    let flows = sources.iter().filter(|it| it.path.ends_with(".toml"));
    let count = Count::of(&checked, flows.count());
    let _ = match args.format {
        FormatArg::Human => writeln!(out, "{count}"),
        _ => writeln!(err, "{count}"),
    };
    u8::from(count.errors > 0 || args.strict && count.warnings > 0)
}

/// How many faults there are.
struct Count {
    errors: usize,
    warnings: usize,
    notes: usize,
    files: usize,
}

impl Count {
    fn of(checked: &Checked, files: usize) -> Self {
        let count = |severity| {
            let all = checked.diagnostics.iter();
            all.filter(|fault| fault.severity == severity).count()
        };
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Info),
            files,
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let some = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            count => Some(format!("{count} {what}s")),
        };
        let faults: Vec<_> = [(self.errors, "error"), (self.warnings, "warning")]
            .into_iter()
            .filter_map(|(count, what)| some(count, what))
            .collect();
        let notes = some(self.notes, "note").map_or(String::new(), |notes| format!(", {notes}"));
        if faults.is_empty() {
            let flows = some(self.files, "flow").unwrap_or_default();
            return write!(f, "{flows}, no faults{notes}");
        }
        let files = some(self.files, "file").unwrap_or_default();
        write!(f, "{}{notes} in {files}", faults.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use clap::Parser;

    use super::{CheckArgs, run_into};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        check: CheckArgs,
    }

    /// Runs the command in a folder that holds one flow, and gives exit code, output and error output.
    fn run(flow: &str, arguments: &[&str]) -> (u8, String, String) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a.toml"), flow).expect("a file");
        run_in(folder.path(), arguments)
    }

    fn run_in(folder: &Path, arguments: &[&str]) -> (u8, String, String) {
        let line = Line::try_parse_from([&["check"], arguments].concat()).expect("arguments");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run_into(&line.check, folder, false, &mut out, &mut err);
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (code, text(out), text(err))
    }

    const GOOD: &str = "[flow]\nid = \"a\"\nstart = \"bye\"\n[end.bye]\nsay = \"x\"\n";

    #[test]
    fn exit_codes_and_the_last_line() {
        let warning = format!("{GOOD}[end.lost]\nsay = \"x\"\n");
        let wrong = format!("{warning}x = 1\ny = 2\n");
        for (flow, arguments, code, last) in [
            (GOOD, &[][..], 0, "1 flow, no faults"),
            (GOOD, &["--at", "2026-12-25"], 0, "1 flow, no faults"),
            (&warning, &[], 0, "1 warning in 1 file"),
            (&warning, &["--strict"], 1, "1 warning in 1 file"),
            (&wrong, &["--all"], 1, "2 errors, 1 warning in 1 file"),
        ] {
            let (exit, out, err) = run(flow, arguments);
            assert_eq!(
                (exit, out.lines().last(), err.as_str()),
                (code, Some(last), "")
            );
        }
    }

    #[test]
    fn programs_get_their_output_alone() {
        let (code, out, err) = run(GOOD, &["--format", "json"]);
        assert_eq!(
            (code, out.as_str(), err.as_str()),
            (0, "[]\n", "1 flow, no faults\n")
        );
        let (_, out, _) = run("x", &["--format", "short"]);
        assert!(out.contains("a.toml:1:2: error[CW016]: "), "{out}");
    }

    #[test]
    fn one_file_that_cannot_be_read_hides_no_fault_of_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let wrong = format!("{GOOD}x = 1\n");
        fs::write(folder.path().join("wrong.toml"), wrong).expect("a file");
        let large = fs::File::create(folder.path().join("large.toml")).expect("a file");
        large.set_len(8 * 1024 * 1024 + 1).expect("a sparse file");
        let (code, out, err) = run_in(folder.path(), &[]);
        assert_eq!((code, out.lines().last()), (2, Some("1 error in 1 file")));
        assert!(out.contains("error[CW003]: \"x\""), "{out}");
        assert!(
            err.starts_with("error: ") && err.ends_with("is larger than 8 MiB, which is no flow\n"),
            "{err}"
        );
    }

    #[test]
    fn what_could_not_be_looked_at_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let (code, out, err) = run_in(folder.path(), &[]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.starts_with("error: there is no flow in "), "{err}");
        let (code, _, err) = run_in(folder.path(), &["/nowhere/x.toml"]);
        assert_eq!(code, 2);
        assert!(
            err.starts_with("error: there is no file or folder /nowhere/x.toml\nhelp: "),
            "{err}"
        );
    }
}
