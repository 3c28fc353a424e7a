#![cfg_attr(feature = "multipart", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "multipart"),
    doc = "Queries, urlencoded forms and percent-coding; the feature `multipart` brings the rest."
)]
//!
//! # Where things are
//!
//! - [`Args`] is an ordered multi-map of names and values with the form interface, made by
//!   [`Args::parse_query`] and [`Args::parse_form`] under the limits of [`Options`].
#![cfg_attr(
    feature = "multipart",
    doc = "- [`multipart`] parses multipart bodies: pushed ([`Parser`](multipart::Parser)) or pulled
  ([`Reader`](multipart::Reader)).
- [`FormReader`] makes a [`FieldStorage`] of a body of either kind, under the limits of
  [`FormLimits`], with files where a [`Sink`] or nobody wants them."
)]
//! - [`urlencoded`] takes urlencoded bodies as they arrive.
//! - [`percent`] decodes and encodes single components and paths.
//! - [`Error`] says why input was refused, where, and with which HTTP status; [`FieldError`] says
//!   which field is missing or not of the wanted type.

#[cfg(feature = "multipart")]
pub mod multipart;
pub mod percent;
pub mod urlencoded;

mod args;
mod error;
#[cfg(feature = "multipart")]
mod file_name;
mod options;
#[cfg(feature = "multipart")]
mod storage;

pub use args::{Args, IntoIter, Iter};
pub use error::{Error, ErrorKind, FieldError};
#[cfg(feature = "multipart")]
pub use file_name::safe_file_name;
pub use options::Options;
#[cfg(feature = "multipart")]
pub use storage::{
    Field, FieldReader, FieldStorage, Fields, FormError, FormLimits, FormReader, Progress, Sink,
    SinkError,
};
