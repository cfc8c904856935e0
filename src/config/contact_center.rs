//! `[contact_center]`: whose Contact Center it is, where it is, and what opens it.

use reqwest::Url;
use secrecy::SecretString;

use super::reader::{Reader, Section, Show};
use super::values::{https_host, one_word, token_text};
use super::wrong::Wrong;

/// How long a caller waits for the Contact Center unless it is said otherwise, in milliseconds.
const USUAL_DEADLINE: u64 = 1_200;

/// `[contact_center]`.
#[derive(Debug, Clone)]
pub struct ContactCenter {
    /// Where it is: scheme and host.
    pub host: Url,
    /// Where its streaming updates are: as a rule the same.
    pub streaming_host: Url,
    /// The tenant's name.
    pub tenant: String,
    /// The Action Request Token: for what is done.
    pub action_token: Option<SecretString>,
    /// The Data Request Token: for what is read.
    pub data_token: Option<SecretString>,
    /// The field of a voice call action that holds the call's SIP id, when there is one.
    pub sip_id_field: Option<String>,
    /// Milliseconds that a caller waits for it.
    pub deadline_ms: u64,
}

/// Reads the section; `Some(None)` when there is none, `None` when it is wrong.
pub(super) fn contact_center(
    reader: &mut Reader<'_>,
    root: &mut Section,
) -> Option<Option<ContactCenter>> {
    let is_there = reader.is_set(&["contact_center".to_owned()]);
    let mut section = reader.section(root, "contact_center");
    let host = reader.text(&mut section, "host", Show::Whole, https_host);
    let streaming_host = reader.text(&mut section, "streaming_host", Show::Whole, https_host);
    let tenant = reader.text(&mut section, "tenant", Show::Whole, one_word);
    let mut token = |key| {
        reader.text(&mut section, key, Show::Blank, |text| {
            token_text(text, false)
        })
    };
    let (action_token, data_token) = (token("action_token"), token("data_token"));
    let sip_id_field = reader.text(&mut section, "sip_id_field", Show::Whole, one_word);
    let deadline = reader.integer(&mut section, "deadline_ms", 100..=1_500, " (milliseconds)");
    let unset = !reader.is_set(&section.path_of("deadline_ms"));
    let deadline = deadline.or(unset.then_some(USUAL_DEADLINE));
    if is_there {
        let host = Wrong::new("has no host").write("\"https://vcc-na4.8x8.com\"");
        reader.missing(&section, "host", host);
        let tenant = Wrong::new("has no tenant").write("\"…\"");
        reader.missing(&section, "tenant", tenant);
    }
    reader.end(section);
    if !is_there {
        return Some(None);
    }
    let host = host?;
    Some(Some(ContactCenter {
        streaming_host: streaming_host.unwrap_or_else(|| host.clone()),
        host,
        tenant: tenant?,
        action_token,
        data_token,
        sip_id_field,
        deadline_ms: deadline?,
    }))
}
