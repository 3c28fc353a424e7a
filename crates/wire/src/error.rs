//! What was wrong with the bytes: the rule, the place, and the status to answer with.

use core::fmt;

/// Why bytes were refused: which rule, where, and which status to answer with.
///
/// Eight bytes wide. The offset counts from the first byte of the buffer or line that the failing
/// call was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Error {
    offset: u32,
    byte: Option<u8>,
    kind: ErrorKind,
}

impl Error {
    #[cold]
    #[inline(never)]
    pub(crate) fn new(kind: ErrorKind, offset: usize) -> Self {
        Self { offset: u32::try_from(offset).unwrap_or(u32::MAX), byte: None, kind }
    }

    /// An error about the byte at `offset` of `buf`, if there is one.
    #[cold]
    #[inline(never)]
    pub(crate) fn at(kind: ErrorKind, buf: &[u8], offset: usize) -> Self {
        Self { byte: buf.get(offset).copied(), ..Self::new(kind, offset) }
    }

    /// Which rule was broken.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where, counted from the first byte that the failing call was given. For a line end it is
    /// the byte that should have been LF.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset as usize
    }

    /// The byte at that place, where one byte is to blame.
    #[must_use]
    pub const fn byte(&self) -> Option<u8> {
        self.byte
    }

    /// The status to answer with: 400, 414, 417, 431, 501 or 505 for what a client sent, 502 for a
    /// server's status line, 500 for what the own side tried to write.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.kind.status()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {}", self.kind.rule(), self.offset)?;
        match self.byte {
            Some(byte) if byte.is_ascii_graphic() => write!(f, ", found `{}`)", byte as char),
            Some(byte) => write!(f, ", found 0x{byte:02x})"),
            None => write!(f, ")"),
        }
    }
}

impl core::error::Error for Error {}

/// Declares the kinds together with status and rule, so that none can lack one.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $status:literal, $rule:literal;)+) => {
        /// The rules that bytes can break, one kind each.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $(#[doc = concat!("Status ", $status, ": ", $rule, ".")] $(#[$doc])* $name,)+
        }

        impl ErrorKind {
            /// Every kind.
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The broken rule in a few words, as a person would want to read it.
            #[must_use]
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)+ }
            }

            /// The status to answer with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }
        }
    };
}

kinds! {
    /// RFC 9112 section 2.2.
    EmptyLines, 400, "too many empty lines before the request line";
    /// RFC 9112 section 2.2.
    BareLf, 400, "a line must end with CRLF, not with a lone LF";
    /// RFC 9112 section 2.2.
    BareCr, 400, "a CR must be followed by LF";
    /// RFC 9112 section 3.
    BadRequestLine, 400, "a request line is method, target and version with one space between them";
    /// RFC 9110 section 9.1.
    BadMethod, 400, "a method is a token";
    /// RFC 9112 section 3: a method longer than any the server knows.
    MethodTooLong, 501, "the method is longer than any that is known";
    /// RFC 9112 section 3.2.
    BadTarget, 400, "the request target holds a byte that no URL may hold";
    /// RFC 9112 section 3.2: relative, other schemes, user info, `*` without OPTIONS and so on.
    BadTargetForm, 400, "the request target has no form that fits the method";
    /// RFC 9112 section 3.
    TargetTooLong, 414, "the request target is too long";
    /// RFC 9112 section 2.3.
    BadVersion, 400, "the version is not spelled HTTP/1.1 or HTTP/1.0";
    /// RFC 9110 section 15.6.6.
    UnsupportedVersion, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here";
    /// RFC 9112 section 4: from a server, so that it is a gateway's status.
    BadStatusLine, 502, "a status line is version, three digits and a reason, each after one space";
    /// RFC 6585 section 5.
    HeadTooLarge, 431, "the header section is too large";
    /// RFC 6585 section 5.
    TooManyHeaders, 431, "there are too many header lines";
    /// RFC 9112 section 2.2.
    LeadingWhitespace, 400, "whitespace before the first header line";
    /// RFC 9112 section 5.2.
    ObsFold, 400, "a header line may not be continued on the next line";
    /// RFC 9112 section 5.
    EmptyName, 400, "a header line without a name";
    /// RFC 9110 section 5.1.
    BadName, 400, "a header name is a token";
    /// RFC 9112 section 5.1.
    SpaceBeforeColon, 400, "no whitespace between header name and colon";
    /// RFC 9112 section 5.
    MissingColon, 400, "a header line without a colon";
    /// RFC 9110 section 5.5.
    BadValue, 400, "a control byte in a header value";
    /// RFC 9112 section 3.2.
    MissingHost, 400, "an HTTP/1.1 request needs a Host header";
    /// RFC 9112 section 3.2.
    DuplicateHost, 400, "more than one Host header";
    /// RFC 9110 section 7.2.
    BadHost, 400, "the host is not a name or address with an optional port";
    /// RFC 9110 section 8.6.
    BadContentLength, 400, "Content-Length is not a plain decimal number";
    /// RFC 9112 section 6.3.
    DuplicateContentLength, 400, "more than one Content-Length header";
    /// RFC 9112 section 6.1.
    BadTransferEncoding, 400, "Transfer-Encoding is not exactly `chunked`";
    /// RFC 9112 section 6.1.
    DuplicateTransferEncoding, 400, "more than one Transfer-Encoding header";
    /// RFC 9112 section 6.1.
    UnknownCoding, 501, "the only known transfer coding is `chunked`";
    /// RFC 9112 section 6.3.
    BothFramings, 400, "Content-Length and Transfer-Encoding in the same message";
    /// RFC 9112 section 6.1.
    TransferEncodingInHttp10, 400, "Transfer-Encoding in an HTTP/1.0 message";
    /// RFC 9110 section 7.6.1.
    BadConnection, 400, "Connection is a list of tokens, and none of them is Content-Length or Host";
    /// RFC 9110 section 9.3.6.
    ConnectBody, 400, "CONNECT with a body: what follows its head is the tunnel's";
    /// RFC 9110 section 10.1.1.
    UnknownExpectation, 417, "the only known expectation is `100-continue`";
    /// RFC 9112 section 7.1.
    BadChunkSize, 400, "a chunk size is 1 to 16 hexadecimal digits";
    /// RFC 9112 section 7.1.
    ChunkSizeTooLarge, 400, "a chunk size beyond 2^63 - 1";
    /// RFC 9112 section 7.1.1.
    BadChunkExtension, 400, "a chunk extension is `;name` or `;name=value`";
    /// RFC 9112 section 7.1.1.
    ChunkLineTooLong, 400, "a chunk-size line is too long";
    /// RFC 9112 section 7.1.1.
    ChunkExtensionsTooLarge, 400, "more bytes of chunk extensions than the data warrants";
    /// RFC 9112 section 7.1.
    MissingChunkEnd, 400, "chunk data must be followed by CRLF";
    /// RFC 6585 section 5.
    TrailersTooLarge, 431, "the trailer section is too large";
    /// RFC 9112 section 8.
    UnexpectedEof, 400, "the connection ended inside a message";
    /// RFC 9110 section 5.6.6.
    BadParameter, 400, "a parameter is `name=token` or `name=\"text\"`";
    /// RFC 9110 section 14.1.1.
    BadRange, 400, "not a valid set of byte ranges";
    /// RFC 9110 section 8.8.3.
    BadEntityTag, 400, "not a valid entity tag";
    /// Own side: [`HeadWriter`](crate::HeadWriter) was given such a status.
    InvalidStatus, 500, "a status to be written is 100 to 999";
    /// Own side: the reason phrase to be written.
    InvalidReason, 500, "a reason phrase to be written holds a control byte";
    /// Own side: the method or target to be written.
    InvalidRequestLine, 500, "a method or target to be written holds a byte it may not hold";
    /// Own side: the header name to be written.
    InvalidName, 500, "a header name to be written is not a token";
    /// Own side: the header value to be written.
    InvalidValue, 500, "a header value to be written holds a control byte";
    /// Own side: framing headers are written by framing alone.
    FramingHeader, 500, "Content-Length, Transfer-Encoding, Connection and Upgrade are not set by hand";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{format, string::ToString};

    #[test]
    fn an_error_is_one_word() {
        assert_eq!(size_of::<Error>(), 8);
    }

    #[test]
    fn an_error_names_rule_place_and_byte() {
        let error = Error::at(ErrorKind::BadName, b"a@b", 1);
        assert_eq!(error.to_string(), "a header name is a token (at byte 1, found `@`)");
        let error = Error::at(ErrorKind::BadValue, b"\0", 0);
        assert_eq!(error.to_string(), "a control byte in a header value (at byte 0, found 0x00)");
        assert_eq!(
            Error::new(ErrorKind::MissingHost, 9).to_string(),
            "an HTTP/1.1 request needs a Host header (at byte 9)"
        );
    }

    #[test]
    fn every_kind_has_its_own_rule_and_an_error_status() {
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert!((400..=505).contains(&kind.status()), "{kind:?}");
            for other in &ErrorKind::ALL[..index] {
                assert_ne!(format!("{}", kind.rule()), other.rule());
            }
        }
    }

    #[test]
    fn every_kind_is_in_the_readme() {
        let readme = include_str!("../README.md");
        for kind in ErrorKind::ALL {
            assert!(readme.contains(&format!("`{kind:?}`")), "{kind:?}");
        }
    }
}
