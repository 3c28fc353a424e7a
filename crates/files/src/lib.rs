#![doc = include_str!("../README.md")]

mod answer;
mod component;
mod entry;
mod escape;
mod folder;
mod listing;
mod range;
mod root;
mod validators;

pub use folder::Folder;
pub use root::Symlinks;
