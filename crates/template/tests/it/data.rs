use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::sync::Arc;

use pauper_template::ErrorKind::{Limit, Type};
use pauper_template::{Html, Record, Settings, Template, ToValue, Value, record, values};

use crate::{check, fails};

#[track_caller]
fn prints(value: impl ToValue, expected: &str) {
    check("[{x}]", &values! { x: value }, &format!("[{expected}]"));
}

#[test]
fn every_kind_of_value_is_printed_and_escaped() {
    prints((), "");
    prints(true, "true");
    prints('<', "&lt;");
    prints(-7_i8, "-7");
    prints(u64::MAX, "18446744073709551615");
    prints(i64::MIN, "-9223372036854775808");
    prints(u128::MAX, "340282366920938463463374607431768211455");
    prints(0.1_f32, "0.1");
    prints(1.5, "1.5");
    prints("<&", "&lt;&amp;");
    prints(String::from("é<"), "é&lt;");
    prints(std::borrow::Cow::from("<"), "&lt;");
    prints(Box::<str>::from("<"), "&lt;");
    prints(Arc::new(Rc::new(Box::new("<"))), "&lt;");
    prints(Some("<"), "&lt;");
    prints(None::<String>, "");
    prints(format_args!("{}<", 1), "1&lt;");
    prints(Html("<b>"), "<b>");
    prints(Html(String::from("<b>")), "<b>");
    let address = Ipv4Addr::LOCALHOST;
    prints(&address as &dyn fmt::Display, "127.0.0.1");
}

/// In the original text within lists came out as it was.
#[test]
fn text_in_lists_is_escaped_too() {
    prints(vec!["<", "&"], "&lt;&amp;");
    prints([[Some("<"), None], [Some("x"), Some("'")]], "&lt;x&#x27;");
    prints(VecDeque::from(["<"]), "&lt;");
    prints(&["<", ">"][..], "&lt;&gt;");
    prints(vec![Html("<b>"), Html("</b>")], "<b></b>");
}

#[test]
fn maps_are_records() {
    let hashed = HashMap::from([("a", 1), ("b", 2)]);
    check("{a}{b}", &hashed, "12");
    let sorted = BTreeMap::from([(String::from("k"), "<")]);
    check("{m.k} {m:json}", &values! { m: &sorted }, "&lt; {&quot;k&quot;:&quot;&lt;&quot;}");
}

struct User<'a> {
    name: &'a str,
    hidden: u8,
}
record!(User<'a> { name });

struct Computed;
impl Record for Computed {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        (name == "answer").then_some(Value::Int(42))
    }
}

#[test]
fn structs_show_the_fields_that_are_listed() {
    let user = User { name: "Ada", hidden: 7 };
    check("{name}", &user, "Ada");
    assert_eq!(user.hidden, 7);
    fails("{hidden}", &user, pauper_template::ErrorKind::Missing, 2, "`hidden`");
    check("{user.name}", &values! { user: &user }, "Ada");
    check("{answer}", &Computed, "42");
    check("{c.answer}{d.name}", &values! { c: &Computed as &dyn Record, d: user }, "42Ada");
    assert_eq!(format!("{:?}", (&values! { a: [1] }).to_value()), "{\"a\": [a number(\"1\")]}");
}

/// What was found in one type must not be taken for a place in another.
#[test]
fn one_list_may_have_records_of_several_types() {
    let rows: [Box<dyn Record>; 4] = [
        Box::new(values! { a: 1, b: 2 }),
        Box::new(values! { b: 3, a: 4 }),
        Box::new(HashMap::from([("a", 5), ("b", 6)])),
        Box::new(values! { a: 7, b: 8 }),
    ];
    let data = values! { rows: &rows[..], b: 9 };
    check("{#for r in rows}{r.a}{r.b} {/for}", &data, "12 43 56 78 ");
    check("{#for rows}{a}{b} {/for}{b}", &data, "12 43 56 78 9");
}

#[test]
fn what_cannot_be_printed_is_an_error() {
    fails("..{x}", &values! { x: values! { a: 1 } }, Type, 4, "`x` is a record");
    fails(
        "{#for a in x}{a}{/for}",
        &values! { x: [values! { a: 1 }] },
        Type,
        15,
        "`a` is a record",
    );

    struct Broken;
    impl fmt::Display for Broken {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    fails("{x}", &values! { x: &Broken as &dyn fmt::Display }, Type, 2, "cannot be formatted");
}

/// A list that holds itself.
struct Endless;
impl pauper_template::List for Endless {
    fn len(&self) -> usize {
        2
    }
    fn item(&self, _: usize) -> Value<'_> {
        Value::List(self)
    }
}

#[test]
fn endless_data_ends_in_an_error() {
    let data = values! { x: Value::List(&Endless) };
    fails("{x}", &data, Type, 2, "nested deeper than 64 levels");
    fails("{x:json}", &data, pauper_template::ErrorKind::Conversion, 2, "deeper than 64 levels");
}

#[test]
fn output_has_a_limit() {
    let settings = Settings::new().with_max_output(1000);
    let template = settings.parse("t", "{#for a in x}{#for b in x}0123456789{/for}{/for}").unwrap();
    assert!(template.render(&values! { x: [1; 9] }).is_ok());
    let error = template.render(&values! { x: [1; 100] }).unwrap_err();
    assert_eq!(error.kind(), Limit, "{error}");
    assert!(error.to_string().contains("max_output"), "{error}");
}

#[test]
fn debug_shows_what_is_missing() {
    let settings = Settings::new().with_debug(true);
    let text = "{a} {.b} {c:num} {d.e} {f|g}{#for h in i}x{/for}{#if j}k{/if}<p title=\"{l}\">";
    let page = settings.parse("t", text).unwrap().render(&()).unwrap();
    assert_eq!(page.0, "{a} {.b} {c:num} {d.e} gi<p title=\"{l}\">");
    let error = Template::parse("a\n {b}").unwrap().render(&()).unwrap_err();
    assert_eq!((error.line(), error.column()), (2, 3));
}

#[cfg(feature = "serde")]
#[test]
fn serialized_data() {
    use pauper_template::Tree;
    let json = serde_json::json!({
        "user": { "name": "<", "age": 36, "big": u64::MAX, "half": 0.5, "none": null },
        "tags": ["a", { "b": true }],
    });
    let tree = Tree::of(&json).unwrap();
    check(
        "{user.name} {user.age} {user.big} {user.half}[{user.none}]",
        &tree,
        "&lt; 36 18446744073709551615 0.5[]",
    );
    check("{#for t in tags}{#if loop.last}{t.b}{#else}{t}{/if}{/for}", &tree, "atrue");
    check("{tags:json}", &tree, "[&quot;a&quot;,{&quot;b&quot;:true}]");
    let tree = Tree::of(&BTreeMap::from([(1, (0.1_f32, 'x', Some(())))])).unwrap();
    check("{all:json}", &values! { all: tree }, "{&quot;1&quot;:[0.1,&quot;x&quot;,null]}");
    let deep = (0..200).fold(serde_json::json!(1), |inner, _| serde_json::json!([inner]));
    assert!(Tree::of(&deep).unwrap_err().to_string().contains("deeper than 128"));
    assert!(Tree::of(&BTreeMap::from([([1], 1)])).is_err());
}
