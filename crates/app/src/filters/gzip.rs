//! Compressed answers.

use std::io::{self, Write as _};
use std::mem;

use flate2::Compression;
use flate2::write::GzEncoder;
use pauper_message::{Body, BodyKind, Error, Hook, Pieces, Request, Response};

/// A hook that compresses answers with gzip for clients that accept it (RFC 9110, section 8.4).
///
/// Register it last. It leaves alone
///
/// - what is small: fewer than 1,024 bytes, if [`min_size`](Self::min_size) does not say otherwise;
/// - what is compressed already, or would gain nothing: everything but text, JSON, XML, scripts,
///   SVG, WebAssembly and the like;
/// - parts (206), answers without a body, what has a Content-Encoding, and what says
///   `Cache-Control: no-transform`;
/// - bodies that other threads send ([`Body::channel`]), and event streams: what they send is given
///   to the server's loop piece by piece, and a loop that compressed would keep all its other
///   clients waiting. Whoever wants such a body compressed sends what a
///   [`GzEncoder`](flate2::write::GzEncoder) of the sending thread gives, flushed after each piece,
///   with the header `Content-Encoding: gzip`; or makes the body of an iterator
///   ([`Body::pieces`]), which a thread of the server runs;
/// - *secrets beside text that somebody else may have chosen*: answers to requests that bring
///   credentials (Cookie or Authorization) along with a query or a body. From the size of such an
///   answer an attacker who can repeat the request with guesses reads the secret (BREACH). If
///   your pages hold no secrets, say so with [`with_credentials`](Self::with_credentials).
///
/// Bodies are compressed while they are sent; pieces of an unknown number come out as they go in,
/// each flushed. Compressed answers carry `Vary: Accept-Encoding`, a weak entity tag in place of a
/// strong one, and no Accept-Ranges.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Gzip {
    level: u32,
    min_size: u64,
    with_credentials: bool,
}

/// Bodies in memory up to this size are compressed at once, so that their length is known.
const AT_ONCE: usize = 64 * 1024;

impl Default for Gzip {
    fn default() -> Self {
        Self::new()
    }
}

impl Gzip {
    /// Level 6, from 1,024 bytes, no secrets at risk.
    pub const fn new() -> Self {
        Self { level: 6, min_size: 1024, with_credentials: false }
    }

    /// How hard to try, from 1 (fast) to 9 (small); 6 if not set.
    pub const fn level(mut self, level: u32) -> Self {
        self.level = if level > 9 { 9 } else { level };
        self
    }

    /// The smallest body that is compressed, in bytes; 1,024 if not set.
    pub const fn min_size(mut self, bytes: u64) -> Self {
        self.min_size = bytes;
        self
    }

    /// Whether answers to requests with credentials and a query or body are compressed too; false
    /// if not set. See the type's text before.
    pub const fn with_credentials(mut self, compressed: bool) -> Self {
        self.with_credentials = compressed;
        self
    }

    /// Whether the answer is one that some client would get compressed.
    fn suits(&self, response: &Response) -> bool {
        let status = response.status().as_u16();
        let headers = response.headers();
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let kind = text("content-type").unwrap_or_default();
        !matches!(status, 100..=199 | 204 | 206 | 304)
            && response.body().len().is_none_or(|len| len >= self.min_size)
            && !matches!(response.body().kind(), BodyKind::Channel(_))
            && !headers.contains("content-encoding")
            && !headers.contains("content-range")
            && !text("cache-control").is_some_and(|value| value.contains("no-transform"))
            && gains(kind.split(';').next().unwrap_or_default().trim())
    }

    fn keeps_secrets(&self, req: &Request) -> bool {
        let credentials = req.header_bytes("cookie").or(req.header_bytes("authorization"));
        let chosen = !req.query().is_empty() || req.has_body();
        self.with_credentials || credentials.is_none() || !chosen
    }

    /// The compressed body; none if it would not be smaller.
    fn compress(&self, body: Body) -> io::Result<Result<Body, Body>> {
        let encoder = GzEncoder::new(Vec::new(), Compression::new(self.level));
        let flushed = body.len().is_none();
        if let BodyKind::List(list) = body.kind()
            && list.len() <= AT_ONCE
        {
            let mut encoder = encoder;
            list.pieces().try_for_each(|piece| encoder.write_all(piece))?;
            let compressed = encoder.finish()?;
            let smaller = compressed.len() < list.len();
            return Ok(if smaller { Ok(compressed.into()) } else { Err(body) });
        }
        let pieces = match body.into_pieces() {
            Ok(pieces) => pieces,
            Err(channel) => return Ok(Err(channel)),
        };
        let compressed = Compressed { source: Some(pieces), encoder: Some(encoder), flushed };
        Ok(Ok(Body::pieces(compressed, None)))
    }
}

fn gains(kind: &str) -> bool {
    const KINDS: [&str; 9] = [
        "application/json",
        "application/javascript",
        "application/xml",
        "application/wasm",
        "application/x-ndjson",
        "application/manifest+json",
        "image/svg+xml",
        "font/ttf",
        "font/otf",
    ];
    let kind = kind.to_ascii_lowercase();
    kind != "text/event-stream"
        && (kind.starts_with("text/")
            || kind.ends_with("+json")
            || kind.ends_with("+xml")
            || KINDS.contains(&kind.as_str()))
}

impl Hook for Gzip {
    fn after(&self, req: &mut Request, response: &mut Response) -> Result<(), Error> {
        if !self.suits(response) {
            return Ok(());
        }
        response.headers_mut().add_vary("Accept-Encoding")?;
        if req.prefer_encoding(&["gzip"]).is_none() || !self.keeps_secrets(req) {
            return Ok(());
        }
        match self.compress(response.take_body())? {
            Err(as_it_was) => {
                response.set_body(as_it_was);
                return Ok(());
            }
            Ok(compressed) => response.set_body(compressed),
        }
        let headers = response.headers_mut();
        headers.insert("content-encoding", "gzip")?;
        headers.remove("accept-ranges");
        // The bytes are others than those of the plain answer (RFC 9110, section 8.8.3.3).
        let strong = headers.get("etag").and_then(|tag| tag.to_str().ok());
        if let Some(tag) = strong.filter(|tag| tag.starts_with('"')) {
            let weak = format!("W/{tag}");
            headers.insert("etag", weak)?;
        }
        Ok(())
    }
}

/// The pieces of a body, compressed one after the other.
struct Compressed {
    /// None when it is at its end.
    source: Option<Pieces>,
    encoder: Option<GzEncoder<Vec<u8>>>,
    /// Whether what went in has to come out at once.
    flushed: bool,
}

impl Compressed {
    fn step(&mut self) -> io::Result<Option<Vec<u8>>> {
        while let (Some(source), Some(encoder)) = (&mut self.source, &mut self.encoder) {
            let Some(piece) = source.next() else { break };
            piece?.pieces().try_for_each(|piece| encoder.write_all(piece))?;
            if self.flushed {
                encoder.flush()?;
            }
            if !encoder.get_ref().is_empty() {
                return Ok(Some(mem::take(encoder.get_mut())));
            }
        }
        self.source = None;
        self.encoder.take().map(GzEncoder::finish).transpose()
    }
}

impl Iterator for Compressed {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            (self.source, self.encoder) = (None, None);
        }
        step.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn ask(headers: &[(&str, &str)], target: &str) -> Request {
        let mut builder = Request::builder().target(target);
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        builder.build().unwrap()
    }

    fn filtered(gzip: Gzip, req: &mut Request, mut response: Response) -> Response {
        gzip.after(req, &mut response).unwrap();
        response
    }

    fn is_compressed(response: &Response) -> bool {
        response.headers().get("content-encoding").is_some_and(|coding| coding == "gzip")
    }

    fn plain(response: Response) -> Vec<u8> {
        assert!(is_compressed(&response));
        let body = response.into_parts().unwrap().body;
        let len = body.len();
        let bytes = body.into_bytes(1 << 24).unwrap();
        assert!(len.is_none_or(|len| len == bytes.len() as u64));
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut out).unwrap();
        out
    }

    fn long() -> String {
        (0..2000).map(|n| format!("line {n}\n")).collect()
    }

    const GZIP: (&str, &str) = ("Accept-Encoding", "gzip, br");

    #[test]
    fn bodies_of_every_kind_come_back_the_same() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/filters/gzip.rs");
        let file = || std::fs::File::open(path).unwrap();
        let source = std::fs::read(path).unwrap();
        let huge = long().repeat(20);
        let lines: Vec<String> = long().lines().map(str::to_owned).collect();
        for (body, expected) in [
            (Body::from(long()), long().into_bytes()),
            (Body::from(huge.clone()), huge.into_bytes()),
            (Body::file(file(), 7, 1000 + 30), source[7..1037].to_vec()),
            (Body::pieces(lines.clone().into_iter().map(Ok), None), lines.concat().into_bytes()),
        ] {
            let response = Response::text("").with_body(body);
            let response = filtered(Gzip::new(), &mut ask(&[GZIP], "/"), response);
            assert_eq!(response.headers().get("vary").unwrap(), "Accept-Encoding");
            assert!(plain(response) == expected);
        }
    }

    #[test]
    fn every_piece_of_a_stream_comes_out_when_it_went_in() {
        let (tx, rx) = std::sync::mpsc::channel::<&'static str>();
        let body = Body::pieces(rx.into_iter().map(Ok), None);
        let response = Response::text("").with_body(body);
        let response = filtered(Gzip::new(), &mut ask(&[GZIP], "/"), response);
        let kind = response.into_parts().unwrap().body.into_kind();
        let BodyKind::Pieces { mut pieces, .. } = kind else { panic!("no pieces") };
        let mut decoder = flate2::write::GzDecoder::new(Vec::new());
        for text in ["first\n", "second\n"] {
            tx.send(text).unwrap();
            decoder.get_mut().clear();
            while decoder.get_ref() != text.as_bytes() {
                decoder.write_all(&pieces.next().unwrap().unwrap().to_vec()).unwrap();
                decoder.flush().unwrap();
            }
        }
        drop(tx);
        pieces.for_each(|piece| decoder.write_all(&piece.unwrap().to_vec()).unwrap());
        decoder.finish().unwrap();
    }

    #[test]
    fn a_stream_that_breaks_stays_broken() {
        let broken = [Ok("a"), Err(io::Error::other("no"))];
        let response = Response::text("").with_body(Body::pieces(broken, None));
        let response = filtered(Gzip::new(), &mut ask(&[GZIP], "/"), response);
        assert!(response.into_parts().unwrap().body.into_bytes(99).is_err());
    }

    #[test]
    fn what_is_left_alone() {
        let text = || Response::text(long());
        let yes = |response| {
            let response = filtered(Gzip::new(), &mut ask(&[GZIP], "/"), response);
            (is_compressed(&response), response.headers().contains("vary"))
        };
        assert_eq!(yes(text()), (true, true));
        assert_eq!(yes(text().with_status(404)), (true, true));
        for response in [
            Response::text("small"),
            Response::bytes(long()),
            text().with_header("content-type", "image/png"),
            text().with_header("content-type", "text/event-stream; charset=utf-8"),
            text().with_header("content-encoding", "br"),
            text().with_header("cache-control", "public, no-transform"),
            text().with_status(206).with_header("content-range", "bytes 0-9/10"),
            text().with_status(304),
            text().with_body(Body::channel(9).1),
        ] {
            let shown = format!("{response:?}");
            assert_eq!(yes(response), (false, false), "{shown}");
        }
        for kind in ["application/json", "Image/SVG+xml", "application/problem+json; x=y"] {
            assert!(yes(text().with_header("content-type", kind)).0, "{kind}");
        }
        // What gzip would make longer.
        let mut seed = 0x9e37_79b9_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            seed as u8
        })
        .take(2000)
        .collect();
        let response = Response::text(noise.clone());
        let response = filtered(Gzip::new(), &mut ask(&[GZIP], "/"), response);
        assert!(!is_compressed(&response));
        assert_eq!(response.into_parts().unwrap().body.into_bytes(9999).unwrap(), noise);
    }

    #[test]
    fn only_who_asks_gets_it() {
        for (headers, expected) in [
            (&[][..], false),
            (&[("Accept-Encoding", "br")], false),
            (&[("Accept-Encoding", "gzip;q=0")], false),
            (&[("Accept-Encoding", "identity, gzip;q=0.5")], false),
            (&[("Accept-Encoding", "*")], true),
        ] {
            let response = filtered(Gzip::new(), &mut ask(headers, "/"), Response::text(long()));
            assert_eq!(is_compressed(&response), expected, "{headers:?}");
            assert!(response.headers().contains("vary"), "caches have to know in any case");
        }
    }

    #[test]
    fn secrets_beside_text_of_others_are_not_compressed() {
        for (headers, target, expected) in [
            (&[GZIP, ("Cookie", "s=1")][..], "/?q=guess", false),
            (&[GZIP, ("Authorization", "Basic x")], "/?q=guess", false),
            (&[GZIP, ("Cookie", "s=1")], "/", true),
            (&[GZIP], "/?q=guess", true),
        ] {
            let answer = || Response::text(long());
            let response = filtered(Gzip::new(), &mut ask(headers, target), answer());
            assert_eq!(is_compressed(&response), expected, "{headers:?} {target}");
            let bold = Gzip::new().with_credentials(true);
            assert!(is_compressed(&filtered(bold, &mut ask(headers, target), answer())));
        }
    }

    #[test]
    fn validators_say_that_the_bytes_are_others() {
        let response = Response::text(long()).with_etag("v1").with_header("accept-ranges", "bytes");
        let response = filtered(Gzip::new(), &mut ask(&[GZIP], "/"), response);
        assert_eq!(response.headers().get("etag").unwrap(), "W/\"v1\"");
        assert!(!response.headers().contains("accept-ranges"));
        let response = Response::text(long()).with_weak_etag("v1");
        let response = filtered(Gzip::new(), &mut ask(&[GZIP], "/"), response);
        assert_eq!(response.headers().get("etag").unwrap(), "W/\"v1\"");
    }
}
