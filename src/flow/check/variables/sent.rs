//! Secrets in look-ups: CW405 – CW408.

use std::collections::BTreeMap;

use super::super::{FlowFile, TextAt};
use super::secrets::{Origin, places};
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::model::VariableName;
use crate::flow::template::{Part, secret_name};

/// Headers that say who asks.
const CREDENTIALS: [&str; 5] = ["authorization", "api-key", "apikey", "token", "secret"];

/// The shortest text that may be a password.
const SHORTEST_PASSWORD: usize = 8;

pub(super) fn check(file: &FlowFile<'_>, secrets: &BTreeMap<VariableName, Origin>) {
    for text in &file.texts {
        let Some(step) = text.step.filter(|step| file.steps[*step].kind == "lookup") else {
            continue;
        };
        let secret = places(file, text)
            .into_iter()
            .find(|(name, _)| secrets.contains_key(*name));
        let in_address = is_address(text)
            || (text.key.starts_with("send.") && file.entry(step, "get").is_some());
        if let Some((name, place)) = secret.clone().filter(|_| in_address) {
            in_the_address(file, name, place);
        }
        let named = places(file, text);
        let named = named
            .into_iter()
            .find(|(name, _)| secret_name(name.as_str()).is_some());
        if let Some((_, place)) = secret
            .or(named.clone())
            .filter(|_| !in_address && is_plain(file, step))
        {
            unencrypted(file, place);
        }
        if let Some((name, place)) = named {
            in_the_environment(file, name, place);
        }
        password(file, text);
    }
}

fn is_address(text: &TextAt<'_>) -> bool {
    matches!(&*text.key, "get" | "post" | "put")
}

fn is_plain(file: &FlowFile<'_>, step: usize) -> bool {
    ["get", "post", "put"]
        .iter()
        .filter_map(|key| file.entry(step, key)?.value.as_text())
        .any(|url| url.starts_with("http://"))
}

/// CW405.
fn in_the_address(file: &FlowFile<'_>, name: &VariableName, place: Span) {
    let message =
        format!("\"{name}\" is secret but is part of a web address, which servers log; use send");
    file.report(
        Diagnostic::error("CW405", message)
            .at(place, "logged on the way")
            .help(format!(
                "use post with send = {{ {name} = \"{{{name}}}\" }}"
            )),
    );
}

/// CW406.
fn unencrypted(file: &FlowFile<'_>, place: Span) {
    file.report(
        Diagnostic::error("CW406", "a secret is sent over http://; use https://")
            .at(place, "everybody on the way can read it")
            .help("write the address with https://"),
    );
}

/// CW407.
fn password(file: &FlowFile<'_>, text: &TextAt<'_>) {
    let value = text.value.as_text().unwrap_or_default();
    let written = match text.key.strip_prefix("headers.") {
        Some(header) => {
            let header = header.to_ascii_lowercase();
            let words = text.template.parts();
            let literal = words.iter().all(|part| matches!(part, Part::Text(_)));
            let secret = value.rsplit(' ').next().unwrap_or(value);
            let says_who = CREDENTIALS.iter().any(|word| header.contains(word));
            says_who && literal && secret.chars().count() >= SHORTEST_PASSWORD
        }
        None => {
            is_address(text)
                && value
                    .split('/')
                    .nth(2)
                    .is_some_and(|host| host.contains('@'))
        }
    };
    if written {
        file.report(
            Diagnostic::error("CW407", "this looks like a password written into the file; use {secret.NAME}")
                .at(text.value.span.clone(), "whoever reads the file knows it")
                .help("write headers = { Authorization = \"Bearer {secret.TOKEN}\" }, and put TOKEN into the environment"),
        );
    }
}

/// CW408.
fn in_the_environment(file: &FlowFile<'_>, name: &VariableName, place: Span) {
    let (Some(secret), Some(environment)) = (secret_name(name.as_str()), file.asked.environment)
    else {
        return;
    };
    if !environment.contains(secret) {
        let message = format!("the environment has no {secret}");
        file.report(
            Diagnostic::error("CW408", message)
                .at(place, "the look-up would fail")
                .help(format!("set {secret} where the server is started")),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::super::{Options, check_with};
    use crate::flow::diagnostic::Source;

    #[test]
    fn the_environment_is_asked_when_that_is_wanted() {
        let text = "[flow]\nid = \"a\"\nstart = \"find\"\n[lookup.find]\nget = \"https://crm.example/\"\n\
                    headers = { Authorization = \"Bearer {secret.TOKEN}\" }\nok = \"end\"\nfailed = \"end\"\n";
        let source = Source {
            path: "a.toml".to_owned(),
            text: text.to_owned(),
        };
        let said = |environment: Option<&[&str]>| {
            let names = environment.map(|names| {
                names
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect::<BTreeSet<_>>()
            });
            let options = Options {
                environment: names,
                ..Options::default()
            };
            let checked = check_with(std::slice::from_ref(&source), &options);
            let faults = checked.diagnostics.into_iter();
            faults.map(|it| (it.code, it.message)).collect::<Vec<_>>()
        };
        assert_eq!(said(None), []);
        assert_eq!(said(Some(&["TOKEN"])), []);
        let message = "the environment has no TOKEN".to_owned();
        assert_eq!(said(Some(&["TOKN"])), [("CW408", message)]);
    }
}
