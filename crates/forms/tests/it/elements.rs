use std::sync::Arc;

use pauper_forms::element::{Element, Entered, Input};
use pauper_forms::lens::{Choices, Enumerated, Number};
use pauper_forms::{
    Attributes, Errors, Form, check_box, check_boxes, email, entry, file, form, hidden, memo,
    money, number, password, pick, pick_many, radio, tag, url,
};
use pauper_template::Html;

use crate::{sent, value};

struct One<T> {
    n: T,
}

fn only<E: Element>(element: E) -> Form<One<E::Native>>
where
    E::Native: 'static,
{
    // What the macro writes for a struct without parameters.
    let element = Arc::new(element);
    let inputs = vec![("n", Arc::clone(&element) as Arc<dyn Input>)];
    let show = move |record: &One<E::Native>| vec![element.show(&record.n)];
    Form::__new(inputs, show, |_, _| None)
}

/// The control and the whole group of one element with what was entered.
#[track_caller]
fn shown<E: Element>(element: E, native: &E::Native) -> (String, String)
where
    E::Native: Clone + 'static,
{
    let form: Form<One<E::Native>> = only(element);
    let view = form.view(&form.show(&One { n: native.clone() }), &Errors::new(), None);
    let field = view.field("n").unwrap();
    (field.control.0.clone(), field.group.0.clone())
}

#[track_caller]
fn control<E: Element>(element: E, native: &E::Native, expected: &str)
where
    E::Native: Clone + 'static,
{
    assert_eq!(shown(element, native).0, expected);
}

#[test]
fn tags() {
    let attributes = Attributes::new().with("a", "<").with_flag("b");
    assert_eq!(tag("input", &attributes, None).0, "<input a=\"&lt;\" b/>");
    assert_eq!(tag("p", &Attributes::new(), Some(Html("xy12.0"))).0, "<p>xy12.0</p>");
    assert!(std::panic::catch_unwind(|| tag("p><b", &Attributes::new(), None)).is_err());
}

#[test]
fn entries() {
    control(
        entry("L").attribute("type", "date").attribute("class", "big").cut_at(5).blankable(),
        &"v\"".to_owned(),
        "<input type=\"date\" class=\"big\" maxlength=\"5\" id=\"f-n\" name=\"n\" value=\"v&quot;\"/>",
    );
    control(
        entry("L").max_length(9),
        &String::new(),
        "<input type=\"text\" required maxlength=\"9\" id=\"f-n\" name=\"n\" value=\"\"/>",
    );
    control(
        number::<u8>("L").map(|number| number.max(9)),
        &7,
        "<input type=\"number\" step=\"1\" required max=\"9\" id=\"f-n\" name=\"n\" value=\"7\"/>",
    );
    control(
        money("L"),
        &-123_456,
        "<input type=\"text\" inputmode=\"decimal\" required id=\"f-n\" name=\"n\" value=\"-1,234.56\"/>",
    );
    #[cfg(feature = "jiff")]
    control(
        pauper_forms::date("L").optional(),
        &None,
        "<input type=\"date\" id=\"f-n\" name=\"n\" value=\"\"/>",
    );
    assert!(shown(email("L"), &"a@b".into()).0.contains("type=\"email\""));
    assert!(shown(url("L"), &"http://b".into()).0.contains("type=\"url\""));
    control(hidden(Number::new()), &-3, "<input type=\"hidden\" name=\"n\" value=\"-3\"/>");
    // Nothing is cut in the middle of a character, and what is too long is gone.
    assert_eq!(value(&entry("L").cut_at(3), "n=ab🦀"), Ok("ab".into()));
    assert_eq!(
        value(&entry("L"), ""),
        Err("may not be blank.".into()),
        "a field that was not sent"
    );
    assert_eq!(value(&entry("L"), "n=1&n=2"), Ok("1".into()));
}

#[test]
fn memos_keep_their_first_line() {
    let lines = "\nsecond < third".to_owned();
    control(
        memo("L").blankable(),
        &lines,
        "<textarea id=\"f-n\" name=\"n\">\n\nsecond &lt; third</textarea>",
    );
    assert_eq!(value(&memo("L"), "n=a%0D%0Ab"), Ok("a\nb".into()));
}

#[test]
fn passwords_are_not_sent_back() {
    control(
        password("L"),
        &"secret".to_owned(),
        "<input type=\"password\" required id=\"f-n\" name=\"n\"/>",
    );
    assert_eq!(value(&password("L"), "n=+a+"), Ok(" a ".into()));
    assert_eq!(value(&password("L"), "n="), Err("may not be blank.".into()));
    type Secret = One<String>;
    let form: Form<Secret> = form!(Secret { n: password("L") });
    let filled = form.receive(&sent("n=secret"));
    let view = form.view(&filled, &Errors::of("n", "no"), None);
    assert!(!format!("{view:?}").contains("secret"));
}

#[test]
fn picks() {
    let grade = || Enumerated::new(["High", "Low"]).base(1);
    control(
        pick("L", grade()),
        &2,
        "<select required id=\"f-n\" name=\"n\"><option value=\"0\">High</option>\
         <option selected value=\"1\">Low</option></select>",
    );
    // A value that is none of them shows as nothing chosen.
    control(
        pick("L", grade()),
        &7,
        "<select required id=\"f-n\" name=\"n\"><option value=\"\"></option>\
         <option value=\"0\">High</option><option value=\"1\">Low</option></select>",
    );
    control(
        pick("L", Choices::list(["<"])).optional(),
        &Some("<".into()),
        "<select id=\"f-n\" name=\"n\"><option value=\"\"></option>\
         <option selected value=\"&lt;\">&lt;</option></select>",
    );
    assert_eq!(value(&pick("L", grade()), "n=1"), Ok(2));
    assert_eq!(value(&pick("L", grade().or_say("choose")), ""), Err("choose".into()));
    assert_eq!(value(&pick("L", grade()).optional(), ""), Ok(None));
    let (_, group) = shown(radio("L", grade()), &2);
    assert_eq!(
        group,
        "<fieldset role=\"radiogroup\">\n<legend>L</legend>\n\
         <label><input type=\"radio\" required id=\"f-n\" name=\"n\" value=\"0\"/>High</label>\n\
         <label><input type=\"radio\" required id=\"f-n-1\" name=\"n\" value=\"1\" checked/>Low</label>\n\
         </fieldset>\n"
    );
}

#[test]
fn many() {
    let letters = || Choices::list(["a", "b", "c"]);
    control(
        pick_many("L", letters()),
        &vec!["a".to_owned(), "c".to_owned()],
        "<select multiple id=\"f-n\" name=\"n\"><option selected value=\"a\">a</option>\
         <option value=\"b\">b</option><option selected value=\"c\">c</option></select>",
    );
    assert_eq!(
        value(&check_boxes("L", letters()), "n=c&n=a&n=c&n="),
        Ok(vec!["c".into(), "a".into()])
    );
    assert_eq!(value(&check_boxes("L", letters()), ""), Ok(vec![]));
    assert_eq!(value(&pick_many("L", letters()), "n=a&n=x"), Err("invalid selection".into()));
    assert_eq!(value(&pick_many("L", letters()).required("one!"), "n="), Err("one!".into()));
    let (_, group) = shown(check_boxes("L", letters()).help("Any."), &vec!["b".to_owned()]);
    assert!(group.starts_with("<fieldset aria-describedby=\"f-n-help\">\n<legend>L"), "{group}");
    assert_eq!(group.matches(" checked").count(), 1);
}

#[test]
fn check_boxes_of_one() {
    let (control, group) = shown(check_box("L"), &true);
    assert_eq!(control, "<input type=\"checkbox\" id=\"f-n\" name=\"n\" value=\"1\" checked/>");
    assert_eq!(group, format!("<div class=\"field\">\n<label>{control}L</label>\n</div>\n"));
    assert_eq!(value(&check_box("L"), ""), Ok(false));
    assert_eq!(value(&check_box("L"), "n=1"), Ok(true));
    assert_eq!(value(&check_box("L"), "n=on"), Err("is neither on nor off.".into()));
    assert_eq!(value(&check_box("L").required("yes!"), ""), Err("yes!".into()));
}

#[test]
fn files() {
    const BODY: &str = "--x\r\nContent-Disposition: form-data; name=n; filename=\"a.txt\"\r\n\r\n\
         four\r\n--x--";
    let of = |body: &str| {
        let req = pauper_message::Request::builder()
            .method("POST")
            .header("Content-Type", "multipart/form-data; boundary=x")
            .body(body.to_owned());
        std::rc::Rc::new(req.build().unwrap().take_fields().unwrap())
    };
    let entered = |body: &str| pauper_forms::element::Input::receive(&file("L"), "n", &of(body));
    let upload = file("L").parse(&entered(BODY)).unwrap();
    assert_eq!(upload.field().filename(), Some("a.txt"));
    assert_eq!(&*upload.field().bytes().unwrap(), b"four");
    let message = |element: pauper_forms::element::FileInput, body: &str| {
        element.parse(&entered(body)).unwrap_err().message().to_owned()
    };
    assert_eq!(message(file("L").max_size(3), BODY), "may have at most 3 bytes.");
    // What browsers send when nothing was chosen, and a text where a file should be.
    assert_eq!(message(file("L"), &BODY.replace("a.txt", "")), "may not be blank.");
    assert_eq!(message(file("L"), &BODY.replace("; filename=\"a.txt\"", "")), "may not be blank.");
    assert!(file("L").optional().parse(&Entered::File(None)).unwrap().is_none());
    // A file that was right has to be chosen again when something else was wrong.
    struct Sent {
        n: pauper_forms::element::Upload,
        m: String,
    }
    let form: Form<Sent> = form!(Sent { n: file("L").accept(".txt"), m: entry("M") });
    let filled = form.receive(&of(BODY));
    let Err(errors) = form.parse(&filled) else { panic!("m is missing") };
    let html = form.view(&filled, &errors, None).html("Go").0;
    assert!(html.contains("enctype=\"multipart/form-data\"") && html.contains("accept=\".txt\""));
    assert!(html.contains("Choose the file again."), "{html}");
    let sent = Sent { n: upload, m: "m".into() };
    let blank = form.view(&form.show(&sent), &Errors::new(), None).html("Go").0;
    assert!(!blank.contains("again"), "{} {}", sent.n.field().len(), sent.m);
}
