//! A call that was made of a trace, tried against its flow: what stands in for what was left out may be spoken, and then the words that speak of it are left out
//! as well. What still runs otherwise is no test.

use std::cell::Cell;

use super::failure::{Failure, Of};
use super::line::Verb;
use super::play::play;
use super::script::{self, TestFile};
use super::stage::Stage;
use super::traced::{NoTest, Traced, Unlike};
use super::written::{Script, added};
use crate::flow::Flow;
use crate::flow::diagnostic::Source;
use crate::outbound::Country;

/// The test of a call, which passes against `flow`, the one of the file `source`.
///
/// # Errors
///
/// It does not pass there: how, as a failed test is shown.
pub fn fitted(
    traced: Traced,
    flow: &Flow,
    source: &Source,
    countries: &[Country],
) -> Result<Script, NoTest> {
    let stage = Stage::new(flow, countries);
    let fitting = Fitting {
        stage: &stage,
        flow,
        source,
        // The words of another version are other words.
        drops: traced.unlike != Unlike::Version,
        plays: Cell::default(),
    };
    let Traced {
        script,
        times,
        unlike,
    } = traced;
    let first = fitting.fit(script.clone());
    let shown = match first {
        Ok(script) => return Ok(script),
        Err(shown) => shown,
    };
    // Who called just before closing time was asked for the hours after it.
    for at in times.into_iter().skip(1) {
        let mut later = script.clone();
        later.begins_at(at);
        if let Ok(mut script) = fitting.fit(later) {
            script.leaves_out(
                "when the call began; the time is that of a later key, by which the hours decided"
                    .to_owned(),
            );
            return Ok(script);
        }
    }
    Err(NoTest::Elsewhere { shown, unlike })
}

struct Fitting<'a> {
    stage: &'a Stage,
    flow: &'a Flow,
    source: &'a Source,
    /// Whether words that are not heard may be left out.
    drops: bool,
    /// How often it was played.
    plays: Cell<u64>,
}

impl Fitting<'_> {
    /// The script without the words that speak of what was left out, or how it fails.
    fn fit(&self, mut script: Script) -> Result<Script, String> {
        loop {
            let file = read(&script);
            let Some(call) = file.calls.first() else {
                let faults: Vec<_> = file.faults.iter().map(|it| it.message.clone()).collect();
                return Err(faults.join("\n"));
            };
            // Each time it is another session: the server remembers the ones before.
            self.plays.set(self.plays.get() + 1);
            let Some(failure) = play(self.stage, self.flow, call, self.plays.get()).failure else {
                return Ok(script);
            };
            let line = |failure: &Failure| {
                let span = failure.span.clone()?;
                call.lines.iter().position(|line| line.span == span)
            };
            match line(&failure) {
                Some(nth) if self.drops && matches!(call.lines[nth].verb, Verb::Hear(_)) => {
                    script.take_out(nth);
                    script.leaves_out(
                        "words that speak of what was left out; the step stands in for them"
                            .to_owned(),
                    );
                }
                _ => {
                    return Err(failure.shown(Of {
                        name: &call.name,
                        test: &file.source,
                        flow: self.flow,
                        source: self.source,
                    }));
                }
            }
        }
    }
}

/// The script as a file of its own.
fn read(script: &Script) -> TestFile {
    let text = added(None, "flow.toml", &script.table()).unwrap_or_default();
    let path = "the call as it was".to_owned();
    script::read(Source { path, text })
}
