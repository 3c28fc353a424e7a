use pauper_template::{Loop, Record, Settings, Template, ToValue, values};

/// The original shows missing names; that is what debug mode does.
fn settings() -> Settings {
    Settings::new().with_debug(true)
}

#[test]
fn placeholders() {
    let text = "{a} {.a} {n:num} {n:cents} {x} {z} {not valid} {{a}}";
    let template = settings().parse("t", text).unwrap();
    let page = template.render(&values! { a: "<&\">'", n: 1234567.5, z: () }).unwrap();
    assert_eq!(
        page.0,
        "&lt;&amp;&quot;&gt;&#x27; <&\">' 1,234,567.5 1,234,567.50 {x}  {not valid} \
         {&lt;&amp;&quot;&gt;&#x27;}"
    );
}

#[test]
fn assembly() {
    let base = Template::parse("[{title}|{.body}|{foo}]").unwrap();
    let page = base.extend([("title", "Hi {user}"), ("body", "<{.body}>")]).unwrap();
    let page = page.render(&values! { user: "<J>", body: "B&", foo: "f" }).unwrap();
    assert_eq!(page.0, "[Hi &lt;J&gt;|<B&>|f]");
}

#[track_caller]
fn check_loop(items: &[impl ToValue], context: &dyn Record, expected: &str) {
    let it = Loop::with(&settings(), "<ul>{t}", "<li>{i}{t}", "</ul>", Some("none {t}")).unwrap();
    assert_eq!(it.render(items, context).unwrap().0, expected);
}

#[test]
fn loops() {
    let context = values! { t: "T" };
    let items: [Box<dyn Record>; 2] =
        [Box::new(values! { i: 1 }), Box::new(values! { i: 2, t: "own" })];
    check_loop(&items, &context, "<ul>T<li>1T<li>2own</ul>");
    check_loop(&items[..0], &context, "none T");
    check_loop(&items[..1], &(), "<ul>{t}<li>1{t}</ul>");
}

/// The original applies nothing to a raw value, but knows whether there is such a converter.
#[test]
fn raw_values_pass_their_converter_by() {
    let page = |text: &str| settings().parse("t", text);
    let data = values! { x: "<1234.5>", n: 1234 };
    assert_eq!(
        page("{.x:num}{.n:cents}{n:num}").unwrap().render(&data).unwrap().0,
        "<1234.5>12341,234"
    );
    assert!(page("{.x:nothing}").unwrap_err().to_string().contains("nothing"));
    assert!(page("{x:nothing}").is_err());
}

#[test]
fn loops_take_any_iterator() {
    let it =
        Loop::parse("<ol>", "<li>{n}{#if loop.last} of {loop.length}{/if}", "</ol>", Some("-"))
            .unwrap();
    let numbers = (1..=5).filter(|n| n % 2 == 1).map(|n| values! { n });
    assert_eq!(it.render(numbers, &()).unwrap().0, "<ol><li>1<li>3<li>5 of 3</ol>");
    let none = std::iter::empty::<&dyn Record>();
    assert_eq!(it.render(none, &()).unwrap().0, "-");
    let rows = vec![values! { n: 1 }];
    assert_eq!(it.render(&rows, &()).unwrap().0, it.render_list(&rows, &()).unwrap().0);
    assert_eq!(it.render(rows, &()).unwrap().0, "<ol><li>1 of 1</ol>");
}

#[cfg(feature = "folder")]
#[test]
fn folders() {
    use std::fs;

    use pauper_template::Templates;

    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("base.tpl", "\n\n <title>{title}</title>{.body} {foo}"),
        ("page.tpl", "<extend> base <?title?> Hi {user} <? body ?>\n<p>{user}</p>\n</extend>\n"),
        ("more.tpl", "<extend>page<?foo?>more"),
        ("rows.tpl", "<loop><ul><?begin?><li>{i}<?end?></ul><?else?>none</loop>"),
        ("short.tpl", "<loop><?begin?>{i},"),
        ("bad.tpl", "<loop><?body?>{i}"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let templates = Templates::folder(settings(), folder.path()).unwrap();
    let page = |name: &str| templates.get(name).unwrap().render(&values! { user: "&" }).unwrap();
    assert_eq!(page("base").0, "<title>{title}</title>{.body} {foo}");
    assert_eq!(page("page").0, "<title>Hi &amp;</title><p>&amp;</p> {foo}");
    assert_eq!(page("more").0, "<title>Hi &amp;</title><p>&amp;</p> more");
    let items = [1, 2].map(|i| values! { i });
    let rows = templates.get_loop("rows").unwrap();
    assert_eq!(rows.render(&items, &()).unwrap().0, "<ul><li>1<li>2</ul>");
    assert_eq!(rows.render(&items[..0], &()).unwrap().0, "none");
    let short = templates.get_loop("short").unwrap();
    assert_eq!(short.render(&items, &()).unwrap().0, "1,2,");
    assert_eq!(short.render(&items[..0], &()).unwrap().0, "");
    let error = templates.get_loop("bad").unwrap_err();
    assert!(error.to_string().contains("bad.tpl:1:7: a loop has no section `body`"), "{error}");
    assert!(Templates::folder(settings(), folder.path().join("base.tpl")).is_err());
}
