//! Flow files and stored texts, made into flows.

use std::path::Path;
use std::slice;

use sha2::{Digest as _, Sha256};

use crate::call::mask_numbers;
use crate::flow::Flow;
use crate::flow::bundle::{bundle, unbundle};
use crate::flow::check::{Checked, check};
use crate::flow::diagnostic::{Diagnostic, Severity, Source};
use crate::flow::report::{Format, Look, render};
use crate::flows_folder;
use crate::store::{FlowText, StoreError};

/// Why there are no flows to serve.
#[derive(Debug, thiserror::Error)]
pub enum NotLoaded {
    /// The files hold errors, and no earlier good set is stored.
    #[error("the flows hold errors, and there is no earlier good set to serve")]
    Flows(Box<RefusedFlows>),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Flow files that hold errors.
#[derive(Debug)]
pub struct RefusedFlows {
    /// The files.
    pub sources: Vec<Source>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the files are worth.
#[derive(Debug)]
pub(super) enum Judged {
    /// Every one is good.
    Good {
        flows: Vec<Flow>,
        texts: Vec<FlowText>,
    },
    /// One is not, or cannot be read.
    Bad {
        refused: RefusedFlows,
        /// A line for each fault.
        faults: Vec<String>,
    },
}

/// What a look at the files gave.
#[derive(Debug)]
pub(super) enum Looked {
    /// They are as they were.
    Same,
    /// They are not.
    New { seen: [u8; 32], judged: Judged },
}

/// Looks at the files of `folder`, which were `before` when they were last looked at.
pub(super) fn look(folder: &Path, before: Option<[u8; 32]>) -> Looked {
    let (seen, sources) = match flows_folder::read(slice::from_ref(&folder.to_owned())) {
        Ok(sources) => (digest(&sources), Ok(sources)),
        Err(errors) => {
            let faults: Vec<_> = errors
                .iter()
                .map(|error| format!("error: {error}"))
                .collect();
            (Sha256::digest(faults.join("\n")).into(), Err(faults))
        }
    };
    if before == Some(seen) {
        return Looked::Same;
    }
    let judged = match sources {
        Ok(sources) => judge(sources),
        Err(faults) => Judged::Bad {
            refused: RefusedFlows {
                sources: Vec::new(),
                diagnostics: Vec::new(),
            },
            faults,
        },
    };
    Looked::New { seen, judged }
}

/// Checks files together.
pub(super) fn judge(sources: Vec<Source>) -> Judged {
    let Checked {
        flows,
        parts,
        diagnostics,
    } = check(&sources);
    let is_error = |fault: &Diagnostic| fault.severity == Severity::Error;
    if diagnostics.iter().any(is_error) {
        let look = Look {
            format: Format::Short,
            colour: false,
            all: true,
        };
        let faults = render(&sources, &diagnostics, look);
        // What a fault quotes may be a number, written where a step's name belongs.
        let faults = faults.lines().map(mask_numbers).collect();
        let refused = RefusedFlows {
            sources,
            diagnostics,
        };
        return Judged::Bad { refused, faults };
    }
    let text_of = |(index, flow): &(usize, Flow)| {
        let parts = parts.get(index).into_iter().flatten();
        let parts: Vec<_> = parts.map(|part| &sources[*part]).collect();
        FlowText {
            id: flow.id.clone(),
            version: flow.version.clone(),
            path: sources[*index].path.clone(),
            text: bundle(&sources[*index], &parts),
        }
    };
    Judged::Good {
        texts: flows.iter().map(text_of).collect(),
        flows: flows.into_iter().map(|(_, flow)| flow).collect(),
    }
}

/// Flows from stored texts, each checked alone. One that a newer program no longer takes is left out: its calls get the
/// apology, and the log says so.
pub(super) fn rebuild(texts: &[FlowText]) -> Vec<Flow> {
    let rebuild_one = |text: &FlowText| {
        let sources = unbundle(&text.path, &text.text);
        let flow = check(&sources)
            .flows
            .into_iter()
            .map(|(_, flow)| flow)
            .next();
        if flow.is_none() {
            tracing::error!(flow = %text.id, version = %text.version, "a stored flow can no longer be read");
        }
        flow
    };
    texts.iter().filter_map(rebuild_one).collect()
}

/// What tells one state of the files from another.
pub(super) fn digest(sources: &[Source]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for source in sources {
        for part in [&source.path, &source.text] {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
    }
    digest.finalize().into()
}
