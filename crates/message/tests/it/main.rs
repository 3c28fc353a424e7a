//! Properties of requests and responses, through the public API: `ranges` (parts beside a naive
//! model), `views` (whatever a client sends, nothing panics), `channels` (bodies between threads).

mod channels;
mod ranges;
mod views;
