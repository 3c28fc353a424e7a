//! A small driver of headless Chromium: it speaks the DevTools protocol over a pair of pipes, so that
//! tests can click, type and look at cookies as a person with a browser does.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "several tests share this file; none needs all of it"
)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// How long the browser may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running browser with a profile of its own; both are gone when it is dropped.
pub struct Browser {
    wire: Rc<RefCell<Wire>>,
    child: Child,
    _profile: tempfile::TempDir,
}

/// One tab.
pub struct Page {
    wire: Rc<RefCell<Wire>>,
    session: String,
}

/// The pipes, and what came through them and was not asked for yet.
struct Wire {
    to: ChildStdin,
    from: Receiver<Value>,
    events: VecDeque<Value>,
    last: u64,
}

fn program() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let found = env::split_paths(&path)
        .flat_map(|folder| PROGRAMS.map(|name| folder.join(name)))
        .find(|file| file.is_file());
    if found.is_none() {
        assert!(env::var_os("PAUPER_REQUIRE_TOOLS").is_none(), "Chromium is required and missing");
        eprintln!("skipped: no Chromium");
    }
    found
}

impl Browser {
    /// Starts Chromium. `None`, and a line that says so, where there is none.
    pub fn start() -> Option<Self> {
        let program = program()?;
        let profile = tempfile::tempdir().unwrap();
        // Chromium wants the protocol on descriptors 3 and 4; only the shell gives those without unsafe.
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#])
            .arg(program)
            .args(["--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-sync"])
            .args(["--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars"])
            .args(["--force-color-profile=srgb", "--disable-quic"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (messages, from) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let value = serde_json::from_slice(&message).expect("the browser speaks JSON");
                if messages.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let wire = Wire { to, from, events: VecDeque::new(), last: 0 };
        Some(Self { wire: Rc::new(RefCell::new(wire)), child, _profile: profile })
    }

    /// A new tab, with this page loaded.
    pub fn page(&self, url: &str) -> Page {
        let page = self.blank(None);
        page.goto(url);
        page
    }

    /// A new tab that shares no cookies with the others, as if by another person.
    pub fn stranger(&self, url: &str) -> Page {
        let context = self.wire.borrow_mut().call(None, "Target.createBrowserContext", json!({}));
        let page = self.blank(context["browserContextId"].as_str());
        page.goto(url);
        page
    }

    /// A new empty tab.
    pub fn blank(&self, context: Option<&str>) -> Page {
        let mut params = json!({ "url": "about:blank" });
        if let Some(context) = context {
            params["browserContextId"] = json!(context);
        }
        let mut wire = self.wire.borrow_mut();
        let target = wire.call(None, "Target.createTarget", params);
        let params = json!({ "targetId": target["targetId"], "flatten": true });
        let session = wire.call(None, "Target.attachToTarget", params);
        drop(wire);
        let session = session["sessionId"].as_str().unwrap().to_owned();
        let page = Page { wire: Rc::clone(&self.wire), session };
        for domain in ["Page.enable", "Runtime.enable", "Network.enable"] {
            page.call(domain, json!({}));
        }
        page
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.wire.borrow_mut().send(None, "Browser.close", &json!({}));
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(5)
        {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Wire {
    fn send(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: &Value,
    ) -> std::io::Result<u64> {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = serde_json::to_vec(&message).unwrap();
        bytes.push(0);
        self.to.write_all(&bytes)?;
        self.to.flush()?;
        Ok(self.last)
    }

    /// The next message, until then.
    fn next(&self, until: Instant) -> Option<Value> {
        match self.from.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the browser is gone"),
        }
    }

    fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        let id = self.send(session, method, &params).expect("the browser is there");
        let until = Instant::now() + PATIENCE;
        while let Some(mut message) = self.next(until) {
            if message["id"] == json!(id) {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            self.events.push_back(message);
        }
        panic!("the browser does not answer {method}");
    }
}

impl Page {
    /// Any method of the protocol, and its result.
    pub fn call(&self, method: &str, params: Value) -> Value {
        self.wire.borrow_mut().call(Some(&self.session), method, params)
    }

    /// Waits for an event of this page that came after the last one that was asked for, and gives its
    /// parameters.
    pub fn event(&self, method: &str) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(event) = self.arrived(method) {
                return event;
            }
            let mut wire = self.wire.borrow_mut();
            let message = wire.next(until).unwrap_or_else(|| panic!("no {method} came"));
            wire.events.push_back(message);
        }
    }

    /// An event that is there already.
    pub fn arrived(&self, method: &str) -> Option<Value> {
        let mut wire = self.wire.borrow_mut();
        while let Ok(message) = wire.from.try_recv() {
            wire.events.push_back(message);
        }
        let ours = |event: &Value| {
            event["method"] == json!(method) && event["sessionId"] == json!(self.session)
        };
        let at = wire.events.iter().position(ours)?;
        Some(wire.events.remove(at).unwrap()["params"].take())
    }

    /// Does something that loads a page, and waits until that is there.
    pub fn loads(&self, action: impl FnOnce(&Self)) {
        while self.arrived("Page.loadEventFired").is_some() {}
        action(self);
        self.event("Page.loadEventFired");
    }

    /// Goes to a page.
    pub fn goto(&self, url: &str) {
        self.loads(|page| {
            let result = page.call("Page.navigate", json!({ "url": url }));
            assert!(result["errorText"].is_null(), "{url}: {}", result["errorText"]);
        });
    }

    /// Goes back, as the button does.
    pub fn back(&self) {
        let history = self.call("Page.getNavigationHistory", json!({}));
        let current = history["currentIndex"].as_u64().unwrap() as usize;
        let id = &history["entries"][current.checked_sub(1).expect("there is a page before")]["id"];
        self.call("Page.navigateToHistoryEntry", json!({ "entryId": id }));
        self.wait("document.readyState === 'complete'");
    }

    /// What an expression of JavaScript gives, a promise's value included.
    pub fn eval(&self, script: &str) -> Value {
        match self.try_eval(script) {
            Ok(value) => value,
            Err(told) => panic!("{script}: {told}"),
        }
    }

    fn try_eval(&self, script: &str) -> Result<Value, String> {
        let params = json!({
            "expression": script, "returnByValue": true, "awaitPromise": true, "userGesture": true,
        });
        let mut result = self.call("Runtime.evaluate", params);
        match &result["exceptionDetails"] {
            Value::Null => Ok(result["result"]["value"].take()),
            told => Err(told.to_string()),
        }
    }

    /// Waits until a condition in JavaScript is true.
    pub fn wait(&self, condition: &str) {
        let begun = Instant::now();
        // While a page changes, scripts may fail.
        while !matches!(self.try_eval(condition), Ok(Value::Bool(true))) {
            let page = || self.try_eval("location.href + ': ' + document.body?.innerText");
            assert!(begun.elapsed() < PATIENCE, "never true: {condition}; on {:?}", page());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The text that a person sees.
    pub fn text(&self) -> String {
        self.eval("document.body.innerText").as_str().unwrap().to_owned()
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        self.eval("location.href").as_str().unwrap().to_owned()
    }

    /// Presses the mouse in the middle of an element, which is scrolled into view before.
    pub fn click(&self, selector: &str) {
        let found = self.eval(&format!(
            "(() => {{ const e = document.querySelector({}); if (!e) return null; \
             e.scrollIntoView({{ block: 'center', behavior: 'instant' }}); \
             const b = e.getBoundingClientRect(); \
             return [b.x + b.width / 2, b.y + b.height / 2]; }})()",
            json!(selector)
        ));
        assert!(found.is_array(), "no {selector} on {}", self.url());
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({
                "type": kind, "x": found[0], "y": found[1], "button": "left", "clickCount": 1,
            });
            self.call("Input.dispatchMouseEvent", params);
        }
    }

    /// Puts the cursor into a field and types in place of what is there.
    pub fn fill(&self, selector: &str, text: &str) {
        let found = self.eval(&format!(
            "(() => {{ const e = document.querySelector({}); if (!e) return false; \
             e.focus(); e.select?.(); return true; }})()",
            json!(selector)
        ));
        assert_eq!(found, json!(true), "no {selector} on {}", self.url());
        if text.is_empty() {
            self.key("Delete");
        } else {
            self.type_text(text);
        }
    }

    /// Sets the value of a field that is no text (a date, a choice), with the events of a change.
    pub fn set(&self, selector: &str, value: &str) {
        let found = self.eval(&format!(
            "(() => {{ const e = document.querySelector({}); if (!e) return false; e.value = {}; \
             for (const name of ['input', 'change']) e.dispatchEvent(new Event(name, {{ bubbles: true }})); \
             return true; }})()",
            json!(selector),
            json!(value)
        ));
        assert_eq!(found, json!(true), "no {selector} on {}", self.url());
    }

    /// Types where the cursor is.
    pub fn type_text(&self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Presses a key by its name: `Tab`, `Enter`, `Space`, `ArrowDown`, `Escape`, `Delete`, …
    pub fn key(&self, name: &str) {
        self.key_with(name, 0);
    }

    /// The same with Shift held.
    pub fn shift_key(&self, name: &str) {
        self.key_with(name, 8);
    }

    fn key_with(&self, name: &str, modifiers: u8) {
        let (key, code, number, text) = match name {
            "Tab" => ("Tab", "Tab", 9, None),
            "Enter" => ("Enter", "Enter", 13, Some("\r")),
            "Space" => (" ", "Space", 32, Some(" ")),
            "Escape" => ("Escape", "Escape", 27, None),
            "Backspace" => ("Backspace", "Backspace", 8, None),
            "Delete" => ("Delete", "Delete", 46, None),
            "ArrowLeft" => ("ArrowLeft", "ArrowLeft", 37, None),
            "ArrowUp" => ("ArrowUp", "ArrowUp", 38, None),
            "ArrowRight" => ("ArrowRight", "ArrowRight", 39, None),
            "ArrowDown" => ("ArrowDown", "ArrowDown", 40, None),
            other => panic!("no key {other}"),
        };
        let mut params = json!({
            "type": if text.is_some() { "keyDown" } else { "rawKeyDown" }, "key": key, "code": code,
            "windowsVirtualKeyCode": number, "modifiers": modifiers,
        });
        if let Some(text) = text {
            params["text"] = json!(text);
        }
        self.call("Input.dispatchKeyEvent", params.clone());
        params["type"] = json!("keyUp");
        self.call("Input.dispatchKeyEvent", params);
    }

    /// Chooses files in a file field.
    pub fn choose_files(&self, selector: &str, files: &[&Path]) {
        let document = self.call("DOM.getDocument", json!({}));
        let params = json!({ "nodeId": document["root"]["nodeId"], "selector": selector });
        let node = self.call("DOM.querySelector", params);
        self.call("DOM.setFileInputFiles", json!({ "nodeId": node["nodeId"], "files": files }));
    }

    /// All cookies of this tab's person, as the protocol tells them (`name`, `value`, `secure`,
    /// `httpOnly`, `sameSite`, `expires`, …).
    pub fn cookies(&self) -> Vec<Value> {
        let cookies = self.call("Network.getCookies", json!({}));
        cookies["cookies"].as_array().unwrap().clone()
    }

    /// An image of the whole page as a window of this width and height would show it.
    pub fn screenshot(&self, image: &Path, width: u32, height: u32, dark: bool) {
        let phone = width < 600;
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone,
        });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", media);
        let shot = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        let bytes = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        fs::create_dir_all(image.parent().unwrap()).unwrap();
        fs::write(image, bytes).unwrap();
        self.call("Emulation.clearDeviceMetricsOverride", json!({}));
    }
}

/// Where screenshots go that a person may look at.
pub fn screenshots() -> PathBuf {
    // The folder of tests' files is `tmp` in the target folder.
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("screenshots")
}
