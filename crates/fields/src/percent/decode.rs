//! From escapes to text.

use std::borrow::Cow;
use std::slice;

use memchr::{memchr, memchr_iter, memchr2};
use percent_encoding::percent_decode;

use crate::{Error, ErrorKind};

/// Decodes to bytes; malformed escapes stay as they are. Borrows if there is nothing to decode.
///
/// ```
/// use pauper_fields::percent::decode;
///
/// assert_eq!(&*decode("a%20b%FF"), b"a b\xFF");
/// assert_eq!(&*decode("100%"), b"100%");
/// ```
pub fn decode<T: AsRef<[u8]> + ?Sized>(raw: &T) -> Cow<'_, [u8]> {
    percent_decode(raw.as_ref()).into()
}

/// Decodes one name or value of an urlencoded form, as the [URL
/// standard](https://url.spec.whatwg.org/#urlencoded-parsing) does; never fails.
///
/// `+` is a space, malformed escapes stay as they are, and what is not UTF-8 becomes U+FFFD.
/// Borrows if there is nothing to do.
///
/// ```
/// use pauper_fields::percent::decode_form;
///
/// assert_eq!(decode_form("100%+1%2B1"), "100% 1+1");
/// assert_eq!(decode_form(b"caf%E9"), "caf\u{FFFD}");
/// ```
pub fn decode_form<T: AsRef<[u8]> + ?Sized>(raw: &T) -> Cow<'_, str> {
    let raw = raw.as_ref();
    let Some(first) = memchr2(b'+', b'%', raw) else { return String::from_utf8_lossy(raw) };
    let mut decoded = Vec::with_capacity(raw.len());
    decoded.extend_from_slice(&raw[..first]);
    decode_form_to(&raw[first..], &mut decoded);
    Cow::Owned(
        String::from_utf8(decoded)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// Appends the bytes that a name or value of an urlencoded form stands for.
pub(crate) fn decode_form_to(raw: &[u8], decoded: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        let (byte, length) = match byte {
            b'+' => (b' ', 1),
            b'%' => unescape(&raw[at..]).map_or((b'%', 1), |byte| (byte, 3)),
            _ => (byte, 1),
        };
        decoded.push(byte);
        at += length;
    }
}

/// Decodes text strictly. Borrows if there is nothing to decode.
///
/// ```
/// use pauper_fields::{ErrorKind, percent::decode_utf8};
///
/// assert_eq!(decode_utf8("%C5%99eka")?, "řeka");
/// let error = decode_utf8("50%").unwrap_err();
/// assert_eq!((error.kind(), error.offset()), (ErrorKind::BadEscape, 2));
/// # Ok::<(), pauper_fields::Error>(())
/// ```
///
/// # Errors
///
/// [`BadEscape`](ErrorKind::BadEscape) for a `%` without two hexadecimal digits,
/// [`NotUtf8`](ErrorKind::NotUtf8) if the result is not UTF-8.
pub fn decode_utf8(raw: &str) -> Result<Cow<'_, str>, Error> {
    decode_strictly(raw, Target::All)
}

/// Decodes a whole path strictly. Borrows if there is nothing to decode.
///
/// A `%2F` becomes a `/` like any other, so the result is for showing and comparing. To split a
/// path into segments, use [`decode_path_keep_slash`].
///
/// Neither of them removes dot segments, and either may produce them (`%2E%2E`). Whoever maps a
/// path to files has to refuse `..` after decoding.
///
/// # Errors
///
/// As for [`decode_utf8`], and [`Nul`](ErrorKind::Nul) for a NUL byte, escaped or not. No route
/// and no file name has one, but C interfaces end their text there: a check of the whole path
/// (`secret.txt\0.png` is an image) and the file that is opened would differ.
pub fn decode_path(raw: &str) -> Result<Cow<'_, str>, Error> {
    refuse_raw_nul(raw)?;
    decode_strictly(raw, Target::Path)
}

/// Decodes a path strictly into its *routing form*, in which a `/` is always a separator.
///
/// All escapes are decoded but two: an escaped slash stays as `%2F`, and an escaped percent sign
/// as `%25` (so that `%252F` cannot turn into `%2F`). Split the result at `/` and give each
/// segment to [`decode_segment`]. Borrows if the path is in routing form already.
///
/// ```
/// use pauper_fields::percent::{decode_path_keep_slash, decode_segment};
///
/// let path = decode_path_keep_slash("/files/a%2fb/100%25%20sure")?;
/// assert_eq!(path, "/files/a%2Fb/100%25 sure");
/// let segments: Vec<_> = path.split('/').map(decode_segment).collect();
/// assert_eq!(segments, ["", "files", "a/b", "100% sure"]);
/// # Ok::<(), pauper_fields::Error>(())
/// ```
///
/// # Errors
///
/// As for [`decode_path`].
pub fn decode_path_keep_slash(raw: &str) -> Result<Cow<'_, str>, Error> {
    refuse_raw_nul(raw)?;
    decode_strictly(raw, Target::Routing)
}

/// Finishes one segment, or any part, of a path in routing form: `%2F` becomes `/`, `%25`
/// becomes `%`. Borrows if there is neither.
///
/// There are no other escapes in a routing form; in other text they stay as they are.
pub fn decode_segment(routing: &str) -> Cow<'_, str> {
    let mut decoded = String::new();
    let mut copied = 0;
    for at in memchr_iter(b'%', routing.as_bytes()) {
        let character = match routing.as_bytes().get(at + 1..at + 3) {
            Some(b"2F" | b"2f") => '/',
            Some(b"25") => '%',
            _ => continue,
        };
        decoded.push_str(&routing[copied..at]);
        decoded.push(character);
        copied = at + 3;
    }
    if copied == 0 {
        return Cow::Borrowed(routing);
    }
    decoded.push_str(&routing[copied..]);
    Cow::Owned(decoded)
}

/// What strict decoding is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Anything: every escape is decoded.
    All,
    /// The same without NUL.
    Path,
    /// The same, but `%2F` and `%25` stay.
    Routing,
}

impl Target {
    /// What the escape of `byte` becomes.
    fn replacement(self, byte: &u8) -> &[u8] {
        match (self, byte) {
            (Self::Routing, b'/') => b"%2F",
            (Self::Routing, b'%') => b"%25",
            _ => slice::from_ref(byte),
        }
    }
}

fn refuse_raw_nul(raw: &str) -> Result<(), Error> {
    memchr(0, raw.as_bytes()).map_or(Ok(()), |at| Err(Error::new(ErrorKind::Nul, at)))
}

fn decode_strictly(raw: &str, target: Target) -> Result<Cow<'_, str>, Error> {
    let bytes = raw.as_bytes();
    let mut decoded = Vec::new();
    // So much of the input is in `decoded`.
    let mut copied = 0;
    for at in memchr_iter(b'%', bytes) {
        let byte = unescape(&bytes[at..]).ok_or(Error::new(ErrorKind::BadEscape, at))?;
        if byte == 0 && target != Target::All {
            return Err(Error::new(ErrorKind::Nul, at));
        }
        let replacement = target.replacement(&byte);
        if replacement != &bytes[at..at + 3] {
            decoded.extend_from_slice(&bytes[copied..at]);
            decoded.extend_from_slice(replacement);
            copied = at + 3;
        }
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(raw));
    }
    decoded.extend_from_slice(&bytes[copied..]);
    String::from_utf8(decoded).map(Cow::Owned).map_err(|error| {
        let offset = undecoded_offset(bytes, error.utf8_error().valid_up_to(), target);
        Error::new(ErrorKind::NotUtf8, offset)
    })
}

/// The byte that the escape at the start of `raw` stands for.
fn unescape(raw: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = *raw else { return None };
    let digit = |byte| char::from(byte).to_digit(16);
    Some((digit(high)? << 4 | digit(low)?) as u8)
}

/// Where in `raw`, which decodes well, the byte at `decoded` in the result comes from.
fn undecoded_offset(raw: &[u8], decoded: usize, target: Target) -> usize {
    let (mut from, mut to) = (0, 0);
    while to < decoded {
        let (read, written) = match unescape(&raw[from..]) {
            Some(byte) => (3, target.replacement(&byte).len()),
            None => (1, 1),
        };
        from += read;
        to += written;
    }
    from
}
