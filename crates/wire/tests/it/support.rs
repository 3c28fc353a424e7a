//! Each helper delivers its input in several ways and insists on one outcome.

use pauper_wire::{
    Chunk, ChunkDecoder, Error, ErrorKind, HeaderSpan, Limits, Progress, RequestHead, ResponseHead,
    ResponseProgress, Status, parse_head, parse_response_head,
};

pub(crate) const SLOTS: usize = 128;

/// A complete head with what belongs to it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Parsed {
    pub(crate) head: RequestHead,
    pub(crate) slots: Vec<HeaderSpan>,
}

/// Parses a head from growing prefixes that end at `cuts` and at the end of the input.
fn deliver(input: &[u8], limits: &Limits, cuts: &[usize]) -> Result<Status<Parsed>, Error> {
    let mut progress = Progress::new();
    let mut slots = vec![HeaderSpan::default(); SLOTS];
    for &cut in cuts.iter().chain([&input.len()]) {
        if let Status::Complete(head) =
            parse_head(&input[..cut], &mut progress, &mut slots, limits)?
        {
            slots.truncate(head.header_count());
            return Ok(Status::Complete(Parsed { head, slots }));
        }
    }
    Ok(Status::Partial)
}

/// Parses a head whole, byte by byte, split in two at every offset, and with data behind it.
#[track_caller]
pub(crate) fn head_with(input: &[u8], limits: &Limits) -> Result<Status<Parsed>, Error> {
    let whole = deliver(input, limits, &[]);
    let bytes: Vec<usize> = (0..input.len()).collect();
    assert_eq!(deliver(input, limits, &bytes), whole, "byte by byte: {}", input.escape_ascii());
    if input.len() < 2000 {
        for cut in 0..input.len() {
            let split = deliver(input, limits, &[cut]);
            assert_eq!(split, whole, "split at {cut}: {}", input.escape_ascii());
        }
    }
    if whole != Ok(Status::Partial) {
        let mut more = input.to_vec();
        more.extend_from_slice(b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(deliver(&more, limits, &[]), whole, "with data behind");
    }
    whole
}

#[track_caller]
pub(crate) fn head(input: &[u8]) -> Result<Status<Parsed>, Error> {
    head_with(input, &Limits::new())
}

/// A head that has to be accepted to its last byte, no earlier.
#[track_caller]
pub(crate) fn good(input: &[u8]) -> Parsed {
    match head(input) {
        Ok(Status::Complete(parsed)) => {
            assert_eq!(parsed.head.len(), input.len(), "{}", input.escape_ascii());
            parsed
        }
        other => panic!("{}: {other:?}", input.escape_ascii()),
    }
}

/// A head that has to be refused for this reason at this place.
#[track_caller]
pub(crate) fn bad(input: &[u8], kind: ErrorKind, offset: usize) {
    match head(input) {
        Err(error) => {
            let got = (error.kind(), error.offset());
            assert_eq!(got, (kind, offset), "{}", input.escape_ascii());
            assert!(error.byte().is_none_or(|byte| input.get(offset) == Some(&byte)));
        }
        other => panic!("{}: {other:?}", input.escape_ascii()),
    }
}

/// Parses a response head whole, byte by byte and split in two at every offset.
#[track_caller]
pub(crate) fn response(input: &[u8]) -> Result<Status<(ResponseHead, Vec<HeaderSpan>)>, Error> {
    let deliver = |cuts: &[usize]| {
        let mut progress = ResponseProgress::new();
        let mut slots = vec![HeaderSpan::default(); SLOTS];
        for &cut in cuts.iter().chain([&input.len()]) {
            let parsed =
                parse_response_head(&input[..cut], &mut progress, &mut slots, &Limits::new())?;
            if let Status::Complete(head) = parsed {
                slots.truncate(head.header_count());
                return Ok(Status::Complete((head, slots)));
            }
            assert_eq!(progress.is_started(), cut > 0);
        }
        Ok(Status::Partial)
    };
    let whole = deliver(&[]);
    for cut in 0..input.len() {
        assert_eq!(deliver(&[cut]), whole, "split at {cut}: {}", input.escape_ascii());
    }
    let bytes: Vec<usize> = (0..input.len()).collect();
    assert_eq!(deliver(&bytes), whole, "byte by byte: {}", input.escape_ascii());
    whole
}

/// `POST / HTTP/1.1` with Host and these header lines, each of them with its CRLF.
pub(crate) fn post(lines: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: h\r\n{lines}\r\n").into_bytes()
}

/// How a chunked body went.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Body {
    pub(crate) data: Vec<u8>,
    /// Lengths of the chunks that were complete.
    pub(crate) chunks: Vec<usize>,
    /// The offset after the body, once it is complete.
    pub(crate) end: Option<usize>,
    /// Kind and offset from the beginning of the body.
    pub(crate) error: Option<(ErrorKind, usize)>,
}

fn decode_pieces(input: &[u8], limits: &Limits, cuts: &[usize]) -> Body {
    let mut decoder = ChunkDecoder::new(limits);
    let mut body = Body::default();
    let (mut start, mut chunk_start) = (0, 0);
    for &cut in cuts.iter().chain([&input.len()]) {
        loop {
            match decoder.decode(&input[start..cut]) {
                Err(error) => {
                    assert_eq!(decoder.decode(b"0\r\n\r\n"), Err(error), "an error stays");
                    body.error = Some((error.kind(), start + error.offset()));
                    return body;
                }
                Ok((consumed, Chunk::NeedMore)) => {
                    assert_eq!(start + consumed, cut, "needs more, so all was consumed");
                    start = cut;
                    break;
                }
                Ok((consumed, Chunk::End)) => {
                    body.end = Some(start + consumed);
                    assert!(decoder.is_complete());
                    assert_eq!(decoder.decode(b"x"), Ok((0, Chunk::End)), "the end stays");
                    return body;
                }
                Ok((consumed, Chunk::Data { span, last_of_chunk })) => {
                    assert!(!span.is_empty());
                    body.data.extend_from_slice(&input[start..cut][span]);
                    start += consumed;
                    if last_of_chunk {
                        body.chunks.push(body.data.len() - chunk_start);
                        chunk_start = body.data.len();
                    }
                }
            }
        }
    }
    body
}

/// Decodes a chunked body whole, byte by byte, split in two at every offset, and with data behind.
#[track_caller]
pub(crate) fn decode_with(input: &[u8], limits: &Limits) -> Body {
    let whole = decode_pieces(input, limits, &[]);
    let bytes: Vec<usize> = (0..input.len()).collect();
    let bytewise = decode_pieces(input, limits, &bytes);
    assert_eq!(bytewise, whole, "byte by byte: {}", input.escape_ascii());
    if input.len() < 2000 {
        for cut in 0..input.len() {
            let split = decode_pieces(input, limits, &[cut]);
            assert_eq!(split, whole, "split at {cut}: {}", input.escape_ascii());
        }
    }
    if whole.end.is_some() || whole.error.is_some() {
        let more = [input, b"GET / HTTP/1.1\r\n"].concat();
        assert_eq!(decode_pieces(&more, limits, &[]), whole, "with data behind");
    }
    whole
}

#[track_caller]
pub(crate) fn decode(input: &[u8]) -> Body {
    decode_with(input, &Limits::new())
}

/// A body that has to be refused for this reason at this place.
#[track_caller]
pub(crate) fn bad_body(input: &[u8], kind: ErrorKind, offset: usize) {
    assert_eq!(decode(input).error, Some((kind, offset)), "{}", input.escape_ascii());
}
