//! `callwright new`: a first flow, with its test.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use crate::call::PhoneNumber;
use crate::flow::check;
use crate::flow::first::{First, Tongue};

/// Write a first flow, with its test
///
/// Asks three questions, or takes their answers as flags: what callers reach, by which number, and who speaks to those who want a person. What is written
/// passes `callwright check --strict` and `callwright test --coverage --strict`; change its words, and ask again. The language's schema is written beside it, for editors.
///
/// Example: callwright new flows/pizza.toml --name "Pizza Roma" --answers +6561115779 --person +6568332048
#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// The file to write; its test is written beside it
    file: PathBuf,
    /// What callers reach: a restaurant, a clinic, a company
    #[arg(long)]
    name: Option<String>,
    /// Your virtual number whose calls come to it, or "any"
    #[arg(long, value_name = "NUMBER")]
    answers: Option<String>,
    /// The number that is called for those who want to speak to somebody; "none" when there is none
    #[arg(long, value_name = "NUMBER")]
    person: Option<String>,
    /// The languages it speaks, the one it begins in first
    #[arg(long = "language", value_name = "LANGUAGE", value_enum, default_values = ["en"])]
    languages: Vec<TongueArg>,
}

/// A language that there are words for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TongueArg {
    En,
    Zh,
}

impl From<TongueArg> for Tongue {
    fn from(language: TongueArg) -> Self {
        match language {
            TongueArg::En => Self::English,
            TongueArg::Zh => Self::Chinese,
        }
    }
}

/// Writes the flow and its test.
pub(super) fn run(args: &NewArgs) -> anyhow::Result<ExitCode> {
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let stem = match name.strip_suffix(".toml") {
        Some(stem) if !stem.is_empty() && !stem.ends_with(".test") => stem.to_owned(),
        _ => bail!("end the file's name in .toml, as in flows/pizza.toml"),
    };
    let test = args.file.with_file_name(format!("{stem}.test.toml"));
    for file in [&args.file, &test] {
        if file.exists() {
            bail!("{} is there already, and stays as it is", file.display());
        }
    }
    let name = answer(args.name.as_ref(), "What do callers reach? (Pizza Roma)")?;
    let answers = answer(
        args.answers.as_ref(),
        "Which number of yours do they call? (+6561115779, or any)",
    )?;
    let person = answer(
        args.person.as_ref(),
        "Who speaks to those who want a person? (+6568332048, or none)",
    )?;
    let mut tongues: Vec<Tongue> = args.languages.iter().map(|it| (*it).into()).collect();
    tongues.dedup();
    let first = First {
        id: id(&stem),
        name: printable(&name),
        answers: number(&answers, "any")?,
        person: number(&person, "none")?,
        tongues,
    };
    write(&args.file, &first.flow())?;
    write(&test, &first.test(&format!("{stem}.toml")))?;
    // Its first line leads editors there; one that is there may be of another version, and is its owner's to renew.
    let schema = args.file.with_file_name("flow.schema.json");
    let schema = match schema.exists() {
        true => String::new(),
        false => {
            write(&schema, &check::schema())?;
            format!(", and {} for your editor", schema.display())
        }
    };
    let (flow, test) = (args.file.display(), test.display());
    super::print(&format!(
        "written: {flow} and {test}{schema}\nnext:    callwright check {flow}\n         callwright test {flow}\n         callwright phone {flow}\n"
    ))
}

/// The answer to a question: the flag's, or what is typed.
fn answer(flag: Option<&String>, question: &str) -> anyhow::Result<String> {
    if let Some(given) = flag {
        return Ok(given.trim().to_owned());
    }
    let mut out = io::stdout().lock();
    write!(out, "{question} ")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    match line.trim() {
        "" => bail!("that question has no answer; write it, or give it as a flag (--help)"),
        typed => Ok(typed.to_owned()),
    }
}

/// A number in international form, or the word that stands for none.
fn number(answer: &str, none: &str) -> anyhow::Result<Option<PhoneNumber>> {
    if answer == none {
        return Ok(None);
    }
    let tight: String = answer
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect();
    let number = PhoneNumber::parse_e164(&tight);
    let number = number.with_context(|| format!("write the number as +6561115779, or {none}"))?;
    Ok(Some(number))
}

/// A flow's id, made of a file's name.
fn id(stem: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') => c,
        _ => '-',
    };
    stem.chars().map(plain).collect()
}

/// A name as it can be spoken: no quotes, no braces, on one line.
fn printable(name: &str) -> String {
    let plain = name
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '"' | '\\' | '{' | '}'));
    plain.collect::<String>().trim().to_owned()
}

/// Writes a file that is not there yet, and its folder.
fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written", file.display());
    if let Some(folder) = file.parent().filter(|folder| *folder != Path::new("")) {
        fs::create_dir_all(folder).with_context(cannot)?;
    }
    let opened = OpenOptions::new().write(true).create_new(true).open(file);
    opened
        .with_context(cannot)?
        .write_all(text.as_bytes())
        .with_context(cannot)
}
