//! Tests of the server, through its public API.
//!
//! In memory: `requests` (heads, bodies, pipelines), `responses` (framing), `refusals` (broken
//! rules and limits), `smuggling` (no request out of another's body), `times` (time limits with
//! an own clock), `access` (records). Over sockets: `socket` (what the loop adds to that) and
//! `stopping`.

mod access;
mod refusals;
mod requests;
mod responses;
mod smuggling;
mod socket;
mod stopping;
mod support;
mod times;
