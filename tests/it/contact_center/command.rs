//! `callwright contact-center`, as it is typed.

use super::{ACTION, DATA, Tenant, texts, typed, variables};

#[tokio::test]
async fn check_says_whether_each_host_and_token_works() {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let tenant = Tenant::start().await;
    let output = tenant
        .typed(folder.path(), &["contact-center", "check"])
        .await;
    let (said, error) = texts(&output);
    assert!(output.status.success(), "{error}");
    assert_eq!(
        said,
        "KEY           WORKS\n\
         host          yes    answers\n\
         data_token    yes    opens the real-time statistics: 2 queues\n\
         action_token  yes    opens interaction data\n"
    );
    let wrong = variables(&tenant.url(), "hunter2hunter2", DATA);
    let output = typed(folder.path(), wrong, &["contact-center", "check", "--json"]).await;
    let (said, _) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    let findings: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(findings[2]["works"], false);
    assert!(
        findings[2]["told"]
            .as_str()
            .expect("a text")
            .contains("compare [contact_center] tenant and action_token")
    );
    assert!(!said.contains("hunter2"), "{said}");
    let mut away = variables("http://127.0.0.1:1", ACTION, DATA);
    away.retain(|(name, _)| !name.ends_with("DATA_TOKEN"));
    let output = typed(folder.path(), away, &["contact-center", "check"]).await;
    let (said, _) = texts(&output);
    assert!(said.contains("host          no     the platform could not be connected to: look at [contact_center] host"), "{said}");
    assert!(said.contains("data_token    -      is not set"), "{said}");
}

#[tokio::test]
async fn without_a_tenant_it_says_what_to_write() {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let output = typed(folder.path(), Vec::new(), &["contact-center", "check"]).await;
    assert_eq!(output.status.code(), Some(2));
    let (_, error) = texts(&output);
    assert_eq!(
        error,
        "error: the configuration has no [contact_center]: write host, tenant and tokens there; `callwright config` says how\n"
    );
}
