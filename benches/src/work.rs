//! The work of each case.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::Write;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use pauper_bench_picohttpparser::Build;
use pauper_wire::measure::parse_head_syntax;
use pauper_wire::{
    Chunk, ChunkDecoder, Framing, HeadWriter, HeaderSpan, Limits, Progress, RequestHead,
    ResponseProgress, Span, Status, parse_head, parse_response_head,
};

use crate::{forms, inputs, pages, routes};

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
    pub work: Work,
}

impl Case {
    /// `group/who`
    pub fn name(&self) -> String {
        format!("{}/{}", self.group, self.who)
    }
}

/// The cases that can always be measured. Ours stand in two rows: `pauper` passes its verdict on Host,
/// body length, connection, Expect and Upgrade as well, `pauper, syntax` judges what the others do.
pub const CASES: &[Case] = &[
    case("head, browser", OURS, inputs::browser, our_head),
    case("head, browser", SYNTAX, inputs::browser, our_syntax),
    case("head, browser", HTTPARSE, inputs::browser, httparse_head),
    case("head, 100 bytes", OURS, inputs::short, our_head),
    case("head, 100 bytes", SYNTAX, inputs::short, our_syntax),
    case("head, 100 bytes", HTTPARSE, inputs::short, httparse_head),
    case("head, 60 headers", OURS, inputs::many_headers, our_head),
    case("head, 60 headers", SYNTAX, inputs::many_headers, our_syntax),
    case("head, 60 headers", HTTPARSE, inputs::many_headers, httparse_head),
    case("head, 8 KiB cookie", OURS, inputs::large_cookie, our_head),
    case("head, 8 KiB cookie", SYNTAX, inputs::large_cookie, our_syntax),
    case("head, 8 KiB cookie", HTTPARSE, inputs::large_cookie, httparse_head),
    case("head in 16 pieces", OURS, inputs::browser, our_head_in_pieces),
    case("head in 16 pieces", SYNTAX, inputs::browser, our_syntax_in_pieces),
    case("head in 16 pieces", HTTPARSE, inputs::browser, httparse_head_in_pieces),
    case("64 chunks of 16 bytes", OURS, small_chunks, our_chunks),
    case("64 chunks of 16 bytes", HTTPARSE, small_chunks, httparse_chunks),
    case("4 chunks of 16 KiB", OURS, large_chunks, our_chunks),
    case("4 chunks of 16 KiB", HTTPARSE, large_chunks, httparse_chunks),
    case("head of a response", OURS, inputs::response, our_response_head),
    case("head of a response", HTTPARSE, inputs::response, httparse_response_head),
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
    case("file of 64 KiB", OURS, forms::file, forms::our_events),
    case("file of 64 KiB", "multipart", forms::file, forms::multipart_events),
    case("file of 64 KiB", "memmem", forms::file, forms::memmem_scan),
    case("100 fields", OURS, forms::fields, forms::our_form),
    case("100 fields", "multipart", forms::fields, forms::multipart_form),
    case("40 urlencoded pairs", OURS, forms::pairs, forms::our_pairs),
    case("40 urlencoded pairs", "form_urlencoded", forms::pairs, forms::form_urlencoded_pairs),
    case("130 lookups", OURS, routes::input, our_lookups),
    case("130 lookups", "matchit", routes::input, matchit_lookups),
    case("130 lookups", "path-tree", routes::input, path_tree_lookups),
    case("130 lookups, filters", OURS, routes::input, our_filtered_lookups),
    case("130 lookups, filters", "matchit without", routes::input, matchit_lookups),
];

/// The cases of picohttpparser, as far as it was built: its source is not here, see
/// `picohttpparser/build.rs`. Nobody counts their instructions: valgrind lacks some of SSE4.2.
pub fn picohttpparser_cases() -> impl Iterator<Item = &'static Case> {
    let plain = Build::Plain.is_here().then_some(PICO);
    let sse42 = Build::Sse42.is_here().then_some(PICO_SSE42);
    plain.into_iter().chain(sse42).flatten()
}

const PICO: &[Case] = &pico_cases(
    "picohttpparser",
    |input, _| pico_head(Build::Plain, input),
    |input, _| pico_head_in_pieces(Build::Plain, input),
    |input, _| sum(Build::Plain.response(input)),
);
const PICO_SSE42: &[Case] = &pico_cases(
    "picohttpparser, SSE4.2",
    |input, _| pico_head(Build::Sse42, input),
    |input, _| pico_head_in_pieces(Build::Sse42, input),
    |input, _| sum(Build::Sse42.response(input)),
);

const fn pico_cases(who: &'static str, head: Work, pieces: Work, response: Work) -> [Case; 6] {
    [
        case("head, browser", who, inputs::browser, head),
        case("head, 100 bytes", who, inputs::short, head),
        case("head, 60 headers", who, inputs::many_headers, head),
        case("head, 8 KiB cookie", who, inputs::large_cookie, head),
        case("head in 16 pieces", who, inputs::browser, pieces),
        case("head of a response", who, inputs::response, response),
    ]
}

/// See [`Case::work`].
type Work = fn(input: &[u8], out: &mut Vec<u8>) -> usize;

const SYNTAX: &str = "pauper, syntax";
const OURS: &str = "pauper";
const HTTPARSE: &str = "httparse";
const MOST_HEADERS: usize = 64;
const PIECES: usize = 16;

const fn case(group: &'static str, who: &'static str, input: fn() -> Vec<u8>, work: Work) -> Case {
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
    ours(input, [input.len()], parse_head)
}

fn our_syntax(input: &[u8], _: &mut Vec<u8>) -> usize {
    ours(input, [input.len()], parse_head_syntax)
}

fn our_head_in_pieces(input: &[u8], _: &mut Vec<u8>) -> usize {
    ours(input, pieces(input), parse_head)
}

fn our_syntax_in_pieces(input: &[u8], _: &mut Vec<u8>) -> usize {
    ours(input, pieces(input), parse_head_syntax)
}

type Parser = fn(
    &[u8],
    &mut Progress,
    &mut [HeaderSpan],
    &Limits,
) -> Result<Status<RequestHead>, pauper_wire::Error>;

thread_local! {
    /// Kept, as a server keeps them; rivals do not fill theirs before either.
    static SLOTS: RefCell<[HeaderSpan; MOST_HEADERS]> =
        const { RefCell::new([HeaderSpan { name: Span::new(0, 0), value: Span::new(0, 0) }; MOST_HEADERS]) };
}

/// Those of a server: made once, at its start.
static LIMITS: Limits = Limits::new();

#[inline(always)]
fn ours(input: &[u8], ends: impl IntoIterator<Item = usize>, parse: Parser) -> usize {
    SLOTS.with_borrow_mut(|slots| {
        let mut progress = Progress::new();
        for end in ends {
            match parse(&input[..end], &mut progress, slots, &LIMITS) {
                Ok(Status::Complete(head)) => {
                    black_box(&*slots);
                    return head.len() + head.header_count();
                }
                Ok(Status::Partial) => {}
                Err(error) => panic!("the input is right: {error}"),
            }
        }
        0
    })
}

fn our_response_head(input: &[u8], _: &mut Vec<u8>) -> usize {
    SLOTS.with_borrow_mut(|slots| {
        match parse_response_head(input, &mut ResponseProgress::new(), slots, &LIMITS) {
            Ok(Status::Complete(head)) => {
                black_box(&*slots);
                head.len() + head.header_count()
            }
            other => panic!("the input is right: {other:?}"),
        }
    })
}

fn httparse_response_head(input: &[u8], _: &mut Vec<u8>) -> usize {
    let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    match config.parse_response_with_uninit_headers(&mut response, input, &mut headers) {
        Ok(httparse::Status::Complete(length)) => {
            black_box(&response);
            length + response.headers.len()
        }
        other => panic!("the input is right: {other:?}"),
    }
}

fn pico_head(build: Build, input: &[u8]) -> usize {
    sum(build.request(input, 0))
}

/// It begins anew at each piece, but looks for the end of the head first.
fn pico_head_in_pieces(build: Build, input: &[u8]) -> usize {
    let mut seen = 0;
    let mut parsed = None;
    for end in pieces(input) {
        parsed = build.request(&input[..end], seen);
        seen = end;
    }
    sum(parsed)
}

fn sum(parsed: Option<(usize, usize)>) -> usize {
    parsed.map_or(0, |(length, headers)| length + headers)
}

fn httparse_once(input: &[u8]) -> Option<usize> {
    let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(input, &mut headers) {
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

/// A router that is made at the first round, before anything is counted twice.
macro_rules! lookups {
    ($($name:ident: $router:ty = $make:expr, $round:path;)+) => {$(
        fn $name(_: &[u8], _: &mut Vec<u8>) -> usize {
            static ROUTER: OnceLock<$router> = OnceLock::new();
            $round(ROUTER.get_or_init(|| $make))
        }
    )+};
}

lookups! {
    our_lookups: pauper_router::Router<usize> = routes::ours(false), routes::round_of_ours;
    our_filtered_lookups: pauper_router::Router<usize> = routes::ours(true), routes::round_of_ours;
    matchit_lookups: matchit::Router<usize> = routes::matchit(), routes::round_of_matchit;
    path_tree_lookups: path_tree::PathTree<usize> = routes::path_tree(), routes::round_of_path_tree;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn everybody_does_the_same_work() {
        let mut groups: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
        for case in CASES.iter().chain(picohttpparser_cases()) {
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
