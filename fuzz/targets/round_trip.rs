//! What the writer lets pass, the parser reads back unchanged.

use pauper_wire::{
    Framing, HeadWriter, HeaderSpan, Limits, Progress, ResponseLength, ResponseProgress, Status,
    parse_head, parse_response_head,
};

pub(crate) fn run(data: &[u8]) {
    // Lines of the input are method, target, then name and value in turns.
    let mut parts = data.split(|&byte| byte == b'\n');
    let mut next = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (method, target) = (next(), next());
    let headers: Vec<(String, String)> = (0..8).map(|_| (next(), next())).collect();

    let mut out = b"before".to_vec();
    let mut written = Vec::new();
    let wrote = HeadWriter::request(&mut out, &method, &target).map(|mut head| {
        for (name, value) in &headers {
            if head.header(name, value.as_bytes()).is_ok() {
                written.push((name.as_str(), value.as_bytes()));
            }
        }
        head.framing(&Framing::fixed(7));
        head.finish();
    });
    if wrote.is_ok() {
        let buf = &out[6..];
        let mut slots = [HeaderSpan::default(); 16];
        match parse_head(buf, &mut Progress::new(), &mut slots, &Limits::new()) {
            Ok(Status::Complete(head)) => {
                let view = head.view(buf, &slots);
                assert_eq!((view.method(), view.target()), (&*method, &*target));
                assert_eq!(head.len(), buf.len());
                let all = written.iter().copied().chain([("Content-Length", &b"7"[..])]);
                assert!(view.headers().eq(all));
            }
            Ok(Status::Partial) => panic!("a written head is whole"),
            // The writer does not judge what a request means, but no line may come to its end
            // before it should.
            Err(error) => {
                use pauper_wire::ErrorKind::*;
                let fine = [
                    MissingHost, DuplicateHost, BadHost, BadTargetForm, MethodTooLong,
                    TargetTooLong, HeadTooLarge, UnknownExpectation,
                ];
                assert!(fine.contains(&error.kind()), "{error}");
            }
        }
    } else {
        assert_eq!(out, b"before", "nothing is left of a head that was not written");
    }

    let status = 100 + data.iter().fold(0u16, |sum, &byte| (sum * 31 + u16::from(byte)) % 900);
    let mut out = Vec::new();
    let Ok(mut head) = HeadWriter::response(&mut out, status, Some(&method)) else {
        assert!(out.is_empty());
        return;
    };
    let mut written = Vec::new();
    for (name, value) in &headers {
        if head.header(name, value.as_bytes()).is_ok() {
            written.push((name.as_bytes(), value.as_bytes()));
        }
    }
    head.framing(&Framing::chunked());
    head.finish();
    let mut slots = [HeaderSpan::default(); 16];
    let mut progress = ResponseProgress::new();
    let limits = Limits::new().with_max_head(1 << 20);
    let parsed = parse_response_head(&out, &mut progress, &mut slots, &limits);
    let Ok(Status::Complete(head)) = parsed else { panic!("{parsed:?}") };
    assert_eq!((head.status(), head.reason().of(&out)), (status, method.as_bytes()));
    assert_eq!(head.len(), out.len());
    assert_eq!(head.body(b"GET") == ResponseLength::Chunked, !matches!(status, 100..=199 | 204 | 304));
    let read = slots[..head.header_count() - 1].iter();
    assert!(read.map(|slot| (slot.name.of(&out), slot.value.of(&out))).eq(written));
}
