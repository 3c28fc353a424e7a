//! Request and response heads and chunked bodies, beside `httparse`.
//!
//! `cargo bench -p pauper-wire` prints medians; the throughput column counts bytes of input.
//! Ours stand in two rows: `syntax` judges what httparse judges, `verdict` adds Host, body length
//! and connection. Both start from nothing for every head, as a server does.

use std::mem::MaybeUninit;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use pauper_wire::{
    ChunkDecoder, HeaderSpan, Limits, Progress, ResponseProgress, Status,
    measure::parse_head_syntax, parse_head, parse_response_head,
};

fn main() {
    divan::main();
}

const SLOTS: usize = 64;

/// What is parsed, by name.
#[derive(Clone, Copy, Debug)]
enum Input {
    /// What a browser sends: 9 header lines, a long cookie.
    Browser,
    /// 100 bytes.
    Small,
    /// 60 short header lines.
    Many,
    /// One header line of 8 KiB.
    Cookie,
}

const INPUTS: [Input; 4] = [Input::Browser, Input::Small, Input::Many, Input::Cookie];

impl Input {
    fn bytes(self) -> Vec<u8> {
        let text = match self {
            Self::Browser => include_str!("browser.txt").replace('\n', "\r\n"),
            Self::Small => "GET /plaintext HTTP/1.1\r\nHost: localhost:8080\r\n\
                 User-Agent: load/1.0\r\nAccept: */*\r\nX-Id: 12345\r\n\r\n"
                .into(),
            Self::Many => {
                let lines: String = (10..69).map(|n| format!("X-Name-{n}: value{n}\r\n")).collect();
                format!("GET /many HTTP/1.1\r\nHost: example.com\r\n{lines}\r\n")
            }
            Self::Cookie => {
                let cookie: String = (0..600).map(|n| format!("c{n:04}=0123456; ")).collect();
                let cookie = &cookie[..8192];
                format!("GET /cookie HTTP/1.1\r\nHost: example.com\r\nCookie: {cookie}x\r\n\r\n")
            }
        };
        text.into_bytes()
    }
}

/// One head from nothing.
fn ours_verdict(buf: &[u8], slots: &mut [HeaderSpan]) -> usize {
    let parsed = parse_head(buf, &mut Progress::new(), slots, &Limits::new());
    let Ok(Status::Complete(head)) = parsed else { panic!("{parsed:?}") };
    black_box(&head);
    head.len()
}

/// The same without a judgement on what the header lines say.
fn ours_syntax(buf: &[u8], slots: &mut [HeaderSpan]) -> usize {
    let parsed = parse_head_syntax(buf, &mut Progress::new(), slots, &Limits::new());
    let Ok(Status::Complete(head)) = parsed else { panic!("{parsed:?}") };
    black_box(&head);
    head.len()
}

fn theirs(buf: &[u8]) -> usize {
    let mut headers = [const { MaybeUninit::uninit() }; SLOTS];
    let mut request = httparse::Request::new(&mut []);
    let parsed = request.parse_with_uninit_headers(buf, &mut headers);
    black_box(&request);
    let Ok(httparse::Status::Complete(len)) = parsed else { panic!("{parsed:?}") };
    len
}

#[divan::bench_group(name = "request", sample_size = 100, min_time = 0.5)]
mod request {
    use super::*;

    #[divan::bench(args = INPUTS)]
    fn httparse(bencher: Bencher<'_, '_>, input: Input) {
        let bytes = input.bytes();
        bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| theirs(black_box(&bytes)));
    }

    #[divan::bench(args = INPUTS)]
    fn syntax(bencher: Bencher<'_, '_>, input: Input) {
        let bytes = input.bytes();
        let mut slots = [HeaderSpan::default(); SLOTS];
        bencher
            .counter(BytesCount::of_slice(&bytes))
            .bench_local(|| ours_syntax(black_box(&bytes), &mut slots));
    }

    #[divan::bench(args = INPUTS)]
    fn verdict(bencher: Bencher<'_, '_>, input: Input) {
        let bytes = input.bytes();
        let mut slots = [HeaderSpan::default(); SLOTS];
        bencher
            .counter(BytesCount::of_slice(&bytes))
            .bench_local(|| ours_verdict(black_box(&bytes), &mut slots));
    }
}

/// The browser's request in 16 pieces.
#[divan::bench_group(name = "pieces", sample_size = 100, min_time = 0.5)]
mod pieces {
    use super::*;

    const PIECES: usize = 16;

    fn ends(len: usize) -> impl Iterator<Item = usize> {
        (1..=PIECES).map(move |piece| len * piece / PIECES)
    }

    /// From the beginning at every piece: it cannot go on.
    #[divan::bench]
    fn httparse(bencher: Bencher<'_, '_>) {
        let bytes = Input::Browser.bytes();
        bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
            for end in ends(bytes.len()) {
                let mut headers = [const { MaybeUninit::uninit() }; SLOTS];
                let mut request = httparse::Request::new(&mut []);
                let input = black_box(&bytes[..end]);
                let parsed = request.parse_with_uninit_headers(input, &mut headers);
                black_box(&request);
                assert!(parsed.is_ok_and(|status| status.is_complete() == (end == bytes.len())));
            }
        });
    }

    #[divan::bench]
    fn verdict(bencher: Bencher<'_, '_>) {
        let bytes = Input::Browser.bytes();
        let limits = Limits::new();
        let mut slots = [HeaderSpan::default(); SLOTS];
        bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
            let mut progress = Progress::new();
            for end in ends(bytes.len()) {
                let input = black_box(&bytes[..end]);
                let parsed = parse_head(input, &mut progress, &mut slots, &limits);
                assert_eq!(matches!(parsed, Ok(Status::Complete(_))), end == bytes.len());
                let _ = black_box(parsed);
            }
        });
    }
}

/// A response head with 10 header lines.
#[divan::bench_group(name = "response", sample_size = 100, min_time = 0.5)]
mod response {
    use super::*;

    fn bytes() -> Vec<u8> {
        let lines: String = (0..8).map(|n| format!("X-Header-{n}: some value {n}\r\n")).collect();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\
             Content-Length: 1234\r\n";
        format!("{head}{lines}\r\n").into_bytes()
    }

    #[divan::bench]
    fn httparse(bencher: Bencher<'_, '_>) {
        let bytes = bytes();
        bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
            let mut headers = [httparse::EMPTY_HEADER; 16];
            let mut response = httparse::Response::new(&mut headers);
            let parsed = response.parse(black_box(&bytes));
            black_box(&response);
            assert!(parsed.is_ok_and(|status| status.is_complete()));
        });
    }

    #[divan::bench]
    fn verdict(bencher: Bencher<'_, '_>) {
        let bytes = bytes();
        let mut slots = [HeaderSpan::default(); 16];
        bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
            let mut progress = ResponseProgress::new();
            let input = black_box(&bytes[..]);
            let parsed = parse_response_head(input, &mut progress, &mut slots, &Limits::new());
            assert!(matches!(black_box(parsed), Ok(Status::Complete(_))));
        });
    }
}

/// 64 KiB of data in chunks of one size.
#[divan::bench_group(name = "chunked", sample_size = 100, min_time = 0.5)]
mod chunked {
    use super::*;

    #[divan::bench(args = [16, 16384])]
    fn decode(bencher: Bencher<'_, '_>, size: usize) {
        let chunk = format!("{size:x}\r\n{}\r\n", "d".repeat(size));
        let mut bytes = chunk.repeat(65536 / size).into_bytes();
        bytes.extend_from_slice(b"0\r\n\r\n");
        let limits = Limits::new();
        bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
            let mut decoder = ChunkDecoder::new(&limits);
            let mut rest = black_box(&bytes[..]);
            while !decoder.is_complete() {
                let (consumed, chunk) = decoder.decode(rest).expect("a good body");
                black_box(chunk);
                rest = &rest[consumed..];
            }
        });
    }
}
