use pauper_app::App;
use pauper_message::{CheckError, Plan, Request, Response, Service};

#[test]
fn all_mistakes_are_told_together_with_their_places() {
    let mut app = App::new("mistakes");
    app.get("/<id:int>", |_: &mut Request, id: String, more: u8| format!("{id}{more}"));
    app.get("/n/<name:word>", |_: &mut Request, name: u32| name.to_string());
    app.get("/a", |_: &mut Request| "first");
    app.get("/a", |_: &mut Request| "second");
    app.get("no-slash", |_: &mut Request| "");
    app.on_status(42, |_: &mut Request, _: &pauper_message::Error| "");
    app.state(1_u8).state(2_u8);
    app.fallback(Misconfigured);
    let error = app.check().unwrap_err();
    let told = error.to_string();
    assert_eq!(error.mistakes().len(), 7, "{told}");
    for part in [
        "takes 2 path argument(s), but the pattern has 1 group(s)",
        "takes a u32 for <name:word>, which needs `:int`",
        "\"/a\"",
        "no-slash",
        "a status is a number from 100 to 999",
        "the app has a state of type u8 already",
        "the folder is missing",
        "tests/it/mistakes.rs:7",
    ] {
        assert!(told.contains(part), "{part:?} is missing in:\n{told}");
    }
}

struct Misconfigured;

impl Service for Misconfigured {
    fn begin(&self, _: &mut Request) -> Plan {
        Plan::pass()
    }

    fn call(&self, _: &mut Request) -> Response {
        Response::no_content()
    }

    fn check(&self) -> Result<(), CheckError> {
        CheckError::from_mistakes(vec!["the folder is missing".to_owned()])
    }
}

#[test]
fn an_app_without_mistakes_checks() {
    let mut app = App::new("fine");
    app.filter("even", |text| text.ends_with(['0', '2', '4', '6', '8']));
    app.get("/<n:even>", |_: &mut Request, n: String| n);
    app.get("/f/<n:int>", |_: &mut Request, n: f64| n.to_string());
    app.check().unwrap();
}
