//! The commands, and the only place that prints.
//!
//! * `check` and `explain` look at flow files, `test` plays the calls written beside them, `new`
//!   writes a first one, `import` one from another program's, `fmt` lays them out, `diff` and `graph` show them, `schema` and `lsp` are for editors; `serve`, `config`, `backup` and
//!   `restore` use the configuration; `sessions`, `flows`, `events`, `call`, `settle`, `erase`, `keys`, `bookings`, `pools` and `numbers` ask a running server over its HTTP API
//! * `contact_center` asks the Contact Center; `click_to_dial` makes links for its agents
//! * `demo` is a server, an emulator and a phone in one; `phone` calls a flow in the terminal; `emulator` stands in for the platform; `platform` asks 8x8 itself
//! * `api` is the client of the server's API; `table` shows answers to people

#![expect(
    clippy::print_stderr,
    reason = "a command talks to the person who typed it"
)]

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::ConfigFaults;
use crate::platform::client::NoClient;
use crate::server::StartError;
use one_flow::one_flow;

mod api;
mod backup;
mod bookings;
mod call;
mod check;
mod click_to_dial;
mod config;
mod contact_center;
mod demo;
mod diff;
mod emulator;
mod erase;
mod events;
mod explain;
mod flows;
mod fmt;
mod graph;
mod import;
mod keys;
mod lsp;
mod new;
mod one_flow;
mod phone;
mod platform;
mod pools;
mod schema;
mod serve;
mod sessions;
mod table;
mod test;

/// It could not be begun: a wrong command line, configuration or path. What went wrong on the way is 1.
const CANNOT_BEGIN: u8 = 2;

/// The program as it is typed.
#[derive(Debug, Parser)]
#[command(
    name = "callwright",
    version,
    about = "The webhook server behind your 8x8 phone numbers",
    long_about = "Callwright answers the webhooks of 8x8's Voice API: it takes callers through menus that you write in \
                  TOML, and remembers every call.",
    after_long_help = "\
Begin with:
  callwright demo              call a phone menu from your browser: no account, no configuration
  callwright serve             answer calls with the flows in ./flows, on 127.0.0.1:8080
  callwright check             what is wrong with the flows, all at once
  callwright test              play the calls that are written down beside the flows
  callwright config            every setting, with its default and meaning

Exit codes: 0 done, 1 failed, 2 could not begin (command line, configuration).",
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Phone(phone::PhoneArgs),
    Serve(serve::ServeArgs),
    Check(check::CheckArgs),
    Test(test::TestArgs),
    New(new::NewArgs),
    Fmt(fmt::FmtArgs),
    Diff(diff::DiffArgs),
    Graph(graph::GraphArgs),
    Schema(schema::SchemaArgs),
    Lsp(lsp::LspArgs),
    Explain(explain::ExplainArgs),
    Import(import::ImportArgs),
    Config(config::ConfigArgs),
    Sessions(sessions::SessionsArgs),
    Flows(flows::FlowsArgs),
    Events(events::EventsArgs),
    Erase(erase::EraseArgs),
    Keys(keys::KeysArgs),
    Call(call::CallArgs),
    Settle(call::SettleArgs),
    Bookings(bookings::BookingsArgs),
    Pools(pools::PoolsArgs),
    Numbers(pools::NumbersArgs),
    Emulator(emulator::EmulatorArgs),
    Platform(platform::PlatformArgs),
    ContactCenter(contact_center::CenterArgs),
    ClickToDial(click_to_dial::ClickToDialArgs),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    /// Print completions for a shell
    ///
    /// Example: callwright completions bash > /etc/bash_completion.d/callwright
    Completions {
        /// The shell to complete for
        shell: Shell,
    },
}

/// Does what was typed, and prints why it could not.
pub fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Phone(args) => phone::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Test(args) => test::run(&args),
        Command::New(args) => new::run(&args),
        Command::Fmt(args) => fmt::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Graph(args) => graph::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Lsp(args) => lsp::run(&args),
        Command::Explain(args) => Ok(explain::run(&args)),
        Command::Import(args) => import::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Sessions(args) => sessions::run(&args),
        Command::Flows(args) => flows::run(&args),
        Command::Events(args) => events::run(&args),
        Command::Erase(args) => erase::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Call(args) => call::call(&args),
        Command::Settle(args) => call::settle(&args),
        Command::Bookings(args) => bookings::run(&args),
        Command::Pools(args) => pools::pools(&args),
        Command::Numbers(args) => pools::numbers(&args),
        Command::Emulator(args) => emulator::run(&args),
        Command::Platform(args) => platform::run(&args),
        Command::ContactCenter(args) => contact_center::run(&args),
        Command::ClickToDial(args) => click_to_dial::run(&args),
        Command::Backup(args) => backup::back_up(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Completions { shell } => completions(shell),
    };
    done.unwrap_or_else(|error| failed(&error))
}

/// Prints an error with what caused it; the exit code says whether anything was begun.
fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
    let unprepared = error.is::<ConfigFaults>()
        || error.is::<StartError>()
        || error.is::<platform::Unprepared>()
        || error.is::<contact_center::Unprepared>()
        || error.is::<NoClient>();
    match unprepared {
        true => ExitCode::from(CANNOT_BEGIN),
        false => ExitCode::FAILURE,
    }
}

fn completions(shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "callwright", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Prints to standard output. A reader who has seen enough (`| head`) is no failure.
fn print(text: &str) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Whether to write in colours: to a terminal, unless its owner wants none (<https://no-color.org>).
fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// The environment as text. What is not UTF-8 carries U+FFFD, which the configuration refuses with the variable's name.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().map(|(name, value)| {
        let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
        (text(name), text(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_configuration_is_told_from_a_failure() {
        let wrong = crate::config::Config::load(Some("/nowhere/callwright.toml".as_ref()), [])
            .expect_err("there is no such file");
        assert_eq!(failed(&wrong.into()), ExitCode::from(CANNOT_BEGIN));
        assert_eq!(failed(&anyhow::anyhow!("lost")), ExitCode::FAILURE);
    }

    #[test]
    fn every_command_says_what_it_does_with_an_example() {
        fn read(command: &clap::Command) {
            let help = command.clone().render_long_help().to_string();
            let leaf = command.get_subcommands().next().is_none();
            assert!(!leaf || help.contains("Example"), "{help}");
            command.get_subcommands().for_each(read);
        }
        read(&Cli::command());
    }

    #[test]
    fn completions_are_made_for_every_shell() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "callwright", &mut script);
            assert!(String::from_utf8_lossy(&script).contains("sessions"));
        }
    }
}
