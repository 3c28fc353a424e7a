//! The datebook answers as its clients expect: it is started as a program and spoken to over a socket.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use pauper::client::Client;
use pauper::forms::jiff::{ToSpan, ZonedDateTime};

struct Running {
    child: Child,
    client: Client,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(folder: &Path) -> Running {
    // Examples stand beside the folder of the tests.
    let mut path = env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let mut child = Command::new(path.join("examples").join("datebook"))
        .args(["--port", "0"])
        .env("HOME", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("cargo built the example beside this test");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim_end().trim_end_matches('/').rsplit(':').next().unwrap();
    Running { child, client: Client::new("localhost", port.parse().unwrap()) }
}

impl Running {
    /// Status, and the page or the place where it leads.
    fn ask(&mut self, target: &str, form: Option<&str>) -> (u16, String) {
        let request = match form {
            None => self.client.get(target),
            Some(form) => self
                .client
                .post(target)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(form),
        };
        let answer = request.send().unwrap();
        let told = match answer.headers().get("location") {
            Some(place) => place.to_str().unwrap().to_owned(),
            None => String::from_utf8(answer.body().clone()).unwrap(),
        };
        (answer.status().as_u16(), told)
    }

    #[track_caller]
    fn leads(&mut self, target: &str, form: Option<&str>, place: &str) {
        assert_eq!(self.ask(target, form), (302, place.to_owned()), "{target} {form:?}");
    }

    /// A page that has all of these.
    #[track_caller]
    fn has(&mut self, target: &str, form: Option<&str>, pieces: &[&str]) -> String {
        let (status, page) = self.ask(target, form);
        assert_eq!(status, 200, "{target} {form:?}: {page}");
        for piece in pieces {
            assert!(page.contains(piece), "{piece:?} is missing in:\n{page}");
        }
        page
    }

    #[track_caller]
    fn status(&mut self, target: &str, form: Option<&str>, status: u16) {
        let (found, page) = self.ask(target, form);
        assert_eq!(found, status, "{target}: {page}");
    }
}

#[test]
fn tasks() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = start(folder.path());
    book.has(
        "/",
        None,
        &[
            "<title>Dashboard: Toy Datebook Application</title>",
            "<h1>Toy Datebook: Dashboard</h1>",
            "Zero.",
            "There are no tasks.",
            "href=\"/appt/new\"",
            "href=\"/task/new\"",
            "href=\"task/sort/priority\"",
            "href=\"task/sort/due\"",
            "href=\"/contact\"",
            "href=\"/appt\"",
        ],
    );
    let page = book.has(
        "/task/new",
        None,
        &[
            "<ul class=\"errors\">\n</ul>",
            "name=\"complete\"",
            "<option selected value=\"0\">No</option>",
            "name=\"priority\"><option value=\"\"></option><option value=\"0\">High</option>",
            "name=\"title\"",
            "type=\"date\"",
            "<textarea",
            ">Save</button>",
        ],
    );
    assert!(!page.contains("<li>"));
    // All that can be wrong, with what was typed kept.
    book.has(
        "/task/new",
        Some("complete=&priority=&title=&due=2024-02-30&memo=%3Ckept%3E"),
        &[
            "priority: Please select a priority.",
            "complete: So is it complete or not?",
            "title: may not be blank.",
            "due: day is out of range for month",
            "value=\"2024-02-30\"",
            "&lt;kept&gt;",
        ],
    );
    book.has("/task/new", Some("complete=0&priority=3&title=x"), &["priority: out of range"]);
    book.has("/task/new", Some("complete=0&priority=x&title=x"), &["priority: out of range"]);
    book.has("/task/new", Some("title=x"), &["priority: Please select", "complete: So is it"]);
    book.leads(
        "/task/new",
        Some("complete=0&priority=2&title=%3CLow%3E&due=2024-02-29&memo="),
        "/",
    );
    book.leads("/task/new", Some("complete=0&priority=0&title=High&due=&memo=m"), "/");
    let page = book.has("/", None, &["&lt;Low&gt;", "2024-02-29", "href=\"/task/1\""]);
    assert!(page.find("High").unwrap() < page.find("&lt;Low").unwrap(), "by priority");
    book.leads("/task/sort/due", None, "/");
    let page = book.has("/", None, &[]);
    assert!(
        page.find("&lt;Low").unwrap() < page.find(">High").unwrap(),
        "those without a day last"
    );
    book.leads("/task/sort/priority", None, "/");
    book.status("/task/sort/colour", None, 404);
    book.has(
        "/task/1",
        None,
        &["value=\"2024-02-29\"", "<option selected value=\"2\">Low</option>"],
    );
    book.status("/task/99", None, 404);
    book.status("/task/99", Some("complete=0&priority=2&title=x"), 404);
    book.leads("/task/1", Some("complete=1&priority=2&title=Low"), "/");
    assert!(!book.has("/", None, &[">High"]).contains("Low"));
    // In a file.
    drop(book);
    assert!(folder.path().join("datebook.sqlite").is_file());
    start(folder.path()).has("/", None, &[">High"]);
}

#[test]
fn contacts() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = start(folder.path());
    book.leads("/contact", None, "/contact/");
    book.has("/contact/", None, &["name=\"q\"", "There are no contacts here."]);
    book.has(
        "/contact/new",
        Some("name=&phone=no&email=x%40y"),
        &[
            "name: may not be blank.",
            "phone: can contain only numbers and ()-,;/ characters.",
            "email: does not look much like an e-mail address.",
        ],
    );
    for name in ["Zoe", "Ada+%3Cb%3E"] {
        let form = format!("name={name}&phone=(0)12-3&email=a%40b.cz&address=Here+{name}&memo=");
        book.leads("/contact/new", Some(&form), "/contact/");
    }
    let page = book.has(
        "/contact/",
        None,
        &["href=\"/contact/1\"", "href=\"/with_contact/2\"", "Ada &lt;b&gt;"],
    );
    assert!(page.find("Ada").unwrap() < page.find("Zoe").unwrap());
    let page = book.has("/contact/?q=here+zo", None, &["Zoe", "value=\"here zo\""]);
    assert!(!page.contains("Ada"));
    book.has("/contact/?q=%25", None, &["There are no contacts here."]);
    book.has("/contact/1", None, &["value=\"Zoe\"", "a@b.cz"]);
    book.leads("/contact/1", Some("name=Eve"), "/contact/");
    book.has("/contact/", None, &["Eve"]);
    book.status("/contact/99", None, 404);
}

#[test]
fn appointments() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = start(folder.path());
    let day = |days: i32| (ZonedDateTime::now().date() + days.days()).to_string();
    book.leads("/appt", None, "/appt/");
    book.has("/appt/", None, &["<h1>Toy Datebook: Sorry</h1>"]);
    let today = format!("value=\"{}\"", day(0));
    book.has("/appt/new", None, &[&today, "name=\"contact\"", "Click to Choose..."]);
    book.has("/appt/new", Some("date=&description=d"), &["date: ", "never happens", "value=\"d\""]);
    let past = format!("date={}&description=d", day(-1));
    book.has("/appt/new", Some(&past), &["date: is in the past. "]);
    // Away to choose a contact, and back.
    book.leads("/contact/new", Some("name=Ada"), "/contact/");
    let form = format!("date={}&description=%3Ctea%3E&contact=1", day(3));
    book.leads("/appt/new", Some(&form), "/contact");
    book.leads("/with_contact/1", None, "/appt/new");
    let third = format!("value=\"{}\"", day(3));
    book.has("/appt/new", None, &[&third, "value=\"&lt;tea&gt;\"", ">Ada</button>"]);
    let form = format!("date={}&description=%3Ctea%3E", day(3));
    book.leads("/appt/new", Some(&form), "/");
    book.has("/", None, &[&day(3), "&lt;tea&gt;", "Ada", "href=\"/appt/1\""]);
    // What was being written is forgotten once it is saved.
    book.has("/appt/new", None, &["Click to Choose...", &today]);
    // A stored one may get another contact, and may be long ago.
    book.leads("/contact/new", Some("name=Bob"), "/contact/");
    book.has("/appt/1", None, &[">Ada</button>"]);
    book.leads("/appt/1", Some("date=2020-01-01&description=old&contact=1"), "/contact");
    book.leads("/with_contact/2", None, "/appt/1");
    book.has("/appt/1", None, &[">Bob</button>", "value=\"2020-01-01\""]);
    // Another form in between does not get what belongs to this one.
    book.has("/appt/new", None, &["Click to Choose..."]);
    book.has("/appt/1", None, &[">Ada</button>"]);
    book.leads("/appt/1", Some("date=2020-01-01&description=old"), "/");
    book.has("/", None, &["Zero."]);
    // Chosen from the list of contacts, without a form before.
    book.leads("/with_contact/2", None, "/appt/new");
    book.has("/appt/new", None, &[">Bob</button>", &today]);
    book.status("/with_contact/99", None, 404);
    book.status("/appt/99", None, 404);
    book.status("/nothing", None, 404);
}
