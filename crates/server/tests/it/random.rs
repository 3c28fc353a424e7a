//! Random input: whatever bytes come, and however they are cut.

use pauper_message::Request;
use pauper_server::ServerConfig;
use pauper_server::test::Client;
use proptest::prelude::*;

use crate::support::answers;

/// Pieces of messages, good and bad, that are put together at random.
const PARTS: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /%zz?a=%00 HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
    "3\r\nabc\r\n",
    "0\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET /panic HTTP/1.1\r\nHost: h\r\n\r\n",
    "Host: h\r\n",
    "\r\n",
    "\n",
    "hello",
    "\0",
];

fn service(req: &mut Request) -> Vec<u8> {
    assert!(req.path() != "/panic", "as asked");
    req.bytes().unwrap().to_vec()
}

fn config() -> ServerConfig {
    ServerConfig::new().with_max_body(100).with_drain_limit(200).with_body_in_memory(4)
}

/// Feeds `bytes` in pieces that end at `cuts`; all that came back until the connection ended.
fn feed(bytes: &[u8], cuts: &[usize]) -> (Vec<u8>, bool) {
    let service = service;
    let mut client = Client::with_config(&service, config());
    let mut out = Vec::new();
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut start = 0;
    for end in ends {
        if start < end {
            if start > 0 && client.is_closed() {
                return (out, true);
            }
            out.extend(client.raw(&bytes[start..end]));
            start = end;
        }
    }
    let closed = start > 0 && client.is_closed();
    (out, closed)
}

/// Without the interim responses, whose number depends on how fast a body follows its head.
fn final_ones(bytes: &[u8]) -> Vec<(u16, String)> {
    let mut all = answers(bytes);
    all.retain(|(status, _)| *status != 100);
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cuts_change_nothing(
        parts in prop::collection::vec(prop::sample::select(PARTS), 1..8),
        changed in prop::option::weighted(0.3, (any::<usize>(), any::<u8>())),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
    ) {
        let mut bytes = parts.concat().into_bytes();
        if let Some((at, byte)) = changed {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        let (whole, closed) = feed(&bytes, &[]);
        let (cut, cut_closed) = feed(&bytes, &cuts);
        let (whole, cut) = (final_ones(&whole), final_ones(&cut));
        // A request that is not answered yet may end differently only by `Expect`, where the
        // body came too late to be there; its answer is the same.
        prop_assert_eq!(&whole, &cut, "{}", bytes.escape_ascii());
        prop_assert_eq!(closed, cut_closed, "{}", bytes.escape_ascii());
    }
}
