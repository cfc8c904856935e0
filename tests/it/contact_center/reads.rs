//! What is read of the Contact Center: lists in pages and every form, attachments, and updates that are followed.

use std::time::Duration;

use callwright::contact_center::reading::{Form, List};
use callwright::emulator::CenterFault;
use callwright::platform::contact_center::reading::Wanted;
use callwright::platform::contact_center::streaming::Told;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{ACTION, Tenant, client, texts, variables};

async fn got(tenant: &Tenant, arguments: &str) -> String {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let arguments: Vec<&str> = ["contact-center"]
        .into_iter()
        .chain(arguments.split(' '))
        .collect();
    let output = tenant.typed(folder.path(), &arguments).await;
    let (said, error) = texts(&output);
    assert!(output.status.success(), "{arguments:?}: {error}");
    said
}

fn lists_asked(tenant: &Tenant) -> Vec<String> {
    tenant.center(|center| center.asked().to_vec())
}

#[tokio::test]
async fn all_pages_of_a_list_are_read_in_every_form() {
    let tenant = Tenant::start().await;
    let csv = got(&tenant, "get recordings --d today-1d,today --csv").await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 121, "one head, and 120 records of three pages");
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("startDate"))
            .count(),
        1
    );
    assert_eq!(lists_asked(&tenant).len(), 3);
    let json: Value =
        serde_json::from_str(&got(&tenant, "get recordings --json").await).expect("JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(120));
    assert_eq!(json[119]["transactionID"], 120);
    let xml = got(&tenant, "get recordings --xml").await;
    assert_eq!(
        (
            xml.matches("<file>").count(),
            xml.matches("</recordings>").count()
        ),
        (120, 1)
    );
    assert!(
        xml.starts_with("<?xml version='1.0'  encoding='UTF-8' ?>\n<recordings>"),
        "{xml}"
    );
    assert_eq!(
        got(&tenant, "get recordings --json --most 60")
            .await
            .matches("startDate")
            .count(),
        60
    );
    let table = got(&tenant, "get groups").await;
    assert_eq!(
        table,
        "DELETED  GROUP-ID  GROUP-NAME\nNo       122       Support\n"
    );
    assert_eq!(got(&tenant, "get channels").await, "No records.\n");
    assert_eq!(got(&tenant, "get channels --json").await, "[]\n");
}

#[tokio::test]
async fn fields_people_and_ids_narrow_a_list() {
    let tenant = Tenant::start().await;
    let phone: Value = serde_json::from_str(
        &got(
            &tenant,
            "get interactions --of queue:102 --where media-type=T --json",
        )
        .await,
    )
    .expect("JSON");
    assert_eq!(phone.as_array().map(Vec::len), Some(3));
    assert_eq!(
        lists_asked(&tenant),
        ["GET /api/stats/queues/102/interactions.json"]
    );
    let one: Value =
        serde_json::from_str(&got(&tenant, "get agents jdoe --json").await).expect("JSON");
    assert_eq!(one[0]["full-name"], "John, \"Jack\" Doe");
    assert_eq!(
        got(&tenant, "get agents --csv").await,
        "agent-id,enabled,full-name,group-id\njdoe,Y,\"John, \"\"Jack\"\" Doe\",122\n"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_at_once() {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let tenant = Tenant::start().await;
    let wrong = [
        "contact-center",
        "get",
        "skills",
        "--d",
        "yesterday",
        "--where",
        "x",
    ];
    let output = tenant.typed(folder.path(), &wrong).await;
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        texts(&output).1,
        "error: it cannot be asked so:\n  `of` is missing: this list is kept for one each: write agent:ID, queue:ID\n  \
         `d`: this list has no days: leave it out\n  \
         `d` is no date: write a day, or two with a comma: today-1d,today or 2026-11-20,2026-11-21 13:15Z\n  \
         `where` has no =: write FIELD=VALUE, as media-type=T\n"
    );
    assert!(lists_asked(&tenant).is_empty());
}

#[tokio::test]
async fn a_list_that_breaks_off_says_how_far_it_came() {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let tenant = Tenant::start().await;
    tenant.breaks([CenterFault::Slow(0), CenterFault::Refused(500)]);
    let output = tenant
        .typed(
            folder.path(),
            &["contact-center", "get", "recordings", "--csv"],
        )
        .await;
    let (said, error) = texts(&output);
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 51));
    assert!(error.starts_with("error: 50 records were read before that\n  because: the platform answered with a failure"), "{error}");
}

#[tokio::test]
async fn every_list_asks_at_its_documented_address() {
    let tenant = Tenant::start().await;
    let center = tenant.client();
    for (name, of, address) in [
        ("transcripts", None, "recordings/transcripts"),
        ("allinteractions", None, "stats/allinteractions"),
        (
            "activities",
            Some("group:122"),
            "stats/groups/122/activities",
        ),
        (
            "statuses",
            Some("agent:sally"),
            "stats/agents/sally/statuses",
        ),
        (
            "statistics",
            Some("channel:23"),
            "stats/channels/23/statistics",
        ),
        ("skills", Some("queue:102"), "stats/queues/102/skills"),
        (
            "outboundcalls",
            Some("agent:fred"),
            "stats/agents/fred/outboundcalls",
        ),
        (
            "offline-slas",
            Some("queue:32"),
            "stats/queues/32/offline_slas",
        ),
        ("campaigns", None, "stats/campaigns"),
        (
            "records",
            Some("campaign:123"),
            "stats/campaigns/123/records",
        ),
        ("status-codes", None, "stats/scls"),
    ] {
        let list = List::named(name).expect("it is there");
        let wanted = Wanted {
            list,
            of: list.of(of).expect("it is kept for them"),
            id: None,
            dates: Some("2007-08-05 13:15Z,2007-08-07 14:30Z".to_owned()).filter(|_| list.dated),
            zone: None,
            fields: Vec::new(),
        };
        let page = center
            .page(&wanted, Form::Json, 1)
            .await
            .expect("it is there");
        assert!(!page.is_full(), "{name}");
        assert_eq!(
            lists_asked(&tenant).last().map(String::as_str),
            Some(&*format!("GET /api/{address}.json"))
        );
    }
}

#[tokio::test]
async fn schedules_queues_agents_and_files_by_command() {
    let tenant = Tenant::start().await;
    assert_eq!(got(&tenant, "schedules 122").await, "open\n");
    assert_eq!(
        got(&tenant, "schedules 122 --next").await,
        "open, then closed from 2026-11-20T22:00:00+08:00 on\n"
    );
    assert!(
        got(&tenant, "schedules")
            .await
            .starts_with("ID   NAME           TIME-ZONE\n122  Opening hours  PST8DT\n")
    );
    assert!(
        got(&tenant, "queues 102")
            .await
            .contains("102    Reservations  phone  free")
    );
    assert!(
        got(&tenant, "agents --json")
            .await
            .starts_with(r#"[{"agent-id":"jdoe""#)
    );
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let arguments = [
        "contact-center",
        "attachment",
        "followup",
        "38.1",
        "-o",
        "files.zip",
    ];
    let output = tenant.typed(folder.path(), &arguments).await;
    assert!(output.status.success(), "{output:?}");
    let file = std::fs::read_to_string(folder.path().join("files.zip")).expect("it was written");
    assert_eq!(file, "the files of followup 38.1");
}

/// The next thing that a follower tells, which has to come soon.
macro_rules! next {
    ($follower:expr) => {
        timeout(Duration::from_secs(20), $follower.next())
            .await
            .expect("it tells something")
            .expect("it may listen")
    };
}

#[tokio::test]
async fn a_follower_resumes_by_its_subscription() {
    let tenant = Tenant::start().await;
    let center = tenant.client();
    let happens = |agent: &str| {
        let told = json!({"agentId": agent, "newState": 2, "statusEventTS": 1381563857});
        tenant.center(|center| center.happens("AgentStatusChange", &told));
    };
    let mut follower = center.follow("wallboard");
    assert_eq!(next!(follower), Told::Connected);
    happens("marcus");
    assert_eq!(
        next!(follower),
        Told::Update(
            json!({"AgentStatusChange": {"agentId": "marcus", "newState": 2, "statusEventTS": 1381563857}})
        )
    );
    // Its hour ends; what happens until it is back is told then.
    tenant.center(|center| center.end_hour("wallboard"));
    assert!(matches!(next!(follower), Told::Lost(why) if why.contains("ended the subscription")));
    happens("anna");
    assert_eq!(next!(follower), Told::Connected);
    assert!(
        matches!(next!(follower), Told::Update(update) if update["AgentStatusChange"]["agentId"] == "anna")
    );
}

#[tokio::test]
async fn a_fourth_client_waits_and_a_wrong_token_ends() {
    let tenant = Tenant::start().await;
    let center = tenant.client();
    let (mut one, mut two, mut three) = (
        center.follow("one"),
        center.follow("two"),
        center.follow("three"),
    );
    for follower in [&mut one, &mut two, &mut three] {
        assert_eq!(next!(follower), Told::Connected);
    }
    let mut four = center.follow("four");
    assert_eq!(
        next!(four),
        Told::Lost("the Contact Center takes three clients of a tenant, and has them".to_owned())
    );
    let stranger = client(&variables(&tenant.url(), ACTION, "hunter2"));
    let told = stranger
        .follow("five")
        .next()
        .await
        .expect_err("the token is wrong")
        .to_string();
    assert!(
        told.contains("data_token") && !told.contains("hunter2"),
        "{told}"
    );
}

#[tokio::test]
async fn updates_are_followed_by_command() {
    let tenant = Tenant::start().await;
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let arguments = [
        "contact-center",
        "follow",
        "--subscription",
        "board",
        "--most",
        "1",
    ];
    let following = tenant.typed(folder.path(), &arguments);
    let happening = async {
        while tenant.center(|center| center.listeners()) == 0 {
            tokio::task::yield_now().await;
        }
        tenant.center(|center| center.happens("AgentStatusChange", &json!({"agentId": "jdoe"})));
    };
    let (output, ()) = tokio::join!(following, happening);
    assert_eq!(
        texts(&output).0,
        "{\"AgentStatusChange\":{\"agentId\":\"jdoe\"}}\n"
    );
}
