//! Ours beside `httparse`: what ours accepts, it accepts and reads in the same way; what ours
//! refuses and it accepts has a name here, and a reason.

use pauper_wire::ErrorKind::*;
use pauper_wire::{ErrorKind, HeaderSpan, Limits, Progress, Status, parse_head};

/// Why ours refuses what `httparse` accepts.
fn reason(kind: ErrorKind) -> &'static str {
    match kind {
        BareLf => "RFC 9112 section 2.2 lets a server refuse a lone LF, and peers differ on it",
        EmptyLines => "no client sends more than one empty line",
        MethodTooLong => "no method is that long",
        BadTarget => "# is never sent, and bytes beyond ASCII have to be percent-encoded",
        BadTargetForm | BadHost => "httparse does not look into targets",
        TargetTooLong | HeadTooLarge => "httparse has no limits but the number of headers",
        MissingHost | DuplicateHost => "httparse does not judge header lines",
        BadContentLength | DuplicateContentLength => "httparse does not judge header lines",
        BadTransferEncoding | DuplicateTransferEncoding => "httparse does not judge header lines",
        UnknownCoding | BothFramings | TransferEncodingInHttp10 => {
            "httparse does not judge header lines"
        }
        BadConnection | ConnectBody | UnknownExpectation => "httparse does not judge header lines",
        other => panic!("httparse accepts it, ours says {other:?}"),
    }
}

pub(crate) fn run(data: &[u8]) {
    const SLOTS: usize = 32;
    let mut slots = [HeaderSpan::default(); SLOTS];
    let ours = parse_head(data, &mut Progress::new(), &mut slots, &Limits::new());
    let mut headers = [httparse::EMPTY_HEADER; SLOTS];
    let mut request = httparse::Request::new(&mut headers);
    let theirs = request.parse(data);
    match (ours, theirs) {
        (Ok(Status::Complete(head)), Ok(httparse::Status::Complete(len))) => {
            assert_eq!(head.len(), len);
            let view = head.view(data, &slots);
            assert_eq!(Some(view.method()), request.method);
            assert_eq!(Some(view.target()), request.path);
            assert_eq!(view.version().as_str().as_bytes()[7] - b'0', request.version.expect("one"));
            let theirs = request.headers.iter().map(|header| (header.name, header.value));
            assert!(view.headers().eq(theirs));
        }
        (Ok(Status::Complete(_)), theirs) => panic!("only ours accepts it: {theirs:?}"),
        (Ok(Status::Partial), Ok(httparse::Status::Complete(_))) => panic!("ours waits for more"),
        (Err(error), Ok(httparse::Status::Complete(_))) => assert!(!reason(error.kind()).is_empty()),
        // Ours tells a mistake as soon as it is there, and knows more of them; and it waits for the
        // end of a line to tell which version it has. In the end both refuse.
        (Err(_) | Ok(Status::Partial), Ok(httparse::Status::Partial) | Err(_)) => {}
    }
}
