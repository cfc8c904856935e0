//! The identifiers that tie webhooks together. The platform documents UUIDs; any text is kept as it came, so that
//! an id of another shape still finds its session.

use std::fmt;

/// Declares an identifier: a text of its own type, so that a session's id never stands where a leg's should.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes the identifier as it came.
            pub fn new(as_it_came: impl Into<String>) -> Self {
                Self(as_it_came.into())
            }

            /// The identifier as it came.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier! {
    /// One session: a call with all its legs, from its first ring to its summary.
    SessionId
}
identifier! {
    /// One event. The platform repeats it when it delivers a webhook again.
    EventId
}
identifier! {
    /// One call leg of a session.
    CallId
}
identifier! {
    /// The platform's name of a sub-account (`subAccountId`).
    SubAccountId
}
