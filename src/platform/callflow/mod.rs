//! Callflows as the platform takes them.
