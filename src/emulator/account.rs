//! What the platform knows of a sub-account: its key, numbers, webhooks, where recordings go.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::leg::country;
use super::webhook::Kind;

/// One sub-account.
#[derive(Debug, Clone)]
pub struct Account {
    /// The platform's id of it.
    pub id: String,
    /// What its requests bear.
    pub api_key: SecretString,
    /// Whether it is for number masking, which knows no `sayAndCapture`.
    pub masking: bool,
    /// Its virtual numbers by their digits.
    pub numbers: BTreeMap<String, VirtualNumber>,
    /// Where its webhooks go.
    pub webhooks: BTreeMap<Kind, Registration>,
    /// Where its recordings go.
    pub push: Option<Push>,
    /// Its exports by their job's id.
    pub(super) exports: BTreeMap<String, Export>,
}

/// A virtual number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualNumber {
    /// `Active`, `Unhealthy`, `Expiring` or `Inactive`.
    pub operational_status: String,
    /// When that was last changed.
    pub updated: String,
}

/// Where webhooks of one kind go.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The address.
    pub url: String,
    /// What is sent as the `Authorization` header.
    pub http_auth_header: Option<SecretString>,
    /// Whether it is called at all.
    pub enabled: bool,
}

/// Where recordings are pushed to. The password is not kept: nothing is pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    pub(super) protocol: String,
    pub(super) host: String,
    pub(super) port: Option<u64>,
    pub(super) username: String,
    pub(super) password_set: bool,
    pub(super) path: String,
}

/// An export of messages: how often it was asked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Export {
    pub(super) asked: u32,
    pub(super) cancelled: bool,
}

impl VirtualNumber {
    /// A number that calls come to.
    pub(super) fn active() -> Self {
        Self {
            operational_status: "Active".to_owned(),
            updated: "2026-01-01T00:00:00.000Z".to_owned(),
        }
    }
}

impl Account {
    /// A sub-account with active `numbers` and nothing else.
    pub fn new<'a>(id: &str, api_key: &str, numbers: impl IntoIterator<Item = &'a str>) -> Self {
        let number = |number: &str| (digits(number).to_owned(), VirtualNumber::active());
        Self {
            id: id.to_owned(),
            api_key: api_key.to_owned().into(),
            masking: false,
            numbers: numbers.into_iter().map(number).collect(),
            webhooks: BTreeMap::new(),
            push: None,
            exports: BTreeMap::new(),
        }
    }

    /// The same with all five webhooks going to `url`, with this `Authorization` header.
    pub fn with_webhooks(mut self, url: &str, http_auth_header: Option<&str>) -> Self {
        for kind in Kind::ALL {
            let registration = Registration {
                url: url.to_owned(),
                http_auth_header: http_auth_header.map(SecretString::from),
                enabled: true,
            };
            self.webhooks.insert(kind, registration);
        }
        self
    }

    /// The same with recording set up.
    pub fn with_recording(mut self) -> Self {
        self.push = Some(Push {
            protocol: "sftp".to_owned(),
            host: "recordings.example.com".to_owned(),
            port: Some(22),
            username: "recordings".to_owned(),
            password_set: true,
            path: "/recordings".to_owned(),
        });
        self
    }

    /// Whether `number` is one of its own, in whatever spelling.
    pub fn owns(&self, number: &str) -> bool {
        self.numbers.contains_key(digits(number))
    }

    /// What a number update (VNU) tells of all its numbers, those of `updated` as changed.
    pub(super) fn update(&self, event: &str, updated: &[String]) -> Value {
        let told = |(msisdn, number): (&String, &VirtualNumber)| {
            let changed = updated.contains(msisdn);
            json!({
                "msisdn": msisdn,
                "updatedTimestamp": number.updated,
                "countryCode": country(msisdn),
                "operationalStatus": number.operational_status,
                "referenceId": null,
                "rentalPrice": null,
                "incomingRate": null,
                "billingUnit": null,
                "billingCurrency": null,
                "numberHealthCheckEnabled": false,
                "updateStatus": if changed { "UPDATED" } else { "NO_CHANGE" },
            })
        };
        let whole = event == "SNAPSHOT";
        let numbers: Vec<_> = self
            .numbers
            .iter()
            .filter(|(msisdn, _)| whole || updated.contains(msisdn))
            .map(told)
            .collect();
        json!({
            "subAccountId": self.id,
            "totalNumbers": numbers.len(),
            "updateEventType": event,
            "virtualNumbers": numbers,
        })
    }
}

/// A number without its `+`, by which it is known.
pub(super) fn digits(number: &str) -> &str {
    number.trim_start_matches('+')
}
