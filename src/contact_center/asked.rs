//! A handoff that is asked for by the parameters of the External IVR API, read with every limit that the guide names.

use super::Fault;
use super::handoff::{FORWARD_TO_AGENT, FORWARD_TO_QUEUE, QueueId, Request, SipId};
use super::pairs::{MOST_CHARACTERS, Pairs};

/// The parameters, in the guide's order.
pub const PARAMETERS: [&str; 6] = ["tenant", "token", "sip_id", "action", "param", "extIvrData"];

/// The most characters of a stranger's parameter name that are repeated.
const NAME_SHOWN: usize = 32;

/// Reads the parameters of a request for the tenant `tenant`. Who asks has been judged before: `token` is not looked at.
///
/// # Errors
///
/// Every fault, in the guide's order of parameters; strangers last.
pub fn read(given: &[(String, String)], tenant: &str) -> Result<Request, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut value = |name: &str| one(given, name, &mut faults);
    let [asked_tenant, _, sip_id, action, param, data] = PARAMETERS.map(&mut value);
    if let Some(asked) = required(
        asked_tenant,
        "tenant",
        "the tenant's name, from Home, Profile in the Configuration Manager",
        &mut faults,
    ) && asked != tenant
    {
        faults.push(Fault::new(
            "tenant",
            "is not the tenant of this server",
            "write the name that [contact_center] tenant has",
        ));
    }
    let sip_id = required(
        sip_id,
        "sip_id",
        "the call's Call-ID, as in $session.SIPCallID;",
        &mut faults,
    );
    let sip_id = sip_id.and_then(|text| {
        understood(
            SipId::parse(text),
            "sip_id",
            "is no Call-ID of SIP",
            "1 to 500 visible characters without blanks",
            &mut faults,
        )
    });
    let action = required(action, "action", "wForwardACD", &mut faults);
    let to_queue = action.is_some_and(|word| action_is_taken(word, &mut faults));
    let queue =
        required(param, "param", "the queue's id, as in 102", &mut faults).filter(|_| to_queue);
    let queue = queue.and_then(|text| {
        understood(
            QueueId::parse(text),
            "param",
            "is no queue's id",
            "1 to 10 digits, from the Configuration Manager's list of queues",
            &mut faults,
        )
    });
    let data = read_data(data, &mut faults);
    strangers(given, &mut faults);
    match (sip_id, queue, data) {
        (Some(sip_id), Some(queue), Some(data)) if faults.is_empty() => Ok(Request {
            sip_id,
            queue,
            data,
        }),
        _ => Err(faults),
    }
}

/// The value of a parameter that is there once, within the limit of characters.
fn one<'a>(given: &'a [(String, String)], name: &str, faults: &mut Vec<Fault>) -> Option<&'a str> {
    let mut values = given
        .iter()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.as_str());
    let value = values.next()?;
    if values.next().is_some() {
        faults.push(Fault::new(name, "is given more than once", "give it once"));
    }
    let length = value.chars().count();
    if length > MOST_CHARACTERS {
        let message = format!("has {length} characters");
        faults.push(Fault::new(
            name,
            message,
            format!("at most {MOST_CHARACTERS} are taken"),
        ));
        return None;
    }
    Some(value)
}

fn required<'a>(
    value: Option<&'a str>,
    name: &str,
    help: &str,
    faults: &mut Vec<Fault>,
) -> Option<&'a str> {
    let told_already = faults.iter().any(|fault| fault.path == name);
    match value {
        Some(text) if text.trim().is_empty() => {
            faults.push(Fault::new(name, "is empty", format!("write {help}")));
            None
        }
        None if !told_already => {
            faults.push(Fault::new(name, "is missing", format!("add {help}")));
            None
        }
        other => other,
    }
}

fn understood<T>(
    read: Option<T>,
    name: &str,
    message: &str,
    help: &str,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    if read.is_none() {
        faults.push(Fault::new(name, message, help));
    }
    read
}

fn action_is_taken(word: &str, faults: &mut Vec<Fault>) -> bool {
    let (message, help) = match word {
        FORWARD_TO_QUEUE => return true,
        FORWARD_TO_AGENT => (
            "is wForwardAgent, which the Contact Center does not offer yet",
            "write wForwardACD and a queue's id",
        ),
        other if other.eq_ignore_ascii_case(FORWARD_TO_QUEUE) => (
            "is not written as the guide has it",
            "write wForwardACD, with these capitals",
        ),
        _ => ("is no action of the Contact Center", "write wForwardACD"),
    };
    faults.push(Fault::new("action", message, help));
    false
}

fn read_data(data: Option<&str>, faults: &mut Vec<Fault>) -> Option<Pairs> {
    match data.map(Pairs::parse) {
        None => Some(Pairs::default()),
        Some(Ok(pairs)) => Some(pairs),
        Some(Err(why)) => {
            faults.push(Fault::new(
                "extIvrData",
                why.to_string(),
                "write [name|value] for each, as in [First Name|John][Last Name|Smith]",
            ));
            None
        }
    }
}

/// What is not documented would be lost in silence: `extIvrdata` for `extIvrData`.
fn strangers(given: &[(String, String)], faults: &mut Vec<Fault>) {
    for (name, _) in given {
        if PARAMETERS.contains(&name.as_str()) {
            continue;
        }
        let meant = PARAMETERS
            .iter()
            .find(|known| known.eq_ignore_ascii_case(name));
        let help = match meant {
            Some(meant) => format!("write {meant}, with these capitals"),
            None => format!("leave it out, or use one of {}", PARAMETERS.join(", ")),
        };
        faults.push(Fault::new(&shown(name), "is not known here", help));
    }
}

/// A stranger's name as far as it may be repeated: letters and `_-.`, no digits, not too long.
fn shown(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '.');
    match !name.is_empty() && name.len() <= NAME_SHOWN && name.chars().all(plain) {
        true => name.to_owned(),
        false => "(a parameter)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Result<Request, Vec<Fault>> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        read(&pairs, "klvm2")
    }

    #[test]
    fn the_guides_examples_are_taken() {
        let request = asked(&[
            ("tenant", "klvm2"),
            ("token", "92bd5cbf9ab120b3a47bdef9284b323d"),
            ("sip_id", "MDc5ZGI5ZDgyYjY2NGRiNjNjMjQ3ZjkyMGQyMzljMzY"),
            ("action", "wForwardACD"),
            ("param", "102"),
            ("extIvrData", "[First Name|John][Last Name|Smith]"),
        ])
        .expect("the guide's example");
        assert_eq!(request.queue.as_str(), "102");
        assert_eq!(request.data.written(), "[First Name|John][Last Name|Smith]");
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = asked(&[
            ("tenant", "other"),
            ("action", "wForwardAgent"),
            ("param", "x"),
            ("extIvrdata", "[a|b]"),
            ("6591234567", ""),
        ])
        .expect_err("everything is wrong");
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "`tenant` is not the tenant of this server: write the name that [contact_center] tenant has",
                "`sip_id` is missing: add the call's Call-ID, as in $session.SIPCallID;",
                "`action` is wForwardAgent, which the Contact Center does not offer yet: write wForwardACD and a queue's id",
                "`extIvrdata` is not known here: write extIvrData, with these capitals",
                "`(a parameter)` is not known here: leave it out, or use one of tenant, token, sip_id, action, param, extIvrData",
            ]
        );
    }
}
