//! The outcome of a run for build servers, as JUnit's XML.

use std::fmt::Write as _;

use super::Outcome;

/// All outcomes as one report, a suite for each test file.
pub fn report(outcomes: &[Outcome]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let failed = outcomes.iter().filter(|it| it.shown.is_some()).count();
    // Writing to a text does not fail: here and below.
    let _ = writeln!(
        text,
        "<testsuites name=\"callwright\" tests=\"{}\" failures=\"{failed}\">",
        outcomes.len()
    );
    for suite in outcomes.chunk_by(|a, b| a.test == b.test) {
        let failed = suite.iter().filter(|it| it.shown.is_some()).count();
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\">",
            escaped(&suite[0].test),
            suite.len()
        );
        for outcome in suite {
            case(&mut text, outcome);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn case(text: &mut String, outcome: &Outcome) {
    let _ = write!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.6}\"",
        escaped(&outcome.test),
        escaped(&outcome.name),
        outcome.took.as_secs_f64()
    );
    let Some(shown) = &outcome.shown else {
        text.push_str("/>\n");
        return;
    };
    let first = shown.lines().next().unwrap_or_default();
    let _ = write!(
        text,
        ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
        escaped(first),
        escaped(shown)
    );
}

/// A text as XML has it; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Outcome, report};

    #[test]
    fn failures_are_told_with_what_xml_can_hold() {
        let outcome = |name: &str, shown: Option<&str>| Outcome {
            test: "a.test.toml".to_owned(),
            name: name.to_owned(),
            shown: shown.map(str::to_owned),
            took: Duration::from_millis(2),
            visited: super::super::Visited::default(),
            replies: Vec::new(),
        };
        let text = report(&[
            outcome("good", None),
            outcome("\"bad\"", Some("FAIL <x>\u{1}\n | &")),
        ]);
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="callwright" tests="2" failures="1">
  <testsuite name="a.test.toml" tests="2" failures="1">
    <testcase classname="a.test.toml" name="good" time="0.002000"/>
    <testcase classname="a.test.toml" name="&quot;bad&quot;" time="0.002000">
      <failure message="FAIL &lt;x&gt;">FAIL &lt;x&gt;
 | &amp;</failure>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(text, expected);
    }
}
