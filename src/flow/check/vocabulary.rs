//! The tables and keys that a file may hold, each with what its value looks like. Whoever reads a file goes by these tables, and the JSON Schema that editors go
//! by is made of them.

mod kinds;

pub(super) use kinds::{KINDS, StepKind};

use super::shape::Shape::{self, *};
use super::shape::{DIGITS, FLOW_ID, VARIABLE};

/// A key of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Whether a table of its kind cannot be without it.
    pub(super) required: bool,
    /// What its value looks like.
    pub(super) shape: Shape,
    /// What it means, in a few words.
    pub(super) about: &'static str,
}

const fn must(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        required: true,
        shape,
        about,
    }
}

const fn may(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        required: false,
        ..must(name, shape, about)
    }
}

/// The names of keys.
pub(super) const fn names<const N: usize>(keys: &[Key; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = keys[at].name;
        at += 1;
    }
    names
}

/// How many tries a step may give.
pub(super) const TRIES: (u8, u8) = (1, 9);

/// How often a message may be repeated.
pub(super) const REPEAT: (u8, u8) = (1, 3);

/// The most that a threshold of a queue may be.
pub(super) const MOST_OF_A_QUEUE: u32 = 100_000;

/// The tables that are no steps.
pub(super) const TABLES: [Key; 6] = [
    must(
        "flow",
        Table(&FLOW),
        "What the flow is called, where a call begins, whose calls come",
    ),
    may("languages", Languages, "The languages that are spoken"),
    may("numbers", NumbersByName, "Names for phone numbers"),
    may("hours", HoursByName, "Opening hours: [hours.NAME]"),
    may(
        "queues",
        Queues,
        "From where on a queue of the Contact Center is not free: [queues.ID]",
    ),
    may(
        "defaults",
        Table(&DEFAULTS),
        "What the steps of this file do unless they say otherwise",
    ),
];

/// The keys of `[flow]`.
pub(super) const FLOW: [Key; 8] = [
    must(
        "id",
        Matching(FLOW_ID),
        "The flow's name in logs, the API and replies",
    ),
    must("start", Step, "The step that a call begins at"),
    may("name", Words, "What people call it"),
    may(
        "timezone",
        Words,
        "Whose clock opening hours go by, as \"Asia/Singapore\"",
    ),
    may(
        "answers",
        NumbersOrAny,
        "The virtual numbers whose calls come here, or \"any\"",
    ),
    may(
        "needs",
        Variables,
        "The variables that whoever starts it or uses it hands in",
    ),
    may(
        "gives",
        Variables,
        "Of a sub-flow: the variables that whoever uses it may read",
    ),
    may("preview", Numbers, "The callers who get this draft"),
];

/// The keys of `[defaults]`.
pub(super) const DEFAULTS: [Key; 9] = [
    may(
        "voice",
        Words,
        "The platform's voice, where a language names none",
    ),
    may("speed", Speed, "How fast it is spoken, 1.0 unless set"),
    RETRY[0],
    RETRY[1],
    RETRY[2],
    RETRY[3],
    RETRY[4],
    may(
        "timeout",
        Time,
        "How long a look-up's answer is waited for, 1 s unless set",
    ),
    may("warn", Codes, "Warnings to turn on that are off otherwise"),
];

/// How wrong tries are met.
const RETRY: [Key; 5] = [
    may(
        "tries",
        Whole(TRIES.0 as u32, TRIES.1 as u32),
        "How many tries there are in all, 3 unless set",
    ),
    may(
        "wait",
        Time,
        "How long the first key is waited for, \"6s\" unless set",
    ),
    may(
        "no_input",
        Lines,
        "What is said after silence: the n-th wrong try takes the n-th text",
    ),
    may(
        "no_match",
        Lines,
        "What is said after a wrong key: the n-th wrong try takes the n-th text",
    ),
    may("give_up", Step, "Where the last wrong try leads"),
];

/// Silences warnings in one place.
const ALLOW: Key = may(
    "allow",
    Codes,
    "Warnings that are meant so here, [\"CW302\"]",
);

/// The keys of a language.
pub(super) const LANGUAGE_KEYS: [Key; 1] = [may("voice", Words, "The platform's voice")];

/// The keys of `[hours.NAME]` that name no day of the week.
pub(super) const HOURS: [Key; 3] = [
    may(
        "dates",
        Dates,
        "The hours of single days: dates.12-25 of every year, dates.2026-12-31 of one",
    ),
    may(
        "holidays",
        Table(&HOLIDAYS),
        "The days of an iCalendar file, with their hours",
    ),
    ALLOW,
];

/// The keys of `holidays`.
pub(super) const HOLIDAYS: [Key; 2] = [
    must("file", Words, "The calendar, as \"singapore.ics\""),
    may("hours", Open, "Their hours, \"closed\" unless set"),
];

/// The keys of `[hours.NAME]` that a schedule of the Contact Center says.
pub(super) const SCHEDULE: [Key; 2] = [
    must(
        "schedule",
        Matching(DIGITS),
        "The id of a schedule of the Contact Center",
    ),
    ALLOW,
];

/// The keys of `[queues.ID]`.
pub(super) const QUEUE: [Key; 3] = [
    may(
        "agents_free",
        Whole(0, MOST_OF_A_QUEUE),
        "The fewest agents that must be free, 1 unless set",
    ),
    may(
        "calls_waiting",
        Whole(0, MOST_OF_A_QUEUE),
        "The most callers that may wait, 0 unless set",
    ),
    may(
        "longest_wait",
        LongTime,
        "The longest that anybody may have waited, \"60s\" unless set",
    ),
];

/// The keys of a `press` that is a table.
pub(super) const PRESS: [Key; 4] = [
    must("go", Step, "Where it leads"),
    may("say", Said, "What is said on the way"),
    may("set", Texts(VARIABLE), "Gives variables a value"),
    may("language", Words, "The language from here on"),
];

/// Names that mean a place of their own.
pub(super) const RESERVED: [&str; 2] = ["end", "repeat"];

/// The keys that a file knows at its top.
pub(super) fn top_level_keys() -> Vec<&'static str> {
    let kinds = KINDS.iter().map(|kind| kind.name);
    ["callwright"]
        .into_iter()
        .chain(names(&TABLES))
        .chain(kinds)
        .collect()
}

/// The kind of step that is called so.
pub(super) fn kind_called(name: &str) -> Option<&'static StepKind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The keys that a kind of step knows.
pub(super) fn keys_of(kind: &str) -> &'static [&'static str] {
    kind_called(kind).map_or(&[], |kind| kind.names)
}
