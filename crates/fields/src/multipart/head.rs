//! The head of a part: its headers, and what they say.

use std::borrow::Cow;
use std::fmt;
use std::str;

use pauper_wire::grammar::{Parameter, value_and_parameters};
use pauper_wire::{HeaderSpan, Span};
use percent_encoding::percent_decode;

use super::{Error, ErrorKind, TransferEncoding};

/// The head of a part, borrowed from the parser and its input.
#[derive(Clone, Copy)]
pub struct PartHead<'a> {
    pub(crate) block: &'a [u8],
    pub(super) slots: &'a [HeaderSpan],
    pub(crate) parsed: &'a Parsed,
    /// The name of the part that holds the nested multipart in which this one stands.
    pub(crate) inherited: Option<&'a str>,
}

/// What the headers say, without borrowing them.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) name: Option<Text>,
    pub(crate) filename: Option<Text>,
    pub(crate) content_type: Option<Span>,
    pub(crate) encoding: TransferEncoding,
}

/// Text that stands in the head as it is, or had to be decoded.
#[derive(Debug)]
pub(crate) enum Text {
    /// Checked to be UTF-8.
    Within(Span),
    Decoded(String),
}

impl Text {
    pub(crate) fn of<'a>(&'a self, block: &'a [u8]) -> &'a str {
        match self {
            Self::Within(span) => text(span.of(block)),
            Self::Decoded(text) => text,
        }
    }
}

/// Bytes that were checked before.
fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

impl<'a> PartHead<'a> {
    /// The `name` of Content-Disposition, decoded: the name of the field. A part of a nested
    /// multipart without one has that of the part around it. Every part of a form has a name.
    ///
    /// Browsers write quotes and line ends as `%22`, `%0D` and `%0A` and leave everything else as
    /// it is (HTML standard, "multipart/form-data encoding algorithm"); others put backslashes
    /// before quotes and backslashes. Both are undone; a backslash before anything else is itself.
    pub fn name(&self) -> Option<&'a str> {
        self.parsed.name.as_ref().map(|name| name.of(self.block)).or(self.inherited)
    }

    /// The `filename` of Content-Disposition, decoded as [`name`](Self::name) is and otherwise as
    /// the client sent it; or its `filename*` if there is no plain one (RFC 7578, section 4.2, has
    /// no `filename*`, so it never wins). Empty where a file could be chosen and none was.
    ///
    /// This may be any text, `../../etc/passwd` as well;
    /// [`safe_file_name`](crate::safe_file_name) makes a name for a file of it.
    pub fn filename(&self) -> Option<&'a str> {
        self.parsed.filename.as_ref().map(|name| name.of(self.block))
    }

    /// The Content-Type as it was sent; `None` if there is none or an empty one, which means
    /// `text/plain` (RFC 7578, section 4.4).
    pub fn content_type(&self) -> Option<&'a str> {
        self.parsed.content_type.map(|span| text(span.of(self.block)))
    }

    /// How the data is encoded.
    pub fn transfer_encoding(&self) -> TransferEncoding {
        self.parsed.encoding
    }

    /// The first value of a header; `name` in any case.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers in order, names as they were sent.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let block = self.block;
        self.slots.iter().map(move |slot| (text(slot.name.of(block)), slot.value.of(block)))
    }

    /// The bytes of the head as they were sent, its final empty line included.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.block
    }
}

impl fmt::Debug for PartHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartHead")
            .field("name", &self.name())
            .field("filename", &self.filename())
            .field("content_type", &self.content_type())
            .field("transfer_encoding", &self.transfer_encoding())
            .finish_non_exhaustive()
    }
}

/// What is asked of the head of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// It is a field of a form (RFC 7578).
    Form,
    /// It is a part of another multipart (RFC 2046).
    General,
}

/// Reads the headers of a part. Offsets of errors are in `block`.
pub(super) fn parse(block: &[u8], slots: &[HeaderSpan], rules: Rules) -> Result<Parsed, Error> {
    let mut parsed = Parsed::default();
    let mut disposition = false;
    let mut encoding = false;
    for slot in slots {
        let (name, start) = (slot.name.of(block), slot.name.start() as u64);
        // The length tells nearly all names apart.
        match name.len() {
            19 if name.eq_ignore_ascii_case(b"content-disposition") => {
                if disposition {
                    return Err(repeated("Content-Disposition", start));
                }
                disposition = true;
                parse_disposition(block, slot.value, rules, &mut parsed)?;
            }
            12 if name.eq_ignore_ascii_case(b"content-type") => {
                if parsed.content_type.is_some() {
                    return Err(repeated("Content-Type", start));
                }
                check_utf8(slot.value.of(block), slot.value.start())?;
                parsed.content_type = Some(slot.value);
            }
            25 if name.eq_ignore_ascii_case(b"content-transfer-encoding") => {
                if encoding {
                    return Err(repeated("Content-Transfer-Encoding", start));
                }
                encoding = true;
                parsed.encoding = TransferEncoding::parse(slot.value.of(block)).ok_or(
                    Error::new(ErrorKind::UnknownTransferEncoding, slot.value.start() as u64),
                )?;
            }
            _ => {}
        }
    }
    if rules == Rules::Form && !disposition {
        return Err(Error::new(ErrorKind::MissingDisposition, 0));
    }
    parsed.content_type = parsed.content_type.filter(|span| !span.is_empty());
    Ok(parsed)
}

#[cold]
fn repeated(name: &'static str, offset: u64) -> Error {
    Error::new(ErrorKind::RepeatedHeader(name), offset)
}

fn check_utf8(bytes: &[u8], start: usize) -> Result<(), Error> {
    match str::from_utf8(bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::new(ErrorKind::NotUtf8, (start + error.valid_up_to()) as u64)),
    }
}

fn parse_disposition(
    block: &[u8],
    span: Span,
    rules: Rules,
    parsed: &mut Parsed,
) -> Result<(), Error> {
    if let Some((name, filename)) = plain_disposition(block, span) {
        parsed.name = Some(Text::Within(name));
        parsed.filename = filename.map(Text::Within);
        return Ok(());
    }
    let value = span.of(block);
    let (kind, parameters) = value_and_parameters(value);
    if rules == Rules::Form && !kind.eq_ignore_ascii_case(b"form-data") {
        return Err(Error::new(ErrorKind::BadDisposition, span.start() as u64));
    }
    let mut extended: Option<Parameter<'_>> = None;
    for parameter in parameters {
        let parameter = parameter.map_err(|error| {
            Error::new(ErrorKind::BadDisposition, (span.start() + error.offset()) as u64)
        })?;
        let place = parameter.raw().as_ptr().addr() - block.as_ptr().addr();
        let twice = |name| Err(Error::new(ErrorKind::RepeatedParameter(name), place as u64));
        if parameter.is("name") {
            if parsed.name.is_some() {
                return twice("name");
            }
            parsed.name = Some(decode(&parameter, place)?);
        } else if parameter.is("filename") {
            if parsed.filename.is_some() {
                return twice("filename");
            }
            parsed.filename = Some(decode(&parameter, place)?);
        } else if parameter.is("filename*") {
            if extended.is_some() {
                return twice("filename*");
            }
            extended = Some(parameter);
        }
    }
    if rules == Rules::Form && parsed.name.is_none() {
        return Err(Error::new(ErrorKind::MissingName, span.end() as u64));
    }
    if let (None, Some(parameter)) = (&parsed.filename, extended) {
        let place = parameter.raw().as_ptr().addr() - block.as_ptr().addr();
        let decoded = decode_extended(parameter.raw())
            .ok_or(Error::new(ErrorKind::BadExtendedFilename, place as u64))?;
        parsed.filename = Some(Text::Decoded(decoded));
    }
    Ok(())
}

/// What nearly every part has, found without the grammar: `form-data; name="…"`, perhaps
/// `; filename="…"`, and nothing to decode in either. `None` for anything else, be it right or
/// wrong.
fn plain_disposition(block: &[u8], span: Span) -> Option<(Span, Option<Span>)> {
    let quoted = |start: usize| {
        let rest = &block[start..span.end()];
        let end = rest.iter().position(|byte| match byte {
            b'"' | b'\\' | b'%' => true,
            _ => !matches!(byte, b' '..=b'~'),
        })?;
        (rest[end] == b'"').then(|| Span::new(start, start + end))
    };
    let after = |start: usize, text: &[u8]| {
        block[start..span.end()].starts_with(text).then_some(start + text.len())
    };
    let name = quoted(after(span.start(), b"form-data; name=\"")?)?;
    if name.end() + 1 == span.end() {
        return Some((name, None));
    }
    let filename = quoted(after(name.end(), b"\"; filename=\"")?)?;
    (filename.end() + 1 == span.end()).then_some((name, Some(filename)))
}

/// Undoes what browsers, and what others, do to names.
fn decode(parameter: &Parameter<'_>, place: usize) -> Result<Text, Error> {
    let raw = parameter.raw();
    check_utf8(raw, place)?;
    if !parameter.is_quoted() || !raw.iter().any(|byte| matches!(byte, b'%' | b'\\')) {
        return Ok(Text::Within(Span::new(place, place + raw.len())));
    }
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = text(raw);
    while let Some(at) = rest.find(['%', '\\']) {
        decoded.push_str(&rest[..at]);
        let (character, length) = match rest.as_bytes()[at..] {
            [b'\\', b'"', ..] => ('"', 2),
            [b'\\', b'\\', ..] => ('\\', 2),
            [b'%', b'2', b'2', ..] => ('"', 3),
            [b'%', b'0', b'D', ..] => ('\r', 3),
            [b'%', b'0', b'A', ..] => ('\n', 3),
            [b'%', ..] => ('%', 1),
            _ => ('\\', 1),
        };
        decoded.push(character);
        rest = &rest[at + length..];
    }
    decoded.push_str(rest);
    Ok(Text::Decoded(decoded))
}

/// `ext-value = charset "'" [ language ] "'" value-chars` (RFC 8187, section 3.2).
fn decode_extended(raw: &[u8]) -> Option<String> {
    let mut pieces = raw.splitn(3, |byte| *byte == b'\'');
    let (charset, _language, value) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let mut at = 0;
    while at < value.len() {
        match value[at] {
            b'%' => {
                let digits = value.get(at + 1..at + 3)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                at += 3;
            }
            b'*' | b'\'' => return None,
            byte if byte.is_ascii_graphic() => at += 1,
            _ => return None,
        }
    }
    let bytes: Cow<'_, [u8]> = percent_decode(value).into();
    if charset.eq_ignore_ascii_case(b"utf-8") {
        String::from_utf8(bytes.into_owned()).ok()
    } else if charset.eq_ignore_ascii_case(b"iso-8859-1") {
        Some(bytes.iter().map(|byte| char::from(*byte)).collect())
    } else {
        None
    }
}
