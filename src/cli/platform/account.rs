//! Which sub-account the platform is asked about, and its client.

use secrecy::SecretString;

use super::Which;
use crate::config::{Config, Subaccount};
use crate::platform::client::{Patience, VoiceApi};
use crate::text::nearest;

/// A sub-account with its client.
pub(super) struct Account {
    /// What its webhooks carry.
    pub(super) webhook_secret: Option<SecretString>,
    /// Its client.
    pub(super) api: VoiceApi,
}

/// Nobody can be asked, since it is not clear about whom.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Unprepared {
    /// There is no sub-account.
    #[error(
        "no sub-account is configured: add [subaccounts.main] with id, product and api_key to callwright.toml"
    )]
    None,
    /// There are several.
    #[error("which sub-account? add --subaccount, with one of {0}")]
    Several(String),
    /// There is none of that name.
    #[error("no sub-account is called so: {0}")]
    Unknown(String),
}

impl Account {
    /// The sub-account that was named, or the only one.
    pub(super) fn find(which: &Which) -> anyhow::Result<Self> {
        let config = Config::load(which.config.as_deref(), crate::cli::environment())?;
        let account = named(&config, which.subaccount.as_deref())?;
        Ok(Self {
            webhook_secret: account.webhook_secret.clone(),
            api: VoiceApi::new(account, Patience::default())?,
        })
    }
}

fn named<'a>(config: &'a Config, name: Option<&str>) -> Result<&'a Subaccount, Unprepared> {
    let accounts = &config.subaccounts;
    let names = || accounts.keys().map(String::as_str).collect::<Vec<_>>();
    match (name, accounts.len()) {
        (_, 0) => Err(Unprepared::None),
        (None, 1) => accounts.values().next().ok_or(Unprepared::None),
        (None, _) => Err(Unprepared::Several(names().join(", "))),
        (Some(name), _) => accounts.get(name).ok_or_else(|| {
            Unprepared::Unknown(match nearest(name, names()) {
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("there is {}", names().join(", ")),
            })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sub_account_is_found_by_name_or_is_the_only_one() {
        let config = |names: &[&str]| {
            let variables = names.iter().flat_map(|name| {
                [("ID", *name), ("PRODUCT", "ivr")].map(|(key, value)| {
                    let name = format!("CALLWRIGHT_SUBACCOUNTS__{name}__{key}");
                    (name.to_uppercase(), value.to_owned())
                })
            });
            Config::load(None, variables.collect::<Vec<_>>()).expect("all sound")
        };
        let found = |names: &[&str], name| match named(&config(names), name) {
            Ok(account) => account.id.clone(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found(&["main"], None), "main");
        assert_eq!(found(&["main", "sales"], Some("sales")), "sales");
        for (names, name, told) in [
            (&[][..], None, "no sub-account is configured"),
            (
                &["main", "sales"],
                None,
                "which sub-account? add --subaccount, with one of main, sales",
            ),
            (&["main", "sales"], Some("sale"), "did you mean sales?"),
            (&["main"], Some("xyz"), "there is main"),
        ] {
            assert!(found(names, name).contains(told), "{}", found(names, name));
        }
    }
}
