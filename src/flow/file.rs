//! Reads TOML and remembers where everything stands.
