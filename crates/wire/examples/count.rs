//! Parses one request over and over, for tools that count instructions:
//!
//! ```sh
//! cargo build --release -p pauper-wire --example count
//! valgrind --tool=callgrind target/release/examples/count verdict 1000
//! ```
//!
//! The first argument is `verdict`, `syntax` or `httparse`, the second how often. The request is the
//! browser's of the benchmarks.

use std::hint::black_box;
use std::mem::MaybeUninit;

use pauper_wire::{HeaderSpan, Limits, Progress, measure::parse_head_syntax, parse_head};

fn main() {
    let mut args = std::env::args().skip(1);
    let parser = args.next().unwrap_or_else(|| "verdict".into());
    let times: u64 = args.next().map_or(1000, |times| times.parse().expect("a number"));
    let text = include_str!("../benches/browser.txt").replace('\n', "\r\n");
    let mut slots = [HeaderSpan::default(); 64];
    let limits = Limits::new();
    for _ in 0..times {
        let (buf, progress) = (black_box(text.as_bytes()), &mut Progress::new());
        let fine = match &*parser {
            "verdict" => black_box(parse_head(buf, progress, &mut slots, &limits)).is_ok(),
            "syntax" => black_box(parse_head_syntax(buf, progress, &mut slots, &limits)).is_ok(),
            "httparse" => {
                let mut headers = [const { MaybeUninit::uninit() }; 64];
                let mut request = httparse::Request::new(&mut []);
                let parsed = request.parse_with_uninit_headers(buf, &mut headers);
                black_box(&request);
                parsed.is_ok()
            }
            other => panic!("no parser `{other}`"),
        };
        assert!(fine);
    }
}
