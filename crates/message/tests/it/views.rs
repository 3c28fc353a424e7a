//! Whatever a client sends: every view of a request gives a value or an error, and no panic.

use std::io::Read;

use pauper_message::conditional::{evaluate, range_applies};
use pauper_message::{
    AllowedHosts, Hook, ParseOptions, Peer, ProxyHeaders, Request, Response, SetCookie,
    TrustedProxies, parse_preferences, render_preferences,
};
use proptest::prelude::*;

const NAMES: &[&str] = &[
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Cookie",
    "Forwarded",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "Range",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
];

/// Bits of the grammars, put together at random.
const BITS: &[&str] = &[
    "bytes=",
    "0-0",
    "-5",
    "99999999999999999999999",
    "-",
    ",",
    ";",
    "=",
    "\"",
    "\\",
    "q=0.5",
    "q=",
    "*",
    "gzip",
    "text/html",
    "*/*",
    "de-CH",
    "W/",
    "\"tag\"",
    "for=",
    "proto=https",
    "host=",
    "[::1]:80",
    "192.0.2.1",
    "10.0.0.1:5",
    "unknown",
    "Digest ",
    "Basic ",
    "a=b",
    "é",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "charset=",
    "multipart/form-data",
    "boundary=",
    " ",
    "\t",
    "localhost",
    ":80",
    "%",
    "%41",
    "application/json",
];

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(prop::sample::select(BITS), 0..8)
            .prop_map(|bits| bits.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_view_gives_a_value_or_an_error(
        headers in prop::collection::vec((prop::sample::select(NAMES), value()), 0..6),
        query in "[a-z%=&+0-9;é]{0,30}",
        body in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let peer = Peer::new("127.0.0.1:1".parse().ok(), None);
        let mut builder = Request::builder().target(&format!("/?{query}")).body(body).peer(peer);
        for (name, value) in &headers {
            builder = builder.header(name, value);
        }
        // What the parser refuses never becomes a request.
        let Ok(mut req) = builder.build() else { return Ok(()) };
        for kind in [ProxyHeaders::XForwarded, ProxyHeaders::Forwarded] {
            let proxies = TrustedProxies::new(["127.0.0.0/8"]).unwrap().headers(kind);
            proxies.before(&mut req).unwrap();
            prop_assert!(req.url_for("/x").ends_with("/x"));
            prop_assert!(["http", "https"].contains(&req.scheme()));
            prop_assert!(!req.host().contains(['/', '@', ' ', '"']), "{}", req.host());
            let _ = (req.client_ip(), req.port());
        }
        let _ = AllowedHosts::new(["*.example.org"]).before(&mut req);
        let _ = (req.args().is_ok(), req.form().is_ok(), req.bytes().unwrap());
        prop_assert!(req.cookies().all(|(name, _)| !name.is_empty()));
        if let Ok(Some(sent)) = req.authorization() {
            let _ = (sent.token(), sent.parameters());
        }
        let _ = (req.content_type(), req.charset(), req.content_length(), req.is_form(), req.is_json());
        let _ = (req.prefer(&["text/html"]), req.prefer_language(&["de"]), req.prefer_encoding(&["gzip"]));
        prop_assert!(req.accept().all(|(_, quality)| (0.0..=1.0).contains(&quality)));
        let ranges = req.ranges("bytes").unwrap_or_default();
        prop_assert!(ranges.len() <= 16);
        let _ = (evaluate(&req, Some("\"tag\""), None), range_applies(&req, Some("\"tag\""), None));
        let response = Response::text("some text").with_etag("tag").conditional(&req).ranged(&req);
        prop_assert!([200, 206, 304, 412, 416].contains(&response.status().as_u16()));
        let mut all = Vec::new();
        req.stream().read_to_end(&mut all).unwrap();
        prop_assert!(all == req.bytes().unwrap());
    }

    #[cfg(feature = "json")]
    #[test]
    fn json_of_any_bytes(body in prop::collection::vec(any::<u8>(), 0..40), text in "[\\[\\]{},:\"a0-9-]{0,30}") {
        for body in [body, text.into_bytes()] {
            let req = Request::builder().header("Content-Type", "application/json").body(body);
            let req = req.build().unwrap();
            if let Ok(args) = req.json_args() {
                let _ = (args.getfirst("a"), args.getlist("a"), args.getvalue::<u8>("a").is_ok());
            }
        }
    }

    #[test]
    fn preferences_round_trip(text in ".{0,40}") {
        let parsed = parse_preferences(&text);
        let rendered = render_preferences(&parsed);
        prop_assert_eq!(parse_preferences(&rendered).len(), parsed.len(), "{}", rendered);
    }

    /// What is set comes back as it was set, or is refused.
    #[test]
    fn cookies_round_trip(name in ".{0,10}", value in ".{0,20}") {
        let cookie = SetCookie::new(name.clone(), value.clone());
        if let Ok(header) = cookie.to_header() {
            let pair = header.to_str().unwrap().split(';').next().unwrap().to_owned();
            let req = Request::builder().header("Cookie", pair).build().unwrap();
            prop_assert_eq!(req.cookies().collect::<Vec<_>>(), [(name.as_str(), value.as_str())]);
        }
    }

    #[test]
    fn options_of_parsing_never_panic(query in ".{0,40}", keep: bool, strict: bool, most in 0_usize..5) {
        let options = ParseOptions::new().keep_blank_values(keep).strict_parsing(strict).max_fields(most);
        let mut states = pauper_message::States::default();
        states.insert(options);
        let Ok(mut req) = Request::builder().target(&format!("/?{query}")).build() else { return Ok(()) };
        req.set_states(std::sync::Arc::new(states));
        if let Ok(args) = req.args() {
            prop_assert!(args.len() <= most);
        }
    }
}
