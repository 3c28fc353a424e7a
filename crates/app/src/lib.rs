#![doc = include_str!("../README.md")]

mod app;
mod debug;
mod dispatch;
mod fill;
pub mod filters;
mod handler;
mod hooks;
mod hosts;
mod log_macros;
mod pages;
mod profile;
mod redirects;
mod route;
mod servlet;
mod settings;
mod transaction;

pub use app::App;
pub use dispatch::{ErrorHandler, MethodNotAllowed};
pub use fill::fill;
pub use handler::{Argument, Handler, PathArg};
pub use hooks::{Next, Recover};
pub use hosts::VirtualHosts;
pub use pauper_router::{Kind, MethodSet, Methods, Uuid};
pub use profile::{Finish, Profile};
pub use redirects::TrailingSlash;
pub use route::Route;
pub use servlet::{Act, Actions, Make, Servlet};
pub use settings::Secret;
pub use transaction::{NotCommitted, Transactional, guard_transactions, in_transaction};

#[doc(hidden)]
pub use hooks::CallRecover;
#[doc(hidden)]
pub use servlet::CallAct;
