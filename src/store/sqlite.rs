//! One machine's store.
