#![doc = include_str!("../README.md")]

mod body;
mod builder;
pub mod conditional;
mod error;
mod extensions;
mod guard;
mod headers;
mod mounted;
mod negotiate;
pub mod page;
mod request;
mod request_body;
mod response;
mod service;

pub use body::{Body, BodyKind, FilePart, Pieces};
pub use builder::RequestBuilder;
pub use error::{Error, ErrorView, IntoStatus, abort, abort_with, decline, redirect};
pub use extensions::{Extensions, States};
pub use guard::{drop_quietly, guard};
pub use headers::{HeaderError, Headers, IntoHeaderName, IntoHeaderValue};
pub use http::{Method, StatusCode};
pub use mounted::root_url;
pub use request::{MAX_GROUPS, OwnedHead, Peer, Request, Rule};
pub use request_body::{BodyReader, RequestBody};
#[cfg(feature = "json")]
pub use response::Json;
pub use response::{Html, IntoResponse, Response, ResponseParts};
pub use service::{BodyPlan, BodySink, Call, CheckError, Hook, Plan, Service, plain_answer};

/// The vocabulary that the signatures of this crate use.
pub use http;
