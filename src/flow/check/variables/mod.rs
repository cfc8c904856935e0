//! Variables and secrets: CW401 – CW404, CW411.
//!
//! `names` knows which variables there are, `paths` whether they are set on every way to where they are used.

mod handed_in;
mod names;
mod paths;
mod secrets;
mod sent;

use std::collections::BTreeSet;

use super::FlowFile;
use crate::flow::model::VariableName;

/// The variables that hold a secret.
pub(super) fn secrets_of(file: &FlowFile<'_>) -> BTreeSet<VariableName> {
    secrets::secrets(file).into_keys().collect()
}

/// What has a value for sure when a call comes to each step; `None` for steps that no call comes to.
pub(super) fn certain(file: &FlowFile<'_>, start: usize) -> Vec<Option<BTreeSet<String>>> {
    paths::certain(file, start, &paths::ways(file))
}

/// The variables that a file makes or is handed.
pub(super) fn own(file: &FlowFile<'_>) -> BTreeSet<String> {
    let needs = file.head.needs.iter().map(|(name, _)| name.clone());
    names::made(file).into_keys().chain(needs).collect()
}

/// Reports what is wrong with variables.
pub(super) fn check(file: &FlowFile<'_>) {
    let secrets = secrets::check(file);
    if file.lost || file.steps.iter().any(|step| step.torn) {
        return; // What seems to be missing may be in a line that could not be read.
    }
    if file.handed_down.is_none() {
        handed_in::check(file);
    }
    names::check(file);
    paths::check(file, &secrets);
}
