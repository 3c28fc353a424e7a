//! A client without sockets, for the tests of services.
//!
//! ```
//! use pauper_message::Request;
//! use pauper_server::test::Client;
//!
//! fn echo(req: &mut Request) -> Vec<u8> {
//!     req.bytes().unwrap().to_vec()
//! }
//!
//! let mut client = Client::new(&echo);
//! let answer = client.post("/", "text/plain", "hello");
//! assert_eq!(answer.status(), 200);
//! assert_eq!(answer.text(), "hello");
//! assert_eq!(answer.header("content-length"), Some("5"));
//! ```
//!
//! Requests go through the same parser, limits and framing as on a socket. Answers are read back
//! by a strict reader of this module, so that a test never takes wrong framing for a right
//! answer.

mod answer;
mod bell;
mod browser;
mod client;
mod reader;

pub use answer::Answer;
pub use browser::Browser;
pub use client::Client;
pub use reader::{ReadError, read_answer};
