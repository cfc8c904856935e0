//! A foreign file as a tree. A leaf is taken by whoever reads it for the flow; what nobody has taken at the end is told.

use std::cell::Cell;

/// How deep a file may be nested.
pub(super) const DEEPEST: usize = 64;

/// What is not repeated, by its name.
const SECRETS: [&str; 6] = [
    "pin",
    "password",
    "secret",
    "token",
    "auth_token",
    "authorization",
];

/// A place in a file.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) sort: Sort,
    /// An element's or attribute's name, a member's key; empty for what has none.
    pub(super) name: String,
    /// What a leaf says.
    pub(super) value: Option<String>,
    /// Its line, from 1.
    pub(super) line: usize,
    pub(super) children: Vec<Tree>,
    fate: Cell<Fate>,
}

/// What sort of place it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// An element, an object, a list.
    Branch,
    /// An attribute, a value.
    Value,
    /// A text between elements.
    Text,
    /// A comment.
    Comment,
}

/// What became of a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Fate {
    #[default]
    Unread,
    Taken,
    Told,
}

impl Tree {
    pub(super) fn branch(name: &str, line: usize, children: Vec<Self>) -> Self {
        Self {
            sort: Sort::Branch,
            name: name.to_owned(),
            value: None,
            line,
            children,
            fate: Cell::default(),
        }
    }

    pub(super) fn leaf(sort: Sort, name: &str, value: &str, line: usize) -> Self {
        Self {
            sort,
            value: Some(value.to_owned()),
            ..Self::branch(name, line, Vec::new())
        }
    }

    /// The child of this name; not taken.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The children of this name.
    pub(super) fn all<'t>(&'t self, name: &'t str) -> impl Iterator<Item = &'t Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// What the child of this name says; not taken. Nothing and an empty text are alike.
    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        let value = self.child(name)?.value.as_deref();
        value.filter(|value| !value.is_empty())
    }

    /// The same, taken.
    pub(super) fn take(&self, name: &str) -> Option<&str> {
        self.child(name)?.taken();
        self.peek(name)
    }

    /// The leaves here and below are in the flow.
    pub(super) fn taken(&self) {
        self.mark(Fate::Taken);
    }

    /// The leaves here and below are told.
    pub(super) fn told(&self) {
        self.mark(Fate::Told);
    }

    fn mark(&self, fate: Fate) {
        // The first word stands: what was told stays told.
        if self.fate.get() == Fate::Unread {
            self.fate.set(fate);
        }
        self.children.iter().for_each(|child| child.mark(fate));
    }

    fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    /// The leaves here and below.
    pub(super) fn leaves(&self) -> usize {
        self.count(&|_| true)
    }

    /// Those of them that the flow has.
    pub(super) fn taken_leaves(&self) -> usize {
        self.count(&|leaf| leaf.fate.get() == Fate::Taken)
    }

    /// Those of them that nobody has read.
    pub(super) fn unread_leaves(&self) -> usize {
        self.count(&|leaf| leaf.fate.get() == Fate::Unread)
    }

    /// What a leaf says, where it may be repeated.
    pub(super) fn said(&self) -> Option<&str> {
        let value = self.value.as_deref()?;
        let is_secret = SECRETS.contains(&self.name.to_ascii_lowercase().as_str());
        Some(if is_secret { "…" } else { value })
    }

    /// What all leaves here and below say that nobody has read, but for where something lies on a canvas.
    pub(super) fn summary(&self) -> String {
        let mut said = Vec::new();
        self.summarise(&mut said);
        said.join(", ")
    }

    fn summarise(&self, said: &mut Vec<String>) {
        if self.name == "offset" || self.fate.get() == Fate::Told {
            return;
        }
        match (self.said(), self.fate.get()) {
            (Some(value), Fate::Unread) => {
                said.push(format!("{} {value:?}", self.name).trim().to_owned())
            }
            _ => self.children.iter().for_each(|child| child.summarise(said)),
        }
    }

    fn count(&self, counts: &impl Fn(&Self) -> bool) -> usize {
        let own = usize::from(self.is_leaf() && counts(self));
        let below = self.children.iter().map(|child| child.count(counts));
        own + below.sum::<usize>()
    }

    /// Gives `tell` what nobody has read, a branch as a whole where nobody has read anything of it.
    pub(super) fn unread<'t>(&'t self, tell: &mut impl FnMut(&'t Self, &[&'t Self])) {
        self.unread_below(&mut Vec::new(), tell);
    }

    fn unread_below<'t>(
        &'t self,
        above: &mut Vec<&'t Self>,
        tell: &mut impl FnMut(&'t Self, &[&'t Self]),
    ) {
        match self.unread_leaves() {
            0 => {}
            unread if unread == self.leaves() => tell(self, above),
            _ => {
                above.push(self);
                for child in &self.children {
                    child.unread_below(above, tell);
                }
                above.pop();
            }
        }
    }
}
