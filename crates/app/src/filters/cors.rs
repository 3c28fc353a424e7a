//! Which other sites may read the answers (the Fetch standard, "CORS protocol").

use std::time::Duration;

use pauper_message::{Error, Hook, Request, Response, abort, abort_with};

/// A hook that lets scripts of other sites read the answers: those of an allow list, and no others.
///
/// It answers preflights (OPTIONS with `Access-Control-Request-Method`) by itself: 204 for what is
/// allowed, 403 for what is not. It changes nothing for requests that come from no script of
/// another site, and keeps nobody from sending requests: that is what tokens against forged
/// requests are for.
///
/// ```
/// use pauper_app::App;
/// use pauper_app::filters::Cors;
///
/// let mut app = App::new("api");
/// app.hook(Cors::new(["https://example.org"]).methods("GET, POST").headers("Content-Type"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Cors {
    /// None for every origin.
    origins: Option<Vec<String>>,
    methods: String,
    headers: String,
    exposed: String,
    credentials: bool,
    max_age: Duration,
}

impl Cors {
    /// Lets these origins in: scheme, host and port as a browser writes them, compared as they are
    /// (`https://example.org`, `http://localhost:3000`). `null`, which is what sandboxed pages and
    /// files send, is an origin that anybody can have.
    pub fn new<'o>(origins: impl IntoIterator<Item = &'o str>) -> Self {
        Self::of(Some(origins.into_iter().map(str::to_owned).collect()))
    }

    /// Lets every site in, without cookies and other credentials: for what is public anyway.
    pub fn any() -> Self {
        Self::of(None)
    }

    fn of(origins: Option<Vec<String>>) -> Self {
        Self {
            origins,
            methods: "GET, HEAD, POST".to_owned(),
            headers: String::new(),
            exposed: String::new(),
            credentials: false,
            max_age: Duration::from_secs(600),
        }
    }

    /// The methods that are allowed, separated by commas; `GET, HEAD, POST` if not set.
    pub fn methods(mut self, methods: &str) -> Self {
        methods.clone_into(&mut self.methods);
        self
    }

    /// The headers that a script may send beyond the harmless ones, separated by commas; none if
    /// not set. `Content-Type: application/json` needs `Content-Type` here.
    pub fn headers(mut self, headers: &str) -> Self {
        headers.clone_into(&mut self.headers);
        self
    }

    /// The headers of the answer that a script may read beyond the harmless ones, separated by
    /// commas; none if not set.
    pub fn expose(mut self, headers: &str) -> Self {
        headers.clone_into(&mut self.exposed);
        self
    }

    /// Whether scripts may send cookies along and read what comes back. Default: false. It has no
    /// effect with [`any`](Self::any): a site that is not on a list gets no credentials.
    pub fn credentials(mut self, allowed: bool) -> Self {
        self.credentials = allowed;
        self
    }

    /// How long a browser may remember the answer to a preflight, in whole seconds; 10 minutes if
    /// not set.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// What `Access-Control-Allow-Origin` is to say, if the request is let in.
    fn allowed<'r>(&self, req: &'r Request) -> Option<&'r str> {
        let origin = req.header("origin")?;
        match &self.origins {
            None => Some("*"),
            Some(list) => list.iter().any(|known| known == origin).then_some(origin),
        }
    }

    fn allow(&self, origin: &str, response: &mut Response) -> Result<(), Error> {
        let headers = response.headers_mut();
        headers.insert("access-control-allow-origin", origin)?;
        if self.credentials && self.origins.is_some() {
            headers.insert("access-control-allow-credentials", "true")?;
        }
        Ok(())
    }

    fn preflight(&self, req: &Request, method: &str) -> Result<Response, Error> {
        let Some(origin) = self.allowed(req) else { return Err(abort(403)) };
        // Names of methods are compared as they are, those of headers in any case.
        let method_fits = self.methods.split(',').any(|known| known.trim() == method);
        let header_fits = |name: &str| {
            let mut known = self.headers.split(',').map(str::trim);
            name.is_empty() || known.any(|known| known.eq_ignore_ascii_case(name))
        };
        let mut asked =
            req.header_all("access-control-request-headers").flat_map(|line| line.split(','));
        if !method_fits || !asked.all(|name| header_fits(name.trim())) {
            return Err(abort(403));
        }
        let mut response = Response::no_content()
            .with_header("access-control-allow-methods", &self.methods)
            .with_header("access-control-max-age", self.max_age.as_secs());
        if !self.headers.is_empty() {
            response = response.with_header("access-control-allow-headers", &self.headers);
        }
        self.allow(origin, &mut response)?;
        Ok(response)
    }
}

impl Hook for Cors {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        let method = match req.header("access-control-request-method") {
            Some(method) if req.method() == "OPTIONS" && req.header("origin").is_some() => method,
            _ => return Ok(()),
        };
        Err(abort_with(self.preflight(req, method)?))
    }

    fn after(&self, req: &mut Request, response: &mut Response) -> Result<(), Error> {
        if self.origins.is_some() {
            // Caches must not give the answer for one site to another.
            response.headers_mut().add_vary("Origin")?;
        }
        if let Some(origin) = self.allowed(req) {
            self.allow(origin, response)?;
            if !self.exposed.is_empty() && req.method() != "OPTIONS" {
                let headers = response.headers_mut();
                headers.insert("access-control-expose-headers", &self.exposed)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::App;
    use pauper_message::{BodyPlan, Service};

    const SITE: &str = "https://example.org";

    fn ask(cors: Cors, method: &str, headers: &[(&str, &str)]) -> Response {
        let mut app = App::new("test");
        app.get("/", |_: &mut Request| "hello");
        app.hook(cors);
        let mut builder = Request::builder().method(method);
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        let mut req = builder.build().unwrap();
        match app.begin(&mut req).body {
            BodyPlan::Reject(response) => *response,
            _ => app.call(&mut req),
        }
    }

    fn header(response: &Response, name: &str) -> Option<String> {
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn only_sites_of_the_list_are_let_in() {
        let cors = || Cors::new([SITE, "http://localhost:3000"]).expose("X-Total");
        for (origin, expected) in [
            (SITE, true),
            ("http://localhost:3000", true),
            ("http://localhost", false),
            ("https://example.org.evil.example", false),
            ("https://evil.example?https://example.org", false),
            ("http://example.org", false),
            ("HTTPS://example.org", false),
            ("null", false),
        ] {
            let response = ask(cors(), "GET", &[("Origin", origin)]);
            assert_eq!(response.status(), 200, "the request itself is answered");
            let allowed = header(&response, "access-control-allow-origin");
            assert_eq!(allowed.as_deref(), expected.then_some(origin), "{origin}");
            assert_eq!(header(&response, "access-control-expose-headers").is_some(), expected);
            assert_eq!(header(&response, "vary").as_deref(), Some("Origin"));
        }
        let response = ask(cors(), "GET", &[]);
        assert_eq!(header(&response, "access-control-allow-origin"), None);
    }

    #[test]
    fn credentials_need_a_list() {
        let origin = [("Origin", SITE)];
        let listed = ask(Cors::new([SITE]).credentials(true), "GET", &origin);
        assert_eq!(header(&listed, "access-control-allow-credentials").as_deref(), Some("true"));
        let any = ask(Cors::any().credentials(true), "GET", &origin);
        assert_eq!(header(&any, "access-control-allow-origin").as_deref(), Some("*"));
        assert_eq!(header(&any, "access-control-allow-credentials"), None);
        assert_eq!(header(&any, "vary"), None);
    }

    #[test]
    fn preflights() {
        let cors = || Cors::new([SITE]).methods("GET, PUT").headers("Content-Type, X-Token");
        let preflight = |origin: &str, method: &str, headers: &str| {
            let mut all = vec![("Origin", origin), ("Access-Control-Request-Method", method)];
            if !headers.is_empty() {
                all.push(("Access-Control-Request-Headers", headers));
            }
            ask(cors(), "OPTIONS", &all)
        };
        let good = preflight(SITE, "PUT", "content-type,x-token");
        assert_eq!(good.status(), 204);
        for (name, value) in [
            ("access-control-allow-origin", SITE),
            ("access-control-allow-methods", "GET, PUT"),
            ("access-control-allow-headers", "Content-Type, X-Token"),
            ("access-control-max-age", "600"),
            ("vary", "Origin"),
        ] {
            assert_eq!(header(&good, name).as_deref(), Some(value));
        }
        assert_eq!(good.headers().get_all("access-control-allow-origin").count(), 1);
        assert_eq!(preflight(SITE, "GET", "").status(), 204);
        for (origin, method, headers) in [
            ("https://evil.example", "GET", ""),
            (SITE, "DELETE", ""),
            (SITE, "put", ""),
            (SITE, "GET", "x-other"),
            (SITE, "GET", "content-type, x-other"),
        ] {
            let refused = preflight(origin, method, headers);
            assert_eq!(refused.status(), 403, "{origin} {method} {headers}");
        }
        // An ordinary OPTIONS is not answered by the hook.
        let plain = ask(cors(), "OPTIONS", &[("Origin", SITE)]);
        assert_eq!(header(&plain, "access-control-allow-methods"), None);
        assert!(header(&plain, "allow").is_some());
    }
}
