//! A flow as a chart: every way from one step to another, with what makes a call take it. For whoever draws or lists a flow.

use super::Flow;
use super::model::{
    Ask, Connect, Decide, Keys, Language, Menu, Message, PerLanguage, Step, StepName, Target,
    Utterance,
};
use super::template::{Part, Template};

/// One way out of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way<'a> {
    /// The step that it leaves.
    pub from: &'a StepName,
    /// Where it leads; `None` hangs up.
    pub to: Option<&'a StepName>,
    /// What makes a call take it.
    pub when: When<'a>,
}

/// What makes a call take a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When<'a> {
    /// These keys were pressed in a menu; perhaps they change the language.
    Pressed(&'a Keys, Option<&'a Language>),
    /// A good entry of digits.
    Entered,
    /// The last wrong try.
    GaveUp,
    /// Always.
    Then,
    /// The line was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// The call could not be placed.
    Failed,
    /// They have spoken, and the caller is still there.
    Spoke,
    /// The hours are open.
    Open,
    /// They are closed.
    Closed,
    /// The value is this word.
    Is(&'a str),
    /// It is any other.
    Otherwise,
    /// Somebody's system answered that all is well.
    Answered,
    /// It answered with this status.
    Status(u16),
    /// A sub-flow begins.
    Begins,
    /// It is over.
    Returns,
}

/// The choices of a schedule, as people read them.
const CHOICES: [&str; 7] = [
    "", "choice 1", "choice 2", "choice 3", "choice 4", "choice 5", "choice 6",
];

/// Every way of `flow`, step by step.
pub fn ways(flow: &Flow) -> Vec<Way<'_>> {
    let of_step = |(name, step)| {
        let ways: Vec<_> = ways_of(step);
        ways.into_iter().map(move |(when, target)| Way {
            from: name,
            to: match target {
                Target::Step(to) => Some(to),
                Target::Repeat => Some(name),
                Target::End => None,
            },
            when,
        })
    };
    flow.steps.iter().flat_map(of_step).collect()
}

fn ways_of(step: &Step) -> Vec<(When<'_>, &Target)> {
    match step {
        Step::Menu(Menu { press, retry, .. }) => {
            let ways = press.iter().map(|(keys, press)| {
                let when = When::Pressed(keys, press.language.as_ref());
                (when, &press.go)
            });
            ways.chain([(When::GaveUp, &retry.give_up)]).collect()
        }
        Step::Ask(Ask {
            go, retry, pause, ..
        }) => {
            let failed = pause.iter().map(|pause| (When::Failed, &pause.failed));
            [(When::Entered, go), (When::GaveUp, &retry.give_up)]
                .into_iter()
                .chain(failed)
                .collect()
        }
        Step::Message(Message { go, .. }) => vec![(When::Then, go)],
        Step::Connect(Connect {
            busy,
            no_answer,
            failed,
            after,
            ..
        }) => vec![
            (When::Busy, busy),
            (When::NoAnswer, no_answer),
            (When::Failed, failed),
            (When::Spoke, after),
        ],
        Step::Decide(Decide::Hours { open, closed, .. }) => {
            vec![(When::Open, open), (When::Closed, closed)]
        }
        Step::Decide(Decide::Value { is, otherwise, .. }) => {
            let words = is.iter().map(|(word, target)| (When::Is(word), target));
            words.chain([(When::Otherwise, otherwise)]).collect()
        }
        Step::Lookup(lookup) => {
            let statuses = lookup.status.iter();
            let statuses = statuses.map(|(status, target)| (When::Status(*status), target));
            let ok = [(When::Answered, &lookup.ok)].into_iter();
            ok.chain(statuses)
                .chain([(When::Failed, &lookup.failed)])
                .collect()
        }
        Step::Decide(Decide::Schedule {
            open,
            closed,
            choices,
            ..
        }) => {
            let choices = choices
                .iter()
                .map(|(number, go)| (When::Is(CHOICES[usize::from(*number % 7)]), go));
            [(When::Open, open), (When::Closed, closed)]
                .into_iter()
                .chain(choices)
                .collect()
        }
        Step::Decide(Decide::Queue { is, otherwise, .. }) => {
            let words = is.iter().map(|(word, target)| (When::Is(word), target));
            words.chain([(When::Otherwise, otherwise)]).collect()
        }
        Step::Handoff(handoff) => vec![(When::Failed, &handoff.failed)],
        Step::Callback(callback) => vec![
            (When::Answered, &callback.ok),
            (When::Failed, &callback.failed),
        ],
        Step::Use(used) => vec![(When::Begins, &used.go)],
        Step::Return(end) => vec![(When::Returns, &end.go)],
        Step::End(_) => Vec::new(),
    }
}

/// What callers hear at `step` first, in the flow's own language, with the variables' names where their values will be.
pub fn words(flow: &Flow, step: &Step) -> Option<String> {
    match step {
        Step::Menu(Menu { say, .. }) | Step::Ask(Ask { say, .. }) => text(flow, say),
        Step::Message(Message { utterance, .. }) => uttered(flow, utterance),
        Step::Connect(Connect { say, .. }) => say.as_ref().and_then(|say| text(flow, say)),
        Step::Lookup(lookup) => lookup
            .while_waiting
            .as_ref()
            .and_then(|say| text(flow, say)),
        Step::End(end) => end.utterance.as_ref().and_then(|it| uttered(flow, it)),
        Step::Handoff(handoff) => handoff.say.as_ref().and_then(|say| text(flow, say)),
        Step::Decide(_) | Step::Callback(_) | Step::Use(_) | Step::Return(_) => None,
    }
}

fn uttered(flow: &Flow, utterance: &Utterance) -> Option<String> {
    let default = &flow.languages.default;
    match utterance {
        Utterance::Say(say) => text(flow, say),
        Utterance::Play(addresses) => addresses.get(default, default).cloned(),
    }
}

fn text(flow: &Flow, say: &PerLanguage<Template>) -> Option<String> {
    let default = &flow.languages.default;
    let shown = |part: &Part| match part {
        Part::Text(words) => words.clone(),
        Part::Place { name, .. } => format!("{{{name}}}"),
    };
    let template = say.get(default, default)?;
    Some(template.parts().iter().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::{When, ways, words};
    use crate::flow::check::check;
    use crate::flow::diagnostic::Source;

    const FLOW: &str = r#"
callwright = 1
[flow]
id = "shop"
start = "welcome"
answers = ["+6561115777"]
[menu.welcome]
say = "For your order press 1, to hear this again press 2."
press.1 = "order"
press.2 = "repeat"
give_up = "end"
[ask.order]
say = "Your order's number, please."
digits = 4
save = "order"
go = "thanks"
give_up = "end"
[end.thanks]
say = "Order {order:digits} is on its way."
"#;

    #[test]
    fn every_way_has_its_reason() {
        let source = Source {
            path: "shop.toml".to_owned(),
            text: FLOW.to_owned(),
        };
        let (_, flow) = check(&[source]).flows.remove(0);
        let shown: Vec<_> = ways(&flow)
            .iter()
            .map(|way| {
                let to = way.to.map_or("-", |to| to.as_str());
                let when = match way.when {
                    When::Pressed(keys, None) => keys.as_str().to_owned(),
                    other => format!("{other:?}"),
                };
                format!("{} {when} {to}", way.from)
            })
            .collect();
        let expected = [
            "order Entered thanks",
            "order GaveUp -",
            "welcome 1 order",
            "welcome 2 welcome",
            "welcome GaveUp -",
        ];
        assert_eq!(shown, expected);
        let thanks = flow.steps.values().find(|step| step.kind() == "end");
        let heard = thanks.and_then(|step| words(&flow, step));
        assert_eq!(heard.as_deref(), Some("Order {order} is on its way."));
    }
}
