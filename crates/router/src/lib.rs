#![doc = include_str!("../README.md")]
//!
//! # The rules
//!
//! ## Paths
//!
//! - A path starts with `/` and has no query. It is percent-decoded **except for `%2F` and `%25`**,
//!   which stay encoded, so that a slash in a file name is not taken for one between segments.
//!   Groups have the same form; who uses their text decodes these two last.
//! - Comparison is exact: no folding of case, of `//`, or of a trailing slash. `/a` and `/a/` are
//!   two paths, the second with an empty last segment.
//!
//! ## Patterns
//!
//! - A pattern starts with `/`. Text stands for itself, as in a decoded path; no character but
//!   `<` and `>` is special. `/50%` matches the path `/50%25`, and `/a.b` does not match `/axb`.
//! - A group `<name>` or `<name:filter>` stands for a part of one segment. Names are letters,
//!   digits and `_`, each name once in a pattern, at most [`MAX_PARAMS`] of them. Case does not
//!   matter in the name of a filter. Spaces are refused.
//! - Text may stand around groups, and has to stand between two groups of one segment.
//!
//! | pattern | matches | does not match |
//! |---|---|---|
//! | `/a` | `/a` | `/a/`, `/A`, `/a/b` |
//! | `/<name>` | `/a`, `/a.b`, `/a%2Fb` | `/`, `/a/` |
//! | `/<id:int>` | `/0`, `/-12`, `/007` | `/+1`, `/1.0`, `/٣` (ASCII digits only) |
//! | `/<x:float>` | `/1`, `/-0.5` | `/.5`, `/1.`, `/1e3`, `/nan` |
//! | `/<w:word>` | `/Ünder_9` | `/a-b`, `/a b` |
//! | `/<h:hex>` | `/00fF` | `/0x1` |
//! | `/<u:uuid>` | `/01234567-89ab-cdef-0123-456789abcdef` | the same without `-` |
//! | `/file-<id:int>.html` | `/file-7.html` | `/file-.html`, `/file-7.htm` |
//! | `/<slug>-<id:int>` | `/a-b-7` (`a-b` and `7`) | `/a-b`, `/-7` |
//! | `/s/<rest:path>` | `/s/a`, `/s/a/b/`, `/s//` | `/s`, `/s/` |
//!
//! - Groups take at least one character. Of several groups in one segment the first takes as
//!   much as it can, then the second, as in a regular expression. Segments divided in this way
//!   are at most [`MAX_SPLIT`] bytes long; longer ones do not match.
//! - `<name:path>` takes the rest of the path, `/` among it, and has to be the last thing in the
//!   pattern.
//! - `<name:re:EXPRESSION>` (feature `regex`) has to match the whole of its text, which may be
//!   empty. As the last thing in the pattern its text is **the whole rest of the path**, so that
//!   `/s/<rest:re:.*>` matches `/s/a/b` and `/s/`; elsewhere it is within one segment. The
//!   expression is used as written, case included, ends at the first `>` (write `\x3E` for one
//!   inside), and groups inside are not counted. Two expressions are the same only when they are
//!   spelled the same.
//! - [`Router::add_filter`] adds filters by name, [`Router::add_converter`] such as make a value,
//!   [`Router::add_expression`] such as are an expression. A text that cannot be converted does not
//!   match, so the next route has it.
//!
//! ## Which route wins
//!
//! - The choice is made segment by segment from the left. At each segment, equal text comes first,
//!   then segments with groups (typed or not) in the order in which they first appeared at that
//!   place, then those with a `path` group. When a choice turns out wrong further right, the next
//!   one is tried. So a pattern without groups always wins over one with groups, and
//!   `/<id:int>` has to be registered before `/<name>` to have a chance.
//! - Only a route that has the method wins: with `GET /a/b` and `POST /a/<x>`, `POST /a/b` finds
//!   the second. When routes match but none has the method, the answer is
//!   [`Found::MethodNotAllowed`] with the methods of all of them.
//! - `HEAD` finds a route for `GET` when the same pattern has none for `HEAD`.
//! - Method names are case-sensitive, RFC 9110 section 9.1. Names other than the standard ones
//!   can be registered like these.
//!
//! - When no pattern matches the whole path, the [mount](Router::mount) that matches the most of it
//!   has it.
//!
//! | mounts | path | mount, and what is left |
//! |---|---|---|
//! | `/a`, `/a/b` | `/a/b/c` | `/a/b`, `/c` |
//! | `/a/<x>`, `/<x>/b/c` | `/a/b/c` | `/<x>/b/c`, nothing |
//! | `/a/b`, `/<x>/b` | `/a/b` | `/a/b`, nothing |
//! | `/a/` | `/a/x`; not `/a` | `/a/`, `x` |
//! | `/a` | `/a`, `/a/`, `/a/x`; not `/ab` | `/a`, the rest |
//!
//! ## Slashes, dots, hosts
//!
//! A router compares and never redirects; for servers that do, [`Router::other_slash`] knows whether
//! a path would be found with or without a slash at its end, and [`normalize`] takes empty segments
//! and dots out of a path. [`Hosts`] chooses by the name of the host.
//!
//! ## Conflicts
//!
//! Patterns have the same shape when they differ in nothing but the names of groups. Patterns of
//! the same shape must not share a method; with different methods each keeps its own names.
//!
//! ```
//! use pauper_router::{InsertErrorKind, Methods, Router};
//!
//! let mut router = Router::new();
//! router.insert(Methods::GET, "/a/<x:int>", 1)?;
//! router.insert(Methods::POST, "/a/<y:int>", 2)?; // another method
//! router.insert(Methods::GET, "/a/<x:word>", 3)?; // another shape
//! router.insert(Methods::HEAD, "/a/<x:int>", 4)?; // GET stands in for HEAD, but is not HEAD
//!
//! let error = router.insert(Methods::ALL, "/a/<z:int>", 5).unwrap_err();
//! assert_eq!(error.kind(), InsertErrorKind::Conflict);
//! # Ok::<(), pauper_router::InsertError>(())
//! ```
//!
//! ## Cost
//!
//! The tree is a radix tree over the bytes of the patterns; at the places where segments with groups
//! begin, `int`, `word`, `hex` and untyped groups are one look at each byte.
//! A search looks at each branch of the tree at most once, and dividing a segment is bounded by
//! the number of its groups times the square of [`MAX_SPLIT`]. Patterns have at most
//! [`MAX_SEGMENTS`] segments, and a search is nested no deeper than that. Only
//! [`Found::MethodNotAllowed`] with extension methods allocates; the engine of `regex` keeps its
//! own scratch space from search to search.

mod allow;
mod error;
mod expression;
mod filter;
mod hosts;
mod method_set;
mod methods;
mod normalize;
mod params;
mod pattern;
mod route;
mod router;
mod scan;
mod segment;
mod tree;
mod url;
mod uuid;

pub use allow::Allow;
pub use error::{InsertError, InsertErrorKind};
pub use hosts::{HostError, Hosts};
pub use method_set::MethodSet;
pub use methods::Methods;
pub use normalize::{AboveRoot, normalize};
pub use params::{MAX_PARAMS, Params};
pub use pattern::MAX_SEGMENTS;
pub use route::{Kind, Param, Route, RouteId};
pub use router::{Found, Match, Router};
pub use segment::MAX_SPLIT;
pub use url::UrlError;
pub use uuid::{Uuid, UuidError};
