use pauper_template::ErrorKind::{Context, UnsafeUrl};
use pauper_template::{Html, Settings, Template, values};

use crate::{check, fails, refused};

const HOSTILE: &str = "\"'><script>&";
const ESCAPED: &str = "&quot;&#x27;&gt;&lt;script&gt;&amp;";

/// A value is printed escaped where `{x}` stands.
#[track_caller]
fn fine(template: &str) {
    let expected = template.replace("{x}", ESCAPED);
    check(template, &values! { x: HOSTILE, yes: true, no: false, rows: [1, 2] }, &expected);
}

#[test]
fn values_stand_in_text_and_quoted_attributes() {
    fine("{x}");
    fine("<p>{x}</p>");
    fine("<p class=\"a {x} b\" title = '{x}'>{x}</p>");
    fine("<TEXTAREA>{x}</TEXTAREA>{x}");
    fine("<title>a <b> {x}</title><b title=\"{x}\">");
    fine("a < b {x} && c");
    fine("<br/>{x}<input value=\"{x}\"/>{x}<a href=/x/>{x}</a>");
    fine("<!-- <script> --->{x}<!-->{x}<!--->{x}<!-- --!>{x}");
    fine("<!DOCTYPE html>{x}<?pi?>{x}");
    fine("<script>if (a < b) { c(\"</s\"); }</script>{x}");
    fine("<style>p { a: b }</style>{x}<STYLE></style >{x}");
    fine("<script>a</scripty></script\n>{x}");
    fine("<svg><title>{x}</title><path d=\"{x}\"/></svg>{x}<noscript>{x}</noscript>");
    fine("<p title=\"<script>\">{x}</p><p title='a\"'>{x}");
    fine("<script nonce=\"{x}\" src=\"/a.js\"></script>{x}");
    fine("<p data-once=\"{x}\" data-x='{x}'>");
}

#[test]
fn values_are_refused_where_escaping_does_not_help() {
    for (template, words) in [
        ("<script>{x}</script>", "into a script"),
        ("<script type=module>{x}</script>", "into a script"),
        ("<script>a</scripty>{x}</script>", "into a script"),
        ("<script type=\"text/javascript\" type=\"application/json\">{x:json}", "into a script"),
        ("<script type type=\"application/json\">{x:json}</script>", "into a script"),
        ("<svg><script>{x}</script></svg>", "into a script"),
        ("<style>{x}</style>", "into a style"),
        ("<p onclick=\"{x}\">", "event attributes"),
        ("<p ONCLICK='a({x})'>", "event attributes"),
        ("<p @click=\"{x}\">", "event attributes"),
        ("<p hx-on:click=\"{x}\">", "event attributes"),
        ("<p style=\"color: {x}\">", "not into styles"),
        ("<iframe srcdoc=\"{x}\">", "a page within an attribute"),
        ("<iframe>{x}</iframe>", "the element `<iframe>`"),
        ("<xmp>{x}</xmp>", "the element `<xmp>`"),
        ("<p class={x}>", "write `class=\"…\"`"),
        ("<p class=a{x}>", "write `class=\"…\"`"),
        ("<p class= {x}>", "write `class=\"…\"`"),
        ("<p {x}>", "the tag `<p>`"),
        ("<p {x}=\"a\">", "the tag `<p>`"),
        ("<p a{x}=\"a\">", "an attribute's name"),
        ("<p a {x}>", "an attribute's name"),
        ("<p a=\"b\"{x}>", "the tag `<p>`"),
        ("<{x}>", "a tag's name"),
        ("<h{x}>", "a tag's name"),
        ("</{x}>", "a tag's name"),
        ("<!-- {x} -->", "an HTML comment; `{* … *}`"),
        ("<!--{x}-->", "an HTML comment"),
        ("<!doctype {x}>", "a declaration"),
        ("<?{x}?>", "a declaration"),
        ("<script type=\"{x}\"></script>", "the attribute `type` of `<script>`"),
        ("<meta http-equiv=\"refresh\" content=\"0;url={x}\">", "`http-equiv`"),
        ("<meta http-equiv=refresh content=\"0;url={x}\">", "`http-equiv`"),
        ("<meta content=\"0;url={x}\" http-equiv=refresh>", "`http-equiv`"),
        ("<meta http-equiv=\"{x}\">", "the attribute `http-equiv`"),
        ("<svg><set attributeName=\"href\" to=\"{x}\"/>", "animated attributes"),
        ("<title></ti{x}tle>", "the element `<title>`"),
    ] {
        for tag in ["{x}", "{.x}", "{x|y}"] {
            // A whole tag may be raw; see below.
            if (template, tag) == ("<{x}>", "{.x}") {
                continue;
            }
            let template = template.replace("{x}", tag);
            let error = Template::parse(&template).expect_err(&template);
            assert_eq!(error.kind(), Context, "{error}");
            assert!(error.message().contains(words), "{words}: {error}");
        }
    }
    refused("<p>\n<script>\n  f({x})", Context, 3, 5, "into a script");
}

/// `{.name}` says that its value is HTML, and between `<` and `>` that is a tag: but only one behind
/// which the rest of the template still stands where it was checked.
#[test]
fn a_whole_tag_may_be_raw() {
    let data = |x: &'static str| values! { x, y: "<" };
    for tag in ["b", "/b", "B&", "br/", "a href=\"/x\" title='>'", "!-- c --", "", "b><i"] {
        let expected = format!("<p><{tag}>&lt;</p>");
        assert_eq!(crate::render("<p><{.x}>{y}</p>", &data(tag)), expected);
    }
    for (tag, words) in [
        ("script", "the element `<script>`"),
        ("STYLE media=x", "the element `<style>`"),
        ("title", "the element `<title>`"),
        ("b><textarea", "the element `<textarea>`"),
        ("svg", "an `<svg>` or `<math>`"),
        ("!-- ", "an HTML comment"),
        ("b title=\"", "the attribute `title` of `<b>`"),
        ("b title=", "has `=` and no value"),
        ("b <i", "in the tag `<b>`"),
    ] {
        fails("<p><{.x}>{y}</p>", &data(tag), Context, 7, words);
    }
    for other in ["<{x}>", "<{.x|b}>", "<{.x:num}>", "<{.x} >", "<h{.x}>", "</{.x}>"] {
        assert!(Template::parse(other).is_err(), "{other}");
    }
    // What is between two tags of SVG may be read in two ways.
    assert!(Template::parse("<svg><{.x}></svg>").is_err());
}

#[test]
fn html_that_browsers_repair_is_refused() {
    refused("<p a=\"b\"c>", Context, 1, 9, "a blank is missing");
    refused("<p a=b\"c>", Context, 1, 7, "is a quote missing?");
    refused("<p a=>", Context, 1, 6, "no value");
    refused("<p \"a\">", Context, 1, 4, "is a quote missing?");
    refused("<p <b>", Context, 1, 4, "is a quote missing?");
    refused("<p<b>", Context, 1, 3, "not closed");
    refused("</ p>", Context, 1, 3, "followed by a name");
    refused("<svg><![CDATA[x]]></svg>", Context, 1, 14, "CDATA");
    refused("<!-x>", Context, 1, 4, "neither");
    refused("<script/>", Context, 1, 9, "write `</script>`");
    refused("<script><!--<script></script>", Context, 1, 19, "browsers would not end");
    refused("<svg><style><a></style></svg>", Context, 1, 14, "within SVG");
    refused("<svg><title><a href=\"{x}\"></title></svg>", Context, 1, 14, "within SVG");
}

#[test]
fn a_template_ends_in_text() {
    refused("<p title=\"a", Context, 1, 12, "ends in the attribute `title` of `<p>`");
    refused("<p\n", Context, 1, 3, "the tag `<p>`");
    refused("<script>a", Context, 1, 10, "ends in the element `<script>`");
    refused("<!-- a", Context, 1, 7, "an HTML comment");
    refused("<p title=\"{x}>{y}</p>\n", Context, 1, 22, "the attribute `title`");
}

#[test]
fn branches_and_loops_end_in_one_place() {
    let data = values! { yes: true, no: false, rows: ["a", "b"], x: "<" };
    check("<input{#if yes} checked{/if} id=\"{x}\">", &data, "<input checked id=\"&lt;\">");
    check("<p class=\"a{#if no} b{/if}\">{x}", &data, "<p class=\"a\">&lt;");
    check("<input {#if no}checked{#else}disabled{/if}>", &data, "<input disabled>");
    check("<p{#if yes} class=\"{x}\"{/if} id=\"i\">", &data, "<p class=\"&lt;\" id=\"i\">");
    check("<p class=\"{#for r in rows}{r} {/for}\">", &data, "<p class=\"a b \">");
    check("{#if yes}<b>{x}{/if}</b>", &data, "<b>&lt;</b>");
    refused("{#if a}<p title=\"{/if}{x}\">", Context, 1, 6, "end in different places");
    refused("{#if a}<script>{#else}<b>{/if}{x}", Context, 1, 6, "end in different places");
    refused("<p{#if a} b{/if}=\"{x}\">", Context, 1, 17, "a blank is missing");
    refused("<p {#if a}b{/if}c>", Context, 1, 17, "a blank is missing");
    refused("<p {#if a}onclick{#else}title{/if}=\"{x}\">", Context, 1, 35, "a blank is missing");
    refused("{#for r in rows}<p title=\"{/for}", Context, 1, 12, "the body of the loop begins in");
    refused("<p {#for r in rows}a=\"b\"{/for}>", Context, 1, 15, "the body of the loop begins in");
    refused("{#for r in a}{#else}<p {/for}>", Context, 1, 12, "its `{#else}`");
    refused(
        "<script type=\"{#if a}application/json{#else}module{/if}\">{x:json}</script>",
        Context,
        1,
        58,
        "into a script",
    );
    refused(
        "<script {#if a}type=\"application/json\"{/if}>{x:json}</script>",
        Context,
        1,
        45,
        "into a script",
    );
    refused(
        "<meta {#if a}http-equiv=\"refresh\"{/if} content=\"{x}\">",
        Context,
        1,
        49,
        "`http-equiv`",
    );
}

#[test]
fn data_scripts_take_json() {
    let data = values! { x: HOSTILE, rows: [values! { a: "</script><!--" }] };
    check(
        "<script type=\"application/json\">{\"a\": {x:json}, \"b\": {rows:json}}</script>",
        &data,
        "<script type=\"application/json\">{\"a\": \"\\\"'\\u003e\\u003cscript\\u003e\\u0026\", \
         \"b\": [{\"a\":\"\\u003c/script\\u003e\\u003c!--\"}]}</script>",
    );
    check(
        "<script type=' application/LD+json '>[{#for rows}{a:json},{/for}0]</script>",
        &data,
        "<script type=' application/LD+json '>[\"\\u003c/script\\u003e\\u003c!--\",0]</script>",
    );
    for tag in ["{x}", "{.x}", "{x:num}", "{x:json|0}"] {
        let template = format!("<script type=\"application/json\">{tag}</script>");
        refused(&template, Context, 1, 33, "as `{name:json}` only");
    }
    // A converter of that name that knows nothing of scripts does no harm.
    let settings = Settings::new().with_converter("json", |value, out| {
        out.push_str(&value.to_string());
        Ok(())
    });
    let text = "<script type=\"application/json\">{x:json}</script>";
    let page = settings.parse("t", text).unwrap().render(&values! { x: "</script>" }).unwrap();
    assert!(!page.0.to_vec().windows(9).rev().skip(9).any(|it| it == b"</script>"), "{page:?}");
}

#[test]
fn html_is_no_markup_in_attributes_and_titles() {
    let html = Html("<b a=\"x\">&amp;'</b>");
    let data = values! { html, pieces: Html(pauper_iolist::IoList::from("<i>\"")) };
    check("{html}{.html}{pieces}", &data, "<b a=\"x\">&amp;'</b><b a=\"x\">&amp;'</b><i>\"");
    check(
        "<p title=\"{html}\" class='{.html}' id=\"{pieces}\"><title>{.html}</title>",
        &data,
        "<p title=\"&lt;b a=&quot;x&quot;&gt;&amp;&#x27;&lt;/b&gt;\" \
         class='&lt;b a=&quot;x&quot;&gt;&amp;&#x27;&lt;/b&gt;' id=\"&lt;i&gt;&quot;\">\
         <title>&lt;b a=&quot;x&quot;&gt;&amp;&#x27;&lt;/b&gt;</title>",
    );
    check(
        "<p title=\"{.x}\">",
        &values! { x: "\"><script>" },
        "<p title=\"&quot;&gt;&lt;script&gt;\">",
    );
}

#[track_caller]
fn url(template: &str, x: &str, expected: &str) {
    let data = values! { x, y: ":alert(1)", yes: true, no: false };
    check(template, &data, expected);
}

const REFUSED: &str = "<a href=\"about:invalid#refused-url\">";

#[test]
fn urls_that_run_code_are_refused_at_render() {
    let link = "<a href=\"{x}\">";
    url(link, "/a?b=c&d", "<a href=\"/a?b=c&amp;d\">");
    url(link, "https://example.org", "<a href=\"https://example.org\">");
    url(link, "mailto:a@b", "<a href=\"mailto:a@b\">");
    url(link, "", "<a href=\"\">");
    for bad in [
        "javascript:alert(1)",
        "\u{1} JAVAscript:x",
        "java\nscript:x",
        "vbscript:x",
        "data:text/html,<script>",
    ] {
        url(link, bad, REFUSED);
        url("<A HREF='{x}'>", bad, &REFUSED.replace('"', "'").replace("a href", "A HREF"));
        url("<a href=\"{.x}\">", bad, REFUSED);
        url("<a href=\"  {x}\">", bad, REFUSED);
        url("<a href=\"{#if yes}{x}{/if}\">", bad, REFUSED);
        url("<a href=\"{#if no}/{/if}{x}\">", bad, REFUSED);
        url("<form action=\"{x}\">", bad, &REFUSED.replace("a href", "form action"));
        url(
            "<iframe src=\"{x}\"></iframe>",
            bad,
            &(REFUSED.replace("a href", "iframe src") + "</iframe>"),
        );
    }
    url("<a href=\"{.x}\">", "javascript&colon;x", REFUSED);
    url("<a href=\"java{x}\">", "script:x", REFUSED);
    url("<a href=\"{x}{y}\">", "javascript", REFUSED);
    url("<a href=\"{x}:x\">", "javascript", REFUSED);
    url("<a href=\"&#106;ava{x}\">", "script:x", REFUSED);
    // What stands in front settles it.
    url("<a href=\"/{x}\">", "javascript:x", "<a href=\"/javascript:x\">");
    url("<a href=\"https:{x}\">", "javascript:x", "<a href=\"https:javascript:x\">");
    url("<a href=\"?q={x}\">", "javascript:x", "<a href=\"?q=javascript:x\">");
    url("<a title=\"{x}\">", "javascript:x", "<a title=\"javascript:x\">");
    // A refused URL takes nothing else with it.
    url(
        "<p>{y}</p><a href=\"{x}\" title=\"{y}\">",
        "javascript:x",
        &format!("<p>:alert(1)</p>{} title=\":alert(1)\">", &REFUSED[..REFUSED.len() - 1]),
    );
}

#[test]
fn pictures_may_be_data() {
    let image = "data:image/png;base64,AA";
    url("<img src=\"{x}\">", image, &format!("<img src=\"{image}\">"));
    url("<a href=\"{x}\">", image, REFUSED);
    url("<img src=\"{x}\">", "data:text/html,x", &REFUSED.replace("a href", "img src"));
}

#[test]
fn code_in_the_template_itself_takes_no_values() {
    refused("<a href=\"javascript:f('{x}')\">", Context, 1, 24, "a URL that is code");
    refused("<a href=\"java&Tab;script&colon;{x}\">", Context, 1, 32, "a URL that is code");
    check("<a href=\"javascript:f()\">", &(), "<a href=\"javascript:f()\">");
}

#[test]
fn strict_urls_are_an_error() {
    let settings = Settings::new().with_strict_urls(true);
    let template = settings.parse("t", "<p>\n<a href=\"{x}\">").unwrap();
    let error = template.render(&values! { x: "javascript:alert(1)" }).unwrap_err();
    assert_eq!((error.kind(), error.line(), error.column()), (UnsafeUrl, 2, 11), "{error}");
    assert!(error.message().contains("`javascript:alert(1)` is no URL"), "{error}");
}
