//! Tells when something changes below folders: files that are overwritten, renamed over, swapped by a link.
//!
//! Editors write in several moves, so it is told once they have been quiet for [`QUIET`]. A folder that is itself a link is
//! followed to where it leads now; its own folder is watched for that.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use notify_debouncer_full::notify::event::{AccessKind, AccessMode};
use notify_debouncer_full::notify::{EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{
    DebounceEventResult, DebouncedEvent, Debouncer, RecommendedCache, new_debouncer,
};

/// For how long nothing must have happened.
const QUIET: Duration = Duration::from_millis(100);

/// A watch over folders, until it is dropped.
#[derive(Debug)]
pub struct Watch {
    news: Sender<News>,
}

/// Folders cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("changes of {} cannot be watched: {reason}", folder.display())]
pub struct NotWatched {
    /// The first that cannot.
    pub folder: PathBuf,
    /// The system's word.
    pub reason: String,
}

enum News {
    Events(DebounceEventResult),
    Stop,
}

/// A folder, and where it lay when the watch over it began.
struct Watched {
    folder: PathBuf,
    real: PathBuf,
}

impl Watch {
    /// Calls `changed`, on a thread of its own, whenever something has changed below one of these folders.
    ///
    /// # Errors
    ///
    /// When the system does not watch one of them.
    pub fn over(
        folders: &[PathBuf],
        changed: impl Fn() + Send + 'static,
    ) -> Result<Self, NotWatched> {
        let (news, comes) = channel();
        let tell = news.clone();
        let debouncer = new_debouncer(QUIET, None, move |events| {
            // Whoever watched is gone: nobody is left to be told.
            let _ = tell.send(News::Events(events));
        });
        let mut debouncer = debouncer.map_err(|error| NotWatched {
            folder: folders.first().cloned().unwrap_or_default(),
            reason: error.to_string(),
        })?;
        let mut watched = Vec::new();
        for folder in folders {
            watched.push(begin(&mut debouncer, folder)?);
        }
        thread::spawn(move || listen(debouncer, watched, &comes, changed));
        Ok(Self { news })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.news.send(News::Stop);
    }
}

type Eyes = Debouncer<RecommendedWatcher, RecommendedCache>;

fn begin(eyes: &mut Eyes, folder: &Path) -> Result<Watched, NotWatched> {
    let not_watched = |error: notify_debouncer_full::notify::Error| NotWatched {
        folder: folder.to_owned(),
        reason: error.to_string(),
    };
    eyes.watch(folder, RecursiveMode::Recursive)
        .map_err(not_watched)?;
    if let Some(above) = above(folder) {
        eyes.watch(above, RecursiveMode::NonRecursive)
            .map_err(not_watched)?;
    }
    Ok(Watched {
        folder: folder.to_owned(),
        real: real(folder),
    })
}

fn listen(mut eyes: Eyes, mut watched: Vec<Watched>, comes: &Receiver<News>, changed: impl Fn()) {
    while let Ok(News::Events(events)) = comes.recv() {
        let mut concerns = match &events {
            Ok(events) => events.iter().any(|event| is_change(event, &watched)),
            // What was missed may have been a change.
            Err(_) => true,
        };
        for it in &mut watched {
            let now = real(&it.folder);
            if now != it.real {
                concerns = true;
                let _ = eyes.unwatch(&it.folder);
                if eyes.watch(&it.folder, RecursiveMode::Recursive).is_ok() {
                    it.real = now;
                }
            }
        }
        if concerns {
            changed();
        }
    }
}

/// Whether an event changes what a watched folder holds: reading is none.
fn is_change(event: &DebouncedEvent, watched: &[Watched]) -> bool {
    let changes = match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    let within = |path: &PathBuf| {
        watched
            .iter()
            .any(|it| path.starts_with(&it.folder) || path.starts_with(&it.real))
    };
    changes && (event.need_rescan() || event.paths.iter().any(within))
}

/// The folder that a folder lies in.
fn above(folder: &Path) -> Option<&Path> {
    match folder.parent()? {
        above if above == Path::new("") => Some(Path::new(".")),
        above => Some(above),
    }
}

fn real(folder: &Path) -> PathBuf {
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use super::Watch;

    /// Longer than any machine takes: a change that is not told is a failure, not a wait.
    const LONG: Duration = Duration::from_secs(20);

    fn watch(folder: &Path) -> (Watch, Receiver<()>) {
        let (tell, told) = channel();
        let watch = Watch::over(&[folder.to_owned()], move || {
            let _ = tell.send(());
        });
        (watch.expect("the system watches folders"), told)
    }

    #[test]
    fn every_way_of_saving_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let flows = folder.path().join("flows");
        fs::create_dir(&flows).expect("a folder");
        fs::write(flows.join("a.toml"), "a").expect("a file");
        let (_watch, told) = watch(&flows);
        fs::write(flows.join("a.toml"), "b").expect("overwritten");
        told.recv_timeout(LONG).expect("an overwrite is told");
        fs::write(flows.join(".a.toml.swp"), "c").expect("an editor's file");
        fs::rename(flows.join(".a.toml.swp"), flows.join("a.toml")).expect("renamed");
        told.recv_timeout(LONG).expect("a rename is told");
        fs::create_dir(flows.join("shared")).expect("a folder");
        told.recv_timeout(LONG).expect("a new folder is told");
        fs::write(flows.join("shared/b.toml"), "b").expect("a file");
        told.recv_timeout(LONG)
            .expect("a file in a new folder is told");
    }

    #[cfg(unix)]
    #[test]
    fn a_swapped_link_is_told_and_followed() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        for version in ["1", "2"] {
            fs::create_dir(at.join(version)).expect("a folder");
            fs::write(at.join(version).join("a.toml"), version).expect("a file");
        }
        symlink(at.join("1"), at.join("flows")).expect("a link");
        let (_watch, told) = watch(&at.join("flows"));
        symlink(at.join("2"), at.join("new")).expect("a link");
        fs::rename(at.join("new"), at.join("flows")).expect("swapped");
        told.recv_timeout(LONG).expect("the swap is told");
        fs::write(at.join("2/a.toml"), "3").expect("overwritten");
        told.recv_timeout(LONG)
            .expect("what the link leads to is watched");
    }
}
