//! What people and their systems ask us: sessions, calls, flows, handoffs.
//!
//! * [`calls`] starts a call; [`verdicts`] closes one of which nobody knows
//! * [`bookings`] makes, changes and ends bookings; [`simulate`] says what a call would be answered with
//! * [`numbers`], [`pools`] the virtual numbers that bookings get
//! * [`events`] what was told, to whom, and once more
//! * [`subjects`] forgets people; [`keys`] what is stored is encrypted with
//! * [`session_view`], [`need_view`] a session with its trace
//! * [`shown`] how much of a number a caller of the API sees
//! * `form` bodies, [`query`] parameters, all of whose faults are told at once

mod booking_body;
pub mod booking_description;
pub mod booking_view;
pub mod bookings;
mod call_body;
pub mod call_view;
pub mod callbacks;
pub mod calls;
pub mod events;
pub mod flows;
mod form;
pub mod handoffs;
pub mod keys;
pub mod need_view;
pub mod number_view;
pub mod numbers;
pub mod pools;
pub mod query;
pub mod session_view;
pub mod sessions;
pub mod shown;
pub mod simulate;
pub mod subjects;
pub mod verdicts;

use std::time::Duration;

use tokio::time::timeout;

use super::app::App;
use super::problem::Problem;
use crate::store::StoreError;

/// How long the store may take to find what a person asks for.
const STORE_BUDGET: Duration = Duration::from_secs(5);

/// What the store finds, or a problem when it fails or is late.
async fn find<T>(
    app: &App,
    asked: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Problem> {
    let error: Box<dyn std::error::Error + Send + Sync> = match timeout(STORE_BUDGET, asked).await {
        Ok(Ok(found)) => return Ok(found),
        Ok(Err(error)) => error.into(),
        Err(late) => late.into(),
    };
    app.metrics.store_failure("read");
    tracing::error!(%error, "the store could not be read: answered 503");
    Err(Problem::store_unavailable())
}

#[cfg(test)]
mod tests;
