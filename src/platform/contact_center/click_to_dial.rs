//! Click-to-dial: a link that has the agent's workspace dial, opened in the browser that the agent is logged in with.

use reqwest::Url;

use crate::config;
use crate::contact_center::Fault;
use crate::contact_center::callback::unknown_tokens;
use crate::contact_center::pairs::Pairs;

/// What begins the name of system data.
const SYSTEM: &str = "ctl_";

/// The system data that a link may set: `ctl_newRecordId` is the service's own.
const SYSTEM_DATA: [&str; 7] = [
    "ctl_action",
    "ctl_intType",
    "ctl_launchopt",
    "ctl_launchext",
    "ctl_parentid",
    "ctl_callbackUrl",
    "ctl_recordname",
];

/// Values that system data may have, where there are only some.
const VALUES: [(&str, &[&str]); 4] = [
    ("ctl_action", &["create"]),
    ("ctl_intType", &["sfdc"]),
    ("ctl_launchopt", &["true", "false"]),
    ("ctl_launchext", &["edit"]),
];

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// Digits before the number.
    pub prefix: Option<String>,
    /// Who is called: a number in any form, or a field of a CRM (`{!Account.Phone}`).
    pub phone: String,
    /// The channel whose number is shown, digits only.
    pub caller_id: Option<String>,
    /// A dial plan's id, digits only.
    pub dial_plan: Option<String>,
    /// An outbound queue's id, digits only.
    pub queue: Option<String>,
    /// System data and user data.
    pub user_data: Pairs,
    /// The CRM record that the call is logged with: its id and its type.
    pub record: Option<(String, String)>,
}

impl Link {
    /// What is wrong with it, all of it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let digits = [
            ("prefix", &self.prefix),
            ("callerId", &self.caller_id),
            ("dialplan_id", &self.dial_plan),
            ("queue_id", &self.queue),
        ];
        for (name, value) in digits {
            if value
                .as_ref()
                .is_some_and(|value| !value.bytes().all(|b| b.is_ascii_digit()))
            {
                faults.push(Fault::new(name, "is not digits alone", "write digits"));
            }
        }
        if self.phone.trim().is_empty() {
            faults.push(Fault::new("phone", "is empty", "write who is to be called"));
        }
        faults.extend(
            self.user_data
                .iter()
                .filter_map(|(name, value)| system_fault(name, value)),
        );
        faults.extend(unknown_tokens("ctl_userdata", &self.user_data));
        faults
    }

    /// The address for the tenant's workspace. Fields of a CRM (`{!…}`) stay as they are, since it fills them in.
    pub fn address(&self, tenant: &config::ContactCenter) -> String {
        let url = super::address(&tenant.host, &["AGUI", "make_call.php"]);
        let mut query = vec![
            ("prefix", self.prefix.clone().unwrap_or_default()),
            ("phone", self.phone.clone()),
        ];
        let more = [
            ("callerId", &self.caller_id),
            ("dialplan_id", &self.dial_plan),
            ("queue_id", &self.queue),
        ];
        query.extend(
            more.into_iter()
                .filter_map(|(name, value)| value.clone().map(|value| (name, value))),
        );
        if !self.user_data.is_empty() {
            query.push(("ctl_userdata", self.user_data.written()));
        }
        if let Some((id, kind)) = &self.record {
            let pairs = Pairs::new([("extRecordId", id), ("extRecordType", kind)]);
            query.push(("extTransactionData", pairs.written()));
        }
        let written: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        format!("{url}?{}", written.join("&"))
    }
}

fn system_fault(name: &str, value: &str) -> Option<Fault> {
    if !name.starts_with(SYSTEM) {
        return None;
    }
    if !SYSTEM_DATA.contains(&name) {
        let help = format!("names that begin with ctl_ are {}", SYSTEM_DATA.join(", "));
        return Some(Fault::new(
            "ctl_userdata",
            "has system data that is not known",
            help,
        ));
    }
    if name == "ctl_callbackUrl" && Url::parse(value).is_err() {
        return Some(Fault::new(name, "is no address", "write it with https://"));
    }
    let (_, known) = VALUES.iter().find(|(known, _)| *known == name)?;
    (!known.contains(&value)).then(|| {
        Fault::new(
            name,
            "has a value that is not known",
            format!("write {}", known.join(" or ")),
        )
    })
}

/// A value as a link holds it: all but letters, digits and `-._~` in percent signs, a CRM's own fields aside.
fn encoded(value: &str) -> String {
    let (mut text, mut rest) = (String::new(), value);
    while let Some((before, after)) = rest.split_once("{!") {
        let Some((field, behind)) = after.split_once('}') else {
            break;
        };
        text.push_str(&percent(before));
        text.push_str(&format!("{{!{field}}}"));
        rest = behind;
    }
    text + &percent(rest)
}

fn percent(text: &str) -> String {
    let each = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn tenant() -> config::ContactCenter {
        let variables = [("HOST", "https://vcc-na4.8x8.com"), ("TENANT", "klvm2")];
        let variables = variables.map(|(key, value)| {
            (
                format!("CALLWRIGHT_CONTACT_CENTER__{key}"),
                value.to_owned(),
            )
        });
        Config::load(None, variables)
            .expect("all sound")
            .contact_center
            .expect("a tenant")
    }

    /// What a link says, decoded.
    fn said(link: &Link) -> Vec<(String, String)> {
        let url = Url::parse(&link.address(&tenant())).expect("an address");
        assert_eq!(url.path(), "/AGUI/make_call.php");
        url.query_pairs().into_owned().collect()
    }

    #[test]
    fn the_guides_examples_are_made() {
        let plain = Link {
            prefix: Some("1".to_owned()),
            phone: "6502928880".to_owned(),
            ..Link::default()
        };
        assert_eq!(
            plain.address(&tenant()),
            "https://vcc-na4.8x8.com/AGUI/make_call.php?prefix=1&phone=6502928880"
        );
        let create = Link {
            phone: "{!Account.Phone}".to_owned(),
            caller_id: Some("5251990".to_owned()),
            user_data: Pairs::new([
                ("ctl_action", "create"),
                ("subject", "outbound call log ($transaction_id$)"),
                ("Transactionid__c", "$interaction_guid$"),
                ("ObjectType", "Task"),
                ("WhatId", "{!Account.Id}"),
                (
                    "Description",
                    "call answered at$equal$ $call_answered_time$",
                ),
                ("ctl_parentid", "{!Account.Id}"),
                ("ctl_launchopt", "true"),
                ("ctl_launchext", "edit"),
                ("ctl_intType", "sfdc"),
                ("ActivityDate", "$year$-$month$-$date$"),
            ]),
            record: Some(("{!Account.Id}".to_owned(), "Account".to_owned())),
            ..Link::default()
        };
        assert_eq!(create.faults(), []);
        let said = said(&create);
        assert_eq!(said[1], ("phone".to_owned(), "{!Account.Phone}".to_owned()));
        assert!(
            said[3]
                .1
                .starts_with("[ctl_action|create][subject|outbound call log ($transaction_id$)]"),
            "{said:?}"
        );
        assert_eq!(
            said[4].1,
            "[extRecordId|{!Account.Id}][extRecordType|Account]"
        );
        assert!(
            create.address(&tenant()).contains("phone={!Account.Phone}"),
            "the CRM fills it in"
        );
        let with_callback = Link {
            phone: "5355566234".to_owned(),
            user_data: Pairs::new([(
                "ctl_callbackUrl",
                "http://www.mycompany.com/clicktodial/callback?transaction=$transaction_id$",
            )]),
            ..Link::default()
        };
        assert_eq!(with_callback.faults(), []);
        assert!(
            with_callback
                .address(&tenant())
                .contains("callback%3Ftransaction%3D%24transaction_id%24")
        );
    }

    #[test]
    fn every_fault_of_a_link_is_told() {
        let link = Link {
            prefix: Some("+1".to_owned()),
            phone: " ".to_owned(),
            caller_id: Some("sales".to_owned()),
            user_data: Pairs::new([
                ("ctl_newRecordId", "1"),
                ("ctl_launchopt", "yes"),
                ("ctl_callbackUrl", "mycompany"),
                ("a", "$nonsense$"),
            ]),
            ..Link::default()
        };
        let told: Vec<_> = link
            .faults()
            .iter()
            .map(|fault| format!("{} {}", fault.path, fault.message))
            .collect();
        assert_eq!(
            told,
            [
                "prefix is not digits alone",
                "callerId is not digits alone",
                "phone is empty",
                "ctl_userdata has system data that is not known",
                "ctl_launchopt has a value that is not known",
                "ctl_callbackUrl is no address",
                "ctl_userdata has a token that the Contact Center does not know",
            ]
        );
    }
}
