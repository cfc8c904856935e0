//! Test files as a JSON Schema, for editors.

use serde_json::json;

use super::line::{all_written, every_line};

/// The schema of a test file (draft 7, which editors know), as text.
pub fn schema() -> String {
    let mut verbs: Vec<_> = all_written()
        .filter_map(|line| line.split(' ').next())
        .collect();
    verbs.dedup();
    let lines = format!("What happens, a line each: {}", every_line());
    let call = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "What the call is about"},
            // A date and a time of TOML; editors show them to a schema as a text.
            "at": {"description": "When it begins, on the flow's clock: 2026-11-20T12:30:00"},
            "from": {"type": "string", "description": "Who calls: \"+6591234567\""},
            "steps": {
                "type": "array",
                "description": lines,
                "items": {"type": "string", "pattern": format!("^ *({}|no_answer)( |$)", verbs.join("|"))},
            },
        },
        "required": ["name", "steps"],
        "additionalProperties": false,
    });
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Calls that test a phone menu for Callwright",
        "type": "object",
        "properties": {
            "flow": {"type": "string", "description": "The flow's file, from the folder of this one"},
            "call": {"type": "array", "description": "[[call]]: one call", "items": call},
        },
        "required": ["flow", "call"],
        "additionalProperties": false,
    });
    format!("{schema:#}\n")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::schema;
    use crate::rehearsal::script::{CALL_KEYS, FILE_KEYS};

    #[test]
    fn the_schema_knows_what_the_reader_knows() {
        let schema: Value = serde_json::from_str(&schema()).expect("it is JSON");
        let keys = |table: &Value| {
            let table = table["properties"].as_object().expect("a table");
            table
                .keys()
                .cloned()
                .collect::<std::collections::BTreeSet<_>>()
        };
        let known = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        assert_eq!(keys(&schema), known(&FILE_KEYS));
        assert_eq!(
            keys(&schema["properties"]["call"]["items"]),
            known(&CALL_KEYS)
        );
    }

    #[test]
    fn the_shipped_schema_is_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/flows/test.schema.json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, schema()).expect("it can be written");
        }
        let shipped = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            shipped == schema(),
            "flows/test.schema.json is not what the code says: UPDATE_GOLDEN=1 writes it"
        );
    }
}
