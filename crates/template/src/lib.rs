#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! A [`Template`] is read from text, by itself or as one of [`Templates`] that include and extend
//! each other, with [`Settings`]; a [`Loop`] is a template for a list. What they are given is a
//! [`Record`] of [`Value`]s: a struct by [`record!`], names in place by [`values!`], a map, or (with
//! the feature `serde`) a `Tree`. What they give is [`Html`] of an
//! [`IoList`](pauper_iolist::IoList). All mistakes are one [`Error`].
#![doc = ""]
#![doc = include_str!("../RULES.md")]

mod attribute;
mod compile;
mod context;
mod convert;
mod definition;
mod error;
mod escape;
#[cfg(feature = "folder")]
mod folder;
mod program;
mod record;
mod render;
mod sections;
mod settings;
mod source;
mod syntax;
mod template;
mod templates;
#[cfg(feature = "serde")]
mod tree;
mod url;
mod value;

pub use convert::ConvertError;
pub use error::{Error, ErrorKind};
pub use escape::escape;
pub use pauper_iolist::Html;
#[doc(hidden)]
pub use record::__field_name;
pub use settings::Settings;
pub use template::{Loop, Section, Template};
pub use templates::Templates;
#[cfg(feature = "serde")]
pub use tree::{Tree, TreeError};
pub use value::{List, Record, ToValue, Value};
