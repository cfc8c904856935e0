//! A call back that a caller asked for: now, after a while, or as soon as an agent is free; and what the service's error codes
//! mean.

use super::Fault;
use super::handoff::QueueId;
use super::pairs::{MOST_CHARACTERS, Pairs};
use crate::call::PhoneNumber;

/// The most characters of `ctl_userdata` of a call back.
pub const USER_DATA: usize = 1800;

/// The most characters of `extTransactionId`.
const EXTERNAL_ID: usize = 64;

/// The seconds that `previewTimeout` may be.
const PREVIEW: std::ops::RangeInclusive<u32> = 15..=10_800;

/// The name of the address that is called when a transaction is over.
pub const CALLBACK_URL: &str = "ctl_callbackUrl";

/// The tokens that the service replaces in user data.
pub const TOKENS: [&str; 20] = [
    "$caller_id$",
    "$transaction_id$",
    "$call_answered_time$",
    "$call_hangup_time$",
    "$callAnsweredTenantTT$",
    "$callHangupTenantTT$",
    "$callDuration$",
    "$equal$",
    "$interaction_guid$",
    "$year$",
    "$month$",
    "$date$",
    "$hours$",
    "$minutes$",
    "$seconds$",
    "$transaction_codes$",
    "$notes$",
    "$lastTclListName$",
    "$lastTclCodeDesc$",
    "$lastTclCodeShort$",
];

/// A call back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Who is called.
    pub phone: PhoneNumber,
    /// When.
    pub when: When,
    /// What the agent sees.
    pub data: Pairs,
    /// Which number the person sees.
    pub caller_id: CallerId,
    /// What is given back to `ctl_callbackUrl`, which is one of them.
    pub user_data: Pairs,
    /// The dial plan, when it is not the tenant's own.
    pub dial_plan: Option<u32>,
    /// Ours, by which pending ones can be deleted.
    pub external_id: Option<String>,
}

/// When somebody is called back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Type 1: now, or after `delay_s`; then the script of `channel` runs.
    Now {
        /// The channel's number, digits only.
        channel: String,
        /// How many seconds later.
        delay_s: Option<u32>,
    },
    /// Type 2: when an agent of `queue` is free.
    AgentFree {
        /// The queue: an outbound one.
        queue: QueueId,
        /// How many seconds the request stands.
        expires_s: Option<u32>,
        /// How many seconds an agent is offered it.
        preview_s: Option<u32>,
    },
}

/// Which number a person who is called back sees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CallerId {
    /// The tenant's usual one.
    #[default]
    Tenant,
    /// None.
    Anonymous,
    /// The agent's usual one.
    Agent,
    /// A channel's, digits only.
    Channel(String),
}

impl Callback {
    /// What is wrong with it, all of it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let phone = self.phone.digits();
        if !digits(phone) || !(7..=15).contains(&phone.len()) {
            faults.push(Fault::new(
                "phone",
                "is no phone number",
                "write it with its country code, as in +16505551212",
            ));
        }
        match &self.when {
            When::Now { channel, delay_s } => {
                if !digits(channel) {
                    faults.push(Fault::new(
                        "channel_number",
                        "is no channel's number",
                        "digits only, as in 18006661212",
                    ));
                }
                above_zero("callback_delay", *delay_s, &mut faults);
            }
            When::AgentFree {
                expires_s,
                preview_s,
                ..
            } => {
                above_zero("expiration", *expires_s, &mut faults);
                if preview_s.is_some_and(|seconds| !PREVIEW.contains(&seconds)) {
                    faults.push(Fault::new(
                        "previewTimeout",
                        "is out of range",
                        "from 15 to 10800 seconds",
                    ));
                }
            }
        }
        at_most(
            "extTransactionData",
            &self.data.written(),
            MOST_CHARACTERS,
            &mut faults,
        );
        at_most(
            "ctl_userdata",
            &self.user_data.written(),
            USER_DATA,
            &mut faults,
        );
        at_most(
            "extTransactionId",
            self.external_id.as_deref().unwrap_or(""),
            EXTERNAL_ID,
            &mut faults,
        );
        if let CallerId::Channel(channel) = &self.caller_id
            && !digits(channel)
        {
            faults.push(Fault::new(
                "caller_id",
                "is no channel's number",
                "digits only, as in 18006664444, or Anonymous, or -1 for the agent's own",
            ));
        }
        faults.extend(unknown_tokens("ctl_userdata", &self.user_data));
        faults
    }

    /// The documented parameters, without tenant and token.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut given = vec![("phone", self.phone.digits().to_owned())];
        let seconds = |name, value: Option<u32>, given: &mut Vec<_>| {
            given.extend(value.map(|value| (name, value.to_string())));
        };
        match &self.when {
            When::Now { channel, delay_s } => {
                given.push(("callback_type", "1".to_owned()));
                given.push(("channel_number", channel.clone()));
                seconds("callback_delay", *delay_s, &mut given);
            }
            When::AgentFree {
                queue,
                expires_s,
                preview_s,
            } => {
                given.push(("callback_type", "2".to_owned()));
                given.push(("queue_id", queue.to_string()));
                seconds("expiration", *expires_s, &mut given);
                seconds("previewTimeout", *preview_s, &mut given);
            }
        }
        let caller_id = match &self.caller_id {
            CallerId::Tenant => None,
            CallerId::Anonymous => Some("Anonymous".to_owned()),
            CallerId::Agent => Some("-1".to_owned()),
            CallerId::Channel(channel) => Some(channel.clone()),
        };
        given.extend(caller_id.map(|id| ("caller_id", id)));
        seconds("dialplan_id", self.dial_plan, &mut given);
        let pairs = [
            ("extTransactionData", &self.data),
            ("ctl_userdata", &self.user_data),
        ];
        given.extend(
            pairs
                .into_iter()
                .filter(|(_, pairs)| !pairs.is_empty())
                .map(|(name, pairs)| (name, pairs.written())),
        );
        given.extend(self.external_id.clone().map(|id| ("extTransactionId", id)));
        given
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn above_zero(name: &str, seconds: Option<u32>, faults: &mut Vec<Fault>) {
    if seconds == Some(0) {
        faults.push(Fault::new(
            name,
            "is 0",
            "write how many seconds, or leave it out",
        ));
    }
}

fn at_most(name: &str, text: &str, most: usize, faults: &mut Vec<Fault>) {
    let length = text.chars().count();
    if length > most {
        faults.push(Fault::new(
            name,
            format!("has {length} characters"),
            format!("at most {most} are taken"),
        ));
    }
}

/// Tokens in the values of user data that the service does not know, and would send as they stand.
pub fn unknown_tokens(name: &str, user_data: &Pairs) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (_, value) in user_data.iter() {
        let mut rest = value;
        while let Some((_, after)) = rest.split_once('$') {
            let length = after
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(after.len());
            let (word, behind) = after.split_at(length);
            let closed = behind.starts_with('$') && !word.is_empty();
            let token = format!("${word}$");
            if closed && !TOKENS.contains(&token.as_str()) {
                faults.push(Fault::new(
                    name,
                    "has a token that the Contact Center does not know",
                    "use one of those in docs/contact-center.md, as $transaction_id$",
                ));
            }
            rest = if closed { &behind[1..] } else { behind };
        }
    }
    faults.dedup();
    faults
}

/// Why the service takes no call back: its documented code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(pub u32);

/// The documented codes: what each means, and what to do.
const CODES: [(u32, &str, &str); 18] = [
    (1, "the tenant is not enabled", "have 8x8 enable the tenant"),
    (
        2,
        "web callback is not enabled for the tenant",
        "have 8x8 enable web callback",
    ),
    (
        3,
        "the token is not the tenant's",
        "write the Action Request Token of the Configuration Manager into [contact_center] action_token",
    ),
    (
        7,
        "there is no queue of this id",
        "look the id up in the Configuration Manager's list of queues",
    ),
    (
        8,
        "the queue is disabled",
        "enable it in the Configuration Manager, or name another",
    ),
    (
        9,
        "the queue is not an outbound one",
        "name an outbound phone queue: no other takes call backs",
    ),
    (
        10,
        "it was not said when to call back",
        "say now, or when an agent is free",
    ),
    (11, "the delay is not a number", "write it in seconds"),
    (
        12,
        "the channel is missing",
        "name the channel whose script is to run",
    ),
    (
        13,
        "there is no channel of this number",
        "look the number up in the Configuration Manager's list of channels",
    ),
    (
        14,
        "there is no such type of call back",
        "type 1 is now, type 2 when an agent is free",
    ),
    (15, "the service is unavailable", "try again later"),
    (
        16,
        "the data for the agent are longer than 500 characters",
        "send less",
    ),
    (17, "the phone number is missing", "say who is to be called"),
    (19, "the Contact Center failed inside", "try again later"),
    (
        20,
        "ctl_userdata is longer than 1800 characters",
        "send less",
    ),
    (
        21,
        "the preview time is out of range",
        "from 15 to 10800 seconds",
    ),
    (
        22,
        "the external id is longer than 64 characters",
        "make it shorter",
    ),
];

impl ErrorCode {
    /// Every code that the guide documents.
    pub fn documented() -> impl Iterator<Item = Self> {
        CODES.iter().map(|(code, ..)| Self(*code))
    }

    /// Whether the guide documents it.
    pub fn is_documented(self) -> bool {
        Self::documented().any(|code| code == self)
    }

    /// What it means, and what to do about it.
    pub fn told(self) -> (&'static str, &'static str) {
        let known = CODES.iter().find(|(code, ..)| *code == self.0);
        known.map_or(
            (
                "the Contact Center gives a code that it does not document",
                "look the code up in 8x8's guide of the web callback API",
            ),
            |(_, meaning, remedy)| (meaning, remedy),
        )
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (meaning, remedy) = self.told();
        write!(f, "{meaning} (error {}): {remedy}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Callback {
        Callback {
            phone: PhoneNumber::new("+16505551212"),
            when: When::Now {
                channel: "18006661212".to_owned(),
                delay_s: None,
            },
            data: Pairs::default(),
            caller_id: CallerId::Channel("18006664444".to_owned()),
            user_data: Pairs::default(),
            dial_plan: None,
            external_id: None,
        }
    }

    fn written(callback: &Callback) -> String {
        let given = callback.parameters().into_iter();
        let pairs: Vec<_> = given
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }

    #[test]
    fn the_guides_four_examples_are_made() {
        let mut callback = now();
        assert_eq!(
            written(&callback),
            "phone=16505551212&callback_type=1&channel_number=18006661212&caller_id=18006664444"
        );
        callback.when = When::Now {
            channel: "18006661212".to_owned(),
            delay_s: Some(300),
        };
        callback.user_data = Pairs::new([
            (CALLBACK_URL, "https://mywebporter.com/callback.php"),
            ("Transactionid__c", "$interaction_guid$"),
            ("CallAnswerTime", "$call_answered_time$"),
            ("foreign_key", "1234456677"),
        ]);
        assert_eq!(
            written(&callback),
            "phone=16505551212&callback_type=1&channel_number=18006661212&callback_delay=300&caller_id=18006664444&ctl_userdata=\
             [ctl_callbackUrl|https://mywebporter.com/callback.php][Transactionid__c|$interaction_guid$]\
             [CallAnswerTime|$call_answered_time$][foreign_key|1234456677]"
        );
        assert_eq!(callback.faults(), []);
        let queue = QueueId::parse("103").expect("an id");
        callback = now();
        for (expires_s, ending) in [(None, ""), (Some(3600), "&expiration=3600")] {
            callback.when = When::AgentFree {
                queue: queue.clone(),
                expires_s,
                preview_s: None,
            };
            assert_eq!(
                written(&callback),
                format!(
                    "phone=16505551212&callback_type=2&queue_id=103{ending}&caller_id=18006664444"
                )
            );
        }
    }

    #[test]
    fn every_limit_is_told() {
        let long = |characters: usize| Pairs::new([("a", "x".repeat(characters))]);
        let callback = Callback {
            phone: PhoneNumber::new("nobody"),
            when: When::AgentFree {
                queue: QueueId::parse("103").expect("an id"),
                expires_s: Some(0),
                preview_s: Some(14),
            },
            data: long(500),
            caller_id: CallerId::Channel("sales".to_owned()),
            user_data: Pairs::new([
                ("a", "$nonsense$ $year$ $5 and $6".to_owned()),
                ("b", "x".repeat(1_800)),
            ]),
            dial_plan: None,
            external_id: Some("x".repeat(65)),
        };
        let told: Vec<_> = callback
            .faults()
            .iter()
            .map(|fault| format!("{} {}", fault.path, fault.message))
            .collect();
        assert_eq!(
            told,
            [
                "phone is no phone number",
                "expiration is 0",
                "previewTimeout is out of range",
                "extTransactionData has 504 characters",
                "ctl_userdata has 1835 characters",
                "extTransactionId has 65 characters",
                "caller_id is no channel's number",
                "ctl_userdata has a token that the Contact Center does not know",
            ]
        );
    }

    #[test]
    fn every_documented_code_is_told_in_plain_words() {
        let documented = [
            1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22,
        ];
        let strange = ErrorCode(99).told();
        for code in documented {
            assert_ne!(ErrorCode(code).told(), strange, "{code}");
        }
        assert_eq!(
            ErrorCode(9).to_string(),
            "the queue is not an outbound one (error 9): name an outbound phone queue: no other takes call backs"
        );
    }
}
