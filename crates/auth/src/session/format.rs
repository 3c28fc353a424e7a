//! How a session becomes the value of a cookie, and is made of it.

use std::fmt;
use std::time::SystemTime;

use crate::random::Randomness;
use crate::session::data::Session;
use crate::session::error::SessionError;
use crate::session::id::SessionId;

/// What a format is told about the cookie.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct SessionContext<'c> {
    /// The name of the cookie.
    pub cookie: &'c str,
    /// The time of the request.
    pub now: SystemTime,
    /// Random bytes.
    pub random: &'c dyn Randomness,
}

impl<'c> SessionContext<'c> {
    /// For a cookie of this name.
    pub fn new(cookie: &'c str, now: SystemTime, random: &'c dyn Randomness) -> Self {
        Self { cookie, now, random }
    }
}

impl fmt::Debug for SessionContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionContext").field("cookie", &self.cookie).finish_non_exhaustive()
    }
}

/// How a session becomes the value of a cookie, and is made of it.
///
/// [`Sessions`](super::Sessions) does everything else: the cookie's attributes, lifetimes, and when
/// it is written.
pub trait SessionFormat: Send + Sync {
    /// The value of the cookie for a session, whose times and number are set. Only characters that
    /// a cookie can hold (RFC 6265, section 4.1.1).
    ///
    /// # Errors
    /// When it cannot be kept; [`Ended`](super::SessionErrorKind::Ended) when it was ended
    /// elsewhere meanwhile, which is no fault.
    fn write(
        &self,
        session: &Session,
        context: &SessionContext<'_>,
    ) -> Result<String, SessionError>;

    /// The session of a cookie's value.
    ///
    /// # Errors
    /// When it is not one that [`write`](Self::write) gave for the same context, or its time is
    /// over.
    fn read(&self, value: &str, context: &SessionContext<'_>) -> Result<Session, SessionError>;

    /// A session of this number was ended or has a new one. Nothing to do for those that live in
    /// their cookies.
    ///
    /// # Errors
    /// When it goes on to be valid.
    fn end(&self, id: &SessionId, context: &SessionContext<'_>) -> Result<(), SessionError> {
        let _ = (id, context);
        Ok(())
    }
}
