//! A text cut into its statements: headers and `key = value`. The cut holds where the text is no TOML, so that one bad
//! line costs one line.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};

use crate::flow::diagnostic::Span;

/// How many keys and brackets may lie in one another.
const DEEPEST: usize = 64;

/// A header or a `key = value`.
#[derive(Debug)]
pub(super) struct Statement {
    /// Where it stands, its comment and its line's end left out.
    pub(super) span: Span,
    /// Whether it is a header.
    pub(super) is_header: bool,
    /// The keys that it names, as far as they can be made out, each with its place.
    pub(super) path: Vec<(String, Span)>,
    /// The comment behind it.
    pub(super) comment: Option<Span>,
    /// Whether it nests deeper than anything in the language.
    pub(super) too_deep: bool,
    /// Its tokens, for a closer look at a bad one.
    pub(super) tokens: Range<usize>,
}

/// The statements of a text, and the comments that stand on lines of their own.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) list: Vec<Statement>,
    pub(super) comments: Vec<Span>,
    pub(super) tokens: Vec<Token>,
}

/// Cuts a text.
pub(super) fn cut(text: &str) -> Statements {
    let tokens = Source::new(text).lex().into_vec();
    let mut cutter = Cutter {
        text,
        tokens: &tokens,
        at: 0,
    };
    let mut list = Vec::new();
    let mut comments = Vec::new();
    while let Some(token) = cutter.peek() {
        match token.kind() {
            TokenKind::Eof => break,
            TokenKind::Whitespace | TokenKind::Newline => cutter.at += 1,
            TokenKind::Comment => {
                comments.push(span(token));
                cutter.at += 1;
            }
            _ => list.push(cutter.statement()),
        }
    }
    Statements {
        list,
        comments,
        tokens,
    }
}

/// A token's bytes.
pub(super) fn span(token: &Token) -> Span {
    token.span().start()..token.span().end()
}

struct Cutter<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

/// An open bracket; the first level is the statement itself.
struct Level {
    braces: bool,
    in_key: bool,
    dots: usize,
}

impl<'a> Cutter<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn statement(&mut self) -> Statement {
        let first = self.at;
        let is_header = self.tokens[first].kind() == TokenKind::LeftSquareBracket;
        let (end, too_deep) = if is_header {
            self.header_end()
        } else {
            self.pair_end()
        };
        let tokens = first..self.at;
        let comment = self
            .peek()
            .filter(|token| token.kind() == TokenKind::Comment)
            .map(span);
        self.at += usize::from(comment.is_some());
        Statement {
            span: self.tokens[first].span().start()..end,
            is_header,
            path: self.path(tokens.clone(), is_header),
            comment,
            too_deep,
            tokens,
        }
    }

    fn header_end(&mut self) -> (usize, bool) {
        let mut end = self.tokens[self.at].span().end();
        let mut dots = 0;
        while let Some(token) = self.peek() {
            match token.kind() {
                TokenKind::Newline | TokenKind::Comment | TokenKind::Eof => break,
                TokenKind::Whitespace => {}
                kind => {
                    dots += usize::from(kind == TokenKind::Dot);
                    end = token.span().end();
                }
            }
            self.at += 1;
        }
        (end, dots > DEEPEST)
    }

    /// Goes to the end of a `key = value`: the line's, or that of the last bracket that the value opens.
    fn pair_end(&mut self) -> (usize, bool) {
        let mut levels = vec![Level {
            braces: true,
            in_key: true,
            dots: 0,
        }];
        let mut end = self.tokens[self.at].span().end();
        let mut last = TokenKind::Newline;
        let mut too_deep = false;
        while let Some(token) = self.peek() {
            let kind = token.kind();
            let outermost = levels.len() == 1;
            match kind {
                TokenKind::Eof => break,
                TokenKind::Newline | TokenKind::Comment if outermost => break,
                TokenKind::Newline => {
                    let next = self.next_word();
                    if self.begins(next, levels.last(), last) {
                        break;
                    }
                    self.at = next;
                    continue;
                }
                TokenKind::Comment | TokenKind::Whitespace => {
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            Self::enter(&mut levels, kind);
            too_deep = too_deep || depth(&levels) > DEEPEST;
            last = kind;
            end = token.span().end();
            self.at += 1;
        }
        (end, too_deep)
    }

    fn enter(levels: &mut Vec<Level>, kind: TokenKind) {
        let opens = |braces| Level {
            braces,
            in_key: braces,
            dots: 0,
        };
        let nested = levels.len() > 1;
        let Some(level) = levels.last_mut() else {
            return;
        };
        match kind {
            TokenKind::LeftSquareBracket if !level.in_key => levels.push(opens(false)),
            TokenKind::LeftCurlyBracket if !level.in_key => levels.push(opens(true)),
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket if nested => {
                levels.pop();
            }
            TokenKind::Equals => level.in_key = false,
            TokenKind::Comma => (level.in_key, level.dots) = (level.braces, 0),
            TokenKind::Dot if level.in_key => level.dots += 1,
            _ => {}
        }
    }

    /// The next token that is neither space nor comment.
    fn next_word(&self) -> usize {
        let blank = self.tokens[self.at..].iter().take_while(|token| {
            matches!(
                token.kind(),
                TokenKind::Newline | TokenKind::Whitespace | TokenKind::Comment
            )
        });
        self.at + blank.count()
    }

    /// Whether a line that begins with this token is a statement of its own, so that a bracket must be missing.
    fn begins(&self, first: usize, level: Option<&Level>, last: TokenKind) -> bool {
        match self.tokens.get(first).map(Token::kind) {
            None | Some(TokenKind::Eof) => true,
            Some(TokenKind::LeftSquareBracket) => self.looks_like_header(first),
            Some(TokenKind::Atom) => {
                let in_list = level.is_some_and(|level| !level.braces);
                let separated = matches!(last, TokenKind::Comma | TokenKind::LeftCurlyBracket);
                (in_list || !separated) && self.looks_like_pair(first)
            }
            _ => false,
        }
    }

    fn looks_like_header(&self, first: usize) -> bool {
        let mut dots = 0;
        for token in &self.tokens[first + 1..] {
            match token.kind() {
                TokenKind::Dot => dots += 1,
                TokenKind::Atom | TokenKind::Whitespace => {}
                TokenKind::RightSquareBracket => return dots > 0,
                _ => return false,
            }
        }
        false
    }

    fn looks_like_pair(&self, first: usize) -> bool {
        self.tokens[first..]
            .iter()
            .map(Token::kind)
            .find(|kind| {
                !matches!(
                    kind,
                    TokenKind::Atom | TokenKind::Dot | TokenKind::Whitespace
                )
            })
            .is_some_and(|kind| kind == TokenKind::Equals)
    }

    /// The keys of a header, or those before the `=`.
    fn path(&self, tokens: Range<usize>, is_header: bool) -> Vec<(String, Span)> {
        let mut path = Vec::new();
        let mut expected = true;
        for token in &self.tokens[tokens] {
            match token.kind() {
                TokenKind::Whitespace => {}
                TokenKind::LeftSquareBracket if is_header && path.is_empty() => {}
                TokenKind::Dot if !expected => expected = true,
                TokenKind::Atom | TokenKind::BasicString | TokenKind::LiteralString if expected => {
                    path.push((self.key(token), span(token)));
                    expected = false;
                }
                _ => break,
            }
        }
        path
    }

    fn key(&self, token: &Token) -> String {
        let raw = &self.text[span(token)];
        let key = raw.trim_matches(['"', '\'']);
        key.trim_end_matches(':').to_owned()
    }
}

/// How many keys and brackets lie in one another.
fn depth(levels: &[Level]) -> usize {
    levels.len() + levels.iter().map(|level| level.dots).sum::<usize>()
}
