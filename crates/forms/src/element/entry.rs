//! Controls of one text.

use std::rc::Rc;

use pauper_fields::FieldStorage;
use pauper_message::page::escape;
use pauper_template::Html;

use super::{Common, Element, Entered, Frame, Input, Place, common, labels};
use crate::attributes::Attributes;
use crate::error::Invalid;
use crate::lens::{Email, Lens, Money, Number, Numeric, Optional, TYPICAL, Test, Text, Url};
use crate::tag::push_tag;

/// A control of one text and a lens for it; see [`entry`].
#[derive(Clone, Debug)]
pub struct Entry<L> {
    lens: L,
    kind: Kind,
    common: Common,
    initial: String,
    cut_at: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Line,
    Memo,
    Password,
    Hidden,
}

fn with<L>(kind: Kind, label: impl Into<String>, lens: L) -> Entry<L> {
    let common = Common::new(label);
    Entry { lens, kind, common, initial: String::new(), cut_at: None }
}

/// A line of text, which may not be blank. Give it a [`lens`](Entry::lens) for other things.
pub fn entry(label: impl Into<String>) -> Entry<Text> {
    with(Kind::Line, label, TYPICAL)
}

/// Several lines of text, which may not be blank.
pub fn memo(label: impl Into<String>) -> Entry<Text> {
    with(Kind::Memo, label, TYPICAL.multi_line())
}

/// A line of text that cannot be read while it is typed, and that is never sent back to the browser.
/// Blanks around it belong to it.
pub fn password(label: impl Into<String>) -> Entry<impl Lens<Native = String>> {
    with(Kind::Password, label, Verbatim)
}

/// A value that the person does not see, but the browser does.
pub fn hidden<L: Lens>(lens: L) -> Entry<L> {
    with(Kind::Hidden, "", lens)
}

/// A number.
pub fn number<N: Numeric>(label: impl Into<String>) -> Entry<Number<N>> {
    with(Kind::Line, label, Number::new())
}

/// An amount of money, in cents.
pub fn money(label: impl Into<String>) -> Entry<Money> {
    with(Kind::Line, label, Money::new())
}

/// An address of electronic mail.
pub fn email(label: impl Into<String>) -> Entry<Email> {
    with(Kind::Line, label, Email)
}

/// The URL of a page.
pub fn url(label: impl Into<String>) -> Entry<Url> {
    with(Kind::Line, label, Url)
}

/// A date.
#[cfg(feature = "jiff")]
pub fn date(label: impl Into<String>) -> Entry<crate::lens::Date> {
    with(Kind::Line, label, crate::lens::Date::new())
}

/// A time of the day.
#[cfg(feature = "jiff")]
pub fn time(label: impl Into<String>) -> Entry<crate::lens::Time> {
    with(Kind::Line, label, crate::lens::Time::new())
}

/// A date and a time of the day.
#[cfg(feature = "jiff")]
pub fn date_time(label: impl Into<String>) -> Entry<crate::lens::DateTime> {
    with(Kind::Line, label, crate::lens::DateTime::new())
}

impl<L: Lens> Entry<L> {
    common!();

    /// Takes another lens.
    pub fn lens<M: Lens>(self, lens: M) -> Entry<M> {
        self.map(|_| lens)
    }

    /// Makes another lens of the one it has: `.map(|amount| amount.min(1))`.
    pub fn map<M: Lens>(self, change: impl FnOnce(L) -> M) -> Entry<M> {
        let Self { lens, kind, common, initial, cut_at } = self;
        Entry { lens: change(lens), kind, common, initial, cut_at }
    }

    /// Takes blank text for `None`.
    pub fn optional(self) -> Entry<Optional<L>> {
        self.map(L::optional)
    }

    /// Accepts only values that pass a test; `message` says of the others what is wrong.
    pub fn test<F>(self, test: F, message: &'static str) -> Entry<Test<L, F>>
    where
        F: Fn(&L::Native) -> bool + Send + Sync + 'static,
    {
        self.map(|lens| lens.test(test, message))
    }

    /// What stands in it when a form is shown without a record.
    #[must_use]
    pub fn initial(mut self, native: &L::Native) -> Self {
        self.initial = self.lens.show(native);
        self
    }

    /// Cuts what is longer than so many characters, without a word. Browsers do so while one types;
    /// see [`Text::max_length`] for an error instead.
    #[must_use]
    pub fn cut_at(mut self, most: usize) -> Self {
        self.cut_at = Some(most);
        self.common.attributes.set("maxlength", most.to_string());
        self
    }
}

/// Shorthands for text.
impl Entry<Text> {
    /// Lets it be blank.
    #[must_use]
    pub fn blankable(self) -> Self {
        self.map(Text::blankable)
    }

    /// At most so many characters; see [`Text::max_length`].
    #[must_use]
    pub fn max_length(self, most: usize) -> Self {
        self.map(|text| text.max_length(most))
    }
}

/// A password: as it was typed.
#[derive(Clone, Copy, Debug)]
struct Verbatim;

impl Lens for Verbatim {
    type Native = String;

    fn show(&self, native: &String) -> String {
        native.clone()
    }

    fn parse(&self, text: &str) -> Result<String, Invalid> {
        if text.is_empty() { Err(crate::lens::BLANK) } else { Ok(text.to_owned()) }
    }

    fn attributes(&self) -> Attributes {
        Attributes::new().with_flag("required")
    }
}

impl<L: Lens> Input for Entry<L> {
    labels!();

    fn frame(&self) -> Frame {
        if self.kind == Kind::Hidden { Frame::Bare } else { Frame::Above }
    }

    fn is_required(&self) -> bool {
        self.lens.attributes().get("required").is_some()
    }

    fn shows_again(&self) -> bool {
        self.kind != Kind::Password
    }

    fn blank(&self) -> Entered {
        Entered::Text(self.initial.clone())
    }

    fn receive(&self, name: &str, form: &Rc<FieldStorage>) -> Entered {
        let text = form.get(name).unwrap_or_default();
        let Some(most) = self.cut_at else { return Entered::Text(text.to_owned()) };
        let (mut units, text) = (0, text.replace("\r\n", "\n"));
        let fits = |c: &char| {
            units += c.len_utf16();
            units <= most
        };
        Entered::Text(text.chars().take_while(fits).collect())
    }

    fn control(&self, place: &Place<'_>, entered: &Entered) -> String {
        let mut attributes = Attributes::new();
        match self.kind {
            Kind::Line => attributes.set("type", "text"),
            Kind::Password => attributes.set("type", "password"),
            Kind::Memo | Kind::Hidden => {}
        }
        attributes.extend(self.lens.attributes());
        attributes.extend(self.common.attributes.clone());
        attributes.extend(place.attributes());
        let (mut out, text) = (String::new(), entered.text());
        match self.kind {
            Kind::Memo => {
                attributes.remove("type");
                // A browser leaves out a line end at the beginning, so there is always one.
                let content = format!("\n{}", escape(text));
                push_tag(&mut out, "textarea", &attributes, Some(Html(&content)));
            }
            Kind::Hidden => {
                let hidden = Attributes::new()
                    .with("type", "hidden")
                    .with("name", place.name.to_owned())
                    .with("value", text.to_owned());
                push_tag(&mut out, "input", &hidden, None);
            }
            Kind::Password => push_tag(&mut out, "input", &attributes, None),
            Kind::Line => {
                attributes.set("value", text.to_owned());
                push_tag(&mut out, "input", &attributes, None);
            }
        }
        out
    }
}

impl<L: Lens> Element for Entry<L> {
    type Native = L::Native;

    fn show(&self, native: &L::Native) -> Entered {
        Entered::Text(self.lens.show(native))
    }

    fn parse(&self, entered: &Entered) -> Result<L::Native, Invalid> {
        self.lens.parse(entered.text())
    }
}
