//! The work of each case.

use std::hint::black_box;
use std::io::Write;

use pauper_wire::{
    Chunk, ChunkDecoder, Framing, HeadWriter, HeaderSpan, Limits, Progress, Status, parse_head,
};

use crate::{inputs, pages};

/// Something to do, by somebody.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What is done.
    pub group: &'static str,
    /// Who does it: `pauper` or a rival.
    pub who: &'static str,
    /// The input.
    pub input: fn() -> Vec<u8>,
    /// Does it once; gives a number that every right answer has in common, so that nobody is
    /// measured who does something else. `out` is empty, and has room.
    pub work: fn(input: &[u8], out: &mut Vec<u8>) -> usize,
}

impl Case {
    /// `group/who`
    pub fn name(&self) -> String {
        format!("{}/{}", self.group, self.who)
    }
}

/// All cases. Ours in `head` passes its verdict on Host, body length, connection, Expect and
/// Upgrade as well; the API offers no parsing without it.
pub const CASES: &[Case] = &[
    case("head, browser", OURS, inputs::browser, our_head),
    case("head, browser", HTTPARSE, inputs::browser, httparse_head),
    case("head, 100 bytes", OURS, inputs::short, our_head),
    case("head, 100 bytes", HTTPARSE, inputs::short, httparse_head),
    case("head, 60 headers", OURS, inputs::many_headers, our_head),
    case("head, 60 headers", HTTPARSE, inputs::many_headers, httparse_head),
    case("head, 8 KiB cookie", OURS, inputs::large_cookie, our_head),
    case("head, 8 KiB cookie", HTTPARSE, inputs::large_cookie, httparse_head),
    case("head in 16 pieces", OURS, inputs::browser, our_head_in_pieces),
    case("head in 16 pieces", HTTPARSE, inputs::browser, httparse_head_in_pieces),
    case("64 chunks of 16 bytes", OURS, small_chunks, our_chunks),
    case("64 chunks of 16 bytes", HTTPARSE, small_chunks, httparse_chunks),
    case("4 chunks of 16 KiB", OURS, large_chunks, our_chunks),
    case("4 chunks of 16 KiB", HTTPARSE, large_chunks, httparse_chunks),
    case("response head", OURS, Vec::new, our_response),
    case("response head", "write!", Vec::new, formatted_response),
    case("response head", "copy", Vec::new, copied_response),
    case("page, 100 rows", OURS, Vec::new, pages::our_table),
    case("page, 100 rows", "askama", Vec::new, pages::askama_table),
    case("page, 100 rows", "write!", Vec::new, pages::written_table),
    case("page, 100 rows", "minijinja", Vec::new, pages::minijinja_table),
    case("page, 100 rows", "tera", Vec::new, pages::tera_table),
    case("page, 50 KB of text", OURS, Vec::new, pages::our_article),
    case("page, 50 KB of text", "askama", Vec::new, pages::askama_article),
    case("page, 50 KB of text", "minijinja", Vec::new, pages::minijinja_article),
    case("page, 50 KB of text", "tera", Vec::new, pages::tera_article),
    case("escape 10 KB, clean", OURS, pages::clean, pages::our_escape),
    case("escape 10 KB, clean", "html-escape", pages::clean, pages::html_escape),
    case("escape 10 KB, clean", "v_htmlescape", pages::clean, pages::v_htmlescape),
    case("escape 10 KB, clean", "askama", pages::clean, pages::askama_escape),
    case("escape 10 KB, dirty", OURS, pages::dirty, pages::our_escape),
    case("escape 10 KB, dirty", "html-escape", pages::dirty, pages::html_escape),
    case("escape 10 KB, dirty", "v_htmlescape", pages::dirty, pages::v_htmlescape),
    case("escape 10 KB, dirty", "askama", pages::dirty, pages::askama_escape),
];

const OURS: &str = "pauper";
const HTTPARSE: &str = "httparse";
const MOST_HEADERS: usize = 64;
const PIECES: usize = 16;

const fn case(
    group: &'static str,
    who: &'static str,
    input: fn() -> Vec<u8>,
    work: fn(&[u8], &mut Vec<u8>) -> usize,
) -> Case {
    Case { group, who, input, work }
}

fn small_chunks() -> Vec<u8> {
    inputs::chunked(16, 64)
}

fn large_chunks() -> Vec<u8> {
    inputs::chunked(16 << 10, 4)
}

/// The ends of the pieces, the last one being the whole.
fn pieces(input: &[u8]) -> impl Iterator<Item = usize> + use<> {
    let length = input.len();
    (1..=PIECES).map(move |piece| length * piece / PIECES)
}

fn our_head(input: &[u8], _: &mut Vec<u8>) -> usize {
    let mut slots = [HeaderSpan::default(); MOST_HEADERS];
    match parse_head(input, &mut Progress::new(), &mut slots, &Limits::new()) {
        Ok(Status::Complete(head)) => {
            black_box(&slots);
            head.len() + head.header_count()
        }
        other => panic!("the input is right: {other:?}"),
    }
}

fn our_head_in_pieces(input: &[u8], _: &mut Vec<u8>) -> usize {
    let mut slots = [HeaderSpan::default(); MOST_HEADERS];
    let (mut progress, limits) = (Progress::new(), Limits::new());
    for end in pieces(input) {
        match parse_head(&input[..end], &mut progress, &mut slots, &limits) {
            Ok(Status::Complete(head)) => {
                black_box(&slots);
                return head.len() + head.header_count();
            }
            Ok(Status::Partial) => {}
            Err(error) => panic!("the input is right: {error}"),
        }
    }
    0
}

fn httparse_once(input: &[u8]) -> Option<usize> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(input) {
        Ok(httparse::Status::Complete(length)) => {
            black_box(&request);
            Some(length + request.headers.len())
        }
        Ok(httparse::Status::Partial) => None,
        Err(error) => panic!("the input is right: {error}"),
    }
}

fn httparse_head(input: &[u8], _: &mut Vec<u8>) -> usize {
    httparse_once(input).unwrap_or(0)
}

/// It keeps nothing between calls, so each piece means to begin anew.
fn httparse_head_in_pieces(input: &[u8], _: &mut Vec<u8>) -> usize {
    pieces(input).find_map(|end| httparse_once(&input[..end])).unwrap_or(0)
}

fn our_chunks(input: &[u8], _: &mut Vec<u8>) -> usize {
    let (mut decoder, mut rest, mut sum) = (ChunkDecoder::new(&Limits::new()), input, 0);
    loop {
        let (taken, chunk) = decoder.decode(rest).expect("the input is right");
        match chunk {
            Chunk::Data { span, .. } => sum += black_box(&rest[span]).len(),
            Chunk::NeedMore => panic!("the input is whole"),
            _ => return sum,
        }
        rest = &rest[taken..];
    }
}

/// It reads size lines; what is around them stands here.
fn httparse_chunks(input: &[u8], _: &mut Vec<u8>) -> usize {
    let (mut rest, mut sum) = (input, 0);
    loop {
        let size = httparse::parse_chunk_size(rest).expect("the input is right");
        let httparse::Status::Complete((line, size)) = size else { panic!("the input is whole") };
        let end = line + usize::try_from(size).expect("it is small");
        sum += black_box(&rest[line..end]).len();
        assert_eq!(&rest[end..end + 2], b"\r\n");
        rest = &rest[end + 2..];
        if size == 0 {
            return sum;
        }
    }
}

const DATE: &[u8; 29] = b"Sun, 06 Nov 1994 08:49:37 GMT";

fn our_response(_: &[u8], out: &mut Vec<u8>) -> usize {
    let mut head = HeadWriter::response(out, black_box(200), None).expect("a status");
    head.date(black_box(DATE));
    head.header(black_box("Server"), black_box(b"benches")).expect("a header");
    head.header(black_box("Content-Type"), black_box(b"text/plain; charset=utf-8"))
        .expect("a header");
    head.framing(&Framing::fixed(black_box(13)));
    head.finish();
    out.len()
}

fn formatted_response(_: &[u8], out: &mut Vec<u8>) -> usize {
    write!(
        out,
        "HTTP/1.1 {} {}\r\nDate: {}\r\n{}: {}\r\n{}: {}\r\nContent-Length: {}\r\n\r\n",
        black_box(200),
        black_box("OK"),
        black_box(std::str::from_utf8(DATE).expect("ASCII")),
        black_box("Server"),
        black_box("benches"),
        black_box("Content-Type"),
        black_box("text/plain; charset=utf-8"),
        black_box(13),
    )
    .expect("a vector grows");
    out.len()
}

/// The floor: the same bytes, known beforehand.
fn copied_response(_: &[u8], out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(black_box(
        b"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: benches\r\n\
          Content-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\n",
    ));
    out.len()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn everybody_does_the_same_work() {
        let mut groups: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
        for case in CASES {
            let result = (case.work)(&(case.input)(), &mut Vec::new());
            groups.entry(case.group).or_default().push((result, case.who));
        }
        for (group, results) in groups {
            assert!(results.len() > 1, "{group} has no rival");
            assert!(
                results.iter().all(|it| it.0 == results[0].0 && it.0 > 0),
                "{group}: {results:?}"
            );
        }
    }

    #[test]
    fn responses_are_the_same_bytes() {
        let bytes = [our_response, formatted_response, copied_response].map(|work| {
            let mut out = Vec::new();
            work(&[], &mut out);
            String::from_utf8(out).unwrap()
        });
        assert_eq!(bytes[0], bytes[1]);
        assert_eq!(bytes[0], bytes[2]);
    }
}
