//! Where files go that are too long for memory: into one unnamed temporary file for each form, one
//! behind the other. A form with a thousand files needs one descriptor, and nothing has to be
//! removed on any way out: the file has no name, and the system frees it when it is closed.

#[cfg(not(feature = "tempfile"))]
mod off;
#[cfg(feature = "tempfile")]
mod on;

#[cfg(not(feature = "tempfile"))]
pub(super) use off::Spool;
#[cfg(feature = "tempfile")]
pub(super) use on::Spool;
