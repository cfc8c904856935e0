//! `callwright contact-center call-back`, `delete-callbacks`, `interaction` and `recording`: what is done there.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Unprepared;
use crate::call::PhoneNumber;
use crate::cli::print;
use crate::cli::table::{Column, table};
use crate::contact_center::callback::{CALLBACK_URL, Callback, CallerId, When};
use crate::contact_center::handoff::{QueueId, SipId};
use crate::contact_center::interaction::{DataType, Interaction, Variable};
use crate::contact_center::pairs::Pairs;
use crate::contact_center::recording::{Agent, Control};
use crate::platform::contact_center::ContactCenter;
use crate::platform::contact_center::recording::Controlled;

const DELETED: [Column; 3] = [
    ("INTERACTION", "guid"),
    ("DELETED", "deleted"),
    ("REASON", "reason"),
];

/// Have somebody called back, now or when an agent is free
///
/// Example: callwright contact-center call-back +16505551212 --queue 103 --expires 3600
#[derive(Debug, Args)]
pub(super) struct CallBackArgs {
    /// Who is called, with country code
    phone: String,
    /// Now, with the script of this channel (its number, digits only)
    #[arg(
        long,
        value_name = "NUMBER",
        required_unless_present = "queue",
        conflicts_with = "queue"
    )]
    channel: Option<String>,
    /// So many seconds later
    #[arg(long, value_name = "SECONDS", requires = "channel")]
    delay: Option<u32>,
    /// When an agent of this outbound queue is free (its id)
    #[arg(long, value_name = "ID")]
    queue: Option<String>,
    /// Forget it when no agent is free within so many seconds
    #[arg(long, value_name = "SECONDS", requires = "queue")]
    expires: Option<u32>,
    /// Offer it to an agent for so many seconds (15 to 10800)
    #[arg(long, value_name = "SECONDS", requires = "queue")]
    preview: Option<u32>,
    /// What the agent sees; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    data: Vec<String>,
    /// What is given back when it is over; tokens as $transaction_id$ are filled in; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    user_data: Vec<String>,
    /// Where it is given back to
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// Which number the person sees: a channel's, "anonymous", or "agent" for the agent's usual one
    #[arg(long, value_name = "WHICH")]
    caller_id: Option<String>,
    /// The dial plan's id, instead of the tenant's own
    #[arg(long, value_name = "ID")]
    dial_plan: Option<u32>,
    /// An id of yours, to delete it by; at most 64 characters
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

/// Delete call backs that no agent has yet, by your id
///
/// Example: callwright contact-center delete-callbacks transac_0
#[derive(Debug, Args)]
pub(super) struct DeleteCallbacksArgs {
    /// The id that they were asked for with
    id: String,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// What there is to do about an interaction's data.
#[derive(Debug, Subcommand)]
pub(super) enum InteractionCommand {
    /// Show all that is known of an interaction, as JSON
    ///
    /// Example: callwright contact-center interaction show --guid int-1628bb9dbf7-YUTGAUsGrJDvPC9DqMgJr01iy-phone-01-acme
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Set a variable of an interaction
    ///
    /// Example: callwright contact-center interaction set --sip-id MDc5ZGI5ZDgyYjY2NGRiNjNj _amount=110.55 --display "Amount Due"
    Set {
        #[command(flatten)]
        which: Which,
        /// The variable, whose name begins with an underscore
        #[arg(value_name = "_NAME=VALUE")]
        variable: String,
        /// The tenant's script may route by it
        #[arg(long)]
        ivr: bool,
        /// The agent sees it, under this name
        #[arg(long, value_name = "NAME")]
        display: Option<String>,
        /// What it is: text, number, phone number, date, time, currency
        #[arg(long, value_name = "TYPE")]
        data_type: Option<String>,
        /// It is for routing alone: nobody sees it
        #[arg(long, conflicts_with = "display")]
        privacy: bool,
    },
}

/// Which interaction.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// By the SIP id of its leg to the external IVR
    #[arg(long, value_name = "ID")]
    sip_id: Option<String>,
    /// By its own id
    #[arg(long, value_name = "GUID")]
    guid: Option<String>,
}

/// Pause an agent's recording, or let it go on
///
/// While it is paused the recording holds silence. It is about the call that the agent is in.
///
/// Example: callwright contact-center recording pause --agent jdoe
#[derive(Debug, Args)]
pub(super) struct RecordingArgs {
    /// pause or resume
    #[arg(value_parser = ["pause", "resume"])]
    control: String,
    /// The agent's id
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "email",
        conflicts_with = "email"
    )]
    agent: Option<String>,
    /// The agent, by the mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
}

fn unprepared(told: impl ToString) -> anyhow::Error {
    Unprepared::Asked(told.to_string()).into()
}

/// Has somebody called back.
pub(super) async fn call_back(
    center: &ContactCenter,
    args: &CallBackArgs,
) -> anyhow::Result<ExitCode> {
    let callback = callback(args)?;
    let faults: Vec<String> = callback.faults().iter().map(ToString::to_string).collect();
    if !faults.is_empty() {
        return Err(unprepared(faults.join("\n  ")));
    }
    center.call_back(&callback).await?;
    print("The Contact Center calls back.\n")
}

fn callback(args: &CallBackArgs) -> anyhow::Result<Callback> {
    let when = match (&args.channel, &args.queue) {
        (Some(channel), _) => When::Now {
            channel: channel.clone(),
            delay_s: args.delay,
        },
        (None, queue) => When::AgentFree {
            queue: QueueId::parse(queue.as_deref().unwrap_or_default())
                .ok_or_else(|| unprepared("`queue` is no queue's id: write digits, as 103"))?,
            expires_s: args.expires,
            preview_s: args.preview,
        },
    };
    let mut user_data = pairs("user-data", &args.user_data)?;
    user_data.extend(
        args.callback_url
            .clone()
            .map(|url| (CALLBACK_URL.to_owned(), url)),
    );
    Ok(Callback {
        phone: PhoneNumber::new(args.phone.as_str()),
        when,
        data: Pairs::new(pairs("data", &args.data)?),
        caller_id: match args.caller_id.as_deref() {
            None => CallerId::Tenant,
            Some("anonymous") => CallerId::Anonymous,
            Some("agent") => CallerId::Agent,
            Some(channel) => CallerId::Channel(channel.to_owned()),
        },
        user_data: Pairs::new(user_data),
        dial_plan: args.dial_plan,
        external_id: args.id.clone(),
    })
}

/// Names and values as they are typed.
pub(in crate::cli) fn pairs(
    option: &str,
    typed: &[String],
) -> anyhow::Result<Vec<(String, String)>> {
    let read = |text: &String| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(unprepared(format!("`{option}` has no =: write NAME=VALUE"))),
    };
    typed.iter().map(read).collect()
}

/// Deletes call backs.
pub(super) async fn delete_callbacks(
    center: &ContactCenter,
    args: &DeleteCallbacksArgs,
) -> anyhow::Result<ExitCode> {
    let deleted = center.delete_callbacks(&args.id).await?;
    let json = serde_json::to_value(&deleted)?;
    match args.json {
        true => print(&format!("{json}\n"))?,
        false => print(&table(&json, &DELETED, "None."))?,
    };
    Ok(match deleted.iter().all(|it| it.deleted) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Shows or sets an interaction's data.
pub(super) async fn interaction(
    center: &ContactCenter,
    command: &InteractionCommand,
) -> anyhow::Result<ExitCode> {
    match command {
        InteractionCommand::Show { which } => {
            let told = center.interaction(&interaction_of(which)?).await?;
            print(&format!("{}\n", serde_json::to_string_pretty(&told)?))
        }
        InteractionCommand::Set {
            which,
            variable,
            ivr,
            display,
            data_type,
            privacy,
        } => {
            let (name, value) = variable
                .split_once('=')
                .ok_or_else(|| unprepared("the variable has no =: write _NAME=VALUE"))?;
            let kind = data_type.as_deref().map(|word| {
                let known = DataType::ALL.into_iter().find(|kind| kind.as_str() == word);
                known.ok_or_else(|| unprepared("`data-type` is not known: write text, number, phone number, date, time or currency"))
            });
            let variable = Variable {
                name: name.to_owned(),
                value: value.to_owned(),
                ivr: *ivr,
                display: display.clone(),
                data_type: kind.transpose()?,
                privacy: *privacy,
            };
            let faults: Vec<String> = variable.faults().iter().map(ToString::to_string).collect();
            if !faults.is_empty() {
                return Err(unprepared(faults.join("\n  ")));
            }
            center
                .set_variables(&interaction_of(which)?, &[variable])
                .await?;
            print("It is set.\n")
        }
    }
}

fn interaction_of(which: &Which) -> anyhow::Result<Interaction> {
    match (&which.sip_id, &which.guid) {
        (Some(id), _) => {
            let id = SipId::parse(id).ok_or_else(|| {
                unprepared("`sip-id` is no Call-ID of SIP: visible characters without blanks")
            })?;
            Ok(Interaction::Sip(id))
        }
        (None, guid) => Ok(Interaction::Guid(guid.clone().unwrap_or_default())),
    }
}

/// Pauses or resumes a recording.
pub(super) async fn recording(
    center: &ContactCenter,
    args: &RecordingArgs,
) -> anyhow::Result<ExitCode> {
    let agent = match (&args.agent, &args.email) {
        (Some(id), _) => Agent::Id(id.clone()),
        (None, address) => Agent::Email(address.clone().unwrap_or_default()),
    };
    let control = match args.control.as_str() {
        "pause" => Control::Pause,
        _ => Control::Resume,
    };
    print(
        match (center.control_recording(&agent, control).await?, control) {
            (Controlled::Done, Control::Pause) => "The recording is silent from now on.\n",
            (Controlled::Done, Control::Resume) => "The recording goes on.\n",
            (Controlled::NothingToChange, _) => {
                "There is nothing to change: the agent is in no call, or the recording does so already.\n"
            }
            (Controlled::NotEnabled, _) => "The agent is not recorded.\n",
        },
    )
}
