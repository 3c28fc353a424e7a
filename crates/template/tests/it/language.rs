use pauper_template::ErrorKind::{Limit, Syntax, UnknownConverter};
use pauper_template::{Settings, values};

use crate::{check, fails, refused};

#[test]
fn braces_that_are_no_tags_are_text() {
    for text in [
        "{",
        "}",
        "{}",
        "{ a}",
        "{a }",
        "{a b}",
        "{1}",
        "{a.}",
        "{.}",
        "{a:}",
        "{-a}",
        "{{}}",
        "a{b",
        "{a|b",
        "{# x}",
        "{/ x}",
        "{/x y}",
        "{é}",
        "{a..b}",
        "x { color: red; }",
        "{\"a\":1}",
        "{a|x{y",
    ] {
        check(text, &(), text);
    }
    check("{'{'}a}", &(), "{a}");
    check("{{'{'}}", &(), "{{}");
    check("{#literal}{a} {#if} {*{/literal}{'{'}", &(), "{a} {#if} {*{");
    check("{{a}}", &values! { a: 1 }, "{1}");
}

#[test]
fn comments_disappear() {
    check("a{* {b} {#if} *}c", &(), "ac");
    check("a\n  {* one\n two *}  \nb", &(), "a\nb");
    refused("a\n {* b *", Syntax, 2, 2, "`*}` is missing");
}

#[test]
fn names_are_letters_digits_and_underscores() {
    check("{_a1} {B} {naïve}", &values! { _a1: 1, B: 2, naïve: 3 }, "1 2 3");
    check("{type}", &values! { r#type: "t" }, "t");
}

#[test]
fn nested_values() {
    let user = values! { name: "Ada", address: values! { town: "London" }, none: None::<u8> };
    let data = values! { user };
    check("{user.name} {user.address.town}", &data, "Ada London");
    check("[{user.none.more}]", &data, "[]");
    fails("..{user.nam}", &data, pauper_template::ErrorKind::Missing, 4, "`user.nam`");
    fails("{user.name.first}", &data, pauper_template::ErrorKind::Missing, 2, "user.name.first");
    let long = "a.".repeat(16) + "a";
    refused(&format!("{{{long}}}"), Limit, 1, 2, "at most 16 names");
}

#[test]
fn defaults_stand_for_missing_and_none() {
    let data = values! { none: (), empty: "", n: 1 };
    check("{x|guest} {none|R&D} [{empty|x}] {n|2}", &data, "guest R&amp;D [] 1");
    check("{x:num|none} {none:num|0} {.x|<b>} {x.y|-} {x|}", &data, "none 0 &lt;b&gt; - ");
}

#[test]
fn converters() {
    check("{n:num} {n:cents}", &values! { n: 1234 }, "1,234 1,234.00");
    check("<a href=\"?q={q:query}\">", &values! { q: "a&b c" }, "<a href=\"?q=a%26b%20c\">");
    check("{v:json}", &values! { v: ["<"] }, "[&quot;&lt;&quot;]");
    refused("x {a:nope}", UnknownConverter, 1, 3, "no converter `nope`; there are cents, json");
    fails(
        "{a:num}",
        &values! { a: "x" },
        pauper_template::ErrorKind::Conversion,
        2,
        "`a` cannot be converted by `num`: text is no number",
    );
}

#[test]
fn conditions() {
    let data = values! { yes: true, no: false, zero: 0, text: "x", none: (), list: [0; 0] };
    check("{#if yes}a{/if}{#if no}b{/if}{#if zero}c{/if}", &data, "a");
    check("{#if text}a{/if}{#if none}b{/if}{#if list}c{/if}", &data, "a");
    check("{#if not yes}a{#else}b{/if}{#if not no}c{/if}", &data, "bc");
    check("{#if no}a{#elif zero}b{#elif yes}c{#else}d{/if}", &data, "c");
    check("{#if no}a{#elif zero}b{#else}d{/if}", &data, "d");
    check("{#if yes}{#if no}a{#else}b{/if}{#else}c{/if}", &data, "b");
    check("{#if notes}a{/if}", &values! { notes: 1 }, "a");
    fails("{#if x}a{/if}", &data, pauper_template::ErrorKind::Missing, 6, "`x`");
    refused("{#if}", Syntax, 1, 5, "wants a name");
    refused("{#if a b}{/if}", Syntax, 1, 6, "wants a name");
    refused("{#if a == b}{/if}", Syntax, 1, 6, "wants a name");
    refused("\n {#if a}", Syntax, 2, 2, "`{/if}` is missing");
    refused("{#if a}{#else}{#else}{/if}", Syntax, 1, 15, "already");
    refused("{#if a}{#else}{#elif b}{/if}", Syntax, 1, 15, "before its `{#else}`");
    refused("{#else}", Syntax, 1, 1, "belongs into");
    refused("{#elif a}", Syntax, 1, 1, "belongs into");
    refused("{#if a}{#else b}{/if}", Syntax, 1, 14, "takes nothing");
    refused("{/if}", Syntax, 1, 1, "closes nothing");
    refused("{#if a}\n{#for b}{/if}", Syntax, 2, 9, "`{/for}` is expected, of line 2");
    refused("{#if a", Syntax, 1, 1, "no `}` on its line");
    refused("{#if a\n}{/if}", Syntax, 1, 1, "no `}` on its line");
}

#[test]
fn loops() {
    let rows = [("a", vec![1, 2]), ("b", vec![])].map(|(name, tags)| values! { name, tags });
    let data = values! { rows: &rows[..], name: "outer", empty: [0; 0], none: () };
    check("{#for r in rows}{r.name}{name} {/for}", &data, "aouter bouter ");
    check("{#for rows}{name} {/for}{name}", &data, "a b outer");
    check("{#for rows}{name}{#for t in tags}{t}{#else}-{/for}{/for}", &data, "a12b-");
    check("{#for x in empty}{x}{#else}none{/for}{#for x in none}{x}{/for}", &data, "none");
    check("{#for inner in rows}{#for r in rows}{r.name}{/for};{/for}", &data, "ab;ab;");
    let text = "{#for rows}{loop.index}{loop.number}{loop.length}\
                {#if loop.first}F{/if}{#if loop.last}L{/if} {/for}";
    check(text, &data, "012F 122L ");
    check("{loop}", &values! { r#loop: 1 }, "1");
    refused("{#for rows}{loop}{/for}", Syntax, 1, 13, "`loop.index`");
    refused("{#for rows}{loop.x}{/for}", Syntax, 1, 13, "`loop.index`");
    refused("{#for loop in rows}{/for}", Syntax, 1, 7, "`loop` is taken");
    refused("{#for a in}{/for}", Syntax, 1, 7, "wants a name");
    refused("{#for}{/for}", Syntax, 1, 6, "wants a name");
    refused("{#for a}{/block}", Syntax, 1, 9, "`{/for}` is expected");
    fails("{#for name}{/for}", &data, pauper_template::ErrorKind::Type, 7, "text and no list");
    fails("{#for x in y}{/for}", &data, pauper_template::ErrorKind::Missing, 12, "`y`");
}

#[test]
fn unknown_tags_are_refused() {
    refused("a\n{#unless x}", Syntax, 2, 1, "no tag `{#unless`");
    refused("{/literal}", Syntax, 1, 1, "closes nothing");
    refused("{#literal}x", Syntax, 1, 1, "`{/literal}` is missing");
    refused("{#block}{/block}", Syntax, 1, 8, "wants a name");
    refused("{#block a b}{/block}", Syntax, 1, 8, "wants a name");
    refused("{#block a}{#else}{/block}", Syntax, 1, 11, "has none");
}

#[test]
fn a_tag_alone_on_its_line_takes_the_line_with_it() {
    let data = values! { yes: true, rows: [1, 2] };
    check(
        "<ul>\n  {#for r in rows}\n  <li>{r}\n  {/for}\n</ul>\n",
        &data,
        "<ul>\n  <li>1\n  <li>2\n</ul>\n",
    );
    check("a\r\n{#if yes}\r\nb\r\n{/if}\r\nc", &data, "a\r\nb\r\nc");
    check("{#if yes}\n{#if yes}\nb\n{/if}\n{/if}", &data, "b\n");
    check("a {#if yes}\nb{/if}\n", &data, "a \nb\n");
    check("{yes}\n{yes}\n", &data, "true\ntrue\n");
    check("{yes} {#if yes}\nb{/if}", &data, "true \nb");
}

#[test]
fn errors_show_the_line() {
    let error = Settings::new().parse("page.tpl", "<p>\n\tHi, {#iff x}\n").unwrap_err();
    let told = error.to_string();
    assert!(told.starts_with("page.tpl:2:6: no tag `{#iff`"), "{told}");
    assert!(told.ends_with("\n  2 |  Hi, {#iff x}\n    |      ^"), "{told}");
    assert_eq!(format!("{error:?}"), told);
    assert_eq!((error.file(), error.line(), error.column()), ("page.tpl", 2, 6));
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth| "{#if a}".repeat(depth) + "x" + &"{/if}".repeat(depth);
    check(&nested(32), &values! { a: 1 }, "x");
    refused(&nested(33), Limit, 1, 1 + 7 * 32, "deeper than 32 levels (max_depth)");
    let settings = Settings::new().with_max_depth(1000);
    assert!(settings.parse("t", &nested(60)).is_ok());
    assert!(settings.parse("t", &nested(61)).is_err());
}
