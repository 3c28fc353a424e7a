//! Work is counted: bytes that are looked at while searching for boundaries.

use super::{Boundary, Event, Limits, Parser, work};

const BOUNDARY: &str = "----geckoformboundary3b5c1d7a9e";

/// Bytes examined per byte of a part with this data, fed in pieces of `size`.
fn examined(data: &[u8], size: usize, boundary: &str, nested: bool) -> f64 {
    let limits = Limits::new();
    let mut body = format!("--{boundary}\r\nContent-Disposition: form-data; name=a\r\n");
    if nested {
        body.push_str("Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n");
    }
    let mut body = (body + "\r\n").into_bytes();
    body.extend_from_slice(data);
    let close = if nested { "\r\n--inner--" } else { "" };
    body.extend_from_slice(format!("{close}\r\n--{boundary}--\r\n").as_bytes());
    let mut parser = Parser::new(Boundary::new(boundary.as_bytes(), &limits).unwrap(), limits);
    work::take();
    let mut told = 0;
    for mut piece in body.chunks(size) {
        while let Some(event) = parser.feed(&mut piece).unwrap() {
            if let Event::Data(bytes) = event {
                told += bytes.len();
            }
        }
    }
    parser.finish().unwrap();
    assert_eq!(told, data.len());
    assert!(parser.kept() <= 1024, "nothing is collected but heads");
    work::take() as f64 / body.len() as f64
}

#[test]
fn advisory_werkzeug_cve_2023_46136_every_byte_is_looked_at_a_few_times() {
    let delimiter = format!("\r\n--{BOUNDARY}");
    let almost = &delimiter[..delimiter.len() - 1];
    let other = format!("{almost}x");
    let tail = &delimiter[1..];
    let inner = "\r\n--inne";
    let hostile = ["x", "\r", "\n", "\r\n", "\r\n-", "\r\n--", almost, &other, tail, inner, "\0"];
    for text in hostile {
        let mut factors = Vec::new();
        for length in [10_000, 100_000, 400_000] {
            let data = text.repeat(length / text.len());
            for nested in [false, true] {
                for size in [1, 7, 1000, 65_536] {
                    if size == 1 && length > 100_000 {
                        continue;
                    }
                    factors.push((examined(data.as_bytes(), size, BOUNDARY, nested), nested, size));
                }
            }
        }
        for (factor, nested, size) in factors {
            // Each level may compare its delimiter with the same bytes.
            assert!(factor < 5.0, "{factor} times with {text:?}, {nested}, by {size}");
        }
    }
}
