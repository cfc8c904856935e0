//! Reads the flow files again whenever they change.

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::http::App;
use crate::shelf::Reload;
use crate::watch::Watch;

/// How long until good files are tried again that the store could not keep.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// What reads the files again, until it is dropped.
#[derive(Debug)]
pub(super) struct Reloading {
    _watch: Option<Watch>,
    reading: JoinHandle<()>,
}

impl Reloading {
    /// Watches the files of `app`'s flows. Where the system does not watch them, the log says so: they are read again when somebody asks.
    pub(super) fn begin(app: App) -> Self {
        // What changed between the first reading and the watch is a change too.
        let changed = Arc::new(Notify::new());
        changed.notify_one();
        let news = changed.clone();
        let watch = Watch::over(slice::from_ref(&app.config.flows), move || {
            news.notify_one()
        });
        if let Err(reason) = &watch {
            tracing::warn!(%reason, "changed flows are taken only when somebody asks: POST /v1/flows/reload");
        }
        Self {
            _watch: watch.ok(),
            reading: tokio::spawn(keep_reading(app, changed)),
        }
    }
}

impl Drop for Reloading {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn keep_reading(app: App, changed: Arc<Notify>) {
    loop {
        changed.notified().await;
        while let Reload::Later(reason) = app.reload_flows().await {
            tracing::warn!(%reason, "the new flows could not be kept, and are not served yet");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
}
