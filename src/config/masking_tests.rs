//! `[masking]` and `[pools.NAME]` from outside: what is read, what a pool says otherwise, and what is said of mistakes.

use jiff::SignedDuration;

use super::faults_tests::holds;
use super::tests::Desk;
use super::*;
use crate::call::PhoneNumber;
use crate::masking::rules::{Callback, CountryRule, Numbers, Unhealthy, Withheld};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[test]
fn the_defaults_of_masking() {
    let Config { masking, pools, .. } = Config::built_in();
    assert_eq!(
        masking,
        PoolRules::default(),
        "the file says what the core has"
    );
    assert_eq!(
        (masking.country, masking.callback),
        (CountryRule::Match, Callback::Primary)
    );
    assert_eq!(
        (masking.cooldown, masking.expires_after),
        (HOUR * 24, HOUR * 24)
    );
    assert!(pools.is_empty());
}

#[test]
fn a_pool_has_numbers_and_may_say_otherwise() {
    let desk = Desk::with(
        r#"[masking]
numbers = "split"
cooldown = "5m"
[masking.unknown]
support = "+65 6833 2048"
announce = "Hello"
[masking.grace]
completed = "2h"
b_to_a = false
[masking.limits]
max_calls = 9
[pools.default]
numbers = ["+6561115771", "+6561115772"]
reserved = ["+6561115772"]
region = "+653"
capture = true
[pools.mexico]
country = "MX"
[pools.mexico.masking]
numbers = "shared"
withheld = "hangup"
[pools.mexico.masking.unknown]
support = "55 1234 5678"
flow = "strangers"
[pools.mexico.masking.health]
unhealthy = "keep"
[pools.mexico.masking.speech.sentences.es]
closed = "Adiós.""#,
    );
    let variables = [
        ("CALLWRIGHT_POOLS__DEFAULT__CAPTURE", "false"),
        ("CALLWRIGHT_MASKING__STRICT", "true"),
    ];
    let (config, _) = desk.load(&variables).expect("all sound");
    let (masking, usual) = (&config.masking, &config.pools["default"]);
    let five_minutes = SignedDuration::from_mins(5);
    assert_eq!(
        (masking.cooldown, masking.cooldown_min),
        (five_minutes, five_minutes)
    );
    let grace = masking.grace;
    assert_eq!(
        (grace.completed, grace.a_to_b, grace.b_to_a),
        (HOUR * 2, true, false)
    );
    assert!(masking.strict && !usual.capture);
    let home = usual.rules.home;
    assert_eq!(
        home.map(|it| it.code()).as_deref(),
        Some("SG"),
        "that of its numbers"
    );
    assert_eq!(
        usual.rules,
        PoolRules {
            home,
            ..masking.clone()
        }
    );
    assert_eq!(usual.numbers.len(), 2);
    assert_eq!(usual.region.as_deref(), Some("653"));
    assert_eq!(usual.reserved, [PhoneNumber::new("+6561115772")]);
    let rules = &config.pools["mexico"].rules;
    let said = (rules.numbers, rules.withheld, rules.health.unhealthy);
    assert_eq!(said, (Numbers::Shared, Withheld::Hangup, Unhealthy::Keep));
    let closed = ("es".to_owned(), "closed".to_owned());
    assert_eq!(rules.speech.sentences[&closed], "Adiós.");
    let unknown = &rules.unknown;
    assert_eq!(
        unknown.support,
        Some(PhoneNumber::new("+525512345678")),
        "read in Mexico"
    );
    assert_eq!(
        (unknown.announce.as_deref(), rules.limits.max_calls),
        (Some("Hello"), Some(9))
    );
    assert_eq!(
        unknown.flow.as_ref().map(|it| it.as_str()),
        Some("strangers")
    );
}

#[test]
fn what_is_said_of_wrong_masking() {
    holds(
        "masking",
        &[
            (
                r#"[masking]
numbers = "share"
sticky = true
country = "SG"
allow_foreign = ["MY", "Malaysia"]
strict = "yes"
cooldown = 24
cooldown_min = "25h"
expires_after = "10s"
callback = "first"
withheld = "ask"
direction = "one_way"
erase_after = "1y""#,
                &[],
            ),
            (
                r#"[masking]
cooldown = "1h"
cooldown_min = "2h""#,
                &[],
            ),
            (
                r#"[masking.unknown]
pin = "true"
support = "91234567"
announce = ""
stale_number = "route"
flwo = "strangers""#,
                &[],
            ),
            ("[masking.unknown]\nsupport = \"+19002345678\"", &[]),
            (
                "",
                &[
                    ("CALLWRIGHT_MASKING__UNKNOWN__SUPPORT", "+65 999"),
                    ("CALLWRIGHT_MASKING__UNKNOWN__PIN", "no"),
                ],
            ),
            (
                r#"[masking.limits]
max_calls = 0
max_calls_per_hour = "10"
max_talk_minutes = -1
[masking.grace]
completed = "31d"
[masking.health]
unhealthy = "ignore"
migrations_per_second = 0
flap = "2d"
[masking.pin]
tries = 4
remember = "no"
[masking.hours]
from = "8"
days = ["mon", "Sunday"]
zone = "Singapore time"
[masking.speech.voices]
en = 1
[masking.speech.sentences.en]
closd = "Over""#,
                &[],
            ),
            (
                r#"[pools.default]
numbers = ["6591234567", "+6561115771", "+6561115771"]
reserved = ["+6561115779"]
country = "Singapore"
region = "central"
capture = 1
[pools.Other]
numbers = ["+6561115771"]"#,
                &[],
            ),
            (
                r#"[subaccounts.main]
id = "a"
product = "masking"
numbers = ["+6561115771"]
[pools.default]
numbers = ["+6561115771"]
capture = true"#,
                &[],
            ),
            (
                r#"[masking.unknown]
support = "+6561115771"
[pools.default]
numbers = ["+6561115771"]
[pools.default.masking]
cooldwn = "1h""#,
                &[],
            ),
            ("[pools]\ndefault = [\"+6561115771\"]", &[]),
        ],
    );
}
