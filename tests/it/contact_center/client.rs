//! The client against a tenant that answers as the guides say, and against one that is slow, broken or gone.

use std::sync::Arc;
use std::time::Duration;

use callwright::contact_center::handoff::{Outcome, QueueId, Request, SipId};
use callwright::contact_center::pairs::Pairs;
use callwright::contact_center::queue::{State, Thresholds};
use callwright::contact_center::schedule::Status;
use callwright::emulator::{CenterFault, Queue};
use callwright::outbound::attempt::{Doubt, NeverLeft};
use callwright::platform::contact_center::CenterError;
use callwright::platform::contact_center::known::Known;
use callwright::platform::contact_center::schedules::When;
use tokio::time::Instant;

use super::{ACTION, DATA, SIP_ID, Tenant, client, variables};

fn handoff(queue: &str, data: &[(&str, &str)]) -> Request {
    Request {
        sip_id: SipId::parse(SIP_ID).expect("the guide's"),
        queue: QueueId::parse(queue).expect("an id"),
        data: Pairs::new(data.iter().copied()),
    }
}

#[tokio::test]
async fn a_handoff_arrives_with_its_data() {
    let tenant = Tenant::start().await;
    let center = tenant.client();
    let request = handoff(
        "102",
        &[("First Name", "John"), ("Last Name", "Smith & Söhne=1")],
    );
    assert_eq!(center.hand_off(&request).await, Outcome::Taken);
    let arrived = tenant.center(|center| center.handoffs().to_vec());
    assert_eq!(arrived.len(), 1);
    assert_eq!(
        (arrived[0].sip_id.as_str(), arrived[0].queue.as_str()),
        (SIP_ID, "102")
    );
    assert_eq!(
        arrived[0].data,
        "[First Name|John][Last Name|Smith & Söhne=1]"
    );
    let long = handoff("102", &[("a", &"x".repeat(600))]);
    assert_eq!(center.hand_off(&long).await, Outcome::Taken);
    let arrived = tenant.center(|center| center.handoffs()[0].data.clone());
    assert_eq!(arrived.chars().count(), 500, "its tail is left out");
    let Outcome::Refused { status, words } = center.hand_off(&handoff("999", &[])).await else {
        panic!("there is no such queue")
    };
    assert_eq!(status, 404);
    assert!(
        words.starts_with("Invalid queue id: look whether"),
        "{words}"
    );
}

#[tokio::test]
async fn schedules_and_queues_are_told() {
    let tenant = Tenant::start().await;
    let center = tenant.client();
    for code in [0, -1, 1, 2, 3, 4, 5, 6] {
        let status = Status::of_code(code).expect("documented");
        tenant.center(|center| center.schedules.get_mut("122").expect("it is there").now = status);
        assert_eq!(
            center.schedule_status("122", When::default()).await,
            Ok(status)
        );
    }
    let next = center.schedule_next("122", None).await.expect("it says");
    assert_eq!((next.now, next.next), (Status::Choice(6), Status::Closed));
    let by_name = center
        .schedule_by_name("Opening hours")
        .await
        .expect("it is there");
    assert_eq!(by_name["schedule"]["id"], "122");
    assert_eq!(
        center.schedules().await.expect("they are there")["schedules"]["schedule"][0]["id"],
        "122"
    );
    assert_eq!(
        center.schedule("122").await.expect("it is there")["schedule"]["time-zone"],
        "PST8DT"
    );
    let unknown = center
        .schedule_status("9", When::default())
        .await
        .expect_err("there is none");
    assert!(
        unknown
            .to_string()
            .starts_with("the Contact Center refused (404): schedule not found: "),
        "{unknown}"
    );
    let queue = center.queue("102").await.expect("it is there");
    assert_eq!(
        (queue.name.as_str(), queue.agents_free, queue.agents_away),
        ("Reservations", 1, 1)
    );
    assert_eq!(center.queues().await.expect("they are there").len(), 2);
    assert_eq!(
        center.agent("jdoe").await.expect("it is there")["agent-name"],
        "John Doe"
    );
    assert_eq!(center.agents().await.expect("they are there").len(), 1);
}

#[tokio::test]
async fn wrong_tokens_are_told_as_such_and_not_repeated() {
    let tenant = Tenant::start().await;
    let center = client(&variables(&tenant.url(), "hunter2", "hunter3"));
    let data = center.queue("102").await.expect_err("the token is wrong");
    let Outcome::Refused { status: 401, words } = center.hand_off(&handoff("102", &[])).await
    else {
        panic!("the token is wrong")
    };
    let said = format!("{data} {words} {center:?}");
    assert!(
        said.contains("data_token with the Configuration Manager") && said.contains("action_token"),
        "{said}"
    );
    assert!(!said.contains("hunter"), "{said}");
}

#[tokio::test]
async fn one_schedule_is_asked_for_at_a_time() {
    let tenant = Tenant::start().await;
    let center = Arc::new(tenant.client());
    tenant.breaks([CenterFault::Slow(100), CenterFault::Slow(100)]);
    let ask = || {
        let center = center.clone();
        tokio::spawn(async move { center.schedule_status("122", When::default()).await })
    };
    let (begun, one, other) = (Instant::now(), ask(), ask());
    for answer in [one, other] {
        assert_eq!(answer.await.expect("it does not panic"), Ok(Status::Open));
    }
    assert!(
        begun.elapsed() >= Duration::from_millis(200),
        "one after the other"
    );
}

/// Whatever the Contact Center does, whoever waits on the telephone has an answer within the deadline, and it is true.
#[tokio::test]
async fn nobody_waits_longer_than_the_deadline() {
    let tenant = Tenant::start().await;
    let mut variables = variables(&tenant.url(), ACTION, DATA);
    variables.push((
        "CALLWRIGHT_CONTACT_CENTER__DEADLINE_MS".to_owned(),
        "300".to_owned(),
    ));
    let center = client(&variables);
    let unknown = |why| Outcome::Unknown(why);
    for (fault, expected) in [
        (CenterFault::Slow(5_000), unknown(Doubt::TimedOut)),
        (CenterFault::Stuck, unknown(Doubt::TimedOut)),
        (CenterFault::Silent, unknown(Doubt::Broken)),
        (CenterFault::HalfABody, unknown(Doubt::Broken)),
        (
            CenterFault::Refused(500),
            unknown(Doubt::Failed { status: 500 }),
        ),
        (
            CenterFault::Refused(502),
            unknown(Doubt::Failed { status: 502 }),
        ),
        (
            CenterFault::Elsewhere,
            unknown(Doubt::Unreadable { status: 302 }),
        ),
    ] {
        tenant.breaks([fault]);
        let begun = Instant::now();
        let outcome = center.hand_off(&handoff("102", &[])).await;
        let took = begun.elapsed();
        assert_eq!(outcome, expected, "{fault:?}");
        assert!(took < Duration::from_secs(2), "{fault:?}: {took:?}");
        tenant.breaks([fault]);
        let begun = Instant::now();
        assert!(
            center
                .schedule_status("122", When::default())
                .await
                .is_err(),
            "{fault:?}"
        );
        assert!(begun.elapsed() < Duration::from_secs(2), "{fault:?}");
    }
    tenant.breaks([CenterFault::WrongBody]);
    let strange = center.queue("102").await;
    assert_eq!(
        strange,
        Err(CenterError::Doubt(Doubt::Unreadable { status: 200 }))
    );
    let asked = tenant.center(|center| {
        center
            .asked()
            .iter()
            .filter(|it| it.contains("externalIvr"))
            .count()
    });
    assert!(
        asked <= 7,
        "what may have arrived is not sent again: {asked}"
    );
}

#[tokio::test]
async fn what_never_left_is_sent_again_while_there_is_time() {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = socket.local_addr().expect("it is bound");
    drop(socket);
    let center = client(&variables(&format!("http://{address}"), ACTION, DATA));
    let request = handoff("102", &[]);
    let outcome = center.hand_off(&request).await;
    assert_eq!(outcome, Outcome::NeverLeft(NeverLeft::NoConnection));
    // It comes up in the middle.
    let tenant = Tenant::start().await;
    let handing = tokio::spawn(async move { center.hand_off(&request).await });
    tokio::task::yield_now().await;
    let socket = tokio::net::TcpListener::bind(address)
        .await
        .expect("the port is free still");
    let _serving = tenant.emulator.serve(socket).expect("it has an address");
    assert_eq!(handing.await.expect("it does not panic"), Outcome::Taken);
}

#[tokio::test]
async fn what_is_known_is_kept_and_given_on_when_nobody_says() {
    let tenant = Tenant::start().await;
    let known = Known::new(Arc::new(tenant.client()), tenant.clock());
    let asked = || tenant.center(|center| center.asked().len());
    let thresholds = Thresholds::default();
    assert_eq!(known.queue("102", thresholds).await, State::Free);
    tenant.center(|center| {
        center.queues.insert(
            "102".to_owned(),
            Queue {
                agents_free: 0,
                ..Queue::default()
            },
        )
    });
    tenant.later(9);
    assert_eq!(
        (known.queue("102", thresholds).await, asked()),
        (State::Free, 1),
        "it is kept"
    );
    tenant.later(1);
    assert_eq!(
        (known.queue("102", thresholds).await, asked()),
        (State::Nobody, 2)
    );
    assert_eq!(known.schedule("122").await, Some(Status::Open));
    tenant.later(59);
    assert_eq!(
        (known.schedule("122").await, asked()),
        (Some(Status::Open), 3)
    );
    // The service is away: its last word counts, a queue's for a minute, a schedule's for half a day.
    tenant.later(1);
    tenant.breaks([CenterFault::Refused(503), CenterFault::Refused(500)]);
    assert_eq!(known.schedule("122").await, Some(Status::Open));
    assert_eq!(
        (known.schedule("122").await, asked()),
        (Some(Status::Open), 3),
        "it is left alone for a moment"
    );
    assert_eq!(known.queue("102", thresholds).await, State::Unknown);
    tenant.later(12 * 60 * 60);
    tenant.breaks([CenterFault::Refused(503)]);
    assert_eq!(known.schedule("122").await, None);
    tenant.later(5);
    assert_eq!(known.schedule("122").await, Some(Status::Open));
}

#[tokio::test]
async fn of_many_who_want_to_know_one_asks() {
    let tenant = Tenant::start().await;
    let known = Arc::new(Known::new(Arc::new(tenant.client()), tenant.clock()));
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let known = known.clone();
            tokio::spawn(async move { known.schedule("122").await })
        })
        .collect();
    for answer in asking {
        assert_eq!(answer.await.expect("it does not panic"), Some(Status::Open));
    }
    assert_eq!(tenant.center(|center| center.asked().len()), 1);
}
