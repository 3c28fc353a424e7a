//! Folders of files over real sockets: beside nginx on the same tree, while their files change, and
//! in a real browser.

mod cdp;

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use pauper::files::{Coding, Folder};
use pauper::{App, Server};
use serde_json::json;

/// 2024-05-01 12:30:05 UTC.
const MODIFIED: u64 = 1_714_566_605;
const MODIFIED_DATE: &str = "Wed, 01 May 2024 12:30:05 GMT";

fn write(root: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(MODIFIED);
    File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Sends a request on a connection of its own, and reads the head of the answer.
fn begin(addr: SocketAddr, method: &str, target: &str, headers: &str) -> BufReader<TcpStream> {
    let mut socket = TcpStream::connect(addr).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head =
        format!("{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    socket.write_all(head.as_bytes()).unwrap();
    BufReader::new(socket)
}

fn head(reader: &mut impl BufRead) -> Answer {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let status = line().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = Vec::new();
    loop {
        let line = line();
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Answer { status, headers, body: Vec::new() }
}

/// A request and the whole answer, in which chunks are put together.
fn ask(addr: SocketAddr, method: &str, target: &str, headers: &str) -> Answer {
    let mut reader = begin(addr, method, target, headers);
    let mut answer = head(&mut reader);
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    if answer.header("transfer-encoding") == Some("chunked") {
        let mut rest = rest.as_slice();
        loop {
            let mut line = String::new();
            rest.read_line(&mut line).unwrap();
            let length = usize::from_str_radix(line.trim_end(), 16).unwrap();
            if length == 0 {
                return answer;
            }
            answer.body.extend_from_slice(&rest[..length]);
            rest = &rest[length + 2..];
        }
    }
    answer.body = rest;
    answer
}

/// A running nginx, ended with the value.
struct Nginx {
    child: Child,
    addr: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Nginx {
    fn start(root: &Path) -> Option<Self> {
        let found =
            ["/usr/sbin/nginx", "/usr/bin/nginx"].into_iter().find(|at| Path::new(at).is_file());
        let Some(program) = found else {
            assert!(env::var_os("PAUPER_REQUIRE_TOOLS").is_none(), "nginx is required and missing");
            eprintln!("skipped: no nginx");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let at = folder.path().display();
        let configuration = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\n\
             events {{ worker_connections 64; }}\n\
             http {{ include /etc/nginx/mime.types; default_type application/octet-stream;\n\
             access_log off; client_body_temp_path {at}/b; proxy_temp_path {at}/p;\n\
             fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n\
             charset utf-8; charset_types text/css text/plain application/json image/svg+xml;\n\
             gzip_static on; gzip_vary on;\n\
             server {{ listen {addr}; root {}; }} }}\n",
            root.display()
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let child = Command::new(program)
            .args(["-p", folder.path().to_str().unwrap(), "-c", file.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let nginx = Self { child, addr, _folder: folder };
        for _ in 0..600 {
            if TcpStream::connect(addr).is_ok() {
                return Some(nginx);
            }
            sleep(Duration::from_millis(50));
        }
        panic!("nginx does not listen");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status, body, and every header but those in which the two differ on purpose:
///
/// - Server, Date, and Connection are not about files;
/// - the tag has another form, and must only be there on both sides or on neither;
/// - `X-Content-Type-Options` is ours alone;
/// - a redirect is 308 with a path here, and 301 with a whole URL there;
/// - the pages of errors are each one's own, and their headers with them;
/// - Vary is here on each answer that was negotiated, there only where there is a variant, and its
///   value has another case.
#[test]
fn nginx_says_the_same_of_the_same_tree() {
    let tree = tempfile::tempdir().unwrap();
    let root = tree.path();
    // The workers of nginx may be another user.
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
    for (name, size) in [
        ("index.html", 100),
        ("empty.txt", 0),
        ("a b/c.css", 1000),
        ("small.json", 10),
        ("picture.png", 5000),
        ("large.bin", 300_000),
        ("unknown.xyz-kind", 5),
        ("noextension", 5),
        ("packed.txt", 3000),
    ] {
        write(root, name, (0..size).map(|at| b'a' + (at % 26) as u8).collect::<Vec<_>>());
    }
    write(root, "packed.txt.gz", "not really gzip");
    let Some(nginx) = Nginx::start(root) else { return };
    let folder = Folder::new(root).unwrap().precompressed([Coding::Gzip]);
    let ours = Server::bind("127.0.0.1:0").unwrap().spawn(folder).unwrap();

    let since = format!("If-Modified-Since: {MODIFIED_DATE}\r\n");
    let unmodified = "If-Unmodified-Since: Wed, 01 May 2024 12:30:04 GMT\r\n";
    let if_range = format!("Range: bytes=0-9\r\nIf-Range: {MODIFIED_DATE}\r\n");
    let files = [
        "/",
        "/index.html",
        "/empty.txt",
        "/a%20b/c.css",
        "/small.json",
        "/picture.png",
        "/large.bin",
        "/unknown.xyz-kind",
        "/noextension",
        "/packed.txt",
    ];
    let conditions = [
        "",
        &since,
        unmodified,
        "If-None-Match: \"other\"\r\n",
        "If-Match: \"other\"\r\n",
        "If-None-Match: *\r\n",
        "Range: bytes=0-0\r\n",
        "Range: bytes=-3\r\n",
        "Range: bytes=2-\r\n",
        "Range: bytes=999999-\r\n",
        "Range: lines=0-1\r\n",
        &if_range,
        "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n",
        "Accept-Encoding: gzip\r\n",
        "Accept-Encoding: gzip;q=0\r\n",
    ];
    let mut compared = 0;
    for target in files {
        for method in ["GET", "HEAD"] {
            for condition in conditions {
                let [us, them] =
                    [ours.addr(), nginx.addr].map(|addr| ask(addr, method, target, condition));
                let what = format!("{method} {target} {condition:?}");
                // Of nothing no byte can be had: 416 (RFC 9110, section 15.5.17), but for its last
                // ones; nginx sometimes sends the nothing.
                if target == "/empty.txt" && condition.starts_with("Range: bytes=") {
                    assert!([200, 416].contains(&us.status), "{what}");
                    continue;
                }
                // To HEAD a range means nothing (RFC 9110, section 14.2); nginx cuts it all the same.
                if method == "HEAD" && condition.contains("Range:") {
                    assert_eq!(us.status, 200, "{what}");
                    continue;
                }
                assert_eq!(us.status, them.status, "{what}");
                let ignored = |name: &str| {
                    ["server", "date", "connection", "etag", "x-content-type-options", "vary"]
                        .contains(&name)
                        || (us.status >= 400 && name.starts_with("content-") && name != "content-range")
                        // Said here of parts and variants, too, and only of whole files there.
                        || ((matches!(us.status, 206 | 304) || us.header("content-encoding").is_some())
                            && name == "accept-ranges")
                        || (us.status >= 400 && ["last-modified", "accept-ranges"].contains(&name))
                };
                let told = |answer: &Answer| {
                    let mut headers: Vec<(String, String)> =
                        answer.headers.iter().filter(|(name, _)| !ignored(name)).cloned().collect();
                    headers.sort();
                    headers
                };
                assert_eq!(told(&us), told(&them), "{what}");
                if us.status < 400 {
                    assert!(us.body == them.body, "{what}");
                    assert_eq!(
                        us.header("etag").is_some(),
                        them.header("etag").is_some(),
                        "{what}"
                    );
                    if them.header("vary").is_some() {
                        assert!(us.header("vary").is_some(), "{what}");
                    }
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 150, "{compared}");
    for (target, ours_is, theirs_is) in [
        ("/a%20b", 308, 301),
        ("/none", 404, 404),
        ("/none/", 404, 404),
        ("/index.html/", 404, 404),
        ("/%00", 404, 400),
        ("/%zz", 400, 400),
        // It goes up by itself and stays inside; here that is no path of a file.
        ("/a%20b/../index.html", 404, 200),
    ] {
        // A redirect is only where something would be found.
        write(root, "a b/index.html", "x");
        let [us, them] = [ours.addr(), nginx.addr].map(|addr| ask(addr, "GET", target, ""));
        assert_eq!((us.status, them.status), (ours_is, theirs_is), "{target}");
        if us.status == 308 {
            assert_eq!(us.header("location"), Some("/a%20b/"));
            assert!(them.header("location").unwrap().ends_with("/a%20b/"));
        }
    }
    // Several ranges: the same parts, under each one's own boundary.
    let parts = |addr| {
        let answer = ask(addr, "GET", "/large.bin", "Range: bytes=0-9,100-199,-5\r\n");
        let kind = answer.header("content-type").unwrap();
        let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap().to_owned();
        let text = String::from_utf8(answer.body).unwrap();
        (answer.status, text.replace(&boundary, "boundary"))
    };
    assert_eq!(parts(ours.addr()), parts(nginx.addr));
    for method in ["POST", "DELETE"] {
        let [us, them] = [ours.addr(), nginx.addr].map(|addr| ask(addr, method, "/index.html", ""));
        assert_eq!((us.status, them.status), (405, 405), "{method}");
        assert_eq!(us.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
    ours.stop();
}

/// How many bytes the sockets of both sides may hold.
const LARGE: usize = 64 << 20;

/// Reads the head and a little, does something to the file, and reads the rest.
fn while_served(action: impl FnOnce(&Path)) -> (Option<usize>, Vec<u8>) {
    let tree = tempfile::tempdir().unwrap();
    let file = tree.path().join("large");
    fs::write(&file, vec![b'x'; LARGE]).unwrap();
    let folder = Folder::new(tree.path()).unwrap();
    let server = Server::bind("127.0.0.1:0").unwrap().spawn(folder).unwrap();
    let mut reader = begin(server.addr(), "GET", "/large", "");
    let answer = head(&mut reader);
    let mut body = vec![0; 1000];
    reader.read_exact(&mut body).unwrap();
    action(&file);
    // A connection that breaks may end in a reset.
    let _ = reader.read_to_end(&mut body);
    // The server lives.
    write(tree.path(), "other", "still here");
    assert_eq!(ask(server.addr(), "GET", "/other", "").body, b"still here");
    server.stop();
    (answer.header("content-length").map(|length| length.parse().unwrap()), body)
}

#[test]
fn a_file_that_is_replaced_or_removed_while_it_is_sent_goes_on() {
    let replace = |file: &Path| {
        let fresh = file.with_extension("fresh");
        fs::write(&fresh, vec![b'y'; LARGE]).unwrap();
        fs::rename(fresh, file).unwrap();
    };
    for (length, body) in
        [while_served(replace), while_served(|file| fs::remove_file(file).unwrap())]
    {
        assert_eq!((length, body.len()), (Some(LARGE), LARGE));
        assert!(body.iter().all(|byte| *byte == b'x'));
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_breaks_the_connection() {
    let (length, body) = while_served(|file| {
        File::options().write(true).open(file).unwrap().set_len(2000).unwrap();
    });
    assert_eq!(length, Some(LARGE));
    assert!(body.len() < LARGE, "{}", body.len());
}

#[test]
fn a_file_that_grows_while_it_is_sent_is_as_long_as_promised() {
    let (length, body) = while_served(|file| {
        File::options().append(true).open(file).unwrap().write_all(&[b'z'; 1000]).unwrap();
    });
    assert_eq!((length, body.len()), (Some(LARGE), LARGE));
    assert!(!body.contains(&b'z'));
}

#[test]
fn uploads_over_a_socket() {
    let tree = tempfile::tempdir().unwrap();
    let folder = Folder::new(tree.path()).unwrap().uploads(1 << 20);
    let server = Server::bind("127.0.0.1:0").unwrap().spawn(folder).unwrap();
    let body = vec![b'u'; 1 << 20];
    let put = |target: &str, length: usize, body: &[u8]| {
        let mut reader =
            begin(server.addr(), "PUT", target, &format!("Content-Length: {length}\r\n"));
        let _ = reader.get_mut().write_all(body);
        reader
    };
    assert_eq!(head(&mut put("/new", body.len(), &body)).status, 201);
    assert!(fs::read(tree.path().join("new")).unwrap() == body);
    assert_eq!(head(&mut put("/new", body.len() + 1, b"")).status, 413);
    // One who goes away in the middle leaves nothing.
    drop(put("/half", 1000, b"only this"));
    for _ in 0..600 {
        if fs::read_dir(tree.path()).unwrap().count() == 1 {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    let names: Vec<_> =
        fs::read_dir(tree.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["new"]);
    server.stop();
}

/// The filter compresses what it gets from the folder, and leaves alone what is compressed there.
#[cfg(feature = "gzip")]
#[test]
fn the_filter_compresses_what_has_no_variant() {
    let tree = tempfile::tempdir().unwrap();
    let text = "text that repeats itself, ".repeat(4000);
    write(tree.path(), "plain.txt", &text);
    write(tree.path(), "packed.txt", &text);
    write(tree.path(), "packed.txt.gz", "as it stands here");
    let mut app = App::new("files");
    app.fallback(Folder::new(tree.path()).unwrap().precompressed([Coding::Gzip]));
    app.hook(pauper::app::filters::Gzip::new());
    let server = Server::bind("127.0.0.1:0").unwrap().spawn(app).unwrap();
    let accept = "Accept-Encoding: gzip\r\n";
    let answer = ask(server.addr(), "GET", "/plain.txt", accept);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(
        answer.header("vary").map(str::to_ascii_lowercase).as_deref(),
        Some("accept-encoding")
    );
    assert!(answer.header("etag").unwrap().starts_with("W/"));
    assert!(answer.body.len() < text.len() / 10);
    let mut gzip = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = gzip.stdin.take().unwrap();
    input.write_all(&answer.body).unwrap();
    drop(input);
    assert!(gzip.wait_with_output().unwrap().stdout == text.as_bytes());
    let packed = ask(server.addr(), "GET", "/packed.txt", accept);
    assert_eq!(packed.body, b"as it stands here");
    assert!(packed.header("etag").unwrap().starts_with('"'));
    assert!(ask(server.addr(), "GET", "/plain.txt", "").body == text.as_bytes());
    server.stop();
}

/// The listing as a person sees it, with names that mean harm, at the width of a phone and of a
/// desk, light and dark, without a line of script.
#[test]
fn the_listing_in_a_browser() {
    let Some(browser) = cdp::Browser::start() else { return };
    let tree = tempfile::tempdir().unwrap();
    let root = tree.path().join("site");
    for (name, size) in [
        ("photos/summer.jpg", 10),
        ("Reports 2024/january.pdf", 10),
        (
            "a very long name of a file that somebody gave it because it had to say everything.txt",
            12_345,
        ),
        ("readme.txt", 321),
        ("database-backup.sql.gz", 7_654_321),
        ("<img src=x onerror=document.title='harm'>.html", 99),
        ("\" onmouseover=\"document.title='harm'", 1),
        ("žluťoučký kůň.odt", 40_000),
        ("\u{202e}fdp.exe", 2048),
        ("50% & more #1?.csv", 0),
    ] {
        write(&root, name, vec![b'x'; size]);
    }
    write(&root, ".hidden", "");
    symlink("../..", root.join("up")).unwrap();
    let folder = Folder::new(&root).unwrap().mount("/files").index(true);
    let mut app = App::new("listing");
    app.fallback(folder);
    let server = Server::bind("127.0.0.1:0").unwrap().spawn(app).unwrap();
    let page = browser.page(&format!("http://{}/files/", server.addr()));

    for landmark in ["header", "main", "nav", "h1", "table caption", "th[scope=col]"] {
        let script = format!("document.querySelectorAll({landmark:?}).length > 0");
        assert_eq!(page.eval(&script), json!(true), "{landmark}");
    }
    assert_eq!(page.eval("document.title"), json!("Index of /files/"));
    assert_eq!(page.eval("document.scripts.length"), json!(0));
    assert_eq!(page.eval("document.images.length"), json!(0));
    let names = "[...document.querySelectorAll('tbody bdi')].map(e => e.textContent)";
    let shown = page.eval(names);
    assert_eq!(shown.as_array().unwrap().len(), 10, "{shown}");
    assert_eq!(shown[0], "photos/");
    assert!(!shown.to_string().contains(".hidden"));
    assert!(shown.to_string().contains("\u{fffd}fdp.exe"), "no name reads backwards: {shown}");
    for (name, width, height, dark) in [
        ("listing-phone", 320, 700, false),
        ("listing-phone-dark", 390, 844, true),
        ("listing-desk", 1600, 900, false),
        ("listing-desk-dark", 1200, 900, true),
    ] {
        page.screenshot(&cdp::screenshots().join(format!("{name}.png")), width, height, dark);
        let fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(page.eval(fits), json!(true), "{name} scrolls sideways");
    }

    // Sorting is a link.
    page.loads(|page| page.click("th:nth-child(2) a"));
    assert_eq!(
        page.eval("document.querySelector('[aria-sort]').textContent.trim().slice(0, 4)"),
        json!("Size")
    );
    assert_eq!(page.eval(names)[2], json!("50% & more #1?.csv"));
    page.loads(|page| page.click("th:nth-child(2) a"));
    assert_eq!(page.eval(names)[2], json!("database-backup.sql.gz"));
    // Each link leads to its file: the browser resolves them, the server is asked.
    let links =
        page.eval("[...document.querySelectorAll('tbody a')].map(a => new URL(a.href).pathname)");
    for link in links.as_array().unwrap() {
        assert_eq!(ask(server.addr(), "GET", link.as_str().unwrap(), "").status, 200, "{link}");
    }
    // Down and up again.
    page.loads(|page| page.click("tbody a[href='photos/']"));
    assert_eq!(page.eval("document.title"), json!("Index of /files/photos/"));
    assert!(page.text().contains("summer.jpg"));
    page.loads(|page| page.click("a[href='../']"));
    assert_eq!(page.eval("document.title"), json!("Index of /files/"));
    server.stop();
}
