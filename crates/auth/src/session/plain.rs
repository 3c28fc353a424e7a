//! A cookie's text as it is.

use crate::session::data::Session;
use crate::session::error::{SessionError, SessionErrorKind};
use crate::session::format::{SessionContext, SessionFormat};

/// A cookie whose text is kept as it is, under the name `data`: a token that somebody else made and
/// checks, or the key of a table of one's own.
///
/// Nothing is encrypted, nothing authenticated and nothing expires: anybody can send anything, and
/// what it is worth is for the program to find out. Messages and other values cannot be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlainSession;

impl PlainSession {
    /// The name of the one value.
    pub const DATA: &'static str = "data";
}

impl SessionFormat for PlainSession {
    /// # Errors
    /// When there are other values or messages. The text has to be one that a cookie can hold,
    /// which is found out when the cookie is written.
    fn write(&self, session: &Session, _: &SessionContext<'_>) -> Result<String, SessionError> {
        match session.get(Self::DATA) {
            Some(text) if session.names().count() == 1 && session.flashes().is_empty() => {
                Ok(text.to_owned())
            }
            _ => Err(SessionError::new(SessionErrorKind::Value)),
        }
    }

    fn read(&self, value: &str, _: &SessionContext<'_>) -> Result<Session, SessionError> {
        let mut session = Session::new();
        session.set(Self::DATA, value);
        session.changed = false;
        Ok(session)
    }
}
