//! The examples of sessions answer as their clients expect, and a real browser keeps and sends their
//! cookies as it should.

mod cdp;

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pauper::auth::csrf::{DoubleSubmit, SameOrigin};
use pauper::auth::session::{RequestSession, SealedSession, SecureCookie, Sessions};
use pauper::auth::{Keys, Secret, SystemRandom};
use pauper::test::{Answer, read_answer};
use pauper::{App, Html, Request, Server};
use serde_json::{Value, json};

/// A running example, killed at the end.
struct Running {
    child: Child,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(name: &str, variables: &[(&str, &str)]) -> Running {
    let mut child = Command::new(example(name))
        .args(["--port", "0"])
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("cargo built the example beside this test");
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let port = line.trim_end().trim_end_matches('/').rsplit(':').next().unwrap();
    let port = port.parse().unwrap_or_else(|_| panic!("{name} told {line:?}"));
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    Running { child, port }
}

/// Examples stand beside the folder of the tests.
fn example(name: &str) -> PathBuf {
    let mut path = env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.join("examples").join(name)
}

impl Running {
    #[track_caller]
    fn ask(&self, method: &str, target: &str, cookie: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(("localhost", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n",
            self.port
        );
        if !cookie.is_empty() {
            head.push_str(&format!("Cookie: {cookie}\r\n"));
        }
        if !body.is_empty() {
            head.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        }
        if method == "POST" {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        read_answer(&bytes, method, true).unwrap().0
    }

    /// Logs in and gives the cookie as it was set.
    #[track_caller]
    fn log_in(&self, user: &str) -> String {
        let answer = self.ask("POST", "/login", "", &format!("username={user}&password=secret"));
        redirects(&answer, "/private");
        answer.header("set-cookie").unwrap().to_owned()
    }
}

#[track_caller]
fn redirects(answer: &Answer, to: &str) {
    assert_eq!((answer.status(), answer.header("location")), (302, Some(to)), "{answer:?}");
}

fn value(cookie: &str) -> &str {
    cookie.split(';').next().unwrap().split_once('=').unwrap().1
}

/// The URL contract that the three share.
fn check_port(name: &str, title: &str, expiry: bool) {
    let server = start(name, &[]);
    let home = server.ask("GET", "/", "", "");
    assert_eq!(home.status(), 200);
    for piece in ["/login", "/private", "/logout", &format!("<h1>{title}</h1>")] {
        assert!(home.text().contains(piece), "{piece}: {}", home.text());
    }
    let form = server.ask("GET", "/login", "", "");
    for piece in ["method=\"post\"", "name=\"username\"", "name=\"password\"", "secret"] {
        assert!(form.text().contains(piece), "{piece}");
    }

    let alice = server.log_in("alice");
    assert!(alice.starts_with("SESSID=") && !alice.contains("alice"), "{alice}");
    assert!(alice.ends_with("; HttpOnly; Path=/; SameSite=Lax"), "{alice}");
    for body in ["", "username=alice&password=wrong", "username=&password=secret", "x=y"] {
        let answer = server.ask("POST", "/login", "", body);
        redirects(&answer, "/login");
        assert_eq!((answer.header("set-cookie"), answer.text()), (None, ""), "{body}");
    }

    let other = server.log_in("%3Cbob%3E");
    for (cookie, user) in [(&alice, "alice"), (&other, "&lt;bob&gt;"), (&alice, "alice")] {
        for sent in [format!("SESSID={}", value(cookie)), format!("SESSID=\"{}\"", value(cookie))] {
            let page = server.ask("GET", "/private", &sent, "");
            assert_eq!(page.status(), 200);
            assert!(page.text().contains(user) && page.text().contains("/logout"), "{user}");
            assert_eq!(page.text().contains("expires at"), expiry);
        }
    }
    let anonymous = server.ask("GET", "/private", "", "");
    redirects(&anonymous, "/login");
    assert!(anonymous.text().starts_with("Login required"), "{anonymous:?}");
    assert!(anonymous.header("content-type").unwrap().starts_with("text/plain"));
    for bad in ["x", "a.b.c", &value(&alice)[1..]] {
        let answer = server.ask("GET", "/private", &format!("SESSID={bad}"), "");
        redirects(&answer, "/login");
        assert!(answer.text().starts_with("Invalid session"), "{answer:?}");
    }
    for cookie in [String::new(), format!("SESSID={}", value(&alice))] {
        let answer = server.ask("GET", "/logout", &cookie, "");
        redirects(&answer, "/login");
        let removal = answer.header("set-cookie").unwrap();
        assert!(removal.starts_with("SESSID=; Expires=Thu, 01 Jan 1970"), "{removal}");
        assert!(removal.contains("; HttpOnly") && removal.contains("; Path=/"), "{removal}");
    }
}

#[test]
fn session() {
    check_port("session", "Session + JWT demo", true);
    // What is in the token, and when it ends.
    let server = start("session", &[]);
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let cookie = server.log_in("alice");
    let claims = value(&cookie).split('.').nth(1).unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let claims = base64::Engine::decode(&engine, claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["sub"], "alice");
    let ends = claims["exp"].as_u64().unwrap();
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!((before + 3600..=after + 3600).contains(&ends), "{ends}");
    let page = server.ask("GET", "/private", &format!("SESSID={}", value(&cookie)), "");
    assert!(page.text().contains(&ends.to_string()));
}

#[test]
fn poor_session() {
    check_port("poor_session", "PoorSession demo", false);
}

#[test]
fn aes_session() {
    check_port("aes_session", "AESSession demo", false);
}

/// Two processes with one file and one secret: what one remembers, the other shows.
#[test]
fn session_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    let secret = "0123456789abcdef0123456789abcdef";
    let variables = [("SESSION_SECRET", secret), ("SESSION_FILE", file.to_str().unwrap())];
    let (here, there) = (start("session_sqlite", &variables), start("session_sqlite", &variables));
    let page = here.ask("GET", "/", "", "");
    let cookie = format!("SESSID={}", value(page.header("set-cookie").unwrap()));
    let token = |page: &Answer| {
        let from = page.text().find("csrf_token\" value=\"").unwrap() + 19;
        page.text()[from..from + 43].to_owned()
    };
    let add = |server: &Running, note: &str, token: &str| {
        server.ask("POST", "/add", &cookie, &format!("note={note}&csrf_token={token}"))
    };
    assert_eq!(add(&here, "one", "wrong").status(), 403);
    assert_eq!(add(&here, "one", &token(&page)).status(), 303);
    assert_eq!(add(&there, "%3Ctwo%3E", &token(&page)).status(), 303);
    let page = here.ask("GET", "/", &cookie, "");
    for piece in ["<li>one</li>", "<li>&lt;two&gt;</li>", "There are 2 notes now."] {
        assert!(page.text().contains(piece), "{piece}: {}", page.text());
    }
    assert!(!there.ask("GET", "/", &cookie, "").text().contains("There are"));
    there.ask("POST", "/forget", &cookie, &format!("csrf_token={}", token(&page)));
    let page = here.ask("GET", "/", &cookie, "");
    assert!(!page.text().contains("<li>"), "{}", page.text());
}

/// What the application saw of each request: the path, the user, and the names of the cookies.
type Seen = Arc<Mutex<Vec<(String, Option<String>, Vec<String>)>>>;

fn watch(req: &mut Request) -> Result<(), pauper::Error> {
    let user = req.session().get("user").map(str::to_owned);
    let names = req.cookies().map(|(name, _)| name.to_owned()).collect();
    let seen = Arc::clone(req.state::<Seen>());
    seen.lock().unwrap().push((req.path().to_owned(), user, names));
    Ok(())
}

fn last(seen: &Seen, path: &str) -> Option<(Option<String>, Vec<String>)> {
    let seen = seen.lock().unwrap();
    let (_, user, names) = seen.iter().rev().find(|(known, ..)| known == path)?;
    Some((user.clone(), names.clone()))
}

/// An application with a login, watched, and beside it pages of another site.
fn site(sessions: Sessions, guarded: bool) -> (App, Seen) {
    let seen = Seen::default();
    let mut app = App::new("site");
    app.state(Arc::clone(&seen));
    app.hook(sessions);
    app.before(watch);
    app.get("/", |_: &mut Request| Html("<title>home</title><p>home"));
    app.get("/login", |req: &mut Request| -> Result<_, pauper::Error> {
        req.renew_session()?;
        req.session_mut().set("user", "alice");
        Ok(Html("<p>in"))
    });
    app.get("/logout", |req: &mut Request| {
        req.session_mut().destroy();
        Html("<p>out")
    });
    let route = app.post("/change", |_: &mut Request| Html("<p>changed"));
    if guarded {
        route.hook(SameOrigin::new());
    }
    (app, seen)
}

fn keys() -> Keys {
    Keys::new(Secret::random(&SystemRandom).unwrap())
}

#[test]
fn a_browser_sees_the_attributes_it_should_and_sends_nothing_it_should_not() {
    let Some(browser) = cdp::Browser::start() else { return };
    let (app, seen) = site(Sessions::new(SealedSession::new(keys())), false);
    let running = Server::bind("127.0.0.1:0").unwrap().spawn(app).unwrap();
    let root = format!("http://localhost:{}", running.addr().port());

    let page = browser.page(&format!("{root}/login"));
    let cookies = page.cookies();
    assert_eq!(cookies.len(), 1);
    let cookie = &cookies[0];
    for (name, expected) in [
        ("name", json!("SESSID")),
        ("httpOnly", json!(true)),
        ("sameSite", json!("Lax")),
        ("secure", json!(false)),
        ("session", json!(true)),
        ("path", json!("/")),
        ("domain", json!("localhost")),
    ] {
        assert_eq!(cookie[name], expected, "{name}: {cookie}");
    }
    assert_eq!(page.eval("document.cookie"), json!(""), "scripts do not see it");
    page.goto(&format!("{root}/"));
    assert_eq!(last(&seen, "/").unwrap().0.as_deref(), Some("alice"));
    // Its own form is sent with it.
    page.eval("document.body.innerHTML = '<form method=post action=/change><button id=go>'; 0");
    page.loads(|page| page.click("#go"));
    assert_eq!(last(&seen, "/change").unwrap().0.as_deref(), Some("alice"));

    // Another site: its forms and scripts come without the cookie, a link with it.
    let mut other = App::new("other");
    let evil = format!(
        "<form method=post action={root}/change><button id=go></button></form>\
         <a id=link href={root}/>x</a><img src={root}/?image>"
    );
    other.get("/", move |_: &mut Request| Html(evil.clone()));
    let elsewhere = Server::bind("127.0.0.1:0").unwrap().spawn(other).unwrap();
    let evil = format!("http://{}/", elsewhere.addr());
    seen.lock().unwrap().clear();
    page.goto(&evil);
    page.wait("document.images[0].complete");
    assert_eq!(last(&seen, "/"), Some((None, vec![])), "an image");
    page.loads(|page| page.click("#go"));
    assert_eq!(last(&seen, "/change"), Some((None, vec![])), "a form of another site");
    page.goto(&evil);
    let fetch = format!(
        "fetch('{root}/change', {{method: 'POST', mode: 'no-cors', credentials: 'include'}})\
         .then(() => {{ window.done = 1 }}); 0"
    );
    seen.lock().unwrap().clear();
    page.eval(&fetch);
    page.wait("window.done === 1");
    assert_eq!(last(&seen, "/change"), Some((None, vec![])), "a script of another site");
    page.loads(|page| page.click("#link"));
    assert_eq!(last(&seen, "/").unwrap().0.as_deref(), Some("alice"), "a link");

    page.goto(&format!("{root}/logout"));
    assert!(page.cookies().is_empty(), "{:?}", page.cookies());
    page.goto(&format!("{root}/"));
    assert_eq!(last(&seen, "/"), Some((None, vec![])));
    running.stop();
    elsewhere.stop();
}

#[test]
fn a_browser_keeps_to_paths_hosts_and_prefixes() {
    let Some(browser) = cdp::Browser::start() else { return };
    let page = browser.page("about:blank");
    let visit = |sessions: Sessions| {
        let (app, seen) = site(sessions, false);
        let running = Server::bind("127.0.0.1:0").unwrap().spawn(app).unwrap();
        let root = format!("http://localhost:{}", running.addr().port());
        page.goto(&format!("{root}/login"));
        let kept = page.cookies();
        page.goto(&format!("{root}/"));
        let user = last(&seen, "/").unwrap().0;
        // Under its other name it is another host.
        page.goto(&format!("http://{}/", running.addr()));
        assert_eq!(last(&seen, "/"), Some((None, vec![])));
        page.goto(&format!("{root}/logout"));
        running.stop();
        (kept, user.is_some())
    };
    let sealed = || Sessions::new(SealedSession::new(keys()));
    // Kept beyond the session of the browser.
    let (kept, user) = visit(sealed().persistent(true));
    assert!(user && kept[0]["session"] == json!(false), "{kept:?}");
    // Only for another path.
    let (_, user) = visit(sealed().name("SHOP").path("/shop"));
    assert!(!user);
    // A browser takes localhost for safe, so that secure cookies of a prefix can be tried out.
    let (kept, user) = visit(sealed().name("__Host-s"));
    assert!(user, "{kept:?}");
    let host = kept.iter().find(|cookie| cookie["name"] == "__Host-s").unwrap();
    assert_eq!((&host["secure"], &host["path"]), (&json!(true), &json!("/")));
    let (_, user) = visit(sealed().name("SAFE").secure(SecureCookie::Always));
    assert!(user);
}

#[test]
fn a_browser_tells_where_a_request_came_from() {
    let Some(browser) = cdp::Browser::start() else { return };
    let (mut app, _) = site(Sessions::new(SealedSession::new(keys())), true);
    let keys = keys();
    app.group("/token", |app| {
        app.hook(DoubleSubmit::new(&keys));
        app.get("/form", |req: &mut Request| {
            let token = req.form_token().unwrap();
            Html(format!(
                "<form method=post><input type=hidden name={} value={}><button id=go></form>",
                token.field(),
                token.value()
            ))
        });
        app.post("/form", |req: &mut Request| -> Result<_, pauper::Error> {
            let token = req.form_token().unwrap();
            let good = req.form()?.get(token.field()).is_some_and(|shown| token.accepts(shown));
            Ok(Html(format!("<p>{good}")))
        });
    });
    let running = Server::bind("127.0.0.1:0").unwrap().spawn(app).unwrap();
    let port = running.addr().port();
    let root = format!("http://localhost:{port}");
    let page = browser.page(&format!("{root}/"));
    let form = |action: &str| {
        page.eval(&format!(
            "document.body.innerHTML = '<form method=post action={action}><button id=go>'; 0"
        ));
        page.loads(|page| page.click("#go"));
        page.text()
    };
    assert_eq!(form("/change"), "changed");
    // The same server under its other name is another origin, and another site.
    page.goto(&format!("http://127.0.0.1:{port}/"));
    let refused = form(&format!("{root}/change"));
    assert!(refused.contains("another site"), "{refused}");
    // Another port is another origin of the same site.
    let mut other = App::new("other");
    other.get("/", |_: &mut Request| Html("<p>other"));
    let sibling = Server::bind("127.0.0.1:0").unwrap().spawn(other).unwrap();
    page.goto(&format!("http://localhost:{}/", sibling.addr().port()));
    let refused = form(&format!("{root}/change"));
    assert!(refused.contains("another site"), "{refused}");

    page.goto(&format!("{root}/token/form"));
    page.loads(|page| page.click("#go"));
    assert_eq!(page.text(), "true");
    running.stop();
    sibling.stop();
}
