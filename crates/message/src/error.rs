//! The one error of handlers and hooks: what the client sees apart from what the log sees.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

use http::StatusCode;
use pauper_fields::FieldError;

use crate::guard::PanicPlace;
use crate::response::Response;

type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// Why a handler or hook did not give a response.
///
/// `?` makes one from any [`std::error::Error`] (status 500; the client sees nothing of it, the
/// log sees all of it, with the place of the `?`). A `FieldError` of `pauper_fields`, a query or
/// form field that is missing or wrong, is 400 and tells the client which. [`abort`], [`redirect`], [`abort_with`] and
/// [`decline`] make the others. For `?` to take any error type this type is not itself a
/// [`std::error::Error`].
///
/// One word wide, so that `Result<T, Error>` stays cheap.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    location: &'static Location<'static>,
    backtrace: Option<Backtrace>,
}

enum Kind {
    Status { status: StatusCode, message: Option<Box<str>>, source: Source },
    Response(Response),
    Panic { text: Box<str>, place: Option<Box<str>> },
    Declined,
}

/// An error of the user, whose `Drop` may panic wherever an [`Error`] happens to end.
struct Source(Option<BoxError>);

impl Drop for Source {
    fn drop(&mut self) {
        if let Some(error) = self.0.take() {
            crate::drop_quietly(error);
        }
    }
}

/// What an [`Error`] asks for, borrowed; see [`Error::view`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorView<'e> {
    /// Answer with this status.
    Status(StatusCode),
    /// Answer with this very response.
    Response(&'e Response),
    /// A handler panicked; the text is the panic's message.
    Panic(&'e str),
    /// Close the connection without an answer.
    Declined,
}

impl Error {
    #[track_caller]
    fn from_kind(kind: Kind) -> Self {
        Self(Box::new(Inner { kind, location: Location::caller(), backtrace: None }))
    }

    /// An error that answers `status` with `message` for the client to read.
    ///
    /// The message is escaped where it is shown; keep secrets out of it.
    #[track_caller]
    #[cold]
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self::from_kind(Kind::Status {
            status,
            message: Some(message.into().into_boxed_str()),
            source: Source(None),
        })
    }

    /// An error that answers `status` because of `source`, which only the log sees.
    #[track_caller]
    #[cold]
    pub fn with_source(
        status: StatusCode,
        message: Option<&str>,
        source: impl Into<BoxError>,
    ) -> Self {
        Self::from_kind(Kind::Status {
            status,
            message: message.map(Into::into),
            source: Source(Some(source.into())),
        })
    }

    /// The error of a panic with this text; see [`guard`](crate::guard).
    #[track_caller]
    #[cold]
    pub(crate) fn panicked(text: Box<str>, place: Option<PanicPlace>) -> Self {
        let (place, backtrace) = place.map(|it| (it.place, it.backtrace)).unzip();
        let mut made = Self::from_kind(Kind::Panic { text, place });
        made.0.backtrace = backtrace;
        made
    }

    /// What this error asks for.
    pub fn view(&self) -> ErrorView<'_> {
        match &self.0.kind {
            Kind::Status { status, .. } => ErrorView::Status(*status),
            Kind::Response(response) => ErrorView::Response(response),
            Kind::Panic { text, .. } => ErrorView::Panic(text),
            Kind::Declined => ErrorView::Declined,
        }
    }

    /// The status of the answer: 500 for panics, none for a declined request.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.0.kind {
            Kind::Status { status, .. } => Some(*status),
            Kind::Response(response) => Some(response.status()),
            Kind::Panic { .. } => Some(StatusCode::INTERNAL_SERVER_ERROR),
            Kind::Declined => None,
        }
    }

    /// The text meant for the client, if there is one.
    pub fn message(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Status { message, .. } => message.as_deref(),
            _ => None,
        }
    }

    /// The error behind this one, for the log and for error handlers by type.
    pub fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            Kind::Status { source, .. } => {
                source.0.as_deref().map(|error| error as &(dyn StdError + 'static))
            }
            _ => None,
        }
    }

    /// The first error of type `E` among [`source`](Self::source) and its own sources.
    pub fn find<E: StdError + 'static>(&self) -> Option<&E> {
        let mut next = self.source();
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<E>() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    /// Where the code panicked, as `file:line`, if this is the error of a panic and
    /// [`note_panic_places`](crate::note_panic_places) was called before.
    pub fn panic_place(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Panic { place, .. } => place.as_deref(),
            _ => None,
        }
    }

    /// Where the error was made: the place of the `?`, of [`abort`] and so on; of a panic the place
    /// where it was caught.
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }

    /// The calls that led to the `?` which made this error, if the program runs with
    /// `RUST_BACKTRACE=1`; of [`abort`] and the like there is none, and of a panic only where
    /// [`panic_place`](Self::panic_place) has one, too.
    pub fn backtrace(&self) -> Option<&Backtrace> {
        self.0.backtrace.as_ref().filter(|it| it.status() == BacktraceStatus::Captured)
    }

    /// The response of [`abort_with`] or [`redirect`], or the error back.
    ///
    /// # Errors
    /// Gives the error back when it carries no response.
    pub fn into_response(self) -> Result<Response, Self> {
        match self.0.kind {
            Kind::Response(response) => Ok(response),
            _ => Err(self),
        }
    }

    /// What the log should say: the whole chain of sources and the place; never for clients. It is
    /// one line: control characters, which may be a client's, are escaped. A source whose `Display`
    /// panics is told of as such.
    pub fn log_text(&self) -> String {
        use fmt::Write as _;
        let mut text = match &self.0.kind {
            Kind::Status { status, .. } => status.to_string(),
            Kind::Response(response) => format!("answer {}", response.status()),
            Kind::Panic { text, .. } => format!("panic: {text}"),
            Kind::Declined => "declined".to_owned(),
        };
        if let Some(message) = self.message() {
            let _ = write!(text, ": {message}");
        }
        let told = crate::guard(|| {
            let mut next = self.source();
            while let Some(error) = next {
                let _ = write!(text, ": {error}");
                next = error.source();
            }
            Ok(())
        });
        if told.is_err() {
            text.push_str(" (an error that cannot be shown)");
        }
        // Where a panic was caught says nothing.
        if !matches!(self.0.kind, Kind::Panic { .. }) {
            let _ = write!(text, " ({}:{})", self.0.location.file(), self.0.location.line());
        } else if let Some(place) = self.panic_place() {
            let _ = write!(text, " ({place})");
        }
        one_line(text)
    }
}

/// Escapes what could end a line, talk to a terminal, or turn the direction of writing.
fn one_line(text: String) -> String {
    let bad = |c: char| {
        let turns = matches!(c,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        c.is_control() || turns
    };
    if !text.contains(bad) {
        return text;
    }
    let mut line = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if bad(character) {
            line.extend(character.escape_unicode());
        } else {
            line.push(character);
        }
    }
    line
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({})", self.log_text())
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    #[track_caller]
    #[cold]
    fn from(error: E) -> Self {
        // What the client filled in wrongly is told to the client, and is no fault of the server.
        let (status, message) = match (&error as &dyn Any).downcast_ref::<FieldError>() {
            Some(field) => (StatusCode::BAD_REQUEST, Some(field.to_string().into_boxed_str())),
            None => match Self::of_body(&error) {
                Some((status, message)) => (status, Some(message)),
                None => (StatusCode::INTERNAL_SERVER_ERROR, None),
            },
        };
        let source = Source(Some(Box::new(error)));
        let mut made = Self::from_kind(Kind::Status { status, message, source });
        if status.is_server_error() {
            made.0.backtrace = Some(Backtrace::capture());
        }
        made
    }
}

/// A status given as a number or as a [`StatusCode`].
pub trait IntoStatus {
    /// The status, or nothing when the number is outside 100 to 999.
    fn into_status(self) -> Option<StatusCode>;
}

impl IntoStatus for StatusCode {
    fn into_status(self) -> Option<StatusCode> {
        Some(self)
    }
}

impl IntoStatus for u16 {
    fn into_status(self) -> Option<StatusCode> {
        StatusCode::from_u16(self).ok()
    }
}

/// Stops the handler with a status: `return Err(abort(404))`.
///
/// The app's handler for that status makes the page. A number outside 100 to 999 is a mistake of
/// the program and answers 500, with the number in the log.
#[track_caller]
#[cold]
pub fn abort(status: impl IntoStatus) -> Error {
    match status.into_status() {
        Some(status) => {
            Error::from_kind(Kind::Status { status, message: None, source: Source(None) })
        }
        None => Error::from_kind(Kind::Status {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: None,
            source: Source(Some("abort was called with a number that is no status".into())),
        }),
    }
}

/// Stops the handler with this very response: `return Err(abort_with(response))`.
#[track_caller]
#[cold]
pub fn abort_with(response: Response) -> Error {
    Error::from_kind(Kind::Response(response))
}

/// Stops the handler with a redirect (302) to `location`, relative or absolute.
///
/// A location that cannot stand in a header (line ends, control characters) answers 500, with a
/// line in the log. Never pass text of a client here unless your program checked it.
#[track_caller]
#[cold]
pub fn redirect(location: &str) -> Error {
    abort_with(Response::redirect(location))
}

/// Stops the handler and closes the connection without any answer.
#[track_caller]
#[cold]
pub fn decline() -> Error {
    Error::from_kind(Kind::Declined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }
    impl StdError for Outer {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn question_mark_keeps_the_error_and_its_place() {
        fn fails() -> Result<(), Error> {
            "x".parse::<u8>()?;
            Ok(())
        }
        let error = fails().unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::INTERNAL_SERVER_ERROR));
        assert_eq!(error.message(), None, "the client sees nothing of it");
        assert!(error.log_text().contains("invalid digit"), "{}", error.log_text());
        assert!(error.location().file().ends_with("error.rs"), "{:?}", error.location());
    }

    #[test]
    fn a_wrong_field_is_the_clients_fault() {
        let req = crate::Request::builder().target("/?count=x").build().unwrap();
        let error = Error::from(req.args().unwrap().required::<u32>("count").unwrap_err());
        assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
        assert!(error.message().unwrap().contains("count"), "{error:?}");
        assert!(error.find::<FieldError>().is_some());
    }

    #[test]
    fn find_walks_the_chain() {
        let error = Error::from(Outer("x".parse::<u8>().unwrap_err()));
        assert!(error.find::<Outer>().is_some());
        assert!(error.find::<std::num::ParseIntError>().is_some());
        assert!(error.find::<std::io::Error>().is_none());
    }

    #[test]
    fn nobody_forges_a_line_of_the_log() {
        let error = Error::from(std::io::Error::other("no \u{1b}[31m\r\nfile\u{202e}\u{9b}"));
        let text = error.log_text();
        assert!(text.contains("no \\u{1b}[31m\\u{d}\\u{a}file\\u{202e}\\u{9b}"), "{text}");
    }

    #[test]
    fn one_word() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }

    #[test]
    fn a_wrong_number_is_a_500() {
        assert_eq!(abort(42).status(), Some(StatusCode::INTERNAL_SERVER_ERROR));
        assert_eq!(abort(418).status().map(|s| s.as_u16()), Some(418));
        assert_eq!(decline().status(), None);
        let location = "/x\r\nSet-Cookie: a=b";
        let response = redirect(location).into_response().unwrap();
        assert!(response.into_result().is_err(), "a line end in a location is an error");
    }
}
