//! Elements: the controls of a form.
//!
//! | made by | is | value |
//! |---|---|---|
//! | [`entry`] | a line | by its lens; [`String`] at first |
//! | [`memo`] | several lines | the same |
//! | [`password`] | a line that is not shown, not even again | the same |
//! | [`hidden`] | nothing to see | by its lens |
//! | [`number`], [`money`], [`email`], [`url`] | a line with the lens of that name | that of the lens |
#![cfg_attr(
    feature = "jiff",
    doc = "| [`date`], [`time`], [`date_time`] | the controls for these | those of `jiff::civil` |"
)]
//! | [`pick`], [`radio`] | one out of a list | by its lens, a [`Choice`](crate::lens::Choice) |
//! | [`pick_many`], [`check_boxes`] | any number out of a list | [`Vec`] of the same |
//! | [`check_box`] | yes or no | [`bool`] |
//! | [`file`](fn@file) | an upload | [`Upload`] |
//!
//! What a form has of its own is an [`Element`] as well.

mod check;
mod entry;
mod file;
mod pick;

pub use check::{CheckBox, check_box};
pub use entry::{Entry, email, entry, hidden, memo, money, number, password, url};
#[cfg(feature = "jiff")]
pub use entry::{date, date_time, time};
pub use file::{FileInput, OptionalFile, Upload, file};
pub use pick::{Pick, PickMany, check_boxes, pick, pick_many, radio};

use std::borrow::Cow;
use std::rc::Rc;

use pauper_fields::FieldStorage;

use crate::attributes::Attributes;
use crate::error::Invalid;

/// What a person entered into one element, right or wrong, so that it can be shown again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Entered {
    /// The text of a control; blank where there was none.
    Text(String),
    /// The texts of a control that gives any number of them.
    Many(Vec<String>),
    /// A file, or that none was chosen.
    File(Option<Upload>),
}

impl Entered {
    /// The text; blank where it is none.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// The texts; a blank text is none.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Many(texts) => texts,
            Self::Text(text) if !text.is_empty() => std::slice::from_ref(text),
            _ => &[],
        }
    }

    /// The file.
    pub fn file(&self) -> Option<&Upload> {
        match self {
            Self::File(file) => file.as_ref(),
            _ => None,
        }
    }
}

/// Where the label of a control stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// Above it.
    Above,
    /// Beside it, as of a check box.
    Beside,
    /// Above several controls, each of which has its own, as of radio buttons.
    Group,
    /// Nowhere: the control is hidden.
    Bare,
}

/// What a control has to know of the form in which it stands.
#[derive(Debug)]
pub struct Place<'a> {
    pub(crate) name: &'a str,
    pub(crate) id: &'a str,
    pub(crate) described_by: Cow<'a, str>,
    pub(crate) is_wrong: bool,
    pub(crate) is_first_wrong: bool,
}

impl Place<'_> {
    /// The name under which the value comes back.
    pub fn name(&self) -> &str {
        self.name
    }

    /// The id of the control; of the first one, where there are several.
    pub fn id(&self) -> &str {
        self.id
    }

    /// The attributes that belong to every control: its id and name, and what ties it to its help
    /// and its error. The first control that is wrong gets the focus.
    pub fn attributes(&self) -> Attributes {
        let mut attributes = self.described();
        attributes.set("id", self.id.to_owned());
        attributes.set("name", self.name.to_owned());
        if self.is_first_wrong {
            attributes.set_flag("autofocus");
        }
        attributes
    }

    /// What ties an element to its help and its error.
    pub(crate) fn described(&self) -> Attributes {
        let mut attributes = Attributes::new();
        if !self.described_by.is_empty() {
            attributes.set("aria-describedby", self.described_by.clone().into_owned());
        }
        if self.is_wrong {
            attributes.set("aria-invalid", "true");
        }
        attributes
    }
}

/// The part of an [`Element`] that knows nothing of its type: how it is shown, and what it takes.
pub trait Input: Send + Sync {
    /// The label, as text.
    fn label(&self) -> &str;

    /// A line of help, as text; blank for none.
    fn help(&self) -> &str;

    /// Where the label stands: above by default.
    fn frame(&self) -> Frame {
        Frame::Above
    }

    /// Whether something has to be entered. Labels of others say that they are optional.
    fn is_required(&self) -> bool;

    /// Whether it is for files, which need another encoding of the form. Not by default.
    fn takes_file(&self) -> bool {
        false
    }

    /// Whether a template may see what was entered, as text. Not so for passwords.
    fn shows_again(&self) -> bool {
        true
    }

    /// What stands in it before anybody entered something.
    fn blank(&self) -> Entered;

    /// What was entered under this name; as if nothing was, where there is none.
    fn receive(&self, name: &str, form: &Rc<FieldStorage>) -> Entered;

    /// The HTML of the control. Whoever writes one escapes what was entered; [`tag`](crate::tag())
    /// does.
    fn control(&self, place: &Place<'_>, entered: &Entered) -> String;
}

/// A control of a form, between a value and what a person enters.
pub trait Element: Input + 'static {
    /// What the program works with.
    type Native;

    /// What stands in the control for a value.
    fn show(&self, native: &Self::Native) -> Entered;

    /// The value of what was entered.
    ///
    /// # Errors
    /// What is wrong with it.
    fn parse(&self, entered: &Entered) -> Result<Self::Native, Invalid>;
}

/// What all elements have.
#[derive(Clone, Debug, Default)]
struct Common {
    label: String,
    help: String,
    attributes: Attributes,
}

impl Common {
    fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }
}

/// Methods that all builders have, with the fields `common`.
macro_rules! common {
    () => {
        /// A line of help below the label.
        #[must_use]
        pub fn help(mut self, help: impl Into<String>) -> Self {
            self.common.help = help.into();
            self
        }

        /// An attribute of the control, such as `class` or `autocomplete`; in the place of one that
        /// the lens set.
        ///
        /// # Panics
        /// When the name is no name of an attribute, or one of a script.
        #[must_use]
        #[track_caller]
        pub fn attribute(
            mut self,
            name: &'static str,
            value: impl Into<std::borrow::Cow<'static, str>>,
        ) -> Self {
            self.common.attributes.set(name, value);
            self
        }
    };
}
use common;

/// The methods of [`Input`] that all elements answer alike.
macro_rules! labels {
    () => {
        fn label(&self) -> &str {
            &self.common.label
        }

        fn help(&self) -> &str {
            &self.common.help
        }
    };
}
use labels;
