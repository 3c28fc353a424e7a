//! Request heads: delivery does not matter, and what is accepted obeys the grammar.

use pauper_wire::{Error, HeaderSpan, Limits, Progress, RequestHead, Status, parse_head};

const SLOTS: usize = 16;

/// Parses prefixes that end at `cuts` and then all of it. Every prefix stands in an allocation of
/// its own length.
fn deliver(
    input: &[u8],
    cuts: &[usize],
    limits: &Limits,
) -> Result<Option<(RequestHead, Vec<HeaderSpan>)>, Error> {
    let mut progress = Progress::new();
    let mut slots = vec![HeaderSpan::default(); SLOTS];
    for &cut in cuts.iter().chain([&input.len()]) {
        let piece: Box<[u8]> = input[..cut].into();
        if let Status::Complete(head) = parse_head(&piece, &mut progress, &mut slots, limits)? {
            slots.truncate(head.header_count());
            return Ok(Some((head, slots)));
        }
    }
    Ok(None)
}

pub(crate) fn run(data: &[u8]) {
    let small = Limits::new().with_max_head(200).with_max_target(20).with_max_headers(5);
    for limits in [Limits::new(), small] {
        let whole = deliver(data, &[], &limits);
        if data.len() <= 300 {
            let bytes: Vec<usize> = (0..data.len()).collect();
            assert_eq!(deliver(data, &bytes, &limits), whole, "byte by byte");
        }
        // The input itself says where to cut.
        let seed = data.iter().fold(0u32, |sum, &byte| sum.wrapping_mul(7) ^ u32::from(byte));
        let cut = seed as usize % (data.len() + 1);
        assert_eq!(deliver(data, &[cut], &limits), whole, "cut at {cut}");
        if let Ok(Some((head, slots))) = whole {
            accepted(data, &head, &slots);
        }
    }
}

fn accepted(data: &[u8], head: &RequestHead, slots: &[HeaderSpan]) {
    let view = head.view(data, slots);
    let bytes = &data[..head.len()];
    assert!(bytes.ends_with(b"\r\n\r\n"));
    let text = bytes.strip_suffix(b"\r\n\r\n").unwrap_or_default();
    // Line ends are CRLF, and nothing else is a CR or LF.
    let lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    for line in &lines[..lines.len() - 1] {
        assert_eq!(line.iter().position(|&byte| byte == b'\r'), Some(line.len() - 1));
    }
    let empty = text.chunks(2).take_while(|two| *two == b"\r\n").count();
    let line = [view.method(), " ", view.target(), " ", view.version().as_str()].concat();
    let mut rebuilt = vec![line.into_bytes()];
    for (name, value) in view.headers() {
        let tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        assert!(!name.is_empty() && name.bytes().all(tchar));
        assert!(value.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f)));
        assert_eq!(value, value.trim_ascii());
        rebuilt.push([name.as_bytes(), value].concat());
    }
    assert!(view.target().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
    // Nothing was lost: only colons and whitespace stand between the parts.
    let lines = &lines[empty..lines.len() - 2];
    assert_eq!(lines.len(), rebuilt.len());
    let without = |bytes: &[u8]| -> Vec<u8> {
        let keep = |byte: &&u8| !matches!(**byte, b' ' | b'\t' | b'\r' | b':');
        bytes.iter().filter(keep).copied().collect()
    };
    for (line, rebuilt) in lines.iter().zip(&rebuilt) {
        assert_eq!(without(line), without(rebuilt));
    }
}
