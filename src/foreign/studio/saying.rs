//! Widgets that say something, connect, or ask a system.

use super::super::draft::{Step, Telling, connect, quoted, template};
use super::super::tree::Tree;
use super::{END, Studio, name_of, property, taken};

impl<'t> Studio<'t> {
    /// The text of a property, with the flow's variables, as TOML.
    pub(super) fn text_of(&mut self, state: &'t Tree, name: &str) -> Option<String> {
        let place = state.child("properties")?.child(name)?;
        let words = place
            .value
            .as_deref()
            .filter(|words| !words.trim().is_empty())?;
        place.taken();
        let words = self.words(state, place.line, words);
        (!words.trim().is_empty()).then(|| template(&words))
    }

    /// The address of a recording, where it is one.
    pub(super) fn recording(state: &'t Tree) -> Option<&'t str> {
        let address = property(state, "play")?;
        let is_recording = [".wav", ".mp3"].iter().any(|end| address.ends_with(end));
        (is_recording && address.starts_with("http") && !address.contains("{{")).then_some(address)
    }

    pub(super) fn say(&mut self, state: &'t Tree) {
        let words = self.text_of(state, "say");
        let heard = match (Self::recording(state), words) {
            (Some(address), None) => {
                taken(state, "play");
                ("play", quoted(address))
            }
            (_, Some(words)) => ("say", words),
            (None, None) => {
                return self.unknown(
                    state,
                    "it says nothing that can be carried over",
                    "a [message] with say, or with the address of a .wav or .mp3 in play",
                );
            }
        };
        self.named(state);
        let go = self.leads(state, "audioComplete");
        let name = self.draft.name(name_of(state));
        let step = Step::new(if go == END { "end" } else { "message" }, &name, state.line);
        let mut step = step.with(heard.0, heard.1);
        if go != END {
            step = step.with("go", quoted(&go));
            let times = property(state, "loop").and_then(|times| times.parse::<u8>().ok());
            if let Some(times) = times.filter(|times| (2..=3).contains(times)) {
                taken(state, "loop");
                step = step.with("repeat", times.to_string());
            }
        }
        self.draft.add(step);
    }

    pub(super) fn connect(&mut self, state: &'t Tree) {
        let to = property(state, "to").unwrap_or_default();
        let noun = property(state, "noun").unwrap_or("number");
        if to.is_empty() || !matches!(noun, "number" | "number-multi") {
            let why = format!("it calls a {noun}, and a flow calls numbers");
            return self.unknown(
                state,
                &why,
                "a [connect] to the number of whoever it called",
            );
        }
        self.named(state);
        let mut all = to.split(',').map(str::trim);
        let first = all.next().unwrap_or_default();
        if all.next().is_some() || noun == "number-multi" {
            self.draft.remark(
                state.line,
                Telling {
                    what: format!("to {to:?} of widget {:?}", name_of(state)),
                    why: "one number is called: the first",
                    instead: "a [connect] for each further one, where busy, no_answer and failed lead",
                },
            );
        }
        taken(state, "to");
        taken(state, "noun");
        if property(state, "from").is_some_and(|from| from.contains("contact.channel.address")) {
            let from = state.child("properties").and_then(|it| it.child("from"));
            if let Some(from) = from {
                let why = "whoever is called sees the virtual number that was dialled";
                self.draft.tell_harmless(
                    from,
                    Telling {
                        what: "from".to_owned(),
                        why,
                        instead: "",
                    },
                );
            }
        }
        let number = self.draft.number(first, state.line);
        let after = self.leads(state, "callCompleted");
        let name = self.draft.name(name_of(state));
        let mut step = connect(&name, state.line, &number, &after, &after);
        if property(state, "record") == Some("true") {
            taken(state, "record");
            step = step.with("record", "true");
        }
        self.draft.add(step);
        self.draft.remark(
            state.line,
            Telling {
                what: format!("callCompleted of widget {:?}", name_of(state)),
                why: "here busy, no answer, failure and a call that was answered have a way each: all four lead where it led",
                instead: "other steps for busy, no_answer and failed",
            },
        );
    }

    /// Whether a request can be a look-up: its address is fixed, but for what stands in its path.
    pub(super) fn asks_well(&self, state: &Tree) -> bool {
        let address = property(state, "url").unwrap_or_default();
        let host = address
            .strip_prefix("https://")
            .and_then(|rest| rest.split(['/', '?']).next());
        host.is_some_and(|host| !host.is_empty() && !host.contains(['{', '}', ' ']))
    }

    pub(super) fn request(&mut self, state: &'t Tree) {
        let method = property(state, "method").unwrap_or("GET");
        let key = match method {
            "GET" => "get",
            "POST" => "post",
            "PUT" => "put",
            _ => {
                return self.unknown(
                    state,
                    &format!("a look-up does not {method}"),
                    "get, post or put in a [lookup]",
                );
            }
        };
        if !self.asks_well(state) {
            return self.unknown(
                state,
                "it asks no fixed https:// address",
                "a [lookup] with an address of https://",
            );
        }
        self.named(state);
        taken(state, "method");
        let name = self.draft.name(name_of(state));
        let Some(url) = self.text_of(state, "url") else {
            return self.unknown(state, "it asks nobody", "a [lookup]");
        };
        let mut step = Step::new("lookup", &name, state.line)
            .with(key, url)
            .with("timeout", "\"1s\"");
        if let Some(sent) = self.sent(state) {
            step = step.with("send", sent);
        }
        for (variable, path) in self.fields_of(name_of(state)) {
            step = step.with(&format!("save.{variable}"), quoted(&path));
        }
        let (ok, failed) = (self.leads(state, "success"), self.leads(state, "failed"));
        self.draft
            .add(step.with("ok", quoted(&ok)).with("failed", quoted(&failed)));
    }

    /// What is sent: the parameters, or a body that is a flat JSON object or a form.
    fn sent(&mut self, state: &'t Tree) -> Option<String> {
        let properties = state.child("properties")?;
        let mut sent: Vec<(String, String)> = Vec::new();
        let parameters = properties
            .child("parameters")
            .map_or(&[][..], |all| &all.children);
        for parameter in parameters {
            if let (Some(key), Some(value)) = (parameter.take("key"), parameter.take("value")) {
                let value = self.words(state, parameter.line, value);
                sent.push((key.to_owned(), template(&value)));
            }
        }
        if let Some(body) = properties.child("body") {
            let text = body.value.as_deref().unwrap_or_default();
            match flat(text) {
                Some(members) => {
                    body.taken();
                    for (key, value) in members {
                        let value = self.words(state, body.line, &value);
                        sent.push((key, template(&value)));
                    }
                }
                None => self.draft.tell(
                    body,
                    Telling {
                        what: format!("body of widget {:?}", name_of(state)),
                        why: "it is no JSON object of plain values",
                        instead: "send = { name = \"value\" }",
                    },
                ),
            }
        }
        if let Some(content) = properties.child("content_type") {
            let what = format!(
                "content_type {:?}",
                content.value.as_deref().unwrap_or_default()
            );
            self.draft.tell_harmless(
                content,
                Telling {
                    what,
                    why: "what is sent is always JSON, or the query of a get",
                    instead: "",
                },
            );
        }
        let sent: Vec<_> = sent
            .into_iter()
            .map(|(key, value)| format!("{} = {value}", quoted(&key)))
            .collect();
        (!sent.is_empty()).then(|| format!("{{ {} }}", sent.join(", ")))
    }
}

/// The members of a flat JSON object, or the fields of a form; nothing of an empty text.
fn flat(text: &str) -> Option<Vec<(String, String)>> {
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    if let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text) {
        let plain = |(name, value): (String, serde_json::Value)| match value {
            serde_json::Value::String(text) => Some((name, text)),
            serde_json::Value::Number(number) => Some((name, number.to_string())),
            serde_json::Value::Bool(truth) => Some((name, truth.to_string())),
            _ => None,
        };
        return members.into_iter().map(plain).collect();
    }
    let pairs = text.split('&').map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        (is_plain && !name.is_empty()).then(|| (name.to_owned(), value.to_owned()))
    });
    pairs.collect()
}
