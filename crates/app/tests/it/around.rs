use std::sync::{Arc, Mutex};

use super::{get, run};
use pauper_app::{App, Methods};
use pauper_message::{Error, Hook, Plan, Request, Response, Service, abort};

/// What ran, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn note(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    fn taken(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
    }
}

struct Around(Notes, &'static str);

impl Hook for Around {
    fn before(&self, _: &mut Request) -> Result<(), Error> {
        self.0.note(format!("+{}", self.1));
        Ok(())
    }

    fn after(&self, _: &mut Request, response: &mut Response) -> Result<(), Error> {
        self.0.note(format!("-{}{}", self.1, response.status().as_u16()));
        Ok(())
    }
}

fn app(notes: &Notes) -> App {
    let mut app = App::new("around");
    let wrap = |name: &'static str| {
        let notes = notes.clone();
        move |req: &mut Request, next: pauper_app::Next<'_>| {
            notes.note(format!("({name}"));
            let result = next.run(req);
            notes.note(format!("{name})"));
            result
        }
    };
    app.hook(Around(notes.clone(), "app")).wrap(wrap("w"));
    app.group("/g", |app| {
        app.hook(Around(notes.clone(), "g")).wrap(wrap("wg"));
        app.get("/a", |_: &mut Request| "a").hook(Around(notes.clone(), "a")).wrap(wrap("wa"));
        app.get("/b", |_: &mut Request| -> Result<(), Error> { Err(abort(409)) });
        app.group("/h", |app| {
            app.hook(Around(notes.clone(), "h"));
            app.get("", |_: &mut Request| "h");
        });
    });
    app.get("/c", |_: &mut Request| "c").wrap(wrap("wc"));
    app
}

#[test]
fn hooks_of_groups_and_routes_run_inside_those_of_the_app() {
    let notes = Notes::default();
    let app = app(&notes);
    for (target, status, expected) in [
        ("/g/a", 200, "+app +g +a (w (wg (wa wa) wg) w) -a200 -g200 -app200"),
        ("/g/b", 409, "+app +g (w (wg wg) w) -g409 -app409"),
        ("/g/h", 200, "+app +g +h (w (wg wg) w) -h200 -g200 -app200"),
        ("/c", 200, "+app (w (wc wc) w) -app200"),
        ("/nowhere", 404, "+app -app404"),
    ] {
        assert_eq!(get(&app, target).status, status, "{target}");
        assert_eq!(notes.taken(), expected, "{target}");
    }
}

/// What a route says of itself, for hooks.
struct NeedsLogin;

#[test]
fn a_hook_sees_the_values_of_the_route() {
    let mut app = App::new("values");
    app.before(|req| match req.route_value::<NeedsLogin>() {
        Some(NeedsLogin) if req.cookie("key").is_none() => Err(abort(401)),
        _ => Ok(()),
    });
    app.get("/open", |_: &mut Request| "open");
    app.get("/closed", |req: &mut Request| req.route_value::<u8>().unwrap().to_string())
        .value(NeedsLogin)
        .value(7_u8);
    assert_eq!(get(&app, "/open").status, 200);
    assert_eq!(get(&app, "/closed").status, 401);
    let known = run(&app, Request::builder().target("/closed").header("Cookie", "key=1"));
    assert_eq!(known.body, "7");
    app.get("/twice", |_: &mut Request| "").value(1_u8).value(2_u8);
    let told = app.check().unwrap_err().to_string();
    assert!(told.contains("the route has a value of type u8 already"), "{told}");
}

/// The answer is there when a hook fails, and when it spoils what it was given.
#[test]
fn after_hooks_cannot_lose_the_response() {
    let notes = Notes::default();
    let mut app = App::new("after");
    app.get("/<how>", |_: &mut Request| "fine");
    let seen = notes.clone();
    app.after(move |req, response| {
        let how = req.arg("how").unwrap_or_default().into_owned();
        seen.note("first");
        match &*how {
            "error" => Err(abort(418)),
            "panic" => panic!("in a hook"),
            "spoil" => {
                let own = std::mem::replace(response, Response::no_content());
                *response = own.with_header("x", "a\r\nb");
                Ok(())
            }
            "cover" => {
                let own = std::mem::replace(response, Response::no_content());
                *response = own.with_header("x-seen", "1");
                Ok(())
            }
            _ => Ok(()),
        }
    });
    let seen = notes.clone();
    app.after(move |_, _| {
        seen.note("second");
        Ok(())
    });
    for (target, status, ran) in [
        ("/plain", 200, "first second"),
        ("/cover", 200, "first second"),
        ("/error", 418, "first"),
        ("/panic", 500, "first"),
        ("/spoil", 500, "first"),
    ] {
        let answer = get(&app, target);
        assert_eq!(answer.status, status, "{target}");
        assert_eq!(notes.taken(), ran, "{target}");
        assert!(answer.header("x").is_none());
    }
    assert_eq!(get(&app, "/cover").body, "fine");
}

#[test]
fn a_hook_of_a_route_may_need_the_body() {
    let mut app = App::new("body");
    app.route(Methods::POST, "/a", |_: &mut Request| "taken")
        .before_with_body(|req| if req.bytes()?.is_empty() { Err(abort(400)) } else { Ok(()) });
    app.post("/b", |_: &mut Request| "taken");
    let ask = |target: &str, body: &str| {
        run(&app, Request::builder().method("POST").target(target).body(body)).status
    };
    assert_eq!((ask("/a", ""), ask("/a", "x"), ask("/b", "")), (400, 200, 200));
}

#[test]
fn a_route_says_what_becomes_of_its_body() {
    let mut app = App::new("plans");
    app.before(|req| if req.query() == "no" { Err(abort(403)) } else { Ok(()) });
    app.post("/stream", |_: &mut Request| "").stream();
    app.post("/own", |_: &mut Request| "").plan(|req| match req.header("x-kind") {
        Some("pass") => Ok(Plan::pass()),
        Some("fail") => Err(abort(415)),
        _ => Ok(Plan::buffer_up_to(7)),
    });
    let plan = |target: &str, kind: &str| {
        let request = Request::builder().method("POST").target(target).header("x-kind", kind);
        format!("{:?}", app.begin(&mut request.build().unwrap()).body)
    };
    assert_eq!(plan("/stream", ""), "Stream");
    assert_eq!(plan("/stream?no", ""), "Reject(403 Forbidden)");
    assert_eq!(plan("/own", ""), "Buffer(7)");
    assert_eq!(plan("/own", "pass"), "Reject(404 Not Found)");
    assert_eq!(plan("/own", "fail"), "Reject(415 Unsupported Media Type)");
}
