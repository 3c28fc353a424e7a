//! What a browser does beyond sending requests: cookies, forms, redirects.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use pauper_message::{Request, Service};

use super::{Answer, Client};

/// A [`Client`] that keeps cookies, sends forms and follows redirects when it is told to.
///
/// ```
/// use pauper_message::{Request, Response, SetCookie};
/// use pauper_server::test::Browser;
///
/// fn visits(req: &mut Request) -> Response {
///     if req.path() == "/login" {
///         return Response::see_other("/").with_cookie(&SetCookie::new("user", "jan"));
///     }
///     Response::text(format!("Hello, {}!", req.cookie("user").unwrap_or("stranger")))
/// }
///
/// let mut browser = Browser::new(&visits);
/// assert_eq!(browser.get("/").text(), "Hello, stranger!");
/// let answer = browser.post_form("/login", [("name", "jan")]);
/// assert_eq!(answer.status(), 303);
/// assert_eq!(browser.follow(answer).text(), "Hello, jan!");
/// ```
pub struct Browser<'s> {
    client: Client<'s>,
    secure: bool,
    jar: Vec<Kept>,
    headers: Vec<(String, String)>,
    last: Sent,
}

/// A cookie in the jar.
#[derive(Clone, Debug)]
struct Kept {
    name: String,
    value: String,
    path: String,
    secure: bool,
    http_only: bool,
    expires: Option<SystemTime>,
}

#[derive(Clone, Default)]
struct Sent {
    method: String,
    target: String,
    content_type: Option<String>,
    body: Vec<u8>,
}

/// How many redirects are followed one after the other.
const MOST_REDIRECTS: usize = 10;

impl<'s> Browser<'s> {
    /// A browser without cookies, on a plain connection.
    ///
    /// # Panics
    /// As [`Client::new`].
    #[track_caller]
    pub fn new(service: &'s dyn Service) -> Self {
        Self::over(Client::new(service))
    }

    /// A browser that sends by `client`, on a plain connection.
    pub fn over(client: Client<'s>) -> Self {
        Self { client, secure: false, jar: Vec::new(), headers: Vec::new(), last: Sent::default() }
    }

    /// Whether it takes the connection for an encrypted one: it then keeps and sends cookies that
    /// are `Secure`. To let the service take it for one too, use [`Client::from_peer`].
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// A header that is sent with every request.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The client that it sends by: to let time pass, for instance.
    pub fn client(&mut self) -> &mut Client<'s> {
        &mut self.client
    }

    // --- requests -----------------------------------------------------------------------------

    /// Sends GET. Redirects are not followed; see [`follow`](Self::follow).
    ///
    /// # Panics
    /// As [`Client`] does.
    #[track_caller]
    pub fn get(&mut self, target: &str) -> Answer {
        self.send(Sent { method: "GET".into(), target: target.into(), ..Sent::default() })
    }

    /// Sends a form as POST, urlencoded.
    ///
    /// # Panics
    /// As [`Client`] does.
    #[track_caller]
    pub fn post_form<'f>(
        &mut self,
        target: &str,
        fields: impl IntoIterator<Item = (&'f str, &'f str)>,
    ) -> Answer {
        let mut body = String::new();
        for (name, value) in fields {
            if !body.is_empty() {
                body.push('&');
            }
            encode(&mut body, name);
            body.push('=');
            encode(&mut body, value);
        }
        self.post(target, "application/x-www-form-urlencoded", body)
    }

    /// Sends JSON as POST, given as text: `json!({"a": 1}).to_string()`.
    ///
    /// # Panics
    /// As [`Client`] does.
    #[track_caller]
    pub fn post_json(&mut self, target: &str, json: impl Into<Vec<u8>>) -> Answer {
        self.post(target, "application/json", json)
    }

    /// Sends POST with a body.
    ///
    /// # Panics
    /// As [`Client`] does.
    #[track_caller]
    pub fn post(&mut self, target: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.request("POST", target, Some(content_type), body)
    }

    /// Sends a request of any method, with a body or an empty one.
    ///
    /// # Panics
    /// As [`Client`] does.
    #[track_caller]
    pub fn request(
        &mut self,
        method: &str,
        target: &str,
        content_type: Option<&str>,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        self.send(Sent {
            method: method.into(),
            target: target.into(),
            content_type: content_type.map(str::to_owned),
            body: body.into(),
        })
    }

    /// Follows the redirects that begin with `answer`, which is that of the last request, and gives
    /// the first answer that is none: 303, and 301 and 302 after a POST, with GET; 307 and 308 with
    /// the same method and body. An answer that is no redirect comes back as it is.
    ///
    /// # Panics
    /// When there are more than ten, when one leads to another host, and as [`Client`] does.
    #[track_caller]
    pub fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..MOST_REDIRECTS {
            let location = match answer.status() {
                301 | 302 | 303 | 307 | 308 => answer.header("location"),
                _ => None,
            };
            let Some(location) = location else { return answer };
            let target = resolve(&self.last.target, location);
            let mut next = Sent { target, ..self.last.clone() };
            let to_get = match answer.status() {
                303 => next.method != "HEAD",
                301 | 302 => next.method == "POST",
                _ => false,
            };
            if to_get {
                next = Sent { method: "GET".into(), target: next.target, ..Sent::default() };
            }
            answer = self.send(next);
        }
        panic!("more than {MOST_REDIRECTS} redirects, the last to {}", self.last.target);
    }

    #[track_caller]
    fn send(&mut self, sent: Sent) -> Answer {
        let mut builder = Request::builder().method(&sent.method).target(&sent.target);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        if let Some(kind) = &sent.content_type {
            builder = builder.header("Content-Type", kind);
        }
        let cookies = self.cookies_for(&sent.target);
        if !cookies.is_empty() {
            builder = builder.header("Cookie", cookies);
        }
        let answer = self.client.request(&builder.body(sent.body.clone()));
        for line in answer.header_all("set-cookie") {
            self.keep(line, &sent.target);
        }
        self.last = sent;
        answer
    }

    // --- cookies ------------------------------------------------------------------------------

    /// The value of a cookie that is kept, whatever its path.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let now = self.client.time();
        let kept = self.jar.iter().filter(|kept| kept.is_alive(now));
        kept.filter(|kept| kept.name == name).map(|kept| kept.value.as_str()).next_back()
    }

    /// Whether scripts would see a cookie that is kept.
    pub fn is_http_only(&self, name: &str) -> Option<bool> {
        self.jar.iter().rfind(|kept| kept.name == name).map(|kept| kept.http_only)
    }

    /// Puts a cookie in for all paths, as if it had been set.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.keep(&format!("{name}={value}; Path=/"), "/");
    }

    /// Drops all cookies.
    pub fn clear_cookies(&mut self) {
        self.jar.clear();
    }

    /// The Cookie header of a request: longer paths first (RFC 6265, section 5.4).
    fn cookies_for(&self, target: &str) -> String {
        let path = path_of(target);
        let now = self.client.time();
        let mut kept: Vec<&Kept> = self
            .jar
            .iter()
            .filter(|kept| kept.is_alive(now) && kept.fits(path) && (self.secure || !kept.secure))
            .collect();
        kept.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs: Vec<String> =
            kept.iter().map(|kept| format!("{}={}", kept.name, kept.value)).collect();
        pairs.join("; ")
    }

    /// Keeps what a Set-Cookie header says (RFC 6265, section 5.2 and 5.3).
    fn keep(&mut self, line: &str, target: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let path = path_of(target);
        let folder = path.rfind('/').filter(|at| *at > 0).map_or("/", |at| &path[..at]);
        let mut kept = Kept {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            path: folder.to_owned(),
            secure: false,
            http_only: false,
            expires: None,
        };
        let mut max_age = None;
        for attribute in parts {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            match key.to_ascii_lowercase().as_str() {
                "path" if value.starts_with('/') => value.clone_into(&mut kept.path),
                "secure" => kept.secure = true,
                "httponly" => kept.http_only = true,
                "max-age" => max_age = value.parse::<i64>().ok(),
                "expires" => kept.expires = httpdate::parse_http_date(value).ok(),
                _ => {}
            }
        }
        if let Some(age) = max_age {
            let age = Duration::from_secs(u64::try_from(age).unwrap_or(0));
            // A time that no clock can tell is never.
            kept.expires = self.client.time().checked_add(age);
        }
        if kept.secure && !self.secure {
            return;
        }
        self.jar.retain(|other| other.name != kept.name || other.path != kept.path);
        if kept.is_alive(self.client.time()) {
            self.jar.push(kept);
        }
    }
}

impl Kept {
    fn is_alive(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|end| end > now)
    }

    /// Whether a request of this path gets the cookie (RFC 6265, section 5.1.4).
    fn fits(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.path.as_str());
        rest.is_some_and(|rest| {
            rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/')
        })
    }
}

impl std::fmt::Debug for Browser<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Browser({} cookies)", self.jar.len())
    }
}

fn path_of(target: &str) -> &str {
    target.split(['?', '#']).next().unwrap_or("/")
}

/// The target that a Location means, seen from the target that was asked (RFC 3986, section 5.3).
#[track_caller]
fn resolve(base: &str, location: &str) -> String {
    let location = location.split('#').next().unwrap_or_default();
    let absolute = location.strip_prefix("http:").or_else(|| location.strip_prefix("https:"));
    if let Some(rest) = absolute.unwrap_or(location).strip_prefix("//") {
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        assert!(host == "localhost", "a redirect to another host: {location}");
        return if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    }
    let base_path = path_of(base);
    if location.is_empty() {
        return base.to_owned();
    }
    if location.starts_with('?') {
        return format!("{base_path}{location}");
    }
    let (path, query) = location.split_at(location.find('?').unwrap_or(location.len()));
    let joined = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{}{path}", &base_path[..=base_path.rfind('/').unwrap_or(0)])
    };
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_open = false;
    for segment in joined.split('/').skip(1) {
        ends_open = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => _ = segments.pop(),
            other => segments.push(other),
        }
    }
    if ends_open {
        segments.push("");
    }
    format!("/{}{query}", segments.join("/"))
}

/// Appends text as a form has it.
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            other => _ = write!(out, "%{other:02X}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pauper_message::{Response, SameSite, SetCookie};

    #[test]
    fn cookies_are_kept_by_path_and_time() {
        let service = |req: &mut Request| {
            let cookies: Vec<String> =
                req.cookies().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = Response::text(cookies.join(" "));
            match req.path() {
                "/set" => answer
                    .with_cookie(&SetCookie::new("short", "1").max_age(Duration::from_secs(10)))
                    .with_cookie(&SetCookie::new("deep", "2").path("/deep"))
                    .with_cookie(&SetCookie::new("session", "3").http_only(false)),
                "/change" => answer
                    .with_cookie(&SetCookie::new("session", "4"))
                    .with_cookie(&SetCookie::removal("deep").path("/deep")),
                "/secure" => answer.with_cookie(
                    &SetCookie::new("__Host-a", "5").secure(true).same_site(SameSite::Strict),
                ),
                _ => answer,
            }
        };
        let mut browser = Browser::new(&service);
        browser.get("/set");
        assert_eq!(browser.get("/").text(), "short=1 session=3");
        assert_eq!(browser.get("/deep/er?x").text(), "deep=2 short=1 session=3");
        assert_eq!(browser.get("/deeper").text(), "short=1 session=3");
        assert_eq!(browser.is_http_only("session"), Some(false));
        browser.client().sleep(Duration::from_secs(10));
        assert_eq!(browser.cookie("short"), None);
        browser.get("/change");
        assert_eq!(browser.get("/deep").text(), "session=4");
        browser.get("/secure");
        assert_eq!(browser.cookie("__Host-a"), None, "not over a plain connection");
        browser.clear_cookies();
        browser.set_cookie("own", "6");
        assert_eq!(browser.get("/").text(), "own=6");

        let mut browser = Browser::new(&service).secure(true);
        browser.get("/secure");
        assert_eq!(browser.get("/").text(), "__Host-a=5");
    }

    #[test]
    fn redirects_keep_or_change_the_method() {
        let service = |req: &mut Request| {
            if req.path() == "/end" {
                let body = req.text().unwrap();
                return Response::text(format!("{} {} {body}", req.method(), req.target()));
            }
            if req.path() == "/loop" {
                return Response::redirect("/loop");
            }
            Response::redirect("/end?a=b#c").with_status(req.path()[1..].parse::<u16>().unwrap())
        };
        let mut browser = Browser::new(&service);
        for (status, expected) in [
            (301, "GET /end?a=b "),
            (302, "GET /end?a=b "),
            (303, "GET /end?a=b "),
            (307, "POST /end?a=b x=%26+"),
            (308, "POST /end?a=b x=%26+"),
        ] {
            let answer = browser.post_form(&format!("/{status}"), [("x", "& ")]);
            assert_eq!(answer.status(), status);
            assert_eq!(browser.follow(answer).text(), expected, "{status}");
        }
        let answer = browser.request("PUT", "/302", None, "x");
        assert_eq!(browser.follow(answer).text(), "PUT /end?a=b x");
        let last = browser.get("/end");
        assert_eq!(browser.follow(last.clone()), last);
        let first = browser.get("/loop");
        let endless = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            browser.follow(first);
        }));
        assert!(endless.is_err());
    }

    #[test]
    fn locations_are_seen_from_where_one_is() {
        for (base, location, expected) in [
            ("/a/b?c", "/x", "/x"),
            ("/a/b?c", "x?y", "/a/x?y"),
            ("/a/b?c", "../x", "/x"),
            ("/a/b/", "./x/..", "/a/b/"),
            ("/a/b?c", "?d", "/a/b?d"),
            ("/a/b?c", "", "/a/b?c"),
            ("/a", "http://localhost:8080/x?y", "/x?y"),
            ("/a", "https://localhost", "/"),
            ("/a", "//localhost/x", "/x"),
            ("/a", "../../x", "/x"),
        ] {
            assert_eq!(resolve(base, location), expected, "{base} {location}");
        }
    }

    #[test]
    fn headers_and_json_are_sent() {
        let service = |req: &mut Request| {
            format!("{:?} {:?} {}", req.header("x-a"), req.content_type(), req.text().unwrap())
        };
        let mut browser = Browser::new(&service).with_header("X-A", "b");
        let answer = browser.post_json("/", "{}");
        assert_eq!(answer.text(), "Some(\"b\") Some(\"application/json\") {}");
    }
}
