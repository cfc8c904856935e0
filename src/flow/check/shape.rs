//! What the value of a key looks like, and how JSON Schema says that.

use serde_json::{Map, Value, json};

use super::vocabulary::{HOURS, Key, LANGUAGE_KEYS, PRESS, QUEUE, SCHEDULE};
use crate::call::callflow::DIGITS_LIMIT;

/// Fits every text.
pub(super) const ANY: &str = "";

/// The name of a step, or of hours.
pub(super) const NAME: &str = "^[a-z0-9_]+$";

/// A flow's id.
pub(super) const FLOW_ID: &str = "^[a-z0-9_-]+$";

/// A variable of one part.
pub(super) const VARIABLE: &str = "^[a-z][a-z0-9_]*$";

/// What a decision goes by: a variable, or how a queue does.
pub(super) const DECIDED_BY: &str =
    "^(queue\\.[0-9]{1,10}\\.state|[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*)$";

/// An id of the Contact Center that has no length of its own.
pub(super) const DIGITS: &str = "^[0-9]+$";

/// A queue's id.
pub(super) const QUEUE_ID: &str = "^[0-9]{1,10}$";

/// Which number a person sees who is called back.
pub(super) const CALLER_ID: &str = "^(anonymous|agent|[0-9]+)$";

/// The name of an HTTP header.
pub(super) const HEADER: &str = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$";

/// An address that a look-up asks.
pub(super) const ADDRESS: &str = "^https?://[^ \\t\\r\\n]*$";

/// A language's code.
const LANGUAGE: &str = "^[A-Za-z0-9-]+$";

/// A phone number in E.164.
const NUMBER: &str = "^\\+[1-9][0-9]{6,14}$";

/// That, or a name of `[numbers]`.
pub(super) const NUMBER_OR_NAME: &str = "^([A-Za-z_].*|\\+[1-9][0-9]{6,14})$";

/// The keys of a telephone, as a menu names them.
const KEYS: &str = "^([0-9]{1,25}|star|hash|\\*|#)$";

/// The hours of a day.
const OPEN: &str = "^ *(closed|([01]?[0-9]|2[0-3]):[0-5][0-9] *[-–] *(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)( *, *([01]?[0-9]|2[0-3]):[0-5][0-9] *[-–] *(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00))*) *$";

/// Days of every year, or of one.
const DATES: &str = "^([0-9]{4}-)?((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))$";

/// Days of the week as a key.
const WEEKDAYS: &str = "^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$";

/// How fast the platform speaks.
pub(super) const SPEED: (f64, f64) = (0.5, 2.0);

/// What the value of a key looks like, as far as that is seen without the rest of the file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A text in quotes.
    Words,
    /// A text that this pattern fits.
    Matching(&'static str),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A text that callers hear, or one for each language.
    Said,
    /// A text or a list of them, or either for each language.
    Lines,
    /// The address of a recording, or one for each language.
    Recordings,
    /// The name of a step.
    Step,
    /// Names of steps, by words that this pattern fits: `is.gold`, `status.409`.
    Ways(&'static str),
    /// What a menu's keys do.
    Presses,
    /// `true` or `false`.
    Flag,
    /// A whole number of this range.
    Whole(u32, u32),
    /// How fast is spoken.
    Speed,
    /// `6s`, `500ms`.
    Time,
    /// `90s`, `5m`, `1h`.
    LongTime,
    /// `6`, `"4-8"`.
    Digits,
    /// Phone numbers.
    Numbers,
    /// Phone numbers, or `any`.
    NumbersOrAny,
    /// The name of a variable.
    Variable,
    /// Names of variables.
    Variables,
    /// Texts, by names that this pattern fits: `set.day`, `headers`.
    Texts(&'static str),
    /// Texts, numbers and truths, by name.
    Sent,
    /// The field of an answer that each variable takes.
    Fields,
    /// Codes of warnings.
    Codes,
    /// The hours of a day.
    Open,
    /// The hours of single days.
    Dates,
    /// A table of these keys.
    Table(&'static [Key]),
    /// The languages that are spoken.
    Languages,
    /// Phone numbers by name.
    NumbersByName,
    /// Opening hours by name.
    HoursByName,
    /// Queues by id.
    Queues,
}

impl Shape {
    /// The schema of such a value.
    pub(super) fn schema(self) -> Value {
        match self {
            Self::Words => text(ANY),
            Self::Matching(pattern) => text(pattern),
            Self::OneOf(words) => json!({"type": "string", "enum": words}),
            Self::Said => per_language(&text("\\S")),
            Self::Lines => per_language(&any_of([text(ANY), list(&text(ANY))])),
            Self::Recordings => per_language(&text(ANY)),
            Self::Step => text(ANY),
            Self::Ways(words) => by_name(words, &text(ANY)),
            Self::Presses => presses(),
            Self::Flag => json!({"type": "boolean"}),
            Self::Whole(from, to) => json!({"type": "integer", "minimum": from, "maximum": to}),
            Self::Speed => json!({"type": "number", "minimum": SPEED.0, "maximum": SPEED.1}),
            Self::Time => text("^([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ms|s)$"),
            Self::LongTime => text("^[0-9]+ *(s|m|h)$"),
            Self::Digits => any_of([
                json!({"type": "integer", "minimum": 1, "maximum": DIGITS_LIMIT}),
                text("^ *[0-9]+ *(- *[0-9]+ *)?$"),
            ]),
            Self::Numbers => list(&text(NUMBER)),
            Self::NumbersOrAny => any_of([json!({"const": "any"}), list(&text(NUMBER))]),
            Self::Variable => text(VARIABLE),
            Self::Variables => list(&text(VARIABLE)),
            Self::Texts(names) => by_name(names, &text(ANY)),
            Self::Sent => by_name(ANY, &json!({"type": ["string", "number", "boolean"]})),
            Self::Fields => by_name(VARIABLE, &text("^[^.]+(\\.[^.]+)*$")),
            Self::Codes => list(&text("^CW[0-9]{3}$")),
            Self::Open => text(OPEN),
            Self::Dates => by_name(DATES, &text(OPEN)),
            Self::Table(keys) => table(keys),
            Self::Languages => languages(),
            Self::NumbersByName => by_name(ANY, &text(NUMBER)),
            Self::HoursByName => by_name(NAME, &any_of([hours(), table(&SCHEDULE)])),
            Self::Queues => by_name(QUEUE_ID, &table(&QUEUE)),
        }
    }
}

/// The schema of a table of these keys and no others.
pub(super) fn table(keys: &[Key]) -> Value {
    let properties: Map<_, _> = keys
        .iter()
        .map(|key| (key.name.to_owned(), about(key.about, key.shape.schema())))
        .collect();
    let mut table = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    let required: Vec<_> = keys.iter().filter(|key| key.required).collect();
    if !required.is_empty() {
        table["required"] = required.iter().map(|key| key.name).collect();
    }
    table
}

/// The schema of a table whose keys this pattern fits, and whose values are alike.
pub(super) fn by_name(pattern: &str, value: &Value) -> Value {
    match pattern {
        ANY => json!({"type": "object", "additionalProperties": value}),
        pattern => json!({
            "type": "object",
            "patternProperties": {pattern: value},
            "additionalProperties": false,
        }),
    }
}

/// A schema with what it is there for in front.
pub(super) fn about(words: &str, schema: Value) -> Value {
    let mut described = json!({"description": words});
    if let (Some(described), Value::Object(schema)) = (described.as_object_mut(), schema) {
        described.extend(schema);
    }
    described
}

fn text(pattern: &str) -> Value {
    match pattern {
        ANY => json!({"type": "string"}),
        pattern => json!({"type": "string", "pattern": pattern}),
    }
}

fn list(of: &Value) -> Value {
    json!({"type": "array", "items": of})
}

fn any_of(schemas: impl Into<Vec<Value>>) -> Value {
    json!({"anyOf": schemas.into()})
}

/// One for all languages, or one for each.
fn per_language(one: &Value) -> Value {
    let mut each = by_name(LANGUAGE, one);
    each["minProperties"] = json!(1);
    any_of([one.clone(), each])
}

fn presses() -> Value {
    let mut presses = by_name(KEYS, &any_of([Shape::Step.schema(), table(&PRESS)]));
    presses["minProperties"] = json!(1);
    presses
}

/// Every key but `default` is a language's code.
fn languages() -> Value {
    json!({
        "type": "object",
        "properties": {"default": about("The one that a call begins in", text(LANGUAGE))},
        "additionalProperties": table(&LANGUAGE_KEYS),
    })
}

/// The hours of a week, and what is otherwise on some days.
fn hours() -> Value {
    let mut hours = table(&HOURS);
    let day = about("\"11:00-15:00, 18:00-22:00\", or \"closed\"", text(OPEN));
    hours["patternProperties"] = json!({WEEKDAYS: day});
    hours
}
