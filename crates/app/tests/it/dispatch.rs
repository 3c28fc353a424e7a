use super::{get, run};
use pauper_app::{App, Methods};
use pauper_message::{Error, Plan, Request, Response, Service, abort};

fn two(_: &mut Request, word: Box<str>, number: u8) -> String {
    format!("{word}={number}")
}

fn app() -> App {
    let mut app = App::new("test");
    app.get("/", |_: &mut Request| "root");
    app.get("/two/<word:word>/<number:int>", two);
    app.get("/args/<first>/<rest:path>", |req: &mut Request| {
        let groups: Vec<_> = req.groups().map(|(name, text)| format!("{name}:{text}")).collect();
        format!("{} {} [{}]", req.rule(), groups.join(","), req.arg("nobody").is_none())
    });
    app.post("/form", |req: &mut Request| -> Result<String, Error> {
        let form = req.form()?;
        Ok(format!("{:?} {:?}", form.get("a"), form.getlist("b")))
    });
    app.get("/query", |req: &mut Request| -> Result<String, Error> {
        Ok(req.args()?.get("q").unwrap_or("nothing").to_owned())
    });
    app.route(Methods::PUT | Methods::DELETE, "/thing", |req: &mut Request| {
        req.method().to_string()
    });
    app.get("/<name>", |_: &mut Request, name: String| format!("name {name}"));
    app
}

#[track_caller]
fn check(target: &str, status: u16, body: &str) {
    let answer = get(&app(), target);
    assert_eq!((answer.status, &*answer.body), (status, body), "{target}");
}

#[test]
fn groups_become_arguments() {
    check("/", 200, "root");
    check("/two/a/7", 200, "a=7");
    check("/two/%C3%A4/7", 200, "ä=7");
    check("/args/x/y/z", 200, "/args/<first>/<rest:path> first:x,rest:y/z [true]");
    check("/plain", 200, "name plain");
    check("/query?q=a+b%21", 200, "a b!");
    check("/query", 200, "nothing");
}

#[test]
fn an_escaped_slash_is_data() {
    check("/a%2Fb", 200, "name a/b");
    check("/a%252Fb", 200, "name a%2Fb");
    check("/args/x%2fy/z", 200, "/args/<first>/<rest:path> first:x/y,rest:z [true]");
}

#[test]
fn what_does_not_fit_is_not_found() {
    let mut floats = App::new("floats");
    floats.get("/<x:float>", |_: &mut Request, x: f64| x.to_string());
    assert_eq!(get(&floats, "/-2.5").body, "-2.5");
    assert_eq!(get(&floats, &format!("/{}", "9".repeat(400))).status, 404);
    for target in ["/two/a/256", "/two/a/-1", "/two/a/x", "/two/a", "/nothing/here/at/all"] {
        assert_eq!(get(&app(), target).status, 404, "{target}");
    }
}

#[test]
fn a_path_that_cannot_be_decoded_is_400_by_the_normal_way() {
    let mut app = app();
    app.on_status(400, |_: &mut Request, _: &Error| (400, "own page"));
    for target in ["/%zz", "/%4", "/%ff", "/a%00b"] {
        let answer = get(&app, target);
        assert_eq!((answer.status, &*answer.body), (400, "own page"), "{target}");
    }
}

/// A folder has files of any name, so services are asked although no route can match.
#[test]
fn a_path_that_cannot_be_decoded_reaches_services_as_it_was_sent() {
    let mut app = app();
    app.fallback(Below("/raw/"));
    assert_eq!(get(&app, "/raw/%FF").body, "/raw/ has /raw/%FF");
    assert_eq!(get(&app, "/%FF").status, 400);
}

#[test]
fn a_wrong_method_is_405_with_allow_and_options_answers_itself() {
    let app = app();
    let answer = run(&app, Request::builder().method("POST").target("/thing"));
    assert_eq!(answer.status, 405);
    // `/<name>` matches as well, and takes GET.
    assert_eq!(answer.header("allow"), Some("GET, HEAD, PUT, DELETE, OPTIONS"));
    let answer = run(&app, Request::builder().method("OPTIONS").target("/query"));
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(run(&app, Request::builder().method("HEAD").target("/query")).status, 200);
    assert_eq!(run(&app, Request::builder().method("DELETE").target("/thing")).body, "DELETE");
}

#[test]
fn targets_of_every_form_are_answered() {
    let app = app();
    let answer = run(&app, Request::builder().method("OPTIONS").target("*"));
    assert_eq!(answer.status, 204);
    assert!(answer.header("allow").unwrap().starts_with("GET, HEAD, POST"));
    assert_eq!(get(&app, "http://localhost/query?q=1").body, "1");
    assert_eq!(get(&app, "http://localhost").body, "root");
    let connect = || Request::builder().method("CONNECT").target("localhost:80");
    assert_eq!(run(&app, connect()).status, 405);

    // Nobody opens a tunnel by accident, or has a request sent back.
    let mut open = App::new("open");
    open.any("/any", |req: &mut Request| req.method().to_string());
    open.fallback(Below("/"));
    open.default_handler(|_: &mut Request| "default");
    assert_eq!(run(&open, connect()).status, 501);
    for (method, status) in [("GET", 200), ("PATCH", 200), ("TRACE", 405)] {
        assert_eq!(run(&open, Request::builder().method(method).target("/any")).status, status);
    }
    let mut proxy = App::new("proxy");
    proxy.route(Methods::CONNECT, "/", |_: &mut Request| "tunnel");
    assert_eq!(run(&proxy, connect()).status, 200);
}

#[test]
fn an_own_405_page_keeps_allow() {
    let mut app = app();
    app.on_status(405, |_: &mut Request, _: &Error| (405, "no"));
    let answer = run(&app, Request::builder().method("POST").target("/query"));
    assert_eq!((answer.status, &*answer.body), (405, "no"));
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn forms_are_read_when_asked_for() {
    let form = |kind: &str, body: &str| {
        Request::builder().method("POST").target("/form").header("Content-Type", kind).body(body)
    };
    let urlencoded = "Application/X-WWW-Form-Urlencoded; charset=utf-8";
    let answer = run(&app(), form(urlencoded, "a=1&b=2&b=3"));
    assert_eq!(answer.body, r#"Some("1") ["2", "3"]"#);
    assert_eq!(run(&app(), form("text/plain", "a=1")).status, 415);
    let many = vec!["a=1"; 2000].join("&");
    assert_eq!(run(&app(), form(urlencoded, &many)).status, 413);
    assert_eq!(run(&app(), Request::builder().method("POST").target("/form")).status, 200);
}

/// Answers what begins with its prefix.
struct Below(&'static str);

impl Service for Below {
    fn begin(&self, req: &mut Request) -> Plan {
        if req.path() == "/denied" {
            Plan::reject(Response::text("denied").with_status(403))
        } else if req.path() == "/gone" {
            Plan::reject(Response::failed(abort(410)))
        } else if req.path().starts_with(self.0) {
            Plan::buffer()
        } else {
            Plan::pass()
        }
    }

    fn call(&self, req: &mut Request) -> Response {
        if req.path().ends_with("/broken") {
            return Response::failed(std::io::Error::other("disk").into());
        }
        Response::text(format!("{} has {}", self.0, req.path()))
    }
}

#[test]
fn services_are_asked_in_order_and_then_the_default() {
    let mut app = App::new("services");
    app.get("/a/route", |_: &mut Request| "route");
    app.fallback(Below("/a/"));
    app.fallback(Below("/"));
    assert_eq!(get(&app, "/a/route").body, "route");
    assert_eq!(get(&app, "/a/x").body, "/a/ has /a/x");
    assert_eq!(get(&app, "/x").body, "/ has /x");
    assert_eq!(get(&app, "/denied").status, 403);
    app.on_status(410, |_: &mut Request, _: &Error| (410, "own page of a service's error"));
    app.on_error(|_: &mut Request, error: &std::io::Error| (503, error.to_string()));
    assert_eq!(get(&app, "/gone").body, "own page of a service's error");
    let broken = get(&app, "/a/broken");
    assert_eq!((broken.status, &*broken.body), (503, "disk"));

    let mut app = App::new("default");
    app.fallback(Below("/a/"));
    assert_eq!(get(&app, "/x").status, 404);
    app.default_handler(|_: &mut Request| (200, "default"));
    assert_eq!(get(&app, "/x").body, "default");
    assert_eq!(run(&app, Request::builder().method("PATCH").target("/x")).body, "default");
    assert_eq!(get(&app, "/a/x").body, "/a/ has /a/x");
}

#[test]
fn states_are_shared_by_type() {
    let mut app = App::new("states");
    app.state(7_u32).state("text");
    app.get("/", |req: &mut Request| {
        format!("{} {} {:?}", req.state::<u32>(), req.state::<&str>(), req.try_state::<u8>())
    });
    app.get("/missing", |req: &mut Request| req.state::<u8>().to_string());
    assert_eq!(get(&app, "/").body, "7 text None");
    assert_eq!(get(&app, "/missing").status, 500);
}

#[test]
fn a_handler_may_swap_its_request() {
    let mut app = App::new("swap");
    app.get("/<name>", |req: &mut Request| {
        let other = Request::builder().target("/other").build().unwrap();
        std::mem::replace(req, other).path().to_owned()
    });
    assert_eq!(get(&app, "/mine").body, "/mine");
}
