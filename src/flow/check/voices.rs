//! CW603: voices that the platform does not have, when the list of those that it has is at hand.

use std::collections::BTreeSet;

use super::FlowFile;
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::text::nearest;

pub(super) fn check(file: &FlowFile<'_>, known: &BTreeSet<String>) {
    let languages = file.languages.codes.values();
    let named = languages.filter_map(|at| at.voice.as_ref());
    for (voice, place) in named.chain(&file.defaults.voice) {
        if !known.contains(voice) {
            unknown(file, voice, place.clone(), known);
        }
    }
}

fn unknown(file: &FlowFile<'_>, voice: &str, place: Span, known: &BTreeSet<String>) {
    let help = match nearest(voice, known.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean \"{meant}\"? `callwright platform voices` lists all"),
        None => "`callwright platform voices` lists them".to_owned(),
    };
    file.report(
        Diagnostic::warning("CW603", format!("8x8 lists no voice \"{voice}\""))
            .at(place, "callers would hear nothing")
            .help(help),
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::flow::check::{Options, check_with};
    use crate::flow::diagnostic::Source;

    #[test]
    fn a_voice_that_is_not_listed_is_told_with_the_one_that_was_meant() {
        let text = "callwright = 1\n[flow]\nid = \"a\"\nstart = \"bye\"\nanswers = \"any\"\n\
                    [languages]\ndefault = \"en\"\nen.voice = \"en-GB-Ema\"\nda.voice = \"da-DK-Naja\"\n\
                    [end.bye]\nsay.en = \"Bye.\"\nsay.da = \"Farvel.\"\n";
        let source = Source {
            path: "a.toml".to_owned(),
            text: text.to_owned(),
        };
        let known = BTreeSet::from(["en-GB-Emma", "da-DK-Naja"].map(str::to_owned));
        let said = |voices| {
            let options = Options {
                voices,
                ..Options::default()
            };
            let checked = check_with(std::slice::from_ref(&source), &options);
            let faults = checked.diagnostics.into_iter();
            faults.map(|it| (it.code, it.help)).collect::<Vec<_>>()
        };
        let help = "did you mean \"en-GB-Emma\"? `callwright platform voices` lists all".to_owned();
        assert_eq!(said(Some(known)), [("CW603", Some(help))]);
        assert_eq!(said(None), []);
    }
}
