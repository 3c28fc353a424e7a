use pauper_iolist::IoList;
use pauper_template::{Html, Template, values};

#[test]
fn large_static_text_is_shared_and_small_is_copied() {
    let large = "x".repeat(IoList::SMALL);
    let template = Template::parse(&format!("<p>{{a}}</p>{large}{{a}}{large}!{{a}}")).unwrap();
    let [one, two] = [1, 2].map(|a| template.render(&values! { a }).unwrap().0);
    assert_eq!(one, format!("<p>1</p>{large}1{large}!1"));
    let pointers = |page: &IoList| -> Vec<(usize, *const u8)> {
        page.pieces().map(|piece| (piece.len(), piece.as_ptr())).collect()
    };
    let (one, two) = (pointers(&one), pointers(&two));
    let shared: Vec<usize> =
        one.iter().zip(&two).filter(|(a, b)| a == b).map(|(a, _)| a.0).collect();
    assert_eq!(shared, [large.len() + 4, large.len() + 1], "{one:?} {two:?}");
    // One byte less, and it is copied.
    let small = "x".repeat(IoList::SMALL - 1);
    let page = Template::parse(&format!("{{a}}{small}{{a}}")).unwrap();
    assert_eq!(page.render(&values! { a: 1 }).unwrap().0.pieces().count(), 1);
}

#[test]
fn large_html_is_shared() {
    let mut inner = IoList::from("y".repeat(4000));
    inner.freeze();
    let page = Template::parse("<b>{inner}</b>").unwrap();
    let page = page.render(&values! { inner: Html(inner.clone()) }).unwrap().0;
    let (ours, theirs) = (page.pieces().nth(1).unwrap(), inner.pieces().next().unwrap());
    assert!(std::ptr::eq(ours, theirs));
}

#[test]
fn a_page_can_be_put_into_a_page() {
    let row = Template::parse("<li>{x}").unwrap();
    let rows: Vec<Html<IoList>> =
        ["<", "b"].iter().map(|x| row.render(&values! { x }).unwrap()).collect();
    let page = Template::parse("<ul>{rows}</ul>").unwrap();
    assert_eq!(page.render(&values! { rows }).unwrap().0, "<ul><li>&lt;<li>b</ul>");
}

/// What a URL is judged by must not have left the buffer.
#[test]
fn a_long_url_is_judged_as_a_whole() {
    let long = "x".repeat(1000);
    let template = Template::parse(&format!("<a href=\"{{a}}{long}\">{long}")).unwrap();
    let page = template.render(&values! { a: "javascript:" }).unwrap().0;
    assert_eq!(page, format!("<a href=\"about:invalid#refused-url\">{long}"));
    let page = template.render(&values! { a: Html(IoList::from("z".repeat(600))) }).unwrap().0;
    assert_eq!(page.len(), 1000 + 600 + 11 + 1000);
}
