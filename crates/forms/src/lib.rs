#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! - A [`Lens`](lens::Lens) turns text of a person into a value and back, and says what is wrong
//!   with it: [`lens`].
//! - An [`Element`](element::Element) is a control on a page, with its label, its help and mostly a
//!   lens: [`element`]. The usual ones are made by functions that stand here, such as [`entry`].
//! - [`form!`] makes a [`Form`] of a struct and an element for each of its fields. A form shows a
//!   record, and makes a record of what was sent, or [`Errors`].
//! - A [`Formlet`] is the whole cycle of a page with a form: show, post, check, save.
//! - A [`View`] is a form as a template or [`View::html`] shows it; [`tag()`] makes single elements
//!   of HTML.

pub mod element;
pub mod lens;

mod attributes;
mod error;
mod form;
mod formlet;
mod tag;
mod view;

pub use attributes::Attributes;
pub use element::{
    check_box, check_boxes, email, entry, file, hidden, memo, money, number, password, pick,
    pick_many, radio, url,
};
#[cfg(feature = "jiff")]
pub use element::{date, date_time, time};
pub use error::{Errors, Invalid, SaveError};
pub use form::{Filled, Form};
pub use formlet::Formlet;
pub use tag::tag;
pub use view::{FieldView, View};

#[doc(hidden)]
pub mod __private {
    pub use crate::form::{field_name, note};
    pub use std::sync::Arc;
}

#[cfg(feature = "jiff")]
pub use jiff;
