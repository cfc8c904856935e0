//! `callwright click-to-dial`: links by which an agent's workspace dials.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::contact_center::{Unprepared, pairs};
use crate::config::Config;
use crate::contact_center::callback::CALLBACK_URL;
use crate::contact_center::pairs::Pairs;
use crate::platform::contact_center::click_to_dial::Link;

/// Make a link that has an agent's workspace dial
///
/// It works in the browser that the agent is logged in with. Fields of a CRM, as {!Account.Phone}, stay as they are.
///
/// Tokens in user data are filled in when the call is over: $caller_id$, $transaction_id$, $call_answered_time$, $call_hangup_time$, $callAnsweredTenantTT$,
/// $callHangupTenantTT$, $callDuration$, $equal$, $interaction_guid$, $year$, $month$, $date$, $hours$, $minutes$, $seconds$, $transaction_codes$, $notes$,
/// $lastTclListName$, $lastTclCodeDesc$, $lastTclCodeShort$.
///
/// Example: callwright click-to-dial 6502928880 --prefix 1 --user-data 'foreign_key=12345678' --user-data 'transaction=$transaction_id$'
#[derive(Debug, Args)]
pub(super) struct ClickToDialArgs {
    /// Who is called: a number in any form, or a CRM's field
    phone: String,
    /// Digits before the number
    #[arg(long, value_name = "DIGITS")]
    prefix: Option<String>,
    /// The channel whose number is shown
    #[arg(long, value_name = "DIGITS")]
    caller_id: Option<String>,
    /// The dial plan's id, instead of the tenant's own
    #[arg(long, value_name = "ID")]
    dial_plan: Option<String>,
    /// The outbound queue's id
    #[arg(long, value_name = "ID")]
    queue: Option<String>,
    /// User data, or system data whose name begins with ctl_; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    user_data: Vec<String>,
    /// Where user data are sent when the call is over
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// The CRM record that the call is logged with
    #[arg(long, value_name = "ID", requires = "record_type")]
    record_id: Option<String>,
    /// Its type
    #[arg(long, value_name = "TYPE", requires = "record_id")]
    record_type: Option<String>,
    /// The configuration file, instead of callwright.toml in the working directory
    #[arg(long, value_name = "FILE", env = "CALLWRIGHT_CONFIG")]
    config: Option<PathBuf>,
}

/// Prints the link.
pub(super) fn run(args: &ClickToDialArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref(), super::environment())?;
    let tenant = config.contact_center.ok_or(Unprepared::NoTenant)?;
    let mut user_data = pairs("user-data", &args.user_data)?;
    user_data.extend(
        args.callback_url
            .clone()
            .map(|url| (CALLBACK_URL.to_owned(), url)),
    );
    let link = Link {
        prefix: args.prefix.clone(),
        phone: args.phone.clone(),
        caller_id: args.caller_id.clone(),
        dial_plan: args.dial_plan.clone(),
        queue: args.queue.clone(),
        user_data: Pairs::new(user_data),
        record: args.record_id.clone().zip(args.record_type.clone()),
    };
    let faults: Vec<String> = link.faults().iter().map(ToString::to_string).collect();
    if !faults.is_empty() {
        return Err(Unprepared::Asked(faults.join("\n  ")).into());
    }
    super::print(&format!("{}\n", link.address(&tenant)))
}
