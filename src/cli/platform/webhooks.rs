//! `callwright platform webhooks`: where the platform sends what happens.

use anyhow::{Context as _, bail};
use clap::{Subcommand, ValueEnum};
use reqwest::Url;
use serde_json::json;

use super::{Account, Shown};
use crate::cli::table::Column;
use crate::platform::webhook::Kind;

const LISTED: [Column; 4] = [
    ("TYPE", "type"),
    ("ENABLED", "enabled"),
    ("AUTHORIZATION", "authorization"),
    ("URL", "url"),
];

/// What there is to do about webhooks.
#[derive(Debug, Subcommand)]
pub(super) enum WebhooksCommand {
    /// Have webhooks sent to an address, with the sub-account's `webhook_secret`
    ///
    /// All five types, unless --only names some. What was registered for a type before is replaced.
    #[command(
        after_long_help = "Example: callwright platform webhooks register https://voice.example.com/webhooks"
    )]
    Register {
        /// Where /webhooks of your server is from outside
        #[arg(value_parser = address)]
        url: Url,
        /// These types only, separated by commas
        #[arg(
            long,
            value_name = "TYPES",
            value_enum,
            value_delimiter = ',',
            ignore_case = true
        )]
        only: Vec<Type>,
        /// Although the sub-account has no `webhook_secret`, so that anyone could send webhooks
        #[arg(long)]
        without_secret: bool,
    },
    /// List where webhooks go
    ///
    /// Example: callwright platform webhooks list
    List,
    /// Have no more webhooks of a type sent
    ///
    /// Example: callwright platform webhooks delete VCS
    Delete {
        /// The type
        #[arg(value_enum, ignore_case = true)]
        kind: Type,
    },
}

/// A type of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(super) enum Type {
    /// The call waits for a callflow
    Vca,
    /// The state of a call
    Vcs,
    /// A session is over
    Vss,
    /// A recording's progress
    Vru,
    /// The state of virtual numbers
    Vnu,
}

impl From<Type> for Kind {
    fn from(kind: Type) -> Self {
        match kind {
            Type::Vca => Self::CallAction,
            Type::Vcs => Self::CallStatus,
            Type::Vss => Self::SessionSummary,
            Type::Vru => Self::Recording,
            Type::Vnu => Self::NumberUpdate,
        }
    }
}

fn address(text: &str) -> Result<Url, String> {
    let right = |url: &Url| {
        matches!(url.scheme(), "http" | "https") && url.path() != "/" && url.username().is_empty()
    };
    let url = Url::parse(text).ok().filter(right);
    url.ok_or_else(|| "write it whole, as https://voice.example.com/webhooks".to_owned())
}

/// Registers, lists or deletes.
pub(super) async fn run(account: &Account, command: &WebhooksCommand) -> anyhow::Result<Shown> {
    match command {
        WebhooksCommand::Register {
            url,
            only,
            without_secret,
        } => {
            let asked = only.iter().map(|kind| Kind::from(*kind)).collect();
            let kinds: Vec<Kind> = if only.is_empty() {
                Kind::ALL.into()
            } else {
                asked
            };
            if account.webhook_secret.is_none() && !without_secret {
                bail!(
                    "the sub-account has no `webhook_secret`, so anyone could send webhooks: set one (`openssl rand \
                     -hex 24` makes a good one), or add --without-secret"
                );
            }
            register(account, url, &kinds).await?;
            list(account).await
        }
        WebhooksCommand::List => list(account).await,
        WebhooksCommand::Delete { kind } => {
            let kind = Kind::from(*kind);
            account.api.delete_webhook(kind).await?;
            let text = format!("8x8 sends no more {} webhooks.", kind.short());
            Ok(Shown::done(json!({"deleted": kind.short()}), text))
        }
    }
}

/// Registers one kind after another. What failed says how far it came: the command can be given again.
async fn register(account: &Account, url: &Url, kinds: &[Kind]) -> anyhow::Result<()> {
    let secret = account.webhook_secret.as_ref();
    let mut registered: Vec<&str> = Vec::new();
    for kind in kinds {
        let done = account.api.register_webhook(*kind, url.as_str(), secret);
        done.await.with_context(|| {
            let before = match registered.as_slice() {
                [] => "none was before it".to_owned(),
                some => format!("{} were before it", some.join(", ")),
            };
            format!("{} webhooks were not registered; {before}", kind.short())
        })?;
        registered.push(kind.short());
    }
    Ok(())
}

async fn list(account: &Account) -> anyhow::Result<Shown> {
    let webhooks = account.api.webhooks().await?;
    Shown::table(&webhooks, &LISTED, "No webhooks are registered.")
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_is_written_whole() {
        assert!(address("https://voice.example.com/webhooks").is_ok());
        for wrong in [
            "voice.example.com",
            "https://voice.example.com",
            "ftp://a/b",
            "https://u:p@a/b",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
