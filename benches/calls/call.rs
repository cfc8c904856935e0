//! Real call shapes: an inbound call to the restaurant's menu, with one to six key presses, its status webhooks and its
//! summary. Bodies are as the platform sends them, about 590 bytes for a voice call action.

use std::fmt::Write as _;

/// The keys of each call: every one ends at a step that hangs up. One of each length from one to six.
const KEYS: [&str; 6] = ["3", "19", "111", "1319", "13223", "221319"];

/// What a caller hears first in the built-in apology.
const APOLOGY: &str = "something went wrong on our side";

/// A small generator of numbers: fresh identifiers at next to no cost, and a run that can be had again by its seed.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn uuid(&mut self) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_u128(bits)
            .with_version(uuid::Version::Random)
            .with_variant(uuid::Variant::RFC4122)
            .into_uuid()
            .to_string()
    }
}

/// What a load is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shape {
    /// Whole calls: voice call actions, two statuses, the summary.
    Calls,
    /// Voice call actions alone.
    Actions,
    /// Calls that come in and stay: one voice call action each.
    Live,
}

/// The webhook that comes next in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Received,
    StatusReceived,
    Key(usize),
    StatusOver,
    Summary,
    Over,
}

/// One call, as the platform's side of it sees it.
#[derive(Debug)]
pub(crate) struct Call {
    session: String,
    call: String,
    caller: u64,
    keys: &'static [u8],
    shape: Shape,
    next: Next,
    label: String,
}

/// What was wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A voice call action was answered with the apology.
    Apology,
    /// A voice call action's reply has no label to go on with.
    NoLabel,
}

impl Call {
    /// A fresh call.
    pub(crate) fn new(shape: Shape, random: &mut Random) -> Self {
        Self {
            session: random.uuid(),
            call: random.uuid(),
            caller: 80_000_000 + random.below(10_000_000),
            keys: KEYS[random.below(KEYS.len() as u64) as usize].as_bytes(),
            shape,
            next: Next::Received,
            label: String::new(),
        }
    }

    /// Whether nothing more comes of this call.
    pub(crate) fn is_over(&self) -> bool {
        self.next == Next::Over
    }

    /// Whether the webhook that comes next is a voice call action.
    pub(crate) fn asks(&self) -> bool {
        matches!(self.next, Next::Received | Next::Key(_))
    }

    /// Whether it is on the telephone: it has been answered.
    pub(crate) fn is_live(&self) -> bool {
        !self.label.is_empty()
    }

    /// The next webhook: writes its body, and gives its path.
    pub(crate) fn write(&self, random: &mut Random, body: &mut String) -> &'static str {
        body.clear();
        match self.next {
            Next::Received => self.action(body, random, "CALL_ACTION", "CALL_RECEIVED", None),
            Next::Key(index) => {
                let key = Some(char::from(self.keys[index]));
                self.action(body, random, "CALL_ACTION", "DTMF_RECEIVED", key);
            }
            Next::StatusReceived => {
                self.action(body, random, "CALL_STATUS", "CALL_RECEIVED", None);
            }
            Next::StatusOver => {
                self.action(body, random, "CALL_STATUS", "CALL_DISCONNECTED", None);
            }
            Next::Summary | Next::Over => self.summary(body),
        }
        match self.next {
            Next::Received | Next::Key(_) => "/webhooks/vca",
            Next::StatusReceived | Next::StatusOver => "/webhooks/vcs",
            Next::Summary | Next::Over => "/webhooks/vss",
        }
    }

    /// Takes the answer to the webhook last written, and goes on.
    pub(crate) fn answered(&mut self, reply: &str) -> Result<(), Wrong> {
        let asked = self.asks();
        self.next = self.after();
        if !asked {
            return Ok(());
        }
        if reply.contains(APOLOGY) {
            return Err(Wrong::Apology);
        }
        self.label.clear();
        match label_of(reply) {
            Some(label) => self.label.push_str(label),
            None if matches!(self.next, Next::Key(_)) => return Err(Wrong::NoLabel),
            None => {}
        }
        Ok(())
    }

    /// Gives the call up: what comes of it no longer matters.
    pub(crate) fn give_up(&mut self) {
        self.next = Next::Over;
    }

    fn after(&self) -> Next {
        let key = |index| {
            if index < self.keys.len() {
                Next::Key(index)
            } else if self.shape == Shape::Actions {
                Next::Over
            } else {
                Next::StatusOver
            }
        };
        match self.next {
            Next::Received => match self.shape {
                Shape::Calls => Next::StatusReceived,
                Shape::Actions => key(0),
                Shape::Live => Next::Over,
            },
            Next::StatusReceived => key(0),
            Next::Key(index) => key(index + 1),
            Next::StatusOver => Next::Summary,
            Next::Summary | Next::Over => Next::Over,
        }
    }

    fn action(
        &self,
        body: &mut String,
        random: &mut Random,
        event: &str,
        status: &str,
        key: Option<char>,
    ) {
        let description = match event {
            "CALL_ACTION" => "Action request of a call",
            _ => "Status update of a call",
        };
        let written = write!(
            body,
            r#"{{"payload":{{"eventId":"{}","callId":"{}","sessionId":"{}","subAccountId":"InternalDemoCPaaS_8dD15_voice","callStatus":"{status}","callDirection":"INBOUND","callType":"PSTN","source":"+65{}","destination":"+6561115777","sourceFormat":"MSISDN","destinationFormat":"MSISDN","sourceCountryCode":"SG","destinationCountryCode":"SG","#,
            random.uuid(),
            self.call,
            self.session,
            self.caller,
        );
        written.expect("a string takes all that is written");
        if let Some(key) = key {
            write!(body, r#""eventData":{{"dtmf":"{key}"}},"#).expect("a string takes it");
        }
        if !self.label.is_empty() {
            write!(body, r#""clientActionId":"{}","#, self.label).expect("a string takes it");
        }
        write!(body, r#""callDuration":0,"sipCode":200,"timestamp":"2026-11-20T12:30:00.406Z"}},"namespace":"VOICE","eventType":"{event}","description":"{description}"}}"#).expect("a string takes it");
    }

    fn summary(&self, body: &mut String) {
        let written = write!(
            body,
            r#"{{"namespace":"VOICE","eventType":"SESSION_SUMMARY","description":"Summary of a completed call session","payload":{{"sessionId":"{}","subAccountId":"InternalDemoCPaaS_8dD15_voice","sessionStatus":"COMPLETED","startTime":"2026-11-20T12:30:00Z","endTime":"2026-11-20T12:31:00Z","lastAction":"hangup","callCount":1,"details":{{"CallA":{{"callId":"{}","callDirection":"INBOUND","callType":"PSTN","initiatedTimestamp":"2026-11-20T12:30:00Z","connectedTimestamp":"2026-11-20T12:30:01Z","disconnectedTimestamp":"2026-11-20T12:31:00Z","source":"+65{}","destination":"+6561115777","sourceCountryCode":"SG","destinationCountryCode":"SG","callStatus":"COMPLETED","callDuration":59}}}}}}}}"#,
            self.session, self.call, self.caller,
        );
        written.expect("a string takes all that is written");
    }
}

/// The label that a callflow carries.
fn label_of(reply: &str) -> Option<&str> {
    let (_, after) = reply.split_once(r#""clientActionId":""#)?;
    let (label, _) = after.split_once('"')?;
    Some(label)
}
