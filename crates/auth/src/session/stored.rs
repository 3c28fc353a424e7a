//! Sessions in a store, with only their number in the cookie.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::encoding::to_hex;
use crate::session::bytes;
use crate::session::data::{Session, from_seconds};
use crate::session::error::{SessionError, SessionErrorKind};
use crate::session::format::{SessionContext, SessionFormat};
use crate::session::id::SessionId;
use crate::store::SessionStore;

/// Sessions in a store on the server's side; the cookie holds a random number of 128 bits.
///
/// A logout ends the session everywhere at once, and it may be of any size. Every request that
/// asks for its session asks the store. The store's keys are hashes of that number and the name of
/// the cookie: neither can be made of the other, so that who reads the store cannot log in, and a
/// cookie counts under its own name only.
///
/// An empty session is never put into the store, so that visitors without one do not fill it; one
/// whose client was shown a form token is.
pub struct StoredSession<S> {
    store: S,
    audience: Box<str>,
}

impl<S: SessionStore> StoredSession<S> {
    /// In this store.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self { store, audience: "".into() }
    }

    /// For one audience: the name of the application, where several share a store.
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        self.audience = audience.into();
        self
    }

    /// The key of the store for a number.
    fn key(&self, id: &SessionId, context: &SessionContext<'_>) -> String {
        let mut hash = Sha256::new();
        for part in [context.cookie.as_bytes(), self.audience.as_bytes(), id.bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        to_hex(&hash.finalize()[..16])
    }
}

impl<S: SessionStore> SessionFormat for StoredSession<S> {
    fn write(
        &self,
        session: &Session,
        context: &SessionContext<'_>,
    ) -> Result<String, SessionError> {
        let (id, times) = session.id().zip(session.times).ok_or_else(SessionError::bad)?;
        let mut data = bytes::encode(session).ok_or_else(SessionError::bad)?;
        bytes::blank_id(&mut data);
        let key = self.key(&id, context);
        let expires = from_seconds(times.expires);
        if session.sent_id() == Some(id) {
            if !self.store.update(&key, &data, context.now, expires)? {
                return Err(SessionError::new(SessionErrorKind::Ended));
            }
        } else {
            self.store.create(&key, &data, context.now, expires)?;
        }
        Ok(id.to_text())
    }

    fn read(&self, value: &str, context: &SessionContext<'_>) -> Result<Session, SessionError> {
        let id = SessionId::parse(value).ok_or_else(SessionError::bad)?;
        let data = self.store.load(&self.key(&id, context), context.now)?;
        let data = data.ok_or_else(|| SessionError::new(SessionErrorKind::Ended))?;
        let session = bytes::decode(&data)?;
        session.times.ok_or_else(SessionError::bad)?.check(context.now)?;
        Ok(session.under(id))
    }

    fn end(&self, id: &SessionId, context: &SessionContext<'_>) -> Result<(), SessionError> {
        Ok(self.store.remove(&self.key(id, context))?)
    }
}

impl<S> fmt::Debug for StoredSession<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredSession({:?})", self.audience)
    }
}
