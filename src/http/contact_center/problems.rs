//! Refusals of what the Contact Center's scripts ask.

use axum::http::{StatusCode, header};

use crate::contact_center::Fault;
use crate::contact_center::handoff::{Handoff, Outcome};
use crate::http::problem::{self, Problem};

impl Problem {
    /// 400: parameters that are missing, unknown or wrong.
    pub fn bad_handoff(faults: Vec<Fault>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_handoff",
            "The call cannot be handed over as it was asked for",
            "Each fault is named in errors; nothing was sent, and the call stays where it is",
        )
        .with_faults(faults.into_iter().map(told))
    }

    /// 422: a call that a script tells of.
    pub fn bad_sip_call(faults: Vec<Fault>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_sip_call",
            "The call cannot be known by what was told of it",
            "Each fault is named in errors; nothing was stored",
        )
        .with_faults(faults.into_iter().map(told))
    }

    /// 401: neither the tenant's token nor one of ours.
    pub fn wrong_tenant_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "wrong_tenant_token",
            "Tenant and token are not those of this server",
            "Send tenant and token as [contact_center] of the configuration has them, or as token one of [api.tokens] with the scope handoff",
        )
        .with_header(header::WWW_AUTHENTICATE, "Bearer realm=\"callwright\"")
    }

    /// 503: there is no tenant.
    pub fn no_contact_center() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no_contact_center",
            "This server has no Contact Center",
            "Write host, tenant and action_token into [contact_center] of the configuration",
        )
    }

    /// A handoff that was not taken, or of which nobody knows.
    pub(super) fn handoff_failed(handoff: &Handoff) -> Self {
        let (status, code, title) = match handoff.outcome {
            Outcome::NeverLeft(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "contact_center_unreachable",
                "The Contact Center was not reached; nothing was sent",
            ),
            Outcome::Refused { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "handoff_refused",
                "The Contact Center does not take the call",
            ),
            _ => (
                StatusCode::GATEWAY_TIMEOUT,
                "handoff_unknown",
                "Nobody knows whether the Contact Center takes the call",
            ),
        };
        let reason = handoff.outcome.reason().unwrap_or_default();
        Self::new(status, code, title, reason).about_call(&handoff.id, handoff.outcome.state())
    }
}

fn told(fault: Fault) -> problem::Fault {
    problem::Fault {
        path: fault.path,
        message: fault.message,
        help: fault.help,
    }
}
