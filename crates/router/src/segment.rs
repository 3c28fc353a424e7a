//! One segment with groups, and how it takes a piece of a path.

use crate::filter::Filter;
use crate::params::{MAX_PARAMS, Params};

/// The longest segment, in bytes, that a pattern with several groups in one segment matches.
///
/// It bounds the work for texts such as `a-a-a-a-a`, which can be divided in many ways. A segment
/// with one group has no such limit.
pub const MAX_SPLIT: usize = 256;

/// A segment with groups: `file-<id:int>.html`. Equal segments share a branch of the tree.
#[derive(Debug, PartialEq)]
pub(crate) struct Segment {
    /// The text before the first group.
    pub(crate) prefix: Box<str>,
    /// At least one.
    pub(crate) groups: Box<[Group]>,
    /// Whether the last group takes the rest of the path and not of the segment. Nothing follows
    /// it then.
    pub(crate) rest: bool,
}

/// A group and the text after it, which is empty only for the last group of a segment.
#[derive(Debug, PartialEq)]
pub(crate) struct Group {
    pub(crate) filter: Filter,
    pub(crate) after: Box<str>,
}

impl Segment {
    /// Whether this is a catch-all, which comes after all other groups.
    pub(crate) fn is_catch_all(&self) -> bool {
        matches!(self.groups.last(), Some(Group { filter: Filter::Path, .. }))
    }

    /// Whether the segment of `path` in `start..end` fits, `end` being the next slash or the end
    /// of the path. Adds the places of the groups; what it adds for nothing, the caller removes.
    pub(crate) fn matches(
        &self,
        path: &str,
        start: usize,
        end: usize,
        params: &mut Params,
    ) -> bool {
        if !path[start..end].starts_with(&*self.prefix) {
            return false;
        }
        let first = start + self.prefix.len();
        let mut split =
            Split { segment: self, path, first, end, params, failed: Failed::default() };
        match &*self.groups {
            [only] => split.last(only, first),
            _ => end - first <= MAX_SPLIT && split.place(0, first),
        }
    }
}

/// Divides a segment among its groups, each taking as much as it can, as a regular expression
/// would.
struct Split<'a> {
    segment: &'a Segment,
    path: &'a str,
    /// Where the first group starts.
    first: usize,
    /// Where the segment of the path ends.
    end: usize,
    params: &'a mut Params,
    failed: Failed,
}

impl Split<'_> {
    /// Places the groups from `index` on, the first of them at `start`. Every pair of group and
    /// start is tried once, so the work is bounded by groups times length squared.
    fn place(&mut self, index: usize, start: usize) -> bool {
        let group = &self.segment.groups[index];
        if index + 1 == self.segment.groups.len() {
            return self.last(group, start);
        }
        if self.failed.contains(index, start - self.first) {
            return false;
        }
        let before = self.params.len();
        let after = group.after.as_bytes();
        for end in (start..=self.end.saturating_sub(after.len())).rev() {
            // `after` starts with the first byte of a character, so `end` is a boundary.
            if self.path.as_bytes()[end..self.end].starts_with(after)
                && group.filter.fits(&self.path[start..end])
            {
                self.params.push(start, end);
                if self.place(index + 1, end + after.len()) {
                    return true;
                }
                self.params.truncate(before);
            }
        }
        self.failed.insert(index, start - self.first);
        false
    }

    /// The last group has one possible end: before its text, or the end of the path.
    fn last(&mut self, group: &Group, start: usize) -> bool {
        let text = if self.segment.rest {
            &self.path[start..]
        } else {
            match self.path[start..self.end].strip_suffix(&*group.after) {
                Some(text) => text,
                None => return false,
            }
        };
        let fits = group.filter.fits(text);
        if fits {
            self.params.push(start, start + text.len());
        }
        fits
    }
}

/// Which groups failed at which offset: a bit for each pair.
struct Failed([u64; FAILED_WORDS]);

const FAILED_WORDS: usize = (MAX_PARAMS * (MAX_SPLIT + 1)).div_ceil(64);

impl Default for Failed {
    fn default() -> Self {
        Self([0; FAILED_WORDS])
    }
}

impl Failed {
    fn contains(&self, group: usize, offset: usize) -> bool {
        let bit = group * (MAX_SPLIT + 1) + offset;
        self.0[bit / 64] >> (bit % 64) & 1 == 1
    }

    fn insert(&mut self, group: usize, offset: usize) {
        let bit = group * (MAX_SPLIT + 1) + offset;
        self.0[bit / 64] |= 1 << (bit % 64);
    }
}
