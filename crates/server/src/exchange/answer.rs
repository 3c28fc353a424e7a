//! From a response to bytes.

use pauper_message::{BodyKind, Error, ResponseParts, Upgrade, plain_answer};
use pauper_wire::{BodyLength, Framing, HeadWriter, Next, ResponseBody};

use super::chores::Chore;
use super::job::parts_of;
use super::output::{PiecesFraming, Source};
use super::{Exchange, Now, State};

impl Exchange {
    /// Puts a response behind the output.
    pub(super) fn send(&mut self, mut parts: ResponseParts, now: &Now) {
        if let Some(upgrade) = parts.upgrade.take() {
            match self.send_upgrade(upgrade, &parts, now) {
                Ok(()) => return self.chores.drop_later(parts),
                Err(refused) => {
                    self.chores.drop_later(parts);
                    parts = refused;
                }
            }
        }
        if parts.shutdown {
            self.wants_shutdown = true;
        }
        if parts.declined {
            self.decline(parts, now);
            return;
        }
        let out_start = self.output.end();
        let length = parts.body.len().map_or(ResponseBody::Unknown, ResponseBody::Known);
        let close = parts.close || self.stopping || self.is_last() || self.leaves_too_much();
        let framing = self.wire.respond(parts.status.as_u16(), length, close);
        let result = write_head(self.output.buffer(), &parts, &framing, &self.shared.config, now);
        if let Err(error) = result {
            // `Headers` admits nothing that the writer refuses; if they ever differ, nothing of
            // the response was written.
            let text = format!("{}: a response that cannot be written: {error}", self.peer);
            self.chores.push(Chore::Error(text));
            self.broken = true;
            self.decline(parts, now);
            return;
        }
        if let Some(trail) = &mut self.trail {
            trail.answered(parts.status, out_start, self.output.end());
        }
        if out_start == self.output.written() {
            // There was nothing to write before, so the client could not stall.
            self.timing.written(now);
        }
        let kind = parts.body.into_kind();
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
        parts: &ResponseParts,
        now: &Now,
    ) -> Result<(), ResponseParts> {
        let peer = self.peer;
        let refuse = |status: u16, text: &str| {
            let status = http::StatusCode::from_u16(status).unwrap_or_default();
            parts_of(plain_answer(Error::new(status, text)), &|| peer.to_string())
        };
        let asked = self.job.as_ref().is_some_and(|job| job.asked_for(upgrade.protocol()));
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
        let written = write_switch(self.output.buffer(), parts, granted.protocol(), now);
        if let Err(error) = written {
            let text = format!("{peer}: an upgrade that cannot be written: {error}");
            self.chores.push(Chore::Error(text));
            self.broken = true;
        }
        if let Some(trail) = &mut self.trail {
            trail.answered(parts.status, out_start, self.output.end());
        }
        self.granted = Some(Box::new(granted));
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
    fn decline(&mut self, parts: ResponseParts, now: &Now) {
        self.chores.drop_later(parts);
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
    parts: &ResponseParts,
    protocol: &str,
    now: &Now,
) -> Result<(), pauper_wire::Error> {
    let mut head = HeadWriter::response(out, parts.status.as_u16(), None)?;
    head.date(now.date());
    head.upgrade(protocol)?;
    for (name, value) in parts.headers.iter() {
        let mut cased = [0; 64];
        head.header(title_case(name.as_str(), &mut cased), value.as_bytes().trim_ascii())?;
    }
    head.finish();
    Ok(())
}

fn write_head(
    out: &mut Vec<u8>,
    parts: &ResponseParts,
    framing: &Framing,
    config: &crate::ServerConfig,
    now: &Now,
) -> Result<(), pauper_wire::Error> {
    let mut head = HeadWriter::response(out, parts.status.as_u16(), None)?;
    if let Some(name) = config.server_name()
        && !parts.headers.contains("server")
    {
        head.header("Server", name.as_bytes().trim_ascii())?;
    }
    if !parts.headers.contains("date") {
        head.date(now.date());
    }
    for (name, value) in parts.headers.iter() {
        let mut cased = [0; 64];
        head.header(title_case(name.as_str(), &mut cased), value.as_bytes().trim_ascii())?;
    }
    head.framing(framing);
    head.finish();
    Ok(())
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
