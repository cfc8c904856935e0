//! Secrets stay unspoken: CW404.

use std::collections::{BTreeMap, BTreeSet};

use super::super::prompts::is_spoken;
use super::super::{FlowFile, TextAt};
use super::sent;
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::model::VariableName;
use crate::flow::template::Part;

/// Reports secrets that are spoken; gives the names of all secrets.
pub(super) fn check(file: &FlowFile<'_>) -> BTreeSet<VariableName> {
    let secrets = secrets(file);
    for text in file
        .texts
        .iter()
        .filter(|text| is_spoken(text) || is_seen(text))
    {
        for (name, place) in places(file, text) {
            match secrets.get(name) {
                Some(origin) if is_seen(text) => seen(file, name, place, origin),
                Some(origin) => report(file, name, place, origin),
                None => {}
            }
        }
    }
    sent::check(file, &secrets);
    secrets.into_keys().collect()
}

/// What makes a variable a secret.
pub(super) struct Origin {
    place: Span,
    why: String,
}

/// The variables that a secret ask saves, and those that are set from them, from those, and so on.
pub(super) fn secrets(file: &FlowFile<'_>) -> BTreeMap<VariableName, Origin> {
    let mut secrets = asked(file);
    secrets.extend(handed(file));
    loop {
        let found = file.texts.iter().find_map(|text| {
            let name = set_by(text).filter(|name| !secrets.contains_key(name))?;
            let (from, place) = places(file, text)
                .into_iter()
                .find(|(from, _)| secrets.contains_key(*from))?;
            let why = format!("set from \"{from}\", which is secret");
            Some((name, Origin { place, why }))
        });
        match found {
            Some((name, origin)) => secrets.insert(name, origin),
            None => return secrets,
        };
    }
}

/// What a flow hands in as a secret, and what sub-flows give as one.
fn handed(file: &FlowFile<'_>) -> Vec<(VariableName, Origin)> {
    let needs = file.head.needs.iter();
    let handed_in = needs.filter(|(name, _)| {
        let handed = file.handed_down.as_ref();
        handed.is_some_and(|handed| handed.secrets.contains(name))
    });
    let handed_in = handed_in.map(|(name, place)| {
        let why = "handed in as a secret".to_owned();
        let place = place.clone();
        (VariableName::new(name.as_str()), Origin { place, why })
    });
    let subs = file.subs.iter();
    let given = subs.flat_map(|(step, (sub, _))| {
        let step = &file.steps[*step];
        sub.secrets.iter().map(move |name| {
            let why = format!("{} gives it as a secret", sub.path);
            let place = step.header.clone();
            (
                VariableName::new(format!("{}.{name}", step.name)),
                Origin { place, why },
            )
        })
    });
    handed_in.chain(given).collect()
}

fn asked(file: &FlowFile<'_>) -> BTreeMap<VariableName, Origin> {
    let mut secrets = BTreeMap::new();
    for step in &file.steps {
        if let Some(asked) = step.asked().filter(|asked| asked.secret) {
            let place = step
                .entry("secret")
                .map_or(asked.place, |entry| entry.span());
            let why = "asked for as a secret".to_owned();
            secrets
                .entry(VariableName::new(asked.save))
                .or_insert(Origin { place, why });
        }
    }
    secrets
}

/// The variable that a text is the value of: `press.1.set.day`.
fn set_by(text: &TextAt<'_>) -> Option<VariableName> {
    let (_, name) = text.key.split_once(".set.")?;
    Some(VariableName::new(name))
}

/// The variables of a text, with their places in the file.
pub(super) fn places<'a>(
    file: &FlowFile<'_>,
    text: &'a TextAt<'_>,
) -> Vec<(&'a VariableName, Span)> {
    text.template
        .parts()
        .iter()
        .filter_map(|part| match part {
            Part::Place { name, span, .. } => Some((name, file.within(text.value, span.clone()))),
            Part::Text(_) => None,
        })
        .collect()
}

/// Whether an agent sees it: the data of a handoff or a call back.
fn is_seen(text: &TextAt<'_>) -> bool {
    text.key.starts_with("data.") || text.key.starts_with("user_data.")
}

/// CW404 for what an agent would see.
fn seen(file: &FlowFile<'_>, name: &VariableName, place: Span, origin: &Origin) {
    file.report(
        Diagnostic::error(
            "CW404",
            format!("\"{name}\" is secret but agents would see it here"),
        )
        .at(place, "shown on a screen, and kept")
        .also(origin.place.clone(), &*origin.why)
        .help(format!(
            "take {{{name}}} out, or hand it over unseen in the handoff's variables"
        )),
    );
}

fn report(file: &FlowFile<'_>, name: &VariableName, place: Span, origin: &Origin) {
    file.report(
        Diagnostic::error("CW404", format!("\"{name}\" is secret but is spoken here"))
            .at(
                place,
                "8x8 would be sent it, and whoever stands near hears it",
            )
            .also(origin.place.clone(), &*origin.why)
            .help(format!("take {{{name}}} out of this text")),
    );
}

#[cfg(test)]
mod tests {
    use super::super::super::trial::said;

    fn flow(set: &str, say: &str) -> Vec<String> {
        said(&format!(
            "[ask.main]\nsay = \"Your code?\"\ndigits = 4\nsave = \"pin\"\nsecret = true\ngo = \"sure\"\n\
             [menu.sure]\nsay = \"Choose.\"\npress.1 = {{ set.code = \"{set}\", go = \"thanks\" }}\n\
             [end.thanks]\nsay = \"{say}\"\n"
        ))
    }

    #[test]
    fn secrets_are_not_spoken_under_any_name() {
        assert_eq!(
            flow("x", "{code} {pin:digits}"),
            ["CW404: \"pin\" is secret but is spoken here [{pin:digits} | secret = true]"]
        );
        assert_eq!(
            flow("a {pin}", "{code}"),
            ["CW404: \"code\" is secret but is spoken here [{code} | {pin}]"]
        );
        assert_eq!(flow("x", "{code}").len(), 1, "the code that is never used");
    }
}
