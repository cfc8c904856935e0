//! What is done at the Contact Center: call backs with every documented error, interaction data, recording control, and what it
//! gives back.

use callwright::call::{PhoneNumber, SessionId};
use callwright::contact_center::callback::{CALLBACK_URL, Callback, CallerId, ErrorCode, When};
use callwright::contact_center::handoff::{QueueId, SipId};
use callwright::contact_center::interaction::{Interaction, Variable};
use callwright::contact_center::pairs::Pairs;
use callwright::contact_center::recording::{Agent, Control};
use callwright::emulator::{Answer, CenterFault, Queue};
use callwright::platform::contact_center::CenterError;
use callwright::platform::contact_center::callback::NotTaken;
use callwright::platform::contact_center::recording::Controlled;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::companion::settings;
use super::{ACTION, DATA, SIP_ID, Tenant, client, texts, typed, variables};
use crate::app::TestApp;

fn now() -> Callback {
    Callback {
        phone: PhoneNumber::new("+16505551212"),
        when: When::Now {
            channel: "18006661212".to_owned(),
            delay_s: None,
        },
        data: Pairs::default(),
        caller_id: CallerId::Tenant,
        user_data: Pairs::default(),
        dial_plan: None,
        external_id: Some("transac_0".to_owned()),
    }
}

fn when_free(queue: &str) -> Callback {
    Callback {
        when: When::AgentFree {
            queue: QueueId::parse(queue).expect("an id"),
            expires_s: Some(3600),
            preview_s: Some(15),
        },
        ..now()
    }
}

#[tokio::test]
async fn both_types_of_call_back_are_taken() {
    let tenant = Tenant::start().await;
    let center = tenant.client();
    assert_eq!(center.call_back(&now()).await, Ok(()));
    let with_data = Callback {
        data: Pairs::new([("First Name", "John")]),
        user_data: Pairs::new([
            (CALLBACK_URL, "https://mywebporter.com/callback.php"),
            ("answered", "$call_answered_time$"),
        ]),
        caller_id: CallerId::Anonymous,
        ..when_free("103")
    };
    assert_eq!(center.call_back(&with_data).await, Ok(()));
    let taken = tenant.center(|center| center.callbacks().to_vec());
    let seen: Vec<_> = taken
        .iter()
        .map(|it| (it.phone.as_str(), it.kind.as_str(), it.target.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("16505551212", "1", "18006661212"),
            ("16505551212", "2", "103")
        ]
    );
    assert_eq!(
        taken[1].user_data,
        "[ctl_callbackUrl|https://mywebporter.com/callback.php][answered|$call_answered_time$]"
    );
}

/// The emulator tells whoever asked for a call back when it is over, as the guide has it.
#[tokio::test]
async fn whoever_asked_for_a_call_back_is_told_when_it_is_over() {
    let tenant = Tenant::start().await;
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let url = format!("http://{}/over", socket.local_addr().expect("it is bound"));
    let asked = now().given_back_to(&url, &SessionId::new("s-1"));
    assert_eq!(asked.faults(), []);
    tenant
        .client()
        .call_back(&asked)
        .await
        .expect("it is taken");
    let transaction = tenant.center(|center| center.callbacks()[0].transaction);
    let receives = async {
        let (mut stream, _) = socket.accept().await.expect("somebody comes");
        let mut came = vec![0; 4096];
        let mut length = 0;
        while !came[..length].ends_with(b"%5D") {
            length += stream.read(&mut came[length..]).await.expect("it comes");
        }
        let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
        stream.write_all(answer).await.expect("it is taken");
        String::from_utf8_lossy(&came[..length]).into_owned()
    };
    let (came, told) = tokio::join!(receives, tenant.emulator.end_callback(transaction, true));
    assert!(
        matches!(told, Some(Answer::Said { status: 204, .. })),
        "{told:?}"
    );
    assert!(came.starts_with("POST /over "), "{came}");
    let (_, form) = came.split_once("\r\n\r\n").expect("a body");
    let form: Vec<_> = form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    let expected = format!(
        "[ctl_callbackUrl|{url}][callwright_session|s-1][callwright_interaction|int-42-webcallback-phone-01-klvm2]\
         [callwright_answered|1763613000][callwright_ended|1763613000]"
    );
    assert_eq!(form, [("ctl_userdata".to_owned(), expected)]);
    assert_eq!(tenant.emulator.end_callback(transaction, true).await, None);
}

#[tokio::test]
async fn each_error_of_a_call_back_is_told_by_its_code() {
    let tenant = Tenant::start().await;
    let center = tenant.client();
    let off = Queue {
        enabled: false,
        ..Queue::default()
    };
    tenant.center(|center| center.queues.insert("104".to_owned(), off));
    let channel = |channel: &str| Callback {
        when: When::Now {
            channel: channel.to_owned(),
            delay_s: None,
        },
        ..now()
    };
    let long = |characters: usize| Pairs::new([("a", "x".repeat(characters))]);
    let preview = Callback {
        when: When::AgentFree {
            queue: QueueId::parse("103").expect("an id"),
            expires_s: None,
            preview_s: Some(14),
        },
        ..now()
    };
    for (callback, code) in [
        (when_free("999"), 7),
        (when_free("104"), 8),
        (when_free("102"), 9),
        (channel(""), 12),
        (channel("18000000000"), 13),
        (
            Callback {
                data: long(500),
                ..now()
            },
            16,
        ),
        (
            Callback {
                phone: PhoneNumber::new(""),
                ..now()
            },
            17,
        ),
        (
            Callback {
                user_data: long(1_800),
                ..now()
            },
            20,
        ),
        (preview, 21),
        (
            Callback {
                external_id: Some("x".repeat(65)),
                ..now()
            },
            22,
        ),
    ] {
        let told = center.call_back(&callback).await;
        assert_eq!(told, Err(NotTaken::Code(ErrorCode(code))), "{callback:?}");
    }
    let stranger = client(&variables(&tenant.url(), "hunter2", DATA));
    let told = stranger
        .call_back(&now())
        .await
        .expect_err("the token is wrong")
        .to_string();
    assert!(
        told.starts_with(
            "the Contact Center does not call back: the token is not the tenant's (error 3): "
        ),
        "{told}"
    );
    assert!(!told.contains("hunter2"));
    tenant.breaks([CenterFault::Refused(500)]);
    let failed = center.call_back(&now()).await;
    assert!(
        matches!(failed, Err(NotTaken::Center(CenterError::Doubt(_)))),
        "{failed:?}"
    );
}

#[tokio::test]
async fn call_backs_are_deleted_by_our_id_unless_an_agent_has_them() {
    let tenant = Tenant::start().await;
    let center = tenant.client();
    center.call_back(&now()).await.expect("it is taken");
    tenant.center(|center| center.assign_callbacks("transac_0"));
    let deleted = center
        .delete_callbacks("transac_0")
        .await
        .expect("there is one");
    assert_eq!(
        (
            deleted.len(),
            deleted[0].deleted,
            deleted[0].reason.as_deref()
        ),
        (1, false, Some("statuserror"))
    );
    center.call_back(&now()).await.expect("it is taken");
    let deleted = center
        .delete_callbacks("transac_0")
        .await
        .expect("there are two");
    assert_eq!(
        deleted.iter().map(|it| it.deleted).collect::<Vec<_>>(),
        [false, true]
    );
    let none = center
        .delete_callbacks("transac_1")
        .await
        .expect_err("there is none")
        .to_string();
    assert!(
        none.starts_with("the Contact Center refused (404): transaction not found: "),
        "{none}"
    );
}

#[tokio::test]
async fn interaction_data_are_set_and_read() {
    let tenant = Tenant::start().await;
    let center = tenant.client();
    let of = Interaction::Sip(SipId::parse(SIP_ID).expect("the guide's"));
    let variables = [
        Variable::of_flow("queueId", "201", false),
        Variable::of_flow("SSN", "111-22-3333", true),
    ];
    assert_eq!(center.set_variables(&of, &variables).await, Ok(()));
    let set = tenant
        .center(|center| center.variables(SIP_ID).cloned())
        .expect("they are set");
    assert_eq!(
        (&set["_queueId"]["value"], &set["_SSN"]["privacy"]),
        (&"201".into(), &"true".into())
    );
    let read = center.interaction(&of).await.expect("it is there");
    assert_eq!(read["UserInput"].as_array().map(Vec::len), Some(2));
    let nobody = center
        .interaction(&Interaction::Guid("int-1".to_owned()))
        .await;
    assert!(
        matches!(nobody, Err(CenterError::Refused { status: 404, .. })),
        "{nobody:?}"
    );
}

#[tokio::test]
async fn a_recording_is_paused_and_goes_on() {
    let tenant = Tenant::start().await;
    let center = tenant.client();
    let jdoe = Agent::Id("jdoe".to_owned());
    for (control, expected) in [
        (Control::Pause, Controlled::Done),
        (Control::Pause, Controlled::NothingToChange),
        (Control::Resume, Controlled::Done),
    ] {
        assert_eq!(center.control_recording(&jdoe, control).await, Ok(expected));
    }
    let nobody = Agent::Email("nobody@example.com".to_owned());
    let told = center.control_recording(&nobody, Control::Pause).await;
    assert!(
        matches!(told, Err(CenterError::Refused { status: 404, .. })),
        "{told:?}"
    );
}

#[tokio::test]
async fn what_is_given_back_is_stored_for_whoever_knows_the_key() {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let tenant = Tenant::start().await;
    let app = TestApp::start_with(settings(&tenant)).await;
    let base = app.url("");
    let output = tenant
        .typed(folder.path(), &["contact-center", "callback-url"])
        .await;
    assert!(
        texts(&output)
            .1
            .contains("the configuration has no public_url"),
        "{output:?}"
    );
    let mut variables = tenant.variables();
    variables.push(("CALLWRIGHT_PUBLIC_URL".to_owned(), base));
    let asked = ["contact-center", "callback-url"];
    let output = typed(folder.path(), variables, &asked).await;
    let (url, error) = texts(&output);
    assert!(output.status.success(), "{error}");
    assert!(!url.contains(ACTION));
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair(
            "ctl_userdata",
            "[foreign_key|12345678][Transactionid|int-154820172-byfXC2WPsSnYzX]",
        )
        .append_pair("resultCode", "FAIL")
        .append_pair("errorString", "no such record")
        .finish();
    let post = async |url: &str| {
        let request = app
            .client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.clone());
        request
            .send()
            .await
            .expect("the server answers")
            .status()
            .as_u16()
    };
    assert_eq!(post(url.trim()).await, 200);
    assert_eq!(
        post(&app.url("/contact-center/callback/0123456789abcdef0123456789abcdef")).await,
        401
    );
    let list = app
        .client
        .get(app.url("/v1/callbacks"))
        .bearer_auth("reader-0123456789abcdef0123456789");
    let list: serde_json::Value = serde_json::from_str(
        &list
            .send()
            .await
            .expect("answers")
            .text()
            .await
            .expect("text"),
    )
    .expect("JSON");
    let items = list["items"].as_array().expect("a list");
    assert_eq!(items.len(), 1);
    assert_eq!(
        (&items[0]["result"], &items[0]["error"]),
        (&"FAIL".into(), &"no such record".into())
    );
    assert_eq!(items[0]["data"][0]["name"], "foreign_key");
}

#[tokio::test]
async fn call_backs_interactions_and_recordings_by_command() {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let tenant = Tenant::start().await;
    for (arguments, said) in [
        (
            "call-back +16505551212 --channel 18006661212 --delay 300 --id a --callback-url https://x.example/",
            "The Contact Center calls back.\n",
        ),
        (
            "recording pause --agent jdoe",
            "The recording is silent from now on.\n",
        ),
        ("recording resume --agent jdoe", "The recording goes on.\n"),
        (
            "interaction set --sip-id abc _amount=110.55 --ivr",
            "It is set.\n",
        ),
    ] {
        let arguments: Vec<&str> = ["contact-center"]
            .into_iter()
            .chain(arguments.split(' '))
            .collect();
        let output = tenant.typed(folder.path(), &arguments).await;
        let (text, error) = texts(&output);
        assert_eq!(text, said, "{arguments:?}: {error}");
    }
    let output = tenant
        .typed(folder.path(), &["contact-center", "delete-callbacks", "a"])
        .await;
    assert!(texts(&output).0.contains("true"), "{output:?}");
    let wrong = [
        "contact-center",
        "call-back",
        "nobody",
        "--queue",
        "103",
        "--preview",
        "3",
        "--data",
        "x",
    ];
    let output = tenant.typed(folder.path(), &wrong).await;
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        texts(&output).1,
        "error: it cannot be asked so:\n  `data` has no =: write NAME=VALUE\n"
    );
}

#[tokio::test]
async fn a_link_is_printed_for_the_tenants_workspace() {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let configured = variables("https://vcc-na4.8x8.com", ACTION, DATA);
    let arguments = [
        "click-to-dial",
        "6502928880",
        "--prefix",
        "1",
        "--user-data",
        "transaction=$transaction_id$",
    ];
    let output = typed(folder.path(), configured.clone(), &arguments).await;
    let (said, error) = texts(&output);
    assert_eq!(
        said,
        "https://vcc-na4.8x8.com/AGUI/make_call.php?prefix=1&phone=6502928880&ctl_userdata=%5Btransaction%7C%24transaction_id%24%5D\n",
        "{error}"
    );
    let wrong = [
        "click-to-dial",
        "1",
        "--queue",
        "sales",
        "--user-data",
        "ctl_nonsense=1",
    ];
    let output = typed(folder.path(), configured, &wrong).await;
    assert_eq!(output.status.code(), Some(2));
    let (_, error) = texts(&output);
    assert!(error.contains("`queue_id` is not digits alone: write digits\n  `ctl_userdata` has system data that is not known"), "{error}");
}
