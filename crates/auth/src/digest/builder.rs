//! The settings of a login.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::counts::{MemoryNonceCounts, NonceCounts};
use super::hash::Algorithm;
use super::login::{Digest, Shared};
use super::nonce::Nonces;
use crate::keys::Keys;
use crate::passwords::DigestUsers;
use crate::random::Randomness;

/// What of a request the response protects (RFC 7616, section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop {
    /// Method and target: `auth`.
    Auth,
    /// The body, too: `auth-int`. Hardly any client has it.
    AuthInt,
}

impl Qop {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

/// Settings of a [`Digest`]; made by [`Digest::builder`].
pub struct DigestBuilder {
    keys: Keys,
    lifetime: Duration,
    shared: Shared,
}

impl DigestBuilder {
    pub(crate) fn new(
        realm: &str,
        keys: Keys,
        users: Arc<dyn DigestUsers>,
        random: Arc<dyn Randomness>,
    ) -> Self {
        let lifetime = Duration::from_secs(300);
        let shared = Shared {
            realm: realm.into(),
            nonces: Nonces::new(keys.clone(), realm, lifetime),
            users,
            random,
            counts: Arc::new(MemoryNonceCounts::default()),
            latest: AtomicU64::new(0),
            algorithms: None,
            qop: vec![Qop::Auth],
            opaque: Box::default(),
            domain: Box::default(),
            userhash: false,
            utf8: true,
            bound: true,
        };
        Self { keys, lifetime, shared }
    }

    /// The algorithms that are offered, the preferred one first; each is a challenge of its own,
    /// and others are refused. If not set, those for which the realm has users: SHA-256 before
    /// MD5.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl Into<Vec<Algorithm>>) -> Self {
        self.shared.algorithms = Some(algorithms.into());
        self
    }

    /// The qualities of protection that are offered; `auth` if not set. None at all is Digest as
    /// of RFC 2069: then each nonce is good for one request.
    #[must_use]
    pub fn qop(mut self, qop: impl Into<Vec<Qop>>) -> Self {
        self.shared.qop = qop.into();
        self
    }

    /// How long a nonce is good; 5 minutes if not set. Then clients get another one and try again
    /// by themselves.
    #[must_use]
    pub fn nonce_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Who remembers which counts of a nonce were used; [`MemoryNonceCounts`] if not set, which is
    /// right for one process.
    #[must_use]
    pub fn counts(mut self, counts: impl NonceCounts + 'static) -> Self {
        self.shared.counts = Arc::new(counts);
        self
    }

    /// A text that clients have to send back, as the original's hash of the server's name; none if
    /// not set.
    #[must_use]
    pub fn opaque(mut self, opaque: &str) -> Self {
        self.shared.opaque = opaque.into();
        self
    }

    /// The URLs, with blanks between, for which the same credentials are good; if not set, clients
    /// take the whole host.
    #[must_use]
    pub fn domain(mut self, domain: &str) -> Self {
        self.shared.domain = domain.into();
        self
    }

    /// Whether clients are asked to send the hash of their name in place of the name; not if not
    /// set. Then a client that does so all the same is refused.
    #[must_use]
    pub fn userhash(mut self, userhash: bool) -> Self {
        self.shared.userhash = userhash;
        self
    }

    /// Whether clients are told that names and passwords are hashed as UTF-8 (`charset`); true if
    /// not set. They are in any case.
    #[must_use]
    pub fn announce_utf8(mut self, utf8: bool) -> Self {
        self.shared.utf8 = utf8;
        self
    }

    /// Whether a nonce is good only with the User-Agent that it was given to; true if not set.
    #[must_use]
    pub fn bind_user_agent(mut self, bound: bool) -> Self {
        self.shared.bound = bound;
        self
    }

    /// The login.
    ///
    /// # Errors
    /// For a text that cannot stand in a challenge, a lifetime under a second, an empty or
    /// repeated algorithm or quality, and for `-sess` without a quality of protection, which
    /// cannot be calculated.
    pub fn build(self) -> Result<Digest, DigestConfigError> {
        let Self { keys, lifetime, mut shared } = self;
        let fits = |text: &str| text.len() <= 1000 && !text.chars().any(char::is_control);
        for (name, text) in
            [("realm", &shared.realm[..]), ("opaque", &shared.opaque), ("domain", &shared.domain)]
        {
            if !fits(text) {
                return Err(DigestConfigError(format!(
                    "the {name} {text:?} has a control character or more than 1000 bytes"
                )));
            }
        }
        if shared.realm.is_empty() {
            return Err(DigestConfigError("the realm is empty".to_owned()));
        }
        if lifetime < Duration::from_secs(1) {
            return Err(DigestConfigError("a nonce has to live a second".to_owned()));
        }
        if let Some(algorithms) = &shared.algorithms {
            if algorithms.is_empty() {
                return Err(DigestConfigError("no algorithm is offered".to_owned()));
            }
            if let Some(at) =
                (1..algorithms.len()).find(|at| algorithms[..*at].contains(&algorithms[*at]))
            {
                return Err(DigestConfigError(format!("{} is offered twice", algorithms[at])));
            }
            if let Some(session) = algorithms.iter().find(|it| it.is_session())
                && shared.qop.is_empty()
            {
                return Err(DigestConfigError(format!("{session} needs a quality of protection")));
            }
        }
        if let Some(at) =
            (1..shared.qop.len()).find(|at| shared.qop[..*at].contains(&shared.qop[*at]))
        {
            return Err(DigestConfigError(format!("{} is offered twice", shared.qop[at].name())));
        }
        shared.nonces = Nonces::new(keys, &shared.realm, lifetime);
        Ok(Digest::of(shared))
    }
}

/// Tells the realm.
impl fmt::Debug for DigestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DigestBuilder({:?})", self.shared.realm)
    }
}

/// Why there cannot be such a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestConfigError(String);

impl fmt::Display for DigestConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest: {}", self.0)
    }
}

impl std::error::Error for DigestConfigError {}
