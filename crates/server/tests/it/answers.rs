//! Whatever a handler returns: on the wire it is exactly one response, or the connection ends
//! where everybody sees that something is missing.

use std::io;
use std::time::Duration;

use pauper_message::{
    Body, CacheControl, Request, Response, SetCookie, abort, abort_with, decline, redirect,
};
use pauper_server::test::{Client, read_answer};
use proptest::prelude::*;

/// Text that may come from anywhere, with what it takes to write headers of one's own.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9/_.-]{0,12}",
        1 => ".{0,12}",
        1 => Just("a\r\nX-Injected: 1".to_owned()),
        1 => Just("a\nX-Injected: 1\n\nbody".to_owned()),
        1 => Just("a\r\n\r\nHTTP/1.1 200 OK\r\nX-Injected: 1\r\n\r\n".to_owned()),
        1 => Just("\0".to_owned()),
        1 => Just("a; b=\"c".to_owned()),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z-]{1,10}",
        1 => prop::sample::select(vec![
            "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Date", "Server",
            "Content-Type", "Content-Range", "Set-Cookie", "Trailer", "TE", "Keep-Alive",
        ])
        .prop_map(str::to_owned),
        1 => text(),
    ]
}

#[derive(Clone, Debug)]
enum BodySpec {
    Text(String),
    Long(usize),
    Pieces { parts: Vec<String>, len: Option<u64>, fails: bool },
    Channel { parts: Vec<String>, fails: bool },
}

fn bodies() -> impl Strategy<Value = BodySpec> {
    let parts = || prop::collection::vec(text(), 0..4);
    prop_oneof![
        text().prop_map(BodySpec::Text),
        (0_usize..70_000).prop_map(BodySpec::Long),
        (parts(), prop::option::weighted(0.5, 0_u64..40), prop::bool::weighted(0.1))
            .prop_map(|(parts, len, fails)| BodySpec::Pieces { parts, len, fails }),
        (parts(), prop::bool::weighted(0.2))
            .prop_map(|(parts, fails)| BodySpec::Channel { parts, fails }),
    ]
}

impl BodySpec {
    fn make(&self) -> Body {
        match self {
            Self::Text(text) => Body::from(text.clone()),
            Self::Long(len) => Body::from(vec![b'x'; *len]),
            Self::Pieces { parts, len, fails } => {
                let failure = fails.then(|| Err(io::Error::other("as asked")));
                let parts = parts.clone().into_iter().map(Ok);
                Body::pieces(parts.chain(failure).collect::<Vec<_>>(), *len)
            }
            Self::Channel { parts, fails } => {
                let (sender, body) = Body::channel(1 << 20);
                for part in parts {
                    sender.send(part.clone()).unwrap();
                }
                if *fails {
                    sender.fail(io::Error::other("as asked"));
                }
                body
            }
        }
    }

    /// Whether it is as long as it says.
    fn is_whole(&self) -> bool {
        match self {
            Self::Text(_) | Self::Long(_) => true,
            Self::Pieces { parts, len, fails } => {
                let sum: usize = parts.iter().map(String::len).sum();
                !fails && len.is_none_or(|len| len == sum as u64)
            }
            Self::Channel { fails, .. } => !fails,
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Header(String, String),
    Added(String, String),
    Cookie(String, String),
    Attachment(String),
    Etag(String),
    Vary(String),
    Cache(u64),
    Conditional,
    Ranged,
    Close,
    Status(u16),
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        (name(), text()).prop_map(|(name, value)| Step::Header(name, value)),
        (name(), text()).prop_map(|(name, value)| Step::Added(name, value)),
        (text(), text()).prop_map(|(name, value)| Step::Cookie(name, value)),
        text().prop_map(Step::Attachment),
        text().prop_map(Step::Etag),
        name().prop_map(Step::Vary),
        any::<u64>().prop_map(Step::Cache),
        Just(Step::Conditional),
        Just(Step::Ranged),
        Just(Step::Close),
        prop_oneof![100_u16..600, any::<u16>()].prop_map(Step::Status),
    ]
}

#[derive(Clone, Debug)]
enum Outcome {
    Answer,
    AbortWith,
    Abort(u16),
    Redirect(String),
    Decline,
    Panic,
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        8 => Just(Outcome::Answer),
        1 => Just(Outcome::AbortWith),
        1 => any::<u16>().prop_map(Outcome::Abort),
        1 => text().prop_map(Outcome::Redirect),
        1 => Just(Outcome::Decline),
        1 => Just(Outcome::Panic),
    ]
}

#[derive(Clone, Debug)]
struct Spec {
    outcome: Outcome,
    body: BodySpec,
    steps: Vec<Step>,
}

impl Spec {
    fn respond(&self, req: &Request) -> Result<Response, pauper_message::Error> {
        let mut response = Response::text("").with_body(self.body.make());
        for step in &self.steps {
            response = match step {
                Step::Header(name, value) => response.with_header(name.as_str(), value),
                Step::Added(name, value) => response.with_added_header(name.as_str(), value),
                Step::Cookie(name, value) => {
                    response.with_cookie(&SetCookie::new(name.as_str(), value.as_str()))
                }
                Step::Attachment(name) => response.with_attachment(name),
                Step::Etag(tag) => response.with_etag(tag),
                Step::Vary(name) => response.with_vary(name),
                Step::Cache(seconds) => response
                    .with_cache_control(CacheControl::new().max_age(Duration::from_secs(*seconds))),
                Step::Conditional => response.conditional(req),
                Step::Ranged => response.ranged(req),
                Step::Close => response.and_close(),
                Step::Status(status) => response.with_status(*status),
            };
        }
        match &self.outcome {
            Outcome::Answer => Ok(response),
            Outcome::AbortWith => Err(abort_with(response)),
            Outcome::Abort(status) => Err(abort(*status)),
            Outcome::Redirect(location) => Err(redirect(location)),
            Outcome::Decline => Err(decline()),
            Outcome::Panic => panic!("as asked"),
        }
    }
}

const HEADERS: &[&str] = &[
    "",
    "If-None-Match: *\r\n",
    "Range: bytes=0-3\r\n",
    "Range: bytes=0-0,2-3\r\n",
    "Range: bytes=99999999-\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exactly_one_response(
        outcome in outcomes(),
        body in bodies(),
        steps in prop::collection::vec(steps(), 0..5),
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "OPTIONS", "DELETE"]),
        version in prop::sample::select(vec!["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]),
        headers in prop::sample::select(HEADERS),
    ) {
        let spec = Spec { outcome, body, steps };
        let whole = spec.body.is_whole();
        let declined = matches!(spec.outcome, Outcome::Decline);
        let service = move |req: &mut Request| {
            if req.path() == "/next" {
                return Ok(Response::text("next"));
            }
            spec.respond(req)
        };
        let mut client = Client::new(&service);
        let request = format!("{method} / {version}\r\nHost: h\r\n{headers}\r\n");
        let out = client.raw(request.as_bytes());
        let closed = client.is_closed();
        if declined {
            prop_assert!(out.is_empty() && closed);
            return Ok(());
        }
        match read_answer(&out, method, closed) {
            Ok((answer, len)) => {
                prop_assert_eq!(len, out.len(), "nothing behind it");
                prop_assert!(answer.status() >= 200, "an answer and no interim one");
                prop_assert_eq!(answer.header("x-injected"), None);
                prop_assert!(answer.header("date").is_some());
            }
            Err(error) => {
                prop_assert!(!whole && closed, "{error}: {}", out.escape_ascii());
                prop_assert!(error.is_incomplete(), "{error}: {}", out.escape_ascii());
            }
        }
        if !closed {
            let out = client.raw(b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
            let (answer, len) = read_answer(&out, "GET", false).unwrap();
            prop_assert_eq!((answer.text(), len), ("next", out.len()));
        }
    }
}

/// Puts text into a header.
type Door = Box<dyn Fn(Response) -> Response>;

/// Header and log injection, as other servers had it. Every door by which text gets into a header.
#[test]
fn line_ends_and_nul_are_refused_at_every_door() {
    for bad in ["a\r\nX-Injected: 1", "a\nX-Injected: 1", "a\rb", "a\0b", "\n"] {
        let doors: [(&str, Door); 12] = [
            ("name", Box::new(move |r| r.with_header(bad, "v"))),
            ("value", Box::new(move |r| r.with_header("x", bad))),
            ("added value", Box::new(move |r| r.with_added_header("x", bad))),
            ("content type", Box::new(move |r| r.with_header("content-type", bad))),
            (
                "realm",
                Box::new(move |r| {
                    r.with_header("www-authenticate", format!("Basic realm=\"{bad}\""))
                }),
            ),
            ("redirect", Box::new(move |_| Response::redirect(bad))),
            ("see other", Box::new(move |_| Response::see_other(bad))),
            ("cookie name", Box::new(move |r| r.with_cookie(&SetCookie::new(bad, "v")))),
            ("cookie value", Box::new(move |r| r.with_cookie(&SetCookie::new("n", bad)))),
            ("cookie path", Box::new(move |r| r.with_cookie(&SetCookie::new("n", "v").path(bad)))),
            ("attachment", Box::new(move |r| r.with_attachment(bad))),
            ("entity tag", Box::new(move |r| r.with_etag(bad))),
        ];
        for (door, make) in doors {
            let service = move |_: &mut Request| make(Response::text("body"));
            let out = Client::new(&service).raw(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            let (answer, len) = read_answer(&out, "GET", false).unwrap();
            assert_eq!((answer.status(), len), (500, out.len()), "{door} {bad:?}");
            assert_eq!(answer.header("x-injected"), None, "{door} {bad:?}");
        }
    }
}
