//! Parts of any body are what a naive model cuts out.

use std::fs::File;
use std::io::Write;

use pauper_message::{Body, Request, Response};
use proptest::prelude::*;

fn temporary(bytes: &[u8]) -> File {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("pauper-message-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let mut options = File::options();
    let mut file = options.read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// The same bytes as a body of each kind.
fn bodies(bytes: &[u8], piece: usize) -> Vec<Body> {
    let pieces: Vec<_> = bytes.chunks(piece).map(|piece| Ok(piece.to_vec())).collect();
    let list: Vec<Vec<u8>> = bytes.chunks(piece).map(<[u8]>::to_vec).collect();
    let shifted = [b"before", bytes, b"behind"].concat();
    vec![
        Body::from(bytes.to_vec()),
        Body::from(list),
        Body::pieces(pieces, Some(bytes.len() as u64)),
        Body::file(temporary(&shifted), 6, bytes.len() as u64),
    ]
}

fn bytes_of(response: Response) -> (Option<String>, Vec<u8>) {
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let body = response.into_parts().unwrap().body;
    let len = body.len().unwrap();
    let bytes = body.into_bytes(1 << 20).unwrap();
    assert_eq!(bytes.len() as u64, len, "as long as it was promised");
    (kind, bytes.to_vec())
}

/// The parts of a multipart body, each with what its Content-Range says.
fn parts(kind: &str, body: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let opening = format!("\r\n--{boundary}\r\n").into_bytes();
    let closing = format!("\r\n--{boundary}--\r\n").into_bytes();
    let mut rest = body.strip_suffix(&closing[..]).unwrap();
    let mut all = Vec::new();
    while !rest.is_empty() {
        let part = rest.strip_prefix(&opening[..]).unwrap();
        let end = part.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let head = std::str::from_utf8(&part[..end]).unwrap();
        let place = head.split("Content-Range: bytes ").nth(1).unwrap();
        let (first, place) = place.split_once('-').unwrap();
        let last = place.split_once('/').unwrap().0;
        let (first, last): (u64, u64) = (first.parse().unwrap(), last.parse().unwrap());
        let len = (last - first + 1) as usize;
        all.push((first, last, part[end..end + len].to_vec()));
        rest = &part[end + len..];
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_are_slices(
        len in 1_usize..3000,
        piece in 1_usize..1500,
        ranges in prop::collection::vec((0_u64..3200, 0_u64..800), 1..5),
    ) {
        let bytes: Vec<u8> = (0..len).map(|n| (n * 7 % 251) as u8).collect();
        let total = len as u64;
        let header: Vec<String> =
            ranges.iter().map(|(first, more)| format!("{first}-{}", first + more)).collect();
        let header = format!("bytes={}", header.join(", "));
        let inside: Vec<(u64, u64)> = ranges
            .iter()
            .filter(|(first, _)| *first < total)
            .map(|(first, more)| (*first, (first + more).min(total - 1)))
            .collect();
        let slice = |(first, last): (u64, u64)| bytes[first as usize..=last as usize].to_vec();
        for body in bodies(&bytes, piece) {
            let kind = format!("{body:?} {header}");
            let req = Request::builder().header("Range", &header).build().unwrap();
            let response = Response::text("").with_body(body).ranged(&req);
            let place = response.headers().get("content-range").cloned();
            match (response.status().as_u16(), inside.as_slice()) {
                (416, []) => prop_assert_eq!(place.unwrap(), format!("bytes */{total}")),
                (206, [only]) => {
                    let (first, last) = *only;
                    prop_assert_eq!(place.unwrap(), format!("bytes {first}-{last}/{total}"));
                    prop_assert!(bytes_of(response).1 == slice(*only), "{}", kind);
                }
                (206, several) => {
                    prop_assert!(place.is_none());
                    let (content_type, body) = bytes_of(response);
                    let found = parts(&content_type.unwrap(), &body);
                    let expected: Vec<_> =
                        several.iter().map(|pair| (pair.0, pair.1, slice(*pair))).collect();
                    prop_assert!(found == expected, "{}", kind);
                }
                (200, [_, _, ..]) => prop_assert!(bytes_of(response).1 == bytes, "{}", kind),
                (status, inside) => prop_assert!(false, "{kind}: {status} {inside:?}"),
            }
        }
    }

    #[test]
    fn a_part_of_a_part_is_a_part(len in 0_u64..2000, cuts in [0_u64..2000, 0..2000, 0..2000, 0..2000]) {
        let bytes: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        let inner = |size: u64, a: u64, b: u64| {
            let (a, b) = (a % (size + 1), b % (size + 1));
            a.min(b)..a.max(b)
        };
        let outer = inner(len, cuts[0], cuts[1]);
        let within = inner(outer.end - outer.start, cuts[2], cuts[3]);
        let expected =
            &bytes[(outer.start + within.start) as usize..(outer.start + within.end) as usize];
        for body in bodies(&bytes, 700) {
            let part = body.part(outer.clone()).unwrap().part(within.clone()).unwrap();
            prop_assert_eq!(part.len(), Some(expected.len() as u64));
            prop_assert!(part.into_bytes(1 << 20).unwrap() == expected);
        }
    }
}
