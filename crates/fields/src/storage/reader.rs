//! From bytes of a body to fields.

use std::fmt;
use std::io::{self, Read};
use std::mem;

use super::charset::Charset;
use super::sink::Guarded;
use super::spool::Spool;
use super::store::{Data, Entry, Place};
use super::{FieldStorage, FormError, FormLimits, Progress, Sink, SinkError};
use crate::multipart::{Event, Parser, PartHead, Text, TransferDecoder};
use crate::urlencoded;

/// Reads a form of either kind as it arrives: bytes in, a [`FieldStorage`] out.
///
/// ```
/// use pauper_fields::{FormLimits, FormReader};
///
/// let content_type = Some(&b"multipart/form-data; boundary=xyz"[..]);
/// let mut reader = FormReader::of_content_type(content_type, FormLimits::new())?;
/// reader.write(b"--xyz\r\nContent-Disposition: form-data; name=\"age\"\r\n\r\n36\r\n--xyz\r\n")?;
/// reader.write(b"Content-Disposition: form-data; name=\"cv\"; filename=\"../cv.txt\"\r\n\r\n")?;
/// reader.write(b"I was born\r\n--xyz--\r\n")?;
/// let form = reader.finish()?;
///
/// assert_eq!(form.required::<u8>("age")?, 36);
/// let file = form.files("cv").next().unwrap();
/// assert_eq!(file.filename(), Some("../cv.txt"));
/// assert_eq!(file.safe_file_name().as_deref(), Some("cv.txt"));
/// assert_eq!(&*file.bytes()?, b"I was born");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FormReader {
    body: Body,
    builder: Builder,
    progress: Option<Progress>,
    failed: bool,
}

enum Body {
    /// Nothing is said of its type, so it has to be empty.
    Empty,
    Urlencoded(urlencoded::Parser),
    Multipart(Box<Parser>),
}

type Factory = Box<dyn FnMut(&PartHead<'_>) -> Result<Option<Box<dyn Sink>>, SinkError> + Send>;

/// What is made of parsed pieces.
struct Builder {
    limits: FormLimits,
    form: FieldStorage,
    factory: Option<Factory>,
    open: Open,
    /// Decoded data of one piece, when it is encoded.
    scratch: Vec<u8>,
}

/// The part that is arriving.
struct Open {
    /// Where its data in memory begins.
    start: usize,
    /// Where it begins in the temporary file, if any of it is there.
    spilled: Option<u64>,
    sink: Option<usize>,
    is_file: bool,
    decoder: TransferDecoder,
    length: u64,
}

/// Encoded data is decoded in pieces of so many bytes.
const DECODED: usize = 4096;

impl FormReader {
    /// Reads a body of this Content-Type. `None`, no type, is good for an empty body only.
    ///
    /// # Errors
    ///
    /// [`NotAForm`](FormError::NotAForm) for a type that is not of forms, and
    /// [`Multipart`](FormError::Multipart) when the boundary is missing or bad.
    pub fn of_content_type(value: Option<&[u8]>, limits: FormLimits) -> Result<Self, FormError> {
        let Some(value) = value else { return Ok(Self::new(Body::Empty, limits)) };
        let kind = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if kind.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            Ok(Self::urlencoded(limits))
        } else if kind.eq_ignore_ascii_case(b"multipart/form-data") {
            Ok(Self::multipart(Parser::of_content_type(value, limits.multipart)?, limits))
        } else {
            Err(FormError::NotAForm)
        }
    }

    /// Reads an urlencoded body.
    pub fn urlencoded(limits: FormLimits) -> Self {
        Self::new(Body::Urlencoded(urlencoded::Parser::new(limits.options)), limits)
    }

    /// Reads a multipart body with this parser.
    pub fn multipart(parser: Parser, limits: FormLimits) -> Self {
        Self::new(Body::Multipart(Box::new(parser)), limits)
    }

    fn new(body: Body, limits: FormLimits) -> Self {
        let open = Open {
            start: 0,
            spilled: None,
            sink: None,
            is_file: false,
            decoder: TransferDecoder::new(crate::multipart::TransferEncoding::Identity),
            length: 0,
        };
        let form = FieldStorage::default();
        let builder = Builder { limits, form, factory: None, open, scratch: Vec::new() };
        Self { body, builder, progress: None, failed: false }
    }

    /// Asks `make` for a [`Sink`] when a file begins, that is a part with a file name that is not
    /// empty. `None` leaves the file to memory and the temporary file. An error ends the form and
    /// becomes the answer.
    #[must_use]
    pub fn sinks<F>(mut self, make: F) -> Self
    where
        F: FnMut(&PartHead<'_>) -> Result<Option<Box<dyn Sink>>, SinkError> + Send + 'static,
    {
        self.builder.factory = Some(Box::new(make));
        self
    }

    /// Tells this handle how many bytes were received.
    #[must_use]
    pub fn progress(mut self, progress: &Progress) -> Self {
        self.progress = Some(progress.clone());
        self
    }

    /// Says how long the body will be, so that one that is too long is refused before it is sent.
    ///
    /// # Errors
    ///
    /// When that is more than [`max_body`](FormLimits::max_body).
    pub fn expect(&self, length: u64) -> Result<(), FormError> {
        let limit = self.builder.limits.multipart.max_body;
        if length <= limit {
            return Ok(());
        }
        Err(crate::multipart::Error::limit("max_body", limit, limit).into())
    }

    /// How many bytes were received.
    pub fn bytes_read(&self) -> u64 {
        self.builder.form.received
    }

    /// Bytes in memory so far; see [`FieldStorage::memory`].
    pub fn memory(&self) -> usize {
        self.builder.form.memory()
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    ///
    /// Whatever [`FormError`] tells. Nothing else is accepted after an error; what was stored is
    /// dropped at once, and sinks are told to abort.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FormError> {
        if self.failed {
            return Err(FormError::Failed);
        }
        let result = self.take(bytes);
        self.builder.form.received += bytes.len() as u64;
        if let Some(progress) = &self.progress {
            progress.set(self.builder.form.received);
        }
        if result.is_err() {
            self.failed = true;
            drop(mem::take(&mut self.builder.form));
        }
        result
    }

    /// Reads a body to its end.
    ///
    /// # Errors
    ///
    /// [`Io`](FormError::Io) when the source cannot be read, and those of [`write`](Self::write)
    /// and [`finish`](Self::finish).
    pub fn read_from(mut self, mut source: impl Read) -> Result<FieldStorage, FormError> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return self.finish(),
                Ok(read) => self.write(&buffer[..read])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FormError::Io(error)),
            }
        }
    }

    /// Says that the body has ended, and gives the form.
    ///
    /// # Errors
    ///
    /// When the body is incomplete, texts need more memory than allowed or have a charset that is
    /// not known, and after an error of [`write`](Self::write). Sinks are told to abort then.
    pub fn finish(mut self) -> Result<FieldStorage, FormError> {
        if self.failed {
            return Err(FormError::Failed);
        }
        match &mut self.body {
            Body::Empty => {}
            Body::Urlencoded(parser) => {
                if let Some((name, value)) = parser.finish()? {
                    self.builder.pair(&name, &value)?;
                }
            }
            Body::Multipart(parser) => {
                parser.finish()?;
                self.builder.texts()?;
            }
        }
        let mut form = self.builder.form;
        form.sinks.iter_mut().for_each(Guarded::complete);
        Ok(form)
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), FormError> {
        let builder = &mut self.builder;
        match &mut self.body {
            Body::Empty if bytes.is_empty() => Ok(()),
            Body::Empty => Err(FormError::NotAForm),
            Body::Urlencoded(parser) => {
                let max = builder.limits.multipart.max_body;
                if builder.form.received + bytes.len() as u64 > max {
                    return Err(crate::multipart::Error::limit("max_body", max, max).into());
                }
                while let Some((name, value)) = parser.feed(&mut bytes)? {
                    builder.pair(&name, &value)?;
                }
                Ok(())
            }
            Body::Multipart(parser) => {
                while let Some(event) = parser.feed(&mut bytes)? {
                    match event {
                        Event::Part(head) => builder.begin(&head)?,
                        Event::Data(data) => builder.data(data)?,
                        Event::PartEnd => builder.end()?,
                        Event::End => {}
                    }
                }
                Ok(())
            }
        }
    }
}

impl Builder {
    /// Appends to the arena; `None` if that would be more than is allowed.
    #[inline]
    fn try_keep(&mut self, bytes: &[u8]) -> Option<Place> {
        let arena = &mut self.form.arena;
        let (start, end) = (arena.len(), arena.len() + bytes.len());
        if end > self.limits.max_memory {
            return None;
        }
        if end > arena.capacity() {
            // As a vector would grow, but never beyond what is allowed.
            let wanted = (2 * arena.capacity()).max(end).max(1024);
            arena.reserve_exact(wanted.min(self.limits.max_memory) - start);
        }
        arena.extend_from_slice(bytes);
        Some(Place::new(start, end))
    }

    #[inline]
    fn keep(&mut self, bytes: &[u8]) -> Result<Place, FormError> {
        match self.try_keep(bytes) {
            Some(place) => Ok(place),
            None => Err(FormError::memory(self.limits.max_memory, self.form.received)),
        }
    }

    fn pair(&mut self, name: &str, value: &str) -> Result<(), FormError> {
        let name = self.keep(name.as_bytes())?;
        let value = self.keep(value.as_bytes())?;
        self.form.entries.push(Entry {
            name,
            head: Place::default(),
            filename: None,
            content_type: None,
            text: Some(value),
            data: Data::Memory(value),
        });
        Ok(())
    }

    /// Keeps a text of the head; nothing is copied twice.
    fn keep_text(&mut self, text: &Text, head: Place) -> Result<Place, FormError> {
        match text {
            Text::Within(span) => {
                let start = head.start as usize;
                Ok(Place::new(start + span.start(), start + span.end()))
            }
            Text::Decoded(text) => self.keep(text.as_bytes()),
        }
    }

    fn begin(&mut self, part: &PartHead<'_>) -> Result<(), FormError> {
        let head = self.keep(part.block)?;
        let parsed = part.parsed;
        let name = match (&parsed.name, part.inherited) {
            (Some(name), _) => self.keep_text(name, head)?,
            (None, Some(name)) => self.keep(name.as_bytes())?,
            (None, None) => Place::default(),
        };
        let filename = match &parsed.filename {
            Some(filename) => Some(self.keep_text(filename, head)?),
            None => None,
        };
        let start = head.start as usize;
        let content_type =
            parsed.content_type.map(|span| Place::new(start + span.start(), start + span.end()));
        let is_file = filename.is_some_and(|place| place.len() > 0);
        let mut sink = None;
        if is_file
            && let Some(factory) = &mut self.factory
            && let Some(made) = factory(part)?
        {
            sink = Some(self.form.sinks.len());
            self.form.sinks.push(Guarded::new(made));
        }
        self.open = Open {
            start: self.form.arena.len(),
            spilled: None,
            sink,
            is_file,
            decoder: TransferDecoder::new(parsed.encoding),
            length: 0,
        };
        let data = Data::Memory(Place::default());
        self.form.entries.push(Entry { name, head, filename, content_type, text: None, data });
        Ok(())
    }

    #[inline]
    fn data(&mut self, data: &[u8]) -> Result<(), FormError> {
        if self.open.decoder.is_identity() {
            return self.put(data);
        }
        let mut scratch = mem::take(&mut self.scratch);
        for piece in data.chunks(DECODED) {
            scratch.clear();
            self.open.decoder.decode(piece, &mut scratch)?;
            self.put(&scratch)?;
        }
        self.scratch = scratch;
        Ok(())
    }

    fn put(&mut self, data: &[u8]) -> Result<(), FormError> {
        self.open.length += data.len() as u64;
        if let Some(index) = self.open.sink {
            return Ok(self.form.sinks[index].write(data)?);
        }
        if !self.open.is_file {
            return self.keep(data).map(drop);
        }
        let buffered = self.form.arena.len() - self.open.start;
        // Files leave one half of the memory to names and texts, which have nowhere else to go.
        let fits = !Spool::AVAILABLE
            || (buffered + data.len() <= self.limits.file_memory
                && self.form.arena.len() + data.len() <= self.limits.max_memory / 2);
        if fits && self.try_keep(data).is_some() {
            return Ok(());
        }
        if !Spool::AVAILABLE {
            return Err(FormError::memory(self.limits.max_memory, self.form.received));
        }
        self.spill()?;
        // What is small is gathered, so that data that drips in costs no system call for each drop.
        let small = data.len() <= self.limits.file_memory / 2;
        if small && self.try_keep(data).is_some() {
            return Ok(());
        }
        self.form.spool.append(data).map_err(FormError::Io)
    }

    /// Moves what is in memory of the open file to the temporary file.
    fn spill(&mut self) -> Result<(), FormError> {
        let Self { form, open, .. } = self;
        open.spilled.get_or_insert(form.spool.len());
        if form.arena.len() > open.start {
            form.spool.append(&form.arena[open.start..]).map_err(FormError::Io)?;
            form.arena.truncate(open.start);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), FormError> {
        if !self.open.decoder.is_identity() {
            let identity = TransferDecoder::new(crate::multipart::TransferEncoding::Identity);
            let decoder = mem::replace(&mut self.open.decoder, identity);
            let mut rest = Vec::new();
            decoder.finish(&mut rest)?;
            self.put(&rest)?;
        }
        let data = if let Some(index) = self.open.sink {
            self.form.sinks[index].finish()?;
            Data::Sink { index, length: self.open.length }
        } else if let Some(offset) = self.open.spilled {
            self.spill()?;
            Data::File { offset, length: self.open.length }
        } else {
            Data::Memory(Place::new(self.open.start, self.form.arena.len()))
        };
        if let Some(entry) = self.form.entries.last_mut() {
            entry.data = data;
        }
        Ok(())
    }

    /// Decodes the texts, when all is there that may say in which charset they are.
    fn texts(&mut self) -> Result<(), FormError> {
        let bytes = |data| match data {
            Data::Memory(place) => Some(place),
            _ => None,
        };
        let is_charset =
            |entry: &&Entry| entry.name.of(&self.form.arena) == b"_charset_" && !is_file(entry);
        let default = match self.form.entries.iter().find(is_charset) {
            None => Charset::Utf8,
            Some(entry) => {
                let name = bytes(entry.data).unwrap_or_default().of(&self.form.arena).trim_ascii();
                let unknown = || FormError::Charset(String::from_utf8_lossy(name).into_owned());
                Charset::of_name(name).ok_or_else(unknown)?
            }
        };
        for index in 0..self.form.entries.len() {
            let entry = &self.form.entries[index];
            let Some(place) = bytes(entry.data).filter(|_| !is_file(entry)) else { continue };
            let charset = match entry.content_type {
                Some(kind) => Charset::of_content_type(kind.of(&self.form.arena))
                    .map_err(FormError::Charset)?
                    .unwrap_or(default),
                None => default,
            };
            let raw = place.of(&self.form.arena);
            let as_it_is = match charset {
                Charset::Utf8 => str::from_utf8(raw).is_ok(),
                Charset::Windows1252 => raw.is_ascii(),
            };
            let text = if as_it_is {
                place
            } else {
                // Told before, so that nothing longer than allowed is ever made.
                if self.form.arena.len() + charset.decoded_len(raw) > self.limits.max_memory {
                    return Err(FormError::memory(self.limits.max_memory, self.form.received));
                }
                let decoded = charset.decode(raw);
                self.keep(decoded.as_bytes())?
            };
            self.form.entries[index].text = Some(text);
        }
        Ok(())
    }
}

fn is_file(entry: &Entry) -> bool {
    entry.filename.is_some_and(|place| place.len() > 0)
}

impl fmt::Debug for FormReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormReader")
            .field("fields", &self.builder.form.entries.len())
            .field("received", &self.builder.form.received)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
