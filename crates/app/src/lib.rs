#![doc = include_str!("../README.md")]

mod app;
mod dispatch;
pub mod filters;
mod handler;
mod hooks;
mod log_macros;
mod pages;

pub use app::{App, Route};
pub use handler::{Argument, Handler, PathArg};
pub use hooks::{Next, Recover};
pub use pauper_router::{Kind, MethodSet, Methods};

#[doc(hidden)]
pub use hooks::CallRecover;
