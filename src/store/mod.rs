//! What is kept: a promise in domain words. One method is one use case in one transaction; look-ups of what is not
//! there return `None`.
//!
//! * [`sqlite`] keeps it on one machine
//! * [`postgres`] keeps it for many

mod attempt_states;
mod attempts;
mod booking_forms;
pub mod bookings;
mod cause;
mod cipher;
mod derived;
mod entry;
pub mod erasing;
mod forms;
pub mod handoffs;
pub mod keys;
mod known;
pub mod leases;
mod met;
pub mod outbox;
pub mod postgres;
mod record;
pub mod records;
pub mod rekeying;
mod resealing;
mod ring;
pub mod sqlite;
mod state;
mod telling;
pub mod vault;
mod view;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::call::SessionId;
use crate::call::event::{
    CallStatus, NumberUpdate, RecordingUpdate, SessionSummary, VirtualNumber,
};
use crate::flow::model::{FlowId, FlowVersion};
use crate::outbound::attempt::{AttemptId, Heard};
use crate::session::{Exchange, OutboundCall, Recall, Recalled, RequestKey};
pub use erasing::Erasing;
pub use handoffs::Handoffs;
pub use leases::Lease;
pub use outbox::{EventRecord, Outbox};
pub use records::{SessionFilter, SessionPage, SessionRecord};
pub use rekeying::KeyRing;

/// What the server keeps and finds again.
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// What is known that bears on a voice call action: all that was kept before the call, by whichever task.
    ///
    /// A session read back has its secret variables: the store holds them sealed.
    async fn recall(&self, recall: &Recall) -> Result<Recalled, StoreError>;

    /// Keeps a voice call action, its reply, and the session as it stands afterwards. When it returns
    /// [`Kept::Stored`], all of it is on the disk; when it returns [`Kept::Overtaken`], none of it is. After an error
    /// none of it is, unless the database failed in the very commit: then the next [`recall`](Self::recall) tells.
    ///
    /// It is overtaken when its event is known in its session; and, if it moves its session on (`session` is set), also when the
    /// session has been given as many replies already (`exchange.session.replies`), or when another one that moved it
    /// on answered the same reply (`exchange.answers`). A session may jump ahead, since turns may have gone unstored.
    ///
    /// With `session: None` only the webhook and its reply are kept: they are no step's reply, and the session stays
    /// where it stands. Once the summary has come, any exchange is kept, and none revives the session.
    ///
    /// A write that its caller has stopped waiting for is left undone if it has not begun.
    async fn keep_exchange(&self, exchange: Arc<Exchange>) -> Result<Kept, StoreError>;

    /// Whether [`recall`](Self::recall) finds a live session as it was last kept while the database is away.
    fn recalls_while_away(&self) -> bool {
        false
    }

    /// Keeps a call status. A repeated one changes nothing: one with the same event id, or without one the same body.
    async fn keep_status(&self, webhook: Webhook<CallStatus>) -> Result<(), StoreError>;

    /// Keeps a session summary and ends the session for good. A repeated one changes nothing; another one, whatever
    /// it says, is added to the trace only.
    async fn keep_summary(&self, webhook: Webhook<SessionSummary>) -> Result<(), StoreError>;

    /// Keeps a recording update. A repeated one changes nothing; of several about one recording the one that is
    /// furthest along stays, in whatever order they come, and of two as far along the one that came later.
    async fn keep_recording(&self, webhook: Webhook<RecordingUpdate>) -> Result<(), StoreError>;

    /// Keeps a virtual number update. Of several about one number the one that the platform dates latest stays.
    async fn keep_numbers(&self, webhook: Webhook<NumberUpdate>) -> Result<(), StoreError>;

    /// All virtual numbers, by their digits.
    async fn numbers(&self) -> Result<Vec<VirtualNumber>, StoreError>;

    /// Keeps `flows` as the last good set, and forgets the versions that nothing needs: those that left the set more
    /// than a day ago (a call that began on one may still be on its way to the store) and that no live session is on,
    /// sessions aside of which nothing came for 30 days.
    async fn keep_flows(&self, flows: &[FlowText], at: Timestamp) -> Result<(), StoreError>;

    /// The last good set of flows, by id; empty when none was ever kept.
    async fn last_good_flows(&self) -> Result<Vec<FlowText>, StoreError>;

    /// The versions of flows that live sessions are on, as far as their texts are known, by id and version. A store that does not
    /// know all of these sessions yet gives every version that it holds.
    async fn flows_in_use(&self) -> Result<Vec<FlowText>, StoreError>;

    /// The sessions that fit `filter`, newest first. A session keeps its place, so that pages meet without a gap.
    async fn sessions(&self, filter: &SessionFilter) -> Result<SessionPage, StoreError>;

    /// One session with all that is known of it.
    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError>;

    /// How many sessions are live.
    async fn live_sessions(&self) -> Result<u64, StoreError>;

    /// Takes the lease `name` for `holder`, or renews it, so that it lasts from now. `None` while another holds it. A
    /// holder is one running server, by a name that no other has.
    async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        lasts: Duration,
    ) -> Result<Option<Lease>, StoreError>;

    /// Forgets the event ids of webhooks that came before `before`, so that the memory of duplicates stays bounded.
    /// Traces stay, and so do the replies of steps. Goes in small bites between which others write. Returns how many
    /// were forgotten.
    ///
    /// It is done under `lease`: [`StoreError::LeaseLost`], and no further bite, once another has taken that over.
    async fn forget_events(&self, lease: &Lease, before: Timestamp) -> Result<u64, StoreError>;

    /// Keeps a call that is to be started, under its request's `key`. When it returns [`Begun::Stored`], it is on the disk,
    /// and may be sent; else nothing of it is. After an error it may be there: the next look by its key tells.
    ///
    /// It is done under `lease`: [`StoreError::LeaseLost`] once another has taken that over.
    async fn begin_attempt(
        &self,
        call: &OutboundCall,
        key: &RequestKey,
        lease: &Lease,
    ) -> Result<Begun, StoreError>;

    /// Keeps what has become of a call, on the disk when it returns [`Kept::Stored`]. It is overtaken when it has been
    /// changed since it was read (`call.revision`), and when it is to be dialled while another call may be on its line.
    ///
    /// What is about to be dialled is kept under the `lease` of whoever dials: [`StoreError::LeaseLost`], and it is not
    /// kept, once another has taken that over.
    async fn keep_attempt(
        &self,
        call: &OutboundCall,
        lease: Option<&Lease>,
    ) -> Result<Kept, StoreError>;

    /// A call that was to be started.
    async fn attempt(&self, which: &WhichAttempt) -> Result<Option<OutboundCall>, StoreError>;

    /// The calls that a session may have come of: that which has it already, that whose id it gives back, those that may
    /// be on its line.
    async fn attempts_like(&self, heard: &Heard<'_>) -> Result<Vec<OutboundCall>, StoreError>;

    /// Calls that wait to be dialled or are being dialled, the oldest first; some hundred at most.
    async fn unsettled_attempts(&self) -> Result<Vec<OutboundCall>, StoreError>;

    /// The calls that were begun at `since` or later, the oldest first.
    async fn attempts_since(&self, since: Timestamp) -> Result<Vec<OutboundCall>, StoreError>;

    /// What is kept of events.
    fn outbox(&self) -> &dyn Outbox;

    /// What is kept of handoffs to the Contact Center.
    fn handoffs(&self) -> &dyn Handoffs;

    /// What is erased.
    fn erasing(&self) -> &dyn Erasing;

    /// The keys that it is sealed with.
    fn key_ring(&self) -> &dyn KeyRing;

    /// How far what people query lags behind what was kept. Look-ups of the live call do not: they see all of it.
    fn lag(&self) -> Lag {
        Lag::default()
    }

    /// Whether the store answers, and could write what it was last given.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Finishes what is waiting and lets go of the database. From then on everything is [`StoreError::Closing`].
    async fn close(&self);
}

/// A webhook that is stored and answered with nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook<E> {
    /// Its meaning.
    pub event: E,
    /// The body as it came, digits blanked.
    pub body: String,
    /// When it came.
    pub received_at: Timestamp,
}

/// How far what people query lags behind what was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lag {
    /// How many webhooks are not to be seen yet.
    pub records: u64,
    /// For how long the oldest of them has been waiting, to within 50 ms.
    pub age: std::time::Duration,
}

impl<E> Webhook<E> {
    /// A webhook that means `event`, came as `body`, and was received at `received_at`.
    pub fn new(event: E, body: String, received_at: Timestamp) -> Self {
        Self {
            event,
            body,
            received_at,
        }
    }
}

/// What became of a call that was to be started.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// It is on the disk.
    Stored,
    /// Its request was known: this is the call that was begun then.
    Known(Box<OutboundCall>),
    /// Another call may be on its line: this one.
    InFlight(AttemptId),
}

/// Which call that was to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichAttempt {
    /// The one of this id.
    Id(AttemptId),
    /// The one that was asked for by this request.
    Request(RequestKey),
    /// The one that has this session.
    Session(SessionId),
}

/// What became of an exchange that was to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// It is on the disk.
    Stored,
    /// Another write of the same session or call was kept since it was recalled: recall and decide again.
    Overtaken,
}

/// The text that one version of a flow was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowText {
    /// The flow's id.
    pub id: FlowId,
    /// The version.
    pub version: FlowVersion,
    /// The path that people know the file by.
    pub path: String,
    /// The file's whole text.
    pub text: String,
}

/// Why the store could not do what it was asked.
///
/// It can be cloned, because writes that are committed together fail together.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened as it is; the sentence says what to do.
    #[error("{0}")]
    Unusable(String),
    /// The database refused or failed. What it says itself may hold a stored value: shown is only the kind of failure.
    #[error("the database failed{}", cause::told(&**.0))]
    Database(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be read back.
    #[error("a stored {what} cannot be read")]
    Unreadable {
        /// Which record.
        what: &'static str,
    },
    /// More waits to be written than can be written in time.
    #[error("more waits to be written than the database can take")]
    Busy,
    /// The work was taken over by another node.
    #[error("another node has taken this work over")]
    LeaseLost,
    /// The store is closing.
    #[error("the store is closing")]
    Closing,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolClosed => Self::Closing,
            other => Self::Database(Arc::new(other)),
        }
    }
}
