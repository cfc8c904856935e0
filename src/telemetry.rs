//! What the server tells its operator in words: the log. One event is one line, whatever a stranger has put into it.
//!
//! Metrics are counted where things happen and shown by the route `/metrics`.

use std::any::Any;
use std::io::{self, Write};
use std::panic::PanicHookInfo;

use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Registry, fmt};

use crate::config::{Log, LogFormat};
use crate::text::is_unsafe;

/// Who is not listened to, whatever the level: the library of numbering plans traces the numbers that it is asked about, and what
/// watches the flows' folder traces each change beside it, where the log itself may be written: a line would cause the next.
const UNHEARD: &str = "rlibphonenumber=off,notify=off";

/// The log could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.level` is no filter. A loaded [`Config`](crate::config::Config) has a sound one.
    #[error("`log.level` is no filter")]
    Level(#[source] tracing_subscriber::filter::ParseError),
    /// Something else in this process logs already.
    #[error("the log was begun before")]
    Twice(#[source] TryInitError),
}

/// Begins the log, on standard error, and has panics written to it. Once in a process.
///
/// # Errors
///
/// A filter that is none, or a log that was begun before.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    subscriber(log, io::stderr)?
        .try_init()
        .map_err(TelemetryError::Twice)?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// The subscriber that writes what `log` asks for to `writer`.
///
/// # Errors
///
/// A filter that is none.
pub fn subscriber<W>(log: &Log, writer: W) -> Result<impl Subscriber + Send + Sync, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        .parse(format!("{},{UNHEARD}", log.level))
        .map_err(TelemetryError::Level)?;
    let lines = fmt::layer().with_ansi(false).with_writer(OneLine(writer));
    let lines = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    };
    Ok(Registry::default().with(filter).with(lines))
}

/// Writes a panic as one error. Its message is told only when it is a literal of the source: one that was put together
/// may hold what a caller said or dialled.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    tracing::error!(
        thread = thread.name().unwrap_or("unnamed"),
        location = panic.location().map(tracing::field::display),
        "panicked: {}",
        literal(panic.payload())
    );
}

fn literal(payload: &(dyn Any + Send)) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("(its message is withheld, as it may hold a caller's data)")
}

/// Makes writers that keep each event on one line. An event comes whole, in one call of `write_all`.
struct OneLine<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for OneLine<W> {
    type Writer = OneLineWriter<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        OneLineWriter(self.0.make_writer())
    }
}

/// Writes each buffer as one line.
struct OneLineWriter<W>(W);

impl<W: Write> Write for OneLineWriter<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        if is_plain(event) {
            self.0.write_all(event)?;
            return Ok(event.len());
        }
        let text = String::from_utf8_lossy(event);
        let mut line = escaped(text.strip_suffix('\n').unwrap_or(&text));
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Whether an event is a line of ASCII letters and signs, as almost all are: it is written as it is.
fn is_plain(event: &[u8]) -> bool {
    let line = event.strip_suffix(b"\n");
    line.is_some_and(|line| line.iter().all(|byte| matches!(byte, b' '..=b'~')))
}

/// The text without what could begin a line, move a cursor or turn the direction of reading: as JSON escapes it, so that
/// a line of JSON stays one.
fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if is_unsafe(c) => line.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => line.push(c),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;

    use super::*;

    /// What was written.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .expect("nobody panics while writing")
                .extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, format: LogFormat, what: impl FnOnce()) -> String {
        let paper = Paper::default();
        let writer = paper.clone();
        let log = Log {
            level: level.to_owned(),
            format,
        };
        let subscriber = subscriber(&log, move || writer.clone()).expect("a sound filter");
        tracing::subscriber::with_default(subscriber, what);
        let bytes = paper.0.lock().expect("nobody panics while writing").clone();
        String::from_utf8(bytes).expect("lines are text")
    }

    /// Logs `text` in every place that an event has for one.
    fn log_all_over(text: &str) {
        let _span = tracing::error_span!("call", session = text).entered();
        tracing::error!(field = text, shown = %text, debugged = ?text, "{text}");
    }

    fn is_one_line(log: &str) -> bool {
        log.strip_suffix('\n')
            .is_some_and(|line| !line.chars().any(is_unsafe))
    }

    const HOSTILE: [&str; 8] = [
        "a\r\n2026-01-01T00:00:00Z ERROR forged",
        "\u{1b}[2J\u{1b}[1;31mred",
        "a\u{2028}b\u{2029}c\u{85}d",
        "\"}\n{\"level\":\"ERROR\"",
        "\u{202e}gnp.exe",
        "\0\u{7f}\u{9b}31m",
        "back\\slash\\n",
        "",
    ];

    #[test]
    fn the_library_of_numbering_plans_is_not_listened_to() {
        for level in [
            "trace",
            "rlibphonenumber=trace",
            "info,rlibphonenumber=trace",
        ] {
            let log = logged(level, LogFormat::Text, || {
                tracing::error!(target: "rlibphonenumber", "the number");
                tracing::trace!(target: "rlibphonenumber::phonenumberutil", "the number");
                tracing::error!("something else");
            });
            assert!(!log.contains("the number"), "{level}: {log}");
        }
    }

    #[test]
    fn one_event_is_one_line() {
        let long = "x\n".repeat(512 * 1024);
        for text in HOSTILE.into_iter().chain([long.as_str()]) {
            for format in [LogFormat::Text, LogFormat::Json] {
                let log = logged("info", format, || log_all_over(text));
                assert!(is_one_line(&log), "{text:.60?} in {format:?}");
            }
        }
    }

    #[test]
    fn a_line_of_json_says_what_was_meant() {
        for text in HOSTILE {
            let log = logged("info", LogFormat::Json, || log_all_over(text));
            let line: serde_json::Value = serde_json::from_str(&log).expect("it is JSON");
            for said in [&line["message"], &line["field"], &line["span"]["session"]] {
                assert_eq!(said, text);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn no_text_breaks_a_line(text in "(\\PC|[\\x00-\\x1f\\x7f-\\x9f\"\\\\]|\u{2028}|\u{202e}){0,40}") {
            for format in [LogFormat::Text, LogFormat::Json] {
                let log = logged("info", format, || log_all_over(&text));
                prop_assert!(is_one_line(&log), "{log:?}");
                if format == LogFormat::Json {
                    prop_assert!(serde_json::from_str::<serde_json::Value>(&log).is_ok(), "{log:?}");
                }
            }
        }
    }

    #[test]
    fn the_filter_is_kept_to() {
        let level = "warn,callwright::telemetry=debug";
        let log = logged(level, LogFormat::Text, || {
            tracing::debug!("ours");
            tracing::info!(target: "elsewhere", "theirs");
        });
        assert!(log.contains("ours") && !log.contains("theirs"), "{log}");
    }

    #[test]
    fn a_panic_is_told_without_data() {
        let told = |payload: Box<dyn Any + Send>| literal(&*payload).to_owned();
        assert_eq!(told(Box::new("a literal")), "a literal");
        assert!(!told(Box::new("+6591234567".to_owned())).contains("91234567"));
    }
}
