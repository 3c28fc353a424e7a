//! Why a session cannot be read or kept.

use std::fmt;

use crate::random::RandomError;
use crate::store_error::StoreError;

/// Why a session cannot be read or kept. It is for logs and for decisions; a client is told no
/// more than that it has to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionError {
    kind: SessionErrorKind,
}

/// The kinds of [`SessionError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionErrorKind {
    /// The cookie was not made here, or was changed, or is of another name, audience or key.
    Bad,
    /// Its time is over.
    Expired,
    /// It was made in the future, so some clock is wrong.
    FromTheFuture,
    /// It was ended on the server: by a logout, or because it was revoked.
    Ended,
    /// It is too large for a cookie.
    TooLarge {
        /// The length that it would have, in bytes.
        len: usize,
        /// The most that it may have.
        limit: usize,
    },
    /// A value is not of the type that was asked for, or cannot be written.
    Value,
    /// The store did not answer.
    Store(StoreError),
    /// There are no random bytes.
    Random,
}

impl SessionError {
    #[cold]
    pub(crate) fn new(kind: SessionErrorKind) -> Self {
        Self { kind }
    }

    pub(crate) fn bad() -> Self {
        Self::new(SessionErrorKind::Bad)
    }

    /// What kind of fault it is.
    pub fn kind(&self) -> &SessionErrorKind {
        &self.kind
    }

    /// Whether the client is to be told to forget the cookie. Not for one that ended on the server:
    /// the request may have begun before a login that replaced it, and its answer must not take
    /// the new one away.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.kind, SessionErrorKind::Bad | SessionErrorKind::Expired)
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use SessionErrorKind as Kind;
        match &self.kind {
            Kind::Bad => f.write_str("the session cookie is not one of ours"),
            Kind::Expired => f.write_str("the session has expired"),
            Kind::FromTheFuture => f.write_str("the session was made in the future"),
            Kind::Ended => f.write_str("the session has ended"),
            Kind::TooLarge { len, limit } => {
                write!(f, "the session makes a cookie of {len} bytes and {limit} are the most")
            }
            Kind::Value => f.write_str("a value of the session is not of this type"),
            Kind::Store(error) => write!(f, "the sessions cannot be reached: {error}"),
            Kind::Random => RandomError.fmt(f),
        }
    }
}

impl std::error::Error for SessionError {}

impl From<RandomError> for SessionError {
    fn from(_: RandomError) -> Self {
        Self::new(SessionErrorKind::Random)
    }
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self::new(SessionErrorKind::Store(error))
    }
}
