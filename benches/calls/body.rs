//! The bodies of webhooks, as the platform sends them, about 590 bytes for a voice call action; and of bookings.

use std::fmt::Write as _;

/// A leg of a call.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub(crate) call: String,
    pub(crate) direction: &'static str,
    pub(crate) source: String,
    pub(crate) destination: String,
}

/// What is told of a leg.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) event: &'a str,
    pub(crate) session: &'a str,
    pub(crate) status: &'a str,
    pub(crate) key: Option<char>,
    /// The label of the reply before.
    pub(crate) label: &'a str,
}

/// Writes a voice call action.
pub(crate) fn action(body: &mut String, leg: &Leg, told: Told<'_>) {
    event(body, leg, told, "CALL_ACTION", "Action request of a call");
}

/// Writes a status.
pub(crate) fn status(body: &mut String, leg: &Leg, told: Told<'_>) {
    event(body, leg, told, "CALL_STATUS", "Status update of a call");
}

fn event(body: &mut String, leg: &Leg, told: Told<'_>, kind: &str, description: &str) {
    put(
        body,
        format_args!(
            r#"{{"payload":{{"eventId":"{}","callId":"{}","sessionId":"{}","subAccountId":"InternalDemoCPaaS_8dD15_voice","callStatus":"{}","callDirection":"{}","callType":"PSTN","source":"{}","destination":"{}","sourceFormat":"MSISDN","destinationFormat":"MSISDN","sourceCountryCode":"SG","destinationCountryCode":"SG","#,
            told.event,
            leg.call,
            told.session,
            told.status,
            leg.direction,
            leg.source,
            leg.destination,
        ),
    );
    if let Some(key) = told.key {
        put(body, format_args!(r#""eventData":{{"dtmf":"{key}"}},"#));
    }
    if !told.label.is_empty() {
        put(body, format_args!(r#""clientActionId":"{}","#, told.label));
    }
    put(
        body,
        format_args!(
            r#""callDuration":0,"sipCode":200,"timestamp":"2026-11-20T12:30:00.406Z"}},"namespace":"VOICE","eventType":"{kind}","description":"{description}"}}"#
        ),
    );
}

/// Writes the summary of a session with these legs.
pub(crate) fn summary(body: &mut String, session: &str, last_action: &str, legs: &[Leg]) {
    put(
        body,
        format_args!(
            r#"{{"namespace":"VOICE","eventType":"SESSION_SUMMARY","description":"Summary of a completed call session","payload":{{"sessionId":"{session}","subAccountId":"InternalDemoCPaaS_8dD15_voice","sessionStatus":"COMPLETED","startTime":"2026-11-20T12:30:00Z","endTime":"2026-11-20T12:31:00Z","lastAction":"{last_action}","callCount":{},"details":{{"#,
            legs.len(),
        ),
    );
    for (letter, leg) in ('A'..='Z').zip(legs) {
        put(
            body,
            format_args!(
                r#"{}"Call{letter}":{{"callId":"{}","callDirection":"{}","callType":"PSTN","initiatedTimestamp":"2026-11-20T12:30:00Z","connectedTimestamp":"2026-11-20T12:30:01Z","disconnectedTimestamp":"2026-11-20T12:31:00Z","source":"{}","destination":"{}","sourceCountryCode":"SG","destinationCountryCode":"SG","callStatus":"COMPLETED","callDuration":59}}"#,
                if letter == 'A' { "" } else { "," },
                leg.call,
                leg.direction,
                leg.source,
                leg.destination,
            ),
        );
    }
    body.push_str("}}}");
}

/// Writes what a booking between two people is asked for with.
pub(crate) fn booking(body: &mut String, a: &str, b: &str) {
    put(
        body,
        format_args!(r#"{{"a":{{"phones":["{a}"]}},"b":{{"phones":["{b}"]}}}}"#),
    );
}

fn put(body: &mut String, text: std::fmt::Arguments<'_>) {
    body.write_fmt(text)
        .expect("a string takes all that is written");
}
