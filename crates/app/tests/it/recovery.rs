use super::{Answer, get, run};
use pauper_app::{App, ErrorHandler, MethodNotAllowed, Methods};
use pauper_message::{Error, Peer, Request, Service, StatusCode, abort};

fn ask(app: &App, method: &str, target: &str) -> Answer {
    run(app, Request::builder().method(method).target(target))
}

#[test]
fn handlers_of_states_and_errors_have_methods() {
    let mut app = App::new("methods");
    app.any("/<code:int>", |_: &mut Request, code: u16| -> Result<(), Error> { Err(abort(code)) });
    app.any("/parse", |_: &mut Request| -> Result<u16, Error> { Ok("x".parse()?) });
    app.on_status(404, |_: &mut Request, _: &Error| (404, "all"));
    app.on_status_for(Methods::GET, 404, |_: &mut Request, _: &Error| (404, "get"));
    app.on_error_for(Methods::POST, |_: &mut Request, _: &std::num::ParseIntError| (400, "post"));
    assert_eq!(get(&app, "/404").body, "get");
    assert_eq!(ask(&app, "HEAD", "/404").body, "get");
    assert_eq!(ask(&app, "PUT", "/404").body, "all");
    assert_eq!(ask(&app, "POST", "/parse").body, "post");
    assert_eq!(get(&app, "/parse").status, 500);
}

/// What a challenge needs to know.
#[derive(Debug)]
struct Challenge {
    realm: &'static str,
}

impl std::fmt::Display for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no access to {}", self.realm)
    }
}

impl std::error::Error for Challenge {}

#[test]
fn a_handler_of_a_state_knows_what_the_error_knows() {
    let mut app = App::new("data");
    app.get("/zone", |_: &mut Request| -> Result<(), Error> {
        let cause = Challenge { realm: "zone" };
        Err(Error::with_source(StatusCode::UNAUTHORIZED, Some("log in"), cause))
    });
    app.on_status(401, |_: &mut Request, error: &Error| {
        let realm = error.find::<Challenge>().map_or("", |challenge| challenge.realm);
        let challenge = format!("Basic realm=\"{realm}\"");
        let text = error.message().unwrap_or_default().to_owned();
        (401, [("www-authenticate", challenge)], text)
    });
    app.on_status(405, |_: &mut Request, error: &Error| {
        let known = error.find::<MethodNotAllowed>().map(|error| error.allow().to_string());
        (405, known.unwrap_or_default())
    });
    let answer = get(&app, "/zone");
    assert_eq!((answer.status, &*answer.body), (401, "log in"));
    assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"zone\""));
    let answer = ask(&app, "POST", "/zone");
    assert_eq!(answer.body, "GET, HEAD, OPTIONS");
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn after_hooks_know_who_made_the_page() {
    fn own(_: &mut Request, _: &Error) -> (u16, &'static str) {
        (410, "gone")
    }
    let mut app = App::new("who");
    app.get("/<code:int>", |_: &mut Request, code: u16| -> Result<(), Error> { Err(abort(code)) });
    app.get("/fine", |_: &mut Request| "fine");
    app.on_status(410, own);
    app.after(|req, response| {
        let who = req.extensions().get::<ErrorHandler>().map_or("nobody", |handler| handler.name);
        response.headers_mut().insert("x-who", who)?;
        Ok(())
    });
    assert!(get(&app, "/410").header("x-who").unwrap().ends_with("::own"));
    assert_eq!(get(&app, "/409").header("x-who"), Some("page"));
    assert_eq!(get(&app, "/fine").header("x-who"), Some("nobody"));
}

/// The line of the handler that panics.
const PANICS: u32 = line!() + 8;

fn failing(debug: bool) -> App {
    let mut app = App::new("inside");
    app.debug(debug);
    app.get("/io", |_: &mut Request| -> Result<(), Error> {
        Err(std::io::Error::other("secret <detail>"))?
    });
    app.get("/panic", |_: &mut Request| -> String { panic!("secret <panic>") });
    app
}

fn from(app: &App, target: &str, ip: &str, header: Option<(&str, &str)>) -> Answer {
    let remote = ip.parse().map(|ip: std::net::IpAddr| (ip, 4711).into()).ok();
    let mut request = Request::builder().target(target).peer(Peer::new(remote, None));
    request = request.header("Accept", "text/html");
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    run(app, request)
}

#[test]
fn only_this_machine_and_listed_clients_see_inside() {
    let mut app = failing(true);
    app.debug_peers(["192.0.2.7".parse().unwrap()]);
    let forwarded = Some(("X-Forwarded-For", "192.0.2.9"));
    for (ip, header, sees) in [
        ("127.0.0.1", None, true),
        ("::1", None, true),
        ("::ffff:127.0.0.1", None, true),
        ("192.0.2.7", None, true),
        ("192.0.2.7", forwarded, true),
        ("127.0.0.1", forwarded, false),
        ("127.0.0.1", Some(("Via", "1.1 proxy")), false),
        ("127.0.0.1", Some(("Host", "127.0.0.1:8080")), true),
        ("::1", Some(("Host", "[::1]")), true),
        ("127.0.0.1", Some(("Host", "app.localhost")), true),
        ("127.0.0.1", Some(("Host", "rebound.test")), false),
        ("127.0.0.1", Some(("Host", "localhost.rebound.test")), false),
        ("127.0.0.1", Some(("Host", "192.0.2.9")), false),
        ("192.0.2.8", None, false),
        ("nobody", None, false),
    ] {
        let page = from(&app, "/io", ip, header);
        assert_eq!(page.status, 500);
        assert_eq!(page.body.contains("secret &lt;detail&gt;"), sees, "{ip} {header:?}");
        assert_eq!(page.body.contains("recovery.rs:"), sees, "{ip}: the place in the source");
        let page = from(&app, "/panic", ip, header);
        assert_eq!(page.body.contains("secret &lt;panic&gt;"), sees, "{ip} {header:?}");
        // The backtrace, where there is one, rightly has both places.
        let told = page.body.split("Backtrace").next().unwrap();
        assert!(!told.contains("guard.rs:"), "where a panic was caught is of no use");
        let place = format!("{}:{PANICS}", file!());
        assert_eq!(told.contains(&place), sees, "{place} in {told}");
        let status = from(&app, "/debug-info", ip, header).status;
        assert_eq!(status, if sees { 200 } else { 404 }, "{ip} {header:?}");
    }
    let off = failing(false);
    assert!(!from(&off, "/io", "127.0.0.1", None).body.contains("secret"));
    assert_eq!(from(&off, "/debug-info", "127.0.0.1", None).status, 404);
}

/// The text behind "number there is".
fn id_in(body: &str) -> &str {
    let (_, rest) = body.split_once("Its number there is ").expect("an id");
    &rest[..rest.find(['.', '<']).expect("an end")]
}

#[test]
fn every_failure_has_an_id_of_its_own() {
    let app = failing(false);
    let one = get(&app, "/io").body;
    let other = get(&app, "/panic").body;
    assert_ne!(id_in(&one), id_in(&other));
    assert!(id_in(&one).chars().all(|char| char.is_ascii_hexdigit() || char == '-'), "{one}");
    let json = run(&app, Request::builder().target("/io").header("Accept", "application/json"));
    assert!(json.body.contains("\"id\":\""), "{}", json.body);
    assert!(!get(&app, "/none").body.contains("number there"));
    // The number that a server gave is the one in its own log.
    let mut req = Request::builder().target("/io").build().unwrap();
    req.set_id(0xbeef);
    let _plan = app.begin(&mut req);
    assert_eq!(id_in(&Answer::of(app.call(&mut req)).body), "beef");
}

#[test]
fn the_debug_page_masks_secrets() {
    let mut app = failing(true);
    app.variables([("app_mail", "shown"), ("app_api_key", "hidden"), ("poor_SecretKey", "hidden")]);
    app.on_status_for(Methods::GET, 404, |_: &mut Request, _: &Error| (404, ""));
    app.filter("even", |_| true);
    let page = from(&app, "/debug-info", "127.0.0.1", Some(("Cookie", "hidden=1"))).body;
    for part in ["/io", "failing", "recovery.rs:", "404", "even", "shown", "(not shown)", "Accept"]
    {
        assert!(page.contains(part), "{part} is missing");
    }
    assert!(!page.contains("hidden"), "{page}");
}

/// A handler that cannot help leaves the error to the next one, and in the end there is a page.
#[test]
fn failing_handlers_fall_back_step_by_step() {
    let mut app = failing(false);
    app.on_error(|_: &mut Request, _: &std::io::Error| -> Result<(), Error> {
        Err("x".parse::<u8>().unwrap_err())?
    });
    app.on_status(500, |_: &mut Request, error: &Error| -> Result<String, Error> {
        assert!(error.find::<std::num::ParseIntError>().is_some(), "the handler's own error");
        Err(abort(503))
    });
    app.on_status(503, |_: &mut Request, _: &Error| "never asked for by another handler");
    let answer = get(&app, "/io");
    assert_eq!(answer.status, 500);
    assert!(answer.body.contains("The server made a mistake"), "{}", answer.body);
}
