//! From an old format to a new one.

use crate::session::{Session, SessionContext, SessionError, SessionFormat, SessionId};

/// Reads sessions of a new format and of an old one, and writes the new one: nobody has to log in
/// again while an application moves. Take it away when the old cookies have had their time.
///
/// ```
/// # #[cfg(feature = "system-random")] {
/// use pauper_auth::compat::{Migrating, PoorSession};
/// use pauper_auth::session::{SealedSession, Sessions};
/// use pauper_auth::{Secret, SystemRandom};
///
/// let secret = Secret::random(&SystemRandom).unwrap();
/// let old = PoorSession::new("the key of before").unwrap();
/// let sessions = Sessions::new(Migrating::new(SealedSession::new(secret), old));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Migrating<N, O> {
    new: N,
    old: O,
}

impl<N: SessionFormat, O: SessionFormat> Migrating<N, O> {
    /// To the first from the second.
    #[must_use]
    pub fn new(new: N, old: O) -> Self {
        Self { new, old }
    }
}

impl<N: SessionFormat, O: SessionFormat> SessionFormat for Migrating<N, O> {
    fn write(
        &self,
        session: &Session,
        context: &SessionContext<'_>,
    ) -> Result<String, SessionError> {
        self.new.write(session, context)
    }

    fn read(&self, value: &str, context: &SessionContext<'_>) -> Result<Session, SessionError> {
        self.new.read(value, context).or_else(|error| {
            let old = self.old.read(value, context).map_err(|_| error)?;
            Ok(old.rewritten())
        })
    }

    fn end(&self, id: &SessionId, context: &SessionContext<'_>) -> Result<(), SessionError> {
        self.new.end(id, context)?;
        self.old.end(id, context)
    }
}
