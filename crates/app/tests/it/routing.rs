use super::{get, run};
use pauper_app::{App, Kind, Methods, PathArg, TrailingSlash, Uuid, VirtualHosts, fill};
use pauper_message::{Error, Request, Response, Service, abort};

/// What the path is answered with: status, Location or body.
#[track_caller]
fn check(app: &App, target: &str, status: u16, told: &str) {
    let answer = get(app, target);
    let found = answer.header("location").unwrap_or(&answer.body).to_owned();
    assert_eq!((answer.status, &*found), (status, told), "{target}");
}

fn where_am_i(req: &mut Request) -> String {
    format!("{} {} {}", req.rule(), req.mount_path(), req.suffix())
}

#[test]
fn an_app_in_an_app_begins_below_its_mount() {
    let mut deepest = App::new("deepest");
    deepest.get("/", where_am_i);
    deepest.get("/<x>", |req: &mut Request, x: String| format!("{} {x}", req.mount_path()));
    let mut inner = App::new("inner");
    inner.get("/", where_am_i);
    inner.get("/users/<id:int>", |_: &mut Request, id: u8| format!("user {id}"));
    inner.mount("/deep", deepest);
    inner.on_status(404, |_: &mut Request, _: &Error| (404, "inner has it not"));
    let mut app = App::new("outer");
    app.get("/", |_: &mut Request| "outer");
    app.mount("/in/<name>", inner);
    app.on_status(404, |_: &mut Request, _: &Error| (404, "outer has it not"));
    app.check().unwrap();
    check(&app, "/", 200, "outer");
    check(&app, "/in/a", 200, "/in/a /in/a ");
    check(&app, "/in/a/", 200, "/in/a/ /in/a /");
    check(&app, "/in/%C3%A4/users/7", 200, "user 7");
    check(&app, "/in/a/users/700", 404, "inner has it not");
    check(&app, "/in/a/deep/x%2Fy", 200, "/in/a/deep x/y");
    check(&app, "/in/a/deep", 200, "/in/a/deep /in/a/deep ");
    check(&app, "/in", 404, "outer has it not");
    assert_eq!(run(&app, Request::builder().method("POST").target("/in/a")).status, 405);
}

#[test]
fn an_app_inside_has_states_of_its_own_and_gives_those_outside_back() {
    let mut inner = App::new("inner");
    inner.state("inner's");
    inner.get("/", |req: &mut Request| (*req.state::<&str>()).to_owned());
    let mut plain = App::new("plain");
    plain.get("/", |req: &mut Request| req.state::<u8>().to_string());
    let mut app = App::new("outer");
    app.state(7_u8);
    app.mount("/inner", inner);
    app.mount("/plain", plain);
    app.after(|req, response| {
        let state = u16::from(*req.state::<u8>());
        response.headers_mut().insert("x-state", state)?;
        Ok(())
    });
    for (target, body) in [("/inner", "inner's"), ("/plain", "7")] {
        let answer = get(&app, target);
        assert_eq!((answer.status, &*answer.body), (200, body), "{target}");
        assert_eq!(answer.header("x-state"), Some("7"), "{target}");
    }
}

#[test]
fn what_a_mount_passes_on_is_not_below_it() {
    let mut next = App::new("next");
    next.get("/<rest:path>", where_am_i);
    let mut app = App::new("outer");
    app.mount("/files", Files);
    app.fallback(next);
    check(&app, "/files/missing", 200, "/<rest:path>  /files/missing");
}

/// Answers below its mount, or passes.
struct Files;

impl Service for Files {
    fn begin(&self, req: &mut Request) -> pauper_message::Plan {
        match req.suffix().ends_with("missing") {
            true => pauper_message::Plan::pass(),
            false => pauper_message::Plan::buffer(),
        }
    }

    fn call(&self, req: &mut Request) -> Response {
        Response::text(format!("file {}", req.suffix_segments().collect::<Vec<_>>().join("|")))
    }
}

#[test]
fn a_folder_is_redirected_to_and_may_pass() {
    let mut app = App::new("folders");
    app.mount("/files/", Files);
    app.mount("/<x>/own/", Files).before(|_| Err(abort(403)));
    app.get("/own", |_: &mut Request| "own");
    app.mount("/own/", Files);
    app.check().unwrap();
    check(&app, "/files?a=1&b", 302, "/files/?a=1&b");
    check(&app, "/files/", 200, "file ");
    check(&app, "/files/a%2Fb/c", 200, "file a/b|c");
    assert_eq!(get(&app, "/files/missing").status, 404);
    check(&app, "/own", 200, "own");
    assert_eq!(get(&app, "/x/own/y").status, 403);
    let moved = run(&app, Request::builder().method("POST").target("/files"));
    assert_eq!(moved.status, 307);
    app.default_handler(|_: &mut Request| "default");
    check(&app, "/files/missing", 200, "default");
}

#[test]
fn what_is_normalized_never_leads_to_another_host() {
    let mut app = App::new("normalized");
    app.get("/<rest:path>", |req: &mut Request| req.path().to_owned());
    app.mount("/f/", Files);
    check(&app, "/a//b", 200, "/a//b");
    app.normalize_paths(true);
    check(&app, "/a/./b", 302, "/a/b");
    check(&app, "//evil.test/..//x?q=1", 302, "/x?q=1");
    check(&app, "/a/%2e%2E/%C3%A4%2Fb", 302, "/%C3%A4%2Fb");
    check(&app, "/%C3%A4%2Fb", 200, "/ä/b");
    assert_eq!(get(&app, "/a/../..").status, 400);
}

#[test]
fn a_slash_more_or_less() {
    let mut app = App::new("slashes");
    app.get("/a", |_: &mut Request| "a").name("a");
    app.get("/b/<x:int>/", |_: &mut Request, x: u8| x.to_string());
    check(&app, "/b/1/", 200, "1");
    assert_eq!(get(&app, "/a/").status, 404);
    app.trailing_slash(TrailingSlash::Redirect);
    check(&app, "/a/?q=%20", 302, "/a?q=%20");
    check(&app, "/b/1", 302, "/b/1/");
    assert_eq!(get(&app, "/b/x").status, 404);
    assert_eq!(get(&app, "//evil.test").status, 404);
}

struct Month(u8);

impl PathArg for Month {
    const EXPECTS: &'static str = "`:month`";

    fn accepts(_: Kind) -> bool {
        false
    }

    fn from_group(text: &str) -> Option<Self> {
        text.parse().ok().filter(|month| (1..=12).contains(month)).map(Self)
    }
}

#[test]
fn filters_make_values() {
    let mut app = App::new("values");
    app.filter_type::<Month>("month");
    app.get("/m/<m:month>", |_: &mut Request, Month(month): Month| format!("month {month}"));
    app.get("/m/<m>", |_: &mut Request, text: String| format!("text {text}"));
    app.get("/u/<u:uuid>", |_: &mut Request, uuid: Uuid| uuid.to_string());
    app.check().unwrap();
    check(&app, "/m/12", 200, "month 12");
    check(&app, "/m/13", 200, "text 13");
    let text = "01234567-89AB-CDEF-0123-456789abcdef";
    check(&app, &format!("/u/{text}"), 200, &text.to_lowercase());

    app.get("/wrong/<m:int>", |_: &mut Request, _: Month| "");
    let told = app.check().unwrap_err().to_string();
    assert!(told.contains("<m:int>, which needs `:month`"), "{told}");
}

#[cfg(feature = "regex")]
#[test]
fn filters_may_be_expressions() {
    let mut app = App::new("expressions");
    app.filter_expression("email", r"[\w.-]+@[\w.-]+");
    app.get("/<x:email>", |_: &mut Request, x: String| x);
    app.get("/<a:re:(?:[A-Z]+)(x)?>/<b>", |_: &mut Request, a: String, b: String| a + &b);
    check(&app, "/tester@example.net", 200, "tester@example.net");
    check(&app, "/ABx/c", 200, "ABxc");
    assert_eq!(get(&app, "/abx/c").status, 404, "the case is kept");
}

#[test]
fn routes_are_named_listed_and_removed() {
    let mut app = App::new("names");
    app.route(Methods::GET | Methods::POST, "/u/<id:int>/<x>", |_: &mut Request| "u").name("user");
    assert_eq!(app.url("user", [("id", "7"), ("x", "a b/ä")]).unwrap(), "/u/7/a%20b%2F%C3%A4");
    let error = app.url("user", [("id", "x"), ("x", "y")]).unwrap_err();
    assert!(error.log_text().contains("does not fit <id:int>"), "{error:?}");
    assert!(app.has_route("/u/<id:int>/<x>") && !app.has_route("/u"));
    assert_eq!(app.routes().map(|route| route.pattern()).collect::<Vec<_>>(), ["/u/<id:int>/<x>"]);
    assert!(app.remove_route("GET", "/u/<id:int>/<x>"));
    assert!(!app.remove_route("GET", "/u/<id:int>/<x>"));
    assert_eq!(get(&app, "/u/7/x").status, 405);
    assert_eq!(run(&app, Request::builder().method("POST").target("/u/7/x")).body, "u");
    assert!(app.remove_route("POST", "/u/<id:int>/<x>"));
    assert_eq!(get(&app, "/u/7/x").status, 404);
    app.get("/a", |_: &mut Request| "").name("it");
    app.get("/b", |_: &mut Request| "").name("it");
    assert!(app.check().unwrap_err().to_string().contains("the name \"it\" given at "));
}

#[test]
fn default_handlers_have_methods() {
    let mut app = App::new("defaults");
    app.default_handler_for(Methods::GET, |_: &mut Request| "get");
    app.default_handler_for(["POST", "PURGE"], |_: &mut Request| "other");
    let ask = |method: &str| {
        let answer = run(&app, Request::builder().method(method).target("/x"));
        (answer.status, answer.body)
    };
    assert_eq!(ask("GET"), (200, "get".into()));
    assert_eq!(ask("HEAD").0, 200);
    assert_eq!(ask("PURGE"), (200, "other".into()));
    assert_eq!(ask("PUT").0, 404, "never 405");
}

/// The original has such a line at level "error"; what strangers ask for is a warning here.
#[cfg(feature = "log")]
#[test]
fn what_nothing_answers_is_in_the_log() {
    use std::sync::Mutex;

    static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    struct Lines;
    impl log::Log for Lines {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            let line = format!("{} {}", record.level(), record.args());
            // Other tests log, too.
            if record.target() == "pauper::app" && line.contains("/log") {
                LINES.lock().unwrap().push(line);
            }
        }

        fn flush(&self) {}
    }

    log::set_logger(&Lines).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    let mut app = App::new("log");
    app.get("/log/here", |_: &mut Request| abort(404));
    app.default_handler_for("PURGE", |_: &mut Request| "");
    for (method, target, status) in [
        ("GET", "/log/a?b%0Ac", 404),
        ("GET", "/log/here", 404),
        ("PUT", "/log/here", 405),
        ("PURGE", "/log/c", 200),
    ] {
        let answer = run(&app, Request::builder().method(method).target(target));
        assert_eq!(answer.status, status, "{method} {target}");
    }
    assert_eq!(*LINES.lock().unwrap(), ["WARN 404 Not Found: GET /log/a?b%0Ac"]);
}

/// As the original answers, for clients that rely on it.
#[test]
fn a_wrong_method_of_a_pattern_can_be_404() {
    let mut app = App::new("compat");
    app.get("/fixed", |_: &mut Request| "fixed");
    app.get("/item/<id:int>", |_: &mut Request, id: u32| format!("item {id}"));
    app.post("/item/7", |_: &mut Request| "seven");
    let ask = |app: &App, method: &str, path: &str| {
        let answer = run(app, Request::builder().method(method).target(path));
        (answer.status, answer.header("allow").map(str::to_owned))
    };
    assert_eq!(ask(&app, "PUT", "/item/1").0, 405);
    app.compat_404(true);
    let allow = Some("GET, HEAD, OPTIONS".to_owned());
    assert_eq!(ask(&app, "PUT", "/fixed"), (405, allow.clone()));
    assert_eq!(ask(&app, "OPTIONS", "/fixed"), (204, allow));
    assert_eq!(ask(&app, "PUT", "/item/1"), (404, None));
    assert_eq!(ask(&app, "OPTIONS", "/item/1"), (404, None));
    assert_eq!(ask(&app, "PUT", "/item/7").0, 405);
    assert_eq!(ask(&app, "GET", "/item/1").0, 200);
    app.default_handler_for(Methods::PUT, |_: &mut Request| "default");
    assert_eq!(ask(&app, "PUT", "/item/1"), (200, None));
    assert_eq!(ask(&app, "DELETE", "/item/1"), (404, None));
}

struct Item(u8);

impl Item {
    fn new(_: &mut Request, number: u8) -> Result<Self, Error> {
        if number < 10 { Ok(Self(number)) } else { Err(abort(410)) }
    }

    fn show(&mut self, req: &mut Request) -> String {
        self.0 += 1;
        format!("{} {}", self.0, req.arg("suffix").unwrap_or_default())
    }

    fn save(&mut self, req: &mut Request) -> Result<String, Error> {
        Ok(format!("{} {}", self.0, req.text()?))
    }
}

#[test]
fn servlets_are_made_for_each_request() {
    let mut app = App::new("servlets");
    app.servlet("/item/<n:int>", Item::new).get(Item::show).post(Item::save);
    app.servlet("/below/<n:int>", Item::new).with_suffix().get(Item::show);
    app.actions("/do/<n:int>/", Item::new).get("show", Item::show).post("save", Item::save);
    app.check().unwrap();
    check(&app, "/item/1", 200, "2 ");
    check(&app, "/item/1", 200, "2 ");
    assert_eq!(get(&app, "/item/11").status, 410);
    assert_eq!(get(&app, "/item/300").status, 404);
    assert_eq!(get(&app, "/item/1/x").status, 404);
    assert_eq!(
        run(&app, Request::builder().method("POST").target("/item/1").body("new")).body,
        "1 new"
    );
    let wrong = run(&app, Request::builder().method("PUT").target("/item/1"));
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, HEAD, POST, OPTIONS")));
    check(&app, "/below/1", 200, "2 ");
    check(&app, "/below/1/", 200, "2 ");
    check(&app, "/below/1/a/b", 200, "2 a/b");
    check(&app, "/do/1", 302, "/do/1/");
    check(&app, "/do/1/show", 200, "2 ");
    assert_eq!(get(&app, "/do/1/save").status, 405);
    assert_eq!(get(&app, "/do/1/").status, 404);
    assert_eq!(get(&app, "/do/1/other").status, 404);

    app.servlet("/wrong/<x:word>", Item::new).get(Item::show);
    assert!(app.check().unwrap_err().to_string().contains("takes a u8 for <x:word>"));
}

#[test]
fn a_handler_may_fill_in_a_response() {
    let mut app = App::new("filled");
    app.get(
        "/<name>",
        fill(|req: &mut Request, response: &mut Response| {
            let first = req.segments().next().map(String::from);
            response.set_body(first.unwrap_or_default());
            response.headers_mut().insert("x-own", "1").unwrap();
        }),
    );
    let answer = get(&app, "/hello");
    assert_eq!((answer.status, &*answer.body), (200, "hello"));
    assert_eq!((answer.header("x-own"), answer.header("content-type")), (Some("1"), None));
}

#[test]
fn hosts_choose_the_app() {
    let app = |text: &'static str| {
        let mut app = App::new(text);
        app.get("/other", |_: &mut Request| "");
        app.get("/<x>", move |_: &mut Request, x: String| format!("{text} {x}"));
        app
    };
    let mut hosts = VirtualHosts::new();
    hosts.host("a.test", app("a")).host("*.a.test", app("below"));
    hosts.check().unwrap();
    let mut outer = App::new("outer");
    outer.fallback(hosts);
    let ask = |host: &str| {
        let answer = run(&outer, Request::builder().target("/x").header("Host", host));
        (answer.status, answer.body)
    };
    assert_eq!(ask("A.test:80"), (200, "a x".into()));
    assert_eq!(ask("b.a.test"), (200, "below x".into()));
    assert_eq!(ask("other.test").0, 404);
    let mut wrong = VirtualHosts::new();
    wrong.host("a:80", app("a"));
    assert!(wrong.check().is_err());
}
