//! A sub-flow's step as a step of the flow that uses it: its names stand behind the name of the step that does.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Ask, Callback, Connect, Decide, Handoff, Lookup, Menu, Message, PauseRecording, PerLanguage,
    Press, Retry, Return, Sent, Step, StepName, Target, Use, Utterance, VariableName,
};
use crate::flow::template::Template;

/// What becomes of the names of a sub-flow.
#[derive(Debug)]
pub struct Within<'a> {
    /// The step that uses it.
    pub user: &'a StepName,
    /// Its own variables.
    pub variables: &'a BTreeSet<String>,
    /// Its own steps that use others: theirs are its own as well.
    pub uses: &'a BTreeSet<String>,
    /// Its own hours.
    pub hours: &'a BTreeSet<String>,
    /// Where each of its outcomes leads.
    pub on: &'a BTreeMap<String, Target>,
}

impl Within<'_> {
    /// The name of a step.
    pub fn step_name(&self, name: &StepName) -> StepName {
        StepName::new(format!("{}.{name}", self.user))
    }

    /// The name of hours.
    pub fn hours_name(&self, name: &str) -> String {
        format!("{}.{name}", self.user)
    }

    /// The step called `name`.
    pub fn step(&self, name: &StepName, step: &Step) -> Step {
        match step {
            Step::Menu(menu) => Step::Menu(self.menu(menu)),
            Step::Ask(ask) => Step::Ask(Ask {
                say: self.texts(&ask.say),
                say_again: ask.say_again.as_ref().map(|it| self.texts(it)),
                save: self.own(&ask.save),
                pause: ask.pause.as_ref().map(|pause| {
                    Box::new(PauseRecording {
                        agent: self.text(&pause.agent),
                        failed: self.target(&pause.failed),
                    })
                }),
                go: self.target(&ask.go),
                retry: self.retry(&ask.retry),
                ..ask.clone()
            }),
            Step::Message(message) => Step::Message(Message {
                utterance: self.utterance(&message.utterance),
                repeat: message.repeat,
                go: self.target(&message.go),
            }),
            Step::Connect(connect) => Step::Connect(Connect {
                say: connect.say.as_ref().map(|it| self.texts(it)),
                busy: self.target(&connect.busy),
                no_answer: self.target(&connect.no_answer),
                failed: self.target(&connect.failed),
                after: self.target(&connect.after),
                ..connect.clone()
            }),
            Step::Decide(decide) => Step::Decide(self.decide(decide)),
            Step::Lookup(lookup) => Step::Lookup(Box::new(self.lookup(lookup))),
            Step::Handoff(handoff) => Step::Handoff(Box::new(self.handoff(handoff))),
            Step::Callback(callback) => Step::Callback(Box::new(self.callback(callback))),
            Step::Use(used) => Step::Use(Use {
                with: self.values(&used.with),
                go: self.target(&used.go),
            }),
            Step::Return(end) => Step::Return(Return {
                // That of a sub-flow's own sub-flow leads on within it.
                go: match self.on.get(name.as_str()) {
                    Some(target) => target.clone(),
                    None => self.target(&end.go),
                },
            }),
            Step::End(end) => Step::End(super::End {
                utterance: end.utterance.as_ref().map(|it| self.utterance(it)),
            }),
        }
    }

    fn menu(&self, menu: &Menu) -> Menu {
        let press = |press: &Press| Press {
            go: self.target(&press.go),
            say: press.say.as_ref().map(|it| self.texts(it)),
            set: self.values(&press.set),
            language: press.language.clone(),
        };
        let presses = menu.press.iter();
        Menu {
            say: self.texts(&menu.say),
            say_again: menu.say_again.as_ref().map(|it| self.texts(it)),
            press: presses
                .map(|(keys, it)| (keys.clone(), press(it)))
                .collect(),
            retry: self.retry(&menu.retry),
            ..menu.clone()
        }
    }

    fn decide(&self, decide: &Decide) -> Decide {
        match decide {
            Decide::Hours {
                hours,
                open,
                closed,
            } => Decide::Hours {
                hours: self.hours_name(hours),
                open: self.target(open),
                closed: self.target(closed),
            },
            Decide::Value {
                variable,
                is,
                otherwise,
            } => {
                let words = is.iter();
                Decide::Value {
                    variable: self.variable(variable),
                    is: words
                        .map(|(word, go)| (word.clone(), self.target(go)))
                        .collect(),
                    otherwise: self.target(otherwise),
                }
            }
            Decide::Schedule {
                hours,
                schedule,
                open,
                closed,
                choices,
            } => {
                let choices = choices.iter();
                Decide::Schedule {
                    hours: self.hours_name(hours),
                    schedule: schedule.clone(),
                    open: self.target(open),
                    closed: self.target(closed),
                    choices: choices
                        .map(|(number, go)| (*number, self.target(go)))
                        .collect(),
                }
            }
            Decide::Queue {
                queue,
                thresholds,
                is,
                otherwise,
            } => {
                let words = is.iter();
                Decide::Queue {
                    queue: queue.clone(),
                    thresholds: *thresholds,
                    is: words
                        .map(|(word, go)| (word.clone(), self.target(go)))
                        .collect(),
                    otherwise: self.target(otherwise),
                }
            }
        }
    }

    fn handoff(&self, handoff: &Handoff) -> Handoff {
        let variables = handoff.variables.iter();
        Handoff {
            queue: handoff.queue.clone(),
            say: handoff.say.as_ref().map(|it| self.texts(it)),
            data: self.data(&handoff.data),
            variables: variables
                .map(|(name, it)| (name.clone(), self.text(it)))
                .collect(),
            guid: handoff.guid.as_ref().map(|it| self.text(it)),
            failed: self.target(&handoff.failed),
        }
    }

    fn callback(&self, callback: &Callback) -> Callback {
        Callback {
            number: callback.number.as_ref().map(|it| self.text(it)),
            data: self.data(&callback.data),
            user_data: self.data(&callback.user_data),
            id: callback.id.as_ref().map(|it| self.text(it)),
            ok: self.target(&callback.ok),
            failed: self.target(&callback.failed),
            ..callback.clone()
        }
    }

    fn data(&self, data: &[(String, Template)]) -> Vec<(String, Template)> {
        data.iter()
            .map(|(name, it)| (name.clone(), self.text(it)))
            .collect()
    }

    fn lookup(&self, lookup: &Lookup) -> Lookup {
        let sent = |sent: &Sent| match sent {
            Sent::Text(template) => Sent::Text(self.text(template)),
            Sent::Plain(json) => Sent::Plain(json.clone()),
        };
        let (send, headers) = (lookup.send.iter(), lookup.headers.iter());
        let (save, status) = (lookup.save.iter(), lookup.status.iter());
        Lookup {
            method: lookup.method,
            url: self.text(&lookup.url),
            send: send.map(|(name, it)| (name.clone(), sent(it))).collect(),
            headers: headers
                .map(|(name, it)| (name.clone(), self.text(it)))
                .collect(),
            timeout_ms: lookup.timeout_ms,
            while_waiting: lookup.while_waiting.as_ref().map(|it| self.texts(it)),
            save: save
                .map(|(name, path)| (self.own(name), path.clone()))
                .collect(),
            require: lookup.require.iter().map(|name| self.own(name)).collect(),
            ok: self.target(&lookup.ok),
            status: status
                .map(|(status, go)| (*status, self.target(go)))
                .collect(),
            failed: self.target(&lookup.failed),
        }
    }

    fn retry(&self, retry: &Retry) -> Retry {
        let lists = |lists: &PerLanguage<Vec<Template>>| {
            lists.map(|list| list.iter().map(|it| self.text(it)).collect())
        };
        Retry {
            no_input: lists(&retry.no_input),
            no_match: lists(&retry.no_match),
            give_up: self.target(&retry.give_up),
            ..retry.clone()
        }
    }

    fn utterance(&self, utterance: &Utterance) -> Utterance {
        match utterance {
            Utterance::Say(texts) => Utterance::Say(self.texts(texts)),
            Utterance::Play(addresses) => Utterance::Play(addresses.clone()),
        }
    }

    fn texts(&self, texts: &PerLanguage<Template>) -> PerLanguage<Template> {
        texts.map(|text| self.text(text))
    }

    fn values(
        &self,
        values: &BTreeMap<VariableName, Template>,
    ) -> BTreeMap<VariableName, Template> {
        let values = values.iter();
        values
            .map(|(name, it)| (self.own(name), self.text(it)))
            .collect()
    }

    fn text(&self, text: &Template) -> Template {
        text.renamed(|name| self.variable(name))
    }

    /// A variable that the sub-flow gives a value.
    fn own(&self, name: &VariableName) -> VariableName {
        VariableName::new(format!("{}.{name}", self.user))
    }

    /// A variable that it reads: its own, or one that every call has.
    fn variable(&self, name: &VariableName) -> VariableName {
        let text = name.as_str();
        let asked = text
            .strip_prefix("hours.")
            .and_then(|it| it.rsplit_once('.'));
        if let Some((hours, what)) = asked.filter(|(hours, _)| self.hours.contains(*hours)) {
            return VariableName::new(format!("hours.{}.{what}", self.hours_name(hours)));
        }
        let first = text.split('.').next().unwrap_or(text);
        let is_own = self.variables.contains(text) || (first != text && self.uses.contains(first));
        match is_own {
            true => self.own(name),
            false => name.clone(),
        }
    }

    fn target(&self, target: &Target) -> Target {
        match target {
            Target::Step(name) => Target::Step(self.step_name(name)),
            Target::End => Target::End,
            Target::Repeat => Target::Repeat,
        }
    }
}
