//! The router: values beside the tree.

use std::fmt;
use std::panic::Location;

use crate::allow::Allow;
use crate::error::{InsertError, InsertErrorKind, Problem};
use crate::filter::Filters;
use crate::method_set::MethodSet;
use crate::params::Params;
use crate::pattern::Pattern;
use crate::route::{Route, RouteId};
use crate::tree::{Lookup, Tree};

/// Patterns with methods, and a value for each.
///
/// The rules are in the [crate documentation](crate).
pub struct Router<T> {
    tree: Tree,
    filters: Filters,
    /// By route number.
    values: Vec<T>,
}

impl<T> Router<T> {
    /// A router without routes.
    #[must_use]
    pub fn new() -> Self {
        Self { tree: Tree::default(), filters: Filters::default(), values: Vec::new() }
    }

    /// Adds a filter for groups: after `add_filter("even", …)` a pattern may have `<n:even>`.
    ///
    /// `test` gets the text of the group, at least one character of one segment, in the form in
    /// which paths are looked up, and says whether it fits. It is called during
    /// [`find`](Self::find), possibly several times, so it should be quick and must not depend on
    /// anything but the text. The name may start with a colon and its case does not matter. A
    /// filter of a name that was there before is for the patterns to come.
    ///
    /// # Errors
    ///
    /// When the name is that of a built-in filter, is empty, or has something else than letters,
    /// digits and `_`.
    ///
    /// # Example
    ///
    /// ```
    /// use pauper_router::{Methods, Router};
    ///
    /// let mut router = Router::new();
    /// router.add_filter("even", |text| text.ends_with(['0', '2', '4', '6', '8']))?;
    /// router.insert(Methods::GET, "/even/<n:even>", ())?;
    ///
    /// assert!(router.find("GET", "/even/12").matched().is_some());
    /// assert!(router.find("GET", "/even/13").matched().is_none());
    /// # Ok::<(), pauper_router::InsertError>(())
    /// ```
    #[track_caller]
    pub fn add_filter(
        &mut self,
        name: &str,
        test: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Result<(), InsertError> {
        let location = Location::caller();
        self.filters
            .add(name, Box::new(test))
            .map_err(|Problem { kind, message }| InsertError::new(kind, name, message, location))
    }

    /// Registers `value` for the methods and the pattern, and remembers the place of the call.
    ///
    /// A pattern may be registered several times with different methods; each registration is a
    /// route with its own value and its own names of groups.
    ///
    /// # Errors
    ///
    /// When the pattern or a method is not valid, or when a pattern of the same shape has one of
    /// the methods already. The router is then as it was before.
    ///
    /// # Example
    ///
    /// ```
    /// use pauper_router::{InsertErrorKind, Methods, Router};
    ///
    /// let mut router = Router::new();
    /// router.insert(Methods::GET | Methods::POST, "/user/<id:int>", "user")?;
    /// router.insert("PURGE", "/user/<number:int>", "forget")?;
    ///
    /// let error = router.insert(Methods::GET, "/user/<key:int>", "other").unwrap_err();
    /// assert_eq!(error.kind(), InsertErrorKind::Conflict);
    /// # Ok::<(), pauper_router::InsertError>(())
    /// ```
    #[track_caller]
    pub fn insert(
        &mut self,
        methods: impl Into<MethodSet>,
        pattern: &str,
        value: T,
    ) -> Result<RouteId, InsertError> {
        let location = Location::caller();
        let id = self.register(methods.into(), pattern, location).map_err(
            |Problem { kind, message }| InsertError::new(kind, pattern, message, location),
        )?;
        self.values.push(value);
        Ok(id)
    }

    fn register(
        &mut self,
        methods: MethodSet,
        pattern: &str,
        location: &'static Location<'static>,
    ) -> Result<RouteId, Problem> {
        check_methods(&methods)?;
        let Pattern { segments, params } = Pattern::parse(pattern, &self.filters)?;
        let id = u32::try_from(self.tree.routes.len()).map(RouteId).map_err(|_| {
            Problem::new(InsertErrorKind::TooManyRoutes, "there is no number left for it")
        })?;
        let end = self.tree.grow(segments);
        for other in self.tree.ending_at(end) {
            let common = methods.common(&other.methods);
            if !common.is_empty() {
                return Err(conflict(pattern, &common, location, other));
            }
        }
        let route = Route { id, pattern: pattern.into(), methods, params: params.into(), location };
        self.tree.add_route(end, route);
        Ok(id)
    }

    /// The best route for a method and a path.
    ///
    /// The path starts with `/`, has no query, and is percent-decoded except for `%2F` and `%25`,
    /// which stay as they are. A match allocates nothing, and neither does
    /// [`NotFound`](Found::NotFound).
    ///
    /// # Example
    ///
    /// ```
    /// use pauper_router::{Found, Methods, Router};
    ///
    /// let mut router = Router::new();
    /// router.insert(Methods::GET, "/user/<id:int>", "user")?;
    ///
    /// let path = "/user/42";
    /// match router.find("GET", path) {
    ///     Found::Match(found) => {
    ///         assert_eq!(*found.value, "user");
    ///         assert_eq!(found.arg(path, "id"), Some("42"));
    ///     }
    ///     Found::MethodNotAllowed(allow) => panic!("405, Allow: {allow}"),
    ///     Found::NotFound => panic!("404"),
    /// }
    /// # Ok::<(), pauper_router::InsertError>(())
    /// ```
    #[must_use]
    pub fn find<'r>(&'r self, method: &str, path: &str) -> Found<'r, T> {
        match self.tree.find(method, path) {
            Lookup::Match(route, params) => {
                Found::Match(Match { value: &self.values[route.id.index()], route, params })
            }
            Lookup::MethodNotAllowed => Found::MethodNotAllowed(self.tree.allowed(path)),
            Lookup::NotFound => Found::NotFound,
        }
    }

    /// The methods of all routes that match the path, for an answer to `OPTIONS`. Empty when no
    /// route matches. The path is in the form that [`find`](Self::find) takes.
    #[must_use]
    pub fn allowed(&self, path: &str) -> Allow {
        self.tree.allowed(path)
    }

    /// The routes in the order of registration, which is that of their numbers.
    pub fn routes(&self) -> impl ExactSizeIterator<Item = &Route> {
        self.tree.routes.iter()
    }

    /// The route of this number, or `None` when the number is from another router.
    #[must_use]
    pub fn route(&self, id: RouteId) -> Option<&Route> {
        self.tree.routes.get(id.index())
    }

    /// The value of a route.
    #[must_use]
    pub fn get(&self, id: RouteId) -> Option<&T> {
        self.values.get(id.index())
    }

    /// The value of a route, to change it.
    #[must_use]
    pub fn get_mut(&mut self, id: RouteId) -> Option<&mut T> {
        self.values.get_mut(id.index())
    }

    /// The number of routes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no routes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl<T> Default for Router<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The patterns with their methods and values, in the order of registration.
impl<T: fmt::Debug> fmt::Debug for Router<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = |route: &Route| format!("{} {}", route.methods, route.pattern);
        f.debug_map().entries(self.routes().map(key).zip(&self.values)).finish()
    }
}

fn check_methods(methods: &MethodSet) -> Result<(), Problem> {
    if methods.is_empty() {
        return Err(Problem::new(InsertErrorKind::Method, "a route needs a method"));
    }
    match methods.extensions().find(|name| !is_token(name)) {
        None => Ok(()),
        Some(name) => Err(Problem::new(
            InsertErrorKind::Method,
            format!("\"{name}\" cannot be a method: a name is one token, without spaces or commas"),
        )),
    }
}

/// `token = 1*tchar`, RFC 9110 section 5.6.2.
fn is_token(name: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_tchar)
}

#[cold]
fn conflict(pattern: &str, methods: &MethodSet, location: &Location<'_>, other: &Route) -> Problem {
    let (file, line) = (location.file(), location.line());
    let (other_file, other_line) = (other.location.file(), other.location.line());
    Problem::new(
        InsertErrorKind::Conflict,
        format!(
            "\"{pattern}\" ({methods}) registered at {file}:{line} is already taken by \
             \"{}\" at {other_file}:{other_line}",
            other.pattern
        ),
    )
}

/// The answer of [`Router::find`].
#[derive(Clone, Debug)]
pub enum Found<'r, T> {
    /// A route has the path and the method.
    Match(Match<'r, T>),
    /// Routes have the path, but none of them the method: status 405 with these in the `Allow`
    /// header, RFC 9110 section 15.5.6.
    MethodNotAllowed(Allow),
    /// No route has the path: status 404.
    NotFound,
}

impl<'r, T> Found<'r, T> {
    /// The match, or `None` for the other two.
    #[must_use]
    pub fn matched(self) -> Option<Match<'r, T>> {
        match self {
            Self::Match(found) => Some(found),
            Self::MethodNotAllowed(_) | Self::NotFound => None,
        }
    }
}

/// A route that has the path and the method.
#[derive(Debug)]
#[non_exhaustive]
pub struct Match<'r, T> {
    /// The value that was registered.
    pub value: &'r T,
    /// The route it was registered for.
    pub route: &'r Route,
    /// The places of the groups in the path.
    pub params: Params,
}

impl<'r, T> Match<'r, T> {
    /// The text of the group `name` in `path`, which has to be the path that was looked up.
    /// `%2F` and `%25` are still encoded in it. `None` when the pattern has no such group.
    #[must_use]
    pub fn arg<'p>(&self, path: &'p str, name: &str) -> Option<&'p str> {
        let index = self.route.params().iter().position(|param| param.name() == name)?;
        path.get(self.params.get(index)?)
    }

    /// The names and texts of all groups in `path`, which has to be the path that was looked up.
    pub fn args<'p>(&self, path: &'p str) -> impl Iterator<Item = (&'r str, &'p str)> {
        let names = self.route.params().iter().map(|param| param.name());
        let params = self.params;
        names
            .enumerate()
            .filter_map(move |(index, name)| Some((name, path.get(params.get(index)?)?)))
    }
}

impl<T> Clone for Match<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Match<'_, T> {}
