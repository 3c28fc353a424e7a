//! Tokens bound to the session.

use std::fmt;
use std::sync::Arc;

use pauper_message::{Error, FormToken, Hook, Request};

use crate::keys::{Key, Keys, mac};
use crate::session::{Cell, SessionId, Slot};

use super::masked::{self, Token};

/// A form token that is bound to the session, as a hook. Register it after
/// [`Sessions`](crate::session::Sessions):
///
/// ```
/// # #[cfg(feature = "system-random")] {
/// use pauper_auth::csrf::Csrf;
/// use pauper_auth::session::{SealedSession, Sessions};
/// use pauper_auth::{Keys, Secret, SystemRandom};
/// use pauper_message::{Hook, Request};
///
/// let keys = Keys::new(Secret::random(&SystemRandom).unwrap());
/// let sessions = Sessions::new(SealedSession::new(keys.clone())); // app.hook(sessions)
/// let csrf = Csrf::new(&keys); // app.hook(csrf)
///
/// let mut req = Request::builder().build().unwrap();
/// sessions.before(&mut req).unwrap();
/// csrf.before(&mut req).unwrap();
/// let token = req.form_token().unwrap();
/// let field = format!(r#"<input type="hidden" name="{}" value="{}">"#, token.field(), token.value());
/// assert!(field.len() > 60);
/// # }
/// ```
///
/// The token is made of the session's number, so that nothing has to be kept for it, and a login
/// ([`Session::renew`](crate::session::Session::renew)) makes a new one. The session of a client
/// who was shown a token is kept even if it is empty.
#[derive(Clone)]
pub struct Csrf {
    shared: Arc<Shared>,
}

struct Shared {
    keys: Vec<Key>,
    field: Box<str>,
}

impl Csrf {
    /// With these keys, which may be those of the sessions.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        let keys = keys.derive("form token of a session");
        Self { shared: Arc::new(Shared { keys, field: super::FIELD.into() }) }
    }

    /// The name of the field; `csrf_token` if not set.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        let keys = self.shared.keys.clone();
        Self { shared: Arc::new(Shared { keys, field: name.into() }) }
    }
}

impl Hook for Csrf {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        let Some(slot) = req.extensions().get::<Slot>() else {
            let status = pauper_message::StatusCode::INTERNAL_SERVER_ERROR;
            let why = "`Csrf` needs sessions: register the hook `Sessions` before it";
            return Err(Error::with_source(status, None, why));
        };
        let cell = Arc::clone(&slot.cell);
        let token = SessionToken { shared: Arc::clone(&self.shared), cell };
        req.set_form_token(Arc::new(token));
        Ok(())
    }
}

struct SessionToken {
    shared: Arc<Shared>,
    cell: Arc<Cell>,
}

impl Shared {
    /// The token of a session, of each key.
    fn tokens(&self, id: SessionId) -> impl Iterator<Item = Token> {
        self.keys.iter().map(move |key| masked::first_half(mac(&**key, &[id.bytes()])))
    }
}

impl FormToken for SessionToken {
    fn field(&self) -> &str {
        &self.shared.field
    }

    /// Empty when there are no random bytes; then no form is accepted.
    fn value(&self) -> String {
        let made = self.cell.id_for_token().map(|id| {
            let token = self.shared.tokens(id).next().expect("there is a key");
            masked::mask(&token, &*self.cell.inner.random)
        });
        made.and_then(|made| made).unwrap_or_default()
    }

    fn accepts(&self, presented: &str) -> bool {
        // Of the session that came with the request, so that a token of before a login counts for
        // the form that logs in and for no other.
        match self.cell.session().sent_id() {
            Some(id) => masked::is_one_of(presented, self.shared.tokens(id)),
            None => false,
        }
    }
}

impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Csrf({:?}, {} keys)", self.shared.field, self.shared.keys.len())
    }
}
