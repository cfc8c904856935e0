//! The flows that calls are answered with: read from their files, or the last good set in their place, and read again while
//! calls are answered.
//!
//! A shelf holds one whole library at any moment. A new one takes its place all at once, or, where any file holds an error, not at
//! all. What calls in progress began on stays on it: every version that left less than a day ago (its calls may not be in the tables yet), and
//! every older one that the store still finds in use.

mod load;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::flow::Library;
use crate::flow::diagnostic::Source;
use crate::flow::model::{FlowId, FlowVersion};
use crate::store::{FlowText, Store, StoreError};
use load::{Judged, digest, judge, rebuild};
pub use load::{NotLoaded, RefusedFlows};

/// How long a version outlives the set that it left, whatever the store says.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// Which text of which flow.
type Version = (FlowId, FlowVersion);

/// The flows of a server.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    shown: RwLock<Arc<Shown>>,
    /// One reads the files at a time.
    turn: tokio::sync::Mutex<()>,
}

/// What is on the shelf, replaced as a whole.
#[derive(Debug, Clone)]
struct Shown {
    library: Arc<Library>,
    /// Since when.
    since: Timestamp,
    /// The files as they were last looked at, when they were.
    seen: Option<[u8; 32]>,
    refusal: Option<Refusal>,
    /// When the versions that are current no more left.
    left: BTreeMap<Version, Timestamp>,
}

/// Why the files as they are now are not what is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When they were looked at.
    pub at: Timestamp,
    /// What is wrong, a line each: `path:line:column: error[CW101]: message`. Phone numbers are masked.
    pub faults: Vec<String>,
}

/// What came of reading the files again.
#[derive(Debug)]
pub enum Reload {
    /// They are as they were when they were last looked at.
    Unchanged,
    /// They are served from now on.
    Taken,
    /// What was served before is.
    Refused(Refusal),
    /// They are good, but the store could not keep them: to be tried again.
    Later(StoreError),
}

impl Shelf {
    /// A shelf with the flows of `sources`, the files of `folder`, or, when those hold errors, with the last good set.
    ///
    /// # Errors
    ///
    /// When there is neither, or the store fails.
    pub async fn fill(
        folder: &Path,
        sources: Vec<Source>,
        store: &dyn Store,
        clock: &Clock,
    ) -> Result<Self, NotLoaded> {
        let now = clock.now();
        let seen = digest(&sources);
        let (current, refusal) = match judge(sources) {
            Judged::Good { flows, texts } => {
                store.keep_flows(&texts, now).await?;
                (flows, None)
            }
            Judged::Bad { refused, faults } => {
                let texts = store.last_good_flows().await?;
                if texts.is_empty() {
                    return Err(NotLoaded::Flows(Box::new(refused)));
                }
                let refusal = Refusal { at: now, faults };
                refusal.log();
                (rebuild(&texts), Some(refusal))
            }
        };
        let earlier = rebuild(&store.flows_in_use().await?);
        Ok(Self {
            folder: folder.to_owned(),
            shown: RwLock::new(Arc::new(Shown {
                library: Arc::new(Library::new(current, earlier)),
                since: now,
                seen: Some(seen),
                refusal,
                left: BTreeMap::new(),
            })),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// A shelf with `library` on it, whose files are not looked at.
    pub fn of(library: Library) -> Self {
        Self {
            folder: PathBuf::new(),
            shown: RwLock::new(Arc::new(Shown {
                library: Arc::new(library),
                since: Timestamp::UNIX_EPOCH,
                seen: None,
                refusal: None,
                left: BTreeMap::new(),
            })),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The flows now. Whoever answers takes them once, so that an answer sees one set of them.
    pub fn library(&self) -> Arc<Library> {
        self.shown().library.clone()
    }

    /// Since when they are served.
    pub fn since(&self) -> Timestamp {
        self.shown().since
    }

    /// Why the files are not what is served; `None` while they are.
    pub fn refusal(&self) -> Option<Refusal> {
        self.shown().refusal.clone()
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads the files again, and serves them if all of them are good and `contradicted` finds nothing that they disagree with, a
    /// sentence each. `prepare` is given the new flows just before they are served.
    pub async fn reload(
        &self,
        store: &dyn Store,
        clock: &Clock,
        contradicted: impl FnOnce(&Library) -> Vec<String>,
        prepare: impl FnOnce(&Library),
    ) -> Reload {
        let _turn = self.turn.lock().await;
        let before = self.shown();
        let folder = self.folder.clone();
        let looked = tokio::task::spawn_blocking(move || load::look(&folder, before.seen)).await;
        let (seen, judged) = match looked {
            Ok(load::Looked::Same) => return Reload::Unchanged,
            Ok(load::Looked::New { seen, judged }) => (seen, judged),
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        let now = clock.now();
        match judged {
            Judged::Bad { faults, .. } => self.refuse(Some(seen), faults, now),
            Judged::Good { flows, texts } => {
                let faults = contradicted(&Library::new(flows.clone(), []));
                if !faults.is_empty() {
                    let faults = faults.iter().map(|fault| format!("error: {fault}"));
                    return self.refuse(None, faults.collect(), now);
                }
                let in_use = match self.keep(store, &texts, now).await {
                    Ok(in_use) => in_use,
                    Err(error) => return Reload::Later(error),
                };
                let mut left = self.shown().left.clone();
                let library = self.library().succeeded_by(flows, |version| {
                    let left_at = *left.entry(version.clone()).or_insert(now);
                    now - GRACE < left_at || in_use.contains(version)
                });
                left.retain(|version, _| {
                    library.version(&version.0, &version.1).is_some()
                        && !library.is_current(&version.0, &version.1)
                });
                prepare(&library);
                let flow_count = library.all().len();
                self.change(|shown| {
                    *shown = Shown {
                        library: Arc::new(library),
                        since: now,
                        seen: Some(seen),
                        refusal: None,
                        left,
                    };
                });
                tracing::info!(flows = flow_count, "the flows were loaded again");
                Reload::Taken
            }
        }
    }

    /// What was served before is served. `seen` are the files, when nothing but they can mend it.
    fn refuse(&self, seen: Option<[u8; 32]>, faults: Vec<String>, at: Timestamp) -> Reload {
        let refusal = Refusal { at, faults };
        refusal.log();
        self.change(|shown| {
            shown.seen = seen;
            shown.refusal = Some(refusal.clone());
        });
        Reload::Refused(refusal)
    }

    /// Keeps the new set, and gives the versions that live sessions are on, when one of those that left may be let go.
    async fn keep(
        &self,
        store: &dyn Store,
        texts: &[FlowText],
        now: Timestamp,
    ) -> Result<BTreeSet<Version>, StoreError> {
        store.keep_flows(texts, now).await?;
        if self.shown().left.values().all(|at| now - GRACE < *at) {
            return Ok(BTreeSet::new());
        }
        let in_use = store.flows_in_use().await?;
        let version = |text: FlowText| (text.id, text.version);
        Ok(in_use.into_iter().map(version).collect())
    }

    fn shown(&self) -> Arc<Shown> {
        let shown = self.shown.read();
        shown.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Shown)) {
        let shown = self.shown.write();
        let mut shown = shown.unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut shown));
    }
}

impl Refusal {
    fn log(&self) {
        tracing::error!("the flow files hold errors: the last good set is served");
        for fault in &self.faults {
            tracing::error!(fault, "found in the flow files");
        }
    }
}
