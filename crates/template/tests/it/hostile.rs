use html5gum::{Token, Tokenizer};
use pauper_template::{Settings, Template, ToValue, record, values};
use proptest::prelude::*;

const PAGE: &str = "<!doctype html><title>{t}</title><p class=\"a {t}\" title='{t|x}'>{t}\
    <a href=\"{t}\">{t:num|-}</a>{#for r in rows}<b id=\"{r.a}\">{r.a}{r.b}</b>{/for}\
    {#if t}<i>{t}</i>{/if}<textarea>{t}</textarea><img src='{t}' alt=\"{r}\">{r}";

/// The tags of a page with the names of their attributes, and the values of `href` and `src`.
fn skeleton(page: &[u8]) -> (Vec<String>, Vec<String>) {
    let page = std::str::from_utf8(page).unwrap();
    let (mut tags, mut urls) = (Vec::new(), Vec::new());
    for token in Tokenizer::new(page) {
        match token.unwrap() {
            Token::StartTag(tag) => {
                let name = String::from_utf8(tag.name.to_vec()).unwrap();
                let mut names = vec![name];
                for (name, value) in &tag.attributes {
                    let name = String::from_utf8(name.to_vec()).unwrap();
                    if name == "href" || name == "src" {
                        urls.push(String::from_utf8(value.value.to_vec()).unwrap());
                    }
                    names.push(name);
                }
                tags.push(names.join(" "));
            }
            Token::EndTag(tag) => tags.push(format!("/{}", String::from_utf8_lossy(&tag.name))),
            Token::Comment(_) => tags.push("!--".into()),
            Token::Error(_) | Token::String(_) | Token::Doctype(_) => {}
        }
    }
    (tags, urls)
}

struct Row {
    a: String,
    b: Option<char>,
}
record!(Row { a, b });

/// Text in which what matters in HTML is frequent.
fn text() -> impl Strategy<Value = String> {
    "([<>\"'&=/! a-z\t\n\u{0}é;:#-]|<script>|</title>|</textarea>|javascript:|-->|&lt;|data:){0,12}"
}

proptest! {
    /// Whatever the data is, a tokenizer sees the tags of the template and no others.
    #[test]
    fn data_never_becomes_markup(t in text(), r in text(), rows in prop::collection::vec((text(), any::<Option<char>>()), 0..4)) {
        let page = Settings::new()
            .with_converter("num", |value, out| { out.push_str(&value.to_string()); Ok(()) })
            .parse("t", PAGE)
            .unwrap();
        let count = rows.len();
        let rows: Vec<Row> = rows.into_iter().map(|(a, b)| Row { a, b }).collect();
        let truth = t.to_value().is_true();
        let hostile = page.render(&values! { t: &t, r, rows }).unwrap().0.to_vec();
        let harmless: Vec<Row> = (0..count).map(|_| Row { a: "x".into(), b: None }).collect();
        let harmless = values! { t: if truth { "x" } else { "" }, r: "x", rows: harmless };
        let harmless = page.render(&harmless).unwrap().0.to_vec();
        let (tags, urls) = skeleton(&hostile);
        prop_assert_eq!(tags, skeleton(&harmless).0);
        for url in urls {
            let url = url.to_lowercase().replace(['\t', '\n', '\r'], "");
            let url = url.trim_start_matches(|c: char| c <= ' ');
            prop_assert!(!url.starts_with("javascript:") && !url.starts_with("data:"), "{}", url);
        }
    }

    /// Any text is a template or an error, and never a panic.
    #[test]
    fn any_text_is_read_or_refused(text in "([{}#/.:|*' \n]|if|for|else|block|a|in|not|<|>|\"|<script|</script|<!--|-->|=|svg|é){0,40}") {
        if let Ok(template) = Template::parse(&text) {
            let _ = template.render(&values! { a: "<", b: [1, 2] });
        }
        let debug = Settings::new().with_debug(true);
        if let Ok(template) = debug.parse("t", &text) {
            let _ = template.render(&());
        }
    }
}

#[test]
fn long_and_deep_texts_take_linear_time() {
    for part in ["{", "{*", "{#if a}", "{#literal}", "{a", "<", "<?", "<!--", "{a|", "<p title=\""]
    {
        let _ = Template::parse(&part.repeat(200_000));
    }
    let text = "{a}<p>".repeat(100_000);
    let page = Template::parse(&text).unwrap().render(&values! { a: 1 }).unwrap();
    assert_eq!(page.0.len(), 400_000);
}

/// Each tag of a line must not look at the whole rest of it.
#[test]
fn many_tags_on_one_line_take_linear_time() {
    let text = "{#if a}x{/if}{* c *}{#for b in c}{/for}".repeat(15_000);
    let settings = Settings::new().with_max_size(1 << 26);
    let page = settings.parse("t", &text).unwrap().render(&values! { a: 1, c: () }).unwrap();
    assert_eq!(page.0.len(), 15_000);
}
