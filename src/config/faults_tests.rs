//! Wrong configurations beside what is said of them. The texts are in `tests/config/`: `INSTA_UPDATE=always` writes
//! them anew, to be read before they are kept.

use proptest::prelude::*;

use super::tests::Desk;

/// A file's text and variables.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)]);

fn told(cases: &[Case<'_>]) -> String {
    let told = cases.iter().map(|(file, variables)| {
        let faults = Desk::with(file).faults(variables);
        let variables: String = variables
            .iter()
            .map(|(name, value)| format!("${name}={value:?}\n"))
            .collect();
        format!("{}\n{variables}\n{faults}\n", file.trim())
    });
    told.collect::<Vec<_>>().join("\n----------\n\n")
}

pub(super) fn holds(name: &str, cases: &[Case<'_>]) {
    let told = told(cases);
    for secret in ["hunter2", "91234567"] {
        assert!(!faults_only(&told).contains(secret), "{secret} is repeated");
    }
    insta::with_settings!({ snapshot_path => "../../tests/config", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, told);
    });
}

/// What is said, without what was asked.
fn faults_only(told: &str) -> String {
    told.lines()
        .filter(|line| {
            line.starts_with("callwright")
                || line.starts_with("CALLWRIGHT")
                || line.starts_with("  help")
        })
        .collect()
}

#[test]
fn addresses() {
    holds(
        "addresses",
        &[
            (r#"listen = "8080""#, &[]),
            (r#"listen = "example.com:80""#, &[]),
            ("listen = 8080", &[]),
            ("", &[("CALLWRIGHT_LISTEN", ":8080")]),
            ("", &[("CALLWRIGHT_LISTEN", "")]),
            (r#"listen = "0.0.0.0:80""#, &[]),
            (
                "[webhooks]\nallow_from = [\"8x8-singapore\", \"18.140.80\", \"10.0.0.0/33\"]",
                &[],
            ),
            (
                "[proxies]\nheader = \"x-real-ip\"",
                &[("CALLWRIGHT_PROXIES__TRUSTED", "10.0.0.0/8,everybody")],
            ),
            (
                r#"listen = "0.0.0.0:80"
[subaccounts.main]
id = "a"
product = "ivr""#,
                &[],
            ),
            (
                r#"listen = "0.0.0.0:80"
[subaccounts.main]
id = "a"
product = "ivr"
webhook_secret = "fifteen letters""#,
                &[],
            ),
            (
                r#"listen = "0.0.0.0:80"
[subaccounts.main]
id = "a"
product = "ivr"
webhook_secret = "sixteen letters!"
[api.tokens.ops]
token = "tok""#,
                &[],
            ),
            (
                r#"[subaccounts.main]
id = "a"
product = "ivr""#,
                &[("CALLWRIGHT_LISTEN", "[::]:80")],
            ),
        ],
    );
}

#[test]
fn contact_center() {
    holds(
        "contact_center",
        &[
            ("[contact_center]", &[]),
            (
                "[contact_center]\nhost = \"http://vcc-na4.8x8.com\"\ntenant = \"k lvm2\"\naction_token = \"hunter2 hunter2\"\n\
                 data_token = 7\ndeadline_ms = 2000\nsip_id = \"x\"",
                &[],
            ),
            (
                "[contact_center]\nhost = \"https://vcc-na4.8x8.com/SC/externalIvrAction.php\"\ntenant = \"klvm2\"",
                &[("CALLWRIGHT_CONTACT_CENTER__STREAMING_HOST", "vcc-na4")],
            ),
            (
                "",
                &[("CALLWRIGHT_CONTACT_CENTER__ACTION_TOKEN", "hunter2")],
            ),
        ],
    );
}

#[test]
fn values() {
    holds(
        "values",
        &[
            (r#"database_url = "postgres:u:hunter2@db/c""#, &[]),
            (r#"database_url = "mysql://u:hunter2@db/c""#, &[]),
            (r#"database_url = "sqlite://""#, &[]),
            ("", &[("CALLWRIGHT_DATABASE_URL", "hunter2")]),
            (r#"flows = ["a"]"#, &[]),
            (
                r#"[log]
level = "debg""#,
                &[],
            ),
            (
                r#"[log]
level = "warn,callwright=lots""#,
                &[],
            ),
            (
                r#"[log]
format = "jsno""#,
                &[],
            ),
            (r#"log = "debug""#, &[]),
            ("", &[("CALLWRIGHT_LOG", "debug")]),
            (
                r#"[apology]
text = " "
voice = "a\nb""#,
                &[],
            ),
            (
                r#"[http]
head_timeout_ms = 50
body_timeout_ms = "9000"
idle_timeout_ms = 1e4
drain_timeout_ms = -1"#,
                &[],
            ),
            (
                "[http]\nmax_connections = 10\nmax_connections_per_address = 11",
                &[],
            ),
            ("", &[("CALLWRIGHT_HTTP__HEAD_TIMEOUT_MS", "5s")]),
        ],
    );
}

#[test]
fn subaccounts_and_tokens() {
    holds(
        "subaccounts_and_tokens",
        &[
            ("[subaccounts.main]", &[]),
            (
                "",
                &[("CALLWRIGHT_SUBACCOUNTS__MAIN__WEBHOOK_SECRET", "hunter2")],
            ),
            (
                r#"[subaccounts.Main]
id = "a"
product = "ivrr""#,
                &[],
            ),
            (
                r#"[subaccounts]
main = "hunter2""#,
                &[],
            ),
            (
                r#"[subaccounts.main]
id = "a"
product = "ivr"
[subaccounts.two]
id = "a"
product = "masking""#,
                &[],
            ),
            (
                r#"[subaccounts.main]
id = "a b"
product = "ivr""#,
                &[],
            ),
            (
                r#"[subaccounts.main]
id = "a"
product = "ivr"
numbers = [+6591234567]"#,
                &[],
            ),
            (
                r#"[subaccounts.main]
id = "a"
product = "ivr"
numbers = ["6591234567", "+6591234567", "+6591234567"]"#,
                &[],
            ),
            (
                r#"[subaccounts.main]
id = "a"
product = "ivr"
numbers = "+6591234567""#,
                &[],
            ),
            (
                r#"[subaccounts.main]
id = "a"
product = "ivr"
numbers = ["+6591234567"]
[subaccounts.two]
id = "b"
product = "masking"
numbers = ["+6591234567"]"#,
                &[],
            ),
            (
                r#"[subaccounts.main]
id = "a"
product = "ivr""#,
                &[("CALLWRIGHT_SUBACCOUNTS__MAIN__NUMBERS", "6591234567")],
            ),
            (
                r#"[subaccounts.main]
id = "a"
product = "ivr""#,
                &[("CALLWRIGHT_SUBACCOUNTS__MAIN__NUMBERS", r#"["+6591234567""#)],
            ),
            (
                r#"[subaccounts.main]
id = "a"
product = "ivr"
webhook_secret = "hunter2\r\nX: y"
api_key = "hunter2 ""#,
                &[],
            ),
            (
                r#"[subaccounts.main]
id = "a"
product = "ivr""#,
                &[("CALLWRIGHT_SUBACCOUNTS__MAIN__WEBHOOK_SECRET", "hunter2\n")],
            ),
            ("[api.tokens.ops]", &[]),
            (
                r#"[api.tokens.ops]
token = "tok"
scopes = ["reed", "root"]"#,
                &[],
            ),
            (
                r#"[api.tokens.ops]
token = "tok"
scopes = []"#,
                &[],
            ),
            (
                r#"[api.tokens.ops]
token = "tok"
[api.tokens.two]
token = "tok""#,
                &[],
            ),
        ],
    );
}

#[test]
fn unknown_keys_and_grammar() {
    holds(
        "unknown_keys_and_grammar",
        &[
            (r#"lisen = "127.0.0.1:80""#, &[]),
            (
                r#"[log]
levle = "info"
flows = "x""#,
                &[],
            ),
            (r#"level = "info""#, &[]),
            (
                r#"[subaccounts.main]
id = "a"
product = "ivr"
webhook_secrt = "hunter2""#,
                &[],
            ),
            ("[subaccount.main]", &[]),
            (r#""6591234567" = 1"#, &[]),
            ("", &[("CALLWRIGHT_LOG_LEVEL", "debug")]),
            ("", &[("CALLWRIGHT_LISTN", "x")]),
            ("", &[("CALLWRIGHT_A__B__C__D__E__F", "x")]),
            ("", &[("CALLWRIGHT_+6591234567", "x")]),
            ("", &[("CALLWRIGHT_FLOWS", "a"), ("callwright_flows", "b")]),
            (
                r#"listen = "127.0.0.1:80
flows = 
[http]
head = 4
[subaccounts.a]
id = hunter2"#,
                &[],
            ),
            (
                r#"flows = "a"
flows = "b""#,
                &[],
            ),
        ],
    );
}

/// Damaged at any place, with a secret and a number in it.
fn damaged() -> impl Strategy<Value = (Vec<u8>, Vec<(usize, u8)>)> {
    let sound = br#"listen = "0.0.0.0:1"
[http]
head_timeout_ms = 4000
[subaccounts.main]
id = "acme"
product = "ivr"
api_key = "hunter2hunter2hunter2"
webhook_secret = "hunter2hunter2hunter2"
numbers = ["+6591234567", "+6591234568"]
[api.tokens.ops]
token = "hunter2hunter2hunter2"
scopes = ["read"]
"#;
    let damage = proptest::collection::vec((0..sound.len(), any::<u8>()), 0..6);
    (Just(sound.to_vec()), damage)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_damage_makes_it_panic_or_tell_a_secret((mut file, damage) in damaged()) {
        for (place, byte) in damage {
            file[place] = byte;
        }
        if let Err(faults) = Desk::with(file).load(&[]) {
            let told = faults.to_string();
            prop_assert!(!told.contains("hunter2hunter2") && !told.contains("9123456"), "{told}");
        }
    }

    #[test]
    fn no_variable_makes_it_panic(name in "[A-Z_a-z0-9\\PC]{0,30}", value in "\\PC{0,30}") {
        let names = [format!("CALLWRIGHT_{name}"), format!("CALLWRIGHT_SUBACCOUNTS__{name}")];
        let variables = names.each_ref().map(|name| (name.as_str(), value.as_str()));
        let _ = Desk::new().load(&variables);
    }
}

#[test]
fn a_key_of_many_parts_is_refused() {
    let deep = vec!["a"; 5_000].join(".");
    assert!(Desk::with(format!("{deep} = 1\n")).load(&[]).is_err());
    assert!(
        Desk::with(format!("a = {}", "[".repeat(10_000)))
            .load(&[])
            .is_err()
    );
    let variable = format!("CALLWRIGHT_{}", deep.replace('.', "__"));
    assert!(Desk::new().load(&[(&variable, "1")]).is_err());
}

#[test]
fn outbound() {
    let subaccount = "[subaccounts.main]\nid = \"a\"\nproduct = \"ivr\"\n";
    let bases = [
        "api_base = \"voice.8x8.com\"",
        "api_base = \"http://voice.8x8.com\"",
        "api_base = \"https://u:hunter2@voice.8x8.com\"",
        "api_base = \"https://voice.8x8.com/api/v1\"",
        "api_base = 8",
    ];
    let bases = bases.map(|base| format!("{subaccount}{base}"));
    let mut cases: Vec<Case<'_>> = bases.iter().map(|base| (base.as_str(), &[][..])).collect();
    cases.extend([
        ("[outbound]\ncountries = [\"SG\", \"Singapore\", \"+65\", 65]", &[][..]),
        ("[outbound]\ncountries = \"SG\"", &[]),
        ("[outbound]\ncalls_per_minute = 0\ncalls_per_number_per_hour = 1001\ncall_per_minute = 1", &[]),
        ("", &[("CALLWRIGHT_OUTBOUND__COUNTRIES", "SG,XX")]),
    ]);
    holds("outbound", &cases);
}

#[test]
fn events() {
    let endpoint = "[events.endpoints.crm]\n";
    let sound = "secret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\"\n";
    let urls = [
        "crm.example.com",
        "ftp://crm.example.com/",
        "https://user:hunter2@crm.example.com/",
        "https://10.1.2.3/hooks",
        "http://203.0.114.7/hooks",
    ];
    let urls = urls.map(|url| format!("{endpoint}url = \"{url}\"\n{sound}"));
    let mut cases: Vec<Case<'_>> = urls.iter().map(|url| (url.as_str(), &[][..])).collect();
    let others = format!(
        "{endpoint}url = \"https://crm.example.com/\"\nsecret = \"hunter2\"\nold_secret = \"whsec_hunter2\"\n\
         kinds = [\"session.over\", \"session.ended\"]\nnumbers = \"some\"\nsecrets = 1"
    );
    cases.extend([
        (others.as_str(), &[][..]),
        ("[events.endpoints.crm]\nkinds = []", &[]),
        ("[events]\nkeep_days = 1\nmost = 0\nendpoint = 1", &[]),
    ]);
    holds("events", &cases);
}

#[test]
fn keys() {
    let sound = "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ=";
    let both = format!("[keys]\ndata = \"{sound}\"\nindex = \"{sound}\"");
    holds(
        "keys",
        &[
            ("", &[("CALLWRIGHT_KEYS__DATA", sound)]),
            ("", &[("CALLWRIGHT_KEYS__INDEX", sound)]),
            (&both, &[]),
            ("[keys]\ndata = \"hunter2\"\nindex = \"aHVudGVyMg==\"", &[]),
            ("[keys]\nfile = \"\"", &[]),
        ],
    );
}
