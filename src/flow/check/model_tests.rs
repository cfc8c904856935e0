//! What is built of a flow that uses every key.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::check;
use crate::call::PhoneNumber;
use crate::flow::Flow;
use crate::flow::diagnostic::{Severity, Source};
use crate::flow::model::{
    Answers, Keys, Language, PerLanguage, Retry, Step, StepName, Target, Utterance, VariableName,
};
use crate::flow::report::{Format, Look, render};
use crate::flow::template::Template;

/// A flow that uses every key of every kind.
const EVERY_KEY: &str = r##"#:schema ./flow.schema.json
callwright = 1

[flow]
id       = "every-key"
name     = "Every key"
start    = "language"
timezone = "Asia/Singapore"
answers  = ["+6561115777", "+6561115778"]
gives    = ["pin"]
preview  = ["+6591234567"]

[languages]
default  = "en"
en.voice = "en-US-BenjaminRUS"
zh.voice = "cmn-CN-Standard-A"

[numbers]
staff = "+6568332048"

[defaults]
voice       = "en-GB-George"
speed       = 1.2
tries       = 4
wait        = "1.5s"
timeout     = "1s"
no_input.en = ["Nothing heard.", "Still nothing."]
no_input.zh = "没有"
no_match    = "Wrong."
give_up     = "bye"

[menu.language]
speak      = "every language"
play       = "https://sounds.example/hello.wav"
say.en     = "For English, press 1."
say.zh     = "中文请按2。"
say_again  = "1, 2."
press.1    = { language = "en", go = "main" }
press.2    = { language = "zh", go = "main", say = "好。", set.day = "today {caller}" }
press.33   = "repeat"
press.star = "end"
press.hash = "main"
no_input   = []
no_match   = ["Once.", "Twice."]
tries      = 2
wait       = "2500ms"
give_up    = "repeat"
allow      = ["CW206", "CW308", "CW302", "CW606", "CW609", "CW303"]

[menu.main]
say     = "Press 1 to connect, 2 to type."
press.1 = "staff"
press.2 = "pin"

[ask.pin]
say       = "Your code?"
say_again = "Your code, please?"
digits    = "4-8"
end_key   = "hash"
save      = "pin"
secret    = true
tries     = 1
go        = "thanks"

[message.thanks]
say    = """
Thank you,
and goodbye."""
repeat = 2
go     = "sound"

[message.sound]
play = "https://sounds.example/bye.mp3"
go   = "direct"

[connect.staff]
say       = "Connecting."
number    = "staff"
record    = true
busy      = "bye"
no_answer = "end"
failed    = "bye"
after     = "bye"

[connect.direct]
number    = "+6568332049"
busy      = "bye"
no_answer = "bye"
failed    = "bye"

[end.bye]
play.en = "https://sounds.example/bye.mp3"
play.zh = "https://sounds.example/zai.mp3"
"##;

fn source(text: &str) -> Source {
    Source {
        path: "every.toml".to_owned(),
        text: text.to_owned(),
    }
}

fn every_key() -> Flow {
    let checked = check(&[source(EVERY_KEY)]);
    let errors = checked
        .diagnostics
        .iter()
        .filter(|fault| fault.severity == Severity::Error);
    assert_eq!(errors.collect::<Vec<_>>(), [] as [&_; 0]);
    checked
        .flows
        .into_iter()
        .next()
        .expect("a flow without an error is built")
        .1
}

fn step<'f>(flow: &'f Flow, name: &str) -> &'f Step {
    flow.step(&StepName::new(name))
        .expect("the flow has the step")
}

fn text(text: &str) -> Template {
    Template::parse(text).expect("the test's template parses")
}

fn target(name: &str) -> Target {
    Target::Step(StepName::new(name))
}

fn each<T>(en: T, zh: T) -> PerLanguage<T> {
    PerLanguage::Each(BTreeMap::from([
        (Language::new("en"), en),
        (Language::new("zh"), zh),
    ]))
}

#[test]
fn the_head() {
    let flow = every_key();
    assert_eq!(flow.id.as_str(), "every-key");
    assert_eq!(flow.version.as_str().len(), 12);
    assert_eq!(flow.name.as_deref(), Some("Every key"));
    assert_eq!(flow.start.as_str(), "language");
    let numbers = ["+6561115777", "+6561115778"].map(PhoneNumber::new);
    assert_eq!(flow.answers, Answers::Numbers(numbers.to_vec()));
    assert_eq!(flow.languages.default, Language::new("en"));
    assert_eq!(
        flow.languages.voice(&Language::new("zh")),
        "cmn-CN-Standard-A"
    );
    assert!((flow.speed - 1.2).abs() < f32::EPSILON);
    assert_eq!(flow.steps.len(), 8);
}

#[test]
fn menus() {
    let flow = every_key();
    let Step::Menu(menu) = step(&flow, "language") else {
        panic!("a menu");
    };
    assert_eq!(
        menu.say,
        each(text("For English, press 1."), text("中文请按2。"))
    );
    assert_eq!(menu.say_again, Some(PerLanguage::All(text("1, 2."))));
    let hello = "https://sounds.example/hello.wav".to_owned();
    assert_eq!(menu.play, Some(PerLanguage::All(hello)));
    assert!(menu.every_language);
    let retry = Retry {
        tries: 2,
        wait_ms: 2500,
        no_input: PerLanguage::All(vec![]),
        no_match: PerLanguage::All(vec![text("Once."), text("Twice.")]),
        give_up: Target::Repeat,
    };
    assert_eq!(menu.retry, retry);
    let ways: Vec<_> = menu
        .press
        .iter()
        .map(|(keys, press)| (keys.as_str(), press.go.clone()))
        .collect();
    let expected = [
        ("#", target("main")),
        ("*", Target::End),
        ("1", target("main")),
        ("2", target("main")),
        ("33", Target::Repeat),
    ];
    assert_eq!(ways, expected);
    let two = &menu.press[&Keys::new("2")];
    assert_eq!(two.language, Some(Language::new("zh")));
    assert_eq!(two.say, Some(PerLanguage::All(text("好。"))));
    assert_eq!(two.set[&VariableName::new("day")], text("today {caller}"));
}

#[test]
fn defaults_serve_where_a_step_says_nothing() {
    let flow = every_key();
    let Step::Menu(menu) = step(&flow, "main") else {
        panic!("a menu");
    };
    let retry = Retry {
        tries: 4,
        wait_ms: 1500,
        no_input: each(
            vec![text("Nothing heard."), text("Still nothing.")],
            vec![text("没有")],
        ),
        no_match: PerLanguage::All(vec![text("Wrong.")]),
        give_up: target("bye"),
    };
    assert_eq!(menu.retry, retry);
}

#[test]
fn asks() {
    let flow = every_key();
    let Step::Ask(ask) = step(&flow, "pin") else {
        panic!("an ask");
    };
    assert_eq!((ask.min_digits, ask.max_digits), (4, 8));
    assert!(ask.hash_ends && ask.secret);
    assert_eq!(ask.save, VariableName::new("pin"));
    assert_eq!(ask.go, target("thanks"));
    assert_eq!(ask.retry.tries, 1);
    assert!(flow.is_secret(&StepName::new("pin")));
}

#[test]
fn messages_connects_and_ends() {
    let flow = every_key();
    let Step::Message(thanks) = step(&flow, "thanks") else {
        panic!("a message");
    };
    let say = PerLanguage::All(text("Thank you,\nand goodbye."));
    assert_eq!(
        (&thanks.utterance, thanks.repeat),
        (&Utterance::Say(say), 2)
    );
    let Step::Connect(staff) = step(&flow, "staff") else {
        panic!("a connect");
    };
    assert_eq!(staff.number, PhoneNumber::new("+6568332048"));
    assert!(staff.record);
    let ways = [&staff.busy, &staff.no_answer, &staff.failed, &staff.after];
    assert_eq!(
        ways,
        [&target("bye"), &Target::End, &target("bye"), &target("bye")]
    );
    let Step::Connect(direct) = step(&flow, "direct") else {
        panic!("a connect");
    };
    assert_eq!((direct.record, &direct.after), (false, &Target::End));
    let Step::End(bye) = step(&flow, "bye") else {
        panic!("an end");
    };
    assert!(matches!(
        bye.utterance,
        Some(Utterance::Play(PerLanguage::Each(_)))
    ));
}

#[test]
fn a_flow_needs_little() {
    let text = "[flow]\nid = \"t\"\nstart = \"bye\"\n[end.bye]\n";
    let checked = check(&[source(text)]);
    assert_eq!(checked.diagnostics, []);
    let (_, flow) = &checked.flows[0];
    assert_eq!(flow.answers, Answers::Numbers(vec![]));
    assert!(flow.needs.is_empty());
    assert_eq!(flow.languages.default, Language::new("en"));
    assert_eq!(
        flow.languages.voice(&Language::new("en")),
        "en-US-BenjaminRUS"
    );
    assert_eq!(
        step(flow, "bye"),
        &Step::End(crate::flow::model::End { utterance: None })
    );
}

#[test]
fn what_a_flow_needs_is_known_by_name() {
    let text = "[flow]\nid = \"t\"\nstart = \"bye\"\nneeds = [\"order\", \"day\"]\n[end.bye]\nsay = \"{order}, {day}\"\n";
    let checked = check(&[source(text)]);
    assert_eq!(checked.diagnostics, []);
    let needs: Vec<_> = checked.flows[0].1.needs.iter().collect();
    assert_eq!(
        needs,
        [&VariableName::new("day"), &VariableName::new("order")]
    );
}

#[test]
fn the_version_is_that_of_the_text() {
    let version = |text: &str| check(&[source(text)]).flows[0].1.version.clone();
    let text = "[flow]\nid = \"t\"\nstart = \"bye\"\n[end.bye]\n";
    assert_eq!(version(text), version(text));
    assert_ne!(version(text), version(&format!("{text}\n")));
}

/// Checks a text, shows what was found in every form, and asks for either a flow or an error.
fn survives(text: &str) {
    let sources = [source(text)];
    let checked = check(&sources);
    for format in [Format::Human, Format::Short, Format::Json] {
        let look = Look {
            format,
            ..Look::default()
        };
        render(&sources, &checked.diagnostics, look);
    }
    let error = checked
        .diagnostics
        .iter()
        .any(|fault| fault.severity == Severity::Error);
    assert_ne!(
        error,
        !checked.flows.is_empty(),
        "{text}\n{:#?}",
        checked.diagnostics
    );
}

/// A text with some bytes of it replaced, taken out or put in.
fn mutated() -> impl Strategy<Value = String> {
    let bits = [
        "\"",
        "'",
        "\"\"\"",
        "=",
        "[",
        "]",
        "{",
        "}",
        ".",
        "#",
        "\n",
        "\r\n",
        ",",
        "“",
        "按",
        " ",
        "{x",
        "1",
        "\\",
        "\\u12",
        "end",
        "repeat",
        "main",
        "[menu.main]\n",
        "+65",
        "\u{feff}",
        "\u{0}",
        "\t",
    ];
    let bit = prop::sample::select(bits.to_vec());
    let change = (any::<prop::sample::Index>(), 0..12_usize, bit);
    prop::collection::vec(change, 1..8).prop_map(|changes| {
        let mut letters: Vec<char> = EVERY_KEY.chars().collect();
        for (at, length, bit) in changes {
            let at = at.index(letters.len());
            let end = (at + length).min(letters.len());
            letters.splice(at..end, bit.chars());
        }
        letters.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_words_of_the_language_are_survived(words in prop::collection::vec("[a-z.=\"\\[\\]{}#,\\n ]{1,6}|press|menu|say|\\[menu\\.|= \"", 0..60)) {
        survives(&words.concat());
    }

    #[test]
    fn any_change_of_a_good_flow_is_survived(text in mutated()) {
        survives(&text);
    }
}
