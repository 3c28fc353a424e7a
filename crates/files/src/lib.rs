#![doc = include_str!("../README.md")]

mod answer;
#[cfg(feature = "build")]
pub mod build;
mod cache;
mod coding;
mod component;
mod embedded;
mod entry;
mod escape;
mod folder;
mod kind;
mod listing;
mod root;
mod single;
mod upload;
mod validators;

pub use coding::Coding;
pub use embedded::{Embedded, EmbeddedFile};
pub use folder::Folder;
pub use listing::{Listing, ListingEntry};
pub use root::Symlinks;
pub use single::SingleFile;
