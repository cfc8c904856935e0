//! `callwright test`: plays the calls of test files.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;

use super::CANNOT_BEGIN;
use crate::config::Config;
use crate::flow::diagnostic::{Diagnostic, Source};
use crate::flow::report::{Format, Look, render};
use crate::outbound::Country;
use crate::rehearsal::{
    self, Outcome, Path as Way, Repertoire, Scripted, Show, Visited, Wire, rehearse,
};
use crate::watch::Watch;

/// Play the calls that are written down in test files
///
/// A file NAME.test.toml beside a flow holds calls, each with what the caller does and hears (docs/testing.md). They are played
/// against the server's own handler, in this process: nothing is sent, stored or waited for. Ends with 0 when all passed, 1 when one
/// failed, 2 when something could not be read.
///
/// Example: callwright test flows
#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// Test files, flow files with the tests beside them, or folders; the configured folder when none is given
    paths: Vec<PathBuf>,
    /// Make the shortest call to every step and to every key, and fail on any that goes wrong
    #[arg(long = "paths")]
    ways: bool,
    /// List the steps and keys that no test visits
    #[arg(long)]
    coverage: bool,
    /// A step or key that no test visits fails the run; with --coverage
    #[arg(long, requires = "coverage")]
    strict: bool,
    /// Compare the exact replies with those stored beside the test file, as NAME.wire.json; stores them where there are none
    #[arg(long)]
    wire: bool,
    /// Store the replies as they are now; with --wire
    #[arg(long, requires = "wire")]
    accept: bool,
    /// Write the outcome for a build server, in JUnit's form
    #[arg(long, value_name = "FILE", conflicts_with = "watch")]
    junit: Option<PathBuf>,
    /// Play them again whenever a file changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

/// What a run came to.
struct Run {
    text: String,
    failed: bool,
    unread: bool,
}

/// Plays the calls.
pub(super) fn run(args: &TestArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(None, super::environment())?;
    let paths = match args.paths.as_slice() {
        [] => vec![config.flows],
        given => given.to_vec(),
    };
    let countries = &config.outbound.countries;
    if args.watch {
        return keep_playing(args, &paths, countries);
    }
    let run = run_once(args, &paths, countries)?;
    super::print(&run.text)?;
    Ok(match (run.unread, run.failed) {
        (true, _) => ExitCode::from(CANNOT_BEGIN),
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::SUCCESS,
    })
}

/// Plays the calls now, and again after every change.
fn keep_playing(
    args: &TestArgs,
    paths: &[PathBuf],
    countries: &[Country],
) -> anyhow::Result<ExitCode> {
    let (tell, told) = std::sync::mpsc::channel();
    let folders: Vec<_> = paths.iter().map(|path| folder_of(path)).collect();
    let _watch = Watch::over(&folders, move || {
        let _ = tell.send(());
    })?;
    loop {
        super::print(&run_once(args, paths, countries)?.text)?;
        super::print("waiting for a change (Ctrl-C ends)\n")?;
        told.recv().context("the files are watched no more")?;
        // Several changes are one.
        while told.try_recv().is_ok() {}
        super::print("\n")?;
    }
}

/// The folder that is watched for a path.
fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if path.is_file() && parent == Path::new("") => PathBuf::from("."),
        Some(parent) if path.is_file() => parent.to_owned(),
        _ => path.to_owned(),
    }
}

fn run_once(args: &TestArgs, paths: &[PathBuf], countries: &[Country]) -> anyhow::Result<Run> {
    let repertoire = Repertoire::at(paths);
    let mut run = Run::faults(&repertoire);
    let ways = match args.ways {
        true => shortest(&repertoire, countries),
        false => Vec::new(),
    };
    let shows = shows(&repertoire);
    let tests = shows.len();
    let all: Vec<_> = shows
        .into_iter()
        .chain(ways.iter().flat_map(|it| it.shows(&repertoire)))
        .collect();
    let began = Instant::now();
    let outcomes = rehearse(&all, countries);
    let took = began.elapsed();
    for shown in outcomes.iter().filter_map(|outcome| outcome.shown.as_ref()) {
        run.text += &format!("{shown}\n");
        run.failed = true;
    }
    let mut strayed = outcomes[tests..].iter();
    for shortest in &ways {
        run.text += &shortest.missing(&repertoire);
        for (way, outcome) in shortest.ways.iter().zip(strayed.by_ref()) {
            if outcome.shown.is_none() && !way.leads(&outcome.visited) {
                run.text += &format!(
                    "FAIL {}  {}\n   = it came elsewhere\n\n",
                    outcome.test, outcome.name
                );
                run.failed = true;
            }
        }
    }
    if args.coverage {
        run.cover(args, &repertoire, &all[..tests], &outcomes[..tests]);
    }
    if args.wire {
        run.compare(args, &repertoire, &outcomes[..tests])?;
    }
    if let Some(file) = &args.junit {
        let written = std::fs::write(file, rehearsal::report(&outcomes));
        written.with_context(|| format!("{} cannot be written", file.display()))?;
    }
    if all.is_empty() && !run.failed && !run.unread {
        run.text +=
            "no calls: a flow's calls are written in NAME.test.toml beside it (docs/testing.md)\n";
        run.unread = true;
    } else if !outcomes.is_empty() {
        run.text += &summary(&outcomes, took);
    }
    Ok(run)
}

/// Every call of the test files that hold no fault.
fn shows(repertoire: &Repertoire) -> Vec<Show<'_>> {
    let of_file = |tested: &'_ rehearsal::Tested| {
        let flow = tested.flow?;
        let (index, flow) = &repertoire.flows[flow];
        Some((*index, flow))
    };
    repertoire
        .tests
        .iter()
        .filter_map(|tested| Some((tested, of_file(tested)?)))
        .flat_map(|(tested, (index, flow))| {
            tested.calls().iter().map(move |call| Show {
                test: &tested.file.source,
                call,
                flow,
                source: &repertoire.sources[index],
            })
        })
        .collect()
}

impl Run {
    /// What is wrong with the files, before a call is played.
    fn faults(repertoire: &Repertoire) -> Self {
        let mut run = Self {
            text: String::new(),
            failed: false,
            unread: false,
        };
        for error in &repertoire.unread {
            run.text += &format!("error: {error}\n");
            run.unread = true;
        }
        run.show(&repertoire.sources, &repertoire.flow_faults);
        for tested in &repertoire.tests {
            run.show(
                std::slice::from_ref(&tested.file.source),
                &tested.file.faults,
            );
        }
        run.failed = !repertoire.flow_faults.is_empty()
            || repertoire.tests.iter().any(|it| !it.file.faults.is_empty());
        run
    }

    fn show(&mut self, sources: &[Source], faults: &[Diagnostic]) {
        let look = Look {
            format: Format::Human,
            colour: super::colour(&io::stdout()),
            all: false,
        };
        self.text += &render(sources, faults, look);
    }

    /// Lists what no test visits.
    fn cover(
        &mut self,
        args: &TestArgs,
        repertoire: &Repertoire,
        shows: &[Show<'_>],
        outcomes: &[Outcome],
    ) {
        for nth in &repertoire.wanted {
            let (index, flow) = &repertoire.flows[*nth];
            let mut visited = Visited::default();
            let of_it = shows
                .iter()
                .zip(outcomes)
                .filter(|(show, _)| std::ptr::eq(show.flow, flow));
            of_it.for_each(|(_, outcome)| visited.join(&outcome.visited));
            let mut missing = rehearsal::unvisited(flow, &repertoire.sources[*index], &visited);
            missing = missing
                .into_iter()
                .map(|fault| fault.in_source(*index))
                .collect();
            self.show(&repertoire.sources, &missing);
            self.failed |= args.strict && !missing.is_empty();
            let all = Visited::everything(flow);
            let of = |visited: usize, all: usize, what| format!("{visited} of {all} {what}");
            self.text += &format!(
                "{}: {}, {} visited\n",
                repertoire.sources[*index].path,
                of(
                    all.steps.intersection(&visited.steps).count(),
                    all.steps.len(),
                    "steps"
                ),
                of(
                    all.keys.intersection(&visited.keys).count(),
                    all.keys.len(),
                    "keys"
                ),
            );
        }
    }

    /// Holds the replies against those that are stored.
    fn compare(
        &mut self,
        args: &TestArgs,
        repertoire: &Repertoire,
        outcomes: &[Outcome],
    ) -> anyhow::Result<()> {
        for tested in &repertoire.tests {
            let path = Path::new(&tested.file.source.path);
            let of_it = outcomes.iter().filter(|it| Path::new(&it.test) == path);
            let now = Wire::of(of_it);
            let file = Wire::beside(path);
            match Wire::stored(&file)? {
                Some(stored) if !args.accept => {
                    for difference in now.differences(&stored) {
                        self.text += &format!("WIRE {}: {difference}\n", file.display());
                        self.failed = true;
                    }
                }
                _ => {
                    now.store(&file)?;
                    self.text += &format!("replies stored in {}\n", file.display());
                }
            }
        }
        Ok(())
    }
}

/// The shortest calls of one flow.
struct Shortest {
    flow: usize,
    ways: Vec<Way>,
    calls: Vec<Scripted>,
    missing: Visited,
}

fn shortest(repertoire: &Repertoire, countries: &[Country]) -> Vec<Shortest> {
    let of_flow = |nth: &usize| {
        let (ways, missing) = rehearsal::shortest(&repertoire.flows[*nth].1, countries);
        Shortest {
            flow: *nth,
            calls: ways.iter().map(Way::scripted).collect(),
            ways,
            missing,
        }
    };
    repertoire.wanted.iter().map(of_flow).collect()
}

impl Shortest {
    fn shows<'a>(&'a self, repertoire: &'a Repertoire) -> impl Iterator<Item = Show<'a>> {
        let (index, flow) = &repertoire.flows[self.flow];
        let source = &repertoire.sources[*index];
        self.calls.iter().map(move |call| Show {
            test: source,
            call,
            flow,
            source,
        })
    }

    /// What no call comes to, though `check` may see a way.
    fn missing(&self, repertoire: &Repertoire) -> String {
        let path = &repertoire.sources[repertoire.flows[self.flow].0].path;
        let steps = self.missing.steps.iter().map(|step| format!("step {step}"));
        let keys = self
            .missing
            .keys
            .iter()
            .map(|(step, key)| format!("key {key} of menu {step}"));
        let mut text = String::new();
        for missing in steps.chain(keys) {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{path}: no call comes to {missing}");
        }
        text
    }
}

/// The last line: how many passed, and how fast.
fn summary(outcomes: &[Outcome], took: Duration) -> String {
    let failed = outcomes.iter().filter(|it| it.shown.is_some()).count();
    let passed = outcomes.len() - failed;
    let calls = |count: usize| match count {
        1 => "1 call".to_owned(),
        count => format!("{count} calls"),
    };
    let failed = match failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let rate = outcomes.len() as f64 / took.as_secs_f64().max(1e-6);
    format!(
        "{} passed{failed}, in {:.2} s ({rate:.0} calls a second)\n",
        calls(passed),
        took.as_secs_f64()
    )
}
