//! What went wrong in others, where no test by topic has it: those are named `advisory_` in
//! `multipart`, `storage`, and beside the code.

use pauper_fields::multipart::{Boundary, ErrorKind, Limits};
use pauper_fields::{Args, Options};

use crate::corpus::multipart::{Seen, read};

/// The error of a body in pieces of 4,000 bytes, within the default limits.
#[track_caller]
fn refused(body: &[u8], name: &'static str, limit: u64) {
    let limits = Limits::new();
    let boundary = Boundary::new(b"x", &limits).unwrap();
    let error = read(&boundary, &limits, body.chunks(4000)).1.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded { name, limit });
    assert_eq!(error.status(), 413);
}

#[test]
fn advisory_go_cve_2023_45290_one_giant_header_line() {
    let start = b"--x\r\nContent-Disposition: form-data; name=\"";
    refused(&[&start[..], &[b'a'; 1_000_000]].concat(), "max_header_bytes", 8192);
}

#[test]
fn advisory_python_multipart_cve_2026_42561_endless_headers() {
    let start = b"--x\r\nContent-Disposition: form-data; name=a\r\n".to_vec();
    refused(&[start, b"A: b\r\n".repeat(100_000)].concat(), "max_headers", 16);
}

#[test]
fn advisory_python_multipart_cve_2024_53981_endless_preamble_and_epilogue() {
    for text in [&b"\r\n"[..], b"x", b"\r", b"--"] {
        let many = text.repeat(1_000_000);
        refused(&[b"text", &many[..]].concat(), "max_preamble", 4096);
        refused(&[b"--x--\r\n", &many[..]].concat(), "max_epilogue", 4096);
    }
}

/// Werkzeug 3.1.4 to 3.1.8: a line end at the edge of a piece got lost, or doubled.
#[test]
fn advisory_werkzeug_3065_line_ends_at_the_edge_of_a_piece() {
    let data = b"\r\n\r\r\n\n\r\n-\r\n--\r\n";
    let start = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n";
    let body = [&start[..], data, b"\r\n--x--\r\n"].concat();
    let limits = Limits::new();
    let boundary = Boundary::new(b"x", &limits).unwrap();
    for cut in start.len()..body.len() {
        for other in cut..body.len() {
            let pieces = [&body[..cut], &body[cut..other], &body[other..]];
            let (seen, result) = read(&boundary, &limits, pieces);
            assert!(result.is_ok() && seen[1] == Seen::Data(data.to_vec()), "{cut}, {other}");
        }
    }
}

#[test]
fn advisory_bottle_cve_2020_28473_only_ampersands_separate() {
    let args = Args::parse_query("a;b=1;c=2", &Options::new()).unwrap();
    assert_eq!(args.iter().collect::<Vec<_>>(), [("a;b", "1;c=2")]);
}

#[test]
fn advisory_go_cve_2025_61726_queries_of_many_names() {
    let query: String = (0..1001).map(|number| format!("{number}&")).collect();
    assert_eq!(Args::parse_query(&query, &Options::new()).unwrap_err().status(), 413);
}
