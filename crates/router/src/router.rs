//! The router: values beside the trees.

use std::any::{Any, TypeId};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::allow::Allow;
use crate::error::{InsertError, InsertErrorKind, Problem};
use crate::filter::{Converter, Filters};
use crate::method_set::{Method, MethodSet};
use crate::normalize::other_slash;
use crate::params::Params;
use crate::pattern::{Pattern, Piece};
use crate::route::{Route, RouteId};
use crate::tree::{Lookup, Tree};
use crate::url::UrlError;

/// Patterns with methods, and a value for each.
///
/// The rules are in the [crate documentation](crate).
pub struct Router<T> {
    /// Patterns of whole paths.
    tree: Tree,
    /// Patterns of the beginnings of paths.
    mounts: Tree,
    filters: Filters,
    table: Table,
    /// By route number; none where a route was removed.
    values: Vec<Option<T>>,
}

/// What is known of the routes, by number; none where one was removed.
#[derive(Debug, Default)]
struct Table(Vec<Option<Route>>);

impl Table {
    fn get(&self, id: RouteId) -> Option<&Route> {
        self.0.get(id.index())?.as_ref()
    }

    fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter().flatten()
    }

    /// The methods of a route that stands in a tree, which every number there does.
    fn methods(&self, id: RouteId) -> &MethodSet {
        static NONE: MethodSet = MethodSet::EMPTY;
        self.get(id).map_or(&NONE, |route| &route.methods)
    }
}

impl<T> Router<T> {
    /// A router without routes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tree: Tree::default(),
            mounts: Tree::default(),
            filters: Filters::default(),
            table: Table::default(),
            values: Vec::new(),
        }
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
        self.filters.add(name, Box::new(test), None).map_err(named(name, Location::caller()))
    }

    /// Adds a filter that makes a value of the text: it fits what can be converted. The value is
    /// had by [`Match::convert`].
    ///
    /// `convert` is called during [`find`](Self::find) and once more for the value; for the rest
    /// it is as the test of [`add_filter`](Self::add_filter).
    ///
    /// # Errors
    ///
    /// As [`add_filter`](Self::add_filter).
    ///
    /// # Example
    ///
    /// ```
    /// use pauper_router::{Methods, Router};
    ///
    /// /// A month of a year.
    /// struct Month(u32, u32);
    ///
    /// let mut router = Router::new();
    /// router.add_converter("month", |text| {
    ///     let (year, month) = text.split_once('-')?;
    ///     let month = month.parse().ok().filter(|month| (1..=12).contains(month))?;
    ///     Some(Month(year.parse().ok()?, month))
    /// })?;
    /// router.insert(Methods::GET, "/report/<month:month>", ())?;
    ///
    /// let path = "/report/2024-07";
    /// let found = router.find("GET", path).matched().expect("a route");
    /// let Month(year, month) = found.convert(path, "month").expect("a month");
    /// assert_eq!((year, month), (2024, 7));
    /// assert!(router.find("GET", "/report/2024-13").matched().is_none());
    /// # Ok::<(), pauper_router::InsertError>(())
    /// ```
    #[track_caller]
    pub fn add_converter<V: Any>(
        &mut self,
        name: &str,
        convert: impl Fn(&str) -> Option<V> + Send + Sync + 'static,
    ) -> Result<(), InsertError> {
        let convert = Arc::new(convert);
        let test = {
            let convert = convert.clone();
            move |text: &str| convert(text).is_some()
        };
        let converter = Converter {
            makes: TypeId::of::<V>(),
            convert: Box::new(move |text| {
                convert(text).map(|value| -> Box<dyn Any> { Box::new(value) })
            }),
        };
        let named = named(name, Location::caller());
        self.filters.add(name, Box::new(test), Some(converter)).map_err(named)
    }

    /// Adds a filter that is a regular expression, which has to match the whole text:
    /// `add_expression("email", r"[\w.-]+@[\w.-]+")`. Without the feature `regex` an error.
    ///
    /// # Errors
    ///
    /// As [`add_filter`](Self::add_filter), and when the expression is not valid.
    #[track_caller]
    pub fn add_expression(&mut self, name: &str, expression: &str) -> Result<(), InsertError> {
        let named = named(name, Location::caller());
        let expression = match crate::expression::Expression::new(expression) {
            Ok(expression) => expression,
            Err(problem) => return Err(named(problem)),
        };
        self.filters.add(name, Box::new(move |text| expression.fits(text)), None).map_err(named)
    }

    /// The names of the filters that were added, in lower case and in order of registration.
    pub fn filters(&self) -> impl Iterator<Item = &str> {
        self.filters.custom_names()
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
        let id =
            self.register(methods.into(), pattern, location).map_err(named(pattern, location))?;
        self.values.push(Some(value));
        Ok(id)
    }

    /// Registers `value` for a path and everything below it, whatever the method: for a folder of
    /// files, or another router.
    ///
    /// `/a` is at `/a` and has `/a/`, `/a/x` and so on below it. `/a/` is a folder: it has `/a/`
    /// and what is below, but not `/a`. The empty pattern has every path. Routes come before
    /// mounts, the mount that matches the most of a path before the others, and text before
    /// groups when two match equally much. [`Match::suffix`] is what is left of the path.
    ///
    /// # Errors
    ///
    /// When the pattern is not valid, has a group that takes the rest of the path, or when a mount
    /// of the same shape is there already.
    ///
    /// # Example
    ///
    /// ```
    /// use pauper_router::Router;
    ///
    /// let mut router = Router::new();
    /// router.mount("/static", "files")?;
    /// router.mount("/<user>/static", "the user's files")?;
    ///
    /// let path = "/static/a/b.txt";
    /// let found = router.find("GET", path).matched().expect("a mount");
    /// assert_eq!((*found.value, found.suffix(path)), ("files", "/a/b.txt"));
    ///
    /// let found = router.find("GET", "/ada/static").matched().expect("a mount");
    /// assert_eq!((*found.value, found.suffix("/ada/static")), ("the user's files", ""));
    /// # Ok::<(), pauper_router::InsertError>(())
    /// ```
    #[track_caller]
    pub fn mount(&mut self, pattern: &str, value: T) -> Result<RouteId, InsertError> {
        let location = Location::caller();
        let id = self.register_mount(pattern, location).map_err(named(pattern, location))?;
        self.values.push(Some(value));
        Ok(id)
    }

    fn register(
        &mut self,
        methods: MethodSet,
        pattern: &str,
        location: &'static Location<'static>,
    ) -> Result<RouteId, Problem> {
        check_methods(&methods)?;
        let Pattern { pieces, params } = Pattern::parse(pattern, &self.filters)?;
        let id = self.table.next_id()?;
        let end = self.tree.grow(pieces);
        for other in self.tree.ending_at(end).filter_map(|id| self.table.get(id)) {
            let common = methods.common(&other.methods);
            if !common.is_empty() {
                return Err(conflict(pattern, &format!(" ({common})"), location, other));
            }
        }
        self.tree.end(end, id, &methods);
        let params = params.into();
        let (pattern, name) = (pattern.into(), None);
        let is_mount = false;
        self.table.0.push(Some(Route { id, pattern, methods, params, location, name, is_mount }));
        Ok(id)
    }

    fn register_mount(
        &mut self,
        pattern: &str,
        location: &'static Location<'static>,
    ) -> Result<RouteId, Problem> {
        let Pattern { pieces, params } = match pattern {
            "" => Pattern { pieces: Vec::new(), params: Vec::new() },
            _ => Pattern::parse(pattern, &self.filters)?,
        };
        if params.last().is_some_and(|param| param.rest && param.kind() == crate::Kind::Path) {
            return Err(Problem::new(
                InsertErrorKind::PathNotLast,
                "a mount has the rest of the path already, so a path group has no place in it",
            ));
        }
        let pieces = pieces.into_iter().map(Piece::within_segment).collect();
        let id = self.table.next_id()?;
        let end = self.mounts.grow(pieces);
        if let Some(other) = self.mounts.ending_at(end).find_map(|id| self.table.get(id)) {
            return Err(conflict(pattern, "", location, other));
        }
        let methods = MethodSet::EMPTY;
        self.mounts.end(end, id, &methods);
        let params = params.into_iter().map(crate::Param::within_segment).collect();
        let (pattern, name) = (pattern.into(), None);
        let is_mount = true;
        self.table.0.push(Some(Route { id, pattern, methods, params, location, name, is_mount }));
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
    #[inline]
    pub fn find<'r>(&'r self, method: &str, path: &str) -> Found<'r, T> {
        let mut params = Params::EMPTY;
        match self.look_up(method, path, &mut params) {
            Lookup::Match(id, end) => match (self.get(id), self.table.get(id)) {
                (Some(value), Some(route)) => Found::Match(Match { value, route, params, end }),
                // What is not in the table is not in the trees.
                _ => Found::NotFound,
            },
            Lookup::MethodNotAllowed => Found::MethodNotAllowed(self.allowed(path)),
            Lookup::NotFound => Found::NotFound,
        }
    }

    /// Writes the groups where the caller has them, since to move them costs as much as to find
    /// them.
    fn look_up(&self, method: &str, path: &str, params: &mut Params) -> Lookup {
        let found = self.tree.find(Method::new(method), path, params, |id| self.table.methods(id));
        match found {
            Lookup::NotFound if !self.mounts.is_empty() => self.mounts.deepest(path, params),
            found => found,
        }
    }

    /// The methods of all routes that match the path, for an answer to `OPTIONS`. Empty when no
    /// route matches; mounts do not count. The path is in the form that [`find`](Self::find) takes.
    #[must_use]
    pub fn allowed(&self, path: &str) -> Allow {
        self.tree.allowed(path, |id| self.table.methods(id))
    }

    /// For a path that was not found: the same with a slash at the end, or without the one it has,
    /// when a route or mount has that. A server that takes the difference for a slip redirects
    /// there. Not encoded for a URL; in the form that [`find`](Self::find) takes.
    ///
    /// ```
    /// use pauper_router::{Methods, Router};
    ///
    /// let mut router = Router::new();
    /// router.insert(Methods::GET, "/a/<x:int>/", ())?;
    /// router.mount("/files/", ())?;
    ///
    /// assert_eq!(router.other_slash("/a/7").as_deref(), Some("/a/7/"));
    /// assert_eq!(router.other_slash("/files").as_deref(), Some("/files/"));
    /// assert_eq!(router.other_slash("/b"), None);
    /// # Ok::<(), pauper_router::InsertError>(())
    /// ```
    #[must_use]
    pub fn other_slash(&self, path: &str) -> Option<String> {
        let other = other_slash(path)?;
        let is_mounted = || {
            // A mount that has the path as it is does not ask for another one.
            let mount = self.mounts.deepest(&other, &mut { Params::EMPTY });
            matches!(mount, Lookup::Match(_, end) if end == other.len() && other.ends_with('/'))
        };
        (!self.allowed(&other).is_empty() || is_mounted()).then(|| other.into_owned())
    }

    /// The routes and mounts in the order of registration, which is that of their numbers.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.table.iter()
    }

    /// The route of this number, or `None` when the number is from another router or the route was
    /// removed.
    #[must_use]
    pub fn route(&self, id: RouteId) -> Option<&Route> {
        self.table.get(id)
    }

    /// The value of a route.
    #[must_use]
    pub fn get(&self, id: RouteId) -> Option<&T> {
        self.values.get(id.index())?.as_ref()
    }

    /// The value of a route, to change it.
    #[must_use]
    pub fn get_mut(&mut self, id: RouteId) -> Option<&mut T> {
        self.values.get_mut(id.index())?.as_mut()
    }

    /// The route that was registered with exactly this pattern and has the method; `None` for the
    /// method is any, and a mount. Groups count as they are written.
    #[must_use]
    pub fn route_of(&self, method: Option<&str>, pattern: &str) -> Option<&Route> {
        self.routes().find(|route| {
            *route.pattern == *pattern
                && method.is_none_or(|method| route.methods.has(Method::new(method)))
        })
    }

    /// Removes a route or mount and gives its value back. Its number is not used again.
    pub fn remove(&mut self, id: RouteId) -> Option<T> {
        let route = self.table.0.get_mut(id.index())?.take()?;
        let tree = if route.is_mount { &mut self.mounts } else { &mut self.tree };
        tree.change(id, &MethodSet::EMPTY);
        self.values.get_mut(id.index())?.take()
    }

    /// Takes methods from a route; one that has none left is removed, and its value given back.
    ///
    /// ```
    /// use pauper_router::{Methods, Router};
    ///
    /// let mut router = Router::new();
    /// let id = router.insert(Methods::GET | Methods::POST, "/a", "a")?;
    ///
    /// assert_eq!(router.remove_methods(id, Methods::POST), None);
    /// assert!(router.find("POST", "/a").matched().is_none());
    /// assert!(router.find("GET", "/a").matched().is_some());
    /// assert_eq!(router.remove_methods(id, Methods::GET), Some("a"));
    /// assert!(router.is_empty());
    /// # Ok::<(), pauper_router::InsertError>(())
    /// ```
    pub fn remove_methods(&mut self, id: RouteId, methods: impl Into<MethodSet>) -> Option<T> {
        let route = self.table.0.get_mut(id.index())?.as_mut().filter(|route| !route.is_mount)?;
        route.methods = route.methods.without(&methods.into());
        if route.methods.is_empty() {
            return self.remove(id);
        }
        self.tree.change(id, &route.methods);
        None
    }

    /// Names a route, so that [`url`](Self::url) finds it.
    ///
    /// # Errors
    ///
    /// When another route has the name; it is named with its place in the source.
    ///
    /// # Panics
    ///
    /// When there is no route of this number.
    #[track_caller]
    pub fn set_name(&mut self, id: RouteId, name: &str) -> Result<(), InsertError> {
        let location = Location::caller();
        if let Some(other) = self.routes().find(|route| route.name() == Some(name)) {
            let (file, line) = (location.file(), location.line());
            let message = format!(
                "the name \"{name}\" given at {file}:{line} is already that of \"{}\" at {}:{}",
                other.pattern,
                other.location.file(),
                other.location.line()
            );
            return Err(InsertError::new(InsertErrorKind::RouteName, name, message, location));
        }
        match self.table.0.get_mut(id.index()).and_then(Option::as_mut) {
            Some(route) => route.name = Some(name.into()),
            None => panic!("there is no route of number {}", id.index()),
        }
        Ok(())
    }

    /// The path of the route of this name with these values for its groups; see [`Route::url`].
    ///
    /// # Errors
    ///
    /// When no route has the name, and as [`Route::url`].
    pub fn url<'v>(
        &self,
        name: &str,
        values: impl IntoIterator<Item = (&'v str, &'v str)>,
    ) -> Result<String, UrlError> {
        let named = self.routes().find(|route| route.name() == Some(name));
        named.ok_or_else(|| UrlError::UnknownName(name.into()))?.url(values)
    }

    /// The number of routes and mounts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.iter().count()
    }

    /// Whether there are no routes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.iter().next().is_none()
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
        let key = |route: &Route| match route.is_mount {
            true => format!("below {}", route.pattern),
            false => format!("{} {}", route.methods, route.pattern),
        };
        f.debug_map().entries(self.routes().map(key).zip(self.values.iter().flatten())).finish()
    }
}

impl Table {
    fn next_id(&self) -> Result<RouteId, Problem> {
        u32::try_from(self.0.len()).map(RouteId).map_err(|_| {
            Problem::new(InsertErrorKind::TooManyRoutes, "there is no number left for it")
        })
    }
}

/// Makes an error of a problem with something of this name.
fn named(name: &str, location: &'static Location<'static>) -> impl Fn(Problem) -> InsertError {
    move |Problem { kind, message }| InsertError::new(kind, name, message, location)
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
fn conflict(pattern: &str, methods: &str, location: &Location<'_>, other: &Route) -> Problem {
    let (file, line) = (location.file(), location.line());
    let (other_file, other_line) = (other.location.file(), other.location.line());
    Problem::new(
        InsertErrorKind::Conflict,
        format!(
            "\"{pattern}\"{methods} registered at {file}:{line} is already taken by \
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
    /// Where the part of the path ends that the pattern matched.
    end: usize,
}

impl<'r, T> Match<'r, T> {
    /// The text of the group `name` in `path`, which has to be the path that was looked up.
    /// `%2F` and `%25` are still encoded in it. `None` when the pattern has no such group.
    #[must_use]
    pub fn arg<'p>(&self, path: &'p str, name: &str) -> Option<&'p str> {
        let index = self.route.params().iter().position(|param| param.name() == name)?;
        path.get(self.params.get(index)?)
    }

    /// The value of the group `name`, made by the filter that
    /// [`add_converter`](Router::add_converter) added; `path` is the path that was looked up.
    /// `None` when there is no such group, or its filter makes no `V`.
    #[must_use]
    pub fn convert<V: Any>(&self, path: &str, name: &str) -> Option<V> {
        let index = self.route.params().iter().position(|param| param.name() == name)?;
        let converter = self.route.params()[index].test.converter()?;
        if converter.makes != TypeId::of::<V>() {
            return None;
        }
        let value = (converter.convert)(path.get(self.params.get(index)?)?)?;
        value.downcast().ok().map(|value| *value)
    }

    /// What is left of `path`, which has to be the path that was looked up, below a mount: empty or
    /// with a slash at its beginning, save below a mount whose pattern ends with one. Empty for a
    /// route.
    #[must_use]
    pub fn suffix<'p>(&self, path: &'p str) -> &'p str {
        path.get(self.end..).unwrap_or_default()
    }

    /// Where the suffix begins in the path.
    #[must_use]
    pub fn suffix_start(&self) -> usize {
        self.end
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
