//! The language as a JSON Schema, for editors that complete keys and underline what is wrong while somebody types. It is made of the tables that files are read
//! by. What it cannot see, whether steps exist, prompts and keys agree and calls end, is for the checks.

use serde_json::{Value, json};

use super::form::FORMAT;
use super::shape::{NAME, about, by_name, table};
use super::vocabulary::{KINDS, RESERVED, StepKind, TABLES};

/// The schema of a flow's file (draft 7, which editors know), as text.
pub fn schema() -> String {
    let mut schema = table(&TABLES);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("A phone menu for Callwright");
    let version = json!({"const": FORMAT});
    let words = "The version of the language that the file is written in";
    schema["properties"]["callwright"] = about(words, version);
    for kind in &KINDS {
        let words = format!("[{}.NAME] {}", kind.name, kind.about);
        schema["properties"][kind.name] = about(&words, steps(kind));
    }
    format!("{schema:#}\n")
}

/// The steps of a kind.
fn steps(kind: &StepKind) -> Value {
    let mut steps = by_name(NAME, &step(kind));
    steps["minProperties"] = json!(1);
    steps["propertyNames"] = json!({"not": {"enum": RESERVED}});
    steps
}

/// One step.
fn step(kind: &StepKind) -> Value {
    let mut step = table(kind.keys);
    let having = |key: &&str| json!({"required": [key]});
    if !kind.one_of.is_empty() {
        step["oneOf"] = kind.one_of.iter().map(having).collect();
    }
    if !kind.not_both.is_empty() {
        step["not"] = json!({"required": kind.not_both});
    }
    if !kind.then.is_empty() {
        let then = kind.then.iter();
        step["dependencies"] = then
            .map(|(key, others)| ((*key).to_owned(), json!(others)))
            .collect();
    }
    step
}

#[cfg(test)]
mod tests {
    use super::schema;

    #[test]
    fn the_shipped_schema_is_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/flows/flow.schema.json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, schema()).expect("it can be written");
        }
        let shipped = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            shipped == schema(),
            "flows/flow.schema.json is not what the code says: UPDATE_GOLDEN=1 writes it"
        );
    }
}
