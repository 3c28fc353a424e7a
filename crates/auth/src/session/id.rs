//! The number of a session.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::encoding::{from_base64, to_base64};
use crate::random::{RandomError, Randomness, draw};

/// The number of a session: 128 random bits. Whoever knows that of a stored session has the
/// session, so `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// A fresh one.
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn random(random: &dyn Randomness) -> Result<Self, RandomError> {
        draw(random).map(Self)
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// As a cookie holds it: 22 letters, digits, `-` and `_`.
    pub(crate) fn to_text(self) -> String {
        to_base64(&self.0)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        from_base64(text)?.try_into().ok().map(Self)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// The number that a session has now. The session and its form token look at the same one, so
/// that a token that is made after a login is bound to the new number.
#[derive(Debug, Default)]
pub(crate) struct IdCell(Mutex<Option<SessionId>>);

impl IdCell {
    pub(crate) fn get(&self) -> Option<SessionId> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, id: Option<SessionId>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = id;
    }

    pub(crate) fn get_or_draw(&self, random: &dyn Randomness) -> Result<SessionId, RandomError> {
        let mut id = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *id {
            Some(id) => Ok(id),
            None => Ok(*id.insert(SessionId::random(random)?)),
        }
    }
}
