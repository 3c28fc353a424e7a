//! Laws that hold for any text: nothing panics, and what a lens shows for a value that it parsed, parses
//! as that value again.

use pauper_forms::lens::{Choices, Lens as _, Money, Number};
use pauper_forms::{Errors, Form, check_boxes, entry, form, memo, pick, radio};
use proptest::prelude::*;

use crate::corpus::lenses::all;

proptest! {
    #[test]
    fn any_text(text in any::<String>()) {
        all(&text);
    }

    #[test]
    fn text_that_looks_like_something(text in "[-+−]?[0-9]{1,20}([,.:T -][0-9]{1,3}){0,4}") {
        all(&text);
    }

    #[test]
    fn text_that_looks_like_a_date(text in "[0-9]{4}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9])?)?") {
        all(&text);
    }

    #[test]
    fn addresses(text in "(https?://)?[a-z.\\[\\]:@-]{1,12}(:[0-9]{1,6})?(/[ -~]{0,8})?") {
        all(&text);
    }

    #[test]
    fn every_amount(cents in any::<i64>()) {
        prop_assert_eq!(Money::new().parse(&Money::format(cents)), Ok(cents));
    }

    #[test]
    fn every_number(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
        let lens = Number::<f64>::new();
        prop_assert_eq!(lens.parse(&lens.show(&number)), Ok(number));
    }

    /// The markup of a form does not depend on what stands in it, and a browser reads out of it what
    /// was put in.
    #[test]
    fn controls_hold_any_text(text in any::<String>().prop_filter("shown", |text| !text.is_empty())) {
        // These are other characters for a parser of HTML, whatever one does.
        let text = text.replace(['\0', '\r'], "");
        prop_assume!(!text.is_empty() && text != "other");
        let (tags, values) = markup(&page(&text));
        prop_assert_eq!(tags, markup(&page("plain")).0);
        prop_assert_eq!(values.iter().filter(|value| **value == text).count(), 5, "{:?}", values);
    }
}

struct Record {
    a: String,
    b: String,
    c: String,
    d: String,
    e: Vec<String>,
}

/// A form in which the text stands wherever text can.
fn page(text: &str) -> String {
    let choices = || Choices::list([text.to_owned(), "other".to_owned()]);
    let form: Form<Record> = form!(Record {
        a: entry(text).help(text),
        b: memo(text).attribute("class", text.to_owned()),
        c: pick(text, choices()),
        d: radio(text, choices()),
        e: check_boxes(text, choices()),
    });
    let own = || text.to_owned();
    let filled = form.show(&Record { a: own(), b: own(), c: own(), d: own(), e: vec![own()] });
    let mut errors = Errors::of("a", own());
    errors.add("", own());
    form.view(&filled, &errors, None).html(text).0
}

/// The tags with their attributes' names; and all values of `value` and `class`.
fn markup(html: &str) -> (Vec<String>, Vec<String>) {
    let (mut tags, mut values) = (Vec::new(), Vec::new());
    for token in html5gum::Tokenizer::new(html) {
        match token.unwrap() {
            html5gum::Token::StartTag(tag) => {
                let names = tag.attributes.keys().map(|name| String::from_utf8_lossy(name));
                let names = names.collect::<Vec<_>>().join(" ");
                tags.push(format!("{} {names}", String::from_utf8_lossy(&tag.name)));
                for name in [&b"value"[..], b"class"] {
                    let value = tag.attributes.get(name);
                    values.extend(value.map(|value| String::from_utf8_lossy(value).into_owned()));
                }
            }
            html5gum::Token::EndTag(tag) => {
                tags.push(format!("/{}", String::from_utf8_lossy(&tag.name)));
            }
            html5gum::Token::String(_) | html5gum::Token::Error(_) => {}
            other => panic!("{other:?}"),
        }
    }
    (tags, values)
}
