//! Shows the API's JSON to people: tables, and names beside values.

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use crate::text::is_unsafe;

/// A column: its head and the field that it shows.
pub(super) type Column = (&'static str, &'static str);

/// A table of `items`, or `none` when there are none. Columns are as wide as their widest cell.
pub(super) fn table(items: &Value, columns: &[Column], none: &str) -> String {
    let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return format!("{none}\n");
    }
    let heads = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    let mut rows: Vec<Vec<String>> = vec![heads];
    rows.extend(items.iter().map(|item| {
        let cells = columns.iter().map(|(_, field)| cell(&item[field]));
        cells.collect()
    }));
    aligned(&rows)
}

/// Rows of as many cells each, a line each, columns as wide as their widest cell.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .map(|row| row[column].width())
                .max()
                .unwrap_or(0)
        })
        .collect();
    rows.iter().map(|row| line(row, &widths)).collect()
}

/// The most columns of a table whose columns are those that its rows have.
const MOST_COLUMNS: usize = 8;

/// A table of `items` by the fields that the first of them has, or `none` when there are none.
pub(super) fn table_of(items: &[Value], none: &str) -> String {
    let is_plain = |value: &Value| !value.is_array() && !value.is_object();
    let first = items.first().and_then(Value::as_object);
    let fields = first
        .into_iter()
        .flatten()
        .filter(|(_, value)| is_plain(value))
        .map(|(name, _)| name);
    let is_set = |name: &&String| {
        items
            .iter()
            .any(|item| !cell(&item[name.as_str()]).is_empty())
    };
    let fields: Vec<&String> = fields.filter(is_set).take(MOST_COLUMNS).collect();
    if fields.is_empty() {
        return format!("{none}\n");
    }
    let heads = fields
        .iter()
        .map(|name| printable(name).to_uppercase())
        .collect();
    let mut rows: Vec<Vec<String>> = vec![heads];
    rows.extend(items.iter().map(|item| {
        fields
            .iter()
            .map(|name| cell(&item[name.as_str()]))
            .collect()
    }));
    aligned(&rows)
}

/// The fields of `item` that are set, a line each.
pub(super) fn fields(item: &Value, columns: &[Column]) -> String {
    let set: Vec<_> = columns
        .iter()
        .map(|(head, field)| ((*head).to_owned(), cell(&item[field])))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let width = set.iter().map(|(head, _)| head.width()).max().unwrap_or(0);
    set.into_iter()
        .map(|(head, value)| line(&[head, value], &[width, 0]))
        .collect()
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded: Vec<String> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width()))))
        .collect();
    format!("{}\n", padded.join("  ").trim_end())
}

/// A value in one line: a list by its elements, an object by the values in it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => printable(text),
        Value::Array(items) => joined(items.iter(), ", "),
        Value::Object(object) => joined(object.values(), " → "),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn joined<'a>(values: impl Iterator<Item = &'a Value>, between: &str) -> String {
    let cells: Vec<String> = values.map(cell).filter(|cell| !cell.is_empty()).collect();
    cells.join(between)
}

/// A text that cannot move the cursor of a terminal or begin a line.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match is_unsafe(c) {
            true => c.escape_unicode().to_string(),
            false => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let items = json!([
            {"a": "+65••••4567", "b": null, "c": ["x", "y"]},
            {"a": "日本", "b": 12, "c": []},
        ]);
        let shown = table(&items, &[("FROM", "a"), ("B", "b"), ("C", "c")], "none");
        assert_eq!(
            shown,
            "FROM         B   C\n+65••••4567      x, y\n日本         12\n"
        );
        assert_eq!(
            table(&json!([]), &[("A", "a")], "There are none."),
            "There are none.\n"
        );
    }

    #[test]
    fn unset_fields_are_left_out() {
        let item = json!({"id": "a", "ended": null, "ways": [{"on": "1", "to": "sales"}]});
        let shown = fields(
            &item,
            &[("session", "id"), ("ended", "ended"), ("ways", "ways")],
        );
        assert_eq!(shown, "session  a\nways     1 → sales\n");
    }

    #[test]
    fn a_strangers_text_stays_on_its_line() {
        assert_eq!(
            printable("a\r\n\u{1b}[2J\u{202e}b\u{200f}\u{61c}"),
            "a\\u{d}\\u{a}\\u{1b}[2J\\u{202e}b\\u{200f}\\u{61c}"
        );
    }
}
