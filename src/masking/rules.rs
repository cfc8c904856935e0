//! All that a pool's owner may set. Plain data: how it is written in the configuration is `config`'s.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::{Time, Weekday};

use crate::call::PhoneNumber;
use crate::flow::model::FlowId;
use crate::outbound::Country;
use crate::text::name;

name! {
    /// A pool of virtual numbers, by the name that its owner gave it.
    PoolName
}

impl Default for PoolName {
    fn default() -> Self {
        Self::new("default")
    }
}

/// The rules of one pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolRules {
    /// Whether both sides get one number or each its own.
    pub numbers: Numbers,
    /// Whether a pair gets the number that it had before.
    pub sticky: Sticky,
    /// For how long a number rests for a party once a booking is over.
    pub cooldown: SignedDuration,
    /// For how long it rests at least, when there is no other.
    pub cooldown_min: SignedDuration,
    /// For how long calls still connect once a booking is closed.
    pub grace: Grace,
    /// Whether the number's country has to be the parties' own.
    pub country: CountryRule,
    /// The countries whose numbers will do when there is none left in the party's own.
    pub allow_foreign: Vec<Country>,
    /// Whether numbers of the party's region go first.
    pub same_region_first: bool,
    /// Whether a booking fails rather than get anything but a fresh number of its own country.
    pub strict: bool,
    /// Whether a booking that finds no number shares one by PIN.
    pub hotline: bool,
    /// The country that numbers without a country code are read in; that of the pool's numbers when it is not set.
    pub home: Option<Country>,
    /// When a booking ends that does not say.
    pub expires_after: SignedDuration,
    /// After how long without a call a booking ends; never when it is not set.
    pub idle_ttl: Option<SignedDuration>,
    /// Which phone of a side is called.
    pub callback: Callback,
    /// Callers that no booking knows.
    pub unknown: Unknown,
    /// Callers that hide their number.
    pub withheld: Withheld,
    /// PINs.
    pub pin: PinRules,
    /// Limits of bookings that set none.
    pub limits: Limits,
    /// Who may call whom.
    pub direction: Direction,
    /// When people may be called.
    pub hours: Option<Hours>,
    /// Sick numbers.
    pub health: HealthRules,
    /// How long after its end a booking is erased.
    pub erase_after: SignedDuration,
    /// How it sounds.
    pub speech: Speech,
}

/// Whether both sides get one number or each its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Numbers {
    /// One for both, if one can be had.
    #[default]
    Shared,
    /// Each its own.
    Split,
}

/// Whether a pair gets the number that it had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sticky {
    /// If it can be had.
    #[default]
    Pair,
    /// No.
    None,
}

/// For how long, and which way, calls still connect once a booking is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// After `completed`.
    pub completed: SignedDuration,
    /// After `cancelled`.
    pub cancelled: SignedDuration,
    /// Whether a reaches b meanwhile.
    pub a_to_b: bool,
    /// Whether b reaches a meanwhile.
    pub b_to_a: bool,
}

/// Whether a number's country has to be the party's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CountryRule {
    /// It has to.
    #[default]
    Match,
    /// It is better.
    Prefer,
    /// It is all the same.
    Any,
}

/// Which phone of a side is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Callback {
    /// The first.
    #[default]
    Primary,
    /// The one that called last.
    Last,
}

/// What callers get that no booking knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// They are asked for their PIN, where the number takes digits.
    pub pin: bool,
    /// A caller with exactly one live booking on another number.
    pub stale_number: StaleNumber,
    /// A flow takes them.
    pub flow: Option<FlowId>,
    /// Who is called for them.
    pub support: Option<PhoneNumber>,
    /// What they hear, instead of the sentence of their language.
    pub announce: Option<String>,
}

/// What a caller gets who has exactly one live booking, on another number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StaleNumber {
    /// To be told to use the number shown in the app.
    #[default]
    Refuse,
    /// To be connected, behind a notice.
    RouteSingle,
}

/// What callers get that hide their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Withheld {
    /// To be asked for their PIN; where that cannot be, the announcement.
    #[default]
    Pin,
    /// To be asked to call with their number shown.
    Announce,
    /// The support number.
    Support,
    /// Nothing.
    Hangup,
}

/// PINs: for callers that are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinRules {
    /// How often one call may try, 1 to 3.
    pub tries: u8,
    /// After how many calls of one caller that failed, in an hour, no more PIN is asked of him.
    pub calls_per_caller: u32,
    /// After how many calls to one number that failed, in an hour, it asks for none.
    pub calls_per_number: u32,
    /// Whether the phone that gave the right one is known from then on.
    pub remember: bool,
    /// Whether also those are asked that are known.
    pub force: bool,
}

/// Bounds of one booking; none where it is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Calls that were connected.
    pub max_calls: Option<u32>,
    /// Calls that were connected within an hour.
    pub max_calls_per_hour: Option<u32>,
    /// Minutes talked: the next call is refused, none is cut.
    pub max_talk_minutes: Option<u32>,
}

/// Who may call whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Each the other.
    #[default]
    Both,
    /// a calls b.
    AToB,
    /// b calls a.
    BToA,
}

/// When people may be called, on the callee's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// From when on.
    pub from: Time,
    /// Until when; before `from` when it is past midnight.
    pub to: Time,
    /// On which days it begins; every day when empty.
    pub days: Vec<Weekday>,
    /// The time zone of a callee whose side names none (IANA).
    pub zone: String,
}

/// What is done about numbers that are unwell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthRules {
    /// About unhealthy ones.
    pub unhealthy: Unhealthy,
    /// How long a booking has to last yet for it to get another number.
    pub migrate_if_left: SignedDuration,
    /// How many bookings a second get another number.
    pub migrations_per_second: u32,
    /// How long a word about a number has to hold until it is believed.
    pub flap: SignedDuration,
}

/// What is done about an unhealthy number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unhealthy {
    /// Bookings get another one.
    #[default]
    Migrate,
    /// An event tells.
    Notify,
    /// Nothing.
    Keep,
}

/// How a pool sounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speech {
    /// The language of a side that names none.
    pub language: String,
    /// The platform's voice of each language.
    pub voices: BTreeMap<String, String>,
    /// Sentences of the owner's own: (language, sentence's name) → text.
    pub sentences: BTreeMap<(String, String), String>,
}

impl Default for PoolRules {
    fn default() -> Self {
        Self {
            numbers: Numbers::default(),
            sticky: Sticky::default(),
            cooldown: SignedDuration::from_hours(24),
            cooldown_min: SignedDuration::from_mins(10),
            grace: Grace::default(),
            country: CountryRule::default(),
            allow_foreign: Vec::new(),
            same_region_first: true,
            strict: false,
            hotline: true,
            home: None,
            expires_after: SignedDuration::from_hours(24),
            idle_ttl: None,
            callback: Callback::default(),
            unknown: Unknown::default(),
            withheld: Withheld::default(),
            pin: PinRules::default(),
            limits: Limits::default(),
            direction: Direction::default(),
            hours: None,
            health: HealthRules::default(),
            erase_after: SignedDuration::from_hours(30 * 24),
            speech: Speech::default(),
        }
    }
}

impl Default for Grace {
    fn default() -> Self {
        Self {
            completed: SignedDuration::from_hours(24),
            cancelled: SignedDuration::ZERO,
            a_to_b: true,
            b_to_a: true,
        }
    }
}

impl Default for Unknown {
    fn default() -> Self {
        Self {
            pin: true,
            stale_number: StaleNumber::default(),
            flow: None,
            support: None,
            announce: None,
        }
    }
}

impl Default for PinRules {
    fn default() -> Self {
        Self {
            tries: 3,
            calls_per_caller: 5,
            calls_per_number: 50,
            remember: false,
            force: false,
        }
    }
}

impl Default for HealthRules {
    fn default() -> Self {
        Self {
            unhealthy: Unhealthy::default(),
            migrate_if_left: SignedDuration::from_mins(10),
            migrations_per_second: 50,
            flap: SignedDuration::from_mins(10),
        }
    }
}

impl Default for Speech {
    fn default() -> Self {
        Self {
            language: "en".to_owned(),
            voices: BTreeMap::new(),
            sentences: BTreeMap::new(),
        }
    }
}
