//! Reads a pattern.

use crate::error::{InsertErrorKind, Problem};
use crate::filter::{Filter, Filters, is_word};
use crate::params::MAX_PARAMS;
use crate::route::Param;
use crate::segment::{Group, Segment};

/// The most segments one pattern may have, which bounds the depth of a search.
pub const MAX_SEGMENTS: usize = 128;

/// A pattern in pieces.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) params: Vec<Param>,
}

/// A piece of a pattern.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Text with its slashes, up to the slash before the next segment with groups.
    Text(String),
    /// A segment with groups, without the slashes around it.
    Groups(Segment),
}

impl Piece {
    /// The same for a pattern that goes on after its last piece.
    pub(crate) fn within_segment(self) -> Self {
        match self {
            Self::Groups(segment) => Self::Groups(Segment { rest: false, ..segment }),
            text => text,
        }
    }
}

impl Pattern {
    pub(crate) fn parse(pattern: &str, filters: &Filters) -> Result<Self, Problem> {
        let Some(mut rest) = pattern.strip_prefix('/') else {
            return Err(Problem::new(InsertErrorKind::MissingSlash, "a pattern starts with '/'"));
        };
        let mut parser = Parser::default();
        while let Some(char) = rest.chars().next() {
            let mut tail = &rest[char.len_utf8()..];
            match char {
                '/' => parser.end_segment(false)?,
                '<' => {
                    let Some((group, after)) = tail.split_once('>') else {
                        return Err(unbalanced("a '<' has no '>'"));
                    };
                    tail = after;
                    parser.group(group, filters)?;
                }
                '>' => return Err(unbalanced("a '>' has no '<'")),
                // The form in which paths are compared keeps the percent sign encoded.
                '%' => parser.text("%25")?,
                _ => {
                    let end = rest.find(['/', '<', '>', '%']).unwrap_or(rest.len());
                    parser.text(&rest[..end])?;
                    tail = &rest[end..];
                }
            }
            rest = tail;
        }
        parser.end_segment(true)?;
        if !parser.before.is_empty() {
            parser.pieces.push(Piece::Text(parser.before));
        }
        Ok(Self { pieces: parser.pieces, params: parser.params })
    }
}

#[derive(Default)]
struct Parser {
    pieces: Vec<Piece>,
    params: Vec<Param>,
    /// How many segments there are so far.
    segments: usize,
    /// The text since the last segment with groups.
    before: String,
    /// Of the current segment: the text before its groups,
    prefix: String,
    /// and its groups with the text after each.
    groups: Vec<(Filter, String)>,
}

impl Parser {
    fn text(&mut self, text: &str) -> Result<(), Problem> {
        match self.groups.last_mut() {
            None => self.prefix.push_str(text),
            Some((Filter::Path, _)) => return Err(path_not_last()),
            Some((_, after)) => after.push_str(text),
        }
        Ok(())
    }

    /// Adds the group with this text between `<` and `>`.
    fn group(&mut self, text: &str, filters: &Filters) -> Result<(), Problem> {
        if let Some((last, after)) = self.groups.last() {
            if matches!(last, Filter::Path) {
                return Err(path_not_last());
            }
            if after.is_empty() {
                return Err(Problem::new(
                    InsertErrorKind::AdjacentGroups,
                    format!(
                        "there has to be some text before the group <{text}>, so that it is \
                             clear where the one before it ends"
                    ),
                ));
            }
        }
        let (name, written) = match text.split_once(':') {
            Some((name, written)) => (name, Some(written)),
            None => (text, None),
        };
        refuse_spaces(text, name, written)?;
        if name.is_empty() || !name.chars().all(is_word) {
            return Err(Problem::new(
                InsertErrorKind::Name,
                format!("the group <{text}> needs a name of letters, digits and '_'"),
            ));
        }
        if self.params.iter().any(|param| *param.name == *name) {
            return Err(Problem::new(
                InsertErrorKind::DuplicateName,
                format!("two groups are named \"{name}\""),
            ));
        }
        if self.params.len() == MAX_PARAMS {
            return Err(Problem::new(
                InsertErrorKind::TooManyGroups,
                format!("there are more than {MAX_PARAMS} groups"),
            ));
        }
        let filter = written.map_or(Ok(Filter::Text), |written| filters.resolve(written))?;
        self.params.push(Param {
            name: name.into(),
            test: filter.clone(),
            filter: written.map(Into::into),
            rest: false,
        });
        self.groups.push((filter, String::new()));
        Ok(())
    }

    /// Closes the current segment at a slash, or at the end of the pattern.
    fn end_segment(&mut self, is_end: bool) -> Result<(), Problem> {
        let rest = match self.groups.last() {
            Some((Filter::Path, _)) if !is_end => return Err(path_not_last()),
            Some((filter, after)) => {
                is_end && after.is_empty() && matches!(filter, Filter::Path | Filter::Regex(_))
            }
            None => false,
        };
        if let Some(last) = self.params.last_mut()
            && rest
        {
            last.rest = true;
        }
        if self.segments == MAX_SEGMENTS {
            return Err(Problem::new(
                InsertErrorKind::TooManySegments,
                format!("there are more than {MAX_SEGMENTS} segments"),
            ));
        }
        self.segments += 1;
        self.before.push('/');
        if self.groups.is_empty() {
            self.before.push_str(&self.prefix);
            self.prefix.clear();
            return Ok(());
        }
        let prefix = std::mem::take(&mut self.prefix).into_boxed_str();
        let groups = self.groups.drain(..);
        let groups = groups.map(|(filter, after)| Group { filter, after: after.into() }).collect();
        self.pieces.push(Piece::Text(std::mem::take(&mut self.before)));
        self.pieces.push(Piece::Groups(Segment { prefix, groups, rest }));
        Ok(())
    }
}

/// White space belongs into a group only in the middle of an expression.
fn refuse_spaces(text: &str, name: &str, written: Option<&str>) -> Result<(), Problem> {
    let written = written.unwrap_or_default();
    let (filter, expression) = written.split_once(':').unwrap_or((written, ""));
    if name.contains(char::is_whitespace)
        || filter.contains(char::is_whitespace)
        || expression.trim() != expression
    {
        return Err(Problem::new(
            InsertErrorKind::Space,
            format!(
                "the group <{text}> must not contain spaces; write <id:int>, <name:word>, \
                     <value:float>"
            ),
        ));
    }
    Ok(())
}

#[cold]
fn unbalanced(what: &str) -> Problem {
    Problem::new(
        InsertErrorKind::Unbalanced,
        format!("{what}; both are for groups such as <id:int> and cannot be written as text"),
    )
}

#[cold]
fn path_not_last() -> Problem {
    Problem::new(
        InsertErrorKind::PathNotLast,
        "a path group takes the rest of the path, so nothing can follow it",
    )
}
