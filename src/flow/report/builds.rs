//! Diagnostics for those who build: SARIF 2.1.0, which code hosts show beside the lines, and the commands of GitHub's workflows.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::{Value, json};

use crate::flow::diagnostic::{Diagnostic, Label, Severity, Source};
use crate::text::Lines;

/// One SARIF log. Columns count characters; the end is behind the last one.
pub(super) fn sarif(
    sources: &[Source],
    places: &[Lines<'_>],
    diagnostics: &[Diagnostic],
) -> String {
    let codes: BTreeSet<&str> = diagnostics.iter().map(|fault| fault.code).collect();
    let rules: Vec<_> = codes.iter().map(|code| json!({ "id": code })).collect();
    let location = |label: &Label| {
        let path = sources.get(label.source).map_or("", |source| &source.path);
        let ((line, column), (end_line, end_column)) = ends(places, label.source, &label.span);
        let region = json!({
            "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column,
        });
        let mut location = json!({
            "physicalLocation": { "artifactLocation": { "uri": uri(path) }, "region": region },
        });
        if !label.text.is_empty() {
            location["message"] = json!({ "text": label.text });
        }
        location
    };
    let result = |fault: &Diagnostic| {
        let locations: Vec<Value> = fault.labels.iter().map(location).collect();
        let (first, further) = locations.split_at(locations.len().min(1));
        json!({
            "ruleId": fault.code,
            "level": match fault.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "note",
            },
            "message": { "text": whole(fault) },
            "locations": first,
            "relatedLocations": further,
        })
    };
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "callwright",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": diagnostics.iter().map(result).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

/// One command a line: `::error file=…,line=…::…`.
pub(super) fn github(
    sources: &[Source],
    places: &[Lines<'_>],
    diagnostics: &[Diagnostic],
) -> String {
    let line = |fault: &Diagnostic| {
        let word = match fault.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let (source, span) = fault
            .labels
            .first()
            .map_or((0, 0..0), |label| (label.source, label.span.clone()));
        let path = sources.get(source).map_or("", |source| &source.path);
        let ((line, column), (end_line, end_column)) = ends(places, source, &span);
        format!(
            "::{word} file={},line={line},col={column},endLine={end_line},endColumn={end_column},title={}::{}\n",
            property(path),
            fault.code,
            data(&whole(fault)),
        )
    };
    diagnostics.iter().map(line).collect()
}

/// Message, notes and help.
fn whole(fault: &Diagnostic) -> String {
    let notes = fault.notes.iter().map(|note| format!("\nnote: {note}"));
    let help = fault.help.iter().map(|help| format!("\nhelp: {help}"));
    let further: String = notes.chain(help).collect();
    format!("{}{further}", fault.message)
}

/// Line and column of a span's beginning and of its end.
type Ends = ((usize, usize), (usize, usize));

fn ends(places: &[Lines<'_>], source: usize, span: &Range<usize>) -> Ends {
    let at = |byte| places.get(source).map_or((1, 1), |lines| lines.place(byte));
    (at(span.start), at(span.end))
}

/// A path as a reference: what no reference may hold stands in percent signs.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte);
    path.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

/// What the runner takes back out of a message.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// … and out of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{github, sarif};
    use crate::flow::diagnostic::{Diagnostic, Source};
    use crate::text::Lines;

    fn one() -> (Vec<Source>, Vec<Diagnostic>) {
        let source = Source {
            path: "menus/a b,c.toml".to_owned(),
            text: "x = 1\nsay = \"按1\"\n".to_owned(),
        };
        let fault = Diagnostic::error("CW301", "100 % wrong")
            .at(13..16, "here")
            .also(0..1, "and here")
            .note("so it is")
            .help("write: 2");
        (vec![source], vec![fault])
    }

    #[test]
    fn github_gets_one_command_a_fault() {
        let (sources, faults) = one();
        let places = [Lines::of(&sources[0].text)];
        assert_eq!(
            github(&sources, &places, &faults),
            "::error file=menus/a b%2Cc.toml,line=2,col=8,endLine=2,endColumn=9,title=CW301::100 %25 wrong%0Anote: so it is%0Ahelp: write: 2\n"
        );
    }

    #[test]
    fn sarif_says_where_and_what() {
        let (sources, faults) = one();
        let places = [Lines::of(&sources[0].text)];
        let log: serde_json::Value =
            serde_json::from_str(&sarif(&sources, &places, &faults)).expect("JSON");
        let result = &log["runs"][0]["results"][0];
        assert_eq!(result["ruleId"], "CW301");
        assert_eq!(result["level"], "error");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "menus/a%20b%2Cc.toml");
        assert_eq!(place["region"]["startColumn"], 8);
        assert_eq!(result["relatedLocations"][0]["message"]["text"], "and here");
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][0]["id"], "CW301");
    }
}
