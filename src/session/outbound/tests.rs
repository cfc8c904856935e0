//! How calls open: a `makeCall` and the flow's first reply, or the rule that is broken.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::call::SubAccountId;
use crate::flow::check::check;
use crate::flow::diagnostic::Source;
use crate::flow::need::Response;
use crate::outbound::attempt::USUAL_VALIDITY;

const OURS: &str = "+6561115777";
const THEIRS: &str = "+6568332048";

fn flow(head: &str, steps: &str) -> Flow {
    let text = format!("callwright = 1\n[flow]\nid = \"test\"\nstart = \"main\"\n{head}\n{steps}");
    let path = "test.toml".to_owned();
    let checked = check(&[Source { path, text }]);
    let (_, flow) = checked.flows.into_iter().next().unwrap_or_else(|| {
        panic!("{:?}", checked.diagnostics);
    });
    flow
}

fn intent(to: &str) -> Intent {
    let begun_at = Timestamp::from_second(1_800_000_000).expect("within the calendar");
    Intent {
        id: AttemptId::new("a-1"),
        sub_account: SubAccountId::new("acme"),
        source: PhoneNumber::new(OURS),
        destination: PhoneNumber::new(to),
        begun_at,
        valid_until: begun_at + USUAL_VALIDITY,
    }
}

fn opened(flow: &Flow, to: &str, variables: &[(&str, &str)]) -> Result<Opening, NotOpened> {
    let intent = intent(to);
    let variables = variables.iter();
    let variables: BTreeMap<_, _> = variables
        .map(|(name, text)| (VariableName::new(*name), (*text).to_owned()))
        .collect();
    let ours = [PhoneNumber::new(OURS)];
    let destinations = Arc::new(Destinations::new(ours, []));
    match open(flow, &intent, &variables, &destinations)? {
        Opened::Whole(opening) => Ok(opening),
        Opened::Needs(opener) => panic!("it needs {:?}", opener.need()),
    }
}

fn names(opening: &Opening) -> Vec<&'static str> {
    let name = |action: &Action| match action {
        Action::MakeCall { .. } => "makeCall",
        Action::Say { .. } => "say",
        Action::SayAndCapture(_) => "sayAndCapture",
        Action::PlayFile { .. } => "playFile",
        Action::Hangup => "hangup",
    };
    opening.actions.iter().map(name).collect()
}

#[test]
fn a_call_opens_with_its_number_and_the_flows_first_reply() {
    let message = flow(
        "",
        "[end.main]\nsay = \"For {caller}, from {called}: {call.id}.\"",
    );
    let opening = opened(&message, THEIRS, &[]).expect("it opens");
    assert_eq!(names(&opening), ["makeCall", "say", "hangup"]);
    assert_eq!(opening.position, None);
    let Action::Say { text, .. } = &opening.actions[1] else {
        panic!("{opening:?}")
    };
    assert_eq!(text, "For +6568332048, from +6561115777: a-1.");

    let menu = "[menu.main]\nsay = \"On {day}? Press 1.\"\npress.1 = \"end\"\ngive_up = \"end\"";
    let menu = flow("needs = [\"day\"]", menu);
    let opening = opened(&menu, THEIRS, &[("day", "Friday")]).expect("it opens");
    assert_eq!(names(&opening), ["makeCall", "sayAndCapture"]);
    let position = opening.position.expect("it waits");
    assert_eq!(position.step.as_str(), "main");
    assert_eq!(position.variables[&VariableName::new("day")].text, "Friday");
}

#[test]
fn a_flow_that_begins_by_connecting_bridges_two_people() {
    let connect = |number: &str| {
        let steps = format!(
            "[connect.main]\nnumber = \"{number}\"\nbusy = \"end\"\nno_answer = \"end\"\nfailed = \"end\""
        );
        flow("", &steps)
    };
    let opening = opened(&connect("+6568332049"), THEIRS, &[]).expect("it opens");
    assert_eq!(names(&opening), ["makeCall", "makeCall"]);
    assert_eq!(opening.position.expect("it waits").step.as_str(), "main");
    let refused = opened(&connect("+12015550123"), THEIRS, &[]).expect_err("it is closed");
    assert!(
        matches!(refused, NotOpened::Connect(_, Refused::Closed(_))),
        "{refused}"
    );
}

#[test]
fn what_breaks_a_rule_does_not_open() {
    let plain = flow("", "[end.main]\nsay = \"Hello.\"");
    for (to, rule) in [
        ("+12015550123", "country_closed"),
        ("+6519001234567", "premium_rate"),
        (OURS, "own_number"),
    ] {
        let refused = opened(&plain, to, &[]).expect_err(to);
        let NotOpened::Destination(why) = refused else {
            panic!("{refused}")
        };
        assert_eq!(why.rule(), rule);
    }
    let needy = flow("needs = [\"day\"]", "[end.main]\nsay = \"On {day}.\"");
    let missing = opened(&needy, THEIRS, &[]).expect_err("a variable is missing");
    assert_eq!(
        missing.to_string(),
        "the flow needs variables that are missing: day"
    );
    let given = [("day", "Friday"), ("month", "May")];
    let unneeded = opened(&needy, THEIRS, &given).expect_err("one is too many");
    assert_eq!(
        unneeded,
        NotOpened::Unneeded(vec![VariableName::new("month")])
    );
}

#[test]
fn a_call_whose_flow_begins_with_a_look_up_opens_once_it_is_answered() {
    let flow = flow(
        "",
        "[lookup.main]\nget = \"https://crm.example/{caller}\"\nsave.name = \"name\"\nok = \"hello\"\nfailed = \"end\"\n\
         [end.hello]\nsay = \"Good day, {name}.\"",
    );
    let destinations = Arc::new(Destinations::new([PhoneNumber::new(OURS)], []));
    let intent = intent(THEIRS);
    let opened = open(&flow, &intent, &BTreeMap::new(), &destinations);
    let Ok(Opened::Needs(opener)) = opened else {
        panic!("it needs an answer: {opened:?}");
    };
    let Need::Lookup(request) = opener.need().clone() else {
        panic!("only a look-up is asked for");
    };
    assert_eq!(request.url, "https://crm.example/%2B6568332048");
    let answer = Response::read(&request, 200, b"{\"name\": \"Ada\"}");
    let opened = opener.resume(&flow, &intent, &destinations, &Met::Lookup(Ok(answer)));
    let Ok(Opened::Whole(opening)) = opened else {
        panic!("nothing more is needed: {opened:?}");
    };
    assert_eq!(names(&opening), ["makeCall", "say", "hangup"]);
}
