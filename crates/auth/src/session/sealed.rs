//! Sessions in sealed cookies: the default.

use std::time::{Duration, SystemTime};

use crate::keys::Keys;
use crate::sealer::Sealer;
use crate::session::bytes;
use crate::session::data::{Session, Times, to_seconds};
use crate::session::error::{SessionError, SessionErrorKind};
use crate::session::format::{SessionContext, SessionFormat};

/// Sessions that live in their cookies, encrypted and authenticated with AES-256-GCM: the server
/// keeps nothing, and the client can neither read nor change them.
///
/// The name of the cookie and the audience are authenticated with each, so that no cookie is worth
/// anything under another name or in another application with the same secret. The times at which
/// it was written, began and ends are inside. Servers with the same [`Keys`] and audience read each
/// other's sessions; nothing else has to be shared.
///
/// What no cookie alone can do: a copy of an old one is valid until its time is over, also after a
/// logout, and of two requests at once the later answer wins. Where that matters take a
/// [`StoredSession`](crate::session::StoredSession), or
/// [`revoked_if`](crate::session::Sessions::revoked_if).
#[derive(Clone, Debug)]
pub struct SealedSession {
    sealer: Sealer,
    audience: Box<str>,
}

/// How far clocks may be apart.
pub(crate) const SKEW: Duration = Duration::from_secs(60);

impl SealedSession {
    /// With these keys, for no audience in particular.
    #[must_use]
    pub fn new(keys: impl Into<Keys>) -> Self {
        Self { sealer: Sealer::new(&keys.into(), "session"), audience: "".into() }
    }

    /// For one audience: the name of the application, where several have the same keys.
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        self.audience = audience.into();
        self
    }
}

impl SessionFormat for SealedSession {
    fn write(
        &self,
        session: &Session,
        context: &SessionContext<'_>,
    ) -> Result<String, SessionError> {
        let plain = bytes::encode(session).ok_or_else(SessionError::bad)?;
        let about = [context.cookie.as_bytes(), self.audience.as_bytes()];
        Ok(self.sealer.seal(&about, &plain, context.random)?)
    }

    fn read(&self, value: &str, context: &SessionContext<'_>) -> Result<Session, SessionError> {
        let about = [context.cookie.as_bytes(), self.audience.as_bytes()];
        let plain = self.sealer.open(&about, value).ok_or_else(SessionError::bad)?;
        let session = bytes::decode(&plain)?;
        match session.times {
            Some(times) => times.check(context.now)?,
            None => return Err(SessionError::bad()),
        }
        Ok(session)
    }
}

impl Times {
    /// Whether now is between the times.
    pub(crate) fn check(&self, now: SystemTime) -> Result<(), SessionError> {
        let now = to_seconds(now);
        if self.expires <= now {
            return Err(SessionError::new(SessionErrorKind::Expired));
        }
        if self.issued.max(self.started) > now.saturating_add(SKEW.as_secs()) {
            return Err(SessionError::new(SessionErrorKind::FromTheFuture));
        }
        Ok(())
    }
}
