//! Which variables there are: CW401, CW403.

use std::collections::{BTreeMap, BTreeSet};

use super::super::center::queue_asked;
use super::super::{FlowFile, TextAt};
use super::super::{lookups, written};
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::file::Entry;
use crate::flow::template::{Part, is_variable_name, secret_name};
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

/// What can be asked of hours.
const HOURS: [&str; 2] = ["spoken", "next_open"];

pub(super) fn check(file: &FlowFile<'_>) {
    let made = made(file);
    let handed_in = file.head.needs.iter().map(|(name, _)| &**name);
    let given = given(file);
    let own: Vec<&str> = made
        .keys()
        .map(String::as_str)
        .chain(handed_in)
        .chain(given.iter().map(String::as_str))
        .collect();
    gives(file, &own);
    let mut meant = BTreeSet::new();
    for text in &file.texts {
        unknown(file, text, &own, &mut meant);
    }
    decided_by(file, &own, &mut meant);
    for (name, origin) in made.iter().filter(|(name, _)| !meant.contains(&***name)) {
        unused(file, name, origin);
    }
}

/// What the sub-flows give that a file uses.
fn given(file: &FlowFile<'_>) -> Vec<String> {
    let subs = file.subs.iter();
    subs.flat_map(|(step, (sub, _))| {
        let user = &file.steps[*step].name;
        sub.gives.iter().map(move |name| format!("{user}.{name}"))
    })
    .collect()
}

/// CW401 for what a sub-flow promises to give.
fn gives(file: &FlowFile<'_>, own: &[&str]) {
    for (name, place) in &file.head.gives {
        if !own.contains(&name.as_str()) {
            let near = nearest(name, own.iter().copied());
            file.report(
                Diagnostic::error(
                    "CW401",
                    format!("\"{name}\" is given, but no step saves or sets it"),
                )
                .at(place.clone(), "would always be empty")
                .help(match near {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => "take it out of gives, or save it in a step".to_owned(),
                }),
            );
        }
    }
}

/// Where a variable gets its value first.
pub(super) struct Origin {
    /// "saved" or "set".
    how: &'static str,
    place: Span,
}

/// The variables that the steps save and set, also those of steps with faults.
pub(super) fn made(file: &FlowFile<'_>) -> BTreeMap<String, Origin> {
    let mut made = BTreeMap::new();
    for step in &file.steps {
        if let Some(asked) = step.asked() {
            let (how, place) = ("saved", asked.place);
            made.entry(asked.save.to_owned())
                .or_insert(Origin { how, place });
        }
        for entry in step.presses().iter().flat_map(|press| press.sets()) {
            let (how, place) = ("set", written::key(file, entry));
            made.entry(entry.key.clone())
                .or_insert(Origin { how, place });
        }
        let saves = step.table;
        for entry in lookups::saves(saves)
            .iter()
            .filter(|_| step.kind == "lookup")
        {
            let (how, place) = ("saved", written::key(file, entry));
            made.entry(entry.key.clone())
                .or_insert(Origin { how, place });
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
        let place = file.within(text.value, span.clone());
        if secret_name(name).is_some() {
            misplaced_secret(file, text, name, place);
            continue;
        }
        let known = own.contains(&name) || BUILT_IN.contains(&name);
        if known || is_of_hours(file, name) || is_of_unknown_use(file, name) {
            continue;
        }
        let hours = names_of_hours(file);
        let known: Vec<&str> = own
            .iter()
            .copied()
            .chain(BUILT_IN)
            .chain(hours.iter().map(String::as_str))
            .collect();
        let near = nearest(name, known.iter().copied());
        meant.extend(own.iter().copied().filter(|own| near == Some(*own)));
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

/// What texts may ask of the flow's hours.
fn names_of_hours(file: &FlowFile<'_>) -> Vec<String> {
    let names = file.hours.keys();
    names
        .flat_map(|name| HOURS.map(|what| format!("hours.{name}.{what}")))
        .collect()
}

fn is_of_hours(file: &FlowFile<'_>, name: &str) -> bool {
    let asked = name
        .strip_prefix("hours.")
        .and_then(|it| it.rsplit_once('.'));
    asked.is_some_and(|(hours, what)| file.hours.contains_key(hours) && HOURS.contains(&what))
}

/// Whether it may be given by a sub-flow that could not be read.
fn is_of_unknown_use(file: &FlowFile<'_>, name: &str) -> bool {
    let user = name
        .split_once('.')
        .and_then(|(user, _)| file.by_name.get(user));
    user.is_some_and(|step| file.steps[*step].kind == "use" && !file.subs.contains_key(step))
}

/// CW413.
fn misplaced_secret(file: &FlowFile<'_>, text: &TextAt<'_>, name: &str, place: Span) {
    if text.key.starts_with("headers.") {
        return;
    }
    let message = format!("{{{name}}} is for the headers of a lookup alone");
    file.report(
        Diagnostic::error("CW413", message)
            .at(place, "here it would be spoken, kept or logged")
            .help("write it in headers, such as { Authorization = \"Bearer {secret.TOKEN}\" }"),
    );
}

/// CW401 for what a decide goes by. Adds to `meant` as [`unknown`] does.
fn decided_by<'n>(file: &FlowFile<'_>, own: &[&'n str], meant: &mut BTreeSet<&'n str>) {
    for step in file.steps.iter().filter(|step| step.kind == "decide") {
        let Some(entry) = step.entry("value") else {
            continue;
        };
        let Some(name) = entry.value.as_text().filter(|name| is_variable_name(name)) else {
            continue;
        };
        let is_queue = queue_asked(name).is_some();
        if is_queue
            || own.contains(&name)
            || BUILT_IN.contains(&name)
            || is_of_unknown_use(file, name)
        {
            continue;
        }
        let known: Vec<&str> = own.iter().copied().chain(BUILT_IN).collect();
        let near = nearest(name, known.iter().copied());
        meant.extend(own.iter().copied().filter(|own| near == Some(*own)));
        let message = format!("\"{name}\" is not known here; known: {}", known.join(", "));
        file.report(
            Diagnostic::error("CW401", message)
                .at(entry.value.span.clone(), "no step saves or sets it")
                .help(match near {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("save it in a lookup: save.{name} = \"...\""),
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
    let decides = |value: &Entry| value.value.as_text() == Some(name);
    let spoken = spoken
        || file
            .steps
            .iter()
            .any(|step| step.table.get("value").is_some_and(decides));
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
