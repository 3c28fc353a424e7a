use pauper_template::ErrorKind::{Context, Cycle, Limit, Name, NotFound, Syntax, Type};
use pauper_template::{Error, ErrorKind, Section, Settings, Template, Templates, values};

type Texts = &'static [(&'static str, &'static str)];

#[track_caller]
fn page(texts: Texts, expected: &str) {
    let templates = Templates::embedded(Settings::new(), texts);
    let data = values! { user: "<J>", x: "X", rows: [1, 2], yes: true, no: false };
    let page = templates.get(texts[0].0).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(page.render(&data).unwrap().0, expected);
    assert_eq!(templates.check().unwrap(), texts.len());
}

#[track_caller]
fn broken(texts: Texts, kind: ErrorKind, words: &str) -> Error {
    let templates = Templates::embedded(Settings::new(), texts);
    let error = templates.get(texts[0].0).expect_err("an error");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "{error}");
    error
}

#[test]
fn blocks_have_a_content_of_their_own() {
    page(&[("a", "[{#block b}{user}{/block}]")], "[&lt;J&gt;]");
    page(&[("a", "<extend>c<?b?>new"), ("c", "[{#block b}old{/block}]")], "[new]");
    page(&[("a", "<extend>c"), ("c", "[{#block b}old{/block}]")], "[old]");
}

#[test]
fn sections_see_the_data_and_the_loops_around_them() {
    page(
        &[
            ("a", "<extend>c<?cell?><td>{row}{user}"),
            ("c", "{#for row in rows}{#block cell}{/block}{/for}"),
        ],
        "<td>1&lt;J&gt;<td>2&lt;J&gt;",
    );
    page(&[("a", "<extend>c<?x?>[{x}]"), ("c", "{x}{x|d}{.x}")], "[X][X][X]");
}

#[test]
fn extensions_may_be_extended() {
    page(
        &[
            ("a", "<extend>b<?content?>C"),
            ("b", "<extend>c<?body?><main>{.content}</main><?title?>T"),
            ("c", "{title}|{.body}|{#block content}own{/block}"),
        ],
        // The base has a place for `content`, too, and it was not taken before.
        "T|<main>C</main>|C",
    );
    let base = Template::parse("({a})").unwrap();
    let more =
        (0..5).fold(base, |base, _| base.extend([("a", "<{a}>".replace(['<', '>'], ""))]).unwrap());
    assert_eq!(more.render(&values! { a: 1 }).unwrap().0, "(1)");
}

#[test]
fn a_known_section_decides_conditions() {
    page(&[("a", "<extend>c<?b?>B"), ("c", "{#if b}[{b}]{#else}none{/if}")], "[B]");
    page(&[("a", "<extend>c<?b?>B"), ("c", "{#if not b}none{#elif no}no{#else}[{b}]{/if}")], "[B]");
    page(&[("a", "<extend>c<?b?>B"), ("c", "{#if no}1{#elif b}[{b}]{#elif yes}2{/if}")], "[B]");
}

#[test]
fn includes_are_as_if_they_stood_there() {
    page(
        &[
            ("a", "<ul>{#for row in rows}{#include parts/row}{/for}</ul>{#include b}"),
            ("parts/row", "<li class=\"{#include b}\">{row|-}"),
            ("b", "{user}"),
        ],
        "<ul><li class=\"&lt;J&gt;\">1<li class=\"&lt;J&gt;\">2</ul>&lt;J&gt;",
    );
}

#[test]
fn programs_may_bind_templates() {
    let inner = Template::parse("<i>{name}</i>").unwrap().extend([("name", "{first}!")]).unwrap();
    let base = Template::parse("{.a} {.b} {name}").unwrap();
    let page = base.extend([("a", Section::from(&inner)), ("b", "B".into())]).unwrap();
    let html = page.render(&values! { first: "F", name: "N" }).unwrap();
    assert_eq!(html.0, "<i>F!</i> B N");
}

/// A section is checked where it will stand.
#[test]
fn sections_are_checked_in_their_place() {
    let base = Template::parse("<a href=\"{link}\" title='{text}'>{.body}</a>").unwrap();
    let page = base.extend([("link", "{url}"), ("text", "a {x}"), ("body", "<b>{x}</b>")]).unwrap();
    let html = page.render(&values! { url: "javascript:x", x: "'" }).unwrap();
    assert_eq!(html.0, "<a href=\"about:invalid#refused-url\" title='a &#x27;'><b>&#x27;</b></a>");
    let error = base.extend([("body", "<b title=\"{x}")]).unwrap_err();
    assert_eq!(error.kind(), Context, "{error}");
    assert!(error.message().contains("the section in this place begins in element"), "{error}");
    let error = base.extend([("text", "it's")]).unwrap_err();
    assert_eq!(error.kind(), Context, "{error}");
    let error = Template::parse("<p onclick=\"{#block code}f(){/block}\">")
        .unwrap()
        .extend([("code", "g({x})")])
        .unwrap_err();
    assert_eq!((error.kind(), error.line(), error.column()), (Context, 1, 3), "{error}");
    broken(&[("a", "{#include b}{x}"), ("b", "<p title=\"")], Context, "a:1:1: the included");
}

#[test]
fn mistakes_name_the_file_and_the_place() {
    broken(&[("a", "\n{#include b}")], NotFound, "a:2:1: there is no template `b`");
    broken(&[("a", "<extend> b")], NotFound, "a:1:10: there is no template `b`");
    broken(&[("a", "x{#include b}"), ("b", "y\n{#if}")], Syntax, "b:2:5: ");
    broken(&[("a", "<extend>b\n<?c?>d"), ("b", "")], NotFound, "a:2:1: `b` has no place for a");
    broken(&[("a", "<extend>b<?x?>d"), ("b", "{x:num}")], Type, "b:1:1: a section cannot");
    broken(&[("a", "<extend>b<?x?>d"), ("b", "{x.y}")], Type, "b:1:2: `x` is a section");
    broken(&[("a", "<extend>b<?x?>d"), ("b", "{#for y in x}{/for}")], Type, "is no list");
    broken(&[("a", "<extend>b<?x?>1<?x?>2"), ("b", "{x}")], Syntax, "a:1:16: the section `x`");
    broken(&[("a", "{#include b}"), ("b", "<loop><?begin?>x")], Type, "`b` is a loop");
    broken(&[("a", "<loop>x")], Syntax, "`<?begin?>` is missing");
    broken(&[("a", "<loop><?begin?>{x}")], Type, "is a loop (`get_loop` gives it)");
    broken(&[("a", "<loop><?begin?><p title=\"{x}")], Context, "the body of the loop");
    let error = Template::parse("{#include x}").unwrap_err();
    assert_eq!(error.kind(), NotFound);
    let error = Template::parse("{a}").unwrap().extend([("a", "1"), ("a", "2")]).unwrap_err();
    assert!(error.to_string().contains("twice"), "{error}");
}

#[test]
fn circles_end_in_an_error() {
    broken(&[("a", "{#include a}")], Cycle, "`a` includes `a`, which never ends");
    broken(&[("a", "{#include b}"), ("b", "{#include a}")], Cycle, "`b` includes `a` includes `b`");
    broken(&[("a", "<extend>a")], Cycle, "`a` extends `a` again");
    broken(&[("a", "<extend>b"), ("b", "<extend>a")], Cycle, "`a` extends `b` extends `a` again");
    broken(
        &[("a", "<extend>b<?c?>{#include a}"), ("b", "{c}")],
        Cycle,
        "`a` includes `a`, which never ends",
    );
    broken(&[("a", "<extend>b"), ("b", "{#include a}")], Cycle, "includes `a`");
}

/// A text of a few lines must not become one of gigabytes.
#[test]
fn what_multiplies_has_a_limit() {
    static BOMB: Texts = &[
        ("a", "{#include b}{#include b}{#include b}{#include b}{#include b}{#include b}"),
        ("b", "{#include c}{#include c}{#include c}{#include c}{#include c}{#include c}"),
        ("c", "{#include d}{#include d}{#include d}{#include d}{#include d}{#include d}"),
        ("d", "{#include e}{#include e}{#include e}{#include e}{#include e}{#include e}"),
        ("e", "{#include f}{#include f}{#include f}{#include f}{#include f}{#include f}"),
        ("f", "{x} and a text of some length that is there again and again {x}{#if x}{/if}"),
    ];
    let templates = Templates::embedded(Settings::new().with_max_size(100_000), BOMB);
    let error = templates.get("a").unwrap_err();
    assert_eq!(error.kind(), Limit, "{error}");
    assert!(error.to_string().contains("max_size"), "{error}");
    let small = Settings::new().with_max_size(10);
    assert_eq!(small.parse("t", "01234567890").unwrap_err().kind(), Limit);
    // And one that is deep.
    let mut template = Template::parse("{a}").unwrap();
    let error = loop {
        match template.extend([("a", "<b>{a}</b>")]) {
            Ok(deeper) => template = deeper,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), Limit, "{error}");
}

/// Empty includes cost no text, and still have to end.
#[test]
fn empty_includes_multiply_no_further_than_the_limit() {
    static BOMB: Texts = &[
        (
            "a",
            "{#include b}{#include b}{#include b}{#include b}{#include b}{#include b}{#include b}",
        ),
        (
            "b",
            "{#include c}{#include c}{#include c}{#include c}{#include c}{#include c}{#include c}",
        ),
        (
            "c",
            "{#include d}{#include d}{#include d}{#include d}{#include d}{#include d}{#include d}",
        ),
        (
            "d",
            "{#include e}{#include e}{#include e}{#include e}{#include e}{#include e}{#include e}",
        ),
        (
            "e",
            "{#include f}{#include f}{#include f}{#include f}{#include f}{#include f}{#include f}",
        ),
        (
            "f",
            "{#include g}{#include g}{#include g}{#include g}{#include g}{#include g}{#include g}",
        ),
        (
            "g",
            "{#include h}{#include h}{#include h}{#include h}{#include h}{#include h}{#include h}",
        ),
        ("h", ""),
    ];
    let templates = Templates::embedded(Settings::new().with_max_size(1 << 20), BOMB);
    assert_eq!(templates.get("a").unwrap_err().kind(), Limit);
}

#[test]
fn names_stay_in_their_folder() {
    for name in [
        "",
        "/etc/passwd",
        "../a",
        "a/../b",
        ".hidden",
        "a/.b",
        "a//b",
        "a/",
        "a\\b",
        "a b",
        "c:a",
        "a\0",
        "con.",
        "%2e%2e/a",
    ] {
        let error = Templates::embedded(Settings::new(), &[]).get(name).unwrap_err();
        assert_eq!(error.kind(), Name, "{name}");
    }
    broken(&[("a", "{#include ../../etc/passwd}")], Name, "a:1:1: `../../etc/passwd` is no name");
    broken(&[("a", "<extend>../b")], Name, "is no name");
}
