//! Hooks for the way out that many applications want. Each is a
//! [`Hook`](pauper_message::Hook), registered with [`App::hook`](crate::App::hook), and an example of how to
//! write one of your own:
//!
//! ```
//! use pauper_app::App;
//! use pauper_message::{Body, Error, Hook, Request, Response};
//!
//! /// Tells how long the body is before anything else is done to it.
//! struct TellLength;
//!
//! impl Hook for TellLength {
//!     fn after(&self, _: &mut Request, response: &mut Response) -> Result<(), Error> {
//!         if let Some(length) = response.body().len() {
//!             response.headers_mut().insert("X-Length", length)?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! /// Sends all text in capitals. A filter of the body takes it out, wraps its pieces, each of which
//! /// is made when the client took the one before, and puts it back.
//! struct Loud;
//!
//! impl Hook for Loud {
//!     fn after(&self, _: &mut Request, response: &mut Response) -> Result<(), Error> {
//!         let length = response.body().len();
//!         match response.take_body().into_pieces() {
//!             Ok(pieces) => {
//!                 let loud = pieces.map(|piece| Ok(piece?.to_vec().to_ascii_uppercase()));
//!                 response.set_body(Body::pieces(loud, length));
//!             }
//!             // What other threads send goes out as it is.
//!             Err(channel) => response.set_body(channel),
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let mut app = App::new("filtered");
//! app.hook(TellLength);
//! app.hook(Loud);
//! ```
//!
//! `after` runs in the order of registration: register what compresses last.

mod cors;
#[cfg(feature = "gzip")]
mod gzip;
mod security;

pub use cors::Cors;
#[cfg(feature = "gzip")]
pub use gzip::Gzip;
pub use security::SecurityHeaders;
