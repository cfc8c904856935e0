//! FreeSWITCH's IVR menus (`ivr.conf.xml`, or the files of `ivr_menus/`): `<menu>` with its `<entry>`s.

mod application;
mod digits;
mod entry;
mod menu;

use super::NoMenu;
use super::draft::{Draft, Telling};
use super::tree::{Sort, Tree};

/// What menus are wrapped in.
const WRAPPING: [&str; 5] = ["document", "section", "include", "configuration", "menus"];

/// A menu being carried over.
struct Menu<'t> {
    tree: &'t Tree,
    /// What it is called in its file, and here.
    foreign: &'t str,
    name: String,
    /// All menus of the file.
    menus: &'t [&'t Tree],
}

pub(super) fn carry(tree: &Tree) -> Result<Draft, NoMenu> {
    let mut menus = Vec::new();
    find(tree, &mut menus);
    let Some(first) = first(&menus) else {
        return Err(NoMenu::Empty("this XML holds no <menu>"));
    };
    let mut draft = Draft::from("FreeSWITCH");
    draft.start = draft.name(name_of(first));
    wrapping(&mut draft, tree);
    let start = draft.start.clone();
    for (nth, menu) in menus.iter().enumerate() {
        let foreign = name_of(menu);
        if menus[..nth]
            .iter()
            .any(|earlier| name_of(earlier) == foreign)
        {
            draft.tell(
                menu,
                Telling {
                    what: format!("menu {foreign:?}"),
                    why: "there is a menu of this name already, and whoever goes to it comes to the first",
                    instead: "a name of its own in the file, and import it again",
                },
            );
            continue;
        }
        if let Some(name) = menu.child("name") {
            name.taken();
        }
        let name = draft.name(foreign);
        let menu = Menu {
            tree: menu,
            foreign,
            name,
            menus: &menus,
        };
        menu.carry(&mut draft, &start);
    }
    Ok(draft)
}

/// The menus of a file, in order.
fn find<'t>(tree: &'t Tree, menus: &mut Vec<&'t Tree>) {
    for child in &tree.children {
        match child.sort == Sort::Branch && child.name == "menu" {
            true => menus.push(child),
            false => find(child, menus),
        }
    }
}

/// The menu that calls come to: the first that no other leads down to.
fn first<'t>(menus: &[&'t Tree]) -> Option<&'t Tree> {
    let is_below = |menu: &&&Tree| {
        let name = name_of(menu);
        menus.iter().any(|other| {
            name_of(other) != name
                && other.all("entry").any(|entry| {
                    entry.peek("action") == Some("menu-sub") && entry.peek("param") == Some(name)
                })
        })
    };
    let top = menus.iter().find(|menu| !is_below(menu));
    top.or(menus.first()).copied()
}

fn name_of(menu: &Tree) -> &str {
    menu.peek("name").unwrap_or("main")
}

/// What the menus are wrapped in: its attributes and comments stand above the flow.
fn wrapping(draft: &mut Draft, tree: &Tree) {
    for child in &tree.children {
        match child.sort {
            Sort::Comment => draft.notes.push(comment(child)),
            Sort::Branch if WRAPPING.contains(&child.name.as_str()) => {
                let attributes = child
                    .children
                    .iter()
                    .filter(|it| it.sort == Sort::Value && !it.name.contains("-PRE-"));
                let said: Vec<_> = attributes
                    .map(|attribute| {
                        attribute.taken();
                        format!(
                            "{} {:?}",
                            attribute.name,
                            attribute.value.as_deref().unwrap_or_default()
                        )
                    })
                    .collect();
                if !said.is_empty() {
                    draft
                        .notes
                        .push(format!("{}: {}", child.name, said.join(", ")));
                }
                if child.children.is_empty() {
                    child.taken();
                    draft.notes.push(format!("{}: empty", child.name));
                }
                wrapping(draft, child);
            }
            _ => {}
        }
    }
}

/// A comment, which is in the flow as one.
fn comment(tree: &Tree) -> String {
    tree.taken();
    tree.value.clone().unwrap_or_default()
}
