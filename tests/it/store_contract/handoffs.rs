//! Handoffs and the calls that scripts told of: kept whole, over what was known, found by both numbers.

use callwright::call::{PhoneNumber, SessionId};
use callwright::contact_center::given_back::CallbackResult;
use callwright::contact_center::handoff::{By, Handoff, Outcome, QueueId, Request, SipId};
use callwright::contact_center::matching::SipCall;
use callwright::contact_center::pairs::Pairs;
use callwright::outbound::attempt::{Doubt, NeverLeft};

use super::Engine;
use super::samples::*;

pub(crate) fn handoff(id: &str, by: By, outcome: Outcome) -> Handoff {
    Handoff {
        id: id.to_owned(),
        request: Request {
            sip_id: SipId::parse("6a4e7e2-1f1bee-4b433660@192").expect("an id"),
            queue: QueueId::parse("102").expect("an id"),
            data: Pairs::new([("First Name", "John"), ("Phone", CALLER)]),
        },
        by,
        asked_at: at(5),
        outcome,
    }
}

pub(super) async fn every_outcome_of_a_handoff_comes_back(engine: &dyn Engine) {
    let store = engine.open().await;
    let refused = Outcome::Refused {
        status: 404,
        words: "Invalid queue id".to_owned(),
    };
    let outcomes = [
        Outcome::UnderWay,
        Outcome::Taken,
        refused,
        Outcome::NeverLeft(NeverLeft::NoAddress),
        Outcome::NeverLeft(NeverLeft::NoConnection),
        Outcome::NeverLeft(NeverLeft::NoTls),
        Outcome::NeverLeft(NeverLeft::NotSent),
        Outcome::Unknown(Doubt::TimedOut),
        Outcome::Unknown(Doubt::Broken),
        Outcome::Unknown(Doubt::Failed { status: 503 }),
        Outcome::Unknown(Doubt::Unreadable { status: 302 }),
        Outcome::Unknown(Doubt::OwnerGone),
    ];
    let mut kept = Vec::new();
    for (nth, outcome) in outcomes.into_iter().enumerate() {
        let by = match nth % 2 {
            0 => By::Script,
            _ => By::Flow(SessionId::new("s-1")),
        };
        let it = handoff(&format!("a{nth:02}"), by.clone(), Outcome::UnderWay);
        store.handoffs().keep_handoff(&it).await.expect("write");
        let it = Handoff { outcome, ..it };
        store.handoffs().keep_handoff(&it).await.expect("write");
        kept.insert(0, it);
    }
    store.close().await;
    let store = engine.open().await;
    assert_eq!(
        store.handoffs().handoffs(None, 100).await.expect("read"),
        kept
    );
    let page = store
        .handoffs()
        .handoffs(Some("a05"), 3)
        .await
        .expect("read");
    let ids: Vec<_> = page.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["a04", "a03", "a02"]);
}

pub(super) async fn a_call_that_a_script_told_of_is_found_by_both_numbers(engine: &dyn Engine) {
    let store = engine.open().await;
    let (caller, called, other) = (
        PhoneNumber::new(CALLER),
        PhoneNumber::new(CALLED),
        PhoneNumber::new("+6591234568"),
    );
    let call = |id: &str, caller: &PhoneNumber, second| SipCall {
        sip_id: SipId::parse(id).expect("an id"),
        caller: caller.clone(),
        called: called.clone(),
        told_at: at(second),
    };
    let first = call("a", &caller, 0);
    for told in [&first, &call("b", &caller, 30), &call("c", &other, 31)] {
        store
            .handoffs()
            .keep_sip_call(told, at(-10))
            .await
            .expect("write");
    }
    store.close().await;
    let store = engine.open().await;
    let spelt = PhoneNumber::new(CALLER.trim_start_matches('+'));
    let found = store
        .handoffs()
        .sip_calls(&spelt, &called, at(0))
        .await
        .expect("read");
    assert_eq!(found, [first, call("b", &caller, 30)]);
    assert_eq!(
        store
            .handoffs()
            .sip_calls(&caller, &called, at(1))
            .await
            .expect("read")
            .len(),
        1
    );
    assert_eq!(
        store
            .handoffs()
            .sip_calls(&called, &caller, at(0))
            .await
            .expect("read"),
        []
    );
    // What is old is forgotten as something new comes.
    store
        .handoffs()
        .keep_sip_call(&call("d", &other, 40), at(30))
        .await
        .expect("write");
    let left = store
        .handoffs()
        .sip_calls(&caller, &called, at(0))
        .await
        .expect("read");
    assert_eq!(left, [call("b", &caller, 30)]);
}

pub(super) async fn what_was_given_back_comes_back(engine: &dyn Engine) {
    let store = engine.open().await;
    let result = |nth: u32, error: Option<&str>| CallbackResult {
        id: format!("r{nth}"),
        received_at: at(nth.into()),
        code: "FAIL".to_owned(),
        error: error.map(str::to_owned),
        data: Pairs::new([("Phone", CALLER)]),
    };
    let (first, second) = (result(1, None), result(2, Some("no such record")));
    for it in [&first, &second] {
        store
            .handoffs()
            .keep_callback_result(it)
            .await
            .expect("write");
    }
    store.close().await;
    let store = engine.open().await;
    let all = store.handoffs().callback_results(None, 10).await;
    assert_eq!(all.expect("read"), [second, first.clone()]);
    let page = store.handoffs().callback_results(Some("r2"), 10).await;
    assert_eq!(page.expect("read"), [first]);
}
