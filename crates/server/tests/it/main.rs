//! Tests of the server: `exchange` and its topics in memory, `socket` over real sockets.

mod exchange;
mod socket;
mod support;
