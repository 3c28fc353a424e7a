//! Pages in a real browser, at the width of a phone and of a desk, light and dark. The landmarks
//! are checked here; the screenshots in `target/screenshots` are for a person to look at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cdp::Browser;
use crate::daemon::Daemon;
use crate::files::folder;
use crate::tool::tool;

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

const WIDTHS: [(&str, u32); 2] = [("phone", 390), ("desk", 1280)];

/// Name, and what Blink calls it.
const SCHEMES: [(&str, u8); 2] = [("dark", 0), ("light", 1)];

fn screenshots() -> PathBuf {
    // The folder of tests' files is `tmp` in the target folder.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("screenshots");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Takes a screenshot and gives the document as the browser sees it.
fn open(browser: &Path, url: &str, size: (u32, u32), scheme: u8, image: &Path) -> String {
    let profile = image.with_extension("profile");
    let _ = fs::remove_file(image);
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--hide-scrollbars", "--force-color-profile=srgb", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--window-size={},{}", size.0, size.1))
        .arg(format!("--screenshot={}", image.display()))
        .arg(url);
    let output = run(command);
    let _ = fs::remove_dir_all(&profile);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(image.is_file(), "no screenshot of {url}: {error}");
    assert!(!error.contains("CONSOLE"), "{url}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a program that might hang.
fn run(mut command: Command) -> Output {
    const PATIENCE: Duration = Duration::from_secs(60);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = child.id();
    let stdout = child.stdout.take().unwrap();
    let stderr = child.stderr.take().unwrap();
    let read = |mut stream: Box<dyn std::io::Read + Send>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stream.read_to_end(&mut bytes);
            bytes
        })
    };
    let (stdout, stderr) = (read(Box::new(stdout)), read(Box::new(stderr)));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the browser {id} hangs");
        }
        thread::sleep(Duration::from_millis(10));
    };
    Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

/// A page to be opened.
struct Page<'a> {
    /// For the names of its screenshots.
    name: &'a str,
    /// Behind the slash of the daemon's URL.
    path: &'a str,
    /// What has to be on it.
    text: &'a str,
    /// How much of it is shown on a phone and on a desk, in pixels.
    heights: [u32; 2],
}

/// Opens a page in all ways.
fn check(browser: &Path, daemon: &Daemon, page: &Page<'_>) {
    let Page { name, path, text, heights } = page;
    let url = format!("{}{path}", daemon.url());
    for ((width_name, width), height) in WIDTHS.into_iter().zip(*heights) {
        let images = SCHEMES.map(|(scheme_name, scheme)| {
            let image = screenshots().join(format!("{name}-{width_name}-{scheme_name}.png"));
            let document = open(browser, &url, (width, height), scheme, &image);
            for landmark in ["header", "main", "h1"] {
                let count = document.matches(&format!("<{landmark}>")).count();
                assert_eq!(count, 1, "{landmark} of {url}");
            }
            assert!(document.contains(text), "{text:?} is not on {url}: {document}");
            assert!(!document.contains("<script"), "{document}");
            image
        });
        let [dark, light] = images.map(|image| fs::read(image).unwrap());
        assert_ne!(dark, light, "{url} looks the same in the dark");
    }
}

#[test]
fn the_pages_of_the_demo() {
    let Some(browser) = tool(&BROWSERS) else { return };
    let daemon = Daemon::start(&[]);
    let heights = [5000, 3200];
    let demo = Page { name: "demo", path: "?name=Ada", text: "Hello, Ada!", heights };
    check(&browser, &daemon, &demo);
    let heights = [1200, 800];
    let request = Page { name: "request", path: "request", text: "User-Agent", heights };
    check(&browser, &daemon, &request);
    let error = Page { name: "error", path: "nothing/here", text: "404 Not Found", heights };
    check(&browser, &daemon, &error);
}

/// The bar of the upload page moves by what the server says it has received.
#[test]
fn an_upload_shows_how_far_it_is() {
    let Some(browser) = Browser::start() else { return };
    let daemon = Daemon::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pots.bin");
    fs::write(&file, vec![7; 3 << 20]).unwrap();
    let page = browser.page(&format!("{}upload", daemon.url()));
    page.eval(
        "window.seen = [];\
         new MutationObserver(() => seen.push(bar.value)).observe(bar, { attributes: true })",
    );
    // Two seconds long, so that there is something to see.
    let slow = json!({ "offline": false, "latency": 0, "downloadThroughput": -1,
        "uploadThroughput": 3 << 19 });
    page.call("Network.emulateNetworkConditions", slow);
    page.choose_files("#file", &[&file]);
    page.click("form button");
    page.wait("document.querySelector('#told dl') !== null");
    assert!(page.text().contains(&format!("{} bytes", 3 << 20)), "{}", page.text());
    let seen = page.eval("seen");
    let seen: Vec<f64> = seen.as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect();
    assert!(seen.is_sorted() && seen.last() == Some(&1.0), "{seen:?}");
    let between = seen.iter().filter(|value| (0.02..0.98).contains(*value)).count();
    assert!(between >= 2, "the bar did not move: {seen:?}");
    let counts = "performance.getEntriesByType('resource').filter(e => e.name.includes('/progress/')).length";
    assert!(page.eval(counts).as_u64().unwrap() >= 2, "the server was asked");
}

#[test]
fn the_listing() {
    let Some(browser) = tool(&BROWSERS) else { return };
    let folder = folder("listing");
    let daemon = Daemon::start(&["--root", folder.to_str().unwrap(), "--index"]);
    let heights = [600, 600];
    let root = Page { name: "listing", path: "", text: "price list.txt", heights };
    check(&browser, &daemon, &root);
    let path = "pots%20&%20pans/";
    check(&browser, &daemon, &Page { name: "listing-below", path, text: "lid.html", heights });
}
