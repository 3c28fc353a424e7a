//! The tags of a template: text becomes a tree of nodes. HTML is not looked at here.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::source::{At, Source};

/// A piece of a source, taken apart.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub(crate) source: Arc<Source>,
    pub(crate) nodes: Vec<Node>,
}

#[derive(Debug)]
pub(crate) enum Node {
    /// This part of the source.
    Text(Range<usize>),
    /// A literal brace.
    Brace,
    Put(Put),
    If {
        /// Conditions and what they lead to, in order.
        arms: Vec<(Condition, Vec<Self>)>,
        otherwise: Vec<Self>,
    },
    For(For),
    /// Another template in this place.
    Include {
        name: Box<str>,
        at: usize,
    },
    /// A place that sections of the same name replace.
    Block {
        name: Box<str>,
        at: usize,
        body: Vec<Self>,
    },
}

/// A value that is printed.
#[derive(Debug)]
pub(crate) struct Put {
    pub(crate) path: Path,
    pub(crate) raw: bool,
    pub(crate) converter: Option<Box<str>>,
    /// Stands where there is no value.
    pub(crate) default: Option<Box<str>>,
    /// The whole tag.
    pub(crate) span: Range<usize>,
}

/// `user.name`
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) names: Vec<Box<str>>,
    pub(crate) span: Range<usize>,
}

#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) path: Path,
    pub(crate) negated: bool,
}

#[derive(Debug)]
pub(crate) struct For {
    /// The name of the item; without one the names of its fields are used.
    pub(crate) item: Option<Box<str>>,
    pub(crate) list: Path,
    pub(crate) body: Vec<Node>,
    pub(crate) otherwise: Vec<Node>,
}

/// Names in a path.
const LONGEST_PATH: usize = 16;

/// Takes the part of a source apart.
pub(crate) fn parse(
    source: &Arc<Source>,
    range: Range<usize>,
    max_depth: usize,
) -> Result<Fragment, Error> {
    let parser = Parser { source, text: &source.text, range, max_depth, levels: Vec::new() };
    Ok(Fragment { source: source.clone(), nodes: parser.run()? })
}

struct Parser<'a> {
    source: &'a Arc<Source>,
    text: &'a str,
    range: Range<usize>,
    max_depth: usize,
    /// The open tags, the outermost first.
    levels: Vec<Level>,
}

struct Level {
    tag: Open,
    at: usize,
    /// What stood before the tag.
    before: Vec<Node>,
}

enum Open {
    If { arms: Vec<(Condition, Vec<Node>)>, condition: Condition },
    IfElse { arms: Vec<(Condition, Vec<Node>)> },
    For { item: Option<Box<str>>, list: Path },
    ForElse { item: Option<Box<str>>, list: Path, body: Vec<Node> },
    Block { name: Box<str> },
}

impl Open {
    fn name(&self) -> &'static str {
        match self {
            Self::If { .. } | Self::IfElse { .. } => "if",
            Self::For { .. } | Self::ForElse { .. } => "for",
            Self::Block { .. } => "block",
        }
    }
}

/// What begins with a brace.
enum Tag<'a> {
    Brace,
    Comment,
    Put(Put),
    /// The range is what it holds.
    Literal(Range<usize>),
    /// `{#word rest}`
    Open(&'a str, Range<usize>),
    /// `{/word}`
    Close(&'a str),
}

impl<'a> Parser<'a> {
    fn run(mut self) -> Result<Vec<Node>, Error> {
        let mut nodes = Vec::new();
        // Text from here to the cursor is not yet a node.
        let (mut start, mut cursor) = (self.range.start, self.range.start);
        while let Some(found) = self.text[cursor..self.range.end].find('{') {
            let at = cursor + found;
            let Some((tag, end)) = self.tag(at)? else {
                cursor = at + 1;
                continue;
            };
            let (text_end, next) = match tag {
                Tag::Put(_) | Tag::Brace | Tag::Literal(_) => (at, end),
                _ => self.whole_line(start, at, end).unwrap_or((at, end)),
            };
            push_text(&mut nodes, start..text_end);
            match tag {
                Tag::Brace => nodes.push(Node::Brace),
                Tag::Comment => {}
                Tag::Put(put) => nodes.push(Node::Put(put)),
                Tag::Literal(range) => push_text(&mut nodes, range),
                Tag::Open(word, rest) => self.open(word, rest, at, &mut nodes)?,
                Tag::Close(word) => self.close(word, at, &mut nodes)?,
            }
            (start, cursor) = (next, next);
        }
        push_text(&mut nodes, start..self.range.end);
        match self.levels.last() {
            None => Ok(nodes),
            Some(Level { tag, at, .. }) => {
                let name = tag.name();
                Err(self.wrong(*at, format!("`{{#{name}` is not closed: `{{/{name}}}` is missing")))
            }
        }
    }

    /// A tag that is alone on its line takes the line with it: where the text before ends, and
    /// where that behind begins.
    fn whole_line(&self, start: usize, at: usize, end: usize) -> Option<(usize, usize)> {
        let before = &self.text[start..at];
        let line = match before.rfind('\n') {
            Some(newline) => start + newline + 1,
            None if start == self.range.start => start,
            // Another tag ended exactly with its line, or stands on this one.
            None if self.text[..start].ends_with('\n') => start,
            None => return None,
        };
        let blank = |byte: u8| matches!(byte, b' ' | b'\t');
        if !self.text[line..at].bytes().all(blank) {
            return None;
        }
        // Not up to the next line end: of many tags on one long line each would look that far.
        let behind = &self.text.as_bytes()[end..self.range.end];
        let blanks = behind.iter().take_while(|byte| blank(**byte)).count();
        let length = match &behind[blanks..] {
            [] => 0,
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return None,
        };
        Some((line, end + blanks + length))
    }

    /// The tag at a brace and where it ends; `None` if the brace is only a brace.
    fn tag(&self, at: usize) -> Result<Option<(Tag<'a>, usize)>, Error> {
        let text = &self.text[at..self.range.end];
        if text.starts_with("{'{'}") {
            return Ok(Some((Tag::Brace, at + 5)));
        }
        if let Some(comment) = text.strip_prefix("{*") {
            let Some(end) = comment.find("*}") else {
                return Err(self.wrong(at, "the comment is not closed: `*}` is missing"));
            };
            return Ok(Some((Tag::Comment, at + 2 + end + 2)));
        }
        match text.as_bytes().get(1) {
            Some(b'#') => self.open_tag(at),
            Some(b'/') => {
                let word = name(&text[2..]);
                let closed = !word.is_empty() && text[2 + word.len()..].starts_with('}');
                Ok(closed.then(|| (Tag::Close(word), at + 2 + word.len() + 1)))
            }
            Some(b'.') => self.put(at, 2),
            _ => self.put(at, 1),
        }
    }

    fn open_tag(&self, at: usize) -> Result<Option<(Tag<'a>, usize)>, Error> {
        let text = &self.text[at..self.range.end];
        let word = name(&text[2..]);
        if word.is_empty() {
            return Ok(None);
        }
        // A tag stands on one line, so that a forgotten brace does not swallow the page.
        let end = text.find(['}', '\n']).filter(|end| text[*end..].starts_with('}'));
        let Some(end) = end else {
            return Err(self.wrong(at, format!("`{{#{word}` has no `}}` on its line")));
        };
        if word != "literal" {
            return Ok(Some((Tag::Open(word, at + 2 + word.len()..at + end), at + end + 1)));
        }
        const CLOSE: &str = "{/literal}";
        let Some(length) = text[end + 1..].find(CLOSE) else {
            return Err(self.wrong(at, "`{#literal}` is not closed: `{/literal}` is missing"));
        };
        let content = at + end + 1..at + end + 1 + length;
        let next = content.end + CLOSE.len();
        Ok(Some((Tag::Literal(content), next)))
    }

    /// `{name}`, `{.name}`, `{name:how}`, `{name|default}`; anything else is text.
    fn put(&self, at: usize, skip: usize) -> Result<Option<(Tag<'a>, usize)>, Error> {
        let Some((path, mut end)) = self.path(at + skip)? else { return Ok(None) };
        let behind = |end: usize| &self.text[end..self.range.end];
        let mut converter = None;
        if let Some(rest) = behind(end).strip_prefix(':') {
            let word = name(rest);
            if word.is_empty() {
                return Ok(None);
            }
            converter = Some(word.into());
            end += 1 + word.len();
        }
        let mut default = None;
        if let Some(rest) = behind(end).strip_prefix('|') {
            let length = rest.find(['{', '}', '\n']).unwrap_or(rest.len());
            default = Some(rest[..length].into());
            end += 1 + length;
        }
        if !behind(end).starts_with('}') {
            return Ok(None);
        }
        let raw = skip == 2;
        let span = at..end + 1;
        Ok(Some((Tag::Put(Put { path, raw, converter, default, span }), end + 1)))
    }

    /// Names with dots between them, and where they end.
    fn path(&self, at: usize) -> Result<Option<(Path, usize)>, Error> {
        let (mut names, mut end) = (Vec::new(), at);
        loop {
            let word = name(&self.text[end..self.range.end]);
            if word.is_empty() {
                return Ok(None);
            }
            names.push(word.into());
            end += word.len();
            if !self.text[end..self.range.end].starts_with('.') {
                break;
            }
            end += 1;
        }
        if names.len() > LONGEST_PATH {
            let message = format!("a path has at most {LONGEST_PATH} names");
            return Err(Error::new(ErrorKind::Limit, message, &self.at(at)));
        }
        Ok(Some((Path { names, span: at..end }, end)))
    }

    /// A path that fills the range, but for blanks around it.
    fn whole_path(&self, range: Range<usize>, tag: &str) -> Result<Path, Error> {
        let text = &self.text[range.clone()];
        let start = range.start + (text.len() - text.trim_start().len());
        match self.path(start)? {
            Some((path, end)) if self.text[end..range.end].trim().is_empty() => Ok(path),
            _ => Err(self.wrong(start, format!("`{{#{tag} …}}` wants a name like `user.name`"))),
        }
    }

    fn open(
        &mut self,
        word: &str,
        rest: Range<usize>,
        at: usize,
        nodes: &mut Vec<Node>,
    ) -> Result<(), Error> {
        match word {
            "if" => {
                let condition = self.condition(rest, "if")?;
                self.push_level(Open::If { arms: Vec::new(), condition }, at, nodes)
            }
            "for" => {
                let (item, list) = self.loop_head(rest)?;
                self.push_level(Open::For { item, list }, at, nodes)
            }
            "block" => {
                let name = self.one_name(rest, "block")?;
                self.push_level(Open::Block { name }, at, nodes)
            }
            "include" => {
                let name = self.text[rest].trim().into();
                nodes.push(Node::Include { name, at });
                Ok(())
            }
            "elif" => {
                let next = self.condition(rest, "elif")?;
                match self.levels.last_mut() {
                    Some(Level { tag: Open::If { arms, condition }, .. }) => {
                        let condition = std::mem::replace(condition, next);
                        arms.push((condition, std::mem::take(nodes)));
                        Ok(())
                    }
                    _ => Err(self.wrong(
                        at,
                        "`{#elif …}` belongs into an `{#if …}`, before its \
                         `{#else}`",
                    )),
                }
            }
            "else" => {
                if !self.text[rest.clone()].trim().is_empty() {
                    return Err(self.wrong(
                        rest.start,
                        "`{#else}` takes nothing; `{#elif …}` has a \
                         condition",
                    ));
                }
                self.otherwise(at, nodes)
            }
            other => {
                let message = format!(
                    "no tag `{{#{other}`; there are if, elif, else, for, block, include and \
                     literal (a brace that is none of these is written `{{'{{'}}`)"
                );
                Err(self.wrong(at, message))
            }
        }
    }

    fn otherwise(&mut self, at: usize, nodes: &mut Vec<Node>) -> Result<(), Error> {
        let Some(level) = self.levels.pop() else {
            return Err(self.wrong(at, "`{#else}` belongs into an `{#if …}` or a `{#for …}`"));
        };
        let tag = match level.tag {
            Open::If { mut arms, condition } => {
                arms.push((condition, std::mem::take(nodes)));
                Open::IfElse { arms }
            }
            Open::For { item, list } => Open::ForElse { item, list, body: std::mem::take(nodes) },
            Open::IfElse { .. } | Open::ForElse { .. } => {
                return Err(self.wrong(at, "there is an `{#else}` already"));
            }
            Open::Block { .. } => {
                return Err(self.wrong(at, "`{#else}` stands in a `{#block}`, which has none"));
            }
        };
        self.levels.push(Level { tag, ..level });
        Ok(())
    }

    fn close(&mut self, word: &str, at: usize, nodes: &mut Vec<Node>) -> Result<(), Error> {
        if !["if", "for", "block"].contains(&word) {
            return Err(self.wrong(
                at,
                format!(
                    "`{{/{word}}}` closes nothing (a brace that is only text is written `{{'{{'}}`)"
                ),
            ));
        }
        let level = match self.levels.pop() {
            Some(level) if level.tag.name() == word => level,
            Some(level) => {
                let name = level.tag.name();
                let line = self.source.spot(level.at).line;
                return Err(self.wrong(
                    at,
                    format!("`{{/{word}}}` stands where `{{/{name}}}` is expected, of line {line}"),
                ));
            }
            None => return Err(self.wrong(at, format!("`{{/{word}}}` closes nothing"))),
        };
        let body = std::mem::replace(nodes, level.before);
        nodes.push(match level.tag {
            Open::If { mut arms, condition } => {
                arms.push((condition, body));
                Node::If { arms, otherwise: Vec::new() }
            }
            Open::IfElse { arms } => Node::If { arms, otherwise: body },
            Open::For { item, list } => Node::For(For { item, list, body, otherwise: Vec::new() }),
            Open::ForElse { item, list, body: first } => {
                Node::For(For { item, list, body: first, otherwise: body })
            }
            Open::Block { name } => Node::Block { name, at: level.at, body },
        });
        Ok(())
    }

    fn push_level(&mut self, tag: Open, at: usize, nodes: &mut Vec<Node>) -> Result<(), Error> {
        if self.levels.len() >= self.max_depth {
            let message =
                format!("tags are nested deeper than {} levels (max_depth)", self.max_depth);
            return Err(Error::new(ErrorKind::Limit, message, &self.at(at)));
        }
        self.levels.push(Level { tag, at, before: std::mem::take(nodes) });
        Ok(())
    }

    fn condition(&self, rest: Range<usize>, tag: &str) -> Result<Condition, Error> {
        let text = &self.text[rest.clone()];
        let trimmed = text.trim_start();
        let negated = trimmed.strip_prefix("not").is_some_and(|rest| rest.starts_with([' ', '\t']));
        let skipped = text.len() - trimmed.len() + if negated { 3 } else { 0 };
        let path = self.whole_path(rest.start + skipped..rest.end, tag)?;
        Ok(Condition { path, negated })
    }

    /// `row in rows`, or `rows`
    fn loop_head(&self, rest: Range<usize>) -> Result<(Option<Box<str>>, Path), Error> {
        let text = &self.text[rest.clone()];
        let lead = text.len() - text.trim_start().len();
        let word = name(&text[lead..]);
        let behind = &text[lead + word.len()..];
        let list = behind.trim_start();
        let Some(list) = list.strip_prefix("in").filter(|rest| rest.starts_with([' ', '\t']))
        else {
            return Ok((None, self.whole_path(rest, "for")?));
        };
        if word.is_empty() || word == "loop" {
            return Err(self.wrong(
                rest.start + lead,
                "`{#for item in items}` wants a name for the \
                 item, and `loop` is taken",
            ));
        }
        let path = self.whole_path(rest.end - list.len()..rest.end, "for")?;
        Ok((Some(word.into()), path))
    }

    fn one_name(&self, rest: Range<usize>, tag: &str) -> Result<Box<str>, Error> {
        let text = self.text[rest.clone()].trim();
        if text.is_empty() || name(text) != text {
            return Err(self.wrong(rest.start, format!("`{{#{tag} …}}` wants a name")));
        }
        Ok(text.into())
    }

    fn at(&self, offset: usize) -> At {
        At { source: self.source.clone(), offset }
    }

    fn wrong(&self, offset: usize, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Syntax, message, &self.at(offset))
    }
}

fn push_text(nodes: &mut Vec<Node>, range: Range<usize>) {
    if !range.is_empty() {
        nodes.push(Node::Text(range));
    }
}

/// The name at the start of `text`, empty if there is none: a letter or `_`, then letters, digits
/// and `_`.
pub(crate) fn name(text: &str) -> &str {
    if !text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        return "";
    }
    let end = text.find(|character: char| !(character.is_alphanumeric() || character == '_'));
    &text[..end.unwrap_or(text.len())]
}
