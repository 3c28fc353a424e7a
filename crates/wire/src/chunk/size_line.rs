//! `chunk-size [ chunk-ext ] CRLF` (RFC 9112 sections 7.1 and 7.1.1), byte by byte.

use crate::{ErrorKind, scan};

/// The largest size that is taken: what fits a signed 64-bit number.
const MAX_SIZE: u64 = i64::MAX as u64;
const MAX_DIGITS: u8 = 16;

#[derive(Clone, Copy, Default, Debug)]
enum State {
    #[default]
    Size,
    /// Whitespace after size or extension: only `;` may follow it.
    BeforeSemicolon,
    NameStart,
    Name,
    /// Whitespace after an extension's name: only `=` or `;` may follow it.
    AfterName,
    ValueStart,
    Token,
    Quoted,
    QuotedPair,
    QuotedEnd,
    Lf,
}

/// The size and length of a line at the beginning of `input` that is whole and plain: fewer digits
/// than there may be, CRLF, no extension. Anything else is for [`SizeLine`], which says what is wrong.
#[inline(always)]
pub(super) fn plain(input: &[u8], max_len: u32) -> Option<(u64, usize)> {
    let most = (max_len as usize).min(usize::from(MAX_DIGITS) - 1);
    let (mut size, mut digits) = (0, 0);
    loop {
        let byte = *input.get(digits)?;
        let digit = HEX[usize::from(byte)];
        if digit == NO_DIGIT {
            let whole = digits > 0 && input[digits..].first_chunk() == Some(b"\r\n");
            return whole.then_some((size, digits + 2));
        }
        if digits == most {
            return None;
        }
        size = size << 4 | u64::from(digit);
        digits += 1;
    }
}

const NO_DIGIT: u8 = 0xff;

/// What each byte is worth as a hexadecimal digit.
static HEX: [u8; 256] = hex();

const fn hex() -> [u8; 256] {
    let mut table = [NO_DIGIT; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(digit) = (byte as u8 as char).to_digit(16) {
            table[byte] = digit as u8;
        }
        byte += 1;
    }
    table
}

/// A chunk-size line, as far as it has come.
#[derive(Clone, Default, Debug)]
pub(super) struct SizeLine {
    state: State,
    size: u64,
    digits: u8,
    len: u32,
}

impl SizeLine {
    /// Whether no byte has come.
    pub(super) fn is_new(&self) -> bool {
        self.len == 0
    }

    /// The size, once [`push`](Self::push) said that the line is complete.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Takes one byte; true if it completes the line. Bytes of extensions are paid from
    /// `tolerance`.
    pub(super) fn push(
        &mut self,
        byte: u8,
        max_len: u32,
        tolerance: &mut u64,
    ) -> Result<bool, ErrorKind> {
        let blank = matches!(byte, b' ' | b'\t');
        let tchar = scan::is_tchar(byte);
        self.state = match (self.state, byte) {
            (State::Lf, b'\n') => return Ok(true),
            (State::Lf, _) => return Err(ErrorKind::BareCr),
            (_, b'\n') => return Err(ErrorKind::BareLf),

            (State::Size, b'\r') if self.digits > 0 => State::Lf,
            (State::Size, b';') if self.digits > 0 => State::NameStart,
            (State::Size, _) if blank && self.digits > 0 => State::BeforeSemicolon,
            (State::Size, _) => return self.digit(byte, max_len).map(|()| false),

            (State::Name | State::Token | State::QuotedEnd, b'\r') => State::Lf,
            (
                State::BeforeSemicolon
                | State::Name
                | State::AfterName
                | State::Token
                | State::QuotedEnd,
                b';',
            ) => State::NameStart,
            (State::Name | State::AfterName, b'=') => State::ValueStart,
            (State::Name, _) if blank => State::AfterName,
            (State::Token | State::QuotedEnd, _) if blank => State::BeforeSemicolon,
            (
                state @ (State::BeforeSemicolon
                | State::NameStart
                | State::AfterName
                | State::ValueStart),
                _,
            ) if blank => state,
            (State::NameStart | State::Name, _) if tchar => State::Name,
            (State::ValueStart, b'"') => State::Quoted,
            (State::ValueStart | State::Token, _) if tchar => State::Token,
            (State::Quoted, b'"') => State::QuotedEnd,
            (State::Quoted, b'\\') => State::QuotedPair,
            (State::Quoted | State::QuotedPair, _) if scan::is_value(byte) => State::Quoted,
            _ => return Err(ErrorKind::BadChunkExtension),
        };
        if !matches!(self.state, State::Lf) {
            self.count(max_len)?;
            *tolerance = tolerance.checked_sub(1).ok_or(ErrorKind::ChunkExtensionsTooLarge)?;
        }
        Ok(false)
    }

    fn digit(&mut self, byte: u8, max_len: u32) -> Result<(), ErrorKind> {
        let digit = (byte as char).to_digit(16).ok_or(ErrorKind::BadChunkSize)?;
        if self.digits == MAX_DIGITS {
            return Err(ErrorKind::BadChunkSize);
        }
        if self.size > MAX_SIZE >> 4 {
            return Err(ErrorKind::ChunkSizeTooLarge);
        }
        self.digits += 1;
        self.size = self.size << 4 | u64::from(digit);
        self.count(max_len)
    }

    fn count(&mut self, max_len: u32) -> Result<(), ErrorKind> {
        if self.len >= max_len {
            return Err(ErrorKind::ChunkLineTooLong);
        }
        self.len += 1;
        Ok(())
    }
}
