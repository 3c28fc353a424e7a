//! The example `http_digest`, and logins with each algorithm, as curl, Python's requests and a real
//! browser meet them.

mod cdp;

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pauper::auth::basic::Basic;
use pauper::auth::digest::{Algorithm, Digest, Exchange, Hash, Protection, Qop, hexdigest};
use pauper::auth::passwords::{PasswordMap, StoredDigest};
use pauper::auth::{RequestUser, Secret, SystemRandom, User};
use pauper::{App, Request, Server};
use serde_json::json;

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

fn start() -> Running {
    let mut path: PathBuf = env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let mut child = Command::new(path.join("examples/http_digest"))
        .args(["--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("cargo built the example beside this test");
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let port = line.trim_end().trim_end_matches('/').rsplit(':').next().unwrap();
    let port = port.parse().unwrap_or_else(|_| panic!("it told {line:?}"));
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    Running { child, port }
}

fn skipped(tool: &str) {
    let required = env::var_os("PAUPER_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{tool} is missing");
    println!("skipped: {tool} is missing");
}

/// Status, head and body of what curl gets in the end; `None` without curl.
fn curl(args: &[&str], url: &str) -> Option<(u16, String)> {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--include", "--max-time", "20"])
        .args(["--noproxy", "*", "--path-as-is"])
        .args(args)
        .arg(url)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.rfind("HTTP/1.1 ").unwrap_or_else(|| {
        panic!("{url}: {text:?} {}", String::from_utf8_lossy(&output.stderr));
    });
    Some((text[last + 9..last + 12].parse().unwrap(), text[last..].to_owned()))
}

#[test]
fn the_example_answers_as_its_clients_expect() {
    let server = start();
    let url = |path: &str| format!("http://localhost:{}{path}", server.port);
    let digest = |user: &str, path: &str, more: &[&str]| {
        let args = [&["--digest", "--user", user], more].concat();
        curl(&args, &url(path)).unwrap()
    };
    let Some((status, page)) = curl(&[], &url("/")) else { return skipped("curl") };
    assert_eq!(status, 200);
    for link in [
        "/admin_zone",
        "/user_zone",
        "/user",
        "/user/utf-8",
        "/foo",
        "/unknown",
        "/spaces in url",
        "/čeština v url",
        "/crazy in url 🤪",
    ] {
        assert!(page.contains(&format!("<a href=\"{link}\"")), "{link}");
    }

    let protected = [
        "/admin_zone",
        "/user_zone",
        "/user",
        "/user/utf-8",
        "/foo",
        "/unknown",
        "/spaces%20in%20url",
        "/%C4%8De%C5%A1tina%20v%20url",
        "/crazy%20in%20url%20%F0%9F%A4%AA",
    ];
    for path in protected {
        for more in [&[][..], &["--head"], &["--basic", "--user", "user:looser"]] {
            let (status, page) = curl(more, &url(path)).unwrap();
            assert_eq!(status, 401, "{path}");
            let realm = if path == "/admin_zone" { "Admin Zone" } else { "User Zone" };
            let start = format!(
                "www-authenticate: digest realm=\"{}\",qop=\"auth\",algorithm=\"md5-sess\",nonce=\"",
                realm.to_lowercase()
            );
            let lower = page.to_lowercase();
            let line = lower.lines().find(|line| line.starts_with(&start)).expect(&page);
            assert!(line.ends_with(
                "\",opaque=\"49960de5880e8c687434170f6476605b8fe4aeb9a28632c7995cf3ba831d9763\""
            ));
            assert!(lower.contains("content-type: text/html") && !lower.contains("x-powered-by"));
        }
    }

    let czech = "Ondřej:heslíčko";
    for (user, path, status, text) in [
        ("admin:admin", "/admin_zone", 200, "<h2>Admin Zone test for MD5-sess algorithm.</h2>"),
        ("admin:admin", "/admin_zone?arg=42", 200, "Admin Zone test"),
        ("user:looser", "/admin_zone", 401, ""),
        ("user:looser", "/user_zone", 200, "User: user"),
        ("foo:bar", "/user_zone?param=text", 200, "User: foo"),
        (czech, "/user_zone", 200, "User: Ondřej"),
        ("admin:admin", "/user_zone", 401, ""),
        ("user:loser", "/user_zone", 401, ""),
        // Stored with another hash.
        ("sha:sha", "/user_zone", 401, ""),
        ("user:looser", "/user", 200, "User: user"),
        ("foo:bar", "/user", 401, ""),
        (czech, "/user/utf-8", 200, "User: Ondřej"),
        ("user:looser", "/user/utf-8", 401, ""),
        ("foo:bar", "/foo", 200, "action=\"/foo/passwd\""),
        ("user:looser", "/foo", 401, ""),
        ("unknown:unknown", "/unknown", 401, ""),
        ("user:looser", "/unknown", 401, ""),
        ("user:looser", "/spaces%20in%20url", 200, "<a href=\"/spaces in url?param=text\">"),
        ("user:looser", "/spaces%20in%20url?param=text", 200, "User: user"),
        ("user:looser", "/%C4%8De%C5%A1tina%20v%20url", 200, "User: user"),
        ("user:looser", "/crazy%20in%20url%20%F0%9F%A4%AA", 200, "User: user"),
    ] {
        let (given, page) = digest(user, path, &[]);
        assert_eq!(given, status, "{user} {path}: {page}");
        assert!(page.contains(text), "{user} {path}: {page}");
    }
    assert_eq!(digest("user:looser", "/user_zone", &["--head"]).0, 200);

    assert_eq!(curl(&[], &url("/foo/passwd")).unwrap().0, 405);
    for form in ["", "password=new"] {
        assert_eq!(curl(&["--data", form], &url("/foo/passwd")).unwrap().0, 401);
        assert_eq!(digest("user:looser", "/foo/passwd", &["--data", form]).0, 401);
    }
    let (status, page) = digest("foo:bar", "/foo/passwd", &["--data", "password=new"]);
    assert_eq!(status, 302, "{page}");
    assert!(page.to_lowercase().contains("\r\nlocation: /foo\r\n"), "{page}");
    assert_eq!(digest("foo:bar", "/foo", &[]).0, 401);
    assert_eq!(digest("foo:new", "/foo", &[]).0, 200);

    // Credentials for one target at another, and once more at their own.
    let seen = Command::new("curl")
        .args(["--silent", "--verbose", "--digest", "--user", "user:looser", "--noproxy", "*"])
        .arg(url("/user_zone"))
        .output()
        .unwrap();
    let seen = String::from_utf8(seen.stderr).unwrap();
    let header = seen.lines().find_map(|line| line.strip_prefix("> Authorization: Digest user"));
    let header = format!("Authorization: Digest user{}", header.unwrap());
    let agent = seen
        .lines()
        .find_map(|line| line.strip_prefix("> ").filter(|it| it.starts_with("User-Agent")))
        .unwrap();
    let replay = ["--header", &header, "--header", agent];
    let (status, page) = curl(&replay, &url("/user_zone")).unwrap();
    assert!(status == 401 && page.contains(",stale=true"), "{page}");
    assert_eq!(curl(&replay, &url("/user")).unwrap().0, 400);
}

fn name(req: &mut Request) -> String {
    req.user().map_or("nobody", User::name).to_owned()
}

/// A server with a route for each algorithm, at this port.
fn algorithms() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| {
        let mut users = PasswordMap::new();
        for user in ["user", "Ondřej"] {
            for hash in Hash::ALL {
                let stored = StoredDigest::of_password(hash, "Zone", user, "heslíčko: \"a\"");
                users.add("Zone", user, stored).unwrap();
            }
        }
        let secret = Secret::random(&SystemRandom).unwrap();
        let builder = || Digest::builder("Zone", secret.clone(), users.clone());
        let mut app = App::new("algorithms");
        for algorithm in Algorithm::ALL {
            for userhash in [false, true] {
                let login = builder().algorithms([algorithm]).userhash(userhash).build().unwrap();
                let path = format!("/{algorithm}/{userhash}");
                app.route(["GET", "POST"], &path, name).hook(login);
            }
        }
        // What is offered if nothing is said, with a prefix of its own.
        let login = builder().build().unwrap();
        app.group("/offered", |app| {
            app.hook(login);
            app.get("/<page:word>", name);
        });
        let old = builder().algorithms([Algorithm::MD5]).qop([]).build().unwrap();
        app.get("/2069", name).hook(old);
        let whole = builder().qop([Qop::AuthInt, Qop::Auth]).build().unwrap();
        app.get("/auth-int", name).hook(whole.clone());
        app.post("/protected", name).hook(whole);
        app.get("/basic", name).hook(Basic::new("Zone", users.clone()));
        let server = Server::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().port();
        std::thread::spawn(move || server.run(app));
        port
    })
}

#[test]
fn curl_logs_in_with_each_algorithm() {
    let port = algorithms();
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let Some(version) = Command::new("curl").arg("--version").output().ok() else {
        return skipped("curl");
    };
    let version = String::from_utf8(version.stdout).unwrap();
    let mut numbers = version["curl ".len()..].split(['.', ' ']).map_while(|it| it.parse().ok());
    let version: (u32, u32) = (numbers.next().unwrap(), numbers.next().unwrap());
    for algorithm in Algorithm::ALL {
        if algorithm.hash() == Hash::Sha512_256 && version < (8, 10) {
            // Older ones hash with SHA-256 and say that it is SHA-512-256.
            println!("curl {version:?} has no {algorithm}");
            continue;
        }
        for user in ["user", "Ondřej"] {
            let right = format!("{user}:heslíčko: \"a\"");
            for path in [format!("/{algorithm}/false"), format!("/{algorithm}/true")] {
                let (status, page) = curl(&["--digest", "--user", &right], &url(&path)).unwrap();
                assert_eq!(status, 200, "{user} {path}: {page}");
                assert!(page.ends_with(&format!("\r\n\r\n{user}")), "{page}");
                assert!(page.to_lowercase().contains("authentication-info: qop=auth,rspauth="));
                let args = ["--digest", "--user", &right, "--data", "a=1"];
                assert_eq!(curl(&args, &url(&path)).unwrap().0, 200, "{path}");
                let wrong = format!("{user}:heslicko");
                assert_eq!(curl(&["--digest", "--user", &wrong], &url(&path)).unwrap().0, 401);
            }
        }
    }
    let args = ["--digest", "--user", "user:heslíčko: \"a\""];
    for path in ["/offered/page", "/2069", "/auth-int", "/offered/page?a=%22b%22&c"] {
        assert_eq!(curl(&args, &url(path)).unwrap().0, 200, "{path}");
    }
    assert_eq!(curl(&["--basic", args[1], args[2]], &url("/basic")).unwrap().0, 200);
    assert_eq!(curl(&["--anyauth", args[1], args[2]], &url("/basic")).unwrap().0, 200);
    // Two requests over one connection, and a nonce that is used twice.
    let both = url("/MD5/false");
    assert_eq!(curl(&[&args[..], &[&both]].concat(), &both).unwrap().0, 200);
}

#[test]
fn requests_of_python_logs_in() {
    let example = start();
    let port = algorithms();
    let script = format!(
        r#"
import requests
from requests.auth import HTTPDigestAuth, HTTPBasicAuth
def get(url, user, password, many=1):
    session = requests.Session()
    session.trust_env = False
    session.auth = HTTPDigestAuth(user, password)
    answers = [session.get(url, timeout=20) for _ in range(many)]
    hops = [len(answer.history) for answer in answers]
    return answers[0].status_code, hops, answers[-1].text
password = 'heslíčko: "a"'
base = 'http://127.0.0.1:{port}'
for name in 'MD5', 'MD5-sess', 'SHA-256':
    given = get(base + '/' + name + '/false', 'user', password, 3)
    # The nonce goes on, with another count.
    assert given == (200, [1, 0, 0], 'user'), (name, given)
    assert get(base + '/' + name + '/false', 'user', 'x')[0] == 401
assert get(base + '/offered/page', 'user', password)[::2] == (200, 'user')
example = 'http://localhost:{}'
for path, user, password, status in [
    ('/user_zone?param=text', 'user', 'looser', 200),
    ('/user_zone', 'user', 'loser', 401),
    ('/admin_zone?arg=42', 'admin', 'admin', 200),
    ('/spaces in url', 'user', 'looser', 200),
    ('/čeština v url?param=text', 'user', 'looser', 200),
    ('/crazy in url 🤪', 'user', 'looser', 200),
    ('/user/utf-8', 'user', 'looser', 401),
    ('/unknown', 'unknown', 'looser', 401),
]:
    given = get(example + path, user, password)
    assert given[0] == status, (path, given)
print('done')
"#,
        example.port
    );
    let has_requests = Command::new("python3").args(["-c", "import requests"]).output();
    if !has_requests.is_ok_and(|output| output.status.success()) {
        return skipped("python3 with requests");
    }
    let output = Command::new("python3").args(["-c", &script]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n", "{errors}");
}

/// Sends a head whose body never comes, and gives the answer.
fn send_raw(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    // The head is what counts; the connection may stay open.
    while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        let len = stream.read(&mut buffer).unwrap();
        assert!(len > 0, "{}", answer.escape_ascii());
        answer.extend_from_slice(&buffer[..len]);
    }
    String::from_utf8(answer).unwrap()
}

#[test]
fn who_cannot_log_in_is_told_before_the_body() {
    let port = algorithms();
    for path in ["/MD5/false", "/SHA-256/true", "/offered/page", "/auth-int", "/basic"] {
        let method =
            if path.starts_with("/MD5") || path.starts_with("/SHA") { "POST" } else { "GET" };
        let answer = send_raw(
            port,
            &format!("{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n"),
        );
        assert!(answer.starts_with("HTTP/1.1 401 "), "{path}: {answer}");
        assert!(answer.to_lowercase().contains("\r\nwww-authenticate: "), "{path}: {answer}");
    }
}

/// A login that covers the body cannot be told from none before the body is there; nothing may be done
/// with it until then.
#[test]
fn a_body_that_is_taken_while_it_arrives_cannot_be_covered() {
    let folder = tempfile::tempdir().unwrap();
    let secret = Secret::random(&SystemRandom).unwrap();
    let login = Digest::builder("Zone", secret, PasswordMap::new());
    let mut app = App::new("uploads");
    app.hook(login.qop([Qop::AuthInt, Qop::Auth]).build().unwrap());
    let files = pauper::files::Folder::new(folder.path()).unwrap().mount("/files");
    app.fallback(files.uploads(1000));
    let mut client = pauper::test::Client::new(&app);
    let put = || Request::builder().method("PUT").target("/files/a").body("mine");
    let challenge = client.request(&put());
    assert_eq!(challenge.status(), 401);
    let challenge = challenge.header("www-authenticate").unwrap();
    let nonce = challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    let made_up = format!(
        "Digest username=\"user\",realm=\"Zone\",nonce=\"{nonce}\",uri=\"/files/a\",\
         algorithm=SHA-256,qop=auth-int,nc=00000001,cnonce=\"c\",response=\"{}\"",
        "0".repeat(64)
    );
    let answer = client.request(&put().header("Authorization", &made_up));
    assert_eq!(answer.status(), 400, "{}", answer.text());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}

/// No client at hand has it, so that the response is calculated here.
#[test]
fn a_body_is_protected_through_the_whole_server() {
    let port = algorithms();
    let challenge =
        send_raw(port, "POST /protected HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    let nonce = challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    let stored = hexdigest("user", "Zone", "heslíčko: \"a\"", Hash::Sha256);
    for (count, sent, status) in [("00000001", "a=1", 200), ("00000002", "a=2", 401)] {
        let body = Some(Hash::Sha256.of(b"a=1"));
        let protection = Some(Protection { count, client_nonce: "c", body });
        let exchange =
            Exchange { algorithm: Algorithm::SHA_256, nonce, protection, uri: "/protected" };
        let response = exchange.response(&stored, "POST");
        let answer = send_raw(
            port,
            &format!(
                "POST /protected HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\
                 Authorization: Digest username=\"user\",realm=\"Zone\",nonce=\"{nonce}\",\
                 uri=\"/protected\",algorithm=SHA-256,qop=auth-int,nc={count},cnonce=\"c\",\
                 response=\"{}\"\r\n\r\n{sent}",
                sent.len(),
                response.as_str()
            ),
        );
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{sent}: {answer}");
        if status == 200 {
            assert!(answer.to_lowercase().contains("authentication-info: qop=auth-int,rspauth="));
        }
    }
}

/// The dialog for user and password of a browser, answered through its protocol.
#[test]
fn a_browser_logs_in() {
    let example = start();
    let port = algorithms();
    let Some(browser) = cdp::Browser::start() else { return };
    // Asks for a page, answers its dialog, and gives the text that is shown.
    let visit = |url: &str, user: &str, password: &str| {
        // Somebody new each time, since a browser keeps what was typed.
        let page = browser.stranger("about:blank");
        page.call("Fetch.enable", json!({ "handleAuthRequests": true }));
        page.call("Page.enable", json!({}));
        page.eval(&format!("setTimeout(() => {{ location.href = {} }}, 0), 0", json!(url)));
        let mut asked = 0;
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            assert!(Instant::now() < until, "{url} does not come, asked {asked} times");
            if let Some(paused) = page.arrived("Fetch.requestPaused") {
                page.call("Fetch.continueRequest", json!({ "requestId": paused["requestId"] }));
            } else if let Some(dialog) = page.arrived("Fetch.authRequired") {
                asked += 1;
                let challenge = &dialog["authChallenge"];
                assert_eq!(challenge["source"], "Server");
                assert!(["digest", "basic"].contains(&challenge["scheme"].as_str().unwrap()));
                let response = if asked == 1 {
                    json!({ "response": "ProvideCredentials", "username": user, "password": password })
                } else {
                    json!({ "response": "CancelAuth" })
                };
                page.call(
                    "Fetch.continueWithAuth",
                    json!({ "requestId": dialog["requestId"], "authChallengeResponse": response }),
                );
            } else if asked > 0 && page.arrived("Page.loadEventFired").is_some() {
                return (asked, page.text());
            } else {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    };
    let local = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let password = "heslíčko: \"a\"";
    for path in ["/MD5/false", "/SHA-256/false", "/offered/page", "/basic"] {
        let (asked, text) = visit(&local(path), "Ondřej", password);
        assert_eq!((asked, text.trim()), (1, "Ondřej"), "{path}");
    }
    let (asked, text) = visit(&local("/MD5-sess/false"), "user", "wrong");
    assert!(asked == 2 && text.contains("401"), "{asked} {text}");
    let example = |path: &str| format!("http://localhost:{}{path}", example.port);
    let (asked, text) = visit(&example("/crazy in url 🤪?param=text"), "user", "looser");
    assert!(asked == 1 && text.contains("User: user"), "{text}");
}
