//! What callers hear: CW301 – CW311.
//!
//! | | codes |
//! |---|---|
//! | `keys` | the prompt beside the keys: CW301, 302, 305, 308 |
//! | `languages` | translations and voices: CW303, 311 |
//! | `hours` | opening hours in texts: CW510 |
//! | `length` | how long a prompt can grow: CW304 |
//! | `values` | how a number is read, CW306, and recordings, CW310 |
//! | `retries` | what is said after a wrong try: CW307, 309 |

mod hours;
mod keys;
mod languages;
mod length;
mod retries;
mod values;

pub(super) use languages::chosen;
pub(super) use values::is_spoken;

use super::FlowFile;

/// Reports what is wrong with what callers hear.
pub(super) fn check(file: &FlowFile<'_>) {
    hours::check(file);
    keys::check(file);
    languages::check(file);
    length::check(file);
    retries::check(file);
    values::check(file);
}
