//! Chunked bodies: delivery does not matter, and a slow reading finds the same data.

use pauper_wire::{Chunk, ChunkDecoder, ErrorKind, Limits, chunk};

#[derive(Debug, PartialEq, Default)]
struct Body {
    data: Vec<u8>,
    end: Option<usize>,
    error: Option<(ErrorKind, usize)>,
}

fn decode(input: &[u8], cuts: &[usize], limits: &Limits) -> Body {
    let mut decoder = ChunkDecoder::new(limits);
    let (mut body, mut start) = (Body::default(), 0);
    for &cut in cuts.iter().chain([&input.len()]) {
        loop {
            let piece: Box<[u8]> = input[start..cut].into();
            match decoder.decode(&piece) {
                Err(error) => {
                    body.error = Some((error.kind(), start + error.offset()));
                    return body;
                }
                Ok((consumed, Chunk::NeedMore)) => {
                    assert_eq!(start + consumed, cut);
                    start = cut;
                    break;
                }
                Ok((consumed, Chunk::Data { span, .. })) => {
                    assert!(!span.is_empty());
                    // The end of a chunk may be consumed with its data.
                    assert!(["", "\r\n"].map(str::as_bytes).contains(&&piece[span.end..consumed]));
                    body.data.extend_from_slice(&piece[span]);
                    start += consumed;
                }
                Ok((consumed, Chunk::End)) => {
                    body.end = Some(start + consumed);
                    return body;
                }
            }
        }
    }
    body
}

/// The data of an accepted body, read with no thought of speed or mistakes.
fn slow(mut rest: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    loop {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let size = std::str::from_utf8(&rest[..digits]).expect("digits");
        let size = usize::from_str_radix(size, 16).expect("a size");
        let line = rest.windows(2).position(|two| two == b"\r\n").expect("a line end");
        rest = &rest[line + 2..];
        if size == 0 {
            return data;
        }
        data.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}

pub(crate) fn run(data: &[u8]) {
    let small = Limits::new()
        .with_max_chunk_line(10)
        .with_max_chunk_excess(5)
        .with_max_trailers(20)
        .with_max_headers(2);
    for limits in [Limits::new(), small] {
        let whole = decode(data, &[], &limits);
        if data.len() <= 300 {
            let bytes: Vec<usize> = (0..data.len()).collect();
            assert_eq!(decode(data, &bytes, &limits), whole, "byte by byte");
        }
        let seed = data.iter().fold(0u32, |sum, &byte| sum.wrapping_mul(7) ^ u32::from(byte));
        let cut = seed as usize % (data.len() + 1);
        assert_eq!(decode(data, &[cut], &limits), whole, "cut at {cut}");
        if let Some(end) = whole.end {
            assert_eq!(slow(&data[..end]), whole.data);
            // Every proper prefix is incomplete, never done.
            let some = cut.min(end - 1);
            let prefix = decode(&data[..some], &[], &limits);
            assert_eq!((prefix.end, prefix.error), (None, None));
        }
    }
    // What is sent comes back.
    let mut wire = Vec::new();
    for piece in data.chunks(1 + usize::from(data.first().copied().unwrap_or(0))) {
        wire.extend_from_slice(chunk::header(piece.len(), &mut [0; 20]));
        wire.extend_from_slice(piece);
        wire.extend_from_slice(chunk::END);
    }
    wire.extend_from_slice(chunk::LAST);
    let body = decode(&wire, &[wire.len() / 2], &Limits::new());
    assert_eq!((body.data.as_slice(), body.end), (data, Some(wire.len())));
}
