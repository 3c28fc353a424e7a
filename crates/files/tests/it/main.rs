//! Tests of the service as a server drives it, without a server.
//!
//! - `advisories`: what other servers got wrong, by the name of who did
//! - `files`: headers, conditions and ranges of files
//! - `folders`: index files, redirects, mounts, what is passed on
//! - `listings`: pages and JSON of folders
//! - `tree`: the folder and the client that all of them use

mod advisories;
mod files;
mod folders;
mod listings;
mod tree;
