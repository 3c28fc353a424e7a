//! Forms of either kind, with files: parsed while they arrive, or from a body that was kept.

use std::cell::OnceCell;
use std::fmt;

use http::StatusCode;
use pauper_fields::multipart::PartHead;
use pauper_fields::{FieldStorage, FormError, FormLimits, FormReader, Progress, Sink, SinkError};

use crate::error::Error;
use crate::request::Request;
use crate::service::{BodySink, Plan};

/// How a route takes forms: within which limits, and where files go.
///
/// The form is parsed while the client sends it, whatever its length with little memory; the
/// handler is called once, with the whole form, and finds it by [`Request::fields`]. On every other
/// way out nothing is left behind: temporary files have no name, and sinks are told to abort.
///
/// ```
/// use pauper_fields::FormLimits;
/// use pauper_message::{BodyPlan, FormPlan, Request};
///
/// let photos = FormPlan::new(FormLimits::new().max_body(200 << 20));
/// let mut req = Request::builder()
///     .method("POST")
///     .header("Content-Type", "multipart/form-data; boundary=x")
///     .build()
///     .unwrap();
/// let BodyPlan::Sink(mut sink) = photos.plan(&req).unwrap().body else { panic!("a sink") };
/// sink.write(b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--").unwrap();
/// sink.finish(&mut req).unwrap();
/// assert_eq!(req.fields().unwrap().get("a"), Some("1"));
/// ```
pub struct FormPlan {
    limits: FormLimits,
    sinks: Option<Box<Sinks>>,
    progress: Option<Box<Watch>>,
}

/// Makes what makes the sinks of one request.
type Sinks = dyn Fn(&Request) -> Result<Box<Make>, Error> + Send + Sync;
type Watch = dyn Fn(&Request) -> Option<Progress> + Send + Sync;
type Make = dyn FnMut(&PartHead<'_>) -> Result<Option<Box<dyn Sink>>, SinkError> + Send;

impl FormPlan {
    /// Forms within these limits. A server has a limit of its own for bodies that are not kept
    /// (`max_sink_body`); the lower one counts.
    pub fn new(limits: FormLimits) -> Self {
        Self { limits, sinks: None, progress: None }
    }

    /// Files go where `sinks` says. It is called with the head of each request, after the hooks, and
    /// gives a function that is called with the head of each file; see
    /// [`FormReader::sinks`]. An error of either is the answer: `Err(abort(409))?`.
    #[must_use]
    pub fn sinks<F, G>(mut self, sinks: F) -> Self
    where
        F: Fn(&Request) -> Result<G, Error> + Send + Sync + 'static,
        G: FnMut(&PartHead<'_>) -> Result<Option<Box<dyn Sink>>, SinkError> + Send + 'static,
    {
        self.sinks = Some(Box::new(move |req| Ok(Box::new(sinks(req)?))));
        self
    }

    /// Tells the handle that `progress` gives for a request how much of it was received, so that
    /// another request can ask while the upload runs.
    #[must_use]
    pub fn progress<F>(mut self, progress: F) -> Self
    where
        F: Fn(&Request) -> Option<Progress> + Send + Sync + 'static,
    {
        self.progress = Some(Box::new(progress));
        self
    }

    /// The plan for a request.
    ///
    /// # Errors
    /// 415 when the body is no form, 400 when its boundary is missing or bad, 413 when its
    /// Content-Length is beyond the limit, and those of the function given to
    /// [`sinks`](Self::sinks).
    pub fn plan(&self, req: &Request) -> Result<Plan, Error> {
        let reader = FormReader::of_content_type(req.header_bytes("content-type"), self.limits);
        let mut reader = reader.map_err(refused)?;
        let length = req.header("content-length").and_then(|length| length.parse().ok());
        reader.expect(length.unwrap_or(0)).map_err(refused)?;
        if let Some(sinks) = &self.sinks {
            reader = reader.sinks(sinks(req)?);
        }
        if let Some(progress) = self.progress.as_ref().and_then(|progress| progress(req)) {
            reader = reader.progress(&progress);
        }
        Ok(Plan::sink(FormSink { reader }))
    }
}

/// Within the defaults of [`FormLimits`].
impl Default for FormPlan {
    fn default() -> Self {
        Self::new(FormLimits::new())
    }
}

impl From<FormLimits> for FormPlan {
    fn from(limits: FormLimits) -> Self {
        Self::new(limits)
    }
}

impl fmt::Debug for FormPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormPlan").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Takes a form while it arrives.
struct FormSink {
    reader: FormReader,
}

impl BodySink for FormSink {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.reader.write(bytes).map_err(refused)
    }

    fn finish(self: Box<Self>, req: &mut Request) -> Result<(), Error> {
        let form = self.reader.finish().map_err(refused)?;
        req.views.fields = OnceCell::from(Box::new(form));
        Ok(())
    }
}

/// The answer to a form that was not read. What is the client's fault is told to the client.
fn refused(error: FormError) -> Error {
    let status = error.status();
    let error = match error {
        FormError::Sink(error) => match error.into_payload::<Error>() {
            Ok(error) => return error,
            Err(error) => FormError::Sink(error),
        },
        other => other,
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if error.is_clients_fault() {
        return Error::new(status, error.to_string());
    }
    let message = match &error {
        FormError::Sink(sink) if !sink.message().is_empty() => Some(sink.message().to_owned()),
        _ => None,
    };
    Error::with_source(status, message.as_deref(), error)
}

/// A sink can answer with any error of a handler, a whole response included.
impl From<Error> for SinkError {
    fn from(error: Error) -> Self {
        let status = error.status().map_or(500, |status| status.as_u16());
        Self::with_payload(status, error)
    }
}

impl Request {
    /// The fields and files of the form in the body, of either kind.
    ///
    /// On a route that takes forms ([`FormPlan`]) they are there. On any other the body was kept,
    /// and is parsed at the first call, within the defaults of [`FormLimits`] but for the length,
    /// which the server bounded.
    ///
    /// # Errors
    /// 415 when the body is no form or in an unknown charset, 400 when it is malformed, 413 beyond
    /// a limit; 500 when a temporary file cannot be read or written.
    pub fn fields(&self) -> Result<&FieldStorage, Error> {
        if let Some(form) = self.views.fields.get() {
            return Ok(form);
        }
        let limits = FormLimits::new().urlencoded(self.form_options());
        let limits = limits.max_body(u64::MAX).max_part(u64::MAX);
        let kind = if self.body.is_empty() { None } else { self.header_bytes("content-type") };
        let reader = FormReader::of_content_type(kind, limits).map_err(refused)?;
        let form = reader.read_from(self.reader()).map_err(refused)?;
        Ok(self.views.fields.get_or_init(|| Box::new(form)))
    }

    /// Takes the form out, to keep it or its sinks.
    ///
    /// # Errors
    /// As for [`fields`](Self::fields).
    pub fn take_fields(&mut self) -> Result<FieldStorage, Error> {
        self.fields()?;
        Ok(self.views.fields.take().map(|form| *form).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::BodyPlan;
    use crate::{abort, abort_with};

    const TYPE: &str = "multipart/form-data; boundary=x";
    const BODY: &str = "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x\r\n\
         Content-Disposition: form-data; name=f; filename=f\r\n\r\ndata\r\n--x--";

    fn request(kind: &str, body: &str) -> Request {
        let builder = Request::builder().method("POST").header("Content-Type", kind);
        builder.body(body).build().unwrap()
    }

    fn send(plan: &FormPlan, req: &mut Request, body: &str) -> Result<(), Error> {
        let BodyPlan::Sink(mut sink) = plan.plan(req)?.body else { panic!("a sink") };
        for piece in body.as_bytes().chunks(5) {
            sink.write(piece)?;
        }
        sink.finish(req)
    }

    fn status(result: Result<(), Error>) -> u16 {
        result.unwrap_err().status().unwrap().as_u16()
    }

    #[test]
    fn forms_are_there_when_the_handler_is_called() {
        let plan = FormPlan::new(FormLimits::new());
        let mut req = request(TYPE, "");
        send(&plan, &mut req, BODY).unwrap();
        assert_eq!(req.fields().unwrap().get("a"), Some("1"));
        assert_eq!(req.form().unwrap().to_query(), "a=1");
        assert_eq!(req.take_fields().unwrap().files("f").count(), 1);
        let mut req = request("application/x-www-form-urlencoded", "");
        send(&plan, &mut req, "a=1&a=2").unwrap();
        assert_eq!(req.fields().unwrap().getlist("a"), ["1", "2"]);
        assert_eq!(req.form().unwrap().to_query(), "a=1&a=2");
    }

    #[test]
    fn kept_bodies_are_parsed_when_asked() {
        let mut req = request(TYPE, BODY);
        assert_eq!(req.form().unwrap().to_query(), "a=1");
        assert_eq!(&*req.fields().unwrap().field("f").unwrap().bytes().unwrap(), b"data");
        req.take_body();
        assert!(req.fields().unwrap().is_empty(), "the view goes with the body");
        assert!(request("", "").fields().unwrap().is_empty());
        for (kind, body, expected) in
            [("text/plain", "a", 415), (TYPE, "--x", 400), ("multipart/form-data", "--x--", 400)]
        {
            let error = request(kind, body).fields().map(|_| ());
            assert_eq!(status(error), expected, "{kind}");
        }
    }

    #[test]
    fn refusals_name_the_rule() {
        let plan = FormPlan::new(FormLimits::new().max_body(100));
        assert_eq!(status(send(&plan, &mut request("text/plain", ""), "")), 415);
        assert_eq!(status(send(&plan, &mut request(TYPE, ""), "--x-")), 400);
        let error = send(&plan, &mut request(TYPE, ""), BODY).unwrap_err();
        assert!(error.message().unwrap().contains("100 bytes (max_body)"), "{error:?}");
        // Told by Content-Length, before anything was sent.
        let req = request(TYPE, &"a".repeat(101));
        assert_eq!(status(plan.plan(&req).map(|_| ())), 413);
    }

    #[test]
    fn sinks_answer_as_handlers_do() {
        let answer = |make: fn() -> Error| {
            let plan = FormPlan::new(FormLimits::new())
                .sinks(move |_| Ok(move |_: &PartHead<'_>| Err(make().into())));
            send(&plan, &mut request(TYPE, ""), BODY).unwrap_err()
        };
        assert_eq!(answer(|| abort(409)).status().unwrap(), StatusCode::CONFLICT);
        let teapot =
            answer(|| abort_with(crate::Response::text("no").with_status(StatusCode::IM_A_TEAPOT)));
        assert_eq!(teapot.into_response().unwrap().status(), StatusCode::IM_A_TEAPOT);
        let full = answer(|| std::io::Error::other("disk full").into());
        assert_eq!((full.status().unwrap().as_u16(), full.message()), (500, None));
        // What makes the sinks can refuse, too, and sees the request.
        let plan = FormPlan::new(FormLimits::new()).sinks(|req| {
            if req.header("x-user").is_none() {
                return Err(abort(403));
            }
            Ok(|_: &PartHead<'_>| Ok(None))
        });
        assert_eq!(status(send(&plan, &mut request(TYPE, ""), BODY)), 403);
    }

    #[test]
    fn progress_is_told() {
        let progress = Progress::new();
        let handle = progress.clone();
        let plan = FormPlan::new(FormLimits::new()).progress(move |_| Some(handle.clone()));
        send(&plan, &mut request(TYPE, ""), BODY).unwrap();
        assert_eq!(progress.received(), BODY.len() as u64);
    }
}
