//! The search: one world of each form that can come of the first one, the nearest first, until there is none left.

use std::collections::HashSet;

use super::form::Form;
use super::judge::Wrong;
use super::law::{Law, Wells};
use super::model::{Event, World};

/// What a search has seen.
#[derive(Debug)]
pub(super) struct Seen {
    /// The forms of all worlds, the nearest first.
    pub(super) forms: Vec<Form>,
    /// Whether there are no others.
    pub(super) is_all: bool,
    pub(super) steps: usize,
    pub(super) calls: u64,
    /// How many events the farthest is away.
    pub(super) farthest: usize,
}

/// What must not be, and what happened on the way there.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) wrong: Wrong,
    pub(super) way: Vec<Event>,
}

/// Looks at so many worlds, or at all if there are no more.
pub(super) fn search(law: &Law, most: usize) -> Result<Seen, Found> {
    let begin = World::begin(true).form(law);
    let mut known = HashSet::from([begin]);
    let mut seen = Seen {
        forms: vec![begin],
        is_all: true,
        steps: 0,
        calls: 0,
        farthest: 0,
    };
    // Of each world the place of the one it came of; and where the worlds begin that are an event farther away.
    let (mut came, mut at, mut ring) = (vec![0], 0, 1);
    while at < seen.forms.len() {
        if at == ring {
            (ring, seen.farthest) = (seen.forms.len(), seen.farthest + 1);
        }
        let world = World::of(seen.forms[at], law);
        seen.calls += world.judge(law).map_err(|wrong| Found {
            wrong,
            way: way_to(at, &seen.forms, &came, law),
        })?;
        for (_, next) in world.next(law, Wells::ANY) {
            seen.steps += 1;
            let form = next.form(law);
            if known.contains(&form) {
                continue;
            }
            if known.len() == most {
                seen.is_all = false;
                continue;
            }
            known.insert(form);
            seen.forms.push(form);
            came.push(at);
        }
        at += 1;
    }
    Ok(seen)
}

/// What happened on the way to a world.
fn way_to(mut at: usize, forms: &[Form], came: &[usize], law: &Law) -> Vec<Event> {
    let mut way = Vec::new();
    while at != 0 {
        let next = World::of(forms[came[at]], law).next(law, Wells::ANY);
        let event = next.iter().find(|(_, next)| next.form(law) == forms[at]);
        way.push(event.expect("it came of it").0);
        at = came[at];
    }
    way.reverse();
    way
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let which = if self.is_all { "all" } else { "the nearest" };
        write!(
            f,
            "{which} {} worlds, {} steps between them, the farthest {} events away, {} calls connected, 0 to strangers",
            self.forms.len(),
            self.steps,
            self.farthest,
            self.calls
        )
    }
}
