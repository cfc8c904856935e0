//! The parameters of a query and of a form as one list, in the order that they came.

use axum::http::Uri;

/// The parameters of `uri`, then those of `form`.
pub(super) fn of(uri: &Uri, form: &[u8]) -> Vec<(String, String)> {
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let all = query.chain(form_urlencoded::parse(form));
    all.map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// The value of a parameter that came once, or the first of those that came.
pub(super) fn value<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}
