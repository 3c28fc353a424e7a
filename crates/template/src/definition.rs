//! What a template consists of before it is put together: a text, and sections that fill its holes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::source::At;
use crate::syntax::Fragment;

/// A text with the sections that were bound to it.
#[derive(Clone)]
pub(crate) struct Definition {
    pub(crate) base: Arc<Fragment>,
    /// From the one nearest to the text.
    pub(crate) levels: Vec<Arc<Bindings>>,
}

/// Sections by name.
pub(crate) type Bindings = BTreeMap<Box<str>, Binding>;

pub(crate) struct Binding {
    pub(crate) definition: Arc<Definition>,
    /// Where the section is named; `None` if a program bound it.
    pub(crate) at: Option<At>,
}

impl Definition {
    pub(crate) fn new(base: Fragment) -> Self {
        Self { base: Arc::new(base), levels: Vec::new() }
    }

    /// The same with one level more.
    pub(crate) fn extended(&self, bindings: Bindings) -> Self {
        let mut extended = self.clone();
        extended.levels.push(Arc::new(bindings));
        extended
    }
}

/// Where included templates come from.
pub(crate) trait Load {
    /// # Errors
    /// When there is none of that name, or something is wrong with it.
    fn load(&mut self, name: &str, at: &At) -> Result<Arc<Definition>, Error>;
}

/// Templates by name, loaded before.
pub(crate) type Included = BTreeMap<Box<str>, Arc<Definition>>;

/// Only those that were loaded before.
pub(crate) struct Known<'a>(pub(crate) &'a Included);

impl Load for Known<'_> {
    fn load(&mut self, name: &str, at: &At) -> Result<Arc<Definition>, Error> {
        self.0.get(name).cloned().ok_or_else(|| {
            let message = format!(
                "no template `{name}` here: this text belongs to no set of templates that has it"
            );
            Error::new(ErrorKind::NotFound, message, at)
        })
    }
}
