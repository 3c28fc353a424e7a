//! Flaws that other servers had, by the names they are known by. Where a table of README.md has
//! the same bytes, the test here says whose flaw it was.

use pauper_wire::ErrorKind::{self, *};
use pauper_wire::{BodyLength, Limits, Status};

use crate::support::{decode, decode_with, good, head, head_with, post};

#[track_caller]
fn refused(lines: &[&str], kinds: &[ErrorKind]) {
    for lines in lines {
        let error = head(&post(lines)).expect_err(lines);
        assert!(kinds.contains(&error.kind()), "{lines:?}: {error}");
    }
}

/// Line starts that smuggle a framing header past one of two parsers.
#[test]
fn actix_cve_2026_73051_rustsec_2021_0081_twisted_cve_2020_10109_both_framings() {
    for te in ["Transfer-Encoding", "transfer-encoding", "TRANSFER-ENCODING"] {
        for cl in ["Content-Length", "content-length", "CONTENT-LENGTH"] {
            for length in ["0", "5"] {
                let te = format!("{te}: chunked\r\n");
                let cl = format!("{cl}: {length}\r\n");
                refused(&[&format!("{te}{cl}"), &format!("{cl}X: y\r\n{te}")], &[BothFramings]);
            }
        }
    }
}

#[test]
fn gunicorn_cve_2024_1135_cve_2024_6827_waitress_cve_2019_16786_codings_never_fall_back() {
    let codings = [
        "chunked, identity",
        "identity, chunked",
        "gzip",
        "xchunked",
        "chunked, chunked",
        "",
        "chunked chunked",
        "chun\u{212a}ed",
    ];
    for coding in codings {
        for rest in ["", "Content-Length: 5\r\n"] {
            let lines = format!("Transfer-Encoding: {coding}\r\n{rest}");
            refused(&[&lines], &[UnknownCoding, BadTransferEncoding]);
        }
    }
}

#[test]
fn hyper_rustsec_2021_0020_several_transfer_encoding_lines() {
    refused(
        &[
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nX: y\r\nTRANSFER-ENCODING: chunked\r\n",
            "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n",
        ],
        &[DuplicateTransferEncoding, UnknownCoding, BadTransferEncoding],
    );
}

#[test]
fn tiny_http_rustsec_2020_0031_cve_2026_66752_malformed_transfer_encoding_lines() {
    refused(&["Transfer-Encoding : chunked\r\n"], &[SpaceBeforeColon]);
    refused(&[" Transfer-Encoding: chunked\r\n"], &[ObsFold]);
    refused(
        &["Transfer-Encoding: \u{b}chunked\r\n", "Transfer-Encoding: chunked\0\r\n"],
        &[BadValue],
    );
    refused(&["Transfer-Encoding: chunked,\r\n"], &[BadTransferEncoding]);
    refused(&["Transfer\u{b}Encoding: chunked\r\n"], &[BadName]);
}

#[test]
fn tinyproxy_cve_2026_54387_look_alikes_of_chunked() {
    refused(
        &[
            "Transfer-Encoding: chunked,\r\n",
            "Transfer-Encoding: chunked\t\r\n",
            "Transfer-Encoding:\tchunked\r\n",
            "Transfer-Encoding: chunked;x\r\n",
            "Transfer-Encoding: \"chunked\"\r\n",
        ],
        &[BadTransferEncoding],
    );
}

#[test]
fn waitress_cve_2019_16792_twisted_cve_2020_10108_doubled_content_length() {
    refused(
        &[
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\ncontent-length: 6\r\n",
            "Content-Length: 0\r\nX: y\r\nContent-Length: 0\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: 5,6\r\n",
        ],
        &[DuplicateContentLength, BadContentLength],
    );
}

#[test]
fn hyper_rustsec_2021_0078_signs_and_other_spellings_of_content_length() {
    for value in ["+5", "-0", "-5", "0x5", "5_0", "5;", "5 0", "5.", "5e1", "\u{665}", "", "\u{b2}"]
    {
        refused(&[&format!("Content-Length: {value}\r\n")], &[BadContentLength]);
    }
    for value in ["18446744073709551616", "999999999999999999999999999999"] {
        refused(&[&format!("Content-Length: {value}\r\n")], &[BadContentLength]);
    }
}

#[test]
fn hyper_rustsec_2021_0079_chunk_sizes_beyond_64_bits() {
    for size in ["fffffffffffffffff", "10000000000000000", "ffffffffffffffff"] {
        let error = decode(format!("{size}\r\nabc").as_bytes()).error;
        assert!(matches!(error, Some((BadChunkSize | ChunkSizeTooLarge, _))), "{size}");
    }
    let largest = decode(b"7fffffffffffffff\r\nabc");
    assert_eq!((largest.data, largest.error), (b"abc".to_vec(), None));
}

#[test]
fn nghttpx_cve_2026_58055_upgrade_with_a_body_is_framed_and_not_granted() {
    let upgrade = "Connection: upgrade\r\nUpgrade: h2c\r\n";
    let head = good(&post(&format!("{upgrade}Content-Length: 5\r\n"))).head;
    assert_eq!((head.upgrade(), head.body()), (false, BodyLength::Fixed(5)));
    let head = good(&post(&format!("{upgrade}Transfer-Encoding: chunked\r\n"))).head;
    assert_eq!((head.upgrade(), head.body()), (false, BodyLength::Chunked));
}

#[test]
fn go_cve_2025_22871_gunicorn_3556_line_ends_in_chunk_lines() {
    for body in [
        "5\nhello\r\n",
        "5;a\nhello",
        "5;a\rb\r\n",
        "5;a=\"\n\"\r\n",
        "5;a=\"\r\"\r\n",
        "5\r\r\n",
        "5;\r\n",
    ] {
        assert!(decode(body.as_bytes()).error.is_some(), "{body:?}");
    }
}

#[test]
fn go_cve_2023_39326_extensions_do_not_outweigh_the_data() {
    let long = format!("1;{}\r\nx\r\n", "a".repeat(4096));
    assert_eq!(decode(long.as_bytes()).error, Some((ChunkLineTooLong, 256)));
    let many = format!("1;{}\r\nx\r\n", "a".repeat(200)).repeat(100);
    let body = decode(many.as_bytes());
    assert!(matches!(body.error, Some((ChunkExtensionsTooLarge, _))));
    assert!(body.data.len() < 100, "{}", body.data.len());
}

#[test]
fn gunicorn_3382_every_prefix_of_a_chunked_body_is_incomplete() {
    let body = b"5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\nC: d\r\n\r\n";
    for end in 0..body.len() {
        let part = decode(&body[..end]);
        assert_eq!((part.end, part.error), (None, None), "{end}");
    }
    assert_eq!(decode(body).end, Some(body.len()));
}

#[test]
fn http4s_cve_2025_59822_trailers_obey_the_rules_of_headers() {
    for trailer in [
        "X : y",
        " X: y",
        "X",
        ": y",
        "X: \0",
        "X: y\r\n z",
        "X\u{fc}: y",
        "X: a\nY: b",
        "X: a\rY: b",
    ] {
        let body = decode(format!("0\r\n{trailer}\r\n\r\n").as_bytes());
        assert!(body.error.is_some(), "{trailer:?}");
    }
    let framing = b"0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nHost: a\r\n\r\nrest";
    assert_eq!(decode(framing).end, Some(framing.len() - 4), "dropped, whatever they say");
    let body = decode_with(&b"0\r\nX: y\r\n".repeat(3), &Limits::new().with_max_trailers(5));
    assert!(matches!(body.error, Some((TrailersTooLarge, _))));
}

#[test]
fn waitress_cve_2019_16785_go_cve_2015_5739_lone_lf_and_spaces_in_names() {
    for input in [
        "GET / HTTP/1.1\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\n",
        "GET / HTTP/1.1\r\nHost: h\n\n",
        "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
    ] {
        assert_eq!(head(input.as_bytes()).unwrap_err().kind(), BareLf, "{input:?}");
    }
    refused(&["Content Length: 5\r\n"], &[SpaceBeforeColon]);
}

#[test]
fn llhttp_cve_2023_30589_cve_2025_23167_every_pair_of_cr_and_lf_at_every_line_end() {
    let lines = ["GET / HTTP/1.1", "Host: h", "X: y", ""];
    for end in ["\r", "\n", "\r\r", "\n\r", "\r\r\n", "\n\n", "\rX", "\r\n\r"] {
        for place in 0..lines.len() {
            let mut input = String::new();
            for (index, line) in lines.iter().enumerate() {
                input.push_str(line);
                input.push_str(if index == place { end } else { "\r\n" });
            }
            input.push_str("GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n");
            let result = head(input.as_bytes());
            if (end, place) == ("\r\n\r", 3) {
                assert!(matches!(result, Ok(Status::Complete(_))), "a whole head, then a CR");
            } else {
                let kind = result.expect_err(&input).kind();
                assert!(matches!(kind, BareCr | BareLf), "{end:?} at {place}: {kind:?}");
            }
        }
    }
}

#[test]
fn node_cve_2024_27982_cve_2022_32215_space_before_a_header() {
    for blank in [" ", "\t", " \t "] {
        let first = format!("GET / HTTP/1.1\r\n{blank}Host: h\r\n\r\n");
        assert_eq!(head(first.as_bytes()).unwrap_err().kind(), LeadingWhitespace);
        refused(&[&format!("{blank}X: y\r\n"), &format!("X: y\r\n{blank}z\r\n")], &[ObsFold]);
    }
}

#[test]
fn go_cve_2022_1705_cve_2019_16276_names_are_not_normalised() {
    for name in ["Transfer-Encoding\u{b}", "\u{feff}Transfer-Encoding", "Transfer-Encoding\0"] {
        refused(&[&format!("{name}: chunked\r\n")], &[BadName]);
    }
    refused(&["Transfer-Encoding\t: chunked\r\n"], &[SpaceBeforeColon]);
    let other = good(&post("Transfer_Encoding: chunked\r\nContent-Lengths: 5\r\n")).head;
    assert_eq!(other.body(), BodyLength::Empty);
}

#[test]
fn aiohttp_cve_2023_47627_versions_are_spelled_byte_by_byte() {
    for version in [
        "HTTP/1.10",
        "HTTP/01.1",
        "HTTP/1.1x",
        "HTTP/1.\u{661}",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/+1.1",
        "ICY/1.1",
    ] {
        let input = format!("GET / {version}\r\nHost: h\r\n\r\n");
        assert_eq!(head(input.as_bytes()).unwrap_err().kind(), BadVersion, "{version}");
    }
}

#[test]
fn gunicorn_22_old_versions_with_chunks_odd_methods_and_new_versions() {
    let old = b"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(head(old).unwrap_err().kind(), TransferEncodingInHttp10);
    let hash = good(b"GE#T / HTTP/1.1\r\nHost: h\r\n\r\n").head;
    assert_eq!(hash.method().len(), 4, "`#` is a tchar");
    let long = [&b"A".repeat(33)[..], b" / HTTP/1.1\r\n"].concat();
    assert_eq!(head(&long).unwrap_err().status(), 501);
    assert_eq!(head(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap_err().status(), 505);
}

#[test]
fn gunicorn_3366_3548_host_once() {
    refused(&["Host: h\r\n", "host: other\r\n", "HOST:\r\n"], &[DuplicateHost]);
    assert_eq!(head(b"GET / HTTP/1.1\r\n\r\n").unwrap_err().kind(), MissingHost);
}

#[test]
fn go_cve_2023_29406_hosts_are_checked() {
    for host in [
        "a b", "a/b", "user@h", "[::1", "h:99999", "a?b", "a#b", "a\\b", "a<b", "h:80:80", "\"h\"",
        "::1",
    ] {
        let input = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(head(input.as_bytes()).unwrap_err().kind(), BadHost, "{host}");
    }
}

#[test]
fn gunicorn_26_target_forms_by_method() {
    for (line, fits) in [
        ("GET /", true),
        ("GET http://h/", true),
        ("GET h:80", false),
        ("GET *", false),
        ("GET x", false),
        ("GET ?x", false),
        ("OPTIONS *", true),
        ("OPTIONS /", true),
        ("OPTIONS http://h", true),
        ("options *", false),
        ("CONNECT h:80", true),
        ("CONNECT /", false),
        ("CONNECT *", false),
        ("CONNECT http://h:80", false),
        ("connect h:80", false),
    ] {
        let input = format!("{line} HTTP/1.1\r\nHost: h\r\n\r\n");
        match head(input.as_bytes()) {
            Ok(_) => assert!(fits, "{line}"),
            Err(error) => {
                assert!(!fits, "{line}");
                assert_eq!(error.kind(), BadTargetForm, "{line}");
            }
        }
    }
}

#[test]
fn go_cve_2021_31525_cve_2023_24534_huge_heads() {
    let limits = Limits::new();
    let target = format!("GET /{}", "a".repeat(8192));
    assert_eq!(head_with(target.as_bytes(), &limits).unwrap_err().status(), 414);
    let line = post(&format!("X: {}", "a".repeat(70_000)));
    assert_eq!(head_with(&line, &limits).unwrap_err().status(), 431);
    let many = post(&"X: y\r\n".repeat(100));
    assert_eq!(head_with(&many, &limits).unwrap_err().kind(), TooManyHeaders);
    let name = post(&"n".repeat(70_000));
    assert_eq!(head_with(&name, &limits).unwrap_err().kind(), HeadTooLarge);
}
