//! Files that go where the program wants them.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Mutex;

/// Takes the data of one file while it arrives, in place of memory and the temporary file.
///
/// A sink is made by the function given to [`FormReader::sinks`](super::FormReader::sinks) when
/// the head of the part is there. Then [`write`](Self::write) is called for every piece, and
/// [`finish`](Self::finish) at the end of the part. If the form as a whole does not become
/// complete, since the client went away, a later part was refused, or a sink failed,
/// [`abort`](Self::abort) follows, after `finish` too: the handler never sees that form, so nobody
/// else would undo what was done. A sink of a complete form stays in its
/// [`FieldStorage`](super::FieldStorage), and is dropped with it or taken out.
///
/// ```
/// use pauper_fields::{FormLimits, FormReader, Sink, SinkError};
///
/// /// Counts, and keeps nothing.
/// struct Counter(u64);
///
/// impl Sink for Counter {
///     fn write(&mut self, data: &[u8]) -> Result<(), SinkError> {
///         self.0 += data.len() as u64;
///         Ok(())
///     }
/// }
///
/// let mut reader =
///     FormReader::of_content_type(Some(b"multipart/form-data; boundary=x"), FormLimits::new())?
///         .sinks(|head| match head.filename() {
///             Some(name) if name.ends_with(".exe") => {
///                 Err(SinkError::new(415, "programs are not accepted"))
///             }
///             _ => Ok(Some(Box::new(Counter(0)))),
///         });
/// reader.write(b"--x\r\nContent-Disposition: form-data; name=photo; filename=\"a.jpg\"\r\n\r\n")?;
/// reader.write(b"12345\r\n--x--")?;
/// let form = reader.finish()?;
/// let counter: &Counter = form.field("photo").unwrap().sink().unwrap();
/// assert_eq!(counter.0, 5);
/// # Ok::<(), pauper_fields::FormError>(())
/// ```
pub trait Sink: Any + Send {
    /// Takes the next bytes of the file, with the Content-Transfer-Encoding undone.
    ///
    /// # Errors
    /// An error ends the form, and becomes the answer to the request.
    fn write(&mut self, data: &[u8]) -> Result<(), SinkError>;

    /// The file is whole.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    fn finish(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// The form will never be complete: undo what was done.
    fn abort(&mut self) {}
}

/// Why a sink did not take a file, and what to answer.
///
/// `?` makes one with status 500 from an [`io::Error`].
pub struct SinkError {
    status: u16,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    /// Never locked: it only makes the error `Sync`, which a value that is `Send` need not be.
    payload: Option<Mutex<Box<dyn Any + Send>>>,
}

impl SinkError {
    /// Answer with this status. The message is for the client to read.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), source: None, payload: None }
    }

    /// Answer with this status because of `source`, which is for the log.
    pub fn with_source(status: u16, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::new(status, "") }
    }

    /// An error that carries a value, such as a whole response, for the layer above to take out
    /// ([`into_payload`](Self::into_payload)).
    pub fn with_payload(status: u16, payload: impl Any + Send) -> Self {
        Self { payload: Some(Mutex::new(Box::new(payload))), ..Self::new(status, "") }
    }

    /// The status to answer with.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The message for the client; empty if there is none.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error behind it, for the log.
    pub fn into_source(self) -> Option<Box<dyn StdError + Send + Sync>> {
        self.source
    }

    /// The value that it carries, if it is of this type; otherwise the error itself.
    ///
    /// # Errors
    /// Gives the error back when it carries nothing of this type.
    pub fn into_payload<T: Any>(mut self) -> Result<T, Self> {
        let payload = self.payload.take().and_then(|payload| payload.into_inner().ok());
        match payload.map(Box::<dyn Any + Send>::downcast) {
            Some(Ok(payload)) => Ok(*payload),
            Some(Err(other)) => Err(Self { payload: Some(Mutex::new(other)), ..self }),
            None => Err(self),
        }
    }
}

impl From<io::Error> for SinkError {
    fn from(error: io::Error) -> Self {
        Self::with_source(500, error)
    }
}

impl fmt::Debug for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkError")
            .field("status", &self.status)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl StdError for SinkError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// A sink that is told to abort when it is dropped before its form was complete.
pub(super) struct Guarded {
    sink: Option<Box<dyn Sink>>,
    complete: bool,
}

impl Guarded {
    pub(super) fn new(sink: Box<dyn Sink>) -> Self {
        Self { sink: Some(sink), complete: false }
    }

    pub(super) fn get(&self) -> Option<&dyn Sink> {
        self.sink.as_deref()
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), SinkError> {
        self.sink.as_mut().map_or(Ok(()), |sink| sink.write(data))
    }

    pub(super) fn finish(&mut self) -> Result<(), SinkError> {
        self.sink.as_mut().map_or(Ok(()), |sink| sink.finish())
    }

    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    /// Takes the sink out, if it is of this type.
    pub(super) fn take<T: Sink>(&mut self) -> Option<Box<T>> {
        let is = self.get().is_some_and(|sink| (sink as &dyn Any).is::<T>());
        let sink: Box<dyn Any> = self.sink.take_if(|_| is)?;
        sink.downcast().ok()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let (Some(sink), false) = (&mut self.sink, self.complete) {
            sink.abort();
        }
    }
}
