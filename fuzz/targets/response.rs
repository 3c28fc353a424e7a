//! Response heads: delivery does not matter, and the length of the body is one thing only.

use pauper_wire::{
    Error, HeaderSpan, Limits, ResponseHead, ResponseLength, ResponseProgress, Status,
    parse_response_head,
};

fn deliver(
    input: &[u8],
    cuts: &[usize],
    limits: &Limits,
) -> Result<Option<(ResponseHead, Vec<HeaderSpan>)>, Error> {
    let mut progress = ResponseProgress::new();
    let mut slots = vec![HeaderSpan::default(); 16];
    for &cut in cuts.iter().chain([&input.len()]) {
        let piece: Box<[u8]> = input[..cut].into();
        let parsed = parse_response_head(&piece, &mut progress, &mut slots, limits)?;
        if let Status::Complete(head) = parsed {
            slots.truncate(head.header_count());
            return Ok(Some((head, slots)));
        }
    }
    Ok(None)
}

pub(crate) fn run(data: &[u8]) {
    for limits in [Limits::new(), Limits::new().with_max_head(100).with_max_headers(3)] {
        let whole = deliver(data, &[], &limits);
        if data.len() <= 300 {
            let bytes: Vec<usize> = (0..data.len()).collect();
            assert_eq!(deliver(data, &bytes, &limits), whole, "byte by byte");
        }
        let seed = data.iter().fold(0u32, |sum, &byte| sum.wrapping_mul(7) ^ u32::from(byte));
        let cut = seed as usize % (data.len() + 1);
        assert_eq!(deliver(data, &[cut], &limits), whole, "cut at {cut}");
        let Ok(Some((head, slots))) = whole else { continue };

        assert!(data[..head.len()].ends_with(b"\r\n\r\n"));
        assert_eq!(data[9..12], *head.status().to_string().as_bytes());
        assert_eq!(head.body(b"HEAD") == ResponseLength::Empty, head.status() != 101);
        let named = |name: &[u8]| {
            let is = |slot: &&HeaderSpan| slot.name.of(data).eq_ignore_ascii_case(name);
            slots.iter().filter(is).map(|slot| slot.value.of(data)).collect::<Vec<_>>()
        };
        let (lengths, codings) = (named(b"content-length"), named(b"transfer-encoding"));
        assert!(lengths.len() + codings.len() <= 1);
        match head.body(b"GET") {
            ResponseLength::Empty => {
                let bodiless = matches!(head.status(), 100..=199 | 204 | 304);
                assert!(bodiless || lengths[0].iter().all(|&digit| digit == b'0'));
            }
            ResponseLength::Fixed(length) => {
                let digits = std::str::from_utf8(lengths[0]).expect("digits");
                assert_eq!(digits.parse(), Ok(length));
            }
            ResponseLength::Chunked => assert!(codings[0].eq_ignore_ascii_case(b"chunked")),
            ResponseLength::UntilClose => assert!(lengths.is_empty() && codings.is_empty()),
            ResponseLength::Tunnel => assert_eq!(head.status(), 101),
        }
    }
}
