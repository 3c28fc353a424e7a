#![doc = include_str!("../README.md")]

pub use pauper_app::App;
#[cfg(feature = "json")]
pub use pauper_message::Json;
pub use pauper_message::{Error, Html, IntoResponse, Request, Response, abort, redirect};
pub use pauper_server::{ServeResult, Server, serve, test};

pub use pauper_app as app;
#[cfg(feature = "auth")]
pub use pauper_auth as auth;
pub use pauper_fields as fields;
pub use pauper_files as files;
#[cfg(feature = "forms")]
pub use pauper_forms as forms;
pub use pauper_iolist as iolist;
pub use pauper_message as message;
pub use pauper_router as router;
pub use pauper_server as server;
#[cfg(feature = "client")]
pub use pauper_server::client;
#[cfg(feature = "template")]
pub use pauper_template as template;
pub use pauper_wire as wire;
