//! Sessions: what an application remembers of one client from request to request.

mod bytes;
mod data;
mod error;
mod format;
mod hook;
mod id;
#[cfg(feature = "json")]
mod jwt;
mod plain;
mod request;
mod sealed;
mod slot;
mod stored;

pub(crate) use data::to_seconds;
pub use data::{Flash, Session};
#[cfg(feature = "compat")]
pub(crate) use data::{Times, Value};
pub use error::{SessionError, SessionErrorKind};
pub use format::{SessionContext, SessionFormat};
pub(crate) use hook::keep_private;
pub use hook::{SecureCookie, Sessions};
pub use id::SessionId;
#[cfg(feature = "json")]
pub use jwt::JwtSession;
pub use plain::PlainSession;
pub use request::RequestSession;
#[cfg(feature = "json")]
pub(crate) use sealed::SKEW;
pub use sealed::SealedSession;
pub(crate) use slot::{Cell, Slot};
pub use stored::StoredSession;
