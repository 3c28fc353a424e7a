use std::sync::{Arc, Mutex};

use super::{get, run};
use pauper_app::App;
use pauper_message::{Error, Hook, Request, Response, abort, abort_with, decline, redirect};

fn app() -> App {
    let mut app = App::new("errors");
    app.get("/parse", |_: &mut Request| -> Result<String, Error> {
        Ok("x".parse::<u8>()?.to_string())
    });
    app.get("/io", |_: &mut Request| -> Result<String, Error> {
        Err(std::io::Error::other("secret detail"))?
    });
    app.get("/abort/<code:int>", |_: &mut Request, code: u16| -> Result<(), Error> {
        Err(abort(code))
    });
    app.get("/redirect", |_: &mut Request| -> Result<(), Error> { Err(redirect("/else")) });
    app.get("/with", |_: &mut Request| -> Result<(), Error> {
        Err(abort_with(Response::text("exactly this").with_status(418)))
    });
    app.get("/decline", |_: &mut Request| -> Result<(), Error> { Err(decline()) });
    app.get("/panic", |_: &mut Request| -> String { panic!("secret detail") });
    app.get("/spoiled", |_: &mut Request| Response::text("a").with_header("x", "a\r\nb: c"));
    app.get("/none", |_: &mut Request| None::<String>);
    app
}

#[test]
fn errors_become_answers() {
    let app = app();
    for (target, status) in [
        ("/parse", 500),
        ("/io", 500),
        ("/abort/404", 404),
        ("/abort/409", 409),
        ("/abort/204", 204),
        ("/abort/99", 500),
        ("/redirect", 302),
        ("/with", 418),
        ("/panic", 500),
        ("/spoiled", 500),
        ("/none", 404),
    ] {
        let answer = get(&app, target);
        assert_eq!(answer.status, status, "{target}");
        assert!(!answer.body.contains("secret"), "{target}: {}", answer.body);
        assert!(answer.header("x").is_none());
    }
    assert_eq!(get(&app, "/redirect").header("location"), Some("/else"));
    assert_eq!(get(&app, "/with").body, "exactly this");
    assert!(get(&app, "/decline").declined);
    assert!(get(&app, "/panic").close, "after a panic the connection ends");
    assert!(!get(&app, "/io").close);
}

#[test]
fn an_error_page_comes_as_the_client_prefers_and_escapes() {
    let app = app();
    let ask = |accept: &str| {
        run(&app, Request::builder().target("/no/%3Cb%3E'%22").header("Accept", accept))
    };
    let html = ask("text/html,*/*;q=0.1");
    assert_eq!(html.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(html.body.contains("/no/&lt;b&gt;&#39;&quot;") && !html.body.contains("<b>"));
    let json = ask("application/json");
    assert_eq!(json.header("content-type"), Some("application/json"));
    assert!(json.body.contains(r#""status":404"#) && json.body.contains(r#"'\""#), "{}", json.body);
    assert_eq!(ask("*/*").header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(run(&app, Request::builder().target("/abort/205")).body, "");
    let text = ask("text/plain");
    assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(text.header("vary"), Some("accept"));
}

#[test]
fn handlers_of_errors_are_tried_by_type_then_by_status_then_the_page() {
    let mut app = app();
    app.on_error(|_: &mut Request, error: &std::num::ParseIntError| (400, error.to_string()));
    app.on_error(|_: &mut Request, _: &std::io::Error| -> Result<(), Error> { Err(abort(503)) });
    app.on_status(503, |_: &mut Request, _: &Error| (503, "busy"));
    app.on_status(409, |_: &mut Request, _: &Error| -> Result<(), Error> { Err(abort(418)) });
    app.on_status(418, |_: &mut Request, _: &Error| "never asked for 409");
    app.on_status(410, |_: &mut Request, _: &Error| -> String { panic!("page") });
    app.on_status(411, |_: &mut Request, _: &Error| -> Result<(), Error> {
        Err(abort_with(Response::text("own").with_status(411)))
    });
    assert_eq!(get(&app, "/parse").status, 400);
    assert_eq!(get(&app, "/io").body, "busy");
    assert_eq!(get(&app, "/abort/409").status, 500, "a failing page ends in the built-in one");
    assert_eq!(get(&app, "/abort/410").status, 500);
    assert_eq!(get(&app, "/abort/411").body, "own");
}

/// Writes down what it sees.
struct Notes(Arc<Mutex<Vec<String>>>, &'static str);

impl Hook for Notes {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        self.0.lock().unwrap().push(format!("{} before {}", self.1, req.path()));
        if req.path() == "/private" { Err(abort(401)) } else { Ok(()) }
    }

    fn after(&self, _: &mut Request, response: &mut Response) -> Result<(), Error> {
        self.0.lock().unwrap().push(format!("{} after {}", self.1, response.status().as_u16()));
        response.headers_mut().append("x-seen", self.1)?;
        Ok(())
    }
}

#[test]
fn hooks_run_once_for_every_request_in_order() {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let mut app = app();
    app.hook(Notes(notes.clone(), "a")).hook(Notes(notes.clone(), "b"));
    app.get("/private", |_: &mut Request| -> String { panic!("never called") });
    let seen = |target: &str| {
        notes.lock().unwrap().clear();
        let answer = get(&app, target);
        (answer.status, std::mem::take(&mut *notes.lock().unwrap()))
    };
    let (status, list) = seen("/with");
    assert_eq!(status, 418);
    assert_eq!(list, ["a before /with", "b before /with", "a after 418", "b after 418"]);
    let (status, list) = seen("/nowhere");
    assert_eq!(status, 404);
    assert_eq!(list, ["a before /nowhere", "b before /nowhere", "a after 404", "b after 404"]);
    let (status, list) = seen("/private");
    assert_eq!(status, 401);
    assert_eq!(list, ["a before /private", "a after 401", "b after 401"]);
    let (status, list) = seen("/panic");
    assert_eq!(status, 500);
    assert_eq!(list.len(), 4);
    let answer = get(&app, "/with");
    assert_eq!(answer.headers.iter().filter(|(name, _)| name == "x-seen").count(), 2);
}

#[test]
fn a_hook_that_needs_the_body_runs_when_it_is_there() {
    let mut app = App::new("signed");
    app.before_with_body(|req| {
        if req.bytes()?.starts_with(b"signed") { Ok(()) } else { Err(abort(403)) }
    });
    app.post("/", |_: &mut Request| "taken");
    let post = |body: &str| run(&app, Request::builder().method("POST").body(body));
    assert_eq!(post("signed: x").body, "taken");
    assert_eq!(post("x").status, 403);
    assert_eq!(get(&app, "/").status, 405, "refused before anybody looks at a body");
}

#[test]
fn a_failing_after_hook_gives_an_error_answer() {
    let mut app = app();
    app.after(|_, response| {
        response.headers_mut().insert("x", "bad\nvalue")?;
        Ok(())
    });
    let answer = get(&app, "/with");
    assert_eq!(answer.status, 500);
    assert!(answer.header("x").is_none());
}

#[test]
fn wraps_nest_and_see_errors_and_panics() {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let mut app = app();
    for name in ["outer", "inner"] {
        let notes = notes.clone();
        app.wrap(move |req, next| {
            notes.lock().unwrap().push(format!("{name} in"));
            let result = next.run(req);
            let seen = match &result {
                Ok(response) => response.status().as_u16().to_string(),
                Err(error) => format!("error {:?}", error.status().map(|s| s.as_u16())),
            };
            notes.lock().unwrap().push(format!("{name} out {seen}"));
            result
        });
    }
    let seen = |target: &str| {
        get(&app, target);
        std::mem::take(&mut *notes.lock().unwrap())
    };
    assert_eq!(
        seen("/panic"),
        ["outer in", "inner in", "inner out error Some(500)", "outer out error Some(500)"]
    );
    assert_eq!(seen("/io")[1..3], ["inner in", "inner out error Some(500)"]);
    assert_eq!(seen("/with")[3], "outer out error Some(418)");
    assert!(seen("/nowhere").is_empty(), "without a handler there is nothing to wrap");
}
