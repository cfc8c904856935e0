//! The composition root: makes the parts of the server and runs them until it is stopped.

use crate::config::Config;

/// Serves until the process is asked to stop.
///
/// # Errors
///
/// What keeps the server from starting.
pub async fn run(config: Config) -> anyhow::Result<()> {
    anyhow::bail!("nothing is put together to listen on {}", config.listen)
}
