//! Generated input: nothing panics, delivery never matters, and a slow reference agrees.

use pauper_wire::{BodyLength, Error, Limits, Next, ResponseBody, Status};
use proptest::prelude::*;
use proptest::sample::select;

use crate::connections::{Peer, Seen};
use crate::support::{decode_with, head, head_with};

/// Pieces that heads are made of, whole and broken.
fn head_soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(vec![
        "GET ",
        "POST ",
        "CONNECT ",
        "OPTIONS ",
        "/",
        "*",
        "h:1",
        "http://h/",
        "?a",
        " ",
        "HTTP/1.1",
        " HTTP/1.1\r\n",
        " HTTP/1.0\r\n",
        "\r\n",
        "\r",
        "\n",
        "\r\n\r\n",
        "Host: h\r\n",
        "Host:",
        ":",
        "\t",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "X",
        "\0",
        "\u{fc}",
        "GET / HTTP/1.1\r\nHost: h\r\n",
    ]);
    let raw = prop::collection::vec(any::<u8>(), 0..3);
    prop::collection::vec(
        prop_oneof![9 => piece.prop_map(|piece| piece.as_bytes().to_vec()), 1 => raw],
        0..12,
    )
    .prop_map(|pieces| pieces.concat())
}

fn chunk_soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(vec![
        "0",
        "1",
        "3",
        "a",
        "\r\n",
        "\r",
        "\n",
        ";",
        "a=b",
        "=\"",
        "\"",
        "\\",
        " ",
        "x",
        "abc",
        "3\r\nabc\r\n",
        "1;a=\"b\"\r\nx\r\n",
        "0\r\n",
        "X: y\r\n",
        ":",
        "\0",
        "0\r\n\r\n",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
}

fn small() -> Limits {
    Limits::new()
        .with_max_head(60)
        .with_max_target(12)
        .with_max_headers(2)
        .with_max_chunk_line(6)
        .with_max_chunk_excess(5)
        .with_max_trailers(10)
}

/// Header lines about framing as a reader with a pencil would judge them.
fn reference(version: &str, lines: &[&str]) -> Option<BodyLength> {
    let values = |name: &str| -> Vec<String> {
        let lines = lines.iter().filter_map(|line| line.split_once(':'));
        let named = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim_matches(' ').to_owned()).collect()
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    match (&lengths[..], &codings[..]) {
        ([], []) => Some(BodyLength::Empty),
        ([length], []) if length.bytes().all(|b| b.is_ascii_digit()) => {
            match length.parse::<u64>().ok()? {
                0 => Some(BodyLength::Empty),
                length => Some(BodyLength::Fixed(length)),
            }
        }
        ([], [coding]) if version == "HTTP/1.1" => {
            coding.eq_ignore_ascii_case("chunked").then_some(BodyLength::Chunked)
        }
        _ => None,
    }
}

#[derive(Clone, Debug)]
struct Request {
    path: u16,
    /// Data by chunk; `None` for Content-Length, with one piece.
    chunked: bool,
    pieces: Vec<Vec<u8>>,
    /// Whether the handler reads the body before it answers.
    reads: bool,
}

impl Request {
    fn wire(&self) -> Vec<u8> {
        let mut out = format!("PUT /{} HTTP/1.1\r\nHost: h\r\n", self.path).into_bytes();
        if self.chunked {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for piece in &self.pieces {
                out.extend_from_slice(format!("{:X};n=\"v\"\r\n", piece.len()).as_bytes());
                out.extend_from_slice(piece);
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"0\r\nTrailer: x\r\n\r\n");
        } else {
            let body = self.pieces.concat();
            out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            out.extend_from_slice(&body);
        }
        out
    }

    /// What an observer writes down about it.
    fn told(&self) -> (String, Vec<u8>) {
        (format!("PUT /{}", self.path), self.pieces.concat())
    }
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let evil = b"\r\n\r\nGET /evil HTTP/1.1\r\nHost: h\r\n\r\n0\r\n\r\n".to_vec();
    let piece = prop_oneof![prop::collection::vec(any::<u8>(), 1..20), Just(evil)];
    let pieces = prop::collection::vec(piece, 0..4);
    let request = (any::<u16>(), any::<bool>(), pieces, any::<bool>())
        .prop_map(|(path, chunked, pieces, reads)| Request { path, chunked, pieces, reads });
    prop::collection::vec(request, 1..5)
}

/// Feeds `input` in pieces that end at `cuts`, answers every request, and writes down head and
/// body of each.
fn serve(
    input: &[u8],
    cuts: &[usize],
    requests: &[Request],
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut peer = Peer::new(b"");
    let mut told: Vec<(String, Vec<u8>)> = Vec::new();
    let mut fed = 0;
    for &cut in cuts.iter().chain([&input.len()]) {
        peer.buffer.extend_from_slice(&input[fed..cut]);
        fed = cut;
        loop {
            match peer.receive()? {
                Seen::NeedMore => break,
                Seen::Head(line) => {
                    let reads = requests[told.len()].reads;
                    told.push((line, Vec::new()));
                    if !reads {
                        let _ = peer.connection.respond(200, ResponseBody::Unknown, false);
                        assert_ne!(peer.connection.response_done(), Next::Close);
                    }
                }
                Seen::Data(data, _) => told.last_mut().unwrap().1.extend(data),
                Seen::End | Seen::Paused => {
                    if requests[told.len() - 1].reads {
                        let _ = peer.connection.respond(204, ResponseBody::Known(0), false);
                        assert_eq!(peer.connection.response_done(), Next::NextRequest);
                    }
                }
                Seen::Closed => panic!("closed"),
            }
        }
    }
    peer.connection.receive_eof()?;
    assert_eq!(peer.receive()?, Seen::Closed);
    Ok(told)
}

proptest! {
    #[test]
    fn heads_do_not_depend_on_delivery(input in head_soup()) {
        let _ = head(&input);
        let _ = head_with(&input, &small());
    }

    #[test]
    fn arbitrary_bytes_do_not_depend_on_delivery(input in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = head(&input);
        let _ = decode_with(&input, &Limits::new());
    }

    #[test]
    fn chunks_do_not_depend_on_delivery(input in chunk_soup()) {
        let _ = decode_with(&input, &Limits::new());
        let _ = decode_with(&input, &small());
    }

    #[test]
    fn body_length_is_what_a_slow_reader_finds(
        version in select(vec!["HTTP/1.1", "HTTP/1.0"]),
        lines in prop::collection::vec(
            select(vec![
                "Content-Length: 5", "content-length:0", "Content-Length:  7 ", "Content-Length: 07",
                "Content-Length: +5", "Content-Length: 5,5", "Content-Length:",
                "Content-Length: 99999999999999999999", "CONTENT-LENGTH: 6", "Content-Lengt: 9",
                "Transfer-Encoding: chunked", "TRANSFER-ENCODING:Chunked ", "Transfer-Encoding: gzip",
                "Transfer-Encoding: gzip, chunked", "Transfer-Encoding:", "Transfer_Encoding: chunked",
                "X-Content-Length: 5", "Accept: chunked", "Trailer: Content-Length",
            ]),
            0..4,
        ),
    ) {
        let block: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let input = format!("POST / {version}\r\nHost: h\r\n{block}\r\n");
        let found = match head(input.as_bytes()) {
            Ok(Status::Complete(parsed)) => Some(parsed.head.body()),
            Ok(Status::Partial) => return Err(TestCaseError::fail("partial")),
            Err(_) => None,
        };
        prop_assert_eq!(found, reference(version, &lines));
    }

    #[test]
    fn pipelines_give_the_same_events_however_they_are_split(
        requests in requests(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let input: Vec<u8> = requests.iter().flat_map(Request::wire).collect();
        let expected: Vec<_> = requests.iter().map(Request::told).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len())).collect();
        cuts.sort_unstable();
        prop_assert_eq!(serve(&input, &cuts, &requests), Ok(expected.clone()));
        let bytes: Vec<usize> = (0..input.len()).collect();
        prop_assert_eq!(serve(&input, &bytes, &requests), Ok(expected));
    }

    #[test]
    fn grammars_take_any_bytes(value in "[ -~\\t\u{fc}]{0,30}|([a-c\";,=\\\\ */W-]|bytes=[0-9]){0,20}") {
        use pauper_wire::grammar::*;
        let value = value.as_bytes();
        prop_assert!(split_list(value).map(<[u8]>::len).sum::<usize>() <= value.len());
        let (_, parameters) = value_and_parameters(value);
        let errors = parameters.filter(Result::is_err).count();
        prop_assert!(errors <= 1);
        prop_assert!(weighted(value).all(|element| element.quality <= 1000));
        prop_assert!(cookie_pairs(value).all(|pair| !pair.name().is_empty()));
        if let Ok(ranges) = byte_ranges(value, 10) {
            prop_assert!((1..=10).contains(&ranges.count()));
        }
        if let Ok(EntityTags::List(tags)) = entity_tags(value) {
            prop_assert!(tags.count() > 0);
        }
    }
}

/// One call that a server could make, in any order.
#[derive(Clone, Debug)]
enum Call {
    Feed(Vec<u8>),
    Receive,
    Eof,
    Respond(u16, Option<u64>, bool),
    Done,
    Upgrade,
    ContinueSent,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        3 => prop_oneof![head_soup(), chunk_soup(), requests().prop_map(|r| r[0].wire())]
            .prop_map(Call::Feed),
        6 => Just(Call::Receive),
        1 => Just(Call::Eof),
        2 => (100..600u16, any::<Option<u64>>(), any::<bool>())
            .prop_map(|(status, length, close)| Call::Respond(status, length, close)),
        2 => Just(Call::Done),
        1 => Just(Call::Upgrade),
        1 => Just(Call::ContinueSent),
    ];
    prop::collection::vec(call, 0..40)
}

proptest! {
    #[test]
    fn a_connection_takes_calls_in_any_order(calls in calls()) {
        let mut peer = Peer::new(b"");
        let mut failed: Option<Error> = None;
        let mut over = false;
        for call in calls {
            match call {
                Call::Feed(bytes) => peer.buffer.extend(bytes),
                Call::Receive => match peer.receive() {
                    Err(error) => {
                        prop_assert!(failed.is_none_or(|first| first == error), "an error stays");
                        failed = Some(error);
                    }
                    Ok(seen) => {
                        prop_assert_eq!(failed, None, "nothing is read after an error");
                        prop_assert!(!over || seen == Seen::Closed, "nothing is read after the end");
                        over |= seen == Seen::Closed;
                    }
                },
                Call::Eof => {
                    if let Err(error) = peer.connection.receive_eof() {
                        failed = failed.or(Some(error));
                    }
                }
                Call::Respond(status, length, close) => {
                    let body = length.map_or(ResponseBody::Unknown, ResponseBody::Known);
                    let framing = peer.connection.respond(status, body, close);
                    let final_status = status >= 200;
                    prop_assert!(framing.length.is_none() || !framing.chunked);
                    prop_assert!(framing.closes() || !final_status || !close);
                    prop_assert!(framing.closes() || !final_status || failed.is_none());
                    prop_assert!(final_status && !matches!(status, 204 | 304) || !framing.send_body);
                    // The client can always tell where the body ends.
                    let told = framing.length.is_some() || framing.chunked || framing.until_close;
                    prop_assert!(told || !framing.send_body);
                }
                Call::Done => {
                    let next = peer.connection.response_done();
                    prop_assert!(failed.is_none() || next == Next::Close);
                    over |= failed.is_none() && matches!(next, Next::Close | Next::Upgraded);
                }
                Call::Upgrade => {
                    let _ = peer.connection.upgrade();
                }
                Call::ContinueSent => peer.connection.continue_sent(),
            }
            prop_assert!(!peer.connection.wants_continue() || failed.is_none());
        }
    }
}
