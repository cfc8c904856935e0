//! Opening hours in texts: CW510.

use super::super::{FlowFile, TextAt};
use super::languages::name_of;
use crate::flow::diagnostic::Diagnostic;
use crate::flow::hours::speaks;
use crate::flow::model::Language;
use crate::flow::template::Part;

/// The languages that hours are said in.
const SPOKEN: &str = "Chinese, English, Indonesian, Japanese, Malay, Thai and Vietnamese";

pub(super) fn check(file: &FlowFile<'_>) {
    for text in &file.texts {
        let asked = text.template.parts().iter().find_map(|part| match part {
            Part::Place { name, span, .. } if name.as_str().starts_with("hours.") => {
                Some((name, span))
            }
            _ => None,
        });
        let Some((name, span)) = asked else { continue };
        if let Some(language) = languages(file, text)
            .into_iter()
            .find(|it| !speaks(it.as_str()))
        {
            let message = format!("{{{name}}} cannot be said in {}", name_of(language));
            file.report(
                Diagnostic::error("CW510", message)
                    .at(
                        file.within(text.value, span.clone()),
                        "would be said in English",
                    )
                    .note(format!("opening hours are said in {SPOKEN}"))
                    .help("write the hours into this text in words"),
            );
        }
    }
}

/// The languages that a text is heard in.
fn languages<'f>(file: &'f FlowFile<'_>, text: &'f TextAt<'_>) -> Vec<&'f Language> {
    match &text.language {
        Some(language) => vec![language],
        None => file.languages.codes.keys().collect(),
    }
}
