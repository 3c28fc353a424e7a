//! Looking up paths: the 130 routes of the GitHub API that routers are usually compared by, in the
//! form in which the crate `matchit` measures them.
//!
//! One lookup of each path is one round. Every router gives, besides the value, the texts of the
//! groups; a set of expressions has to ask the one that matched for them.

use std::hint::black_box;
use std::sync::OnceLock;

use pauper_router::Found;

/// The patterns, with groups `{p1}` to `{p4}`.
const ROUTES: &str = include_str!("routes.txt");

/// The patterns with each group written by `group`.
fn patterns(group: impl Fn(&str) -> String) -> Vec<String> {
    let names = ["p1", "p2", "p3", "p4"];
    let written = |route: &str| {
        names.iter().fold(route.to_owned(), |route, name| {
            route.replace(&format!("{{{name}}}"), &group(name))
        })
    };
    ROUTES.lines().map(written).collect()
}

/// The paths: words for the first two groups, numbers for the others. Words are as long as in
/// `matchit`'s own measurement.
pub fn paths() -> &'static [String] {
    static PATHS: OnceLock<Vec<String>> = OnceLock::new();
    PATHS.get_or_init(|| patterns(|name| if is_number(name) { "17".into() } else { name.into() }))
}

fn is_number(name: &str) -> bool {
    ["p3", "p4"].contains(&name)
}

/// All paths, as bytes to be counted.
pub fn input() -> Vec<u8> {
    paths().join("\n").into_bytes()
}

/// Ours; with `int` and `word` filters if asked.
pub fn ours(filters: bool) -> pauper_router::Router<usize> {
    let mut router = pauper_router::Router::new();
    let group = |name: &str| match (filters, is_number(name)) {
        (false, _) => format!("<{name}>"),
        (true, true) => format!("<{name}:int>"),
        (true, false) => format!("<{name}:word>"),
    };
    for (index, pattern) in patterns(group).iter().enumerate() {
        router.insert(pauper_router::Methods::GET, pattern, index).expect("a pattern");
    }
    router
}

/// `matchit`
pub fn matchit() -> matchit::Router<usize> {
    let mut router = matchit::Router::new();
    for (index, pattern) in patterns(|name| format!("{{{name}}}")).iter().enumerate() {
        router.insert(pattern, index).expect("a pattern");
    }
    router
}

/// `path-tree`
pub fn path_tree() -> path_tree::PathTree<usize> {
    let mut router = path_tree::PathTree::new();
    for (index, pattern) in patterns(|name| format!(":{name}")).iter().enumerate() {
        let _ = router.insert(pattern, index);
    }
    router
}

/// `actix-router`
pub fn actix() -> actix_router::Router<usize> {
    let mut router = actix_router::Router::build();
    for (index, pattern) in patterns(|name| format!("{{{name}}}")).iter().enumerate() {
        router.path(pattern.as_str(), index);
    }
    router.finish()
}

/// The patterns as expressions.
pub fn expressions() -> Vec<String> {
    let mut all = patterns(|_| "([^/]+)".into());
    all.iter_mut().for_each(|pattern| *pattern = format!("^{pattern}$"));
    all
}

/// One round of ours; the sum of all values, as everywhere here.
pub fn round_of_ours(router: &pauper_router::Router<usize>) -> usize {
    let find = |path: &String| {
        let Found::Match(found) = router.find("GET", black_box(path)) else { panic!("no match") };
        black_box(&found.params);
        *found.value
    };
    paths().iter().map(find).sum()
}

/// One round of `matchit`.
pub fn round_of_matchit(router: &matchit::Router<usize>) -> usize {
    let find = |path: &String| {
        let found = router.at(black_box(path)).expect("a match");
        black_box(&found.params);
        *found.value
    };
    paths().iter().map(find).sum()
}

/// One round of `path-tree`.
pub fn round_of_path_tree(router: &path_tree::PathTree<usize>) -> usize {
    let find = |path: &String| {
        let (value, found) = router.find(black_box(path)).expect("a match");
        black_box(&found);
        *value
    };
    paths().iter().map(find).sum()
}

/// One round of `actix-router`.
pub fn round_of_actix(router: &actix_router::Router<usize>) -> usize {
    let find = |path: &String| {
        let mut path = actix_router::Path::new(black_box(&**path));
        let (value, _) = router.recognize(&mut path).expect("a match");
        black_box(&path);
        *value
    };
    paths().iter().map(find).sum()
}

/// One round of a set of expressions, whose first match is asked for its groups.
pub fn round_of_set(set: &regex::RegexSet, each: &[regex::Regex]) -> usize {
    let find = |path: &String| {
        let path = black_box(&**path);
        let first = set.matches(path).iter().next().expect("a match");
        black_box(each[first].captures(path)).expect("a match");
        first
    };
    paths().iter().map(find).sum()
}

/// One round of expressions that are tried in order.
pub fn round_of_list(each: &[regex::Regex]) -> usize {
    let find = |path: &String| {
        let path = black_box(&**path);
        let found = each
            .iter()
            .enumerate()
            .find_map(|(index, each)| black_box(each.captures(path)).map(|_| index));
        found.expect("a match")
    };
    paths().iter().map(find).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_finds_the_same() {
        let each: Vec<_> =
            expressions().iter().map(|one| regex::Regex::new(one).unwrap()).collect();
        let set = regex::RegexSet::new(expressions()).unwrap();
        let sum: usize = (0..130).sum();
        assert_eq!(paths().len(), 130);
        assert_eq!(round_of_ours(&ours(false)), sum);
        assert_eq!(round_of_ours(&ours(true)), sum);
        assert_eq!(round_of_matchit(&matchit()), sum);
        assert_eq!(round_of_path_tree(&path_tree()), sum);
        assert_eq!(round_of_actix(&actix()), sum);
        assert_eq!(round_of_set(&set, &each), sum);
        assert_eq!(round_of_list(&each), sum);
    }
}
