use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pauper::message::Service as _;
use pauper::test::Client;

use super::cards::CARDS;
use super::{app, program, source};
use poorhttp::Options;

fn options(args: &[&str]) -> Options {
    let args: Vec<String> = [&["poorhttp"], args].concat().into_iter().map(Into::into).collect();
    Options::parse(args).unwrap()
}

/// The page for a query, as the demo at `/` makes it.
fn page(query: &str) -> String {
    let app = app(&options(&[]));
    let answer = Client::new(&app).get(&format!("/{query}"));
    assert_eq!(answer.status(), 200);
    answer.text().to_owned()
}

/// The patterns that stand in `app.get("…", …)` lines of a source.
fn patterns(source: &str) -> Vec<&str> {
    source
        .lines()
        .filter(|line| line.trim_start().starts_with("app."))
        .filter_map(|line| line.split('"').nth(1))
        .collect()
}

#[test]
fn every_card_shows_source_that_is_registered() {
    let app = app(&options(&[]));
    app.check().unwrap();
    let registered: BTreeSet<&str> = app.routes().map(|route| route.pattern()).collect();
    for card in &CARDS {
        let source = match card.section {
            "hello" => Some(program::TEXT.to_owned()),
            name => source::section(name),
        };
        let source = source.unwrap_or_else(|| panic!("no marker is named {}", card.section));
        let shown = patterns(&source);
        // Files have no route: they stand behind all of them.
        assert_eq!(shown.is_empty(), card.section == "files", "{source}");
        for pattern in shown {
            assert!(registered.contains(pattern), "{pattern} is not in {registered:?}");
        }
        let widest = source.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{}: {widest:?} columns do not fit", card.section);
    }
}

/// No route but the page itself is left out of the cards.
#[test]
fn every_route_is_shown() {
    let app = app(&options(&[]));
    let mut shown: Vec<String> = CARDS.iter().filter_map(|c| source::section(c.section)).collect();
    shown.push(program::TEXT.to_owned());
    for route in app.routes().filter(|route| route.pattern() != "/") {
        let quoted = format!("\"{}\"", route.pattern());
        assert!(shown.iter().any(|source| source.contains(&quoted)), "{quoted} has no card");
    }
}

/// It is the program of the examples folder, where there is one.
#[test]
fn the_program_is_the_example() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/hello.rs");
    let Ok(example) = fs::read_to_string(&path) else {
        return eprintln!("skipped: there is no {}", path.display());
    };
    let code: Vec<&str> =
        example.lines().skip_while(|line| line.starts_with("//") || line.is_empty()).collect();
    assert_eq!(program::TEXT.lines().collect::<Vec<_>>(), code);
}

#[test]
fn the_answers_on_the_page_are_those_of_the_handlers() {
    let page = page("?name=Ada&metal=iron&count=7");
    for text in ["Hello, Ada!", "7 × iron pot", "Ada was 36 and is 37 now.", "404 Not Found"] {
        assert!(page.contains(text), "{text} is missing in\n{page}");
    }
    assert!(page.contains("{&quot;received&quot;:{&quot;pots&quot;:3}}"), "{page}");
}

/// What a visitor typed is text, wherever it is shown again.
#[test]
fn what_was_typed_is_escaped() {
    let evil = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let app = app(&options(&[]));
    let mut client = Client::new(&app);
    let form = format!("{evil}=1&dish={evil}");
    let pages = [
        client.get(&format!("/?name={evil}&metal={evil}&count={evil}")),
        client.get(&format!("/request?{evil}")),
        client.post("/form", "application/x-www-form-urlencoded", form),
    ];
    for page in pages {
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(!page.text().contains("<script"), "{}", page.text());
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
}

#[test]
fn uploads_are_told_and_escaped() {
    let app = app(&options(&[]));
    let mut client = Client::new(&app);
    let page = client.get("/upload");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.ends_with("connect-src 'self'"));
    assert!(page.text().contains("<script src=\"upload.js\">"));
    let script = client.get("/upload.js");
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    let body = "--x\r\nContent-Disposition: form-data; name=file; filename=\"<b>.txt\"\r\n\r\n\
                12345\r\n--x--\r\n";
    let answer = client.post("/upload", "multipart/form-data; boundary=x", body);
    assert_eq!(answer.status(), 200);
    assert!(answer.text().contains("<dt>&lt;b&gt;.txt<dd>5 bytes"), "{}", answer.text());
    assert_eq!(client.post("/upload", "text/plain", "a").status(), 415);
    // Another request is told how much arrived.
    assert_eq!(client.get("/progress/abc").status(), 404);
    assert_eq!(
        client.post("/upload?id=abc", "multipart/form-data; boundary=x", body).status(),
        200
    );
    let told = format!("{{\"length\":{0},\"received\":{0}}}", body.len());
    assert_eq!(client.get("/progress/abc").text(), told);
    // Nobody makes it remember without end.
    let long = "x".repeat(41);
    client.post(&format!("/upload?id={long}"), "multipart/form-data; boundary=x", body);
    assert_eq!(client.get(&format!("/progress/{long}")).status(), 404);
    for number in 0..64 {
        client.post(&format!("/upload?id=n{number}"), "multipart/form-data; boundary=x", body);
    }
    assert_eq!(client.get("/progress/abc").status(), 404);
    assert_eq!(client.get("/progress/n0").status(), 200);
}

#[test]
fn the_errors_are_what_they_say() {
    let app = app(&options(&[]));
    let check = |target: &str, status: u16| {
        assert_eq!(Client::new(&app).get(target).status(), status, "{target}");
    };
    check("/nothing/here", 404);
    check("/form", 405);
    check("/birthday/Ada/256", 404);
    check("/pots?count=many", 400);
    check("/fails", 500);
    check("/panics", 500);
}

#[test]
fn the_request_page_hides_secrets() {
    let app = app(&options(&[]));
    let builder = pauper::Request::builder().target("/request").header("Cookie", "id=hunter2");
    let answer = Client::new(&app).request(&builder);
    assert!(!answer.text().contains("hunter2") && answer.text().contains("(hidden, 10 bytes)"));
}

/// With `--root` the demo makes room, and every link on it still leads somewhere.
#[test]
fn it_steps_aside_for_files() {
    let app = app(&options(&["--root", ".", "--index"]));
    let mut client = Client::new(&app);
    assert_eq!(client.get("/").status(), 404, "the files stand behind the routes");
    let redirect = client.get("/_demo");
    assert_eq!((redirect.status(), redirect.header("location")), (308, Some("/_demo/")));
    let page = client.get("/_demo/").text().to_owned();
    let links: Vec<&str> =
        page.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.len() > 8, "{links:?}");
    for link in links.into_iter().filter(|link| *link != "/") {
        let link = link.replace("&amp;", "&");
        let status = client.get(&format!("/_demo/{link}")).status();
        let expected: &[u16] = match &*link {
            "nothing/here" | "birthday/Ada/256" => &[404],
            "form" => &[405],
            "fails" | "panics" => &[500],
            _ => &[200],
        };
        assert!(expected.contains(&status), "{link}: {status}");
    }
}
