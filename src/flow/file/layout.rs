//! A flow's text laid out alike everywhere: the signs of equality of a table below one another, one empty line before each table,
//! comments where they were. What it says stays as it is.

use unicode_width::UnicodeWidthStr as _;

use super::statements::{Statement, cut};
use crate::flow::diagnostic::{Diagnostic, Span};

/// Where comments behind a line begin, unless the line is longer.
const COMMENTS: usize = 38;

/// The text, laid out. Errors: what keeps it from being read as TOML.
pub fn laid_out(text: &str) -> Result<String, Vec<Diagnostic>> {
    let tree = super::read(text);
    if !tree.faults.is_empty() {
        return Err(tree.faults);
    }
    let statements = cut(text);
    let comments = statements.comments.iter().cloned().map(Item::Comment);
    let mut items: Vec<_> = statements
        .list
        .iter()
        .map(Item::Statement)
        .chain(comments)
        .collect();
    items.sort_by_key(|item| item.span().start);
    let mut page = Page {
        text,
        laid: String::new(),
        end: 0,
    };
    let mut widths = widths(text, &items).into_iter();
    let mut width = widths.next().unwrap_or(0);
    for (nth, item) in items.iter().enumerate() {
        page.gap(item, opens_table(&items[nth..]));
        match item {
            Item::Comment(span) => page.comment(span),
            Item::Statement(header) if header.is_header => {
                width = widths.next().unwrap_or(0);
                page.header(header);
            }
            Item::Statement(pair) => page.pair(pair, width),
        }
        page.end = item.end();
    }
    Ok(page.laid)
}

/// What stands on lines of its own.
enum Item<'s> {
    Statement(&'s Statement),
    Comment(Span),
}

impl Item<'_> {
    fn span(&self) -> &Span {
        match self {
            Self::Statement(statement) => &statement.span,
            Self::Comment(span) => span,
        }
    }

    /// Where it ends, with the comment behind it.
    fn end(&self) -> usize {
        match self {
            Self::Statement(Statement {
                comment: Some(comment),
                ..
            }) => comment.end,
            _ => self.span().end,
        }
    }
}

/// Whether a header follows, perhaps behind comments that belong to it.
fn opens_table(items: &[Item<'_>]) -> bool {
    let first = items.iter().find(|item| matches!(item, Item::Statement(_)));
    matches!(first, Some(Item::Statement(statement)) if statement.is_header)
}

/// The longest key of each table, that before the first header first.
fn widths(text: &str, items: &[Item<'_>]) -> Vec<usize> {
    let mut widths = vec![0];
    for item in items {
        match item {
            Item::Comment(_) => {}
            Item::Statement(header) if header.is_header => widths.push(0),
            Item::Statement(pair) => {
                if let Some(last) = widths.last_mut() {
                    *last = (*last).max(key(text, pair).width());
                }
            }
        }
    }
    widths
}

/// The keys before the sign of equality, without spaces.
fn key(text: &str, pair: &Statement) -> String {
    let parts: Vec<_> = pair
        .path
        .iter()
        .map(|(_, span)| &text[span.clone()])
        .collect();
    parts.join(".")
}

struct Page<'t> {
    text: &'t str,
    laid: String,
    /// Where the last item ended.
    end: usize,
}

impl Page<'_> {
    /// At most one empty line, and one before each table.
    fn gap(&mut self, item: &Item<'_>, opens_table: bool) {
        if self.laid.is_empty() {
            return;
        }
        let between = &self.text[self.end..item.span().start];
        let was_empty = between.matches('\n').count() > 1;
        let is_header = matches!(item, Item::Statement(statement) if statement.is_header);
        let after_comment = self
            .laid
            .lines()
            .last()
            .is_some_and(|line| line.starts_with('#'));
        if was_empty || is_header && !after_comment || opens_table && !after_comment {
            self.laid.push('\n');
        }
    }

    fn comment(&mut self, span: &Span) {
        self.laid.push_str(self.text[span.clone()].trim_end());
        self.laid.push('\n');
    }

    fn header(&mut self, header: &Statement) {
        let line = format!("[{}]", key(self.text, header));
        self.line(&line, header);
    }

    fn pair(&mut self, pair: &Statement, width: usize) {
        let key = key(self.text, pair);
        let last = pair
            .path
            .last()
            .map_or(pair.span.start, |(_, span)| span.end);
        let behind = &self.text[last..pair.span.end];
        let value = behind.trim_start().trim_start_matches('=').trim_start();
        let padding = " ".repeat(width.saturating_sub(key.width()));
        self.line(&format!("{key}{padding} = {value}"), pair);
    }

    /// A line, and the comment behind it.
    fn line(&mut self, line: &str, statement: &Statement) {
        let line = line.replace("\r\n", "\n");
        self.laid.push_str(&line);
        if let Some(comment) = &statement.comment {
            let last = line.lines().last().unwrap_or_default().width();
            let padding = COMMENTS.saturating_sub(last).max(1);
            self.laid.push_str(&" ".repeat(padding));
            self.laid.push_str(self.text[comment.clone()].trim_end());
        }
        self.laid.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::laid_out;

    #[test]
    fn comments_stay_and_columns_meet() {
        let text = "\u{feff}# first\r\ncallwright=1 # version\r\n[flow] # the head\nid='x'\n   start   =   \"a\"\n\n\n\n# about a\n[ menu . a ]\nsay.en=\"hi\"   # heard\n# a key\npress.1 = {  go = \"b\" }\n\nno_input = [\n  \"x\", # first\n  \"y\",\n]\n[end.b]";
        let laid = "# first\ncallwright = 1                        # version\n\n[flow]                                # the head\nid    = 'x'\nstart = \"a\"\n\n# about a\n[menu.a]\nsay.en   = \"hi\"                       # heard\n# a key\npress.1  = {  go = \"b\" }\n\nno_input = [\n  \"x\", # first\n  \"y\",\n]\n\n[end.b]\n";
        assert_eq!(laid_out(text).expect("it is TOML"), laid);
        assert_eq!(laid_out(laid).expect("it is TOML"), laid, "once is enough");
    }

    #[test]
    fn what_is_no_toml_is_left_alone() {
        assert_eq!(laid_out("a = b\nc\n").expect_err("two faults").len(), 2);
    }
}
