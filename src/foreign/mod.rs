//! Menus written for other programs, carried over into flows. What has no place in a flow is told, with its line, what it was, why it has none, and what to
//! write instead; where a call came to it stands a step that says so. Nothing is dropped in silence: what is read of a file is a tree whose every leaf is either
//! taken into the flow or told.
//!
//! * [`tree`] such a file, and what became of each of its leaves; [`xml`] and [`json`] read one
//! * [`freeswitch`] the IVR menus of FreeSWITCH; [`studio`] flows of Twilio Studio
//! * [`draft`] the flow that comes of it, as text

mod draft;
mod freeswitch;
mod json;
mod studio;
mod tree;
mod xml;

use crate::call::PhoneNumber;

/// The largest file that is read, in bytes.
pub const LARGEST: usize = 1024 * 1024;

/// What a flow is to be called, and whose calls come to it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its id.
    pub id: &'a str,
    /// The number whose calls come to it; any where there is none.
    pub answers: Option<&'a PhoneNumber>,
}

/// A menu that was carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The flow's file.
    pub flow: String,
    /// What could not be carried over, by line; what changes no call comes last.
    pub left: Vec<Left>,
    /// How many leaves the file has (attributes, texts, values), and how many of them the flow has taken in.
    pub leaves: usize,
    /// See [`leaves`](Self::leaves).
    pub taken: usize,
}

/// Something that could not be carried over as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// Whether calls go on as they went without it.
    pub harmless: bool,
    /// Its lines in the file that was read, from 1.
    pub lines: Vec<usize>,
    /// What it is.
    pub what: String,
    /// Why it has no place, and what stands in for it.
    pub why: String,
    /// What to write instead; empty where there is nothing to write.
    pub instead: String,
    /// How many leaves of the file it speaks of.
    pub leaves: usize,
}

impl Left {
    /// It as a sentence.
    pub fn told(&self) -> String {
        let Self {
            what, why, instead, ..
        } = self;
        match instead.as_str() {
            "" => format!("{what}: {why}"),
            instead => format!("{what}: {why}. Write instead: {instead}"),
        }
    }
}

/// Why a file is no menu.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoMenu {
    /// It is too large.
    #[error("it is larger than 1 MB, which no menu is")]
    TooLarge,
    /// It is nested too deep.
    #[error("it is nested more than 64 deep, which no menu is")]
    TooDeep,
    /// It is neither XML nor JSON.
    #[error("it is neither FreeSWITCH's XML nor Twilio Studio's JSON")]
    Strange,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It holds nothing that answers a call.
    #[error("{0}")]
    Empty(&'static str),
}

/// Carries a menu over.
///
/// # Errors
///
/// When the text is no menu.
pub fn carry(text: &str, wanted: Wanted<'_>) -> Result<Carried, NoMenu> {
    let text = text.trim_start_matches('\u{feff}');
    if text.len() > LARGEST {
        return Err(NoMenu::TooLarge);
    }
    let (tree, draft) = match text.trim_start().chars().next() {
        Some('<') => {
            let tree = xml::read(text)?;
            let draft = freeswitch::carry(&tree)?;
            (tree, draft)
        }
        Some('{') => {
            let tree = json::read(text)?;
            let draft = studio::carry(&tree)?;
            (tree, draft)
        }
        _ => return Err(NoMenu::Strange),
    };
    Ok(draft.finish(&tree, wanted))
}
