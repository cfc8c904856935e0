//! The callflow: the actions that we answer a voice call action with, in order.
//!
//! Limits are the platform's (guide "IVR Call Action Handling"). How a callflow looks in JSON is `platform`'s.

use super::PhoneNumber;

/// The most characters that one `say` text or `sayAndCapture` prompt may hold.
pub const TEXT_LIMIT: usize = 3000;

/// The most digits that one `sayAndCapture` takes.
pub const DIGITS_LIMIT: u8 = 25;

/// A reply to a voice call action.
#[derive(Debug, Clone, PartialEq)]
pub struct Callflow {
    /// Comes back as `clientActionId` in the session's next voice call action.
    pub client_action_id: Option<String>,
    /// What the platform does, one after another. Never empty.
    pub actions: Vec<Action>,
}

/// One action of a callflow.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Calls another number and bridges it to the call in progress.
    MakeCall {
        /// Our virtual number, which the called party sees.
        source: PhoneNumber,
        /// Who is called.
        destination: PhoneNumber,
        /// Whether to record; sent only when true, since an account may have no recording set up.
        record: bool,
    },
    /// Speaks a text.
    Say {
        /// The text, at most [`TEXT_LIMIT`] characters.
        text: String,
        /// The platform's name of the voice.
        voice: String,
        /// How many times it is spoken, 1 to 3.
        repetition: u8,
        /// 0.5 to 2.0, 1.0 being the voice's own.
        speed: f32,
    },
    /// Speaks a prompt and takes keys.
    SayAndCapture(Capture),
    /// Plays a sound file.
    PlayFile {
        /// An http or https address of a .wav or .mp3 file under 5 MB.
        url: String,
        /// How many times it is played, 1 to 3.
        repetition: u8,
    },
    /// Ends the session.
    Hangup,
}

/// What a `sayAndCapture` says and takes. Every field is sent, because the platform's documents disagree on defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// The prompt, at most [`TEXT_LIMIT`] characters.
    pub prompt: String,
    /// The platform's name of the voice.
    pub voice: String,
    /// 0.5 to 2.0, 1.0 being the voice's own.
    pub speed: f32,
    /// The fewest digits that are an answer.
    pub min_digits: u8,
    /// The most digits, at most [`DIGITS_LIMIT`].
    pub max_digits: u8,
    /// Whether the hash key ends the entry.
    pub complete_on_hash: bool,
    /// How long the platform waits between digits, in milliseconds; always less than `overall_timeout_ms`.
    pub digit_timeout_ms: u32,
    /// How long the platform waits for the whole entry, in milliseconds.
    pub overall_timeout_ms: u32,
}
