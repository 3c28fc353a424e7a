//! Grammars of header values: they end, stay within their input, and what they take apart can be
//! put together again.

use pauper_wire::grammar::*;
use pauper_wire::header::{BlockProgress, parse_header_block, parse_header_line};
use pauper_wire::{HeaderSpan, Status};

pub(crate) fn run(data: &[u8]) {
    let elements: Vec<&[u8]> = split_list(data).collect();
    assert!(elements.iter().map(|element| element.len()).sum::<usize>() <= data.len());
    for element in &elements {
        assert!(!element.is_empty() && trim_ows(element) == *element);
    }

    let (value, parameters) = value_and_parameters(data);
    assert_eq!(trim_ows(value), value);
    let mut failed = false;
    for parameter in parameters {
        assert!(!failed, "nothing comes after an error");
        match parameter {
            Ok(parameter) => {
                assert!(is_token(parameter.name().as_bytes()));
                assert!(parameter.is_quoted() || parameter.is_plain());
                let bytes: Vec<u8> = parameter.bytes().collect();
                assert!(parameter.value_is(&bytes));
                let text = String::from_utf8(bytes).ok();
                assert_eq!(parameter.unquote(), text);
            }
            Err(error) => {
                failed = true;
                assert!(error.offset() <= data.len());
            }
        }
    }

    for element in weighted(data) {
        assert!(element.quality <= 1000);
    }
    if let Some(quality) = quality(data) {
        assert!(quality <= 1000 && data.len() <= 5);
    }
    for pair in cookie_pairs(data) {
        assert!(!pair.name().is_empty());
    }
    if let Ok(ranges) = byte_ranges(data, 10) {
        let ranges: Vec<ByteRange> = ranges.collect();
        assert!((1..=10).contains(&ranges.len()));
        for range in ranges.iter().filter_map(|range| range.resolve(1000)) {
            assert!(range.start < range.end && range.end <= 1000);
        }
    }
    match entity_tags(data) {
        Ok(EntityTags::List(tags)) => assert!(tags.count() > 0),
        Ok(EntityTags::Any) => assert_eq!(trim_ows(data), b"*"),
        Err(error) => assert!(error.offset() <= data.len()),
    }

    // One header line, and the same as a block.
    let line = parse_header_line(data);
    let block = [data, b"\r\n\r\n"].concat();
    let mut slots = [HeaderSpan::default(); 8];
    let parsed = parse_header_block(&block, &mut BlockProgress::new(), &mut slots, 10_000);
    match line {
        Ok(header) => {
            if data.len() < 9_000 {
                let Ok(Status::Complete(block)) = parsed else { panic!("{parsed:?}") };
                assert_eq!((block.count(), slots[0]), (1, header));
            }
        }
        Err(_) => {
            // A block may have several lines, but not this one.
            assert!(data.windows(2).any(|two| two == b"\r\n") || data.is_empty() || parsed.is_err());
        }
    }
}
