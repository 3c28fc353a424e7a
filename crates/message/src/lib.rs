#![doc = include_str!("../README.md")]

mod answers;
mod arguments;
mod body;
mod builder;
mod caching;
mod channel;
pub mod conditional;
mod cookie;
mod error;
mod extensions;
mod form;
mod form_token;
mod guard;
mod headers;
#[cfg(feature = "json")]
mod json_args;
#[cfg(feature = "json")]
mod json_out;
mod kept_body;
mod mounted;
mod negotiate;
pub mod page;
mod proxy;
mod queue;
#[cfg(test)]
mod queue_tests;
mod range;
mod request;
mod request_body;
mod request_headers;
mod response;
mod server_info;
mod service;
mod stream;
mod sync;
mod tls_info;
#[cfg(feature = "json")]
mod typed_args;
mod upgrade;

pub use arguments::ParseOptions;
pub use body::{Body, BodyKind, FilePart, Pieces};
pub use builder::RequestBuilder;
pub use caching::CacheControl;
pub use channel::{BodyReceiver, BodySender, Received, SendError};
pub use cookie::{CookieError, MAX_COOKIE, SameSite, SetCookie};
pub use error::{Error, ErrorView, IntoStatus, abort, abort_with, decline, redirect};
pub use extensions::{Extensions, States};
pub use form::FormPlan;
pub use form_token::FormToken;
pub use guard::{drop_quietly, guard, note_panic_places};
pub use headers::{HeaderError, Headers, IntoHeaderName, IntoHeaderValue};
pub use http::{Method, StatusCode};
#[cfg(feature = "json")]
pub use json_args::JsonArgs;
#[cfg(feature = "json")]
pub use json_out::{JsonStream, JsonStyle};
pub use mounted::root_url;
pub use negotiate::{parse_preferences, render_preferences};
pub use pauper_wire::grammar::ByteRange;
pub use proxy::{AllowedHosts, Forwarded, Network, NetworkError, ProxyHeaders, TrustedProxies};
pub use request::{MAX_GROUPS, OwnedHead, Peer, Request, Rule};
pub use request_body::{BodyReader, RequestBody};
pub use request_headers::{Authorization, MAX_COOKIES};
#[cfg(feature = "json")]
pub use response::Json;
pub use response::{Html, IntoResponse, Response, ResponseParts};
pub use server_info::{
    ConnectionState, Dispatch, HANDLER_BUCKETS, ServerInfo, ServerSnapshot, Shard,
};
pub use service::{BodyPlan, BodySink, Call, CheckError, Hook, Plan, Service, plain_answer};
pub use stream::{BodyError, BodySource, BodyStream, SourcePiece};
pub use tls_info::TlsInfo;
pub use upgrade::{Driver, DriverWaker, Outbox, Upgrade, UpgradeKind, UpgradedSocket};

/// The vocabulary that the signatures of this crate use.
pub use http;
pub use pauper_fields as fields;
