//! Parts of bodies: the Range header and the answers to it (RFC 9110, section 14).

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::ops::Range;

use http::{HeaderValue, Method, StatusCode};
use pauper_iolist::IoList;
use pauper_wire::grammar::{self, ByteRange, byte_ranges};

use crate::body::{Body, BodyKind, FilePart, Pieces};
use crate::conditional;
use crate::request::Request;
use crate::response::Response;

/// A Range header with more ranges than this is answered as if it was not there.
const MAX_RANGES: usize = 16;
/// How much of a file is read at a time where it is not sent by the system itself.
const FILE_PIECE: u64 = 64 * 1024;

impl Request {
    /// The ranges that are asked for in `unit`, such as `bytes` or one of your own, in their order;
    /// nothing without a Range header in this unit, with two of them, and where it cannot be read
    /// (RFC 9110, section 14.2, says to ignore it then). At most 16 ranges.
    ///
    /// Only units whose ranges are written as those of bytes are; for those of bytes themselves
    /// there is [`Response::ranged`].
    ///
    /// ```
    /// use pauper_message::{ByteRange, Request};
    ///
    /// let req = Request::builder().header("Range", "lines=5-9").build().unwrap();
    /// assert_eq!(req.ranges("lines"), Some(vec![ByteRange::FromTo { first: 5, last: 9 }]));
    /// assert_eq!(req.ranges("bytes"), None);
    /// ```
    pub fn ranges(&self, unit: &str) -> Option<Vec<ByteRange>> {
        let head = self.head();
        let mut values = head.header_all("range");
        let (value, None) = (values.next()?, values.next()) else { return None };
        let equals = value.iter().position(|byte| *byte == b'=')?;
        if !value[..equals].eq_ignore_ascii_case(unit.as_bytes()) {
            return None;
        }
        let as_bytes = [b"bytes", &value[equals..]].concat();
        Some(byte_ranges(&as_bytes, MAX_RANGES).ok()?.collect())
    }
}

impl Body {
    /// The bytes of `range` alone, counted from the beginning. Nothing is copied; of pieces those
    /// before the range are made and dropped, and those behind it not made.
    ///
    /// None when the range is reversed or reaches beyond the end, and of bodies whose length is not
    /// known.
    pub fn part(self, range: Range<u64>) -> Option<Self> {
        let len = self.len()?;
        if range.start > range.end || range.end > len {
            return None;
        }
        let wanted = range.end - range.start;
        Some(match self.into_kind() {
            BodyKind::Empty => Self::empty(),
            // The length of a list is a `usize`, so its offsets are.
            BodyKind::List(list) => {
                Self::from(list.range(range.start as usize..range.end as usize))
            }
            BodyKind::File(FilePart { file, offset, .. }) => {
                Self::file(file, offset + range.start, wanted)
            }
            BodyKind::Pieces { pieces, .. } => {
                let parts = Parts::new(Source::of_pieces(pieces), vec![(IoList::new(), range)]);
                Self::pieces(parts, Some(wanted))
            }
            BodyKind::Channel(_) => return None,
        })
    }
}

impl Response {
    /// Answers the Range header of `req`, if this is a 200 whose body has a known length: with 206
    /// and the part that is asked for, or several as `multipart/byteranges`, or with 416 where
    /// nothing of it exists. Otherwise the response stays as it is, with `Accept-Ranges: bytes` if
    /// it could be cut (RFC 9110, sections 14 and 15.3.7).
    ///
    /// If-Range is compared with the ETag and Last-Modified of this response, so set them before.
    /// More than 16 ranges, ranges that overlap, and several that with their headers would be longer
    /// than the whole are not worth it: then the whole is sent. So it is for several ranges of
    /// pieces, unless they ascend.
    ///
    /// ```
    /// use pauper_message::{Request, Response};
    ///
    /// fn lines(req: &mut Request) -> Response {
    ///     let lines = (0..10).map(|n| Ok(format!("line {n}\n")));
    ///     Response::text("").with_body(pauper_message::Body::pieces(lines, Some(70))).ranged(req)
    /// }
    ///
    /// let mut req = Request::builder().header("Range", "bytes=0-6").build().unwrap();
    /// let response = lines(&mut req);
    /// assert_eq!(response.status(), 206);
    /// assert_eq!(response.headers().get("content-range").unwrap(), "bytes 0-6/70");
    /// ```
    #[must_use]
    pub fn ranged(mut self, req: &Request) -> Self {
        const BYTES: HeaderValue = HeaderValue::from_static("bytes");
        let Some(total) = self.body().len() else { return self };
        let foreign = self.headers().get("accept-ranges").is_some_and(|unit| unit != BYTES);
        if self.status() != StatusCode::OK || foreign {
            return self;
        }
        self.put("accept-ranges", BYTES);
        // Ranges mean nothing to other methods (section 14.2).
        if req.method() != Method::GET {
            return self;
        }
        let (etag, modified) = conditional::validators(&self);
        if !conditional::range_applies(req, etag, modified) {
            return self;
        }
        let Some(wanted) = req.ranges("bytes") else { return self };
        // The last bytes of nothing: satisfiable, but no Content-Range can say so.
        if total == 0 && wanted.iter().any(|range| matches!(range, ByteRange::Suffix(1..))) {
            return self;
        }
        let ranges: Vec<Range<u64>> =
            wanted.into_iter().filter_map(|range| range.resolve(total)).collect();
        match ranges.as_slice() {
            [] => self.unsatisfied(total),
            [only] => {
                let only = only.clone();
                let value = content_range("bytes", &only, Some(total));
                self.put("content-range", value);
                self.set_status(StatusCode::PARTIAL_CONTENT);
                let body = self.take_body().part(only).unwrap_or_default();
                self.with_body(body)
            }
            several if can_be_parts(several, self.body()) => self.multipart(req, ranges, total),
            _ => self,
        }
    }

    /// 206 with a part of something in a unit of your own: `first` to `last`, both included, of
    /// `full`, or of an unknown number.
    ///
    /// `body` is what is sent; nobody checks that it is that part. A unit that is no token, and a
    /// `last` before `first` or not below `full`, spoil the response.
    ///
    /// ```
    /// use pauper_message::Response;
    ///
    /// let response = Response::partial("žluť", "letters", 4, 7, None);
    /// assert_eq!(response.headers().get("content-range").unwrap(), "letters 4-7/*");
    /// ```
    #[track_caller]
    pub fn partial(
        body: impl Into<Body>,
        unit: &str,
        first: u64,
        last: u64,
        full: Option<u64>,
    ) -> Self {
        let whole = full.is_none_or(|full| last < full);
        if first > last || !whole || last == u64::MAX || !grammar::is_token(unit.as_bytes()) {
            let text = format!("{unit:?} {first}-{last} of {full:?} is not a range");
            return Self::failed(io::Error::other(text).into());
        }
        let range = content_range(unit, &(first..last + 1), full);
        Self::body_of(body.into())
            .with_status(StatusCode::PARTIAL_CONTENT)
            .with_header("content-range", range)
    }

    /// Sets a header whose value is known to be good.
    fn put(&mut self, name: &'static str, value: impl crate::headers::IntoHeaderValue) {
        let result = self.headers_mut().insert(name, value);
        debug_assert!(result.is_ok(), "{name}");
    }

    fn unsatisfied(mut self, total: u64) -> Self {
        crate::drop_quietly(self.take_body());
        self = self.without_representation().with_text("416 Range Not Satisfiable\n");
        self.put("accept-ranges", "bytes");
        self.put("content-range", format!("bytes */{total}"));
        self.with_status(StatusCode::RANGE_NOT_SATISFIABLE)
    }

    fn multipart(mut self, req: &Request, ranges: Vec<Range<u64>>, total: u64) -> Self {
        let boundary = boundary(req, &ranges, total);
        let kind = self.headers().get("content-type").cloned();
        let mut sum = 0;
        let mut parts = Vec::with_capacity(ranges.len() + 1);
        for range in ranges {
            let mut head = format!("\r\n--{boundary}\r\n").into_bytes();
            if let Some(kind) = &kind {
                head.extend_from_slice(b"Content-Type: ");
                head.extend_from_slice(kind.as_bytes());
                head.extend_from_slice(b"\r\n");
            }
            let place = content_range("bytes", &range, Some(total));
            head.extend_from_slice(format!("Content-Range: {place}\r\n\r\n").as_bytes());
            sum += head.len() as u64 + (range.end - range.start);
            parts.push((IoList::from(head), range));
        }
        let end = format!("\r\n--{boundary}--\r\n");
        sum += end.len() as u64;
        if sum > total {
            return self;
        }
        parts.push((IoList::from(end), 0..0));
        let source = match self.take_body().into_kind() {
            BodyKind::List(mut list) => {
                list.freeze();
                Source::List(list)
            }
            BodyKind::File(part) => Source::File(part),
            BodyKind::Pieces { pieces, .. } => Source::of_pieces(pieces),
            // Neither is cut: the one has no bytes, the other no length.
            BodyKind::Empty | BodyKind::Channel(_) => Source::List(IoList::new()),
        };
        self.put("content-type", format!("multipart/byteranges; boundary={boundary}"));
        self.set_status(StatusCode::PARTIAL_CONTENT);
        self.with_body(Body::pieces(Parts::new(source, parts), Some(sum)))
    }
}

fn content_range(unit: &str, range: &Range<u64>, full: Option<u64>) -> String {
    let mut text = format!("{unit} {}-{}/", range.start, range.end - 1);
    let _ = match full {
        Some(full) => write!(text, "{full}"),
        None => text.write_char('*'),
    };
    text
}

fn can_be_parts(ranges: &[Range<u64>], body: &Body) -> bool {
    let mut sorted: Vec<&Range<u64>> = ranges.iter().collect();
    sorted.sort_by_key(|range| range.start);
    let disjoint = sorted.windows(2).all(|pair| pair[0].end <= pair[1].start);
    let ascending = ranges.is_sorted_by_key(|range| range.start);
    disjoint && (ascending || !matches!(body.kind(), BodyKind::Pieces { .. }))
}

/// What separates the parts. It depends on the time of the request to the nanosecond, so that
/// nobody can put it into a body beforehand.
fn boundary(req: &Request, ranges: &[Range<u64>], total: u64) -> String {
    let mut hasher = DefaultHasher::new();
    (req.received(), req.target(), ranges, total).hash(&mut hasher);
    let first = hasher.finish();
    (first, req.peer().remote).hash(&mut hasher);
    format!("part-{first:016x}{:016x}", hasher.finish())
}

/// Where the bytes of parts come from.
enum Source {
    List(IoList),
    File(FilePart),
    Pieces {
        pieces: Pieces,
        /// What was pulled and not used, and where in the whole it stands.
        held: IoList,
        at: u64,
    },
}

impl Source {
    fn of_pieces(pieces: Pieces) -> Self {
        Self::Pieces { pieces, held: IoList::new(), at: 0 }
    }

    /// Some of the first bytes of `range`, which is not empty, and as far as pieces go does not
    /// begin before the last one.
    fn read(&mut self, range: &Range<u64>) -> io::Result<IoList> {
        let wanted = range.end - range.start;
        let short = || io::Error::new(io::ErrorKind::UnexpectedEof, "the body is too short");
        match self {
            Self::List(list) => {
                let part = range.start as usize..range.end as usize;
                list.clone().try_range(part).ok_or_else(short)
            }
            Self::File(part) => {
                let mut bytes = vec![0; wanted.min(FILE_PIECE) as usize];
                let read = read_at(&part.file, &mut bytes, part.offset + range.start)?;
                bytes.truncate(read);
                if read == 0 { Err(short()) } else { Ok(bytes.into()) }
            }
            Self::Pieces { pieces, held, at } => {
                while *at + held.len() as u64 <= range.start {
                    *at += held.len() as u64;
                    *held = pieces.next().ok_or_else(short)??;
                }
                let skip = range.start - *at;
                held.advance(skip as usize);
                let n = wanted.min(held.len() as u64);
                *at = range.start + n;
                Ok(held.split_to(n as usize))
            }
        }
    }
}

/// A part of a file as pieces; its position is not used.
pub(crate) fn file_pieces(part: FilePart) -> Pieces {
    let whole = 0..part.len;
    Box::new(Parts::new(Source::File(part), vec![(IoList::new(), whole)]))
}

#[cfg(unix)]
fn read_at(file: &std::fs::File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::os::unix::fs::FileExt as _;
    loop {
        match file.read_at(out, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(not(unix))]
fn read_at(mut file: &std::fs::File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::io::{Read as _, Seek as _};
    file.seek(io::SeekFrom::Start(offset))?;
    file.read(out)
}

/// Parts of a source, each behind a text of its own.
struct Parts {
    source: Source,
    parts: std::vec::IntoIter<(IoList, Range<u64>)>,
    /// What is left of the current part.
    range: Range<u64>,
}

impl Parts {
    fn new(source: Source, parts: Vec<(IoList, Range<u64>)>) -> Self {
        Self { source, parts: parts.into_iter(), range: 0..0 }
    }
}

impl Iterator for Parts {
    type Item = io::Result<IoList>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.range.is_empty() {
            let (head, range) = self.parts.next()?;
            self.range = range;
            if !head.is_empty() {
                return Some(Ok(head));
            }
        }
        let result = self.source.read(&self.range);
        match &result {
            Ok(piece) => self.range.start += piece.len() as u64,
            Err(_) => {
                self.range = 0..0;
                self.parts = Vec::new().into_iter();
            }
        }
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const TEXT: &str = "0123456789";

    /// Long enough for parts to be worth it.
    fn long_bodies() -> Vec<Body> {
        let long = TEXT.repeat(100);
        let pieces: Vec<_> = long.as_bytes().chunks(7).map(|piece| Ok(piece.to_vec())).collect();
        vec![
            Body::from(long.clone()),
            Body::pieces(pieces, Some(1000)),
            Body::file(file(&format!("xx{long}yy")), 2, 1000),
        ]
    }

    fn bodies() -> Vec<Body> {
        vec![
            Body::from(TEXT),
            Body::pieces(["012", "", "3", "456789"].map(Ok), Some(10)),
            Body::pieces([Ok(TEXT)], Some(10)),
            Body::file(file(&format!("xx{TEXT}yy")), 2, 10),
        ]
    }

    fn file(text: &str) -> std::fs::File {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pauper-range-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut options = std::fs::File::options();
        let mut file =
            options.read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn ask(body: Body, headers: &[(&str, &str)]) -> Response {
        let mut builder = Request::builder();
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        let req = builder.build().unwrap();
        Response::text("")
            .with_header("etag", "\"v1\"")
            .with_header("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT")
            .with_body(body)
            .ranged(&req)
    }

    fn text(response: Response) -> String {
        let body = response.into_parts().unwrap().body;
        let len = body.len();
        let bytes = body.into_bytes(1 << 20).unwrap();
        assert_eq!(len, Some(bytes.len() as u64), "the length that was promised");
        String::from_utf8(bytes.into()).unwrap()
    }

    #[track_caller]
    fn check(range: &str, status: u16, content_range: Option<&str>, expected: &str) {
        for body in bodies() {
            let kind = format!("{body:?} {range}");
            let response = ask(body, &[("Range", range)]);
            assert_eq!(response.status(), status, "{kind}");
            assert_eq!(response.headers().get("accept-ranges").unwrap(), "bytes");
            let found = response.headers().get("content-range").map(|v| v.to_str().unwrap());
            assert_eq!(found, content_range, "{kind}");
            if status != 416 {
                assert_eq!(text(response), expected, "{kind}");
            }
        }
    }

    #[test]
    fn one_range_of_any_body() {
        check("bytes=3-6", 206, Some("bytes 3-6/10"), "3456");
        check("bytes=0-0", 206, Some("bytes 0-0/10"), "0");
        check("bytes=8-15", 206, Some("bytes 8-9/10"), "89");
        check("bytes=-2", 206, Some("bytes 8-9/10"), "89");
        check("bytes=-20", 206, Some("bytes 0-9/10"), TEXT);
        check("bytes=7-", 206, Some("bytes 7-9/10"), "789");
        check("bytes=0-99999999999999999999", 206, Some("bytes 0-9/10"), TEXT);
        check("bytes=10-", 416, Some("bytes */10"), "");
        check("bytes=10-15,20-", 416, Some("bytes */10"), "");
        check("bytes=-0", 416, Some("bytes */10"), "");
    }

    #[test]
    fn what_cannot_be_read_or_is_not_worth_it_gets_the_whole() {
        for range in
            ["lines=1-2", "bytes=5-2", "bytes=a-b", "bytes=", "bytes=0-5,3-8", "bytes=-5,-5"]
        {
            check(range, 200, None, TEXT);
        }
        check(&format!("bytes={}", ["0-0"; 17].join(",")), 200, None, TEXT);
    }

    #[test]
    fn several_ranges() {
        // What lies outside is left out, and one that is left needs no multipart.
        check("bytes=50-60,1-1", 206, Some("bytes 1-1/10"), "1");
        for body in long_bodies() {
            let response = ask(body, &[("Range", "bytes=0-1,504-504,-3")]);
            assert_eq!(response.status(), 206);
            assert!(!response.headers().contains("content-range"));
            let kind = response.headers().get("content-type").unwrap().to_str().unwrap();
            let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap().to_owned();
            let expected = [("0-1", "01"), ("504-504", "4"), ("997-999", "789")]
                .map(|(range, bytes)| {
                    format!(
                        "\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\
                         Content-Range: bytes {range}/1000\r\n\r\n{bytes}"
                    )
                })
                .concat();
            assert_eq!(text(response), format!("{expected}\r\n--{boundary}--\r\n"));
        }
    }

    #[test]
    fn parts_are_never_longer_than_the_whole() {
        for body in bodies() {
            let response = ask(body, &[("Range", "bytes=0-0,-1")]);
            assert_eq!((response.status().as_u16(), text(response).as_str()), (200, TEXT));
        }
    }

    #[test]
    fn descending_ranges_need_a_body_that_goes_back() {
        for (body, status) in long_bodies().into_iter().zip([206, 200, 206]) {
            let response = ask(body, &[("Range", "bytes=8-9,0-1")]);
            assert_eq!(response.status(), status);
            let text = text(response);
            if status == 206 {
                assert!(text.find("\r\n\r\n89").unwrap() < text.find("\r\n\r\n01").unwrap());
            }
        }
    }

    #[test]
    fn nothing_has_no_ranges() {
        for (range, status) in [("bytes=0-99", 416), ("bytes=-5", 200), ("bytes=-0", 416)] {
            let response = ask(Body::empty(), &[("Range", range)]);
            assert_eq!(response.status(), status, "{range}");
            assert_eq!(response.headers().get("accept-ranges").unwrap(), "bytes");
        }
    }

    #[test]
    fn if_range_and_repeated_headers() {
        for (headers, status) in [
            (&[("Range", "bytes=0-0"), ("If-Range", "\"v1\"")][..], 206),
            (&[("Range", "bytes=0-0"), ("If-Range", "\"v2\"")], 200),
            (&[("Range", "bytes=0-0"), ("Range", "bytes=0-0")], 200),
        ] {
            assert_eq!(ask(TEXT.into(), headers).status(), status, "{headers:?}");
        }
    }

    #[test]
    fn other_answers_stay_as_they_are() {
        let head = Request::builder().method("HEAD").header("Range", "bytes=0-0").build().unwrap();
        let response = Response::text(TEXT).ranged(&head);
        assert_eq!(response.status(), 200);
        assert!(response.headers().contains("accept-ranges"));
        let get = Request::builder().header("Range", "bytes=0-0").build().unwrap();
        for response in [
            Response::text(TEXT).with_status(201),
            Response::text(TEXT).with_header("accept-ranges", "none"),
            Response::text("").with_body(Body::pieces([Ok(TEXT)], None)),
        ] {
            let before = response.headers().len();
            let response = response.ranged(&get);
            assert_ne!(response.status(), 206);
            assert_eq!(response.headers().len(), before);
        }
    }

    #[test]
    fn pieces_behind_the_part_are_not_made() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicU64, Ordering};
        let made = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&made);
        let endless = std::iter::repeat_with(move || {
            count.fetch_add(1, Ordering::Relaxed);
            Ok("x")
        });
        let part = Body::pieces(endless, Some(u64::MAX)).part(3..5).unwrap();
        assert_eq!(part.into_bytes(9).unwrap(), "xx");
        assert_eq!(made.load(Ordering::Relaxed), 5);
    }

    #[test]
    fn a_body_that_is_shorter_than_it_said_fails() {
        let body = Body::pieces(["abc"].map(Ok), Some(10));
        assert!(body.part(5..6).unwrap().into_bytes(9).is_err());
        let body = Body::file(file("abc"), 0, 1000);
        let response = ask(body, &[("Range", "bytes=0-0,5-6")]);
        assert!(response.into_parts().unwrap().body.into_bytes(1000).is_err());
    }

    #[test]
    fn parts_lie_within() {
        assert!(Body::from(TEXT).part(5..11).is_none());
        #[allow(clippy::reversed_empty_ranges, reason = "the range that is to be refused")]
        let reversed = 6..5;
        assert!(Body::from(TEXT).part(reversed).is_none());
        assert_eq!(Body::from(TEXT).part(10..10).unwrap().len(), Some(0));
        assert!(Body::channel(9).1.part(0..0).is_none());
    }

    #[test]
    fn units_of_ones_own() {
        let response = Response::partial("äö", "letters", 4, 5, Some(6));
        assert_eq!(response.headers().get("content-range").unwrap(), "letters 4-5/6");
        for (unit, first, last, full) in
            [("a b", 0, 1, None), ("x", 2, 1, None), ("x", 0, 6, Some(6)), ("x\r\ny", 0, 1, None)]
        {
            assert!(Response::partial("", unit, first, last, full).into_result().is_err());
        }
        let ask = |value: &str| {
            Request::builder().header("Range", value).build().unwrap().ranges("unicodes")
        };
        assert_eq!(ask("unicodes=50-99").unwrap(), [ByteRange::FromTo { first: 50, last: 99 }]);
        assert_eq!(ask("Unicodes=-5, 7-").unwrap(), [ByteRange::Suffix(5), ByteRange::From(7)]);
        assert_eq!(ask("bytes=1-2"), None);
        assert_eq!(ask("unicodes"), None);
    }
}
