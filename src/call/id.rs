//! The identifiers that tie webhooks together. The platform documents UUIDs; any text is kept as it came, so that
//! an id of another shape still finds its session.

use crate::text::name;

name! {
    /// One session: a call with all its legs, from its first ring to its summary.
    SessionId
}
name! {
    /// One event. The platform repeats it when it delivers a webhook again.
    EventId
}
name! {
    /// One call leg of a session.
    CallId
}
name! {
    /// The platform's name of a sub-account (`subAccountId`).
    SubAccountId
}
