//! Named points at which a test build breaks on purpose. Without the feature `failpoints` they are nothing.
//!
//! A test in the same process arms a point for one key, so that tests which run beside each other do not meet each
//! other's faults. A process of its own is armed by its environment: `FAILPOINT=vca.kept=abort@7` aborts it when
//! `vca.kept` is reached for the seventh time. The deeds are `panic`, `abort`, `sleep` (600 ms, which holds the thread up)
//! and `error`, where the point has an error to give.

/// `failpoint!("vca.recalled", session)` breaks here when a test has asked for it. With a third part, which is what the
/// function then returns, it may also fail here: `failpoint!("store.keep", session, Err(StoreError::Busy))`.
#[macro_export]
macro_rules! failpoint {
    ($name:literal, $key:expr) => {
        #[cfg(feature = "failpoints")]
        let _ = $crate::failpoint::reach($name, $key);
    };
    ($name:literal, $key:expr, $error:expr) => {
        #[cfg(feature = "failpoints")]
        if $crate::failpoint::reach($name, $key) {
            return $error;
        }
    };
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{LazyLock, Mutex, PoisonError};
    use std::time::Duration;

    /// The variable that arms a process.
    const VARIABLE: &str = "FAILPOINT";

    /// How long a point that sleeps does so: longer than the store's budget, shorter than a caller's patience.
    const SLEEP: Duration = Duration::from_millis(600);

    static ARMED: LazyLock<Mutex<HashSet<(String, String)>>> = LazyLock::new(Mutex::default);

    static ORDER: LazyLock<Option<Order>> = LazyLock::new(|| {
        let text = std::env::var(VARIABLE).ok()?;
        Some(Order::parse(&text).expect("FAILPOINT reads like vca.kept=abort@7"))
    });

    /// What the environment asks for.
    #[derive(Debug)]
    struct Order {
        point: String,
        deed: Deed,
        /// At which time that the point is reached, from 1.
        at: u64,
        reached: AtomicU64,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Deed {
        Panic,
        Abort,
        Sleep,
        Error,
    }

    impl Order {
        fn parse(text: &str) -> Option<Self> {
            let (point, rest) = text.split_once('=')?;
            let (deed, at) = rest.split_once('@')?;
            let deed = match deed {
                "panic" => Deed::Panic,
                "abort" => Deed::Abort,
                "sleep" => Deed::Sleep,
                "error" => Deed::Error,
                _ => return None,
            };
            Some(Self {
                point: point.to_owned(),
                deed,
                at: at.parse().ok()?,
                reached: AtomicU64::new(0),
            })
        }

        fn is_due(&self, name: &str) -> bool {
            self.point == name && self.reached.fetch_add(1, Ordering::Relaxed) + 1 == self.at
        }
    }

    /// Arms the point `name` for `key`: the next time it is reached, it panics. Once.
    pub fn arm(name: &str, key: &str) {
        lock().insert((name.to_owned(), key.to_owned()));
    }

    /// Called by `failpoint!`. Tells whether the point is to fail.
    pub fn reach(name: &str, key: &str) -> bool {
        let armed = lock().remove(&(name.to_owned(), key.to_owned()));
        assert!(!armed, "failpoint {name}");
        match ORDER.as_ref() {
            Some(order) if order.is_due(name) => carry_out(order.deed, name),
            _ => false,
        }
    }

    fn carry_out(deed: Deed, name: &str) -> bool {
        match deed {
            Deed::Panic => panic!("failpoint {name}"),
            Deed::Abort => std::process::abort(),
            Deed::Sleep => std::thread::sleep(SLEEP),
            Deed::Error => return true,
        }
        false
    }

    fn lock() -> std::sync::MutexGuard<'static, HashSet<(String, String)>> {
        ARMED.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn an_order_is_due_once() {
            let order = Order::parse("vca.kept=abort@2").expect("it is well written");
            assert_eq!(order.deed, Deed::Abort);
            let due =
                ["vca.kept", "vca.decided", "vca.kept", "vca.kept"].map(|it| order.is_due(it));
            assert_eq!(due, [false, false, true, false]);
        }

        #[test]
        fn an_order_that_is_none_is_refused() {
            for text in [
                "vca.kept",
                "vca.kept=abort",
                "vca.kept=dance@1",
                "vca.kept=abort@x",
            ] {
                assert!(Order::parse(text).is_none(), "{text}");
            }
        }
    }
}

#[cfg(feature = "failpoints")]
pub use armed::{arm, reach};
