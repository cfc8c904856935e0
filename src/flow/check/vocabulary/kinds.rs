//! The kinds of step, with the keys of each.

use super::super::shape::Shape::*;
use super::super::shape::{
    ADDRESS, ANY, CALLER_ID, DECIDED_BY, DIGITS, HEADER, NUMBER_OR_NAME, QUEUE_ID, VARIABLE,
};
use super::{ALLOW, Key, REPEAT, RETRY, may, must, names};

/// A kind of step.
#[derive(Debug, Clone, Copy)]
pub(in crate::flow::check) struct StepKind {
    pub(in crate::flow::check) name: &'static str,
    pub(in crate::flow::check) about: &'static str,
    pub(in crate::flow::check) keys: &'static [Key],
    /// The names of those keys.
    pub(in crate::flow::check) names: &'static [&'static str],
    /// Keys of which a step has one.
    pub(in crate::flow::check) one_of: &'static [&'static str],
    /// Keys of which it has at most one.
    pub(in crate::flow::check) not_both: &'static [&'static str],
    /// What a step needs as well that has one of those.
    pub(in crate::flow::check) then: &'static [(&'static str, &'static [&'static str])],
}

const SAY: Key = must("say", Said, "What callers hear");

const SAY_IF: Key = may("say", Said, "What callers hear");

const SAY_AGAIN: Key = may(
    "say_again",
    Said,
    "What they hear when it is said again; else say",
);

const PLAY: Key = may(
    "play",
    Recordings,
    "The http(s) address of a recording, .mp3 or .wav",
);

const GO: Key = must("go", Step, "Where the call goes on");

const DATA: Key = may("data", Texts(ANY), "What the agent sees");

const MENU: [Key; 11] = [
    SAY,
    SAY_AGAIN,
    PLAY,
    may(
        "speak",
        OneOf(&["every language"]),
        "The texts of all languages one after another",
    ),
    must(
        "press",
        Presses,
        "Where each key leads: press.1, press.star, press.hash",
    ),
    RETRY[2],
    RETRY[3],
    RETRY[0],
    RETRY[1],
    RETRY[4],
    ALLOW,
];

const ASK: [Key; 15] = [
    SAY,
    SAY_AGAIN,
    must(
        "digits",
        Digits,
        "How many digits: 6, or \"4-8\"; at most 25",
    ),
    must("save", Variable, "The variable that takes them"),
    GO,
    may(
        "end_key",
        OneOf(&["hash", "none"]),
        "The key that ends the entry",
    ),
    may(
        "secret",
        Flag,
        "The digits are never logged, stored, shown or spoken",
    ),
    may(
        "pause_recording",
        Words,
        "With secret: the agent whose recording is silent meanwhile, by id or mail address",
    ),
    may(
        "failed",
        Step,
        "With pause_recording: where the call goes on when that cannot be",
    ),
    RETRY[2],
    RETRY[3],
    RETRY[0],
    RETRY[1],
    RETRY[4],
    ALLOW,
];

const MESSAGE: [Key; 5] = [
    SAY_IF,
    PLAY,
    may(
        "repeat",
        Whole(REPEAT.0 as u32, REPEAT.1 as u32),
        "How many times, once unless set",
    ),
    GO,
    ALLOW,
];

const CONNECT: [Key; 8] = [
    must(
        "number",
        Matching(NUMBER_OR_NAME),
        "Who is called: a name of [numbers], or a number",
    ),
    may("say", Said, "What the caller hears first"),
    may("record", Flag, "Whether the conversation is recorded"),
    must("busy", Step, "Where the call goes on when the line is busy"),
    must("no_answer", Step, "Where it goes on when nobody answers"),
    FAILED,
    may(
        "after",
        Step,
        "Where it goes on when they have spoken; \"end\" unless set",
    ),
    ALLOW,
];

const FAILED: Key = must(
    "failed",
    Step,
    "Where the call goes on when it does not work out",
);

const OK: Key = must("ok", Step, "Where the call goes on when it worked out");

const DECIDE: [Key; 8] = [
    may("hours", Words, "The name of a [hours.NAME]"),
    may("open", Step, "Where the call goes on while they are open"),
    may("closed", Step, "Where it goes on while they are closed"),
    may(
        "choice",
        Ways("^[1-6]$"),
        "Where it goes on at each choice of a schedule",
    ),
    may(
        "value",
        Matching(DECIDED_BY),
        "The name of a variable without braces, or queue.102.state",
    ),
    may(
        "is",
        Ways(ANY),
        "Where the call goes on when it is this word: is.gold",
    ),
    may(
        "else",
        Step,
        "Where it goes on when it is any other, or nothing",
    ),
    ALLOW,
];

const LOOKUP: [Key; 13] = [
    may("get", Matching(ADDRESS), "The address that is asked"),
    may("post", Matching(ADDRESS), "The address that is written to"),
    may("put", Matching(ADDRESS), "The address that is written to"),
    may("send", Sent, "What is sent: JSON, or the query of a get"),
    may(
        "headers",
        Texts(HEADER),
        "Headers; {secret.NAME} is taken from the environment",
    ),
    may("timeout", Time, "How long the answer is waited for"),
    may("while_waiting", Said, "What the caller hears meanwhile"),
    may(
        "save",
        Fields,
        "The field of the answer that each variable takes",
    ),
    may(
        "require",
        Variables,
        "The variables without which the answer is of no use",
    ),
    OK,
    may(
        "status",
        Ways("^[2-5][0-9][0-9]$"),
        "Where the call goes on after this status: status.409",
    ),
    FAILED,
    ALLOW,
];

const HANDOFF: [Key; 7] = [
    must(
        "queue",
        Matching(QUEUE_ID),
        "The id of the queue of the Contact Center",
    ),
    may("say", Said, "What the caller hears before"),
    DATA,
    may(
        "variables",
        Texts(ANY),
        "Variables that are set on the interaction first",
    ),
    may(
        "guid",
        Words,
        "The interaction, where the call's id in SIP is not known",
    ),
    FAILED,
    ALLOW,
];

const CALLBACK: [Key; 14] = [
    may(
        "queue",
        Matching(QUEUE_ID),
        "When an agent of this outbound queue is free",
    ),
    may(
        "channel",
        Matching(DIGITS),
        "Now, with the script of the channel of this number",
    ),
    may("delay", LongTime, "With channel: so much later"),
    may(
        "expires",
        LongTime,
        "With queue: forgotten when no agent is free by then",
    ),
    may(
        "preview",
        LongTime,
        "With queue: how long an agent is offered it",
    ),
    may("number", Words, "Who is called back; the caller unless set"),
    DATA,
    may(
        "user_data",
        Texts(ANY),
        "What is given back when the call back is over",
    ),
    may(
        "caller_id",
        Matching(CALLER_ID),
        "Which number the person sees",
    ),
    may("dial_plan", Whole(0, u32::MAX), "The dial plan's id"),
    may("id", Words, "An id to delete it by"),
    OK,
    FAILED,
    ALLOW,
];

const USE: [Key; 4] = [
    must(
        "flow",
        Words,
        "The sub-flow's file, as \"shared/verify-booking.toml\"",
    ),
    may(
        "with",
        Texts(VARIABLE),
        "What is handed in, for each variable that it needs",
    ),
    may(
        "on",
        Ways(ANY),
        "Where the call goes on after each of its outcomes",
    ),
    ALLOW,
];

const RETURN: [Key; 1] = [ALLOW];

const END: [Key; 3] = [SAY_IF, PLAY, ALLOW];

/// A kind of step whose keys are these.
macro_rules! kind {
    ($name:literal, $keys:ident, $about:literal $(, $field:ident: $value:expr)*) => {
        StepKind {
            name: $name,
            about: $about,
            keys: &$keys,
            names: &names(&$keys),
            $($field: $value,)*
            ..NOTHING_MORE
        }
    };
}

const NOTHING_MORE: StepKind = StepKind {
    name: "",
    about: "",
    keys: &[],
    names: &[],
    one_of: &[],
    not_both: &[],
    then: &[],
};

/// The kinds of step that this version knows, with the keys that each knows.
pub(in crate::flow::check) static KINDS: [StepKind; 11] = [
    kind!("menu", MENU, "says something and waits for a key"),
    kind!("ask", ASK, "says something and takes digits", then: &[("pause_recording", &["failed"])]),
    kind!("message", MESSAGE, "says or plays something and goes on", one_of: &["say", "play"]),
    kind!(
        "connect",
        CONNECT,
        "calls somebody and puts the caller through"
    ),
    kind!(
        "decide", DECIDE, "goes on by the clock, by a value, or by how a queue does",
        one_of: &["hours", "value"],
        then: &[("hours", &["open", "closed"]), ("value", &["is", "else"])]
    ),
    kind!("lookup", LOOKUP, "asks a system of yours over HTTP", one_of: &["get", "post", "put"]),
    kind!(
        "handoff",
        HANDOFF,
        "has a queue of the Contact Center take the call over"
    ),
    kind!("callback", CALLBACK, "has the Contact Center call the caller back", one_of: &["queue", "channel"]),
    kind!("use", USE, "hands the call to a sub-flow"),
    kind!("return", RETURN, "ends a sub-flow with this outcome"),
    kind!("end", END, "says or plays a last thing and hangs up", not_both: &["say", "play"]),
];
