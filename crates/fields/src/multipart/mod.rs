//! Multipart bodies (RFC 2046, section 5.1; as forms RFC 7578): a push parser without I/O, and a
//! pull adapter for [`Read`](std::io::Read).
//!
//! - [`Parser`] takes bytes as they arrive and gives [`Event`]s. Data is a slice of the input.
//! - [`Reader`] reads from a source and gives parts that can be read.
//! - [`PartHead`] is what the headers of a part say; [`Boundary`] and [`Limits`] are what a parser
//!   is made with; [`TransferDecoder`] decodes base64 and quoted-printable parts.
//! - [`Error`] tells the broken rule, the offset, and the status to answer with.
//!
//! To have fields with values, and files in temporary files or sinks of your own, use
//! [[`FormReader`](crate::FormReader) above it.

mod boundary;
mod error;
mod head;
mod limits;
mod parser;
mod reader;
mod transfer;
mod work;

pub use boundary::Boundary;
pub use error::{Error, ErrorKind};
pub use head::PartHead;
pub(crate) use head::Text;
pub use limits::Limits;
pub use parser::{Event, Parser};
pub use reader::{Part, Reader};
pub use transfer::{TransferDecoder, TransferEncoding};

#[cfg(test)]
mod tests;
