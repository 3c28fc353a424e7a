//! What a server calls: the service, its plan for a body, and hooks.

use std::fmt;

use http::StatusCode;

use crate::error::{Error, ErrorView};
use crate::request::Request;
use crate::response::{IntoResponse, Response};

/// What a server calls for every request.
///
/// A request goes through a service in two steps. [`begin`](Self::begin) sees the head alone and
/// says what is to happen to the body; so a request that is refused costs nobody its upload.
/// [`call`](Self::call) follows when the body is there. Both may block: nobody else waits.
///
/// A function or closure `Fn(&mut Request) -> impl IntoResponse` is a service.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "this cannot answer requests",
    note = "a service is an `App`, a `Folder`, or a function `fn(&mut Request) -> T` where `T` \
            can be sent as a response; a closure needs the type written: `|req: &mut Request| …`"
)]
pub trait Service {
    /// Looks at the head and says what is to happen to the body; "keep it for me" if not written.
    fn begin(&self, req: &mut Request) -> Plan {
        let _ = req;
        Plan::buffer()
    }

    /// Makes the answer. Not called when `begin` rejected or passed.
    fn call(&self, req: &mut Request) -> Response;

    /// Called once by a server before it accepts anybody: tells mistakes of the configuration.
    ///
    /// # Errors
    /// All mistakes together, so that one start shows every one of them.
    fn check(&self) -> Result<(), CheckError> {
        Ok(())
    }
}

impl<F> Service for F
where
    F: for<'r> Call<'r>,
{
    fn call(&self, req: &mut Request) -> Response {
        Call::call(self, req).into_response().unwrap_or_else(Response::failed)
    }
}

/// A function that takes a request and gives what can be sent.
///
/// It exists because `-> impl IntoResponse` of a function item keeps the borrow of the request,
/// which a bound `Fn(&mut Request) -> R` cannot say for every lifetime at once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a function of a request",
    note = "write `fn(&mut Request) -> T` where `T` can be sent as a response; a closure needs the \
            type written: `|req: &mut Request| …`"
)]
pub trait Call<'r> {
    /// What the function gives.
    type Out: IntoResponse;

    /// Calls the function.
    fn call(&self, req: &'r mut Request) -> Self::Out;
}

impl<'r, F, R> Call<'r> for F
where
    F: Fn(&'r mut Request) -> R,
    R: IntoResponse,
{
    type Out = R;

    fn call(&self, req: &'r mut Request) -> R {
        self(req)
    }
}

impl<S: Service + ?Sized> Service for std::sync::Arc<S> {
    fn begin(&self, req: &mut Request) -> Plan {
        (**self).begin(req)
    }

    fn call(&self, req: &mut Request) -> Response {
        (**self).call(req)
    }

    fn check(&self) -> Result<(), CheckError> {
        (**self).check()
    }
}

/// The answer to an error where no application makes a page of it: the status, its name and the
/// error's message for the client as plain text. A declined request closes the connection, and so
/// does a panic, after which nobody knows what else is broken.
pub fn plain_answer(error: Error) -> Response {
    let panicked = matches!(error.view(), ErrorView::Panic(_));
    let error = match error.into_response() {
        Ok(response) => return response,
        Err(error) => error,
    };
    let Some(status) = error.status() else { return Response::declined() };
    // An interim status (RFC 9110, section 15.2) would leave the request without an answer.
    let status = if status.is_informational() { StatusCode::INTERNAL_SERVER_ERROR } else { status };
    let name = status.canonical_reason().unwrap_or("Error");
    let text = match error.message() {
        Some(message) => format!("{} {name}: {message}\n", status.as_u16()),
        None => format!("{} {name}\n", status.as_u16()),
    };
    let answer = Response::text(text).with_status(status);
    if panicked { answer.and_close() } else { answer }
}

/// What is to happen to a request after its head.
#[derive(Debug)]
pub struct Plan {
    /// Which piece of the program answers: a small number, the same for all requests that run the
    /// same code. The engine learns from it which ones block. 0 if there is but one.
    pub endpoint: u32,
    /// What is to happen to the body.
    pub body: BodyPlan,
}

/// What is to happen to the body of a request.
#[non_exhaustive]
pub enum BodyPlan {
    /// Keep it: in memory, then in an unnamed temporary file; up to `limit` bytes, or up to the
    /// server's own limit. A longer one is answered with 413 and not kept.
    Buffer {
        /// The limit in bytes, in place of the server's.
        limit: Option<u64>,
    },
    /// Push it into a sink as it arrives.
    Sink(Box<dyn BodySink>),
    /// Call now, and let the handler read the body while it arrives, with
    /// [`Request::stream`](crate::Request::stream). Each such request holds a thread as long as its
    /// client takes, so servers cap their number.
    Stream,
    /// Answer now; the body is not wanted.
    Reject(Box<Response>),
    /// Not mine: let somebody else answer. A server whose only service passes answers 404.
    Pass,
}

impl Plan {
    /// Keep the body within the server's limit, then call.
    pub fn buffer() -> Self {
        Self { endpoint: 0, body: BodyPlan::Buffer { limit: None } }
    }

    /// Keep the body within a limit in bytes, then call.
    pub fn buffer_up_to(limit: u64) -> Self {
        Self { endpoint: 0, body: BodyPlan::Buffer { limit: Some(limit) } }
    }

    /// Push the body into a sink, then call.
    pub fn sink(sink: impl BodySink + 'static) -> Self {
        Self { endpoint: 0, body: BodyPlan::Sink(Box::new(sink)) }
    }

    /// Call now, and let the handler read the body while it arrives.
    pub fn stream() -> Self {
        Self { endpoint: 0, body: BodyPlan::Stream }
    }

    /// Answer now, without the body.
    pub fn reject(response: Response) -> Self {
        Self { endpoint: 0, body: BodyPlan::Reject(Box::new(response)) }
    }

    /// Let somebody else answer.
    pub fn pass() -> Self {
        Self { endpoint: 0, body: BodyPlan::Pass }
    }

    /// For this endpoint.
    #[must_use]
    pub fn for_endpoint(mut self, endpoint: u32) -> Self {
        self.endpoint = endpoint;
        self
    }
}

impl fmt::Debug for BodyPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Buffer { limit: None } => f.write_str("Buffer"),
            Self::Buffer { limit: Some(limit) } => write!(f, "Buffer({limit})"),
            Self::Sink(_) => f.write_str("Sink"),
            Self::Stream => f.write_str("Stream"),
            Self::Reject(response) => write!(f, "Reject({})", response.status()),
            Self::Pass => f.write_str("Pass"),
        }
    }
}

/// Takes the body of a request while it arrives.
///
/// Exactly one of [`finish`](Self::finish) and dropping ends a sink: one that is dropped without
/// `finish` belongs to a body that never became whole, and has to undo what it did.
pub trait BodySink: Send {
    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// An error ends the request: it is answered with that error and the rest of the body is not
    /// read.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// The body is whole: leave the result in the request (its extensions) for `call`.
    ///
    /// # Errors
    /// The request is answered with the error, without a call.
    fn finish(self: Box<Self>, req: &mut Request) -> Result<(), Error>;
}

/// Runs before and after the handlers of an application.
pub trait Hook: Send + Sync {
    /// Runs when the route is known and before the body is read. An error is the answer: so a
    /// login refuses, and CORS answers a preflight.
    ///
    /// # Errors
    /// Whatever is to be the answer instead.
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        let _ = req;
        Ok(())
    }

    /// Runs when the body is there, for hooks that have something to say both before and after it
    /// arrived, as a login that protects bodies. Not for requests that were refused without it, and
    /// not for hooks whose [`before`](Self::before) [needs the body](Self::needs_body).
    ///
    /// # Errors
    /// Whatever is to be the answer instead.
    fn with_body(&self, req: &mut Request) -> Result<(), Error> {
        let _ = req;
        Ok(())
    }

    /// Whether [`before`](Self::before) has to see the body, as a check of a signature does. It then
    /// runs when the body is there, after the other hooks, and not at all for requests that were
    /// refused without it. Asked at registration.
    fn needs_body(&self) -> bool {
        false
    }

    /// Runs on every answer, those of errors too.
    ///
    /// # Errors
    /// An error replaces the answer by that of a failed handler.
    fn after(&self, req: &mut Request, response: &mut Response) -> Result<(), Error> {
        let _ = (req, response);
        Ok(())
    }
}

/// Mistakes in the configuration of a service, all together.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckError {
    mistakes: Vec<String>,
}

impl CheckError {
    /// An error of these mistakes, or none if there are none.
    ///
    /// # Errors
    /// When `mistakes` is not empty.
    pub fn from_mistakes(mistakes: Vec<String>) -> Result<(), Self> {
        if mistakes.is_empty() { Ok(()) } else { Err(Self { mistakes }) }
    }

    /// The mistakes, one sentence each.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.as_slice() {
            [one] => f.write_str(one),
            all => {
                write!(f, "{} mistakes:", all.len())?;
                all.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))
            }
        }
    }
}

/// As `Display`, so that `main` returning this error prints something to read.
impl fmt::Debug for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for CheckError {}
