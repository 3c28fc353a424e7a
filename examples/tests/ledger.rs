//! The ledger as people use it: in a real browser, from end to end.

mod cdp;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cdp::{Browser, Page};
use rusqlite::Connection;
use serde_json::json;

/// A running ledger with a folder of its own, killed at the end.
struct Ledger {
    child: Child,
    root: String,
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Examples stand beside the folder of the tests.
fn program() -> PathBuf {
    let mut path = env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.join("examples").join("ledger")
}

impl Ledger {
    fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    fn start_with(folder: &Path, args: &[&str]) -> Self {
        let mut child = Command::new(program())
            .args(["--port", "0", "--data"])
            .arg(folder.join("ledger.sqlite"))
            .args(args)
            .env("LEDGER_PASSWORD", "secret")
            .env("BROWSER", folder.join("browser"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("cargo built the example beside this test");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let root = line.trim_end().trim_end_matches('/').rsplit(' ').next().unwrap().to_owned();
        assert!(root.starts_with("http://"), "it told {line:?}");
        Self { child, root }
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    /// A tab in which somebody logged in.
    fn enter(&self, browser: &Browser) -> Page {
        let page = browser.page(&self.url("/"));
        // Who was there before a restart still is.
        if page.url() != self.url("/") {
            page.fill("#f-password", "secret");
            page.loads(|page| page.click("main button"));
            assert_eq!(page.url(), self.url("/"));
        }
        page
    }

    fn data(&self, folder: &Path) -> Connection {
        Connection::open(folder.join("ledger.sqlite")).unwrap()
    }
}

fn entries(db: &Connection) -> i64 {
    db.query_row("SELECT count(*) FROM entry", (), |row| row.get(0)).unwrap()
}

/// What the books must be at any time: two postings to each entry, and nothing in sum.
#[track_caller]
fn balanced(db: &Connection) {
    let bad: i64 = db
        .query_row(
            "SELECT count(*) FROM (SELECT entry.id FROM entry LEFT JOIN posting ON entry = entry.id \
             GROUP BY entry.id HAVING count(*) <> 2 OR sum(cents) <> 0)",
            (),
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(bad, 0, "half an entry");
}

/// Sends the form past what the browser itself would check.
fn send(page: &Page) {
    page.eval("document.querySelectorAll('form').forEach(form => form.noValidate = true)");
    page.loads(|page| page.click("main form:not(.search) button"));
}

/// Puts any text into a control, also where the browser would not let a person type it.
fn force(page: &Page, name: &str, text: &str) {
    page.eval(&format!(
        "(() => {{ const e = document.querySelector('[name={name}]'); const text = {}; \
         e.removeAttribute('maxlength'); \
         if (e.tagName === 'SELECT') e.add(new Option(text, text)); \
         else if (e.tagName === 'INPUT') e.type = 'text'; \
         e.value = text; }})()",
        json!(text)
    ));
}

fn fill_entry(page: &Page, text: &str, amount: &str) {
    page.set("#f-date", "2026-10-02");
    page.fill("#f-text", text);
    page.set("#f-from", "2");
    page.set("#f-to", "7");
    page.fill("#f-cents", amount);
}

#[track_caller]
fn has(page: &Page, piece: &str) {
    let text = page.text();
    assert!(text.contains(piece), "{piece:?} is missing in:\n{text}");
}

#[test]
fn from_the_login_to_the_logout() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::start(folder.path());
    let page = browser.page(&ledger.url("/accounts"));
    assert_eq!(page.url(), ledger.url("/login"), "nobody sees anything before");
    page.fill("#f-password", "guess");
    send(&page);
    has(&page, "Password is another one.");
    assert_eq!(page.eval("document.querySelector('#f-password').value"), json!(""));
    page.fill("#f-password", "secret");
    page.loads(|page| page.key("Enter"));
    has(&page, "Welcome.");
    has(&page, "Page 1 of 3");

    // A new entry, which is then the newest.
    page.loads(|page| page.click("a.button"));
    fill_entry(&page, "Bread and butter", "1,012.5");
    page.fill("#f-memo", "two\nlines");
    send(&page);
    assert_eq!(page.url(), ledger.url("/"));
    has(&page, "The entry was saved.");
    let row = "document.querySelector('tbody tr').innerText";
    for piece in ["2026-10-02", "Bread and butter", "Bank", "Groceries", "1,012.50"] {
        assert!(page.eval(row).as_str().unwrap().contains(piece), "{piece}");
    }
    // What was said is said once, and loading again saves nothing.
    page.loads(|page| drop(page.call("Page.reload", json!({}))));
    assert!(!page.text().contains("The entry was saved."));

    // Edited.
    page.loads(|page| page.click("tbody tr a"));
    assert_eq!(page.eval("document.querySelector('#f-cents').value"), json!("1,012.50"));
    assert_eq!(page.eval("document.querySelector('#f-memo').value"), json!("two\nlines"));
    page.fill("#f-text", "Bread alone");
    page.fill("#f-cents", "2.10");
    send(&page);
    assert!(page.eval(row).as_str().unwrap().contains("Bread alone"));
    balanced(&ledger.data(folder.path()));

    // Searched, and turned over.
    page.fill("#q", "BREAD");
    page.loads(|page| page.key("Enter"));
    has(&page, "1 entries with “BREAD”");
    page.goto(&ledger.url("/?q=rent"));
    has(&page, "Page 1 of 1");
    page.goto(&ledger.url("/"));
    page.loads(|page| page.click("a[rel=next]"));
    has(&page, "Page 2 of 3");
    page.goto(&ledger.url("/?q=nothing%20like%20it"));
    has(&page, "No entry has “nothing like it” in it.");
    page.goto(&ledger.url("/?page=x"));
    has(&page, "400");

    // Deleted, after a question.
    page.goto(&ledger.url("/?q=bread"));
    page.loads(|page| page.click("td.do a"));
    has(&page, "Really delete this entry?");
    has(&page, "2026-10-02, Bread alone");
    send(&page);
    has(&page, "The entry was deleted.");
    assert!(!page.text().contains("Bread"));

    // An account, its balance and the chart.
    page.goto(&ledger.url("/account/new"));
    page.fill("#f-name", "Bicycle");
    page.set("#f-kind", "expense");
    send(&page);
    has(&page, "The account was saved.");
    has(&page, "Bicycle");
    let chart = page.eval("document.querySelector('.broad svg').getBoundingClientRect().height");
    assert!(chart.as_f64().unwrap() > 100.0);

    // Out as CSV, and in again: the same lines once more.
    // (The policy of the pages lets no script fetch anything; this one is not theirs.)
    page.call("Page.setBypassCSP", json!({ "enabled": true }));
    page.goto(&ledger.url("/accounts"));
    let csv = page.eval("fetch('/export.csv').then(answer => answer.text())");
    let csv = csv.as_str().unwrap();
    assert!(csv.starts_with("date,text,from,to,amount,memo\r\n2026-01-01,"), "{csv}");
    let before = entries(&ledger.data(folder.path()));
    assert_eq!(csv.lines().count() as i64, before + 1);
    let file = folder.path().join("all.csv");
    fs::write(&file, csv).unwrap();
    page.goto(&ledger.url("/import"));
    page.choose_files("#f-file", &[&file]);
    send(&page);
    has(&page, &format!("{before} entries were imported."));
    assert_eq!(entries(&ledger.data(folder.path())), 2 * before);
    balanced(&ledger.data(folder.path()));

    // A restart loses nothing, not even the login.
    let root = ledger.root.clone();
    ledger.kill();
    let port = root.rsplit(':').next().unwrap();
    ledger = Ledger::start_with(folder.path(), &[&format!("--port={port}"), "--open"]);
    drop(page);
    let page = browser.page(&ledger.url("/"));
    has(&page, &format!("{} entries", 2 * before));
    page.loads(|page| page.click("nav button"));
    assert_eq!(page.url(), ledger.url("/login"));
    page.goto(&ledger.url("/"));
    assert_eq!(page.url(), ledger.url("/login"));
}

#[test]
fn every_mistake_is_told_beside_its_field() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::start(folder.path());
    let page = ledger.enter(&browser);
    let before = entries(&ledger.data(folder.path()));
    let long = "x".repeat(121);
    let mistakes: &[(&str, &str, &str)] = &[
        ("date", "", "Date may not be blank."),
        ("date", "tomorrow", "Date is no date such as 2024-02-29: “tomorrow”."),
        ("date", "2026-02-30", "Date day is out of range for month"),
        ("date", "1899-12-31", "Date must be at least 1900-01-01."),
        ("text", "  ", "Text may not be blank."),
        ("text", &long, "Text may have at most 120 characters."),
        ("from", "", "From has to be chosen."),
        ("from", "99", "From invalid selection"),
        ("to", "2", "To has to be another account than the money comes from."),
        ("cents", "", "Amount may not be blank."),
        ("cents", "a lot", "Amount is no amount such as 12.50: “a lot”."),
        ("cents", "1,5", "Amount is no amount such as 12.50: “1,5”."),
        ("cents", "0", "Amount must be at least 0.01."),
        ("cents", "-3", "Amount must be at least 0.01."),
        ("cents", "100,000,000.01", "Amount must be at most 100,000,000.00."),
        ("cents", "99999999999999999999", "Amount is no amount"),
    ];
    for (name, text, message) in mistakes {
        page.goto(&ledger.url("/entry/new"));
        fill_entry(&page, "kept <as it was>", "7.00");
        force(&page, name, text);
        send(&page);
        let (id, message) = (format!("#f-{name}"), message);
        assert_eq!(page.url(), ledger.url("/entry/new"), "{message}");
        let told = page.eval(&format!("document.querySelector('{id}-error')?.innerText"));
        assert!(told.as_str().is_some_and(|told| told.contains(message)), "{message}: {told}");
        // The error is tied to the control, which has the focus; the rest is as it was typed.
        let tied = page.eval(&format!(
            "(() => {{ const e = document.querySelector('{id}'); return e.ariaInvalid === 'true' && \
             e.getAttribute('aria-describedby').split(' ').includes('f-{name}-error') && \
             document.activeElement === e; }})()"
        ));
        assert_eq!(tied, json!(true), "{message}");
        let status = "performance.getEntriesByType('navigation')[0].responseStatus";
        assert_eq!(page.eval(status), json!(422));
        if *name != "text" {
            let kept = page.eval("document.querySelector('#f-text').value");
            assert_eq!(kept, json!("kept <as it was>"));
        }
        if *name != "cents" {
            assert_eq!(page.eval("document.querySelector('#f-cents').value"), json!("7.00"));
        }
    }
    // Several at once: a list with links.
    page.goto(&ledger.url("/entry/new"));
    send(&page);
    assert_eq!(page.eval("document.querySelectorAll('[role=alert] a').length"), json!(4));
    page.click("[role=alert] a[href='#f-cents']");
    page.wait("document.activeElement.id === 'f-cents'");

    // A name that is taken is known when it is saved.
    page.goto(&ledger.url("/account/new"));
    page.fill("#f-name", "Bank");
    page.set("#f-kind", "asset");
    send(&page);
    has(&page, "Name is that of another account.");

    // Files.
    let file = folder.path().join("bad.csv");
    let head = "Date,Text,From,To,Amount,Memo\n";
    let good = "2026-11-01,Good,Bank,Cash,1.00\n";
    for (content, message) in [
        ("".to_owned(), "has to begin with the line"),
        ("date,text,from,to\n".to_owned(), "has to begin with the line"),
        (format!("{head}{good}2026-11-31,x,Bank,Cash,1\n"), "line 3: date day is out of range"),
        (format!("{head}{good}2026-11-01,x,Nowhere,Cash,1\n"), "line 3: from is no account."),
        (
            format!("{head}{good}2026-11-01,x,Cash,Cash,1\n"),
            "line 3: from and to are the same account",
        ),
        (format!("{head}{good}2026-11-01,,Bank,Cash,1\n"), "line 3: text may not be blank."),
        (format!("{head}{good}2026-11-01,x,Bank,Cash,one\n"), "line 3: amount is no amount"),
        (format!("{head}{good}2026-11-01\n"), "line 3:"),
    ] {
        fs::write(&file, content).unwrap();
        page.goto(&ledger.url("/import"));
        page.choose_files("#f-file", &[&file]);
        send(&page);
        has(&page, message);
    }
    page.goto(&ledger.url("/import"));
    send(&page);
    has(&page, "CSV file may not be blank.");
    page.goto(&ledger.url("/entry/99999"));
    has(&page, "404");
    assert_eq!(entries(&ledger.data(folder.path())), before, "all or nothing");
    balanced(&ledger.data(folder.path()));
}

#[test]
fn other_sites_other_tabs_and_the_back_button() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::start(folder.path());
    let page = ledger.enter(&browser);
    let before = entries(&ledger.data(folder.path()));

    // Without its token, with that of nobody, with none at all.
    for change in [
        "value = ''",
        "value = 'A' + document.querySelector('main [name=csrf_token]').value",
        "remove()",
    ] {
        page.goto(&ledger.url("/entry/new"));
        fill_entry(&page, "forged", "1.00");
        page.eval(&format!("document.querySelector('main [name=csrf_token]').{change}"));
        send(&page);
        has(&page, "403");
        has(&page, "nothing was saved");
    }
    page.goto(&ledger.url("/entry/1/delete"));
    page.eval("document.querySelector('main [name=csrf_token]').remove()");
    send(&page);
    has(&page, "403");
    // A stranger's token is no good either.
    let stranger = browser.stranger(&ledger.url("/login"));
    let token = stranger.eval("document.querySelector('[name=csrf_token]').value");
    page.goto(&ledger.url("/entry/new"));
    fill_entry(&page, "forged", "1.00");
    page.eval(&format!("document.querySelector('main [name=csrf_token]').value = {token}"));
    send(&page);
    has(&page, "403");
    assert_eq!(entries(&ledger.data(folder.path())), before);

    // Two tabs on one entry: the second save does not wipe out the first.
    let edit = ledger.url("/entry/1");
    page.goto(&edit);
    let other = browser.page(&edit);
    page.fill("#f-text", "first");
    send(&page);
    other.fill("#f-text", "second");
    send(&other);
    has(&other, "Somebody changed or deleted this entry");
    assert_eq!(other.eval("document.querySelector('#f-text').value"), json!("second"));
    other.goto(&edit);
    assert_eq!(other.eval("document.querySelector('#f-text').value"), json!("first"));
    other.fill("#f-text", "second");
    send(&other);
    has(&other, "The entry was saved.");
    // Deleted in one, saved and deleted in the other.
    page.goto(&ledger.url("/entry/1/delete"));
    other.goto(&edit);
    send(&page);
    send(&other);
    has(&other, "Somebody changed or deleted this entry");
    other.goto(&edit);
    has(&other, "404");
    assert_eq!(entries(&ledger.data(folder.path())), before - 1);

    // Back from a saved form and forward again: it is a form, not a second entry.
    page.goto(&ledger.url("/entry/new"));
    fill_entry(&page, "once", "1.00");
    send(&page);
    page.back();
    page.wait("location.pathname === '/entry/new'");
    page.loads(|page| drop(page.call("Page.reload", json!({}))));
    assert_eq!(entries(&ledger.data(folder.path())), before);
    // After the logout the button shows nothing of what was there.
    page.goto(&ledger.url("/accounts"));
    page.loads(|page| page.click("nav button"));
    page.back();
    page.wait("location.pathname === '/login'");
    // Old forms of the tab that stayed open do nothing.
    other.goto(&ledger.url("/"));
    assert_eq!(other.url(), ledger.url("/login"));
    balanced(&ledger.data(folder.path()));
}

const HOSTILE: &str =
    "\"><script>window.owned=1</script><img src=x onerror=owned=1>'`{{7*7}}{title}";

#[test]
fn hostile_text_stays_text() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::start(folder.path());
    let page = ledger.enter(&browser);
    let fine = |page: &Page| {
        assert_eq!(
            page.eval(
                "window.owned === undefined && !document.querySelector('main script, main img')"
            ),
            json!(true)
        );
        has(page, HOSTILE);
    };
    // In every field at once, refused: shown again as text.
    page.goto(&ledger.url("/entry/new"));
    for name in ["date", "text", "from", "to", "cents", "memo", "id", "version"] {
        force(&page, name, HOSTILE);
    }
    send(&page);
    for name in ["date", "text", "cents", "memo"] {
        let shown = page.eval(&format!("document.querySelector('[name={name}]').value"));
        // A control for dates shows none that is none.
        if name != "date" {
            assert_eq!(shown, json!(HOSTILE), "{name}");
        }
    }
    assert_eq!(page.eval("window.owned === undefined"), json!(true));
    // Where it is allowed: saved, listed, searched, deleted.
    page.goto(&ledger.url("/account/new"));
    force(&page, "name", &HOSTILE[..60]);
    page.set("#f-kind", "asset");
    send(&page);
    has(&page, &HOSTILE[..60]);
    page.goto(&ledger.url("/entry/new"));
    fill_entry(&page, HOSTILE, "1.00");
    page.fill("#f-memo", &format!("\n\n{HOSTILE}\n</textarea>"));
    send(&page);
    fine(&page);
    let image = cdp::screenshots().join("ledger-hostile-phone-light.png");
    page.screenshot(&image, 390, 844, false);
    page.screenshot(&image.with_file_name("ledger-hostile-desktop-light.png"), 1280, 844, false);
    // (The middle of a link of several lines may be beside it.)
    page.loads(|page| drop(page.eval("document.querySelector('tbody tr a').click()")));
    assert_eq!(page.eval("document.querySelector('#f-text').value"), json!(HOSTILE));
    assert_eq!(
        page.eval("document.querySelector('#f-memo').value"),
        json!(format!("{HOSTILE}\n</textarea>"))
    );
    page.goto(&ledger.url("/"));
    page.fill("#q", HOSTILE);
    page.loads(|page| page.key("Enter"));
    fine(&page);
    page.loads(|page| page.click("td.do a"));
    fine(&page);
    // Characters that nobody can see are not stored.
    page.goto(&ledger.url("/entry/new"));
    fill_entry(&page, "x", "1.00");
    force(&page, "text", "null\u{0}byte");
    send(&page);
    has(&page, "cannot be used");
    // Hostile files.
    let file = folder.path().join("\"><img src=x onerror=owned=1>.csv");
    fs::write(
        &file,
        format!(
            "date,text,from,to,amount,memo\n2026-01-01,x,{},Bank,1\n",
            HOSTILE.replace(['"', ','], "")
        ),
    )
    .unwrap();
    page.goto(&ledger.url("/import"));
    page.choose_files("#f-file", &[&file]);
    send(&page);
    assert_eq!(
        page.eval("window.owned === undefined && !document.querySelector('main img')"),
        json!(true)
    );
    has(&page, "from is no account");
    balanced(&ledger.data(folder.path()));
}

/// Killed at any moment of an import of many lines, the ledger has all of them or none.
#[test]
fn killed_in_the_middle_of_saving() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    const LINES: i64 = 40_000;
    let file = folder.path().join("many.csv");
    let mut text = String::from("date,text,from,to,amount,memo\n");
    for line in 0..LINES {
        text.push_str(&format!("2026-05-01,line {line},Bank,Cash,1.00,\n"));
    }
    fs::write(&file, text).unwrap();
    let mut ledger = Ledger::start(folder.path());
    let before = entries(&ledger.data(folder.path()));
    let mut in_the_middle = 0;
    for wait in [20, 60, 120, 200, 300] {
        let page = ledger.enter(&browser);
        page.goto(&ledger.url("/import"));
        page.choose_files("#f-file", &[&file]);
        page.click("main form button");
        // The time counts from the first write, which is seen in the log of the database.
        let log = folder.path().join("ledger.sqlite-wal");
        let size = |path: &Path| fs::metadata(path).map_or(0, |data| data.len());
        let (begun, at_first) = (Instant::now(), size(&log));
        while size(&log) == at_first && begun.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(wait));
        ledger.kill();
        let db = ledger.data(folder.path());
        balanced(&db);
        let now = entries(&db);
        if now == before {
            in_the_middle += 1;
        } else {
            assert_eq!(now, before + LINES, "all or nothing");
            db.execute_batch("DELETE FROM posting WHERE entry IN (SELECT id FROM entry WHERE text LIKE 'line %'); DELETE FROM entry WHERE text LIKE 'line %'").unwrap();
        }
        drop(db);
        ledger = Ledger::start(folder.path());
    }
    assert!(in_the_middle > 0, "no kill came early enough to prove anything");
    let page = ledger.enter(&browser);
    has(&page, &format!("{before} entries"));
}

/// Goes on with Tab until an element has the focus.
fn tab_to(page: &Page, selector: &str) {
    for _ in 0..80 {
        page.key("Tab");
        if page.eval(&format!("document.activeElement?.matches({}) ?? false", json!(selector)))
            == json!(true)
        {
            // Whoever sees the page sees where the focus is.
            let seen = "getComputedStyle(document.activeElement).outlineStyle !== 'none'";
            assert_eq!(page.eval(seen), json!(true), "{selector}");
            return;
        }
    }
    panic!("no way to {selector} by keyboard");
}

/// Presses the key of a letter, which chooses what begins with it.
fn letter(page: &Page, letter: &str) {
    for kind in ["keyDown", "keyUp"] {
        page.call("Input.dispatchKeyEvent", json!({ "type": kind, "key": letter, "text": letter }));
    }
}

#[test]
fn by_keyboard_alone() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::start(folder.path());
    let page = browser.page(&ledger.url("/"));
    tab_to(&page, "#f-password");
    page.type_text("secret");
    page.loads(|page| page.key("Enter"));
    // The first stop leads past the menu.
    page.key("Tab");
    assert_eq!(page.eval("document.activeElement.className"), json!("skip"));
    page.key("Enter");
    page.wait("location.hash === '#main'");
    tab_to(&page, "a[href='/entry/new']");
    page.loads(|page| page.key("Enter"));
    tab_to(&page, "#f-text");
    page.type_text("By keyboard");
    tab_to(&page, "#f-from");
    letter(&page, "c");
    tab_to(&page, "#f-to");
    letter(&page, "g");
    for name in ["from", "to"] {
        let chosen = page.eval(&format!("document.querySelector('#f-{name}').value"));
        assert_ne!(chosen, json!(""), "{name}");
    }
    tab_to(&page, "#f-cents");
    page.type_text("0");
    page.loads(|page| page.key("Enter"));
    // The field that is wrong has the focus.
    has(&page, "Amount must be at least 0.01.");
    assert_eq!(page.eval("document.activeElement.id"), json!("f-cents"));
    page.fill("#f-cents", "3.20");
    tab_to(&page, "main button");
    page.loads(|page| page.key("Enter"));
    has(&page, "The entry was saved.");
    tab_to(&page, "td.do a");
    page.loads(|page| page.key("Enter"));
    tab_to(&page, "main button");
    page.loads(|page| page.key("Enter"));
    has(&page, "The entry was deleted.");
    tab_to(&page, "nav button");
    page.loads(|page| page.key("Enter"));
    assert_eq!(page.url(), ledger.url("/login"));
}

/// The checker of accessibility, if it was fetched: `.ci/run` does so.
fn axe() -> Option<String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let file = env::var_os("PAUPER_AXE")
        .map_or_else(|| target.join("axe/package/axe.min.js"), PathBuf::from);
    let script = fs::read_to_string(&file).ok();
    if script.is_none() {
        assert!(env::var_os("PAUPER_REQUIRE_TOOLS").is_none(), "axe-core is required and missing");
        eprintln!("skipped: no axe-core at {}", file.display());
    }
    script
}

#[test]
fn pages_are_accessible_and_looked_at() {
    let Some(browser) = Browser::start() else { return };
    let axe = axe();
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::start(folder.path());
    let check = |page: &Page, name: &str| {
        for (width, device) in [(390, "phone"), (1280, "desktop")] {
            for (dark, scheme) in [(false, "light"), (true, "dark")] {
                let size = json!({ "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600 });
                page.call("Emulation.setDeviceMetricsOverride", size);
                let media =
                    json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
                page.call("Emulation.setEmulatedMedia", media);
                let overflow = page.eval("document.documentElement.scrollWidth - innerWidth");
                assert!(
                    overflow.as_i64().unwrap() <= 0,
                    "{name} is wider than a {device}: {overflow}"
                );
                if let Some(axe) = &axe {
                    // As the debugger puts it in, the policy of the page does not hold for it.
                    page.eval(&format!("{axe}; undefined"));
                    let found = page.eval(
                        "axe.run().then(result => result.violations.map(one => one.impact + ' ' + one.id \
                         + ': ' + one.nodes.map(node => node.html).join(' ')))",
                    );
                    assert_eq!(found, json!([]), "{name} on a {device}, {scheme}");
                }
                let image = cdp::screenshots().join(format!("ledger-{name}-{device}-{scheme}.png"));
                page.screenshot(&image, width, 844, dark);
            }
        }
        assert_eq!(page.eval("document.querySelectorAll('h1').length"), json!(1));
        assert_eq!(page.eval("document.querySelectorAll('main').length"), json!(1));
    };
    let page = browser.page(&ledger.url("/login"));
    check(&page, "login");
    let page = ledger.enter(&browser);
    check(&page, "entries");
    for (name, path) in [
        ("accounts", "/accounts"),
        ("edit", "/entry/7"),
        ("delete", "/entry/7/delete"),
        ("import", "/import"),
    ] {
        page.goto(&ledger.url(path));
        check(&page, name);
    }
    page.goto(&ledger.url("/entry/new"));
    force(&page, "cents", "1,5");
    send(&page);
    check(&page, "errors");
}

/// `--open` starts the browser that was named, with the address that it serves.
#[cfg(unix)]
#[test]
fn opens_the_browser() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (script, told) = (folder.path().join("browser"), folder.path().join("told"));
    fs::write(
        &script,
        format!(
            "#!/bin/sh\nprintf %s \"$1\" > '{0}.part' && mv '{0}.part' '{0}'\n",
            told.display()
        ),
    )
    .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let ledger = Ledger::start_with(folder.path(), &["--open"]);
    let begun = Instant::now();
    while !told.exists() && begun.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(fs::read_to_string(&told).unwrap(), ledger.url("/"));
}
