//! The tables and keys that a file may hold.

/// The tables that are no steps.
pub(super) const TABLES: [&str; 6] = [
    "flow",
    "languages",
    "numbers",
    "hours",
    "queues",
    "defaults",
];

/// The kinds of step that this version knows, with the keys that each knows.
pub(super) const KINDS: [(&str, &[&str]); 11] = [
    (
        "menu",
        &[
            "say",
            "say_again",
            "play",
            "speak",
            "press",
            "no_input",
            "no_match",
            "tries",
            "wait",
            "give_up",
            "allow",
        ],
    ),
    (
        "ask",
        &[
            "say",
            "say_again",
            "digits",
            "save",
            "go",
            "end_key",
            "secret",
            "pause_recording",
            "failed",
            "no_input",
            "no_match",
            "tries",
            "wait",
            "give_up",
            "allow",
        ],
    ),
    ("message", &["say", "play", "repeat", "go", "allow"]),
    (
        "connect",
        &[
            "number",
            "say",
            "record",
            "busy",
            "no_answer",
            "failed",
            "after",
            "allow",
        ],
    ),
    (
        "decide",
        &[
            "hours", "open", "closed", "choice", "value", "is", "else", "allow",
        ],
    ),
    (
        "lookup",
        &[
            "get",
            "post",
            "put",
            "send",
            "headers",
            "timeout",
            "while_waiting",
            "save",
            "require",
            "ok",
            "status",
            "failed",
            "allow",
        ],
    ),
    (
        "handoff",
        &[
            "queue",
            "say",
            "data",
            "variables",
            "guid",
            "failed",
            "allow",
        ],
    ),
    (
        "callback",
        &[
            "queue",
            "channel",
            "delay",
            "expires",
            "preview",
            "number",
            "data",
            "user_data",
            "caller_id",
            "dial_plan",
            "id",
            "ok",
            "failed",
            "allow",
        ],
    ),
    ("use", &["flow", "with", "on", "allow"]),
    ("return", &["allow"]),
    ("end", &["say", "play", "allow"]),
];

/// Names that mean a place of their own.
pub(super) const RESERVED: [&str; 2] = ["end", "repeat"];

/// The keys of `[hours.NAME]` that name no day of the week.
pub(super) const HOURS: [&str; 3] = ["dates", "holidays", "allow"];

/// The keys that a file knows at its top.
pub(super) fn top_level_keys() -> Vec<&'static str> {
    let kinds = KINDS.iter().map(|(kind, _)| *kind);
    ["callwright"]
        .into_iter()
        .chain(TABLES)
        .chain(kinds)
        .collect()
}

/// The keys that a kind of step knows.
pub(super) fn keys_of(kind: &str) -> &'static [&'static str] {
    KINDS
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or(&[], |(_, keys)| keys)
}
