//! The states of an attempt: a table of what each answer makes of one, and a crowd of attempts whose platform forgets,
//! delays and fails, of which none may ever be called twice.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::call::SessionId;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("within the calendar")
}

fn intent(id: &str) -> Intent {
    Intent {
        id: AttemptId::new(id),
        sub_account: SubAccountId::new("acme"),
        source: PhoneNumber::new("+6561115777"),
        destination: PhoneNumber::new("+6568332048"),
        begun_at: at(0),
        valid_until: at(0) + USUAL_VALIDITY,
    }
}

fn owner() -> Owner {
    Owner {
        node: "one".to_owned(),
        epoch: 1,
    }
}

fn dialing(id: &str) -> Dialing {
    match Pending::new(intent(id)).due(owner(), at(0)) {
        Next::Dial(dialing) => dialing,
        other => panic!("{other:?}"),
    }
}

fn unknown(id: &str) -> Attempt {
    Attempt::Dialing(dialing(id)).answered(Placed::Unknown(Doubt::TimedOut), at(5))
}

fn session(id: &str) -> SessionId {
    SessionId::new(id)
}

fn refusal() -> Refusal {
    Refusal {
        code: -1014,
        message: "caller id not allowed".to_owned(),
        advice: "have it allowed".into(),
    }
}

#[test]
fn an_answer_makes_of_a_request_on_its_way_what_it_says() {
    for (placed, state, not_before) in [
        (Placed::Accepted(session("s")), "ACCEPTED", None),
        (Placed::Rejected(refusal()), "REJECTED", None),
        (Placed::TryLater(None), "PENDING", Some(3)),
        (
            Placed::TryLater(Some(Later::In(SignedDuration::from_secs(20)))),
            "PENDING",
            Some(22),
        ),
        (
            Placed::TryLater(Some(Later::At(at(29)))),
            "PENDING",
            Some(29),
        ),
        (Placed::TryLater(Some(Later::At(at(30)))), "REJECTED", None),
        (
            Placed::TryLater(Some(Later::In(SignedDuration::MAX))),
            "REJECTED",
            None,
        ),
        (Placed::NeverLeft(NeverLeft::NoAddress), "PENDING", Some(3)),
        (Placed::NeverLeft(NeverLeft::NoTls), "PENDING", Some(3)),
        (Placed::Unknown(Doubt::Broken), "UNKNOWN", None),
    ] {
        let attempt = Attempt::Dialing(dialing("a")).answered(placed.clone(), at(2));
        assert_eq!(attempt.state(), state, "{placed:?}");
        match attempt {
            Attempt::Pending(pending) => assert_eq!(Some(pending.not_before), not_before.map(at)),
            _ => assert_eq!(not_before, None),
        }
    }
    let abandoned = dialing("a").abandoned(at(2));
    assert_eq!(abandoned.why, Doubt::OwnerGone);
}

#[test]
fn it_waits_its_time_and_ends_with_it() {
    let pending = |placed| match Attempt::Dialing(dialing("a")).answered(placed, at(2)) {
        Attempt::Pending(pending) => pending,
        other => panic!("{other:?}"),
    };
    let waits = pending(Placed::NeverLeft(NeverLeft::NoConnection));
    assert!(matches!(waits.clone().due(owner(), at(2)), Next::Wait(_)));
    match waits.clone().due(owner(), at(3)) {
        Next::Dial(again) => assert_eq!(again.tries, 1),
        other => panic!("{other:?}"),
    }
    let Next::Expired(expired) = waits.due(owner(), at(30)) else {
        panic!("its time passed")
    };
    assert_eq!(
        expired.why.to_string(),
        "its time passed: the platform could not be connected to; ask for it again, with a longer `valid_for` if need be"
    );
    let Next::Expired(expired) = Pending::new(intent("a")).due(owner(), at(30)) else {
        panic!("its time passed")
    };
    assert_eq!(expired.why, Rejection::Expired(Obstacle::Idle));
}

#[test]
fn pauses_grow_up_to_a_bound() {
    let mut attempt = Attempt::Dialing(Dialing {
        intent: Intent {
            valid_until: at(1_000),
            ..intent("a")
        },
        ..dialing("a")
    });
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let before = at(2);
        let Attempt::Pending(pending) =
            attempt.answered(Placed::NeverLeft(NeverLeft::NoConnection), before)
        else {
            panic!("it has time")
        };
        pauses.push(pending.not_before.duration_since(before).as_secs());
        let Next::Dial(again) = pending.clone().due(owner(), pending.not_before) else {
            panic!("its time came")
        };
        attempt = Attempt::Dialing(again);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 8, 8]);
}

#[test]
fn a_late_answer_closes_what_is_unknown_and_never_dials() {
    for (placed, state) in [
        (Placed::Accepted(session("s")), "ACCEPTED"),
        (Placed::Rejected(refusal()), "REJECTED"),
        (Placed::TryLater(None), "REJECTED"),
        (Placed::NeverLeft(NeverLeft::NoTls), "REJECTED"),
        (Placed::Unknown(Doubt::Broken), "UNKNOWN"),
    ] {
        assert_eq!(unknown("a").answered(placed, at(9)).state(), state);
    }
}

#[test]
fn a_certain_answer_is_believed_before_a_likeness_of_numbers() {
    let by = |told_by| unknown("a").heard(session("webhook"), told_by, at(6));
    let session_of = |attempt: Attempt| match attempt {
        Attempt::Accepted(accepted) => accepted.session.as_str().to_owned(),
        other => other.state().to_owned(),
    };
    for (told_by, placed, expected) in [
        (
            ToldBy::Numbers,
            Placed::Accepted(session("answer")),
            "answer",
        ),
        (ToldBy::Numbers, Placed::Rejected(refusal()), "REJECTED"),
        (
            ToldBy::Numbers,
            Placed::NeverLeft(NeverLeft::NoTls),
            "webhook",
        ),
        (ToldBy::Numbers, Placed::Unknown(Doubt::Broken), "webhook"),
        (ToldBy::Echo, Placed::Accepted(session("answer")), "webhook"),
        (ToldBy::Echo, Placed::Rejected(refusal()), "webhook"),
        (ToldBy::Operator, Placed::Rejected(refusal()), "webhook"),
    ] {
        assert_eq!(session_of(by(told_by).answered(placed, at(7))), expected);
    }
}

#[test]
fn an_operator_settles_what_is_unknown() {
    let Attempt::Unknown(state) = unknown("a") else {
        panic!("nobody knows")
    };
    let placed = state.clone().settled(Verdict::Placed(session("s")), at(9));
    let not = state.settled(Verdict::NotPlaced, at(9));
    assert_eq!((placed.state(), not.state()), ("ACCEPTED", "REJECTED"));
    // The platform knows better, and says so with the attempt's own id.
    assert_eq!(
        not.clone()
            .heard(session("s"), ToldBy::Numbers, at(10))
            .state(),
        "REJECTED"
    );
    assert_eq!(
        not.heard(session("s"), ToldBy::Echo, at(10)).state(),
        "ACCEPTED"
    );
}

#[test]
fn a_session_is_joined_to_the_one_attempt_that_may_be_it() {
    let the_session = session("s");
    let (sub_account, other_sub) = (SubAccountId::new("acme"), SubAccountId::new("other"));
    let (source, destination) = (
        PhoneNumber::new("6561115777"),
        PhoneNumber::new("6568332048"),
    );
    let heard = Heard {
        session: &the_session,
        client_request_id: None,
        sub_account: &sub_account,
        source: &source,
        destination: &destination,
        at: at(90),
    };
    let a = AttemptId::new("a");
    let two = [unknown("a"), Attempt::Dialing(dialing("b"))];
    let one = &two[..1];
    let by_numbers = Joined::To(&a, ToldBy::Numbers);
    assert_eq!(join(&heard, one), by_numbers);
    assert_eq!(join(&heard, &two), Joined::Ambiguous);
    let echo = |id| Heard {
        client_request_id: Some(id),
        ..heard
    };
    assert_eq!(join(&echo("a"), &two), Joined::To(&a, ToldBy::Echo));
    assert_eq!(join(&echo("c"), one), Joined::Stranger);
    for other in [
        Heard {
            sub_account: &other_sub,
            ..heard
        },
        Heard {
            source: &destination,
            ..heard
        },
        Heard {
            destination: &source,
            ..heard
        },
        Heard {
            at: at(91),
            ..heard
        },
        Heard {
            at: at(-1),
            ..heard
        },
    ] {
        assert_eq!(join(&other, one), Joined::Stranger);
    }
    let closed = [unknown("a").heard(session("s"), ToldBy::Numbers, at(6))];
    assert_eq!(join(&heard, &closed), Joined::Known(&a));
    let another = session("another");
    let later = Heard {
        session: &another,
        ..heard
    };
    assert_eq!(join(&later, &closed), Joined::Stranger);
    let waits = [Attempt::Pending(Pending::new(intent("a")))];
    assert_eq!(join(&heard, &waits), Joined::Stranger);
    assert_eq!(join(&echo("a"), &waits), Joined::To(&a, ToldBy::Echo));
}

#[test]
fn a_line_is_taken_while_a_call_may_be_on_it() {
    let (mine, back) = (
        intent("mine"),
        Intent {
            source: intent("a").destination,
            destination: intent("a").source,
            ..intent("back")
        },
    );
    let dialing = Attempt::Dialing(dialing("a"));
    let accepted = dialing
        .clone()
        .answered(Placed::Accepted(session("s")), at(1));
    let waits = Attempt::Pending(Pending::new(intent("a")));
    for (other, taken) in [
        (&dialing, true),
        (&unknown("a"), true),
        (&accepted, false),
        (&waits, false),
    ] {
        assert_eq!(
            in_flight(&mine, [other]).is_some(),
            taken,
            "{}",
            other.state()
        );
        assert_eq!(in_flight(&back, [other]), None);
        assert_eq!(in_flight(&intent("a"), [other]), None, "it is itself");
    }
}

/// What the platform and the world do to one request.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Placed,
    PlacedAndLost,
    LostBeforeIt,
    Refused,
    Busy,
    NeverLeft,
    /// The server ends while it waits, with or without a call placed.
    Crash(bool),
}

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        Just(Fate::Placed),
        Just(Fate::PlacedAndLost),
        Just(Fate::LostBeforeIt),
        Just(Fate::Refused),
        Just(Fate::Busy),
        Just(Fate::NeverLeft),
        any::<bool>().prop_map(Fate::Crash),
    ]
}

/// Lives through one request after another until nothing more is sent. Gives the attempt, how often somebody was called,
/// and whether a request was sent that left.
fn live(fates: &[Fate]) -> (Attempt, u32, bool) {
    let mut attempt = Attempt::Pending(Pending::new(intent("a")));
    let (mut calls, mut left, mut now) = (0, false, at(0));
    for fate in fates {
        let Attempt::Pending(pending) = attempt else {
            break;
        };
        now = now.max(pending.not_before);
        let dialing = match pending.due(owner(), now) {
            Next::Dial(dialing) => dialing,
            Next::Wait(waits) => {
                attempt = Attempt::Pending(waits);
                continue;
            }
            Next::Expired(expired) => {
                attempt = Attempt::Rejected(expired);
                break;
            }
        };
        assert!(!left, "a request left before this one");
        let placed = match fate {
            Fate::Placed => Placed::Accepted(session("s")),
            Fate::PlacedAndLost | Fate::LostBeforeIt | Fate::Crash(_) => {
                Placed::Unknown(Doubt::Broken)
            }
            Fate::Refused => Placed::Rejected(refusal()),
            Fate::Busy => Placed::TryLater(None),
            Fate::NeverLeft => Placed::NeverLeft(NeverLeft::NoConnection),
        };
        calls += u32::from(matches!(
            fate,
            Fate::Placed | Fate::PlacedAndLost | Fate::Crash(true)
        ));
        left = !matches!(fate, Fate::Busy | Fate::NeverLeft);
        now += SignedDuration::from_secs(1);
        attempt = match fate {
            Fate::Crash(_) => Attempt::Unknown(dialing.abandoned(now)),
            _ => Attempt::Dialing(dialing).answered(placed, now),
        };
    }
    (attempt, calls, left)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nobody_is_called_twice_and_no_word_is_false(fates in proptest::collection::vec(fates(), 1..12), echoes in any::<bool>()) {
        let (attempt, calls, left) = live(&fates);
        prop_assert!(calls <= 1);
        match attempt.state() {
            "ACCEPTED" => prop_assert_eq!(calls, 1),
            "REJECTED" | "PENDING" => prop_assert_eq!(calls, 0),
            "UNKNOWN" => prop_assert!(left),
            other => prop_assert!(false, "it ends {}", other),
        }
        if calls == 1 {
            // The session's webhooks come in any case: then it is known.
            let (id, intent) = (session("s"), attempt.intent().clone());
            let heard = Heard {
                session: &id,
                client_request_id: echoes.then_some("a"),
                sub_account: &intent.sub_account,
                source: &intent.source,
                destination: &intent.destination,
                at: at(60),
            };
            let told_by = match join(&heard, [&attempt]) {
                Joined::To(_, told_by) => Some(told_by),
                joined => {
                    prop_assert!(matches!(joined, Joined::Known(_)), "{:?}", joined);
                    None
                }
            };
            let closed = match told_by {
                Some(told_by) => attempt.clone().heard(id.clone(), told_by, at(60)),
                None => attempt.clone(),
            };
            prop_assert_eq!(closed.state(), "ACCEPTED");
        }
    }
}
