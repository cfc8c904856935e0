//! Which variables there are: CW401, CW403.

use std::collections::{BTreeMap, BTreeSet};

use super::super::written;
use super::super::{FlowFile, TextAt};
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::template::Part;
use crate::text::nearest;

/// The variables that every call has.
const BUILT_IN: [&str; 6] = [
    "caller",
    "called",
    "caller.country",
    "language",
    "call.id",
    "call.last_menu",
];

pub(super) fn check(file: &FlowFile<'_>) {
    let made = made(file);
    let handed_in = file.head.needs.iter().map(|(name, _)| &**name);
    let own: Vec<&str> = made.keys().copied().chain(handed_in).collect();
    let mut meant = BTreeSet::new();
    for text in &file.texts {
        unknown(file, text, &own, &mut meant);
    }
    for (name, origin) in made.iter().filter(|(name, _)| !meant.contains(*name)) {
        unused(file, name, origin);
    }
}

/// Where a variable gets its value first.
struct Origin {
    /// "saved" or "set".
    how: &'static str,
    place: Span,
}

/// The variables that the steps save and set, also those of steps with faults.
fn made<'a>(file: &FlowFile<'a>) -> BTreeMap<&'a str, Origin> {
    let mut made = BTreeMap::new();
    for step in &file.steps {
        if let Some(asked) = step.asked() {
            let (how, place) = ("saved", asked.place);
            made.entry(asked.save).or_insert(Origin { how, place });
        }
        for entry in step.presses().iter().flat_map(|press| press.sets()) {
            let (how, place) = ("set", written::key(file, entry));
            made.entry(&*entry.key).or_insert(Origin { how, place });
        }
    }
    made
}

/// CW401. Adds to `meant` the names that misspelt ones most likely meant.
fn unknown<'n>(
    file: &FlowFile<'_>,
    text: &TextAt<'_>,
    own: &[&'n str],
    meant: &mut BTreeSet<&'n str>,
) {
    for part in text.template.parts() {
        let Part::Place { name, span, .. } = part else {
            continue;
        };
        let name = name.as_str();
        if own.contains(&name) || BUILT_IN.contains(&name) {
            continue;
        }
        let known: Vec<&str> = own.iter().copied().chain(BUILT_IN).collect();
        let near = nearest(name, known.iter().copied());
        meant.extend(near);
        let place = file.within(text.value, span.clone());
        let message = format!("{{{name}}} is not known here; known: {}", known.join(", "));
        file.report(
            Diagnostic::error("CW401", message)
                .at(place, "no step saves or sets it")
                .help(match near {
                    Some(near) => format!("did you mean {{{near}}}?"),
                    None => {
                        format!("save it in an ask, or set it with a key: set.{name} = \"...\"")
                    }
                }),
        );
    }
}

/// CW403.
fn unused(file: &FlowFile<'_>, name: &str, origin: &Origin) {
    // Also in texts that could not be read.
    let spoken = [format!("{{{name}}}"), format!("{{{name}:")]
        .iter()
        .any(|place| file.text.contains(place));
    let given = file.head.gives.iter().any(|(given, _)| given == name);
    if !spoken && !given {
        let how = origin.how;
        file.report(
            Diagnostic::warning("CW403", format!("\"{name}\" is {how} but never used"))
                .at(origin.place.clone(), format!("{how} here"))
                .help(format!("use it in a text, as {{{name}}}")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::trial::{codes, faults, said};

    #[test]
    fn unknown_names_are_told_with_the_known_ones() {
        assert_eq!(
            said("[ask.main]\nsay = \"?\"\ndigits = 4\nsave = \"ref\"\ngo = \"bye\"\n[message.x]\nsay = \"{reff}{ref:digits}\"\ngo = \"bye\"\n")
                .iter()
                .find(|line| line.starts_with("CW401"))
                .map(String::as_str),
            Some(
                "CW401: {reff} is not known here; known: ref, caller, called, caller.country, language, call.id, \
                 call.last_menu [{reff}]"
            )
        );
    }

    #[test]
    fn near_names_are_suggested() {
        for (name, help) in [
            ("caler", "did you mean {caller}?"),
            ("call.lastmenu", "did you mean {call.last_menu}?"),
            (
                "xyz",
                "save it in an ask, or set it with a key: set.xyz = \"...\"",
            ),
        ] {
            let faults = faults(&format!("[end.main]\nsay = \"{{{name}}}\"\n"));
            let fault = faults.iter().find(|fault| fault.code == "CW401");
            assert_eq!(
                fault.and_then(|fault| fault.help.as_deref()),
                Some(help),
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_never_used_is_told() {
        let flow = |set: &str, say: &str| {
            codes(&format!(
                "[menu.main]\nsay = \"Choose.\"\npress.1 = {{ {set}go = \"thanks\" }}\n[end.thanks]\nsay = \"{say}\"\n"
            ))
        };
        assert_eq!(flow("set.day = \"today\", ", "Thanks"), ["CW403"]);
        assert_eq!(flow("set.day = \"today\", ", "Thanks for {day}"), [""; 0]);
        assert_eq!(
            flow(
                "set.day = \"today\", set.other = \"{day}\", ",
                "Thanks for {other}"
            ),
            ["CW402"]
        );
    }
}
