//! Variables and secrets: CW401 – CW404, CW411.
//!
//! `names` knows which variables there are, `paths` whether they are set on every way to where they are used.

mod handed_in;
mod names;
mod paths;
mod secrets;

use super::FlowFile;

/// Reports what is wrong with variables.
pub(super) fn check(file: &FlowFile<'_>) {
    let secrets = secrets::check(file);
    if file.lost || file.steps.iter().any(|step| step.torn) {
        return; // What seems to be missing may be in a line that could not be read.
    }
    handed_in::check(file);
    names::check(file);
    paths::check(file, &secrets);
}
