use pauper_forms::jiff::civil::{Date, date as day};
use pauper_forms::lens::Choices;
use pauper_forms::{Errors, Form, check_box, date, entry, form, memo, pick, radio};
use pauper_template::{Template, values};

use crate::sent;

#[derive(Clone, Debug, PartialEq)]
struct Task {
    title: String,
    r#type: u8,
    due: Option<Date>,
    done: bool,
}

fn task() -> Form<Task> {
    form!(Task {
        title: entry("Title").help("What it is."),
        r#type: pick("Type", Choices::new([(1, "One"), (2, "Two")])),
        due: date("Due").optional(),
        done: check_box("Done").initial(true),
    })
}

fn two() -> Task {
    Task { title: "<T>".into(), r#type: 2, due: Some(day(2024, 2, 29)), done: false }
}

#[test]
fn a_struct_goes_in_and_comes_out() {
    let form = task();
    assert_eq!(form.parse(&form.show(&two())), Ok(two()));
    let filled = form.receive(&sent("title=+x+&type=1&due=&done=1&unknown=1"));
    let expected = Task { title: "x".into(), r#type: 1, due: None, done: true };
    assert_eq!(form.parse(&filled), Ok(expected));
    let names: Vec<_> = form.inputs().map(|(name, _)| name).collect();
    assert_eq!(names, ["title", "type", "due", "done"]);
}

#[test]
fn all_errors_are_told_at_once_and_in_order() {
    let form = task();
    let filled = form.receive(&sent("type=7&due=2024-02-30&done=2"));
    let errors = form.parse(&filled).unwrap_err();
    let told: Vec<_> = errors.iter().collect();
    assert_eq!(
        told,
        [
            ("title", "may not be blank."),
            ("type", "invalid selection"),
            ("due", "day is out of range for month"),
            ("done", "is neither on nor off."),
        ]
    );
    assert_eq!(
        (errors.len(), errors.get("title"), errors.get("x")),
        (4, Some("may not be blank."), None)
    );
}

#[test]
fn what_was_typed_is_kept() {
    let form = task();
    let filled = form.receive(&sent("title=%3Cb%3E&type=x%22&due=2024-02-30"));
    let errors = form.parse(&filled).unwrap_err();
    let html = form.view(&filled, &errors, None).html("Save <it>").0;
    for piece in [
        "value=\"&lt;b&gt;\"",
        "value=\"2024-02-30\"",
        "<label for=\"f-title\">Title</label>\n<p class=\"dim\" id=\"f-title-help\">What it is.</p>\n",
        "aria-describedby=\"f-title-help\" id=\"f-title\"",
        "<label for=\"f-due\">Due <span class=\"dim\">(optional)</span></label>",
        "<p class=\"bad\" id=\"f-due-error\"><span aria-hidden=\"true\">✗ </span>Due day is out of range for month</p>",
        "aria-describedby=\"f-due-error\" aria-invalid=\"true\" id=\"f-due\" name=\"due\"",
        "<li><a href=\"#f-due\">Due</a> day is out of range for month</li>",
        "<button type=\"submit\">Save &lt;it&gt;</button>",
    ] {
        assert!(html.contains(piece), "{piece}\nis missing in\n{html}");
    }
    // Exactly one control has the focus: the first that is wrong.
    assert_eq!(html.matches(" autofocus").count(), 1);
    let select = &html[html.find("<select").unwrap()..];
    assert!(select[..select.find('>').unwrap()].contains("autofocus"));
    // Nothing is checked that was not, although it is so at first.
    assert!(
        !html.contains(" checked")
            && form.view(&form.blank(), &Errors::new(), None).html("").0.contains(" checked")
    );
}

#[test]
fn templates_show_fields_one_by_one() {
    let form = task().with_id("edit");
    let errors = Errors::of("title", "is <taken>.");
    let view = form.view(&form.show(&two()), &errors, None);
    let template = Template::parse(
        "<form method=\"post\" enctype=\"{form.enctype}\">{form.token}{form.summary}\
         <i title=\"{form.fields.title.error}\">{form.fields.title.control}</i>{form.fields.type.label}\
         {#for form.list}[{name} {id} {value}]{/for}</form>",
    );
    let html = template.unwrap().render(&values! { form: &view }).unwrap().0;
    let html = String::from_utf8(html.to_vec()).unwrap();
    assert!(html.contains("enctype=\"application/x-www-form-urlencoded\""), "{html}");
    assert!(html.contains("<i title=\"is &lt;taken&gt;.\"><input type=\"text\""), "{html}");
    assert!(html.ends_with("Type[title edit-title &lt;T&gt;][type edit-type 2][due edit-due 2024-02-29][done edit-done ]</form>"), "{html}");
    let missing = Template::parse("{form.fields.titel.control}").unwrap();
    assert!(missing.render(&values! { form: &view }).is_err());
}

#[test]
fn errors_about_the_whole_form_stand_above_it() {
    let form = task();
    let mut errors = Errors::new();
    errors.add("", "The disk is <full>.");
    let html = form.view(&form.blank(), &errors, None).html("Save").0;
    assert!(html.contains("<li>The disk is &lt;full&gt;.</li>"), "{html}");
    assert!(!html.contains("aria-invalid") && !html.contains("autofocus"));
}

#[test]
fn groups_are_tied_to_their_errors() {
    struct Answer {
        yes: u8,
        why: String,
    }
    let form: Form<Answer> = form!(Answer {
        yes: radio("Yes?", Choices::new([(1, "Yes"), (0, "No")])).help("Say it."),
        why: memo("Why"),
    });
    let filled = form.receive(&sent("why=x"));
    let Err(errors) = form.parse(&filled) else { panic!("nothing was chosen") };
    let html = form.view(&filled, &errors, None).html("Go").0;
    let open = "<fieldset aria-describedby=\"f-yes-help f-yes-error\" aria-invalid=\"true\" role=\"radiogroup\">";
    assert!(html.contains(open), "{html}");
    // The link in the summary leads to the first button.
    assert!(html.contains("href=\"#f-yes\"") && html.contains("id=\"f-yes\""));
    let Ok(answer) = form.parse(&form.show(&Answer { yes: 0, why: "y".into() })) else { panic!() };
    assert_eq!((answer.yes, &*answer.why), (0, "y"));
}

#[test]
fn forms_without_fields() {
    struct Sure {}
    let form: Form<Sure> = form!(Sure {});
    assert!(form.parse(&form.receive(&sent("a=1"))).is_ok());
    assert!(form.view(&form.show(&Sure {}), &Errors::new(), None).all().0.is_empty());
}
