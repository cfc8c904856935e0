//! Reads XML. A document type is refused, and with it every entity of its own: none can grow.

use roxmltree::{Document, Node, NodeType, ParsingOptions};

use super::NoMenu;
use super::tree::{DEEPEST, Sort, Tree};

/// How many nodes a file may have.
const MOST_NODES: u32 = 100_000;

pub(super) fn read(text: &str) -> Result<Tree, NoMenu> {
    if depth(text) > DEEPEST {
        return Err(NoMenu::TooDeep);
    }
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options);
    let document = document.map_err(|error| NoMenu::Unreadable(error.to_string()))?;
    let children = document.root().children().filter_map(tree);
    Ok(Tree::branch("", 1, children.collect()))
}

/// How deep the elements are nested at most, by their tags alone: before anything that calls itself reads them.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find('>').unwrap_or(rest.len());
        let tag = &rest[..end];
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !tag.starts_with(['!', '?']) && !tag.ends_with('/') {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

fn tree(node: Node<'_, '_>) -> Option<Tree> {
    let line = line_of(node.document(), node.range().start);
    let said = node.text().unwrap_or_default();
    match node.node_type() {
        NodeType::Element => {
            let attributes = node.attributes().map(|attribute| {
                let line = line_of(node.document(), attribute.range().start);
                Tree::leaf(Sort::Value, attribute.name(), attribute.value(), line)
            });
            let children = node.children().filter_map(tree);
            let children = attributes.chain(children).collect();
            Some(Tree::branch(node.tag_name().name(), line, children))
        }
        NodeType::Text if said.trim().is_empty() => None,
        NodeType::Text => Some(Tree::leaf(Sort::Text, "", said.trim(), line)),
        NodeType::Comment => Some(Tree::leaf(Sort::Comment, "", said.trim(), line)),
        NodeType::PI => {
            let pi = node.pi()?;
            let value = pi.value.unwrap_or_default();
            Some(Tree::leaf(Sort::Value, pi.target, value, line))
        }
        NodeType::Root => None,
    }
}

fn line_of(document: &Document<'_>, offset: usize) -> usize {
    usize::try_from(document.text_pos_at(offset).row).unwrap_or(usize::MAX)
}
