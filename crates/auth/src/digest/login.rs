//! The login: a hook that challenges, verifies, and proves itself.

use std::fmt;
use std::io::Read as _;
use std::str;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use pauper_message::{BodyKind, Error, Hook, Request, Response, StatusCode};

use super::builder::{DigestBuilder, Qop};
use super::calculate::{Exchange, Protection};
use super::challenge::{Challenge, quoted};
use super::counts::NonceCounts;
use super::credentials::{DigestCredentials, DigestUser as SentUser};
use super::hash::{Algorithm, Hash, Hasher, HexDigest};
use super::nonce::{NonceId, Nonces, from_millis, millis};
use super::target;
use crate::keys::Keys;
use crate::log_macros::info;
use crate::passwords::{DigestUser, DigestUsers, UserName};
use crate::random::Randomness;
use crate::user::{RequestUser as _, User};

/// A login by HTTP Digest, as a hook of an application, a group of routes or a route. Clones are
/// the same login: a client that logged in to one is logged in to the others.
///
/// Who cannot log in is answered 401 before the body is read; credentials that cannot be read, or
/// are for another target, are 400. The page is the application's. [`user`] is who logged in.
///
/// ```
/// # #[cfg(feature = "system-random")] {
/// use pauper_auth::digest::{Digest, Hash};
/// use pauper_auth::passwords::PasswordMap;
/// use pauper_auth::{Secret, SystemRandom};
/// use pauper_message::{Hook, Request};
///
/// let mut users = PasswordMap::new();
/// users.set_password("Staff", "alice", "correct horse", Hash::Sha256).unwrap();
/// let secret = Secret::random(&SystemRandom).unwrap();
/// let login = Digest::builder("Staff", secret, users).build().unwrap();
/// let admins = login.clone().only(["alice"]); // app.get("/admin", admin).hook(admins)
///
/// let mut req = Request::builder().build().unwrap();
/// let refused = admins.before(&mut req).unwrap_err();
/// assert_eq!(refused.status().unwrap(), 401);
/// # }
/// ```
///
/// The hook has to stand outside of hooks that change the body of answers, and the login of an
/// app is the first of its hooks.
///
/// [`user`]: crate::RequestUser::user
#[derive(Clone)]
pub struct Digest {
    shared: Arc<Shared>,
    only: Option<Arc<[Box<str>]>>,
}

pub(crate) struct Shared {
    pub(crate) realm: Arc<str>,
    pub(crate) nonces: Nonces,
    pub(crate) users: Arc<dyn DigestUsers>,
    pub(crate) random: Arc<dyn Randomness>,
    pub(crate) counts: Arc<dyn NonceCounts>,
    /// The latest time that was seen. A clock that steps back stands still here, so that nonces
    /// stay in order and none comes alive again.
    pub(crate) latest: AtomicU64,
    pub(crate) algorithms: Option<Vec<Algorithm>>,
    pub(crate) qop: Vec<Qop>,
    pub(crate) opaque: Box<str>,
    pub(crate) domain: Box<str>,
    pub(crate) userhash: bool,
    pub(crate) utf8: bool,
    pub(crate) bound: bool,
}

/// Why somebody is answered 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No credentials of this scheme were sent.
    Missing,
    /// The nonce is not ours, too old, or was used.
    Stale,
    /// The credentials are not good here: user, password, realm, or what was offered.
    Credentials,
    /// The user may not be here.
    NotAllowed,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "no credentials",
            Self::Stale => "a nonce that is stale",
            Self::Credentials => "wrong credentials",
            Self::NotAllowed => "a user who may not be here",
        })
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    pub(crate) fn into_error(self) -> Error {
        Error::with_source(StatusCode::UNAUTHORIZED, None, self)
    }
}

/// What is known of a request, for the hooks that come later.
struct Login {
    login: Arc<Shared>,
    user: Arc<str>,
    stored: HexDigest,
    known: bool,
    id: NonceId,
    sent: Sent,
    /// The body has to be seen first.
    pending: bool,
}

/// The logins that wait for the body.
#[derive(Default)]
struct Pending(Vec<Arc<Shared>>);

/// The credentials, as far as they are needed later.
struct Sent {
    algorithm: Algorithm,
    nonce: Box<str>,
    uri: Box<str>,
    response: HexDigest,
    protection: Option<SentQop>,
}

struct SentQop {
    count_text: Box<str>,
    count: u32,
    client_nonce: Box<str>,
    with_body: bool,
}

/// That the challenge has to say `stale=true`.
struct StaleOf(Arc<Shared>);

impl Sent {
    fn of(sent: &DigestCredentials<'_>) -> Self {
        Self {
            algorithm: sent.algorithm,
            nonce: (*sent.nonce).into(),
            uri: (*sent.uri).into(),
            response: sent.response,
            protection: sent.protection.as_ref().map(|protection| SentQop {
                count_text: (*protection.count_text).into(),
                count: protection.count,
                client_nonce: (*protection.client_nonce).into(),
                with_body: protection.with_body,
            }),
        }
    }

    fn exchange(&self, body: Option<HexDigest>) -> Exchange<'_> {
        Exchange {
            algorithm: self.algorithm,
            nonce: &self.nonce,
            protection: self.protection.as_ref().map(|sent| Protection {
                count: &sent.count_text,
                client_nonce: &sent.client_nonce,
                body,
            }),
            uri: &self.uri,
        }
    }
}

impl Digest {
    /// A login to a realm, with random numbers of the system.
    #[cfg(feature = "system-random")]
    pub fn builder(
        realm: &str,
        keys: impl Into<Keys>,
        users: impl DigestUsers + 'static,
    ) -> DigestBuilder {
        Self::builder_with_random(realm, keys, users, crate::random::SystemRandom)
    }

    /// A login to a realm, with random numbers of one's own.
    pub fn builder_with_random(
        realm: &str,
        keys: impl Into<Keys>,
        users: impl DigestUsers + 'static,
        random: impl Randomness + 'static,
    ) -> DigestBuilder {
        DigestBuilder::new(realm, keys.into(), Arc::new(users), Arc::new(random))
    }

    pub(crate) fn of(shared: Shared) -> Self {
        Self { shared: Arc::new(shared), only: None }
    }

    /// The same login, for these users only. Others are answered 401, so that they can log in as
    /// somebody else.
    #[must_use]
    pub fn only(mut self, users: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.only = Some(users.into_iter().map(Into::into).collect());
        self
    }

    /// The realm.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.shared.realm
    }

    /// The values of WWW-Authenticate for a request, one for each algorithm that is offered, with
    /// a new nonce that they share; for those who make the answer themselves.
    ///
    /// # Errors
    /// When there are no random bytes, or the users cannot be asked.
    pub fn challenges(&self, req: &Request, stale: bool) -> Result<Vec<String>, Error> {
        let shared = &*self.shared;
        let now = shared.now(req);
        let (nonce, id) = shared.nonces.issue(shared.client(req), now, &*shared.random)?;
        shared.counts.issued(&id);
        let challenge = |algorithm| {
            let challenge = Challenge {
                realm: &shared.realm,
                domain: &shared.domain,
                qop: &shared.qop,
                algorithm,
                nonce: &nonce,
                opaque: &shared.opaque,
                userhash: shared.userhash,
                utf8: shared.utf8,
                stale,
            };
            challenge.to_text()
        };
        Ok(shared.offered(now)?.into_iter().map(challenge).collect())
    }

    fn is_allowed(&self, user: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|allowed| **allowed == *user))
    }

    /// All that can be said before the body is there.
    fn log_in(&self, req: &mut Request) -> Result<(), Error> {
        if let Some(login) = req.extensions().get::<Login>()
            && Arc::ptr_eq(&login.login, &self.shared)
        {
            // A hook around this one did it; the count of the nonce is used.
            return match self.is_allowed(&login.user) {
                true => Ok(()),
                false => Err(Refusal::NotAllowed.into_error()),
            };
        }
        let shared = &self.shared;
        let login = shared.look(req)?;
        if !self.is_allowed(&login.user) {
            // As much is calculated as for those who may; the count stays unused.
            let _ = login.verify(req.method().as_str(), None);
            return Err(Refusal::NotAllowed.into_error());
        }
        if login.pending {
            // Until the body was seen nobody is known, and nothing may be done with it.
            req.require_kept_body();
            let mut pending = req.extensions_mut().remove::<Pending>().unwrap_or_default();
            pending.0.push(Arc::clone(&self.shared));
            req.extensions_mut().insert(pending);
        } else {
            login.accept(req, None)?;
        }
        req.extensions_mut().insert(login);
        Ok(())
    }
}

impl Shared {
    /// The time of a request, but never before that of another one.
    fn now(&self, req: &Request) -> SystemTime {
        let now = millis(req.received());
        from_millis(self.latest.fetch_max(now, Ordering::Relaxed).max(now))
    }

    fn client<'r>(&self, req: &'r Request) -> &'r [u8] {
        if self.bound { req.header_bytes("user-agent").unwrap_or_default() } else { b"" }
    }

    /// The algorithms that are offered now.
    fn offered(&self, now: SystemTime) -> Result<Vec<Algorithm>, Error> {
        if let Some(algorithms) = &self.algorithms {
            return Ok(algorithms.clone());
        }
        let mut offered = Vec::with_capacity(2);
        if self.users.has(&self.realm, Hash::Sha256, now)? {
            offered.push(Algorithm::SHA_256);
        }
        if self.users.has(&self.realm, Hash::Md5, now)? {
            offered.push(Algorithm::MD5);
        }
        if offered.is_empty() {
            // Nobody can log in; a challenge there has to be all the same.
            offered.push(Algorithm::SHA_256);
        }
        Ok(offered)
    }

    fn offers(&self, algorithm: Algorithm, now: SystemTime) -> Result<bool, Error> {
        match &self.algorithms {
            Some(algorithms) => Ok(algorithms.contains(&algorithm)),
            None => Ok(self.offered(now)?.contains(&algorithm)),
        }
    }

    /// Reads the credentials and checks all of them but the response and the count.
    fn look(self: &Arc<Self>, req: &mut Request) -> Result<Login, Error> {
        let now = self.now(req);
        let wrong = |fault: &dyn fmt::Display| {
            info!("Digest login from {} refused: {fault}", req.peer());
            Error::new(StatusCode::BAD_REQUEST, fault.to_string())
        };
        let parameters = match parameters_of(req, "digest") {
            Ok(Some(parameters)) => parameters,
            Ok(None) => return Err(Refusal::Missing.into_error()),
            Err(fault) => return Err(wrong(&fault)),
        };
        let sent = DigestCredentials::parse(parameters).map_err(|fault| wrong(&fault))?;
        let refused = |why: &str| {
            info!("Digest login from {} refused: {why}", req.peer());
            Err(Refusal::Credentials.into_error())
        };
        if *sent.realm != *self.realm {
            return refused("another realm");
        }
        let Ok(id) = self.nonces.check(&sent.nonce, self.client(req), now) else {
            info!("Digest login from {}: the nonce is stale or not ours", req.peer());
            req.extensions_mut().insert(StaleOf(Arc::clone(self)));
            return Err(Refusal::Stale.into_error());
        };
        if !self.offers(sent.algorithm, now)? {
            return refused("an algorithm that was not offered");
        }
        let qop = sent.protection.as_ref().map(|protection| match protection.with_body {
            true => Qop::AuthInt,
            false => Qop::Auth,
        });
        if qop.is_none_or(|qop| !self.qop.contains(&qop)) && !(qop.is_none() && self.qop.is_empty())
        {
            return refused("a quality of protection that was not offered");
        }
        if sent.opaque.as_deref().unwrap_or_default() != &*self.opaque {
            return refused("another opaque text");
        }
        if !target::is_same(&sent.uri, req.target(), req.authority()) {
            return Err(wrong(&"the credentials are for another target"));
        }
        let name = match &sent.user {
            SentUser::Name(name) => UserName::Plain(name),
            SentUser::Hashed(name) if self.userhash => UserName::Hashed(name),
            SentUser::Hashed(_) => return refused("a hashed user, which was not asked for"),
        };
        let hash = sent.algorithm.hash();
        let found = self.users.find(&self.realm, name, hash, now)?;
        let known = found.is_some();
        // For somebody unknown the same is calculated, with a digest that nobody has.
        let DigestUser { name, digest } = found.unwrap_or_else(|| DigestUser {
            name: "".into(),
            digest: HexDigest::of_bytes(&[0; 32][..hash.hex_len() / 2]),
        });
        let pending = qop == Some(Qop::AuthInt);
        let sent = Sent::of(&sent);
        Ok(Login { login: Arc::clone(self), user: name, stored: digest, known, id, sent, pending })
    }
}

/// The parameters of the one Authorization header, if it is of this scheme.
pub(crate) fn parameters_of<'r>(
    req: &'r Request,
    scheme: &str,
) -> Result<Option<&'r [u8]>, &'static str> {
    let mut values = req.head().header_all("authorization");
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err("there are two Authorization headers");
    }
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    if !value[..end].eq_ignore_ascii_case(scheme.as_bytes()) {
        return Ok(None);
    }
    Ok(Some(&value[end..]))
}

impl Login {
    /// Whether the response is right.
    fn verify(&self, method: &str, body: Option<HexDigest>) -> bool {
        let expected = self.sent.exchange(body).response(&self.stored, method);
        (expected == self.sent.response) & self.known
    }

    /// Verifies the response, uses the count, and says who it is.
    fn accept(&self, req: &mut Request, body: Option<HexDigest>) -> Result<(), Error> {
        let shared = &self.login;
        if !self.verify(req.method().as_str(), body) {
            info!("Digest login from {} refused: wrong user or password", req.peer());
            return Err(Refusal::Credentials.into_error());
        }
        // Without counts each nonce is good once.
        let count = self.sent.protection.as_ref().map_or(1, |sent| sent.count);
        let lifetime = shared.nonces.lifetime();
        if !shared.counts.first_use(&self.id, count, shared.now(req), lifetime)? {
            info!("Digest login from {}: a count was used before", req.peer());
            req.extensions_mut().insert(StaleOf(Arc::clone(shared)));
            return Err(Refusal::Stale.into_error());
        }
        req.set_user(User::new(Arc::clone(&self.user), Arc::clone(&shared.realm)));
        Ok(())
    }

    /// The value of Authentication-Info (RFC 7616, section 3.5).
    fn info(&self, req: &Request, response: &Response) -> Result<Option<String>, Error> {
        let shared = &self.login;
        let mut parts = Vec::with_capacity(5);
        let now = shared.now(req);
        let old = self.id.issued().checked_add(shared.nonces.lifetime() / 2);
        if self.sent.protection.is_none() || old.is_some_and(|old| old <= now) {
            let (nonce, id) = shared.nonces.issue(shared.client(req), now, &*shared.random)?;
            shared.counts.issued(&id);
            parts.push(format!("nextnonce=\"{nonce}\""));
        }
        if let Some(sent) = &self.sent.protection {
            // A body that is made while it is sent has no digest yet; then the head is what is
            // proved.
            let body = match (sent.with_body, response.body().kind()) {
                (true, BodyKind::Empty) => Some(self.sent.algorithm.hash().of(b"")),
                (true, BodyKind::List(list)) if req.method() != "HEAD" => {
                    let mut hasher = Hasher::new(self.sent.algorithm.hash());
                    list.pieces().for_each(|piece| hasher.update(piece));
                    Some(hasher.finish())
                }
                _ => None,
            };
            let qop = if body.is_some() { Qop::AuthInt } else { Qop::Auth };
            let proof = self.sent.exchange(None).response_auth(&self.stored, body);
            parts.push(format!("qop={}", qop.name()));
            parts.push(format!("rspauth=\"{}\"", proof.as_str()));
            parts.push(format!("cnonce={}", quoted(&sent.client_nonce)));
            parts.push(format!("nc={}", sent.count_text));
        }
        Ok((!parts.is_empty()).then(|| parts.join(",")))
    }
}

impl Hook for Digest {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        self.log_in(req)
    }

    fn with_body(&self, req: &mut Request) -> Result<(), Error> {
        // Whoever was not put off has nothing to be asked for.
        let Some(pending) = req.extensions_mut().get_mut::<Pending>() else { return Ok(()) };
        let Some(at) = pending.0.iter().position(|shared| Arc::ptr_eq(shared, &self.shared)) else {
            return Ok(());
        };
        pending.0.swap_remove(at);
        let is_ours = |login: &Login| Arc::ptr_eq(&login.login, &self.shared) && login.pending;
        let Some(mut login) = req.extensions_mut().remove::<Login>().filter(is_ours) else {
            let why = "two logins of one request both want to see its body (auth-int)";
            return Err(Error::new(StatusCode::INTERNAL_SERVER_ERROR, why));
        };
        if req.body().is_streamed() {
            let why = "a body that is streamed cannot be checked for auth-int";
            return Err(Error::new(StatusCode::INTERNAL_SERVER_ERROR, why));
        }
        let mut hasher = Hasher::new(login.sent.algorithm.hash());
        let (mut reader, mut buffer) = (req.reader(), [0; 8192]);
        loop {
            match reader.read(&mut buffer)? {
                0 => break,
                len => hasher.update(&buffer[..len]),
            }
        }
        login.accept(req, Some(hasher.finish()))?;
        login.pending = false;
        req.extensions_mut().insert(login);
        Ok(())
    }

    /// Adds the challenges to every 401, whoever made it, and the proof to the answers for users.
    fn after(&self, req: &mut Request, response: &mut Response) -> Result<(), Error> {
        if response.status() == StatusCode::UNAUTHORIZED {
            if response.headers().contains("www-authenticate") {
                return Ok(());
            }
            let ours = |stale: &StaleOf| Arc::ptr_eq(&stale.0, &self.shared);
            let stale = req.extensions().get::<StaleOf>().is_some_and(ours);
            for challenge in self.challenges(req, stale)? {
                response.headers_mut().append("www-authenticate", challenge)?;
            }
            return Ok(());
        }
        let Some(login) = req.extensions().get::<Login>() else { return Ok(()) };
        let ours = Arc::ptr_eq(&login.login, &self.shared) && !login.pending;
        if ours
            && !response.headers().contains("authentication-info")
            && let Some(info) = login.info(req, response)?
        {
            response.headers_mut().insert("authentication-info", info)?;
        }
        Ok(())
    }
}

/// Tells the realm.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({:?})", self.shared.realm)
    }
}
