//! Uploads.

use std::fmt;
use std::rc::Rc;

use pauper_fields::{Field, FieldStorage};

use super::{Common, Element, Entered, Input, Place, common, labels};
use crate::attributes::Attributes;
use crate::error::Invalid;
use crate::lens::BLANK;
use crate::tag::push_tag;

/// A file that was sent with a form. Short ones are in memory, others in a temporary file that is
/// gone when the last [`Upload`] of its form is.
#[derive(Clone)]
pub struct Upload {
    form: Rc<FieldStorage>,
    name: String,
}

impl Upload {
    /// The file with its name, type and content.
    pub fn field(&self) -> Field<'_> {
        match self.form.files(&self.name).next() {
            Some(field) => field,
            None => {
                unreachable!("an upload is made of a file that is there, and forms do not change")
            }
        }
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.field().fmt(f)
    }
}

/// A control for a file; see [`file()`].
#[derive(Clone, Debug)]
pub struct FileInput {
    common: Common,
    max_size: Option<u64>,
    is_required: bool,
}

/// A file, which has to be chosen. A form with one is sent as `multipart/form-data`; its route should
/// take it with `Route::form`, so that long files do not go through memory.
pub fn file(label: impl Into<String>) -> FileInput {
    FileInput { common: Common::new(label), max_size: None, is_required: true }
}

impl FileInput {
    common!();

    /// The kinds of files that the browser offers: types or extensions with commas between
    /// (`.csv,text/csv`). The person can choose others all the same.
    #[must_use]
    pub fn accept(mut self, kinds: &'static str) -> Self {
        self.common.attributes.set("accept", kinds);
        self
    }

    /// At most so many bytes. No limit by default but that of the whole form.
    #[must_use]
    pub fn max_size(mut self, most: u64) -> Self {
        self.max_size = Some(most);
        self
    }

    /// Lets no file be chosen, which is `None`.
    pub fn optional(mut self) -> OptionalFile {
        self.is_required = false;
        OptionalFile(self)
    }
}

impl Input for FileInput {
    labels!();

    fn is_required(&self) -> bool {
        self.is_required
    }

    fn takes_file(&self) -> bool {
        true
    }

    fn blank(&self) -> Entered {
        Entered::File(None)
    }

    fn receive(&self, name: &str, form: &Rc<FieldStorage>) -> Entered {
        let is_there = form.files(name).next().is_some();
        Entered::File(is_there.then(|| Upload { form: Rc::clone(form), name: name.to_owned() }))
    }

    fn control(&self, place: &Place<'_>, _: &Entered) -> String {
        let mut attributes = Attributes::new().with("type", "file");
        if self.is_required {
            attributes.set_flag("required");
        }
        attributes.extend(self.common.attributes.clone());
        attributes.extend(place.attributes());
        let mut out = String::new();
        push_tag(&mut out, "input", &attributes, None);
        out
    }
}

impl Element for FileInput {
    type Native = Upload;

    /// Nothing: a browser does not let a page choose files.
    fn show(&self, _: &Upload) -> Entered {
        Entered::File(None)
    }

    fn parse(&self, entered: &Entered) -> Result<Upload, Invalid> {
        let upload = entered.file().ok_or(BLANK)?;
        match self.max_size {
            Some(most) if upload.field().len() > most => {
                Err(Invalid::new(format!("may have at most {most} bytes.")))
            }
            _ => Ok(upload.clone()),
        }
    }
}

/// A control for a file that need not be chosen; see [`FileInput::optional`].
#[derive(Clone, Debug)]
pub struct OptionalFile(FileInput);

impl Input for OptionalFile {
    fn label(&self) -> &str {
        self.0.label()
    }

    fn help(&self) -> &str {
        Input::help(&self.0)
    }

    fn is_required(&self) -> bool {
        false
    }

    fn takes_file(&self) -> bool {
        true
    }

    fn blank(&self) -> Entered {
        Entered::File(None)
    }

    fn receive(&self, name: &str, form: &Rc<FieldStorage>) -> Entered {
        self.0.receive(name, form)
    }

    fn control(&self, place: &Place<'_>, entered: &Entered) -> String {
        self.0.control(place, entered)
    }
}

impl Element for OptionalFile {
    type Native = Option<Upload>;

    fn show(&self, _: &Option<Upload>) -> Entered {
        Entered::File(None)
    }

    fn parse(&self, entered: &Entered) -> Result<Option<Upload>, Invalid> {
        match entered.file() {
            None => Ok(None),
            Some(_) => self.0.parse(entered).map(Some),
        }
    }
}
