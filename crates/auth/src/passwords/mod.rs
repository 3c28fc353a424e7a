//! Users and what is stored of their passwords: files as `htdigest` makes them, and the traits
//! that logins ask.
//!
//! | | |
//! |---|---|
//! | [`PasswordMap`] | users of realms, as a value: text in, text out |
//! | [`Passwords`] | the same, shared, from a file that is read again when it changed |
//! | [`DigestUsers`], [`Verifier`] | what Digest and Basic ask, for users that are kept elsewhere |
//! | `Argon2Passwords` | hashes that are slow to guess, for Basic (feature `argon2`) |

#[cfg(feature = "argon2")]
mod argon;
#[cfg(feature = "password-file")]
mod file;
mod map;
mod shared;
mod stored;
mod users;

#[cfg(feature = "argon2")]
pub use argon::{Argon2Passwords, HashError};
#[cfg(feature = "password-file")]
pub use file::{FileError, load, save};
pub use map::{PasswordError, PasswordMap};
pub use shared::Passwords;
pub use stored::StoredDigest;
pub use users::{DigestUser, DigestUsers, UserName, Verifier};
