//! A callflow read for carrying it out: what is done one after another, and how long each takes.
//!
//! How long speech takes is assumed: [`LETTER_MS`] a character at speed 1, and at least [`SHORTEST_MS`].

use std::collections::VecDeque;

use serde_json::Value;

use super::capture::Rules;

/// Milliseconds that one character takes at speed 1: about 15 characters a second.
pub(super) const LETTER_MS: f64 = 65.0;
/// The shortest utterance, in milliseconds.
pub(super) const SHORTEST_MS: u64 = 300;
/// How long a sound file is taken to last, in milliseconds: nothing fetches it.
pub(super) const FILE_MS: u64 = 5_000;
/// How much longer than estimated something said may take, in milliseconds, while somebody tells when it was heard: until
/// then they may be gone.
const LISTENERS_MS: u64 = 60_000;
/// `overallTimeout` when it is not given.
const OVERALL_MS: u64 = 30_000;
/// `noOfTries` when it is not given.
const TRIES: u64 = 3;
/// `maxDigits` when it is not given.
const MOST_DIGITS: u64 = 25;

/// One thing of a callflow.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    Dial {
        source: String,
        destination: String,
        record: bool,
    },
    Say(Utterance),
    Play {
        url: String,
        ms: u64,
        grace_ms: u64,
    },
    Capture(Box<Rules>),
    Hangup,
}

/// Something spoken.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Utterance {
    pub(super) text: String,
    pub(super) voice: String,
    /// How long it takes, as estimated.
    pub(super) ms: u64,
    /// How much longer is waited for somebody to say that they heard it.
    pub(super) grace_ms: u64,
}

impl Utterance {
    /// When it is over at the latest, if it begins at `now`.
    pub(super) fn until(&self, now: u64) -> u64 {
        now + self.ms + self.grace_ms
    }

    fn for_a_listener(&mut self) {
        if self.ms > 0 {
            self.grace_ms = LISTENERS_MS;
        }
    }
}

impl Act {
    /// The platform's name of it, for `lastAction`.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Dial { .. } => "makeCall",
            Self::Say(_) => "say",
            Self::Play { .. } => "playFile",
            Self::Capture(_) => "sayAndCapture",
            Self::Hangup => "hangup",
        }
    }

    /// The same for somebody who tells when they have heard it.
    pub(super) fn for_a_listener(mut self) -> Self {
        match &mut self {
            Self::Say(utterance) => utterance.for_a_listener(),
            Self::Play { grace_ms, .. } => *grace_ms = LISTENERS_MS,
            Self::Capture(rules) => {
                rules.prompt.for_a_listener();
                rules.success.for_a_listener();
                rules.failure.for_a_listener();
            }
            Self::Dial { .. } | Self::Hangup => {}
        }
        self
    }
}

/// Reads the actions of a callflow that has passed [`crate::platform::callflow::check()`].
pub(super) fn read(callflow: &Value) -> VecDeque<Act> {
    let actions = callflow["callflow"].as_array();
    actions.into_iter().flatten().filter_map(act).collect()
}

/// The place of an action that number-masking sub-accounts do not have.
pub(super) fn not_for_masking(callflow: &Value) -> Option<usize> {
    let actions = callflow["callflow"].as_array()?;
    let captures = |action: &Value| action["action"] == "sayAndCapture";
    actions.iter().position(captures)
}

fn act(action: &Value) -> Option<Act> {
    let params = &action["params"];
    Some(match action["action"].as_str()? {
        "makeCall" => Act::Dial {
            source: text(params, "source"),
            destination: text(params, "destination"),
            record: params["callRecording"].as_bool().unwrap_or(false),
        },
        "say" => Act::Say(utterance(params, "text")),
        "playFile" => Act::Play {
            url: text(params, "fileUrl"),
            ms: FILE_MS * whole(params, "repetition").unwrap_or(1),
            grace_ms: 0,
        },
        "sayAndCapture" => Act::Capture(Box::new(rules(params))),
        "hangup" => Act::Hangup,
        _ => return None,
    })
}

fn rules(params: &Value) -> Rules {
    let most = whole(params, "maxDigits").unwrap_or(MOST_DIGITS);
    Rules {
        prompt: utterance(params, "promptMessage"),
        success: once(utterance(params, "successMessage"), params),
        failure: once(utterance(params, "failureMessage"), params),
        hash_ends: params["completeOnHash"].as_bool().unwrap_or(true),
        least: usize::try_from(whole(params, "minDigits").unwrap_or(1)).unwrap_or(usize::MAX),
        most: usize::try_from(most).unwrap_or(usize::MAX),
        digit_ms: whole(params, "digitTimeout"),
        overall_ms: whole(params, "overallTimeout").unwrap_or(OVERALL_MS),
        tries: whole(params, "noOfTries").unwrap_or(TRIES),
    }
}

/// `repetition` is of the prompt; the two messages are said once.
fn once(utterance: Utterance, params: &Value) -> Utterance {
    Utterance {
        ms: utterance.ms / whole(params, "repetition").unwrap_or(1).max(1),
        ..utterance
    }
}

fn utterance(params: &Value, field: &str) -> Utterance {
    let text = text(params, field);
    let speed = params["speed"].as_f64().unwrap_or(1.0);
    let repetition = whole(params, "repetition").unwrap_or(1);
    Utterance {
        ms: speech_ms(&text, speed) * repetition,
        voice: self::text(params, "voiceProfile"),
        text,
        grace_ms: 0,
    }
}

/// How long `text` takes to say at `speed`.
pub(super) fn speech_ms(text: &str, speed: f64) -> u64 {
    match text.chars().count() {
        0 => 0,
        letters => ((letters as f64 * LETTER_MS / speed) as u64).max(SHORTEST_MS),
    }
}

fn text(params: &Value, field: &str) -> String {
    params[field].as_str().unwrap_or_default().to_owned()
}

fn whole(params: &Value, field: &str) -> Option<u64> {
    params[field].as_u64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Act, read, speech_ms};

    #[test]
    fn speech_takes_time_by_its_length_and_speed() {
        assert_eq!(speech_ms("", 1.0), 0);
        assert_eq!(speech_ms("Hi", 1.0), 300);
        assert_eq!(speech_ms(&"a".repeat(100), 1.0), 6_500);
        assert_eq!(speech_ms(&"a".repeat(100), 2.0), 3_250);
    }

    #[test]
    fn repetition_is_of_the_prompt_alone_and_defaults_are_the_documents() {
        let flow = json!({"callflow": [{"action": "sayAndCapture", "params": {
            "promptMessage": "a".repeat(100), "voiceProfile": "en-US-A", "failureMessage": "b".repeat(10), "repetition": 2,
        }}]});
        let Some(Act::Capture(rules)) = read(&flow).pop_front() else {
            panic!("one sayAndCapture");
        };
        assert_eq!((rules.prompt.ms, rules.failure.ms), (13_000, 650));
        assert_eq!((rules.overall_ms, rules.tries, rules.most), (30_000, 3, 25));
        assert!(rules.hash_ends);
    }
}
