//! Tests of the configuration from outside: files and variables in, values or faults out.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::load::load;
use super::*;
use crate::call::PhoneNumber;

/// A folder with a configuration file in it, which only its owner may read.
pub(super) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("the machine has a folder for temporary files");
        Self { folder }
    }

    pub(super) fn with(text: impl AsRef<[u8]>) -> Self {
        let desk = Self::new();
        desk.write(text.as_ref(), 0o600);
        desk
    }

    fn write(&self, text: &[u8], mode: u32) {
        fs::write(self.file(), text).expect("the folder is ours");
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(self.file(), mode).expect("the file is ours");
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("callwright.toml")
    }

    pub(super) fn load(
        &self,
        variables: &[(&str, &str)],
    ) -> Result<(Config, Vec<Setting>), ConfigFaults> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load(None, &self.file(), variables)
    }

    /// The faults as people read them, the folder left out.
    pub(super) fn faults(&self, variables: &[(&str, &str)]) -> String {
        let faults = self.load(variables).map(|_| ()).expect_err("it is faulty");
        let folder = format!("{}/", self.folder.path().display());
        faults.to_string().replace(&folder, "")
    }
}

#[test]
fn the_defaults_are_sound() {
    let config = Config::built_in();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        config.database_url.expose_secret(),
        "sqlite://callwright.db"
    );
    assert_eq!(config.keys.file, PathBuf::from("callwright.keys"));
    assert!(config.keys.given.is_none());
    assert_eq!(config.flows, PathBuf::from("flows"));
    assert!(config.is_loopback());
    assert!(config.subaccounts.is_empty() && config.tokens.is_empty());
    assert!(config.outbound.countries.is_empty());
}

#[test]
fn countries_are_read_by_their_codes() {
    for (variables, codes) in [
        (&[][..], "SG, US"),
        (&[("CALLWRIGHT_OUTBOUND__COUNTRIES", "gb,JE")], "GB, JE"),
        (&[("CALLWRIGHT_OUTBOUND__COUNTRIES", "[]")], ""),
    ] {
        let desk = Desk::with("[outbound]\ncountries = [\"SG\", \"us\"]\n");
        let (config, settings) = desk.load(variables).expect("all sound");
        let read: Vec<_> = config
            .outbound
            .countries
            .iter()
            .map(|it| it.code())
            .collect();
        assert_eq!(read.join(", "), codes);
        let shown = settings
            .iter()
            .find(|it| it.path == ["outbound", "countries"]);
        assert!(shown.is_some());
    }
}

#[test]
fn the_platform_is_at_its_own_address_unless_a_subaccount_says_otherwise() {
    let base = |line: &str| {
        let desk = Desk::with(format!(
            "[subaccounts.main]\nid = \"a\"\nproduct = \"ivr\"\n{line}"
        ));
        let (config, _) = desk.load(&[]).expect("all sound");
        config.subaccounts["main"].api_base.to_string()
    };
    assert_eq!(base(""), "https://voice.8x8.com/");
    for address in [
        "https://voice-eu.8x8.com",
        "http://127.0.0.1:8090",
        "http://[::1]:1",
        "http://localhost:8090",
    ] {
        assert_eq!(
            base(&format!("api_base = \"{address}\"")),
            format!("{address}/")
        );
    }
}

#[test]
fn the_samples_of_the_default_file_are_sound() {
    let samples: String = DEFAULT_FILE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(sample) if sample.starts_with('[') || sample.split_once(" = ").is_some() => sample,
            None if line.starts_with('[') => line,
            _ => "",
        })
        .map(|line| match line.split_once(" = ") {
            Some(("old_data", _)) => format!("old_data = \"{}\"\n", "I".repeat(43) + "="),
            Some(("old_index", _)) => format!("old_index = \"{}\"\n", "M".repeat(43) + "="),
            Some(("data", _)) => format!("data = \"{}\"\n", "A".repeat(43) + "="),
            Some(("index", _)) => format!("index = \"{}\"\n", "E".repeat(43) + "="),
            _ => line.replace('…', "0123456789abcdef") + "\n",
        })
        .collect();
    let (config, settings) = Desk::with(samples)
        .load(&[])
        .expect("the samples are sound");
    assert_eq!(config.subaccounts["main"].numbers.len(), 1);
    assert_eq!(config.tokens["ops"].scopes, [Scope::Read, Scope::Metrics]);
    assert!(config.contact_center.is_some());
    assert_eq!(
        settings.len(),
        99,
        "every key has a line in the default file"
    );
}

#[test]
fn a_file_lies_over_the_defaults_and_variables_over_the_file() {
    let desk = Desk::with("listen = \"127.0.0.1:1\"\nflows = \"menus\"\n[log]\nlevel = \"warn\"\n");
    let (config, settings) = desk
        .load(&[
            ("CALLWRIGHT_LISTEN", "localhost:2"),
            ("callwright_log__format", "json"),
        ])
        .expect("all sound");
    assert_eq!(config.listen.to_string(), "127.0.0.1:2");
    assert_eq!(config.flows, PathBuf::from("menus"));
    assert_eq!(
        (config.log.level.as_str(), config.log.format),
        ("warn", LogFormat::Json)
    );
    let origin = |key: &[&str]| {
        let setting = settings.iter().find(|setting| setting.path == key);
        setting
            .map(|setting| setting.place.clone())
            .expect("it is in force")
    };
    assert_eq!(
        origin(&["listen"]),
        Place::Variable("CALLWRIGHT_LISTEN".to_owned())
    );
    assert_eq!(origin(&["database_url"]), Place::BuiltIn);
    assert!(matches!(
        origin(&["flows"]),
        Place::At {
            line: 2,
            column: 9,
            ..
        }
    ));
}

#[test]
fn a_subaccount_and_a_token_may_come_from_variables_alone() {
    let (config, _) = Desk::new()
        .load(&[
            ("CALLWRIGHT_LISTEN", "0.0.0.0:8080"),
            ("CALLWRIGHT_SUBACCOUNTS__MAIN__ID", "0099"),
            ("CALLWRIGHT_SUBACCOUNTS__MAIN__PRODUCT", "ivr"),
            ("CALLWRIGHT_SUBACCOUNTS__MAIN__API_KEY", "true"),
            (
                "CALLWRIGHT_SUBACCOUNTS__MAIN__WEBHOOK_SECRET",
                "1234567890123456",
            ),
            (
                "CALLWRIGHT_SUBACCOUNTS__MAIN__NUMBERS",
                "+6561115777, +6561115778",
            ),
            ("CALLWRIGHT_API__TOKENS__OPS__TOKEN", "0000000000000000"),
            (
                "CALLWRIGHT_API__TOKENS__OPS__SCOPES",
                "[\"read\", \"numbers\"]",
            ),
            ("CALLWRIGHT_HTTP__DRAIN_TIMEOUT_MS", "0"),
            ("CALLWRIGHT_URL", "http://elsewhere"),
            ("PATH", "/bin"),
        ])
        .expect("all sound");
    let main = &config.subaccounts["main"];
    assert_eq!((main.id.as_str(), main.product), ("0099", Product::Ivr));
    let numbers = ["+6561115777", "+6561115778"].map(PhoneNumber::new);
    assert_eq!(main.numbers, numbers);
    assert_eq!(main.numbers[0].as_it_came(), "+6561115777");
    let secret =
        |secret: &Option<SecretString>| secret.as_ref().map(|s| s.expose_secret().to_owned());
    assert_eq!(secret(&main.api_key).as_deref(), Some("true"));
    assert_eq!(
        secret(&main.webhook_secret).as_deref(),
        Some("1234567890123456")
    );
    assert_eq!(
        config.tokens["ops"].token.expose_secret(),
        "0000000000000000"
    );
    assert_eq!(config.tokens["ops"].scopes, [Scope::Read, Scope::Numbers]);
    assert_eq!(config.http.drain_timeout_ms, 0);
}

#[test]
fn an_apology_has_at_most_3000_characters() {
    let with = |length| Desk::with(format!("[apology]\ntext = \"{}\"\n", "é".repeat(length)));
    assert!(with(3000).load(&[]).is_ok());
    assert_eq!(
        with(3001).faults(&[]),
        "the configuration has a fault\n\ncallwright.toml:2:8: `apology.text` has 3001 characters, and the platform says \
         at most 3000"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let fault = |desk: &Desk| {
        desk.faults(&[])
            .replace("the configuration has a fault\n\n", "")
    };
    assert_eq!(
        fault(&Desk::with(b"flows = \"a\"\nlisten = \"\xff\"")),
        "callwright.toml: line 2 is not UTF-8"
    );
    let folder = Desk::new();
    fs::create_dir(folder.file()).expect("the folder is ours");
    assert_eq!(
        fault(&folder),
        "callwright.toml: this is a folder, not a file"
    );
    let named = load(Some(&Desk::new().file()), "".as_ref(), []).expect_err("it is not there");
    assert!(
        named
            .to_string()
            .ends_with("callwright.toml: there is no such file"),
        "{named}"
    );
}

#[test]
fn a_file_with_secrets_is_its_owners_alone() {
    let secret = b"[api.tokens.ops]\ntoken = \"hunter2\"\n";
    let desk = Desk::new();
    for mode in [0o640, 0o604, 0o666, 0o620] {
        desk.write(secret, mode);
        let told = format!(
            "the configuration has a fault\n\ncallwright.toml: holds secrets, and others than its owner may read or write it \
             (mode {mode:04o})\n  help: chmod 600 callwright.toml"
        );
        assert_eq!(desk.faults(&[]), told);
    }
    for mode in [0o600, 0o400] {
        desk.write(secret, mode);
        assert!(desk.load(&[]).is_ok());
    }
    desk.write(b"flows = \"menus\"\n", 0o644);
    assert!(
        desk.load(&[("CALLWRIGHT_API__TOKENS__OPS__TOKEN", "hunter2")])
            .is_ok()
    );
}

#[test]
fn secrets_and_numbers_are_not_shown() {
    let (config, settings) = Desk::with(
        r#"
        [subaccounts.main]
        id = "a"
        product = "ivr"
        api_key = "hunter2-key"
        webhook_secret = "hunter2-hook"
        numbers = ["+6591234567"]
        [api.tokens.ops]
        token = "hunter2-token"
        "#,
    )
    .load(&[])
    .expect("all sound");
    for shown in [
        format!("{config:?}"),
        format!("{config:#?}"),
        format!("{settings:?}"),
    ] {
        assert!(
            !shown.contains("hunter2") && !shown.contains("91234567"),
            "{shown}"
        );
    }
}

#[test]
fn fewer_connections_in_all_bound_those_of_one_address() {
    let (config, _) = Desk::with("[http]\nmax_connections = 10\n")
        .load(&[])
        .expect("all sound");
    assert_eq!(config.http.max_connections_per_address, 10);
}

#[test]
fn a_database_s_password_is_never_shown() {
    for (url, shown) in [
        ("postgres://u:hunter2@db/c", "postgres://u:***@db/c"),
        (
            "postgresql://u:hun@ter2@db:5/c?a=b",
            "postgresql://u:***@db:5/c?a=b",
        ),
        (
            "postgres://u@db/c?password=hunter2&x=1",
            "postgres://u@db/c?password=***&x=1",
        ),
        ("postgres://u:hunter2?x@db/c", "postgres://u:***@db/c"),
        ("sqlite://a:b@c.db", "sqlite://a:b@c.db"),
    ] {
        let (config, settings) = Desk::new()
            .load(&[("CALLWRIGHT_DATABASE_URL", url)])
            .expect("all sound");
        let setting = settings.iter().find(|it| it.path == ["database_url"]);
        let setting = setting.expect("it is in force");
        assert!(!setting.shown.contains("ter2"), "{url}");
        assert_eq!(setting.shown, format!("\"{shown}\""));
        assert!(!format!("{config:?}").contains("ter2"), "{url}");
    }
}

#[test]
fn keys_come_from_variables_and_are_never_shown() {
    let (data, index) = ("A".repeat(43) + "=", "E".repeat(43) + "=");
    let (config, settings) = Desk::new()
        .load(&[
            ("CALLWRIGHT_KEYS__DATA", &data),
            ("CALLWRIGHT_KEYS__INDEX", &index),
            ("CALLWRIGHT_KEYS__FILE", "elsewhere.keys"),
        ])
        .expect("all sound");
    let given = config.keys.given.as_ref().expect("both are set");
    assert_eq!((given.data[0], given.index[0]), (0, 16));
    assert_eq!(config.keys.file, PathBuf::from("elsewhere.keys"));
    let shown = format!("{config:?} {settings:?}");
    assert!(!shown.contains("AAAA") && !shown.contains("EEEE"));
}
