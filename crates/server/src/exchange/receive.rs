//! From bytes to requests.

use std::mem;

use pauper_message::{OwnedHead, Request};
use pauper_wire::{BodyLength, Event, HeadWriter, HeaderSpan, RequestHead};

use super::access::Line;
use super::collect::Collector;
use super::{Collecting, Exchange, Now, State, Step, Want};

impl Exchange {
    /// There is not enough input.
    pub(super) fn need_more(&mut self, now: &Now) -> Option<Step> {
        if !self.eof {
            return Some(Step::Wait(Want::Read));
        }
        if self.eof_told {
            // The wire has nothing more to say, which it should have.
            self.enter(State::Closed, now);
            return None;
        }
        self.eof_told = true;
        if let Err(error) = self.wire.receive_eof() {
            self.refuse_wire(error, now);
        }
        None
    }

    pub(super) fn read_head(&mut self, now: &Now) -> Option<Step> {
        if self.output.is_congested() {
            return Some(Step::Wait(Want::Write));
        }
        if self.input.is_empty() {
            if !self.eof {
                return Some(Step::Wait(Want::Read));
            }
            self.enter(State::Closing { linger: false }, now);
            return None;
        }
        if self.slots.is_empty() {
            self.slots = vec![HeaderSpan::default(); self.config.limits().max_headers()];
        }
        match self.wire.receive(self.input.unread(), &mut self.slots) {
            Ok((consumed, Event::Head(head))) => Some(self.begin(head, consumed, now)),
            Ok((_, Event::NeedMore)) => self.need_more(now),
            Ok((_, Event::Closed)) => {
                self.enter(State::Closing { linger: false }, now);
                None
            }
            Ok((_, event)) => unreachable!("the wire has {event:?} between requests"),
            Err(error) => {
                self.refuse_wire(error, now);
                None
            }
        }
    }

    pub(super) fn begin(&mut self, head: RequestHead, consumed: usize, now: &Now) -> Step {
        self.requests += 1;
        self.body = head.body();
        self.request_read = self.body == BodyLength::Empty;
        if let Some(trail) = &mut self.trail {
            let view = head.view(self.input.unread(), &self.slots);
            let version = match view.version() {
                pauper_wire::Version::Http10 => http::Version::HTTP_10,
                pauper_wire::Version::Http11 => http::Version::HTTP_11,
            };
            let line = Line { method: view.method(), target: view.target(), version };
            trail.begin(Some(&line), self.read, now);
        }
        let bytes = self.input.take(consumed, &mut self.spare_head);
        self.read += consumed as u64;
        let slots = mem::take(&mut self.slots);
        self.enter(State::Begin, now);
        Step::Begin(Request::from_head(OwnedHead { bytes, slots, head }, self.peer, now.time()))
    }

    /// Begins to take the body of `req`.
    pub(super) fn collect(
        &mut self,
        mut req: Request,
        mut collector: Collector,
        now: &Now,
    ) -> Step {
        let expected = match self.body {
            BodyLength::Empty => match collector.finish(&mut req) {
                Ok(()) => {
                    self.spare_body = collector.abandon();
                    self.enter(State::Call, now);
                    return Step::Call(req);
                }
                failed => failed,
            },
            BodyLength::Fixed(length) => collector.expect(length),
            BodyLength::Chunked => Ok(()),
        };
        match expected {
            Ok(()) => {
                self.collecting = Some(Box::new(Collecting { request: req, collector }));
                self.enter(State::Body, now);
            }
            Err(error) => {
                self.reclaim(req);
                self.give_up(error, now);
            }
        }
        self.poll(now)
    }

    pub(super) fn read_body(&mut self, now: &Now) -> Option<Step> {
        let Some(collecting) = &mut self.collecting else {
            unreachable!("a body without its request");
        };
        match self.wire.receive(self.input.unread(), &mut []) {
            Ok((consumed, Event::Data { span, .. })) => {
                let taken = collecting.collector.take(&self.input.unread()[span]);
                self.timing.body_received(collecting.collector.received());
                self.consume(consumed);
                if let Err(error) = taken {
                    self.drop_collecting();
                    self.give_up(error, now);
                }
                None
            }
            Ok((consumed, Event::End)) => {
                self.consume(consumed);
                self.request_read = true;
                let Collecting { mut request, mut collector } = *self.collecting.take()?;
                match collector.finish(&mut request) {
                    Ok(()) => {
                        self.enter(State::Call, now);
                        Some(Step::Call(request))
                    }
                    Err(error) => {
                        self.reclaim(request);
                        self.give_up(error, now);
                        None
                    }
                }
            }
            Ok((consumed, Event::NeedMore)) => {
                self.consume(consumed);
                if self.wire.wants_continue() && !self.eof {
                    if self.output.is_empty() {
                        self.timing.written(now);
                    }
                    self.output.buffer().extend_from_slice(HeadWriter::INTERIM_CONTINUE);
                    self.wire.continue_sent();
                }
                self.need_more(now)
            }
            Ok((_, event)) => unreachable!("the wire has {event:?} in a body"),
            Err(error) => {
                self.drop_collecting();
                self.refuse_wire(error, now);
                None
            }
        }
    }

    /// Reads and drops the rest of a body.
    pub(super) fn drain(&mut self, now: &Now) -> Option<Step> {
        match self.wire.receive(self.input.unread(), &mut []) {
            Ok((consumed, Event::Data { .. } | Event::NeedMore)) => {
                let more = consumed > 0;
                self.dropped += consumed as u64;
                self.timing.body_received(self.dropped);
                self.consume(consumed);
                if self.dropped > self.config.drain_limit() {
                    self.enter(State::Closing { linger: true }, now);
                    return None;
                }
                if more { None } else { self.need_more(now) }
            }
            Ok((consumed, _)) => {
                self.consume(consumed);
                self.request_read = true;
                self.enter(State::Head, now);
                None
            }
            Err(error) => {
                self.refuse_wire(error, now);
                None
            }
        }
    }

    pub(super) fn drop_collecting(&mut self) {
        if let Some(collecting) = self.collecting.take() {
            let Collecting { request, collector } = *collecting;
            self.spare_body = collector.abandon();
            self.reclaim(request);
        }
    }
}
