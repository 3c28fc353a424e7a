//! The tree of patterns: a radix tree over their bytes, with a node of its own wherever a segment
//! with groups begins.

use crate::allow::Allow;
use crate::method_set::{Method, MethodSet};
use crate::methods::Methods;
use crate::params::Params;
use crate::pattern::Piece;
use crate::route::RouteId;
use crate::scan;
use crate::segment::Segment;

/// Patterns, and the numbers of the routes that end at each.
///
/// Every node has its own place in the tree and therefore one possible place in a path, so a
/// search visits it at most once: hostile paths cost at most one look at each branch.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The first is the root.
    nodes: Vec<Node>,
}

/// Text, and what can follow it: one line of the processor's cache. What never changes while paths
/// are looked up needs no room to grow.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Node {
    /// The text that leads from the parent to this node; several segments of it, when nothing
    /// branches off between them.
    text: Box<[u8]>,
    /// What goes on with text: the first byte of a child's text, and the child.
    children: Box<[(u8, u32)]>,
    /// Segments with groups in the order of registration, catch-alls last. Only where a segment
    /// begins.
    branches: Box<[Branch]>,
    /// The routes that end here. Their methods do not overlap.
    ends: Box<[End]>,
}

/// A segment with groups, and where it leads.
#[derive(Debug)]
struct Branch {
    segment: Segment,
    /// What the segment is, when it is one group and nothing else.
    class: Class,
    child: u32,
}

/// Groups that are found by one look at each byte, which finds the end of the segment as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Text,
    Int,
    Word,
    Hex,
    /// Everything else: the end of the segment is looked for first.
    Other,
}

/// A route at the end of its pattern.
#[derive(Debug)]
struct End {
    known: Methods,
    /// Whether it has other methods, too; the route knows which.
    has_extensions: bool,
    id: RouteId,
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl Node {
    /// A node that nothing is known of yet, not even its text.
    fn is_blank(&self) -> bool {
        self.text.is_empty()
            && self.children.is_empty()
            && self.branches.is_empty()
            && self.ends.is_empty()
    }

    #[inline]
    fn child(&self, first: u8) -> Option<usize> {
        let (_, child) = self.children.iter().find(|(own, _)| *own == first)?;
        Some(*child as usize)
    }
}

impl Tree {
    /// The end of a pattern with these segments, made if there is none yet.
    pub(crate) fn grow(&mut self, pattern: Vec<Piece>) -> usize {
        let mut node = 0;
        let mut ends_with_text = false;
        for piece in pattern {
            ends_with_text = matches!(piece, Piece::Text(_));
            node = match piece {
                Piece::Text(text) => self.text(node, text.as_bytes()),
                Piece::Groups(segment) => self.branch(node, segment),
            };
        }
        // Behind a group there may be text already, and this pattern ends before it.
        if ends_with_text { node } else { self.text(node, b"") }
    }

    /// The node at the end of `text`, counted from the beginning of the text of `node`.
    fn text(&mut self, mut node: usize, mut text: &[u8]) -> usize {
        if self.nodes[node].is_blank() {
            self.nodes[node].text = text.into();
            return node;
        }
        loop {
            let own = &self.nodes[node].text;
            let common = own.iter().zip(text).take_while(|(own, given)| own == given).count();
            if common < own.len() {
                self.split(node, common);
            }
            text = &text[common..];
            let Some(first) = text.first() else { return node };
            node = match self.nodes[node].child(*first) {
                Some(child) => child,
                None => {
                    let child = self.add(Node { text: text.into(), ..Node::default() });
                    grow(&mut self.nodes[node].children, usize::MAX, (*first, child));
                    return child as usize;
                }
            };
        }
    }

    /// Divides the text of a node; the node keeps the first part and its number, so that who leads
    /// to it need not know.
    fn split(&mut self, node: usize, at: usize) {
        let mut lower = std::mem::take(&mut self.nodes[node]);
        let text = std::mem::take(&mut lower.text);
        lower.text = text[at..].into();
        let child = self.add(lower);
        let upper = &mut self.nodes[node];
        upper.text = text[..at].into();
        grow(&mut upper.children, usize::MAX, (text[at], child));
    }

    fn branch(&mut self, node: usize, segment: Segment) -> usize {
        let branches = &self.nodes[node].branches;
        if let Some(same) = branches.iter().find(|branch| branch.segment == segment) {
            return same.child as usize;
        }
        let place = if segment.is_catch_all() {
            branches.len()
        } else {
            branches.partition_point(|branch| !branch.segment.is_catch_all())
        };
        let child = self.add(Node::default());
        let branch = Branch { class: Class::of(&segment), segment, child };
        grow(&mut self.nodes[node].branches, place, branch);
        child as usize
    }

    fn add(&mut self, node: Node) -> u32 {
        let number = self.nodes.len();
        self.nodes.push(node);
        // A pattern adds fewer nodes than it has bytes, and there are fewer than 2^32 routes; a
        // program that comes near has no memory left.
        u32::try_from(number).expect("fewer than 2^32 nodes")
    }

    /// The routes that end at a node.
    pub(crate) fn ending_at(&self, node: usize) -> impl Iterator<Item = RouteId> {
        self.nodes[node].ends.iter().map(|end| end.id)
    }

    /// Adds a route that ends at a node.
    pub(crate) fn end(&mut self, node: usize, id: RouteId, methods: &MethodSet) {
        let has_extensions = methods.extensions().next().is_some();
        let end = End { known: methods.known(), has_extensions, id };
        grow(&mut self.nodes[node].ends, usize::MAX, end);
    }

    /// Changes the methods of a route; one without any is no longer found.
    pub(crate) fn change(&mut self, id: RouteId, methods: &MethodSet) {
        for node in &mut self.nodes {
            let Some(end) = node.ends.iter_mut().find(|end| end.id == id) else { continue };
            end.known = methods.known();
            end.has_extensions = methods.extensions().next().is_some();
            if methods.is_empty() {
                let ends = std::mem::take(&mut node.ends);
                node.ends = ends.into_iter().filter(|end| end.id != id).collect();
            }
        }
    }

    /// The best route for the path and the method, and where its groups stand. `methods_of` has
    /// the methods of a route, which are asked for only if the method is not a standard one.
    pub(crate) fn find<'m>(
        &self,
        method: Method<'_>,
        path: &str,
        params: &mut Params,
        methods_of: impl Fn(RouteId) -> &'m MethodSet,
    ) -> Lookup {
        let mut matched = false;
        let found = self.search(path, params, &mut |ends: &[End]| {
            matched |= !ends.is_empty();
            serving(ends, method, &methods_of)
        });
        match found {
            Some(id) => Lookup::Match(id, path.len()),
            None if matched => Lookup::MethodNotAllowed,
            None => Lookup::NotFound,
        }
    }

    /// The methods of all routes that match the path.
    pub(crate) fn allowed<'m>(
        &self,
        path: &str,
        methods_of: impl Fn(RouteId) -> &'m MethodSet,
    ) -> Allow {
        let mut allow = Allow::default();
        self.search(path, &mut { Params::EMPTY }, &mut |ends: &[End]| {
            ends.iter().for_each(|end| allow.add(methods_of(end.id)));
            None
        });
        allow
    }

    /// Whether no pattern was ever added.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes[0].is_blank()
    }

    /// The pattern that matches the longest part of the path, up to a slash or to the end; where
    /// that part ends, and the groups. Text comes before groups when two are equally long.
    pub(crate) fn deepest(&self, path: &str, params: &mut Params) -> Lookup {
        if u32::try_from(path.len()).is_err() {
            return Lookup::NotFound;
        }
        let mut best = None;
        params.truncate(0);
        self.walk_all(0, path, 0, params, &mut best);
        match best {
            Some((id, end, groups)) => {
                *params = groups;
                Lookup::Match(id, end)
            }
            None => Lookup::NotFound,
        }
    }

    /// Offers the ends of all patterns that match to `take`, best first, until it takes one.
    fn search<F>(&self, path: &str, params: &mut Params, take: &mut F) -> Option<RouteId>
    where
        F: FnMut(&[End]) -> Option<RouteId>,
    {
        // Places are kept in 32 bits.
        if u32::try_from(path.len()).is_err() {
            return None;
        }
        self.walk(0, path, 0, params, take)
    }

    /// Searches at and below a node whose text may begin at `at`. It calls itself only where there
    /// is a choice, which is where segments begin, so no deeper than patterns have segments.
    fn walk<F>(
        &self,
        mut node: usize,
        path: &str,
        mut at: usize,
        params: &mut Params,
        take: &mut F,
    ) -> Option<RouteId>
    where
        F: FnMut(&[End]) -> Option<RouteId>,
    {
        'down: loop {
            let here = &self.nodes[node];
            if !scan::begins(&path.as_bytes()[at..], &here.text) {
                return None;
            }
            at += here.text.len();
            let followed = match path.as_bytes().get(at) {
                None => take(&here.ends),
                Some(first) => match here.child(*first) {
                    Some(child) if here.branches.is_empty() => {
                        node = child;
                        continue;
                    }
                    Some(child) => {
                        let before = params.len();
                        let found = self.walk(child, path, at, params, take);
                        if found.is_none() {
                            params.truncate(before);
                        }
                        found
                    }
                    None => None,
                },
            };
            let Some((last, others)) = here.branches.split_last() else { return followed };
            if followed.is_some() {
                return followed;
            }
            let before = params.len();
            for branch in others {
                if let Some(end) = branch.matches(path, at, params) {
                    let child = branch.child as usize;
                    let found = if branch.segment.rest {
                        take(&self.nodes[child].ends)
                    } else {
                        self.walk(child, path, end, params, take)
                    };
                    if found.is_some() {
                        return found;
                    }
                }
                params.truncate(before);
            }
            // Whoever called takes back what the last one leaves in `params`.
            let end = last.matches(path, at, params)?;
            node = last.child as usize;
            if last.segment.rest {
                return take(&self.nodes[node].ends);
            }
            at = end;
            continue 'down;
        }
    }

    /// As `walk`, for patterns that match a part of the path: all of them, since the longest is
    /// known only then.
    fn walk_all(
        &self,
        mut node: usize,
        path: &str,
        mut at: usize,
        params: &mut Params,
        best: &mut Option<(RouteId, usize, Params)>,
    ) {
        let bytes = path.as_bytes();
        loop {
            let here = &self.nodes[node];
            if !scan::begins(&bytes[at..], &here.text) {
                return;
            }
            at += here.text.len();
            let is_boundary = bytes.get(at).is_none_or(|byte| *byte == b'/')
                || at > 0 && bytes.get(at - 1) == Some(&b'/');
            if let Some(end) = here.ends.first()
                && is_boundary
                && best.is_none_or(|(_, longest, _)| at > longest)
            {
                *best = Some((end.id, at, *params));
            }
            let child = bytes.get(at).and_then(|first| here.child(*first));
            if here.branches.is_empty() {
                let Some(child) = child else { return };
                node = child;
                continue;
            }
            if let Some(child) = child {
                self.walk_all(child, path, at, params, best);
            }
            let before = params.len();
            for branch in &here.branches {
                if let Some(end) = branch.matches(path, at, params) {
                    self.walk_all(branch.child as usize, path, end, params, best);
                }
                params.truncate(before);
            }
            return;
        }
    }
}

/// Inserts at a place, or at the end if there are not so many.
fn grow<T>(list: &mut Box<[T]>, place: usize, item: T) {
    let mut items = std::mem::take(list).into_vec();
    items.reserve_exact(1);
    items.insert(place.min(items.len()), item);
    *list = items.into();
}

/// The route for this method among those that end at a node; `GET` stands in for `HEAD`.
fn serving<'m>(
    ends: &[End],
    method: Method<'_>,
    methods_of: &impl Fn(RouteId) -> &'m MethodSet,
) -> Option<RouteId> {
    let known = match method {
        Method::Known(known) => known,
        Method::Extension(_) => {
            let has = |end: &&End| end.has_extensions && methods_of(end.id).has(method);
            return ends.iter().find(has).map(|end| end.id);
        }
    };
    let serving = |known| ends.iter().find(|end| end.known.contains(known)).map(|end| end.id);
    match serving(known) {
        None if known == Methods::HEAD => serving(Methods::GET),
        found => found,
    }
}

impl Branch {
    /// Whether the segment that begins at `start` fits, and where it ends. Adds the places of the
    /// groups; what it adds for nothing, the caller removes.
    #[inline(always)]
    fn matches(&self, path: &str, start: usize, params: &mut Params) -> Option<usize> {
        let bytes = path.as_bytes();
        let end = match self.class {
            Class::Text => scan::text(bytes, start)?,
            Class::Int => scan::int(bytes, start)?,
            Class::Word => scan::word(path, start)?,
            Class::Hex => scan::hex(bytes, start)?,
            Class::Other => return self.matches_other(path, start, params),
        };
        params.push(start, end);
        Some(end)
    }

    #[inline(never)]
    fn matches_other(&self, path: &str, start: usize, params: &mut Params) -> Option<usize> {
        let end = scan::segment(path.as_bytes(), start);
        self.segment.matches(path, start, end, params).then_some(end)
    }
}

impl Class {
    fn of(segment: &Segment) -> Self {
        use crate::filter::Filter;
        match &*segment.groups {
            [only] if segment.prefix.is_empty() && only.after.is_empty() => match only.filter {
                Filter::Text => Self::Text,
                Filter::Int => Self::Int,
                Filter::Word => Self::Word,
                Filter::Hex => Self::Hex,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// What a search gives.
pub(crate) enum Lookup {
    /// A route, and where the part of the path ends that it matched.
    Match(RouteId, usize),
    MethodNotAllowed,
    NotFound,
}
