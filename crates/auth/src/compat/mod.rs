//! Session cookies and tokens of PoorWSGI, to be read and written while an application moves.
//!
//! What is wrong with them is why the default is another: [`PoorSession`] hides its data under a
//! stream of bytes that is the same for each cookie, neither is bound to the name of its cookie, and
//! neither knows when it ends. So read with these, and write with
//! [`SealedSession`](crate::session::SealedSession): [`Migrating`] does just that.

mod aes_session;
mod mersenne;
mod metadata;
mod migrating;
mod poor_session;
mod token;

pub use aes_session::AesSession;
pub use migrating::Migrating;
pub use poor_session::{Compression, PoorSession};
pub use token::{check_poor_token, get_poor_token};
