//! Tokens bound to a cookie of their own.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use pauper_message::{Error, FormToken, Hook, Request, Response, SameSite, SetCookie};

use crate::compare::constant_time_eq;
use crate::encoding::{from_base64, to_base64};
use crate::keys::{Key, Keys, mac};
use crate::random::{Randomness, draw};
use crate::session::keep_private;

use super::masked::{self, Token};

/// A form token that is bound to a cookie of its own, as a hook, where there are no sessions.
///
/// The cookie is set with the first answer that shows a token. It holds a random number and a MAC of
/// it, and the token is made of that number with another key: neither can be made by somebody else,
/// but a pair of both can be had by whoever visits the site. Whoever can set cookies of this host (a
/// sibling host of the domain) can plant such a pair; a name that begins with `__Host-` rules that
/// out, and so does [`Csrf`](super::Csrf) for everybody who is logged in.
#[derive(Clone)]
pub struct DoubleSubmit {
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Shared {
    cookie_keys: Vec<Key>,
    form_keys: Vec<Key>,
    name: Box<str>,
    field: Box<str>,
    random: Arc<dyn Randomness>,
}

impl DoubleSubmit {
    /// With these keys, and random numbers of the system.
    #[cfg(feature = "system-random")]
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        Self::with_random(keys, crate::random::SystemRandom)
    }

    /// With these keys, and random numbers of one's own.
    #[must_use]
    pub fn with_random(keys: &Keys, random: impl Randomness + 'static) -> Self {
        let shared = Shared {
            cookie_keys: keys.derive("double submit: cookie"),
            form_keys: keys.derive("double submit: form"),
            name: "csrf".into(),
            field: super::FIELD.into(),
            random: Arc::new(random),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The name of the field; `csrf_token` if not set.
    #[must_use]
    pub fn field(mut self, name: &str) -> Self {
        Arc::make_mut(&mut self.shared).field = name.into();
        self
    }

    /// The name of the cookie; `csrf` if not set, and `__Host-csrf` is better wherever everything
    /// is encrypted.
    #[must_use]
    pub fn cookie(mut self, name: &str) -> Self {
        Arc::make_mut(&mut self.shared).name = name.into();
        self
    }
}

impl Shared {
    /// The value of the cookie for a number.
    fn seal(&self, number: &Token) -> String {
        let mac = self.mac(&self.cookie_keys[0], number);
        to_base64(&[&number[..], &masked::first_half(mac)].concat())
    }

    /// The number in the value of a cookie.
    fn open(&self, value: &str) -> Option<Token> {
        let bytes: [u8; 32] = from_base64(value)?.try_into().ok()?;
        let (number, tag) = bytes.split_first_chunk::<16>()?;
        let is_ours = |key: &Key| constant_time_eq(tag, masked::first_half(self.mac(key, number)));
        self.cookie_keys.iter().any(is_ours).then_some(*number)
    }

    /// The name is authenticated, so that no cookie counts under another one.
    fn mac(&self, key: &Key, number: &Token) -> [u8; 32] {
        mac(&**key, &[self.name.as_bytes(), number])
    }

    fn tokens(&self, number: &Token) -> impl Iterator<Item = Token> {
        self.form_keys.iter().map(move |key| masked::first_half(self.mac(key, number)))
    }
}

/// The token of a request.
struct CookieToken {
    shared: Arc<Shared>,
    /// The number that the client sent.
    sent: Option<Token>,
    /// The one that it gets, if it sent none and is shown a token.
    fresh: OnceLock<Option<Token>>,
    shown: AtomicBool,
}

/// The same in the request's extensions, for `after`.
struct Kept(Arc<CookieToken>);

impl FormToken for CookieToken {
    fn field(&self) -> &str {
        &self.shared.field
    }

    /// Empty when there are no random bytes; then no form is accepted.
    fn value(&self) -> String {
        self.shown.store(true, Ordering::Relaxed);
        let random = &*self.shared.random;
        let number = self.sent.or_else(|| *self.fresh.get_or_init(|| draw(random).ok()));
        let made = number.and_then(|number| {
            let token = self.shared.tokens(&number).next()?;
            masked::mask(&token, random).ok()
        });
        made.unwrap_or_default()
    }

    fn accepts(&self, presented: &str) -> bool {
        match &self.sent {
            Some(number) => masked::is_one_of(presented, self.shared.tokens(number)),
            None => false,
        }
    }
}

impl Hook for DoubleSubmit {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        let sent = req
            .cookies()
            .filter(|(name, _)| **name == *shared.name)
            .take(4)
            .find_map(|(_, value)| shared.open(value));
        let token = Arc::new(CookieToken {
            shared,
            sent,
            fresh: OnceLock::new(),
            shown: AtomicBool::new(false),
        });
        req.set_form_token(Arc::<CookieToken>::clone(&token));
        req.extensions_mut().insert(Kept(token));
        Ok(())
    }

    fn after(&self, req: &mut Request, response: &mut Response) -> Result<(), Error> {
        let Some(Kept(token)) = req.extensions().get::<Kept>() else { return Ok(()) };
        // A page with a token is for one client.
        if token.shown.load(Ordering::Relaxed) {
            response.headers_mut().add_vary("cookie")?;
            keep_private(response)?;
        }
        let Some(Some(number)) = token.fresh.get() else { return Ok(()) };
        let name = &*self.shared.name;
        let prefixed = name.get(..2).is_some_and(|start| start == "__");
        let cookie = SetCookie::new(name, self.shared.seal(number))
            .same_site(SameSite::Lax)
            .secure(req.is_secure() || prefixed);
        Ok(response.headers_mut().set_cookie(&cookie)?)
    }
}

impl fmt::Debug for DoubleSubmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DoubleSubmit({:?})", self.shared.name)
    }
}
