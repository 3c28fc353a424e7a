//! A client that keeps cookies, and hooks without an application.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use pauper_auth::{Keys, RandomError, Randomness, Secret};
use pauper_message::{Hook, Request, Response, SetCookie};

/// Different bytes at each call, the same in each run.
#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        for piece in bytes.chunks_mut(8) {
            // An odd factor makes every count another number.
            let count = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            piece.copy_from_slice(&count.to_le_bytes()[..piece.len()]);
        }
        Ok(())
    }
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::from_text(text.repeat(16)).unwrap()
}

pub(crate) fn keys() -> Keys {
    Keys::new(secret("ab"))
}

/// A time of the tests, in seconds.
pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

/// A browser of one site.
#[derive(Clone, Default)]
pub(crate) struct Client {
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) now: u64,
}

/// What came back: the answer and the cookies that it set.
pub(crate) struct Visit {
    pub(crate) response: Response,
    pub(crate) set: Vec<String>,
}

impl Visit {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).map(|value| value.to_str().unwrap())
    }
}

impl Client {
    /// Sends a request through hooks, as an application would.
    pub(crate) fn send<T>(
        &mut self,
        hooks: &[&dyn Hook],
        method: &str,
        body: &str,
        handler: impl FnOnce(&mut Request) -> T,
    ) -> Result<(T, Visit), u16> {
        let mut builder = Request::builder().method(method).target("/").received(at(self.now));
        if !self.cookies.is_empty() {
            let pairs: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            builder = builder.header("Cookie", pairs.join("; "));
        }
        if !body.is_empty() {
            builder =
                builder.header("Content-Type", "application/x-www-form-urlencoded").body(body);
        }
        let mut req = builder.build().unwrap();
        self.deliver(hooks, &mut req, handler)
    }

    pub(crate) fn deliver<T>(
        &mut self,
        hooks: &[&dyn Hook],
        req: &mut Request,
        handler: impl FnOnce(&mut Request) -> T,
    ) -> Result<(T, Visit), u16> {
        let status = |error: pauper_message::Error| error.status().map_or(0, |code| code.as_u16());
        for hook in hooks {
            hook.before(req).map_err(status)?;
        }
        let given = handler(req);
        let mut response = Response::text("");
        for hook in hooks.iter().rev() {
            hook.after(req, &mut response).map_err(status)?;
        }
        let set: Vec<String> = (response.headers().get_all("set-cookie"))
            .map(|value| value.to_str().unwrap().to_owned())
            .collect();
        for cookie in &set {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok((given, Visit { response, set }))
    }

    pub(crate) fn get<T>(
        &mut self,
        hooks: &[&dyn Hook],
        handler: impl FnOnce(&mut Request) -> T,
    ) -> (T, Visit) {
        self.send(hooks, "GET", "", handler).unwrap()
    }
}

pub(crate) fn request_of(cookie: &SetCookie) -> Request {
    let header = format!("{}={}", cookie.name(), cookie.value());
    Request::builder().received(at(0)).header("Cookie", header).build().unwrap()
}
