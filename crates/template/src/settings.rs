//! What can be chosen.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::convert::{self, ConvertError, Converter};
use crate::error::Error;
use crate::template::Template;
use crate::value::Value;

/// What can be chosen about templates, and the way to read them with it.
///
/// ```
/// use pauper_template::{Settings, values};
///
/// let settings = Settings::new().with_converter("loud", |value, out| {
///     out.push_str(&value.to_string().to_uppercase());
///     Ok(())
/// });
/// let template = settings.parse("greeting", "Hi, {name:loud}!")?;
/// assert_eq!(template.render(&values! { name: "R&D" })?.0, "Hi, R&amp;D!");
/// # Ok::<(), pauper_template::Error>(())
/// ```
#[derive(Clone)]
pub struct Settings {
    pub(crate) converters: BTreeMap<Box<str>, Converter>,
    pub(crate) debug: bool,
    pub(crate) strict_urls: bool,
    pub(crate) max_depth: usize,
    pub(crate) max_size: usize,
    pub(crate) max_output: usize,
}

/// Depth that no setting exceeds, since what is nested is gone through recursively.
const DEEPEST: usize = 64;
/// Size that no setting exceeds, since offsets are numbers of 32 bits.
const LARGEST: usize = 1 << 30;

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl Settings {
    /// The defaults: strict, with the converters `num`, `cents`, `query` and `json`.
    pub fn new() -> Self {
        Self {
            converters: convert::builtin(),
            debug: false,
            strict_urls: false,
            max_depth: 32,
            max_size: 8 << 20,
            max_output: 64 << 20,
        }
    }

    /// Registers a converter for `{value:name}`; one of the same name is replaced. It writes text,
    /// which is escaped after it. It is called for values that are none, too, but not for missing
    /// ones.
    pub fn with_converter(
        mut self,
        name: &str,
        converter: impl Fn(Value<'_>, &mut String) -> Result<(), ConvertError> + Send + Sync + 'static,
    ) -> Self {
        self.converters.insert(name.into(), Arc::new(converter));
        self
    }

    /// For development (default: off): a name without a value is shown as its tag and no error, and
    /// files are read again when they changed.
    pub fn with_debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// Whether a value that would become a `javascript:` URL, or one of its like, is an error at
    /// render.
    ///
    /// Off by default, and `about:invalid` stands for the URL: what one visitor stored must not
    /// take a page from all others.
    pub fn with_strict_urls(mut self, strict: bool) -> Self {
        self.strict_urls = strict;
        self
    }

    /// How deep tags, sections and included templates may be nested in all (default 32, at most 64).
    pub fn with_max_depth(mut self, max_depth: usize) -> Self {
        self.max_depth = max_depth.min(DEEPEST);
        self
    }

    /// Size in bytes of a source, and of a template with all that it includes (default 8 MiB, at
    /// most 1 GiB).
    pub fn with_max_size(mut self, max_size: usize) -> Self {
        self.max_size = max_size.min(LARGEST);
        self
    }

    /// Size in bytes of what one render may give (default 64 MiB). Looked at between values, so
    /// that a single large value may exceed it once.
    pub fn with_max_output(mut self, max_output: usize) -> Self {
        self.max_output = max_output;
        self
    }

    /// Reads a template from text. `name` stands for it in errors.
    ///
    /// # Errors
    ///
    /// When something is wrong with the text, of any kind up to
    /// [`ErrorKind::Limit`](crate::ErrorKind::Limit). Templates that include or extend others
    /// belong into [`Templates`](crate::Templates).
    pub fn parse(&self, name: &str, text: &str) -> Result<Template, Error> {
        Template::with(self, name, text)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("converters", &self.converters.keys())
            .field("debug", &self.debug)
            .field("strict_urls", &self.strict_urls)
            .field("max_depth", &self.max_depth)
            .field("max_size", &self.max_size)
            .field("max_output", &self.max_output)
            .finish()
    }
}
