//! From a response to bytes.

use pauper_message::{BodyKind, Error, Response, Upgrade, plain_answer};
use pauper_wire::{BodyLength, Framing, HeadWriter, Lines, Next, ResponseBody};

use super::chores::Chore;
use super::job::{Job, sound};
use super::output::{PiecesFraming, Source};
use super::shared::Shared;
use super::{Exchange, Now, State};

impl Exchange {
    /// Puts the answer of a job behind the output.
    pub(super) fn send_answer(&mut self, job: &mut Job, now: &Now) {
        let Some(answer) = &mut job.answer else { return };
        if answer.is_upgrade()
            && let Some(upgrade) = answer.take_upgrade()
        {
            let asked = job.upgrades.iter().any(|one| one.eq_ignore_ascii_case(upgrade.protocol()));
            let Err(mut refused) = self.send_upgrade(upgrade, asked, answer, now) else {
                return self.chores.drop_later(job.answer.take());
            };
            self.chores.drop_later(job.answer.take());
            return self.send(&mut refused, now);
        }
        self.send(answer, now);
        // What is left are headers, and those the library's own.
        job.answer = None;
    }

    /// Puts a response behind the output.
    pub(super) fn send(&mut self, answer: &mut Response, now: &Now) {
        if answer.stops_server() {
            self.wants_shutdown = true;
        }
        if answer.is_declined() {
            self.decline(answer, now);
            return;
        }
        let out_start = self.output.end();
        let length = answer.body().len().map_or(ResponseBody::Unknown, ResponseBody::Known);
        let close = answer.closes() || self.stopping || self.is_last() || self.leaves_too_much();
        let status = answer.status();
        let framing = self.wire.respond(status.as_u16(), length, close);
        let out = self.output.buffer();
        if let Err(error) = write_head(out, answer, &framing, &self.shared, now) {
            // `Headers` admits nothing that the writer refuses; if they ever differ, nothing of
            // the response was written.
            let text = format!("{}: a response that cannot be written: {error}", self.peer);
            self.chores.push(Chore::Error(text));
            self.broken = true;
            self.decline(answer, now);
            return;
        }
        if let Some(trail) = &mut self.trail {
            trail.answered(status, out_start, self.output.end());
        }
        if out_start == self.output.written() {
            // There was nothing to write before, so the client could not stall.
            self.timing.written(now);
        }
        let kind = answer.take_body().into_kind();
        if framing.send_body {
            self.send_body(kind, &framing);
        } else if !matches!(kind, BodyKind::Empty) {
            self.chores.drop_later(kind);
        }
        self.enter(State::Sending, now);
    }

    /// Grants an upgrade, or gives the answer that refuses it.
    #[cold]
    fn send_upgrade(
        &mut self,
        upgrade: Upgrade,
        asked: bool,
        answer: &Response,
        now: &Now,
    ) -> Result<(), Box<Response>> {
        let peer = self.peer;
        let refuse = |status: u16, text: &str| {
            let status = http::StatusCode::from_u16(status).unwrap_or_default();
            Box::new(sound(plain_answer(Error::new(status, text)), &|| peer.to_string()))
        };
        if !asked || self.eof {
            self.chores.drop_later(upgrade);
            return Err(refuse(400, "this page is for connections that ask to be upgraded"));
        }
        let Some(granted) = self.grant(upgrade) else {
            return Err(refuse(503, "too many connections of this kind (max_upgrades)"));
        };
        if !self.wire.upgrade() {
            self.chores.drop_later(granted);
            return Err(refuse(400, "this request cannot upgrade its connection"));
        }
        let out_start = self.output.end();
        let written = write_switch(self.output.buffer(), answer, granted.protocol(), now);
        if let Err(error) = written {
            let text = format!("{peer}: an upgrade that cannot be written: {error}");
            self.chores.push(Chore::Error(text));
            self.broken = true;
        }
        if let Some(trail) = &mut self.trail {
            trail.answered(answer.status(), out_start, self.output.end());
        }
        self.rare().granted = Some(Box::new(granted));
        self.timing.written(now);
        self.enter(State::Sending, now);
        Ok(())
    }

    fn send_body(&mut self, kind: BodyKind, framing: &Framing) {
        match kind {
            BodyKind::Empty => {}
            BodyKind::List(list) => self.output.push_list(list),
            BodyKind::File(part) if part.len == 0 => {}
            BodyKind::File(part) => self.output.set_source(Source::File(part)),
            BodyKind::Pieces { pieces, .. } => {
                let framed = match framing.length {
                    Some(0) => return self.chores.drop_later(pieces),
                    Some(length) => PiecesFraming::Left(length),
                    None if framing.chunked => PiecesFraming::Chunked,
                    None => PiecesFraming::UntilClose,
                };
                self.output.set_source(Source::Pieces { pieces, framed });
            }
            BodyKind::Channel(receiver) => {
                let framed = if framing.chunked {
                    PiecesFraming::Chunked
                } else {
                    PiecesFraming::UntilClose
                };
                self.output.set_source(Source::Channel { receiver, started: false, framed });
            }
            other => {
                self.chores.drop_later(other);
                let error = std::io::Error::other("a kind of body that this server does not know");
                self.output.set_source(Source::Broken(error.into()));
            }
        }
    }

    /// Closes without an answer to this request; answers before it are still sent.
    fn decline(&mut self, answer: &mut Response, now: &Now) {
        self.chores.drop_later(answer.take_body());
        let linger = !self.request_read;
        self.enter(State::Closing { linger }, now);
    }

    fn is_last(&self) -> bool {
        let most = self.shared.config.max_requests();
        most != 0 && self.requests >= most
    }

    /// Whether so much of the request is unread that a new connection is cheaper.
    fn leaves_too_much(&self) -> bool {
        match self.body {
            _ if self.request_read => false,
            BodyLength::Fixed(length) => {
                length.saturating_sub(self.body_so_far) > self.shared.config.drain_limit()
            }
            BodyLength::Empty | BodyLength::Chunked => false,
        }
    }

    /// All of the answer is in the output.
    pub(super) fn answer_done(&mut self, now: &Now) {
        if let Some(trail) = &mut self.trail {
            trail.done(self.read, self.output.end());
        }
        let next = match self.wire.response_done() {
            Next::NextRequest => State::Head,
            Next::Drain => State::Draining,
            Next::Upgraded => return self.upgraded(now),
            Next::Close => State::Closing { linger: !self.request_read || !self.input.is_empty() },
        };
        self.dropped = 0;
        self.enter(next, now);
    }
}

/// A name as people and old clients know it from other servers, `Content-Type` for `content-type`.
/// Names of more than 64 bytes stay as they are.
fn title_case<'n>(name: &'n str, cased: &'n mut [u8; 64]) -> &'n str {
    match name {
        "etag" => return "ETag",
        "www-authenticate" => return "WWW-Authenticate",
        _ => {}
    }
    let Some(cased) = cased.get_mut(..name.len()) else { return name };
    cased.copy_from_slice(name.as_bytes());
    let mut first = true;
    for byte in cased.iter_mut() {
        if first {
            byte.make_ascii_uppercase();
        }
        first = *byte == b'-';
    }
    std::str::from_utf8(cased).unwrap_or(name)
}

fn write_switch(
    out: &mut Vec<u8>,
    answer: &Response,
    protocol: &str,
    now: &Now,
) -> Result<(), pauper_wire::Error> {
    let mut head = HeadWriter::response(out, answer.status().as_u16(), None)?;
    head.lines(now.date_line());
    head.upgrade(protocol)?;
    write_headers(&mut head, answer)?;
    head.finish();
    Ok(())
}

fn write_head(
    out: &mut Vec<u8>,
    answer: &Response,
    framing: &Framing,
    shared: &Shared,
    now: &Now,
) -> Result<(), pauper_wire::Error> {
    let mut head = HeadWriter::response(out, answer.status().as_u16(), None)?;
    let headers = answer.headers();
    // Nearly no answer brings its own.
    let own = !headers.has_only_content_type();
    if !own || !headers.contains("server") {
        head.lines(shared.server_line());
    }
    if !own || !headers.contains("date") {
        head.lines(now.date_line());
    }
    if own {
        write_headers(&mut head, answer)?;
    } else if let Some(value) = headers.content_type() {
        match usual_type(value.as_bytes()) {
            Some(line) => head.lines(line),
            None => head.header("Content-Type", value.as_bytes().trim_ascii())?,
        }
    }
    head.framing(framing);
    head.finish();
    Ok(())
}

fn write_headers(head: &mut HeadWriter<'_>, answer: &Response) -> Result<(), pauper_wire::Error> {
    for (name, value) in answer.headers().iter() {
        let mut cased = [0; 64];
        head.header(title_case(name.as_str(), &mut cased), value.as_bytes().trim_ascii())?;
    }
    Ok(())
}

/// The lines of the types that most answers have.
fn usual_type(value: &[u8]) -> Option<&'static Lines> {
    static TEXT: Lines = Lines::fixed("Content-Type: text/plain; charset=utf-8\r\n");
    static HTML: Lines = Lines::fixed("Content-Type: text/html; charset=utf-8\r\n");
    static JSON: Lines = Lines::fixed("Content-Type: application/json\r\n");
    static BINARY: Lines = Lines::fixed("Content-Type: application/octet-stream\r\n");
    match value {
        b"text/plain; charset=utf-8" => Some(&TEXT),
        b"text/html; charset=utf-8" => Some(&HTML),
        b"application/json" => Some(&JSON),
        b"application/octet-stream" => Some(&BINARY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::title_case;

    #[test]
    fn names_are_written_as_they_are_known() {
        let long = "x".repeat(65);
        for (name, expected) in [
            ("content-type", "Content-Type"),
            ("x-b", "X-B"),
            ("etag", "ETag"),
            ("www-authenticate", "WWW-Authenticate"),
            ("-a--b", "-A--B"),
            (long.as_str(), long.as_str()),
        ] {
            assert_eq!(title_case(name, &mut [0; 64]), expected);
        }
    }
}
