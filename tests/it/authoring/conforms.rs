//! Holds a value against a JSON Schema: of draft 7 what the schemas of the language use, and a panic for anything else.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value};

/// What of the value the schema refuses; empty when it is as it should be.
pub(super) fn refusals(schema: &Value, value: &Value) -> Vec<String> {
    let mut refused = Vec::new();
    hold(schema, value, "", &mut refused);
    refused
}

fn hold(schema: &Value, value: &Value, at: &str, refused: &mut Vec<String>) {
    let schema = schema.as_object().expect("a schema is an object");
    for (word, wanted) in schema {
        let is_so = match word.as_str() {
            "$schema" | "title" | "description" => true,
            "properties" | "patternProperties" | "additionalProperties" => {
                word != "properties" || held_properties(schema, value, at, refused)
            }
            "type" => is_of_type(wanted, value),
            "const" => value == wanted,
            "enum" => wanted.as_array().is_some_and(|all| all.contains(value)),
            "pattern" => value.as_str().is_none_or(|text| fits(wanted, text)),
            "minimum" => value.as_f64().is_none_or(|it| wanted.as_f64() <= Some(it)),
            "maximum" => value.as_f64().is_none_or(|it| Some(it) <= wanted.as_f64()),
            "minProperties" => value
                .as_object()
                .is_none_or(|it| Some(it.len() as u64) >= wanted.as_u64()),
            "required" => has_all(value, wanted),
            "dependencies" => {
                let all = wanted.as_object().expect("keys with what they need");
                all.iter()
                    .all(|(key, needed)| value.get(key).is_none() || has_all(value, needed))
            }
            "items" => {
                for (nth, item) in value.as_array().into_iter().flatten().enumerate() {
                    hold(wanted, item, &format!("{at}.{nth}"), refused);
                }
                true
            }
            "propertyNames" => {
                let names = value.as_object().into_iter().flat_map(Map::keys);
                names
                    .into_iter()
                    .all(|name| holds(wanted, &Value::from(name.as_str())))
            }
            "not" => !holds(wanted, value),
            "anyOf" => count(wanted, value) > 0,
            "oneOf" => count(wanted, value) == 1,
            other => panic!("the schemas use no {other}"),
        };
        if !is_so {
            refused.push(format!("{at}: {word}"));
        }
    }
    if !schema.contains_key("properties") {
        held_properties(schema, value, at, refused);
    }
}

/// Each property by its own schema, those that its pattern fits, or that of all others.
fn held_properties(
    schema: &Map<String, Value>,
    value: &Value,
    at: &str,
    refused: &mut Vec<String>,
) -> bool {
    let own = schema.get("properties").and_then(Value::as_object);
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    for (name, value) in value.as_object().into_iter().flatten() {
        let at = format!("{at}.{name}");
        let fitting = patterns
            .into_iter()
            .flatten()
            .filter(|(pattern, _)| fits_pattern(pattern, name));
        let schemas: Vec<_> = own
            .and_then(|own| own.get(name))
            .into_iter()
            .chain(fitting.map(|(_, schema)| schema))
            .collect();
        match (schemas.is_empty(), schema.get("additionalProperties")) {
            (true, Some(Value::Bool(false))) => refused.push(format!("{at}: not a key")),
            (true, Some(others)) => hold(others, value, &at, refused),
            _ => schemas
                .iter()
                .for_each(|schema| hold(schema, value, &at, refused)),
        }
    }
    true
}

fn holds(schema: &Value, value: &Value) -> bool {
    refusals(schema, value).is_empty()
}

fn count(schemas: &Value, value: &Value) -> usize {
    let all = schemas.as_array().expect("a list of schemas");
    all.iter().filter(|schema| holds(schema, value)).count()
}

fn has_all(value: &Value, keys: &Value) -> bool {
    let mut keys = keys
        .as_array()
        .expect("a list of keys")
        .iter()
        .filter_map(Value::as_str);
    !value.is_object() || keys.all(|key| value.get(key).is_some())
}

fn fits(pattern: &Value, text: &str) -> bool {
    fits_pattern(pattern.as_str().expect("a pattern is a text"), text)
}

fn fits_pattern(pattern: &str, text: &str) -> bool {
    thread_local! {
        static READ: RefCell<HashMap<String, Regex>> = RefCell::default();
    }
    READ.with_borrow_mut(|read| {
        let read = read
            .entry(pattern.to_owned())
            .or_insert_with(|| Regex::new(pattern).expect("it is a pattern"));
        read.is_match(text)
    })
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    if let Some(several) = wanted.as_array() {
        return several.iter().any(|one| is_of_type(one, value));
    }
    match wanted.as_str().expect("a type has a name") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("there is no type {other}"),
    }
}

#[test]
fn what_a_schema_refuses_is_found() {
    use serde_json::json;
    let schema = json!({
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 1, "maximum": 3}, "b": {"enum": ["x"]}},
        "patternProperties": {"^p[0-9]$": {"anyOf": [{"type": "string", "pattern": "^q$"}, {"type": "array", "items": {"const": 1}}]}},
        "additionalProperties": false,
        "required": ["a"],
        "dependencies": {"b": ["p1"]},
        "not": {"required": ["p8", "p9"]},
    });
    for sound in [
        json!({"a": 1}),
        json!({"a": 3, "b": "x", "p1": "q"}),
        json!({"a": 2, "p8": [1, 1]}),
    ] {
        assert_eq!(refusals(&schema, &sound), [""; 0], "{sound}");
    }
    for wrong in [
        json!([]),
        json!({}),
        json!({"a": 0}),
        json!({"a": 4}),
        json!({"a": "1"}),
        json!({"a": 1, "c": 1}),
        json!({"a": 1, "b": "x"}),
        json!({"a": 1, "p1": "r"}),
        json!({"a": 1, "p1": [2]}),
        json!({"a": 1, "p8": "q", "p9": "q"}),
    ] {
        assert_ne!(refusals(&schema, &wrong), [""; 0], "{wrong}");
    }
}
