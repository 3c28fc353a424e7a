//! Sessions: what an application remembers of one client from request to request.

mod bytes;
mod data;
mod error;
mod format;
mod hook;
mod id;
mod request;
mod sealed;
mod slot;

pub use data::{Flash, Session};
pub use error::{SessionError, SessionErrorKind};
pub use format::{SessionContext, SessionFormat};
pub(crate) use hook::keep_private;
pub use hook::{SecureCookie, Sessions};
pub use id::SessionId;
pub use request::RequestSession;
pub use sealed::SealedSession;
pub(crate) use slot::{Cell, Slot};
