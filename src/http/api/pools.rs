//! `GET /v1/pools` and `GET /v1/pools/{name}/plan`: pools of virtual numbers, and how many each needs.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use super::query::Parameters;
use crate::http::app::App;
use crate::http::problem::{Problem, ProblemDetails};
use crate::masking::plan::Plan;
use crate::masking::rules::{Numbers, PoolName, PoolRules};
use crate::masking::{Health, PoolNumber};
use crate::text::spans;

/// All pools.
#[derive(Debug, Serialize, ToSchema)]
pub struct PoolList {
    /// By their names.
    items: Vec<PoolView>,
}

/// A pool.
#[derive(Debug, Serialize, ToSchema)]
pub struct PoolView {
    /// Its name.
    #[schema(example = "default")]
    pool: String,
    /// The country that people's numbers are read in.
    #[schema(example = "SG")]
    country: Option<String>,
    /// Whether bookings get one number for both sides (`shared`) or one for each (`split`).
    #[schema(example = "shared")]
    numbers: &'static str,
    /// How long a number rests for a person after a booking.
    #[schema(example = "24h")]
    cooldown: String,
    /// How many numbers it has.
    size: usize,
    /// How many of them bookings get that do not ask for one.
    given_out: usize,
    /// How many of them only a booking gets that asks.
    reserved: usize,
    /// How many are taken out of use.
    draining: usize,
    /// How many the platform calls unhealthy, expiring or inactive.
    sick: usize,
}

/// How many numbers a pool needs, by what its bookings are now.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanView {
    /// The pool.
    #[schema(example = "default")]
    pool: String,
    /// How many numbers of it can be given out now.
    usable: u64,
    /// How many it needs as it is configured.
    needed: u64,
    /// How many more that are than it has.
    missing: u64,
    /// How many it needs when both sides of a booking get one number.
    needed_shared: u64,
    /// How many it needs when each side gets one of its own.
    needed_split: u64,
    /// How many numbers the person on side A holds who holds the most, and on side B.
    busiest: Busiest,
}

/// The most numbers that one person holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Busiest {
    /// As side A.
    a: u32,
    /// As side B.
    b: u32,
}

/// The pools.
#[utoipa::path(get, path = "/v1/pools", tag = "numbers",
    responses(
        (status = 200, description = "The pools, by their names", body = PoolList),
        (status = 400, description = "`bad_query`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn list(
    State(app): State<App>,
    uri: Uri,
) -> Result<Json<PoolList>, Problem> {
    Parameters::of(&uri).end()?;
    let numbers = app.bookings.numbers();
    let view = |(name, rules)| PoolView::new(name, rules, &numbers);
    Ok(Json(PoolList {
        items: app.bookings.pools().iter().map(view).collect(),
    }))
}

/// How many numbers a pool needs so that no booking fails for want of one.
#[utoipa::path(get, path = "/v1/pools/{name}/plan", tag = "numbers",
    params(("name" = String, Path, description = "The pool's name")),
    responses(
        (status = 200, description = "What it needs, by the bookings that it has", body = PlanView),
        (status = 404, description = "`not_found`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn plan(
    State(app): State<App>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<PlanView>, Problem> {
    let Path(name) = path.map_err(|_| Problem::not_found("pool"))?;
    let name = PoolName::new(name);
    let rules = app
        .bookings
        .pools()
        .get(&name)
        .ok_or_else(|| Problem::not_found("pool"))?;
    let plan = find(&app, app.numbers.plan(&name)).await?;
    Ok(Json(PlanView::new(&name, rules, plan)))
}

impl PoolView {
    fn new(name: &PoolName, rules: &PoolRules, all: &[PoolNumber]) -> Self {
        let own: Vec<_> = all
            .iter()
            .filter(|it| it.pool == *name && !it.removed)
            .collect();
        let count = |is: fn(&PoolNumber) -> bool| own.iter().filter(|number| is(number)).count();
        Self {
            pool: name.to_string(),
            country: rules.home.map(|country| country.code()),
            numbers: match rules.numbers {
                Numbers::Shared => "shared",
                Numbers::Split => "split",
            },
            cooldown: spans::shown(rules.cooldown),
            size: own.len(),
            given_out: count(PoolNumber::is_free_to_give),
            reserved: count(|number| number.reserved),
            draining: count(|number| number.draining),
            sick: count(|number| number.health != Health::Active),
        }
    }
}

impl PlanView {
    fn new(pool: &PoolName, rules: &PoolRules, plan: Plan) -> Self {
        let needed = plan.needed(rules.numbers);
        Self {
            pool: pool.to_string(),
            usable: plan.usable,
            needed,
            missing: needed.saturating_sub(plan.usable),
            needed_shared: plan.needed(Numbers::Shared),
            needed_split: plan.needed(Numbers::Split),
            busiest: Busiest {
                a: plan.a,
                b: plan.b,
            },
        }
    }
}
