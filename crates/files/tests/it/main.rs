//! Tests of the service as a server drives it, without a server.
//!
//! - `advisories`: what other servers got wrong, by the name of who did
//! - `embedded`: files that are part of the program, and what a build script makes of a folder
//! - `files`: headers, conditions and ranges of files
//! - `folders`: index files, redirects, mounts, what is passed on
//! - `listings`: pages and JSON of folders
//! - `single`: one file
//! - `tree`: the folder and the client that all of them use
//! - `uploads`: files that clients store
//! - `variants`: compressed variants, Cache-Control, and the page of an application in the browser

mod advisories;
mod embedded;
mod files;
mod folders;
mod listings;
mod single;
mod tree;
mod uploads;
mod variants;
