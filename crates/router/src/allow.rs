//! The value of the `Allow` header.

use std::fmt;

use crate::method_set::MethodSet;
use crate::methods::Methods;

/// The methods a path has, for a 405 answer or for `OPTIONS`; RFC 9110 section 10.2.1.
///
/// [`Display`](fmt::Display) is the value of the `Allow` header: standard methods in a fixed
/// order, `HEAD` always with `GET`, then extension methods sorted by name. An empty value is
/// legal in the header.
///
/// ```
/// use pauper_router::{Methods, Router};
///
/// let mut router = Router::new();
/// router.insert(Methods::POST, "/a", 1)?;
/// router.insert(["PURGE", "GET"], "/a", 2)?;
///
/// let allow = router.allowed("/a");
/// assert_eq!(allow.to_string(), "GET, HEAD, POST, PURGE");
/// assert_eq!(allow.with(Methods::OPTIONS).to_string(), "GET, HEAD, POST, OPTIONS, PURGE");
/// # Ok::<(), pauper_router::InsertError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// Has `HEAD` whenever it has `GET`.
    set: MethodSet,
}

impl Allow {
    /// The same with more standard methods, such as `OPTIONS` for a server that answers it by
    /// itself.
    #[must_use]
    pub fn with(mut self, methods: Methods) -> Self {
        self.add_known(methods);
        self
    }

    /// The standard methods, `HEAD` among them when `GET` is.
    #[must_use]
    pub fn known(&self) -> Methods {
        self.set.known()
    }

    /// The names in the order of the header.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.set.iter()
    }

    /// Whether the method of this name is allowed. Case matters.
    #[must_use]
    pub fn contains(&self, method: &str) -> bool {
        self.set.contains(method)
    }

    /// Whether no method is allowed: the path belongs to no route.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    pub(crate) fn add(&mut self, methods: &MethodSet) {
        self.add_known(methods.known());
        for name in methods.extensions() {
            self.set.add(name);
        }
    }

    fn add_known(&mut self, methods: Methods) {
        self.set.add_known(methods);
        if methods.contains(Methods::GET) {
            self.set.add_known(Methods::HEAD);
        }
    }
}

/// The value of the `Allow` header: `GET, HEAD, POST`.
impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.set.fmt(f)
    }
}
