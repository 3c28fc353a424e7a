//! Chunked bodies and header blocks.

use pauper_wire::ErrorKind::*;
use pauper_wire::header::{BlockProgress, parse_header_block, parse_header_line};
use pauper_wire::{Error, HeaderSpan, Limits, Status, chunk};
use proptest::prelude::*;

use crate::support::{bad_body, decode, decode_with};

#[test]
fn chunk_boundaries_can_be_seen() {
    let body = decode(b"1\r\na\r\n3\r\nbcd\r\n2\r\nef\r\n0\r\n\r\nrest");
    assert_eq!((&body.data[..], &body.chunks[..]), (&b"abcdef"[..], &[1, 3, 2][..]));
    assert_eq!(body.end, Some(26));
}

#[test]
fn errors_name_the_very_byte() {
    bad_body(b"5x\r\n", BadChunkSize, 1);
    bad_body(b"3\r\nabcd\r\n", MissingChunkEnd, 6);
    bad_body(b"3\r\nabc\r\n3;a,\r\n", BadChunkExtension, 11);
    bad_body(b"0\r\nX: \x01\r\n", BadValue, 6);
    bad_body(b"0\r\n : \r\n", LeadingWhitespace, 3);
}

#[test]
fn chunk_lines_are_capped_one_by_one() {
    let limits = Limits::new().with_max_chunk_line(8);
    assert!(decode_with(b"1;abcdef\r\nx\r\n0\r\n\r\n", &limits).end.is_some());
    let body = decode_with(b"1;abcdefg\r\nx\r\n", &limits);
    assert_eq!(body.error, Some((ChunkLineTooLong, 8)));
}

#[test]
fn chunk_extensions_are_capped_in_sum_relative_to_the_data() {
    let limits = Limits::new().with_max_chunk_excess(4);
    // Two bytes of extension for one byte of data: one more than is free, each time.
    let mut input = b"1;a\r\nx\r\n".repeat(4);
    assert_eq!(decode_with(&input, &limits).error, Some((ChunkExtensionsTooLarge, 26)));
    input = b"2;a\r\nxy\r\n".repeat(100);
    input.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(decode_with(&input, &limits).data.len(), 200);
}

#[test]
fn trailers_are_capped_in_bytes_and_lines() {
    let limits = Limits::new().with_max_trailers(12).with_max_headers(2);
    let end = |input: &[u8]| decode_with(input, &limits);
    assert!(end(b"0\r\nA: 1\r\nB: 2\r\n\r\n").end.is_some());
    assert_eq!(end(b"0\r\nA: 1\r\nB: 23\r\n\r\n").error, Some((TrailersTooLarge, 15)));
    assert_eq!(end(b"0\r\nA:\r\nB:\r\nC:\r\n\r\n").error, Some((TooManyHeaders, 11)));
}

#[test]
fn what_the_encoder_writes_the_decoder_reads() {
    let mut wire = Vec::new();
    let mut scratch = [0; 20];
    for data in [&b"a"[..], &[7; 300]] {
        wire.extend_from_slice(chunk::header(data.len(), &mut scratch));
        wire.extend_from_slice(data);
        wire.extend_from_slice(chunk::END);
    }
    wire.extend_from_slice(chunk::LAST);
    let body = decode(&wire);
    assert_eq!((body.chunks, body.end), (vec![1, 300], Some(wire.len())));
}

/// The header block at the beginning of `input`, whole and byte by byte: names, values and length.
#[track_caller]
fn block(input: &[u8], slots: usize, max_len: usize) -> Result<Option<(usize, usize)>, Error> {
    let run = |cuts: &[usize]| {
        let mut progress = BlockProgress::new();
        let mut slots = vec![HeaderSpan::default(); slots];
        for &cut in cuts.iter().chain([&input.len()]) {
            if let Status::Complete(block) =
                parse_header_block(&input[..cut], &mut progress, &mut slots, max_len)?
            {
                return Ok(Some((block.count(), block.len())));
            }
        }
        Ok(None)
    };
    let whole = run(&[]);
    assert_eq!(run(&(0..input.len()).collect::<Vec<_>>()), whole, "{}", input.escape_ascii());
    whole
}

#[test]
fn header_blocks() {
    assert_eq!(block(b"\r\nbody", 4, 100), Ok(Some((0, 2))));
    assert_eq!(block(b"A: 1\r\nB:\r\n\r\nbody", 4, 100), Ok(Some((2, 12))));
    assert_eq!(block(b"A: 1\r\nB:\r\n\r", 4, 100), Ok(None));
    let kind = |result: Result<_, Error>| result.unwrap_err().kind();
    assert_eq!(kind(block(b"A: 1\r\nB: 2\r\n\r\n", 1, 100)), TooManyHeaders);
    assert_eq!(kind(block(b"A: 1\r\nB: 2\r\n\r\n", 4, 13)), HeadTooLarge);
    assert_eq!(kind(block(b" A: 1\r\n\r\n", 4, 100)), LeadingWhitespace);
    assert_eq!(kind(block(b"A: 1\r\n 2\r\n\r\n", 4, 100)), ObsFold);
    assert_eq!(kind(block(b"A: 1\n\r\n", 4, 100)), BareLf);
}

#[test]
fn a_block_progress_survives_another_buffer() {
    let mut progress = BlockProgress::new();
    let mut slots = [HeaderSpan::default(); 4];
    let mut parse = |buf: &[u8]| parse_header_block(buf, &mut progress, &mut slots, 100);
    assert_eq!(parse(b"A: 1\r\nB: long"), Ok(Status::Partial));
    assert_eq!(parse(b"C"), Ok(Status::Partial));
    let Ok(Status::Complete(block)) = parse(b"C: 3\r\n\r\n") else { panic!("complete") };
    assert_eq!((block.count(), block.len()), (1, 8));
}

proptest! {
    /// One grammar for header lines, three places that read it.
    #[test]
    fn a_line_a_block_and_a_trailer_agree(
        line in "[ -~&&[^:]]{0,3}(:|: |)[ -~]{0,5}|[\\x00-\\x7f]{0,6}"
    ) {
        prop_assume!(!line.is_empty() && !line.starts_with('\r'));
        let alone = parse_header_line(line.as_bytes());
        let in_block = block(format!("{line}\r\n\r\n").as_bytes(), 100, 1000);
        let trailer = decode(format!("0\r\n{line}\r\n\r\n").as_bytes());
        match alone {
            Ok(_) => {
                prop_assert_eq!(in_block, Ok(Some((1, line.len() + 4))));
                prop_assert_eq!(trailer.end, Some(line.len() + 7));
            }
            // Within a block, CR LF inside the text begins another line.
            Err(_) if line.contains("\r\n") => {}
            Err(error) => {
                let block_error = in_block.unwrap_err();
                prop_assert_eq!(trailer.error, Some((block_error.kind(), block_error.offset() + 3)));
                if error.kind() != BareCr {
                    prop_assert_eq!(block_error.kind(), error.kind());
                    prop_assert_eq!(block_error.offset(), error.offset());
                }
            }
        }
    }
}
