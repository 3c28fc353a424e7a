//! Parses one request over and over, for tools that count instructions:
//! `perf stat -e instructions:u count ours 1000000`, or `valgrind --tool=callgrind`.
use pauper_wire::{HeaderSpan, Limits, Progress, measure::parse_head_syntax, parse_head};
use std::hint::black_box;
use std::mem::MaybeUninit;

fn main() {
    let mut args = std::env::args().skip(1);
    let parser = args.next().unwrap_or_default();
    let input = args.next().unwrap_or_default();
    let times: u64 = args.next().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let text = match &*input {
        "small" => "GET /plaintext HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: load/1.0\r\nAccept: */*\r\nX-Id: 12345\r\n\r\n".into(),
        _ => include_str!("../benches/browser.txt").replace('\n', "\r\n"),
    };
    let bytes = text.as_bytes();
    let mut slots = [HeaderSpan::default(); 64];
    let limits = Limits::new();
    for _ in 0..times {
        match &*parser {
            "verdict" => assert!(
                black_box(parse_head(black_box(bytes), &mut Progress::new(), &mut slots, &limits))
                    .is_ok()
            ),
            "syntax" => assert!(
                black_box(parse_head_syntax(
                    black_box(bytes),
                    &mut Progress::new(),
                    &mut slots,
                    &limits
                ))
                .is_ok()
            ),
            _ => {
                let mut headers = [const { MaybeUninit::uninit() }; 64];
                let mut request = httparse::Request::new(&mut []);
                assert!(request.parse_with_uninit_headers(black_box(bytes), &mut headers).is_ok());
                black_box(&request);
            }
        }
    }
}
