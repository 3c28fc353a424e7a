//! The body of a response.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use pauper_iolist::IoList;

use crate::channel::{BodyReceiver, BodySender};

/// Bytes that come one piece at a time, pulled by the server as the client takes them.
pub type Pieces = Box<dyn Iterator<Item = io::Result<IoList>> + Send>;

/// The body of a response: nothing, bytes in memory, a part of a file, pieces that are made while
/// they are sent, or what other threads send.
///
/// A body knows its length where it can; the server derives all framing from that and from
/// nothing else (RFC 9112, section 6).
#[derive(Default)]
pub struct Body {
    kind: BodyKind,
}

/// What a [`Body`] is made of, for those who send it.
#[derive(Default)]
#[non_exhaustive]
pub enum BodyKind {
    /// No bytes.
    #[default]
    Empty,
    /// Bytes in memory.
    List(IoList),
    /// A part of a file.
    File(FilePart),
    /// Bytes made on the way.
    Pieces {
        /// The pieces.
        pieces: Pieces,
        /// The sum of all pieces, if it is known. Pieces that give more or fewer break the
        /// connection, since the client was promised this many.
        len: Option<u64>,
    },
    /// Bytes that other threads send.
    Channel(BodyReceiver),
}

/// A part of a file: `len` bytes from `offset`.
#[derive(Debug)]
pub struct FilePart {
    /// The file, open for reading. Its position is of no importance.
    pub file: File,
    /// Where the part begins, in bytes.
    pub offset: u64,
    /// How many bytes it has.
    pub len: u64,
}

impl Body {
    /// A body without bytes.
    pub const fn empty() -> Self {
        Self { kind: BodyKind::Empty }
    }

    /// `len` bytes of `file` from `offset` on.
    pub fn file(file: File, offset: u64, len: u64) -> Self {
        Self { kind: BodyKind::File(FilePart { file, offset, len }) }
    }

    /// The pieces of an iterator; empty ones are skipped. An error ends the connection, so that
    /// the client does not take the part for the whole.
    pub fn pieces<I, P>(pieces: I, len: Option<u64>) -> Self
    where
        I: IntoIterator<Item = io::Result<P>>,
        I::IntoIter: Send + 'static,
        P: Into<IoList>,
    {
        let pieces = Box::new(pieces.into_iter().map(|piece| piece.map(Into::into)));
        Self { kind: BodyKind::Pieces { pieces, len } }
    }

    /// What a reader gives, in pieces of up to 64 KiB.
    pub fn reader(reader: impl Read + Send + 'static, len: Option<u64>) -> Self {
        const PIECE: usize = 64 * 1024;
        let mut reader = Some(reader);
        let pieces = std::iter::from_fn(move || {
            let source = reader.as_mut()?;
            let mut piece = vec![0; PIECE];
            loop {
                match source.read(&mut piece) {
                    Ok(0) => reader = None,
                    Ok(n) => {
                        piece.truncate(n);
                        return Some(Ok(piece));
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => {
                        reader = None;
                        return Some(Err(error));
                    }
                }
                return None;
            }
        });
        Self::pieces(pieces, len)
    }

    /// A body that other threads fill while it is sent, and the end to fill it by. At most
    /// `capacity` bytes wait in between; 64 KiB is a good number.
    ///
    /// ```
    /// use pauper_message::{Body, Request, Response};
    ///
    /// fn count(_: &mut Request) -> Response {
    ///     let (sender, body) = Body::channel(64 * 1024);
    ///     std::thread::spawn(move || {
    ///         for number in 0..1_000_000 {
    ///             // An error means that the client left.
    ///             if sender.send(format!("{number}\n")).is_err() {
    ///                 return;
    ///             }
    ///         }
    ///     });
    ///     Response::text("").with_body(body)
    /// }
    /// ```
    pub fn channel(capacity: usize) -> (BodySender, Self) {
        let (sender, receiver) = crate::channel::channel(capacity);
        (sender, Self { kind: BodyKind::Channel(receiver) })
    }

    /// How many bytes the body has, where that is known before it is sent.
    #[inline]
    pub fn len(&self) -> Option<u64> {
        match &self.kind {
            BodyKind::Empty => Some(0),
            BodyKind::List(list) => Some(list.len() as u64),
            BodyKind::File(part) => Some(part.len),
            BodyKind::Pieces { len, .. } => *len,
            BodyKind::Channel(_) => None,
        }
    }

    /// Whether the body is known to have no bytes.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// What the body is made of.
    #[inline]
    pub fn into_kind(self) -> BodyKind {
        self.kind
    }

    /// What the body is made of, borrowed.
    #[inline]
    pub fn kind(&self) -> &BodyKind {
        &self.kind
    }

    /// The body as pieces, of at most 64 KiB where they are cut here: for filters that change what is
    /// sent while it is sent. A channel, whose pieces come by themselves, is handed back.
    ///
    /// ```
    /// use pauper_message::Body;
    ///
    /// let body = Body::from("quiet");
    /// let pieces = body.into_pieces().unwrap();
    /// let loud = pieces.map(|piece| piece.map(|piece| piece.to_vec().to_ascii_uppercase()));
    /// assert_eq!(Body::pieces(loud, Some(5)).into_bytes(5).unwrap(), "QUIET");
    /// ```
    ///
    /// # Errors
    /// The channel.
    pub fn into_pieces(self) -> Result<Pieces, Self> {
        const PIECE: usize = 64 * 1024;
        Ok(match self.kind {
            BodyKind::Empty => Box::new(std::iter::empty()),
            BodyKind::List(mut list) => Box::new(std::iter::from_fn(move || {
                let n = list.len().min(PIECE);
                (n > 0).then(|| Ok(list.split_to(n)))
            })),
            BodyKind::File(part) => crate::range::file_pieces(part),
            BodyKind::Pieces { pieces, .. } => pieces,
            kind @ BodyKind::Channel(_) => return Err(Self { kind }),
        })
    }

    /// All bytes in memory; reads files and pieces to their end, and waits for that of a channel:
    /// for ever, if this very thread holds its sender.
    ///
    /// # Errors
    /// When a file cannot be read, a piece fails or a channel breaks, and when the body is longer than `limit`
    /// bytes.
    pub fn into_bytes(self, limit: u64) -> io::Result<Bytes> {
        let too_long = || io::Error::other("the body is longer than the limit");
        if self.len().is_some_and(|len| len > limit) {
            return Err(too_long());
        }
        match self.kind {
            BodyKind::Empty => Ok(Bytes::new()),
            BodyKind::List(list) => Ok(list.into_bytes()),
            BodyKind::File(part) => {
                let mut bytes = Vec::new();
                part.reader()?.read_to_end(&mut bytes)?;
                Ok(bytes.into())
            }
            BodyKind::Pieces { pieces, .. } => {
                let mut all = IoList::new();
                for piece in pieces {
                    all.append(piece?);
                    if all.len() as u64 > limit {
                        return Err(too_long());
                    }
                }
                Ok(all.into_bytes())
            }
            BodyKind::Channel(receiver) => receiver.collect(limit).map(IoList::into_bytes),
        }
    }
}

impl FilePart {
    /// A reader of this part, from its beginning; moves the file's position.
    ///
    /// # Errors
    /// When the file cannot be positioned.
    pub fn reader(self) -> io::Result<io::Take<File>> {
        use std::io::Seek as _;
        let mut file = self.file;
        file.seek(io::SeekFrom::Start(self.offset))?;
        Ok(file.take(self.len))
    }
}

impl<T: Into<IoList>> From<T> for Body {
    fn from(bytes: T) -> Self {
        let list = bytes.into();
        let kind = if list.is_empty() { BodyKind::Empty } else { BodyKind::List(list) };
        Self { kind }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            BodyKind::Empty => "empty",
            BodyKind::List(_) => "bytes",
            BodyKind::File(_) => "file",
            BodyKind::Pieces { .. } => "pieces",
            BodyKind::Channel(_) => "channel",
        };
        match self.len() {
            Some(len) => write!(f, "Body({kind}, {len} bytes)"),
            None => write!(f, "Body({kind})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_and_pieces_give_all_their_bytes() {
        let long = vec![7_u8; 200_000];
        let body = Body::reader(io::Cursor::new(long.clone()), None);
        assert_eq!(body.len(), None);
        assert_eq!(body.into_bytes(u64::MAX).unwrap(), long);
        let body = Body::pieces(["a", "", "b"].map(Ok), Some(2));
        assert_eq!(body.len(), Some(2));
        assert_eq!(body.into_bytes(2).unwrap(), "ab");
    }

    #[test]
    fn every_body_but_a_channel_has_pieces() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/body.rs");
        let file = || File::open(path).unwrap();
        let text = std::fs::read(path).unwrap();
        let long = vec![7_u8; 200_000];
        for (body, expected) in [
            (Body::empty(), Vec::new()),
            (Body::from(long.clone()), long.clone()),
            (Body::file(file(), 10, 1000), text[10..1010].to_vec()),
            (Body::pieces([Ok("a"), Ok("b")], None), b"ab".to_vec()),
        ] {
            let pieces = body.into_pieces().unwrap();
            let all: Vec<u8> = pieces.flat_map(|piece| piece.unwrap().to_vec()).collect();
            assert!(all == expected);
        }
        assert!(Body::channel(1).1.into_pieces().is_err());
        let short = Body::file(file(), text.len() as u64 - 1, 2).into_pieces().unwrap();
        assert!(short.last().unwrap().is_err(), "a file that is shorter than it was");
    }

    #[test]
    fn the_limit_holds_for_known_and_unknown_lengths() {
        assert!(Body::from("abc").into_bytes(2).is_err());
        assert!(Body::pieces(["abc"].map(Ok), None).into_bytes(2).is_err());
        let fails = Body::pieces([Ok("a"), Err(io::Error::other("no"))], None);
        assert!(fails.into_bytes(9).is_err());
    }
}
