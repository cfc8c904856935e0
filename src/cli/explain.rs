//! `callwright explain CW101`: the long text of a fault.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;

use crate::text::nearest;

/// What every fault means, each under a heading of its own.
const DIAGNOSTICS: &str = include_str!("../../docs/diagnostics.md");

/// Explain a fault: what it means, an example, and what to do
///
/// Example: callwright explain CW101
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The fault's code, such as CW101
    code: String,
}

/// Runs the command.
pub(super) fn run(args: &ExplainArgs) -> ExitCode {
    let (out, err) = (&mut std::io::stdout().lock(), &mut std::io::stderr().lock());
    ExitCode::from(run_into(args, out, err))
}

/// The same, printing to these; gives the exit code.
fn run_into(args: &ExplainArgs, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let code = args.code.trim().to_uppercase();
    // A reader who has gone away needs no answer: here and below.
    if let Some(section) = section(&code) {
        let _ = writeln!(out, "{}", section.trim_end());
        return 0;
    }
    let near = near(&code).join(", ");
    let _ = writeln!(err, "error: there is no code {code}; near it: {near}");
    let _ = writeln!(
        err,
        "help: callwright check prints the code of each fault in brackets"
    );
    2
}

/// The section of a code, its heading first.
fn section(code: &str) -> Option<&'static str> {
    let heading = format!("## {code}:");
    let start = headings().find(|at| DIAGNOSTICS[*at..].starts_with(&heading))?;
    let end = headings().find(|at| *at > start);
    let section = &DIAGNOSTICS[start..end.unwrap_or(DIAGNOSTICS.len())];
    // A heading of the level above ends the section too.
    let next_part = section.find("\n# ").unwrap_or(section.len());
    Some(&section[..next_part])
}

/// Where the sections begin.
fn headings() -> impl Iterator<Item = usize> {
    let behind = DIAGNOSTICS.match_indices("\n## ").map(|(at, _)| at + 1);
    DIAGNOSTICS
        .starts_with("## ")
        .then_some(0)
        .into_iter()
        .chain(behind)
}

/// All codes, in the order of the document.
fn codes() -> impl Iterator<Item = &'static str> {
    headings()
        .filter_map(|at| DIAGNOSTICS[at..].strip_prefix("## ")?.split_once(':'))
        .map(|(code, _)| code)
        .filter(|code| code.starts_with("CW"))
}

/// The codes that a person may have meant: those of the same hundred, the nearest first.
fn near(code: &str) -> Vec<&'static str> {
    let hundred = code.get(..3).unwrap_or_default();
    let alike: Vec<_> = codes().filter(|other| other.starts_with(hundred)).collect();
    let meant = nearest(code, alike.iter().copied());
    let others = alike.iter().copied().filter(|other| Some(*other) != meant);
    let near: Vec<_> = meant.into_iter().chain(others).take(8).collect();
    if near.is_empty() {
        return codes().take(8).collect();
    }
    near
}

#[cfg(test)]
mod tests {
    use super::{ExplainArgs, codes, run_into, section};

    fn run(code: &str) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args = ExplainArgs {
            code: code.to_owned(),
        };
        let exit = run_into(&args, &mut out, &mut err);
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (exit, text(out), text(err))
    }

    #[test]
    fn each_code_has_its_own_section() {
        for code in codes() {
            let section = section(code).expect("a heading has a section");
            assert!(section.starts_with(&format!("## {code}: ")), "{section}");
            assert_eq!(section.matches("\n## ").count(), 0, "{code}");
        }
        let (exit, out, _) = run("cw101");
        assert_eq!(exit, 0);
        assert!(out.starts_with("## CW101: "), "{out}");
    }

    #[test]
    fn an_unknown_code_brings_near_ones() {
        let (exit, out, err) = run("CW120");
        assert_eq!((exit, out.as_str()), (2, ""));
        assert!(
            err.starts_with("error: there is no code CW120; near it: CW1"),
            "{err}"
        );
        assert_eq!(run("").0, 2);
        assert_eq!(run("按").0, 2);
    }
}
