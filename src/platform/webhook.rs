//! Webhooks as the platform sends them.
