#![doc = include_str!("../README.md")]

mod answer;
mod component;
mod entry;
mod escape;
mod folder;
mod listing;
mod root;
mod validators;

pub use folder::Folder;
pub use root::Symlinks;
