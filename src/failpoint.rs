//! Named points at which a test build breaks on purpose. Without the feature `failpoints` they are nothing.
//!
//! `failpoint!("vca.recalled", session)` breaks only for the key that a test has armed it for, so that tests which run
//! beside each other in one process do not meet each other's faults.

/// Breaks here when a test has armed this point for this key.
#[macro_export]
macro_rules! failpoint {
    ($name:literal, $key:expr) => {
        #[cfg(feature = "failpoints")]
        $crate::failpoint::reach($name, $key);
    };
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::collections::HashSet;
    use std::sync::{LazyLock, Mutex, PoisonError};

    static ARMED: LazyLock<Mutex<HashSet<(String, String)>>> = LazyLock::new(Mutex::default);

    /// Arms the point `name` for `key`: the next time it is reached, it panics. Once.
    pub fn arm(name: &str, key: &str) {
        lock().insert((name.to_owned(), key.to_owned()));
    }

    /// Called by `failpoint!`.
    pub fn reach(name: &str, key: &str) {
        let armed = lock().remove(&(name.to_owned(), key.to_owned()));
        assert!(!armed, "failpoint {name}");
    }

    fn lock() -> std::sync::MutexGuard<'static, HashSet<(String, String)>> {
        ARMED.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "failpoints")]
pub use armed::{arm, reach};
