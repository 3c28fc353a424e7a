//! Random routes and paths against a list of slow matchers.
//!
//! The model knows no tree: it tries every pattern by itself, with plain backtracking over
//! characters, and sorts those that match by the documented order.

use std::collections::BTreeSet;

use pauper_router::{Found, Router};
use proptest::prelude::*;
use proptest::sample::select;

const LITERALS: [&str; 7] = ["a", "b", "-", "1", ".", "é", "%"];
const FILTERS: [&str; 6] = ["", ":int", ":float", ":word", ":hex", ":even"];
#[cfg(feature = "regex")]
const EXPRESSIONS: [&str; 2] = [":re:.*", ":re:[ab]+"];
#[cfg(not(feature = "regex"))]
const EXPRESSIONS: [&str; 0] = [];
const SEGMENTS: [&str; 18] = [
    "", "a", "b", "ab", "1", "12", "-1", "1.5", "a-b", "a-1", "1-2", "a-a-a", "-", "a.b.1", "é",
    "éaé", "%25", "1%25",
];
const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PURGE", "get"];

#[derive(Clone, Debug)]
enum Part {
    Text(&'static str),
    Group(&'static str),
}

/// The segments of a pattern.
type Pattern = Vec<Vec<Part>>;

fn part() -> impl Strategy<Value = Part> {
    let filters = [&FILTERS[..], &EXPRESSIONS[..]].concat();
    prop_oneof![select(&LITERALS[..]).prop_map(Part::Text), select(filters).prop_map(Part::Group)]
}

fn segment() -> impl Strategy<Value = Vec<Part>> {
    let short = prop_oneof![
        4 => prop::collection::vec(part(), 1..2),
        1 => prop::collection::vec(part(), 0..6),
    ];
    short.prop_map(|mut parts| {
        // Two groups in a row are refused.
        parts.dedup_by(|one, other| matches!((one, other), (Part::Group(_), Part::Group(_))));
        parts
    })
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let catch_all = prop_oneof![4 => Just(false), 1 => Just(true)];
    (prop::collection::vec(segment(), 1..4), catch_all).prop_map(|(mut segments, catch_all)| {
        let last = segments.last_mut().expect("at least one");
        if catch_all {
            if let Some(Part::Group(_)) = last.last() {
                last.pop();
            }
            last.push(Part::Group(":path"));
        }
        segments
    })
}

fn written(pattern: &Pattern) -> String {
    let mut text = String::new();
    let mut groups = 0;
    for segment in pattern {
        text.push('/');
        for part in segment {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Group(filter) => {
                    text.push_str(&format!("<g{groups}{filter}>"));
                    groups += 1;
                }
            }
        }
    }
    text
}

/// What a group takes, character by character.
fn fits(filter: &str, text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let int = |text: &str| digits(text) || text.starts_with('-') && digits(&text[1..]);
    let within_segment = !text.contains('/');
    match filter {
        "" => !text.is_empty() && within_segment,
        ":int" => int(text),
        ":float" => {
            int(text)
                || text
                    .char_indices()
                    .any(|(dot, char)| char == '.' && int(&text[..dot]) && digits(&text[dot + 1..]))
        }
        ":word" => !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_'),
        ":hex" => !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit()),
        ":even" => text.ends_with('2') && within_segment,
        ":path" => !text.is_empty(),
        ":re:.*" => true,
        ":re:[ab]+" => !text.is_empty() && text.chars().all(|c| c == 'a' || c == 'b'),
        _ => panic!("the model lacks {filter}"),
    }
}

/// Divides `text` among the parts, the first group taking as much as it can.
fn divide(parts: &[Part], text: &str, is_rest: bool) -> Option<Vec<String>> {
    let Some((part, others)) = parts.split_first() else {
        return text.is_empty().then(Vec::new);
    };
    match part {
        Part::Text(literal) => {
            let rest = text.strip_prefix(&*literal.replace('%', "%25"))?;
            divide(others, rest, is_rest)
        }
        Part::Group(filter) => {
            let takes_rest = is_rest && others.is_empty();
            (0..=text.len()).rev().filter(|end| text.is_char_boundary(*end)).find_map(|end| {
                let taken = &text[..end];
                if !fits(filter, taken) || !takes_rest && taken.contains('/') {
                    return None;
                }
                let mut groups = divide(others, &text[end..], is_rest)?;
                groups.insert(0, taken.into());
                Some(groups)
            })
        }
    }
}

fn matches(pattern: &[Vec<Part>], path: &str) -> Option<Vec<String>> {
    let (segment, others) = pattern.split_first()?;
    let path = path.strip_prefix('/')?;
    let rest_of_path = others.is_empty()
        && matches!(segment.last(), Some(Part::Group(filter))
            if *filter == ":path" || filter.starts_with(":re:"));
    if rest_of_path {
        return divide(segment, path, true);
    }
    let (text, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let mut groups = divide(segment, text, false)?;
    if others.is_empty() {
        return rest.is_empty().then_some(groups);
    }
    groups.extend(matches(others, rest)?);
    Some(groups)
}

/// The registered routes, in order.
#[derive(Default)]
struct Model {
    routes: Vec<(Vec<&'static str>, Pattern)>,
}

impl Model {
    /// Whether a pattern of this shape has one of the methods; the model's patterns have no names.
    fn conflicts(&self, methods: &[&str], pattern: &Pattern) -> bool {
        let shape = format!("{pattern:?}");
        self.routes.iter().any(|(own, other)| {
            format!("{other:?}") == shape && own.iter().any(|method| methods.contains(method))
        })
    }

    /// The place of each segment in the order: text, groups by first appearance, catch-alls.
    fn rank(&self, pattern: &Pattern) -> Vec<(u8, usize)> {
        let rank = |depth: usize| {
            let segment = &pattern[depth];
            let class = match segment.last() {
                Some(Part::Group(":path")) => 2,
                _ if segment.iter().any(|part| matches!(part, Part::Group(_))) => 1,
                _ => 0,
            };
            // A group that takes the rest of the path is another one than the same in its segment.
            let takes_rest = |pattern: &Pattern| {
                depth + 1 == pattern.len()
                    && matches!(segment.last(), Some(Part::Group(filter)) if filter.starts_with(":re:"))
            };
            let branch =
                |pattern: &Pattern| (format!("{:?}", pattern.get(..=depth)), takes_rest(pattern));
            let first = self.routes.iter().position(|(_, other)| branch(other) == branch(pattern));
            (class, if class == 0 { 0 } else { first.expect("itself at least") })
        };
        (0..pattern.len()).map(rank).collect()
    }

    fn find(&self, method: &str, path: &str) -> Result<(usize, Vec<String>), String> {
        let mut matching: Vec<_> = (0..self.routes.len())
            .filter_map(|index| {
                let (_, pattern) = &self.routes[index];
                Some((self.rank(pattern), index, matches(pattern, path)?))
            })
            .collect();
        matching.sort();
        let has = |index: usize, method: &str| self.routes[index].0.contains(&method);
        for (rank, index, groups) in &matching {
            let own_head =
                matching.iter().any(|(other, index, _)| other == rank && has(*index, "HEAD"));
            if has(*index, method) || method == "HEAD" && !own_head && has(*index, "GET") {
                return Ok((*index, groups.clone()));
            }
        }
        let mut allowed: BTreeSet<&str> =
            matching.iter().flat_map(|(_, index, _)| self.routes[*index].0.clone()).collect();
        if allowed.contains("GET") {
            allowed.insert("HEAD");
        }
        Err(allowed.into_iter().collect::<Vec<_>>().join(" "))
    }
}

fn check(routes: Vec<(Vec<&'static str>, Pattern)>, requests: &[(&str, String)]) {
    let mut model = Model::default();
    let mut router = Router::new();
    router.add_filter("even", |text| text.ends_with('2')).expect("valid filter");
    for (methods, pattern) in routes {
        let text = written(&pattern);
        let inserted = router.insert(&*methods, &text, ());
        assert_eq!(inserted.is_err(), model.conflicts(&methods, &pattern), "{text} {inserted:?}");
        if let Ok(id) = inserted {
            assert_eq!(id.index(), model.routes.len());
            model.routes.push((methods, pattern));
        }
    }
    for (method, path) in requests {
        let found = match router.find(method, path) {
            Found::Match(found) => {
                let groups = found.params.iter().map(|range| path[range].to_owned()).collect();
                Ok((found.route.id().index(), groups))
            }
            Found::MethodNotAllowed(allow) => {
                assert!(!allow.is_empty());
                Err(allow.iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" "))
            }
            Found::NotFound => Err(String::new()),
        };
        assert_eq!(found, model.find(method, path), "{method} {path} in {router:?}");
    }
}

fn routes() -> impl Strategy<Value = Vec<(Vec<&'static str>, Pattern)>> {
    let methods = prop::sample::subsequence(&METHODS[..], 1..3);
    prop::collection::vec((methods, pattern()), 0..12)
}

fn requests() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let path = prop::collection::vec(select(&SEGMENTS[..]), 1..4)
        .prop_map(|segments| segments.iter().flat_map(|segment| ["/", segment]).collect());
    prop::collection::vec((select(&METHODS[..]), path), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_agrees_with_the_list(routes in routes(), requests in requests()) {
        check(routes, &requests);
    }

    /// One segment that can be divided in several ways.
    #[test]
    fn dividing_agrees_with_the_list(
        filters in prop::collection::vec(select(&FILTERS[..]), 2..5),
        literals in prop::collection::vec(select(&["-", "a", "1", "--", "é"][..]), 6),
        ends in any::<[bool; 2]>(),
        texts in prop::collection::vec("[-a1é]{1,10}", 1..40),
    ) {
        let groups = filters.into_iter().map(Part::Group);
        let mut parts: Vec<Part> =
            literals.into_iter().map(Part::Text).zip(groups).flat_map(<[Part; 2]>::from).collect();
        if ends[0] {
            parts.remove(0);
        }
        if ends[1] {
            parts.push(Part::Text("a"));
        }
        let requests: Vec<_> = texts.iter().map(|text| ("GET", format!("/{text}"))).collect();
        check(vec![(vec!["GET"], vec![parts])], &requests);
    }

    #[test]
    fn any_pattern_is_taken_or_refused(
        pattern in "/?([ab/%é .-]|<[ab]?(:(int|path|re|re:[^a]|odd))?>|[<>:]){0,8}",
        path in "/[ab/%é<>12.-]{0,12}",
    ) {
        let mut router = Router::new();
        if router.insert("GET", &pattern, ()).is_ok() {
            let found = router.find("GET", &path).matched();
            if let Some(found) = found {
                prop_assert_eq!(found.params.len(), found.route.params().len());
                prop_assert_eq!(found.args(&path).count(), found.params.len());
            }
        } else {
            prop_assert!(router.is_empty());
        }
    }
}
