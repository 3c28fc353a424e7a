//! Forms: memory stays within its limit at every byte, the fields do not depend on how the body
//! was cut, and are those that a plain reading gives; sinks are aborted unless the form is whole.
//!
//! The first line of an input is the Content-Type, the rest is the body.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pauper_fields::multipart::{Event, Limits, Parser, TransferDecoder};
use pauper_fields::{
    Args, FieldStorage, FormError, FormLimits, FormReader, Options, Sink, SinkError,
};

const MEMORY: usize = 700;

/// Name, file name, Content-Type, text, bytes.
type Seen = (String, Option<String>, Option<String>, Option<String>, Vec<u8>);

fn limits() -> FormLimits {
    FormLimits::new().max_body(4000).max_fields(20).max_memory(MEMORY).file_memory(60)
}

pub(crate) fn run(data: &[u8]) {
    let Some(line) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (kind, body) = (&data[..line], &data[line + 1..]);
    let Ok(_) = FormReader::of_content_type(Some(kind), limits()) else { return };

    let whole = read(kind, [body], false);
    for size in [1, 7, 100] {
        assert_eq!(read(kind, body.chunks(size), false), whole, "by {size}");
    }
    if let Ok(fields) = &whole {
        assert_eq!(plain(kind, body).as_ref(), Some(fields));
        match read(kind, body.chunks(3), true) {
            // A sink does not take everything.
            Err(status) => assert_eq!(status, 418),
            Ok(sunk) => assert_eq!(&sunk, fields),
        }
    } else {
        // A sink needs less memory, so it may be whole all the same.
        let _ = read(kind, body.chunks(3), true);
    }
}

/// Reads a form; gives the status of an error.
fn read<'a>(
    kind: &[u8],
    pieces: impl IntoIterator<Item = &'a [u8]>,
    sinks: bool,
) -> Result<Vec<Seen>, u16> {
    let open = Arc::new(AtomicI64::new(0));
    let mut reader = FormReader::of_content_type(Some(kind), limits()).expect("tried before");
    if sinks {
        let open = Arc::clone(&open);
        reader = reader.sinks(move |_| Ok(Some(Box::new(Counted::new(&open)))));
    }
    let result = feed(reader, pieces);
    match &result {
        Ok(form) => {
            assert!(form.memory() <= MEMORY);
            // The dropped ones were complete.
            assert_eq!(
                open.load(Ordering::Relaxed) as usize,
                form.iter().filter(|field| { field.sink::<Counted>().is_some() }).count()
            );
        }
        Err(_) => assert_eq!(open.load(Ordering::Relaxed), 0, "all are aborted"),
    }
    let form = result.map_err(|error| {
        assert!(!error.to_string().is_empty());
        error.status()
    })?;
    Ok(form
        .iter()
        .map(|field| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            let bytes = match field.sink::<Counted>() {
                Some(sink) => {
                    assert!(sink.finished);
                    sink.data.clone()
                }
                None => field.bytes().expect("it can be read").into_owned(),
            };
            assert_eq!(bytes.len() as u64, field.len());
            assert_eq!(field.is_file(), field.text().is_none());
            (
                field.name().to_owned(),
                own(field.filename()),
                own(field.content_type()),
                own(field.text()),
                bytes,
            )
        })
        .collect())
}

fn feed<'a>(
    mut reader: FormReader,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<FieldStorage, FormError> {
    for piece in pieces {
        let written = reader.write(piece);
        assert!(reader.memory() <= MEMORY, "{} bytes", reader.memory());
        if written.is_err() {
            assert!(matches!(reader.write(b"x"), Err(FormError::Failed)));
        }
        written?;
    }
    reader.finish()
}

struct Counted {
    open: Arc<AtomicI64>,
    data: Vec<u8>,
    finished: bool,
}

impl Counted {
    fn new(open: &Arc<AtomicI64>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self { open: Arc::clone(open), data: Vec::new(), finished: false }
    }
}

impl Sink for Counted {
    fn write(&mut self, data: &[u8]) -> Result<(), SinkError> {
        assert!(!self.finished);
        self.data.extend_from_slice(data);
        if data.contains(&0xEE) { Err(SinkError::new(418, "no")) } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        self.finished = true;
        Ok(())
    }

    fn abort(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The same without limits of memory and without files. `None` where charsets are at work.
fn plain(kind: &[u8], body: &[u8]) -> Option<Vec<Seen>> {
    if !kind.trim_ascii_start().get(..9)?.eq_ignore_ascii_case(b"multipart") {
        let args = Args::parse_form(body, &Options::new()).expect("it was read");
        let seen = args.iter().map(|(name, value)| {
            (name.to_owned(), None, None, Some(value.to_owned()), value.as_bytes().to_vec())
        });
        return Some(seen.collect());
    }
    let mut parser = Parser::of_content_type(kind, Limits::new()).expect("it was read");
    let mut seen: Vec<Seen> = Vec::new();
    let mut encoded = (TransferDecoder::new(Default::default()), Vec::new());
    let mut input = body;
    while let Some(event) = parser.feed(&mut input).expect("it was read") {
        match event {
            Event::Part(head) => {
                let own = |text: Option<&str>| text.map(str::to_owned);
                let name = own(head.name()).unwrap_or_default();
                seen.push((name, own(head.filename()), own(head.content_type()), None, Vec::new()));
                encoded = (TransferDecoder::new(head.transfer_encoding()), Vec::new());
            }
            Event::Data(data) => encoded.0.decode(data, &mut encoded.1).expect("it was read"),
            Event::PartEnd => {
                let (decoder, mut data) = std::mem::replace(
                    &mut encoded,
                    (TransferDecoder::new(Default::default()), Vec::new()),
                );
                decoder.finish(&mut data).expect("it was read");
                let part = seen.last_mut()?;
                if part.1.as_deref().unwrap_or_default().is_empty() {
                    part.3 = Some(String::from_utf8_lossy(&data).into_owned());
                }
                part.4 = data;
            }
            _ => {}
        }
    }
    let latin = |seen: &Seen| {
        seen.0 == "_charset_"
            || seen.2.as_deref().is_some_and(|kind| kind.to_ascii_lowercase().contains("charset"))
    };
    if seen.iter().any(latin) {
        return read(kind, [body], false).ok();
    }
    Some(seen)
}
