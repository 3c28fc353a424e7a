//! The tree of segments.

use crate::allow::Allow;
use crate::method_set::Method;
use crate::methods::Methods;
use crate::params::Params;
use crate::pattern::Piece;
use crate::route::{Route, RouteId};
use crate::segment::Segment;

/// The routes and the tree over their segments.
///
/// Every node has its own place in the tree and therefore one possible place in a path, so a
/// search visits it at most once: hostile paths cost at most one look at each branch.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The first is the root.
    nodes: Vec<Node>,
    pub(crate) routes: Vec<Route>,
}

#[derive(Debug, Default)]
struct Node {
    /// Segments of text only, sorted.
    literals: Vec<(Box<str>, usize)>,
    /// Segments with groups in the order of registration, catch-alls last.
    branches: Vec<(Segment, usize)>,
    /// The routes that end here. Their methods do not overlap.
    routes: Vec<RouteId>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], routes: Vec::new() }
    }
}

impl Tree {
    /// The end of a pattern with these segments, made if there is none yet.
    pub(crate) fn grow(&mut self, pattern: Vec<Piece>) -> usize {
        let mut node = 0;
        for piece in pattern {
            node = match piece {
                Piece::Literal(text) => self.literal(node, text),
                Piece::Groups(segment) => self.branch(node, segment),
            };
        }
        node
    }

    fn literal(&mut self, node: usize, text: Box<str>) -> usize {
        match self.nodes[node].literals.binary_search_by(|(own, _)| own.cmp(&text)) {
            Ok(place) => self.nodes[node].literals[place].1,
            Err(place) => {
                let child = self.add_node();
                self.nodes[node].literals.insert(place, (text, child));
                child
            }
        }
    }

    fn branch(&mut self, node: usize, segment: Segment) -> usize {
        if let Some((_, child)) = self.nodes[node].branches.iter().find(|(own, _)| *own == segment)
        {
            return *child;
        }
        let child = self.add_node();
        let branches = &mut self.nodes[node].branches;
        let place = if segment.is_catch_all() {
            branches.len()
        } else {
            branches.partition_point(|(own, _)| !own.is_catch_all())
        };
        branches.insert(place, (segment, child));
        child
    }

    fn add_node(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    /// The routes that end at a node.
    pub(crate) fn ending_at(&self, node: usize) -> impl Iterator<Item = &Route> {
        self.nodes[node].routes.iter().map(|id| &self.routes[id.index()])
    }

    /// Adds a route that ends at a node.
    pub(crate) fn add_route(&mut self, node: usize, route: Route) {
        self.nodes[node].routes.push(route.id);
        self.routes.push(route);
    }

    /// The best route for the path and the method.
    pub(crate) fn find(&self, method: &str, path: &str) -> Lookup<'_> {
        let method = Method::new(method);
        let mut matched = false;
        let mut params = Params::EMPTY;
        let route = self.search(path, &mut params, &mut |node| {
            matched |= !self.nodes[node].routes.is_empty();
            self.serving(node, method)
        });
        match route {
            Some(route) => Lookup::Match(route, params),
            None if matched => Lookup::MethodNotAllowed,
            None => Lookup::NotFound,
        }
    }

    /// The methods of all routes that match the path.
    pub(crate) fn allowed(&self, path: &str) -> Allow {
        let mut allow = Allow::default();
        self.search(path, &mut { Params::EMPTY }, &mut |node| {
            for route in self.ending_at(node) {
                allow.add(&route.methods);
            }
            None
        });
        allow
    }

    /// The route for this method among those that end at the node; `GET` stands in for `HEAD`.
    fn serving(&self, node: usize, method: Method<'_>) -> Option<&Route> {
        let serving = |method| self.ending_at(node).find(|route| route.methods.has(method));
        serving(method).or_else(|| match method {
            Method::Known(Methods::HEAD) => serving(Method::Known(Methods::GET)),
            _ => None,
        })
    }

    /// Offers the ends of all patterns that match to `take`, best first, until it takes one.
    fn search<'t>(
        &'t self,
        path: &str,
        params: &mut Params,
        take: &mut dyn FnMut(usize) -> Option<&'t Route>,
    ) -> Option<&'t Route> {
        // Places are kept in 32 bits.
        if !path.starts_with('/') || u32::try_from(path.len()).is_err() {
            return None;
        }
        self.walk(0, path, 1, params, take)
    }

    /// Searches below `node` with the segment that starts at `start`. No deeper than patterns
    /// have segments.
    fn walk<'t>(
        &'t self,
        node: usize,
        path: &str,
        start: usize,
        params: &mut Params,
        take: &mut dyn FnMut(usize) -> Option<&'t Route>,
    ) -> Option<&'t Route> {
        let node = &self.nodes[node];
        let slash = path[start..].find('/').map(|length| start + length);
        let end = slash.unwrap_or(path.len());
        let text = &path[start..end];

        if let Ok(place) = node.literals.binary_search_by(|(own, _)| (**own).cmp(text)) {
            let child = node.literals[place].1;
            let found = match slash {
                Some(slash) => self.walk(child, path, slash + 1, params, take),
                None => take(child),
            };
            if found.is_some() {
                return found;
            }
        }
        let before = params.len();
        for (segment, child) in &node.branches {
            if segment.matches(path, start, end, params) {
                let found = match slash {
                    Some(slash) if !segment.rest => {
                        self.walk(*child, path, slash + 1, params, take)
                    }
                    _ => take(*child),
                };
                if found.is_some() {
                    return found;
                }
            }
            params.truncate(before);
        }
        None
    }
}

/// What a search gives.
pub(crate) enum Lookup<'t> {
    Match(&'t Route, Params),
    MethodNotAllowed,
    NotFound,
}
