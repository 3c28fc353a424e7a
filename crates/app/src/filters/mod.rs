//! Hooks for the way out that many applications want. Each is a
//! [`Hook`](pauper_message::Hook), registered with [`App::hook`](crate::App::hook), and an example of how to
//! write one of your own:
//!
//! ```
//! use pauper_app::App;
//! use pauper_message::{Error, Hook, Request, Response};
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
//! /// Doubles what is sent, piece by piece: a filter of the body takes it out, wraps its pieces
//! /// and puts it back.
//! struct Echo;
//!
//! impl Hook for Echo {
//!     fn after(&self, _: &mut Request, response: &mut Response) -> Result<(), Error> {
//!         let body = response.take_body().into_bytes(1 << 20)?;
//!         response.set_body([body.clone(), body].concat());
//!         Ok(())
//!     }
//! }
//!
//! let mut app = App::new("filtered");
//! app.hook(TellLength);
//! app.hook(Echo);
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
