//! How a query or a form is read.

/// How a query or an urlencoded form is read, and how much of it.
///
/// ```
/// use pauper_fields::{Args, Options};
///
/// let options = Options::new().keep_blank_values(false).max_fields(10);
/// let args = Args::parse_query("a=1&b=&c", &options)?;
/// assert_eq!(args.to_query(), "a=1");
/// # Ok::<(), pauper_fields::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    pub(crate) keep_blank_values: bool,
    pub(crate) strict_parsing: bool,
    pub(crate) max_fields: usize,
}

impl Options {
    /// The defaults: blank values are kept, parsing is lenient, 1,000 fields at most.
    pub const fn new() -> Self {
        Self { keep_blank_values: true, strict_parsing: false, max_fields: 1_000 }
    }

    /// Whether fields with an empty value, or without a `=`, are kept. Default: `true`, since a
    /// field that a person cleared is something else than a field that was not there.
    #[must_use]
    pub const fn keep_blank_values(mut self, keep: bool) -> Self {
        self.keep_blank_values = keep;
        self
    }

    /// Whether a field without a `=` is an error, be it empty or not. Default: `false`, as
    /// browsers and the URL standard have it.
    #[must_use]
    pub const fn strict_parsing(mut self, strict: bool) -> Self {
        self.strict_parsing = strict;
        self
    }

    /// The most fields that are accepted, dropped blank ones included. Default: 1,000.
    ///
    /// The price of a higher limit: each field costs two small allocations whatever its length,
    /// so that a body of short fields takes many times its size in memory, and a lookup looks at
    /// every field.
    #[must_use]
    pub const fn max_fields(mut self, max: usize) -> Self {
        self.max_fields = max;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
