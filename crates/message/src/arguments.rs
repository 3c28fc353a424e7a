//! Arguments of a request: the query, forms, JSON.

use http::StatusCode;
use pauper_fields::{Args, Options};

use crate::error::Error;
use crate::request::{Request, bad_input};

/// How queries, forms and JSON are read. Give it to an application as a state:
/// `app.state(ParseOptions::new().strict_parsing(true))`.
///
/// ```
/// use pauper_message::ParseOptions;
///
/// let options = ParseOptions::new().keep_blank_values(false).json_mime_type("text/json");
/// ```
///
/// Everything is read when it is first asked for. What is switched off reads as if nothing had
/// been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ParseOptions {
    fields: Options,
    auto_args: bool,
    auto_form: bool,
    auto_json: bool,
    auto_cookies: bool,
    form_types: Vec<String>,
    json_types: Vec<String>,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self::new()
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";
const JSON: [&str; 2] = ["application/json", "application/javascript"];

/// The options of applications that set none.
static DEFAULT: ParseOptions = ParseOptions {
    fields: Options::new(),
    auto_args: true,
    auto_form: true,
    auto_json: true,
    auto_cookies: true,
    form_types: Vec::new(),
    json_types: Vec::new(),
};

impl ParseOptions {
    /// Everything is read; blank values are kept; a pair without `=` is no error; up to 1,000
    /// fields; forms are `application/x-www-form-urlencoded`, JSON is `application/json`,
    /// `application/javascript` and whatever ends in `+json`.
    pub fn new() -> Self {
        DEFAULT.clone()
    }

    /// Whether fields with an empty value are kept. Default: true.
    pub fn keep_blank_values(mut self, keep: bool) -> Self {
        self.fields = self.fields.keep_blank_values(keep);
        self
    }

    /// Whether a field without `=` is an error (400). Default: false.
    pub fn strict_parsing(mut self, strict: bool) -> Self {
        self.fields = self.fields.strict_parsing(strict);
        self
    }

    /// The most fields of a query or form; more are answered with 413. Default: 1,000.
    pub fn max_fields(mut self, most: usize) -> Self {
        self.fields = self.fields.max_fields(most);
        self
    }

    /// Whether [`Request::args`] reads the query. Default: true.
    pub fn auto_args(mut self, read: bool) -> Self {
        self.auto_args = read;
        self
    }

    /// Whether [`Request::form`] reads the body. Default: true.
    pub fn auto_form(mut self, read: bool) -> Self {
        self.auto_form = read;
        self
    }

    /// Whether `Request::json_args` reads the body. Default: true. `Request::json` is asked for
    /// explicitly, and always does.
    pub fn auto_json(mut self, read: bool) -> Self {
        self.auto_json = read;
        self
    }

    /// Whether [`Request::cookies`] reads them. Default: true.
    pub fn auto_cookies(mut self, read: bool) -> Self {
        self.auto_cookies = read;
        self
    }

    /// One more media type of urlencoded forms.
    pub fn form_mime_type(mut self, kind: &str) -> Self {
        self.form_types.push(kind.to_ascii_lowercase());
        self
    }

    /// One more media type of JSON.
    pub fn json_mime_type(mut self, kind: &str) -> Self {
        self.json_types.push(kind.to_ascii_lowercase());
        self
    }

    fn is_form(&self, kind: &str) -> bool {
        kind == FORM || self.form_types.iter().any(|known| known == kind)
    }

    fn is_json(&self, kind: &str) -> bool {
        JSON.contains(&kind)
            || kind.ends_with("+json")
            || self.json_types.iter().any(|known| known == kind)
    }
}

impl Request {
    fn is_multipart(&self) -> bool {
        self.content_type().is_some_and(|kind| kind == MULTIPART)
    }

    pub(crate) fn form_options(&self) -> Options {
        self.parse_options().fields
    }

    fn parse_options(&self) -> &ParseOptions {
        self.try_state::<ParseOptions>().unwrap_or(&DEFAULT)
    }

    pub(crate) fn reads_cookies(&self) -> bool {
        self.parse_options().auto_cookies
    }

    #[cfg(feature = "json")]
    pub(crate) fn reads_json(&self) -> bool {
        self.parse_options().auto_json
    }

    /// The arguments of the query.
    ///
    /// # Errors
    /// 413 when there are more than the limit of [`ParseOptions::max_fields`], 400 for a field
    /// without `=` if [`ParseOptions::strict_parsing`] says so.
    pub fn args(&self) -> Result<&Args, Error> {
        let options = self.parse_options();
        view(self.views.args.get_or_init(|| {
            let query = if options.auto_args { self.query() } else { "" };
            Args::parse_query(query, &options.fields)
        }))
    }

    /// Whether the body is a form that [`form`](Self::form) reads, by its Content-Type.
    pub fn is_form(&self) -> bool {
        self.content_type()
            .is_some_and(|kind| kind == MULTIPART || self.parse_options().is_form(&kind))
    }

    /// Whether the body is JSON, by its Content-Type.
    pub fn is_json(&self) -> bool {
        self.content_type().is_some_and(|kind| self.parse_options().is_json(&kind))
    }

    /// The fields of a form in the body, be it `application/x-www-form-urlencoded` or
    /// `multipart/form-data`; no fields when the body is empty. Files are not among them;
    /// [`fields`](Self::fields) has these.
    ///
    /// # Errors
    /// 415 when the body is something else; 413 when there are more fields than the limit of
    /// [`ParseOptions::max_fields`]; those of [`fields`](Self::fields) for `multipart/form-data`;
    /// 500 when a body that was kept in a file cannot be read.
    pub fn form(&self) -> Result<&Args, Error> {
        let options = self.parse_options();
        let multipart = options.auto_form && !self.body.is_empty() && self.is_multipart();
        if multipart || self.views.fields.get().is_some() {
            let texts = self.fields()?;
            return view(self.views.form.get_or_init(|| Ok(texts.to_args())));
        }
        if options.auto_form && !self.body.is_empty() && !self.is_form() {
            return Err(Error::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("a form is expected as {FORM}"),
            ));
        }
        let bytes = if options.auto_form { self.bytes()? } else { &[] };
        view(self.views.form.get_or_init(|| Args::parse_form(bytes, &options.fields)))
    }
}

/// The place of the error is of no use here, it is the client's; so no `track_caller`.
fn view(result: &Result<Args, pauper_fields::Error>) -> Result<&Args, Error> {
    result.as_ref().map_err(|error| {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
        bad_input(status, error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::States;
    use std::sync::Arc;

    fn request(options: ParseOptions, kind: &str, body: &str) -> Request {
        let mut states = States::default();
        states.insert(options);
        let mut req = Request::builder()
            .method("POST")
            .target("/?a=1&b=&c")
            .header("Content-Type", kind)
            .header("Cookie", "x=y")
            .body(body)
            .build()
            .unwrap();
        req.set_states(Arc::new(states));
        req
    }

    fn query(options: ParseOptions) -> Result<String, u16> {
        let req = request(options, FORM, "");
        req.args().map(Args::to_query).map_err(|error| error.status().unwrap().as_u16())
    }

    #[test]
    fn options_say_how_a_query_is_read() {
        let new = ParseOptions::new;
        assert_eq!(query(new()).unwrap(), "a=1&b=&c=");
        assert_eq!(query(new().keep_blank_values(false)).unwrap(), "a=1");
        assert_eq!(query(new().strict_parsing(true)), Err(400));
        assert_eq!(query(new().max_fields(2)), Err(413));
        assert_eq!(query(new().auto_args(false).strict_parsing(true)).unwrap(), "");
    }

    #[test]
    fn media_types_of_forms() {
        let check = |options: ParseOptions, kind: &str| {
            let req = request(options, kind, "a=1");
            req.form().map(Args::len).map_err(|error| error.status().unwrap().as_u16())
        };
        let new = ParseOptions::new;
        assert_eq!(check(new(), "Application/X-WWW-Form-Urlencoded; charset=utf-8"), Ok(1));
        assert_eq!(check(new(), "text/x-form"), Err(415));
        assert_eq!(check(new().form_mime_type("Text/X-Form"), "text/x-form"), Ok(1));
        assert_eq!(check(new().auto_form(false), "text/x-form"), Ok(0));
        assert_eq!(check(new().auto_form(false), FORM), Ok(0));
        let kinds = |kind: &str| {
            let req = request(new().json_mime_type("text/json"), kind, "{}");
            (req.is_form(), req.is_json())
        };
        for kind in [
            "application/json",
            "application/merge-patch+json",
            "TEXT/json",
            "application/javascript",
        ] {
            assert_eq!(kinds(kind), (false, true), "{kind}");
        }
        assert_eq!(kinds("text/plain"), (false, false));
        assert_eq!(kinds(FORM), (true, false));
    }

    #[test]
    fn cookies_can_be_left_alone() {
        assert_eq!(request(ParseOptions::new(), FORM, "").cookie("x"), Some("y"));
        let off = ParseOptions::new().auto_cookies(false);
        assert_eq!(request(off, FORM, "").cookie("x"), None);
    }
}
