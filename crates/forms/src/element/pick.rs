//! One or more out of a list.

use std::rc::Rc;

use pauper_fields::FieldStorage;
use pauper_message::page::escape;
use pauper_template::Html;

use super::{Common, Element, Entered, Frame, Input, Place, common, labels};
use crate::attributes::Attributes;
use crate::error::Invalid;
use crate::lens::{Choice, Optional};
use crate::tag::push_tag;

/// One out of a list; see [`pick`] and [`radio`].
#[derive(Clone, Debug)]
pub struct Pick<C> {
    lens: C,
    is_radio: bool,
    common: Common,
    initial: String,
}

/// One out of a list that opens.
pub fn pick<C: Choice>(label: impl Into<String>, choice: C) -> Pick<C> {
    Pick { lens: choice, is_radio: false, common: Common::new(label), initial: String::new() }
}

/// One out of a list of buttons, all of which are seen.
pub fn radio<C: Choice>(label: impl Into<String>, choice: C) -> Pick<C> {
    Pick { is_radio: true, ..pick(label, choice) }
}

impl<C: Choice> Pick<C> {
    common!();

    /// Lets nothing be chosen, which is `None`.
    pub fn optional(self) -> Pick<Optional<C>> {
        let Self { lens, is_radio, common, initial } = self;
        Pick { lens: lens.optional(), is_radio, common, initial }
    }

    /// What is chosen when a form is shown without a record.
    #[must_use]
    pub fn initial(mut self, native: &C::Native) -> Self {
        self.initial = self.lens.show(native);
        self
    }
}

impl<C: Choice> Input for Pick<C> {
    labels!();

    fn frame(&self) -> Frame {
        if self.is_radio { Frame::Group } else { Frame::Above }
    }

    fn is_required(&self) -> bool {
        self.lens.attributes().get("required").is_some()
    }

    fn blank(&self) -> Entered {
        Entered::Text(self.initial.clone())
    }

    fn receive(&self, name: &str, form: &Rc<FieldStorage>) -> Entered {
        Entered::Text(form.get(name).unwrap_or_default().to_owned())
    }

    fn control(&self, place: &Place<'_>, entered: &Entered) -> String {
        let chosen = |value: &str| value == entered.text();
        if self.is_radio {
            let mut own = self.lens.attributes();
            own.extend(self.common.attributes.clone());
            // An empty choice, unless something has to be chosen.
            let mut options = self.lens.options();
            if !self.is_required() {
                options.insert(0, (String::new(), "–".to_owned()));
            }
            return buttons("radio", place, &own, &options, chosen);
        }
        let mut attributes = self.lens.attributes();
        attributes.extend(self.common.attributes.clone());
        attributes.extend(place.attributes());
        let mut options = String::new();
        if !self.is_required() || entered.text().is_empty() {
            options.push_str("<option value=\"\"></option>");
        }
        push_options(&mut options, &self.lens.options(), chosen);
        let mut out = String::new();
        push_tag(&mut out, "select", &attributes, Some(Html(&options)));
        out
    }
}

impl<C: Choice> Element for Pick<C> {
    type Native = C::Native;

    fn show(&self, native: &C::Native) -> Entered {
        Entered::Text(self.lens.show(native))
    }

    fn parse(&self, entered: &Entered) -> Result<C::Native, Invalid> {
        self.lens.parse(entered.text())
    }
}

/// Any number out of a list; see [`pick_many`] and [`check_boxes`].
#[derive(Clone, Debug)]
pub struct PickMany<C> {
    lens: C,
    are_boxes: bool,
    common: Common,
    initial: Vec<String>,
    required: Option<&'static str>,
}

/// Any number out of a list of which some lines are seen.
pub fn pick_many<C: Choice>(label: impl Into<String>, choice: C) -> PickMany<C> {
    let common = Common::new(label);
    PickMany { lens: choice, are_boxes: false, common, initial: Vec::new(), required: None }
}

/// Any number out of a list of check boxes, all of which are seen.
pub fn check_boxes<C: Choice>(label: impl Into<String>, choice: C) -> PickMany<C> {
    PickMany { are_boxes: true, ..pick_many(label, choice) }
}

impl<C: Choice> PickMany<C> {
    common!();

    /// At least one has to be chosen, says this message.
    #[must_use]
    pub fn required(mut self, message: &'static str) -> Self {
        self.required = Some(message);
        self
    }

    /// What is chosen when a form is shown without a record.
    #[must_use]
    pub fn initial(mut self, natives: &[C::Native]) -> Self {
        self.initial = natives.iter().map(|native| self.lens.show(native)).collect();
        self
    }
}

impl<C: Choice> Input for PickMany<C> {
    labels!();

    fn frame(&self) -> Frame {
        if self.are_boxes { Frame::Group } else { Frame::Above }
    }

    fn is_required(&self) -> bool {
        self.required.is_some()
    }

    fn blank(&self) -> Entered {
        Entered::Many(self.initial.clone())
    }

    /// Each text once, in the order of the list.
    fn receive(&self, name: &str, form: &Rc<FieldStorage>) -> Entered {
        let mut texts: Vec<String> = Vec::new();
        for text in form.get_all(name).filter(|text| !text.is_empty()) {
            if !texts.iter().any(|known| known == text) {
                texts.push(text.to_owned());
            }
        }
        Entered::Many(texts)
    }

    fn control(&self, place: &Place<'_>, entered: &Entered) -> String {
        let chosen = |value: &str| entered.texts().iter().any(|text| text == value);
        let mut attributes = self.common.attributes.clone();
        if self.are_boxes {
            return buttons("checkbox", place, &attributes, &self.lens.options(), chosen);
        }
        if self.required.is_some() {
            attributes.set_flag("required");
        }
        attributes.set_flag("multiple");
        attributes.extend(place.attributes());
        let (mut out, mut options) = (String::new(), String::new());
        push_options(&mut options, &self.lens.options(), chosen);
        push_tag(&mut out, "select", &attributes, Some(Html(&options)));
        out
    }
}

impl<C: Choice> Element for PickMany<C> {
    type Native = Vec<C::Native>;

    fn show(&self, natives: &Vec<C::Native>) -> Entered {
        Entered::Many(natives.iter().map(|native| self.lens.show(native)).collect())
    }

    fn parse(&self, entered: &Entered) -> Result<Vec<C::Native>, Invalid> {
        match self.required {
            Some(message) if entered.texts().is_empty() => Err(Invalid::new(message)),
            _ => entered.texts().iter().map(|text| self.lens.parse(text)).collect(),
        }
    }
}

fn push_options(out: &mut String, options: &[(String, String)], chosen: impl Fn(&str) -> bool) {
    for (value, label) in options {
        let selected = if chosen(value) { " selected" } else { "" };
        let (value, label) = (escape(value), escape(label));
        out.push_str(&format!("<option{selected} value=\"{value}\">{label}</option>"));
    }
}

/// Buttons of a group, each in its label.
fn buttons(
    kind: &'static str,
    place: &Place<'_>,
    own: &Attributes,
    options: &[(String, String)],
    chosen: impl Fn(&str) -> bool,
) -> String {
    let mut out = String::new();
    for (index, (value, label)) in options.iter().enumerate() {
        let mut attributes = Attributes::new().with("type", kind);
        attributes.extend(own.clone());
        attributes.extend(place.attributes());
        if index > 0 {
            attributes.set("id", format!("{}-{index}", place.id));
            attributes.remove("autofocus");
        }
        // The group says it once.
        attributes.remove("aria-describedby");
        if kind == "radio" {
            attributes.remove("aria-invalid");
        }
        attributes.set("value", value.clone());
        if chosen(value) {
            attributes.set_flag("checked");
        }
        out.push_str("<label>");
        push_tag(&mut out, "input", &attributes, None);
        out.push_str(&escape(label));
        out.push_str("</label>\n");
    }
    out
}
