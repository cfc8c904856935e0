//! `callwright config`: every key, or what is in force.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::config::{Config, DEFAULT_FILE, Setting};

/// Print every setting with its default and meaning, or what is in force
///
/// Without options, prints the commented default file: a good beginning for your own callwright.toml.
///
/// Example: callwright config > callwright.toml
///
/// Example: callwright config --effective
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// Print the values in force and where each comes from; secrets are blanked, phone numbers masked
    #[arg(long)]
    effective: bool,
    /// The configuration file, instead of callwright.toml in the working directory
    #[arg(long, value_name = "FILE", env = "CALLWRIGHT_CONFIG")]
    config: Option<PathBuf>,
}

/// Prints the default file, or the values in force.
pub(super) fn run(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    if !args.effective {
        return super::print(DEFAULT_FILE);
    }
    let (_, settings) = Config::load_with_settings(args.config.as_deref(), super::environment())?;
    super::print(&in_force(&settings))
}

/// The settings as a TOML file whose comments say where they come from.
fn in_force(settings: &[Setting]) -> String {
    let mut file = String::new();
    let mut current: &[String] = &[];
    for Setting { path, shown, place } in settings {
        let Some((key, section)) = path.split_last() else {
            continue;
        };
        if section != current {
            let _ = writeln!(file, "\n[{}]", section.join("."));
            current = section;
        }
        let _ = writeln!(file, "{key} = {shown}  # {place}");
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_force_is_toml_without_secrets() {
        let variables = [
            ("CALLWRIGHT_FLOWS", "my \"flows\""),
            ("CALLWRIGHT_SUBACCOUNTS__MAIN__ID", "acme"),
            ("CALLWRIGHT_SUBACCOUNTS__MAIN__PRODUCT", "ivr"),
            ("CALLWRIGHT_SUBACCOUNTS__MAIN__WEBHOOK_SECRET", "hunter2"),
            ("CALLWRIGHT_SUBACCOUNTS__MAIN__NUMBERS", "+6591234567"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let (_, settings) = Config::load_with_settings(None, variables).expect("all sound");
        let shown = in_force(&settings);
        let table: toml::Table = shown.parse().expect("it is TOML");
        assert_eq!(table["flows"].as_str(), Some("my \"flows\""));
        for line in [
            "listen = \"127.0.0.1:8080\"  # built-in",
            "[log]",
            "id = \"acme\"  # CALLWRIGHT_SUBACCOUNTS__MAIN__ID",
            "webhook_secret = \"***\"  # CALLWRIGHT_SUBACCOUNTS__MAIN__WEBHOOK_SECRET",
            "numbers = [\"+65••••4567\"]  # CALLWRIGHT_SUBACCOUNTS__MAIN__NUMBERS",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
        }
    }
}
