//! The project's own commands, and what its tests of the repository share with them.
//!
//! One module for each command: [`ci`], [`budget`], [`arrows`], [`bench`](mod@bench), [`soak`],
//! [`miri`].
//! [`workspace`] reads the manifests through `cargo metadata`; [`shell`] runs programs. Nothing here
//! is part of what is published.

pub mod arrows;
pub mod bench;
pub mod budget;
pub mod ci;
pub mod date;
pub mod documents;
pub mod miri;
pub mod msrv;
pub mod shell;
pub mod soak;
pub mod workspace;

/// What commands give: an error is a sentence for the person at the terminal.
pub type Result<T = ()> = std::result::Result<T, String>;
