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
        match &*self.groups {
            [only] => match self.last_end(only, path, first, end) {
                Some(stop) => {
                    params.push(first, stop);
                    true
                }
                None => false,
            },
            _ if end - first > MAX_SPLIT => false,
            _ => Split { segment: self, path, first, end, params, failed: Failed::default() }
                .place(0, first),
        }
    }

    /// Where the last group ends if it starts at `start` and fits: there is one possible end,
    /// before the text after it or at the end of the path.
    fn last_end(&self, group: &Group, path: &str, start: usize, end: usize) -> Option<usize> {
        let text = if self.rest {
            &path[start..]
        } else {
            path[start..end].strip_suffix(&*group.after)?
        };
        group.filter.fits(text).then_some(start + text.len())
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
    /// Places the groups from `index` on, the first of them at `start`. No pair of group and
    /// start fails twice, so the work is bounded by groups times length squared.
    fn place(&mut self, index: usize, start: usize) -> bool {
        if self.failed.contains(index, start - self.first) {
            return false;
        }
        let segment = self.segment;
        let group = &segment.groups[index];
        let placed = if index + 1 < segment.groups.len() {
            self.place_before_text(index, start, group)
        } else if let Some(stop) = segment.last_end(group, self.path, start, self.end) {
            self.params.push(start, stop);
            true
        } else {
            false
        };
        if !placed {
            self.failed.insert(index, start - self.first);
        }
        placed
    }

    /// Tries all ends of a group that is not the last, the longest text first.
    fn place_before_text(&mut self, index: usize, start: usize, group: &Group) -> bool {
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
        false
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
