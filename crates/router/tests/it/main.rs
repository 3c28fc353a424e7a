//! Tests of the router through its public interface.
//!
//! - `patterns`: what one pattern matches, and its groups
//! - `priority`: which of several patterns wins
//! - `methods`: methods, 405, `Allow`, `HEAD`
//! - `refused`: patterns, filters and methods that are refused, conflicts, messages
//! - `routes`: what the router says of its routes
//! - `expressions`: `re` groups, on or off
//! - `mounts`: the beginnings of paths, suffixes, the other slash
//! - `removal`: routes and methods that go
//! - `urls`: from routes to URLs and back, names, clean paths
//! - `values`: converters, expressions as filters, UUIDs, hosts
//! - `hostile`: paths made to cost much
//! - `model`: random routes and paths against a slow list of matchers

mod expressions;
mod hostile;
mod methods;
mod model;
mod mounts;
mod patterns;
mod priority;
mod refused;
mod removal;
mod routes;
mod urls;
mod values;

use pauper_router::{Methods, Router};

/// A router with these patterns for `GET`, whose values are their numbers.
#[track_caller]
fn router(patterns: &[&str]) -> Router<usize> {
    let mut router = Router::new();
    router.add_filter("even", |text| text.ends_with(['0', '2', '4', '6', '8'])).expect("filter");
    for (value, pattern) in patterns.iter().enumerate() {
        router.insert(Methods::GET, pattern, value).expect("valid pattern");
    }
    router
}

/// The number of the pattern that `GET` finds, with the texts of its groups.
fn find<'p>(router: &Router<usize>, path: &'p str) -> Option<(usize, Vec<&'p str>)> {
    let found = router.find("GET", path).matched()?;
    Some((*found.value, found.params.iter().map(|range| &path[range]).collect()))
}

/// One pattern takes the path and gives these groups.
#[track_caller]
fn takes(pattern: &str, path: &str, groups: &[&str]) {
    let found = find(&router(&[pattern]), path);
    assert_eq!(found, Some((0, groups.to_vec())), "{pattern} for {path}");
}

/// One pattern does not take the path.
#[track_caller]
fn leaves(pattern: &str, path: &str) {
    assert_eq!(find(&router(&[pattern]), path), None, "{pattern} for {path}");
}
