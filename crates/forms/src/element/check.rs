//! Yes or no.

use std::rc::Rc;

use pauper_fields::FieldStorage;

use super::{Common, Element, Entered, Frame, Input, Place, common, labels};
use crate::attributes::Attributes;
use crate::error::Invalid;
use crate::lens::{Flag, Lens as _};
use crate::tag::push_tag;

/// A check box; see [`check_box`].
#[derive(Clone, Debug)]
pub struct CheckBox {
    common: Common,
    initial: bool,
    required: Option<&'static str>,
}

/// Yes or no. Browsers send nothing for a box that is not checked, so a field that is missing is no.
pub fn check_box(label: impl Into<String>) -> CheckBox {
    CheckBox { common: Common::new(label), initial: false, required: None }
}

impl CheckBox {
    common!();

    /// It has to be checked, says this message: for terms that are accepted or not.
    #[must_use]
    pub fn required(mut self, message: &'static str) -> Self {
        self.required = Some(message);
        self
    }

    /// Checked when a form is shown without a record.
    #[must_use]
    pub fn initial(mut self, checked: bool) -> Self {
        self.initial = checked;
        self
    }
}

impl Input for CheckBox {
    labels!();

    fn frame(&self) -> Frame {
        Frame::Beside
    }

    fn is_required(&self) -> bool {
        self.required.is_some()
    }

    fn blank(&self) -> Entered {
        Entered::Text(Flag.show(&self.initial))
    }

    fn receive(&self, name: &str, form: &Rc<FieldStorage>) -> Entered {
        Entered::Text(form.get(name).unwrap_or_default().to_owned())
    }

    fn control(&self, place: &Place<'_>, entered: &Entered) -> String {
        let mut attributes = Attributes::new().with("type", "checkbox");
        if self.required.is_some() {
            attributes.set_flag("required");
        }
        attributes.extend(self.common.attributes.clone());
        attributes.extend(place.attributes());
        attributes.set("value", "1");
        if entered.text() == "1" {
            attributes.set_flag("checked");
        }
        let mut out = String::new();
        push_tag(&mut out, "input", &attributes, None);
        out
    }
}

impl Element for CheckBox {
    type Native = bool;

    fn show(&self, native: &bool) -> Entered {
        Entered::Text(Flag.show(native))
    }

    fn parse(&self, entered: &Entered) -> Result<bool, Invalid> {
        match (Flag.parse(entered.text())?, self.required) {
            (false, Some(message)) => Err(Invalid::new(message)),
            (checked, _) => Ok(checked),
        }
    }
}
