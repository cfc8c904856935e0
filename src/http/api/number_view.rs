//! Virtual numbers and pools as the API shows them. They are the customer's own, and whole.

use serde::Serialize;
use utoipa::ToSchema;

use crate::masking::{Health, PoolNumber};

/// A virtual number.
#[derive(Debug, Serialize, ToSchema)]
pub struct NumberView {
    /// The number.
    #[schema(example = "+6531234567")]
    number: String,
    /// Its pool; `null` when it is in none.
    #[schema(example = "default")]
    pool: Option<String>,
    /// Its country (ISO 3166-1 alpha-2).
    #[schema(example = "SG")]
    country: Option<String>,
    /// What phones of its region begin with, the country code first.
    #[schema(example = "1415")]
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    /// The platform's sub-account that it belongs to, when that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    subaccount: Option<String>,
    /// Whether it takes key presses, which PINs need.
    capture: bool,
    /// Whether only a booking gets it that asks for it.
    reserved: bool,
    /// Whether it is taken out of use little by little.
    draining: bool,
    /// How it is, as far as that is believed: `Active`, `Unhealthy`, `Expiring` or `Inactive`.
    #[schema(example = "Active")]
    status: &'static str,
    /// What is said of it, and is believed once it has been said for long enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    heard: Option<HeardView>,
    /// Whether bookings get it that do not ask for it.
    given_out: bool,
    /// Whether the configuration says what it is.
    configured: bool,
}

/// A word about a number that is not believed yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeardView {
    /// What is said.
    #[schema(example = "Unhealthy")]
    status: &'static str,
    /// Since when (RFC 3339).
    #[schema(format = DateTime)]
    since: String,
}

/// Virtual numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct NumberList {
    /// By their digits.
    pub(super) items: Vec<NumberView>,
}

impl NumberView {
    /// A number of a pool; `configured` when the configuration has it.
    pub(super) fn new(number: &PoolNumber, configured: bool) -> Self {
        Self {
            number: number.number.with_plus(),
            pool: (!number.removed).then(|| number.pool.to_string()),
            country: number.country.map(|country| country.code()),
            region: number.region.clone(),
            subaccount: number.sub_account.as_ref().map(ToString::to_string),
            capture: number.capture,
            reserved: number.reserved,
            draining: number.draining,
            status: word(number.health),
            heard: number.heard.map(|heard| HeardView {
                status: word(heard.health),
                since: heard.since.to_string(),
            }),
            given_out: number.is_free_to_give(),
            configured,
        }
    }
}

/// The platform's word.
fn word(health: Health) -> &'static str {
    match health {
        Health::Active => "Active",
        Health::Unhealthy => "Unhealthy",
        Health::Expiring => "Expiring",
        Health::Inactive => "Inactive",
    }
}
