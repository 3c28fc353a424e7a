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
    pub(crate) max_field: usize,
}

impl Options {
    /// The defaults: blank values are kept, parsing is lenient, 1,000 fields at most, and 1 MiB in
    /// each where it has to be collected.
    pub const fn new() -> Self {
        Self {
            keep_blank_values: true,
            strict_parsing: false,
            max_fields: 1_000,
            max_field: 1024 * 1024,
        }
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
    /// The price of a higher limit: each field costs 16 bytes whatever its length, and a lookup
    /// looks at every field.
    #[must_use]
    pub const fn max_fields(mut self, max: usize) -> Self {
        self.max_fields = max;
        self
    }

    /// The most undecoded bytes of one field that a push parser
    /// ([`urlencoded::Parser`](crate::urlencoded::Parser)) accepts, since it collects a field that
    /// arrives in pieces. Default: 1 MiB. Whoever has the whole input has bounded it already, so
    /// [`Args`](crate::Args) does not ask for this.
    #[must_use]
    pub const fn max_field(mut self, bytes: usize) -> Self {
        self.max_field = bytes;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
