//! Content-Transfer-Encoding (RFC 2045, section 6).

use super::{Error, ErrorKind};

/// How the data of a part is encoded.
///
/// RFC 7578, section 4.7, has forms do without; some mail software sends it all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferEncoding {
    /// Not at all: `7bit`, `8bit`, `binary`, or nothing is said.
    #[default]
    Identity,
    /// Base64 in lines (RFC 2045, section 6.8).
    Base64,
    /// Quoted-printable (RFC 2045, section 6.7).
    QuotedPrintable,
}

impl TransferEncoding {
    /// The encoding of this name, in any case.
    pub fn parse(name: &[u8]) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("7bit") || is("8bit") || is("binary") {
            Some(Self::Identity)
        } else if is("base64") {
            Some(Self::Base64)
        } else if is("quoted-printable") {
            Some(Self::QuotedPrintable)
        } else {
            None
        }
    }
}

/// Decodes the data of a part, piece by piece, strictly. Keeps a few bytes and nothing else.
///
/// ```
/// use pauper_fields::multipart::{TransferDecoder, TransferEncoding};
///
/// let mut decoder = TransferDecoder::new(TransferEncoding::Base64);
/// let mut decoded = Vec::new();
/// for piece in [&b"SGVs"[..], b"bG", b"8=\r\n"] {
///     decoder.decode(piece, &mut decoded)?;
/// }
/// decoder.finish(&mut decoded)?;
/// assert_eq!(decoded, b"Hello");
/// # Ok::<(), pauper_fields::multipart::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TransferDecoder {
    state: State,
    /// Encoded bytes taken.
    offset: u64,
}

#[derive(Clone, Debug)]
enum State {
    Identity,
    Base64 {
        bits: u32,
        /// Characters in `bits`, 0 to 3.
        count: u8,
        /// Padding characters seen.
        padding: u8,
        cr: bool,
    },
    Quoted {
        /// Spaces and tabs that may stand at the end of a line, where they mean nothing.
        blanks: Blanks,
        escape: Escape,
    },
}

/// A run of spaces and tabs, which is bounded like the line that it stands in.
#[derive(Clone, Debug)]
struct Blanks {
    bytes: [u8; LINE],
    count: usize,
}

/// Encoded lines have at most 76 characters (RFC 2045, section 6.7, rule 5); more blanks than
/// that cannot stand in a row.
const LINE: usize = 76;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    Begun,
    Digit(u8),
    /// Behind `=` and blanks: a soft line end is to come.
    Blank,
    /// Behind `=` and CR.
    SoftCr,
    /// Behind a CR that is no soft one.
    Cr,
}

impl TransferDecoder {
    /// A decoder of one part.
    pub fn new(encoding: TransferEncoding) -> Self {
        let state = match encoding {
            TransferEncoding::Identity => State::Identity,
            TransferEncoding::Base64 => State::Base64 { bits: 0, count: 0, padding: 0, cr: false },
            TransferEncoding::QuotedPrintable => State::Quoted {
                blanks: Blanks { bytes: [0; LINE], count: 0 },
                escape: Escape::None,
            },
        };
        Self { state, offset: 0 }
    }

    /// Whether the data is not encoded, so that there is nothing to do.
    pub fn is_identity(&self) -> bool {
        matches!(self.state, State::Identity)
    }

    /// Appends what `piece` decodes to: at most its length and 76 bytes.
    ///
    /// # Errors
    ///
    /// [`BadTransferEncoding`](ErrorKind::BadTransferEncoding), with the offset in the encoded data
    /// of the part, for a byte that cannot stand there. In base64 these are all but the alphabet,
    /// line ends (CRLF) and padding at the end; in quoted-printable all but printable ASCII, blanks,
    /// CRLF, and `=` before two hexadecimal digits or a line end.
    pub fn decode(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        match &mut self.state {
            State::Identity => out.extend_from_slice(piece),
            State::Base64 { bits, count, padding, cr } => {
                for (at, &byte) in piece.iter().enumerate() {
                    let fits = match byte {
                        b'\n' if *cr => {
                            *cr = false;
                            true
                        }
                        _ if *cr => false,
                        b'\r' => {
                            *cr = true;
                            true
                        }
                        b'=' => {
                            *padding += 1;
                            *count >= 2 && *count + *padding <= 4
                        }
                        _ => match sextet(byte) {
                            Some(value) if *padding == 0 => {
                                *bits = *bits << 6 | u32::from(value);
                                *count += 1;
                                if *count == 4 {
                                    out.extend_from_slice(&bits.to_be_bytes()[1..]);
                                    (*bits, *count) = (0, 0);
                                }
                                true
                            }
                            _ => false,
                        },
                    };
                    if !fits {
                        return Err(bad(self.offset + at as u64));
                    }
                }
            }
            State::Quoted { blanks, escape } => {
                for (at, &byte) in piece.iter().enumerate() {
                    if !quoted(byte, blanks, escape, out) {
                        return Err(bad(self.offset + at as u64));
                    }
                }
            }
        }
        self.offset += piece.len() as u64;
        Ok(())
    }

    /// The part is whole: appends what is left.
    ///
    /// # Errors
    ///
    /// [`BadTransferEncoding`](ErrorKind::BadTransferEncoding) when the data ends in the middle of
    /// something, such as base64 without its padding.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<(), Error> {
        let whole = match self.state {
            State::Identity => true,
            State::Base64 { bits, count, padding, cr } => {
                // Bits beyond the last byte are zero (RFC 4648, section 3.5): otherwise the same
                // data could be written in several ways.
                let (bytes, rest) = match count {
                    0 => (0, 0),
                    2 => (1, bits & 0xF),
                    _ => (2, bits & 0x3),
                };
                let whole = !cr && count != 1 && rest == 0 && (count == 0 || count + padding == 4);
                if whole && count > 0 {
                    let aligned = bits << (6 * (4 - u32::from(count)));
                    out.extend_from_slice(&aligned.to_be_bytes()[1..=bytes]);
                }
                whole
            }
            // Blanks at the end of the last line mean nothing.
            State::Quoted { escape, .. } => escape == Escape::None,
        };
        if whole { Ok(()) } else { Err(bad(self.offset)) }
    }
}

#[cold]
fn bad(offset: u64) -> Error {
    Error::new(ErrorKind::BadTransferEncoding, offset)
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Takes one byte of quoted-printable data; `false` if it cannot stand there.
fn quoted(byte: u8, blanks: &mut Blanks, escape: &mut Escape, out: &mut Vec<u8>) -> bool {
    match (*escape, byte) {
        (Escape::None, b' ' | b'\t') => {
            if blanks.count == LINE {
                return false;
            }
            blanks.bytes[blanks.count] = byte;
            blanks.count += 1;
            true
        }
        (Escape::None, b'\r') => {
            blanks.count = 0;
            *escape = Escape::Cr;
            true
        }
        (Escape::Cr, b'\n') => {
            out.extend_from_slice(b"\r\n");
            *escape = Escape::None;
            true
        }
        (Escape::None, b'=' | b'!'..=b'~') => {
            out.extend_from_slice(&blanks.bytes[..blanks.count]);
            blanks.count = 0;
            if byte == b'=' {
                *escape = Escape::Begun;
            } else {
                out.push(byte);
            }
            true
        }
        (Escape::Begun | Escape::Blank, b' ' | b'\t') => {
            *escape = Escape::Blank;
            true
        }
        (Escape::Begun | Escape::Blank, b'\r') => {
            *escape = Escape::SoftCr;
            true
        }
        (Escape::SoftCr, b'\n') => {
            *escape = Escape::None;
            true
        }
        (Escape::Begun, _) if byte.is_ascii_hexdigit() => {
            *escape = Escape::Digit(hex(byte));
            true
        }
        (Escape::Digit(high), _) if byte.is_ascii_hexdigit() => {
            out.push(high << 4 | hex(byte));
            *escape = Escape::None;
            true
        }
        _ => false,
    }
}

/// Of a hexadecimal digit.
fn hex(byte: u8) -> u8 {
    if byte.is_ascii_digit() { byte - b'0' } else { (byte | 0x20) - b'a' + 10 }
}
