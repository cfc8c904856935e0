//! Lists, read page by page of fifty records, and attachments.

use reqwest::{Method, Url};
use serde_json::Value;

use super::errors;
use super::{CenterError, ContactCenter, Token};
use crate::contact_center::reading::{Attachment, Form, List, Of, PAGE};

/// What is read.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The list.
    pub list: &'static List,
    /// Whose.
    pub of: Option<Of>,
    /// One record of it, by its id.
    pub id: Option<String>,
    /// Of which days, as [`dates`](crate::contact_center::reading::dates) reads it.
    pub dates: Option<String>,
    /// In which time zone the days are.
    pub zone: Option<String>,
    /// Fields that records must have, by name.
    pub fields: Vec<(String, String)>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its text, as the service gave it.
    pub text: String,
    /// How many records it holds.
    pub records: usize,
}

impl Page {
    /// Whether another page may follow.
    pub fn is_full(&self) -> bool {
        self.records >= PAGE
    }
}

impl ContactCenter {
    /// The page of `wanted` that begins with the record `first`, counted from 1.
    ///
    /// # Errors
    ///
    /// Why the service does not say.
    pub async fn page(
        &self,
        wanted: &Wanted,
        form: Form,
        first: usize,
    ) -> Result<Page, CenterError> {
        let url = self.page_address(wanted, form, first);
        let answer = self
            .insist(|| self.request(Method::GET, url.clone(), Token::Data))
            .await?;
        let body = errors::body(answer, Token::Data.name())?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let records = count(&text, form);
        Ok(Page { text, records })
    }

    fn page_address(&self, wanted: &Wanted, form: Form, first: usize) -> Url {
        let segments = wanted
            .list
            .segments(wanted.of.as_ref(), wanted.id.as_deref(), form);
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let mut url = self.address(&segments);
        let mut query: Vec<(&str, String)> = Vec::new();
        query.extend(wanted.dates.clone().map(|dates| ("d", dates)));
        query.extend(wanted.zone.clone().map(|zone| ("tz", zone)));
        query.extend(
            wanted
                .fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.clone())),
        );
        if first > 1 {
            query.push(("n", first.to_string()));
        }
        if !query.is_empty() {
            // The guide writes a blank as %20.
            let written = super::form(
                &query
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect::<Vec<_>>(),
            );
            url.set_query(Some(&written.replace('+', "%20")));
        }
        url
    }

    /// An attachment's file; several come as one ZIP file. One is asked for at a time.
    ///
    /// # Errors
    ///
    /// Why the service does not give it.
    pub async fn attachment(&self, which: &Attachment) -> Result<Vec<u8>, CenterError> {
        let url = self.address(&["api", "ccm", "attachments", which.kind, &which.id]);
        let _turn = self.one_at_a_time.lock().await;
        let answer = self
            .insist(|| self.request(Method::GET, url.clone(), Token::Data))
            .await?;
        errors::body(answer, Token::Data.name())
    }

    /// Deletes a recording's file, or what was said in an interaction's transcript.
    ///
    /// # Errors
    ///
    /// Why the service does not.
    pub async fn delete(&self, list: &'static List, id: &str) -> Result<(), CenterError> {
        let path: Vec<&str> = list
            .root
            .iter()
            .chain(list.path)
            .copied()
            .chain(id.split('/'))
            .collect();
        let url = self.address(&path);
        let answer = self
            .insist(|| self.request(Method::DELETE, url.clone(), Token::Data))
            .await?;
        errors::body(answer, Token::Data.name()).map(drop)
    }
}

/// How many records a page holds.
fn count(text: &str, form: Form) -> usize {
    match form {
        Form::Json => serde_json::from_str::<Value>(text).map_or(0, |page| records(&page).len()),
        Form::Csv => csv_records(text).len().saturating_sub(1),
        Form::Xml => xml_records(text).len(),
    }
}

/// The records of a page of JSON: the first list in it, or a single one without its list.
pub fn records(page: &Value) -> Vec<Value> {
    match page {
        Value::Array(items) => items.clone(),
        Value::Object(members) => match members.values().find(|it| it.is_array() || it.is_object())
        {
            Some(inner) if members.len() == 1 => records(inner),
            Some(Value::Array(items)) => items.clone(),
            _ if members.is_empty() || members.values().all(Value::is_null) => Vec::new(),
            _ => vec![page.clone()],
        },
        _ => Vec::new(),
    }
}

/// The lines of a text of comma-separated values, one a record: a line break in quotes ends none.
pub fn csv_records(text: &str) -> Vec<&str> {
    let mut records = Vec::new();
    let (mut begins, mut quoted) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                records.push(text[begins..at].trim_end_matches('\r'));
                begins = at + 1;
            }
            _ => {}
        }
    }
    records.push(&text[begins..]);
    records.retain(|record| !record.trim().is_empty());
    records
}

/// The elements below the root of an XML text, each with its tags. The service's own guides have tags that do not match, so
/// only depth is counted.
pub fn xml_records(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut depth, mut begins, mut from) = (0_usize, 0, 0);
    while let Some(open) = text[from..].find('<').map(|at| from + at) {
        let Some(close) = text[open..].find('>').map(|at| open + at + 1) else {
            break;
        };
        let tag = &text[open..close];
        from = close;
        match tag.as_bytes().get(1) {
            Some(b'?' | b'!') => {}
            Some(b'/') => {
                depth = depth.saturating_sub(1);
                if depth == 1 {
                    found.push(&text[begins..close]);
                }
            }
            _ if tag.ends_with("/>") => {}
            _ => {
                depth += 1;
                if depth == 2 {
                    begins = open;
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_are_counted_in_every_form() {
        for (text, form, records) in [
            (
                r#"{"recordings": {"file": [{"a": 1}, {"a": 2}]}}"#,
                Form::Json,
                2,
            ),
            (
                r#"{"recordings": {"file": {"a": 1, "b": 2}}}"#,
                Form::Json,
                1,
            ),
            (r#"{"recordings": {}}"#, Form::Json, 0),
            (r#"{"recordings": null}"#, Form::Json, 0),
            ("[]", Form::Json, 0),
            ("no JSON", Form::Json, 0),
            ("a,b\n1,\"x\ny\"\n2,\"\"\"\"\n", Form::Csv, 2),
            ("a,b\r\n1,2\r\n", Form::Csv, 1),
            ("", Form::Csv, 0),
            (
                "<?xml version='1.0' ?>\n<a>\n <b><c>1</c><d/></b>\n <b></b>\n</a>",
                Form::Xml,
                2,
            ),
            ("<a></a>", Form::Xml, 0),
        ] {
            assert_eq!(count(text, form), records, "{text}");
        }
        assert_eq!(
            records(&json!({"a": {"b": {"c": 1, "d": 2}}})),
            [json!({"c": 1, "d": 2})]
        );
        assert_eq!(
            xml_records("<a><b>1</b><b><c>2</c></b></a>"),
            ["<b>1</b>", "<b><c>2</c></b>"]
        );
    }
}
