//! Tells when something changes below folders: files that are overwritten, renamed over, swapped by a link.
//!
//! Editors write in several moves, so it is told once they have been quiet for [`QUIET`]. A folder that is itself a link is
//! followed to where it leads now; the folder above is watched for that, and for the return of a folder that went away. It is
//! left alone otherwise: in the usual layout the database lies there, and each of its writes would be told.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use notify_debouncer_full::notify::event::{AccessKind, AccessMode, ModifyKind};
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

/// A folder, and where it lay when the watch over it began; nowhere, while it is gone.
struct Watched {
    folder: PathBuf,
    real: Option<PathBuf>,
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
    if folder.is_symlink() {
        eyes.watch(above(folder), RecursiveMode::NonRecursive)
            .map_err(not_watched)?;
    }
    Ok(Watched {
        folder: folder.to_owned(),
        real: fs::canonicalize(folder).ok(),
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
            let now = fs::canonicalize(&it.folder).ok();
            if now != it.real || events.as_ref().is_ok_and(|events| it.is_replaced(events)) {
                concerns = true;
                it.real = follow(&mut eyes, &it.folder).then_some(now).flatten();
            }
        }
        if concerns {
            changed();
        }
    }
}

impl Watched {
    /// Whether the folder itself was removed or renamed; another may stand in its place by now.
    fn is_replaced(&self, events: &[DebouncedEvent]) -> bool {
        let is_it = |path: &PathBuf| *path == self.folder || Some(path) == self.real.as_ref();
        events.iter().any(|event| {
            let goes = matches!(
                event.kind,
                EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
            );
            goes && event.paths.iter().any(is_it)
        })
    }
}

/// Watches what lies at `folder` now, or where it would come back. Whether it is there.
fn follow(eyes: &mut Eyes, folder: &Path) -> bool {
    let _ = eyes.unwatch(folder);
    let there = eyes.watch(folder, RecursiveMode::Recursive).is_ok();
    if !there {
        let _ = eyes.watch(above(folder), RecursiveMode::NonRecursive);
    }
    there
}

/// Whether an event changes what a watched folder holds: reading is none.
fn is_change(event: &DebouncedEvent, watched: &[Watched]) -> bool {
    let changes = match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    let within = |path: &PathBuf| {
        watched.iter().any(|it| {
            [Some(&it.folder), it.real.as_ref()]
                .into_iter()
                .flatten()
                .any(|at| path.starts_with(at))
        })
    };
    changes && (event.need_rescan() || event.paths.iter().any(within))
}

/// The folder that a folder lies in.
fn above(folder: &Path) -> &Path {
    match folder.parent() {
        Some(above) if above != Path::new("") => above,
        _ => Path::new("."),
    }
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

    #[test]
    fn a_folder_that_goes_and_comes_back_is_told_and_watched() {
        let folder = tempfile::tempdir().expect("a folder");
        let flows = folder.path().join("flows");
        let new = folder.path().join("new");
        for folder in [&flows, &new] {
            fs::create_dir(folder).expect("a folder");
        }
        let (_watch, told) = watch(&flows);
        fs::rename(&flows, folder.path().join("old")).expect("moved away");
        told.recv_timeout(LONG).expect("that it went is told");
        fs::rename(&new, &flows).expect("moved in");
        told.recv_timeout(LONG).expect("that it came back is told");
        fs::write(flows.join("a.toml"), "a").expect("a file");
        told.recv_timeout(LONG).expect("it is watched again");
    }

    #[test]
    fn what_lies_beside_is_not_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let flows = folder.path().join("flows");
        fs::create_dir(&flows).expect("a folder");
        let (tell, told) = channel();
        let mut eyes = super::new_debouncer(super::QUIET, None, move |events| {
            let _ = tell.send(events);
        })
        .expect("eyes");
        super::begin(&mut eyes, &flows).expect("watched");
        fs::write(folder.path().join("callwright.db"), "a row").expect("a file");
        fs::write(flows.join("a.toml"), "a").expect("a file");
        let events: Vec<_> = told.recv_timeout(LONG).expect("told").expect("events");
        let paths: Vec<_> = events.iter().flat_map(|event| &event.paths).collect();
        assert!(
            paths.iter().all(|path| path.starts_with(&flows)),
            "{paths:?}"
        );
    }
}
