//! HTTP Digest (RFC 7616; RFC 2617 and 2069 where that is allowed).
//!
//! | | |
//! |---|---|
//! | [`Digest`] | a login of an application, a group of routes or a route, as a hook |
//! | [`DigestCredentials`] | what a client sends, taken apart |
//! | [`Exchange`], [`hexdigest`], [`userhash`] | what both sides calculate |
//! | [`Nonces`] | nonces that need no memory |
//! | [`NonceCounts`] | the memory against replays: [`MemoryNonceCounts`], [`OnceCounts`] |
//!
//! Digest keeps the password off the wire, and that is all: whoever listens can try passwords, and
//! whoever stands between can change what is not protected. It is no replacement for TLS.

mod builder;
mod calculate;
mod challenge;
mod counts;
mod credentials;
mod hash;
mod login;
mod nonce;
mod target;

pub use builder::{DigestBuilder, DigestConfigError, Qop};
pub use calculate::{Exchange, Protection, hexdigest, userhash};
pub(crate) use challenge::quoted;
pub use counts::{MemoryNonceCounts, NoReplayProtection, NonceCounts, OnceCounts};
pub use credentials::{CredentialsError, DigestCredentials, DigestUser, SentProtection};
pub use hash::{Algorithm, Hash, HexDigest, UnknownAlgorithm};
pub(crate) use login::parameters_of;
pub use login::{Digest, Refusal};
pub use nonce::{NonceId, Nonces, StaleNonce};
