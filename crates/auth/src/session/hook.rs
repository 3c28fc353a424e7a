//! Sessions as a hook: cookie, lifetimes, and when it is written.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pauper_message::{Error, Hook, MAX_COOKIE, Request, Response, SameSite, SetCookie};

use crate::random::Randomness;
use crate::session::data::{Session, Times, to_seconds};
use crate::session::error::{SessionError, SessionErrorKind};
use crate::session::format::{SessionContext, SessionFormat};
use crate::session::slot::{Cell, Slot};

/// Sessions of an application: a hook that gives each request its session, and keeps what was
/// changed with the answer.
///
/// ```
/// # #[cfg(feature = "system-random")] {
/// use pauper_auth::session::{RequestSession, SealedSession, Sessions};
/// use pauper_auth::{Secret, SystemRandom};
/// use pauper_message::{Hook, Request, Response};
///
/// let secret = Secret::random(&SystemRandom).unwrap();
/// let sessions = Sessions::new(SealedSession::new(secret)); // app.hook(sessions)
///
/// let mut req = Request::builder().build().unwrap();
/// sessions.before(&mut req).unwrap();
/// req.session_mut().set("user", "alice");
/// let mut response = Response::text("Hello");
/// sessions.after(&mut req, &mut response).unwrap();
/// let cookie = response.headers().get("set-cookie").unwrap().to_str().unwrap();
/// assert!(cookie.starts_with("SESSID=") && cookie.ends_with("; HttpOnly; Path=/; SameSite=Lax"));
/// # }
/// ```
///
/// A cookie is written when the session changed, and again when a quarter of its idle time has
/// gone by. An answer that writes one is marked `Cache-Control: no-store`, and one for which the
/// session was read, `Vary: Cookie`, so that no cache gives it to somebody else.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

/// Whether a cookie is for encrypted connections only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecureCookie {
    /// If the request came by one, which behind a proxy only `TrustedProxies` can tell, and if the
    /// cookie's name begins with `__Host-` or `__Secure-`, or it is `SameSite=None`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

type Revoked = dyn Fn(&Session) -> bool + Send + Sync;

/// What the hook and the requests share.
#[derive(Clone)]
pub(crate) struct Inner {
    format: Arc<dyn SessionFormat>,
    pub(crate) random: Arc<dyn Randomness>,
    name: Box<str>,
    path: Box<str>,
    domain: Option<Box<str>>,
    secure: SecureCookie,
    same_site: SameSite,
    persistent: bool,
    idle: Duration,
    longest: Duration,
    sliding: bool,
    revoked: Option<Arc<Revoked>>,
}

/// How many cookies of the same name are tried.
const MOST_COOKIES: usize = 4;

impl Sessions {
    /// Sessions of a format, with random numbers of the system.
    #[cfg(feature = "system-random")]
    pub fn new(format: impl SessionFormat + 'static) -> Self {
        Self::with_random(format, crate::random::SystemRandom)
    }

    /// Sessions of a format, with random numbers of one's own.
    pub fn with_random(
        format: impl SessionFormat + 'static,
        random: impl Randomness + 'static,
    ) -> Self {
        let inner = Inner {
            format: Arc::new(format),
            random: Arc::new(random),
            name: "SESSID".into(),
            path: "/".into(),
            domain: None,
            secure: SecureCookie::Auto,
            same_site: SameSite::Lax,
            persistent: false,
            idle: Duration::from_secs(8 * 3600),
            longest: Duration::from_secs(7 * 24 * 3600),
            sliding: true,
            revoked: None,
        };
        Self { inner: Arc::new(inner) }
    }

    #[must_use]
    fn set(mut self, set: impl FnOnce(&mut Inner)) -> Self {
        set(Arc::make_mut(&mut self.inner));
        self
    }

    /// The name of the cookie; `SESSID` if not set. A name that begins with `__Host-` makes
    /// browsers refuse the cookie from anything but this very host, encrypted and for all paths:
    /// the best choice where everything is encrypted.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.set(|inner| inner.name = name.into())
    }

    /// The path at and below which the cookie is sent; `/` if not set.
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        self.set(|inner| inner.path = path.into())
    }

    /// A domain, so that all hosts below it get the cookie; if not set, only this host does.
    #[must_use]
    pub fn domain(self, domain: &str) -> Self {
        self.set(|inner| inner.domain = Some(domain.into()))
    }

    /// Whether the cookie is for encrypted connections only.
    #[must_use]
    pub fn secure(self, secure: SecureCookie) -> Self {
        self.set(|inner| inner.secure = secure)
    }

    /// When the cookie is sent along with requests that other sites caused; `Lax` if not set.
    #[must_use]
    pub fn same_site(self, same_site: SameSite) -> Self {
        self.set(|inner| inner.same_site = same_site)
    }

    /// Whether the browser keeps the cookie when it is closed, until the session ends; false if
    /// not set.
    #[must_use]
    pub fn persistent(self, persistent: bool) -> Self {
        self.set(|inner| inner.persistent = persistent)
    }

    /// How long a session lasts without being used; 8 hours if not set.
    #[must_use]
    pub fn idle(self, idle: Duration) -> Self {
        self.set(|inner| inner.idle = idle)
    }

    /// How long a session lasts at most, used or not; 7 days if not set.
    #[must_use]
    pub fn longest(self, longest: Duration) -> Self {
        self.set(|inner| inner.longest = longest)
    }

    /// Whether using a session makes it last longer; true if not set. If not, it ends
    /// [`idle`](Self::idle) after its last change.
    #[must_use]
    pub fn sliding(self, sliding: bool) -> Self {
        self.set(|inner| inner.sliding = sliding)
    }

    /// Looks at each session that was read, and tells whether it counts no more: that of a user who
    /// was locked out, or who changed the password since it [`started`](Session::started).
    #[must_use]
    pub fn revoked_if(self, revoked: impl Fn(&Session) -> bool + Send + Sync + 'static) -> Self {
        self.set(|inner| inner.revoked = Some(Arc::new(revoked)))
    }

    /// The session of a request that this is no hook of. Empty, with its
    /// [`fault`](Session::fault), when the cookie cannot be read.
    pub fn load(&self, req: &Request) -> Session {
        self.inner.open(self.inner.cookies_of(req), req.received())
    }

    /// Keeps a session that [`load`](Self::load) gave or that is new: its cookie, to be added to
    /// the answer. An empty one ends, and the cookie removes that of the client.
    ///
    /// # Errors
    /// When the format cannot keep it, or the cookie would be longer than browsers take (4096
    /// bytes).
    pub fn save(&self, session: &mut Session, req: &Request) -> Result<SetCookie, SessionError> {
        self.inner.end_old(session, req.received())?;
        if session.is_empty() {
            return Ok(self.inner.removal(req));
        }
        self.inner.write(session, req)
    }
}

impl Inner {
    fn context(&self, now: SystemTime) -> SessionContext<'_> {
        SessionContext::new(&self.name, now, &*self.random)
    }

    fn cookies_of<'r>(&'r self, req: &'r Request) -> impl Iterator<Item = &'r str> {
        req.cookies()
            .filter(|(name, value)| **name == *self.name && !value.is_empty())
            .map(|(_, value)| value)
            .take(MOST_COOKIES)
    }

    /// The first of these cookies that is good, or the fault of the first.
    pub(crate) fn open<'v>(
        &self,
        cookies: impl Iterator<Item = &'v str>,
        now: SystemTime,
    ) -> Session {
        let mut fault = None;
        for value in cookies {
            match self.open_one(value, now) {
                Ok(session) => return session,
                Err(error) => drop(fault.get_or_insert(error)),
            }
        }
        fault.map_or_else(Session::new, Session::faulty)
    }

    fn open_one(&self, value: &str, now: SystemTime) -> Result<Session, SessionError> {
        let session = self.format.read(value, &self.context(now))?;
        if let Some(times) = session.times {
            // Lifetimes may have become shorter since it was written.
            let now = to_seconds(now);
            let over =
                |since: u64, lifetime: Duration| now >= since.saturating_add(lifetime.as_secs());
            if over(times.issued, self.idle) || over(times.started, self.longest) {
                return Err(SessionError::new(SessionErrorKind::Expired));
            }
        }
        match &self.revoked {
            Some(revoked) if revoked(&session) => Err(SessionError::new(SessionErrorKind::Ended)),
            _ => Ok(session),
        }
    }

    /// Whether using the session has to be written down.
    fn is_due(&self, session: &Session, now: SystemTime) -> bool {
        let Some(times) = session.times else { return false };
        let elsewhere = session.expires_elsewhere.map_or(u64::MAX, to_seconds);
        let end = times.started.saturating_add(self.longest.as_secs()).min(elsewhere);
        self.sliding
            && to_seconds(now) >= times.issued.saturating_add(self.idle.as_secs() / 4)
            && times.expires < end
    }

    /// Ends what the session was before, if it is another one now.
    fn end_old(&self, session: &mut Session, now: SystemTime) -> Result<(), SessionError> {
        match session.read_as {
            Some(old) if session.id() != Some(old) || session.is_empty() => {
                session.read_as = None;
                self.format.end(&old, &self.context(now))
            }
            _ => Ok(()),
        }
    }

    /// The cookie of a session that stays.
    fn write(&self, session: &mut Session, req: &Request) -> Result<SetCookie, SessionError> {
        session.id.get_or_draw(&*self.random)?;
        let now = to_seconds(req.received());
        let started = session.times.map_or(now, |times| times.started);
        let elsewhere = session.expires_elsewhere.map_or(u64::MAX, to_seconds);
        let expires = (now.saturating_add(self.idle.as_secs()))
            .min(started.saturating_add(self.longest.as_secs()))
            .min(elsewhere);
        if expires < now {
            return Err(SessionError::new(SessionErrorKind::Expired));
        }
        session.times = Some(Times { issued: now, started, expires });
        let value = self.format.write(session, &self.context(req.received()))?;
        session.read_as = session.id();
        session.changed = false;
        session.destroyed = false;
        let mut cookie = self.cookie(SetCookie::new(&*self.name, value), req);
        if self.persistent {
            cookie = cookie.max_age(Duration::from_secs(expires - now));
        }
        let len = cookie.header_len();
        if len > MAX_COOKIE {
            let limit = MAX_COOKIE;
            return Err(SessionError::new(SessionErrorKind::TooLarge { len, limit }));
        }
        Ok(cookie)
    }

    fn removal(&self, req: &Request) -> SetCookie {
        self.cookie(SetCookie::removal(&*self.name), req)
    }

    /// With all that is the same when it is set and when it is removed.
    fn cookie(&self, cookie: SetCookie, req: &Request) -> SetCookie {
        let prefixed = |prefix: &str| {
            self.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let secure = match self.secure {
            SecureCookie::Always => true,
            SecureCookie::Never => false,
            SecureCookie::Auto => {
                req.is_secure()
                    || prefixed("__Host-")
                    || prefixed("__Secure-")
                    || self.same_site == SameSite::None
            }
        };
        let cookie = cookie.path(&*self.path).secure(secure).same_site(self.same_site);
        match &self.domain {
            Some(domain) => cookie.domain(&**domain),
            None => cookie,
        }
    }

    /// What the client is to be told at the end of a request.
    fn finish(&self, slot: &mut Slot, req: &Request) -> Result<Option<SetCookie>, SessionError> {
        let Slot { cell, own } = slot;
        let session = match own {
            Some(own) => own,
            // Nothing changed; perhaps it is to be written all the same.
            None => {
                let session = cell.session();
                if session.fault().is_some_and(SessionError::is_final) && !cell.token_used() {
                    return Ok(Some(self.removal(req)));
                }
                let fresh = cell.token_used() && session.read_as != session.id();
                let due = session.changed || (session.is_known() && self.is_due(session, cell.now));
                if !fresh && !due {
                    return Ok(None);
                }
                own.insert(session.fork())
            }
        };
        let was_sent = !cell.cookies.is_empty();
        let token = cell.token_used();
        if session.is_empty() && !token {
            let is_lost = session.fault().is_some_and(SessionError::is_final);
            if session.changed {
                self.end_old(session, cell.now)?;
            }
            let removed = session.destroyed || (was_sent && (session.changed || is_lost));
            return Ok(removed.then(|| self.removal(req)));
        }
        if session.read_as.is_some() && session.read_as != session.id() {
            self.end_old(session, cell.now)?;
        }
        let renewed = session.read_as != session.id();
        if !(session.changed || renewed || self.is_due(session, cell.now)) {
            return Ok(None);
        }
        match self.write(session, req) {
            Ok(cookie) => Ok(Some(cookie)),
            // Somebody logged out or in while this request ran; neither is to be undone.
            Err(error) if *error.kind() == SessionErrorKind::Ended => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Hook for Sessions {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        let cookies = self.inner.cookies_of(req).map(Box::from).collect();
        let cell = Arc::new(Cell::new(Arc::clone(&self.inner), req.received(), cookies));
        req.extensions_mut().insert(Slot { cell, own: None });
        Ok(())
    }

    fn after(&self, req: &mut Request, response: &mut Response) -> Result<(), Error> {
        let Some(mut slot) = req.extensions_mut().remove::<Slot>() else { return Ok(()) };
        let mine = Arc::ptr_eq(&slot.cell.inner, &self.inner);
        let told = if mine && slot.cell.was_read() {
            // A page with a form token is for one client, too.
            let token = slot.cell.token_used();
            self.inner.finish(&mut slot, req).map(|cookie| (true, token, cookie))
        } else {
            Ok((false, false, None))
        };
        // Hooks around this one may still want to know who it was.
        req.extensions_mut().insert(slot);
        let (read, token, cookie) = told?;
        if read {
            response.headers_mut().add_vary("cookie")?;
        }
        if cookie.is_some() || token {
            keep_private(response)?;
        }
        if let Some(cookie) = cookie {
            response.headers_mut().set_cookie(&cookie)?;
        }
        Ok(())
    }
}

/// Keeps an answer out of caches that others read, unless it says so already.
pub(crate) fn keep_private(response: &mut Response) -> Result<(), Error> {
    let is_private = response.headers().get_all("cache-control").any(|value| {
        value.to_str().is_ok_and(|text| {
            text.split(',').any(|directive| {
                let directive = directive.trim();
                directive.eq_ignore_ascii_case("no-store")
                    || directive.eq_ignore_ascii_case("private")
            })
        })
    });
    if !is_private {
        response.headers_mut().insert("cache-control", "no-store")?;
    }
    Ok(())
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("name", &self.inner.name)
            .field("idle", &self.inner.idle)
            .field("longest", &self.inner.longest)
            .finish_non_exhaustive()
    }
}
