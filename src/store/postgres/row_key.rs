//! What tells a row from the others of its table, in the words of plain SQL, which other engines that speak the protocol know as well.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::store::StoreError;
use crate::store::resealing::Shape;

/// A column and its type.
pub(super) type Column = (&'static str, &'static str);

/// What tells a row from the others on this engine.
pub(super) fn key(shape: &Shape) -> &'static [Column] {
    match shape.table {
        "sessions" => &[("session_id", "text")],
        "webhooks" => &[("id", "bigint")],
        "virtual_numbers" => &[("number_index", "bytea")],
        "events" => &[("sealed_for", "bytea")],
        "handoffs" => &[("handoff_id", "text")],
        "callback_results" => &[("result_id", "text")],
        "pool_numbers" => &[("vn", "integer")],
        "legs" => &[("party", "bytea"), ("vn", "integer")],
        "pins" => &[("vn", "integer"), ("pin", "bytea")],
        "blocked_parties" => &[("party", "bytea")],
        _ => &[("number", "bigint")],
    }
}

/// What a statement says of each column of a key, whose places count from 1.
pub(super) fn each(key: &[Column], say: impl Fn(usize, &Column) -> String) -> String {
    let said = key.iter().enumerate();
    let said: Vec<_> = said.map(|(nth, column)| say(nth + 1, column)).collect();
    said.join(", ")
}

/// The columns of a row `t`.
pub(super) fn names(key: &[Column]) -> String {
    each(key, |_, (column, _)| format!("t.{column}"))
}

/// The same as texts `at1` and so on, which a cast reads back.
pub(super) fn texts(key: &[Column]) -> String {
    each(key, |nth, (column, _)| {
        format!("CAST(t.{column} AS text) AS at{nth}")
    })
}

/// Parameters from the one after `bound` on that hold the columns as texts.
pub(super) fn parameters(key: &[Column], bound: usize) -> String {
    each(key, |nth, (_, kind)| {
        format!("CAST(${} AS {kind})", bound + nth)
    })
}

/// What tells a row from the others, as texts.
pub(super) type At = Vec<String>;

/// Reads what [`texts`] asked for.
pub(super) fn at(key: &[Column], row: &PgRow) -> Result<At, StoreError> {
    let texts = (1..=key.len()).map(|nth| format!("at{nth}"));
    texts.map(|text| Ok(row.try_get(text.as_str())?)).collect()
}
