//! From bytes to requests.

use pauper_message::{BodyError, SourcePiece};
use pauper_wire::{BodyLength, Event, HeadWriter, RequestHead};

use super::access::Line;
use super::input::is_usual;
use super::job::{Job, Stage};
use super::{Exchange, Now, State, Step, Want};

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
        let mut job = self.take_job();
        let slots = job.request.slots_mut(self.shared.config.limits().max_headers());
        let received = self.wire.receive(self.input.unread(), slots);
        if let Ok((consumed, Event::Head(head))) = received {
            return Some(self.begin(job, head, consumed, now));
        }
        self.job = Some(job);
        match received {
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

    /// The job that is here, or a new one.
    pub(super) fn take_job(&mut self) -> Box<Job> {
        match self.job.take() {
            Some(job) => job,
            None => Box::new(Job::new(std::sync::Arc::clone(&self.shared))),
        }
    }

    fn begin(&mut self, mut job: Box<Job>, head: RequestHead, consumed: usize, now: &Now) -> Step {
        self.requests += 1;
        self.body = head.body();
        self.body_so_far = 0;
        self.request_read = self.body == BodyLength::Empty;
        let bytes = &self.input.unread()[..consumed];
        job.request.refill(bytes, head, self.peer, now.time());
        job.body = self.body;
        job.keeps_streams = self.keeps_streams;
        if self.peer.secure
            && let Some(rare) = &self.rare
        {
            job.request.set_tls(rare.tls.clone());
        }
        let id = scatter(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        job.request.set_id(id);
        if let Some(trail) = &mut self.trail {
            let line = Line {
                id,
                method: job.request.method().as_str(),
                target: job.request.target(),
                version: job.request.version(),
                referer: job.request.header("referer").unwrap_or_default(),
                user_agent: job.request.header("user-agent").unwrap_or_default(),
            };
            trail.begin(Some(&line), self.peer, self.read, now);
        }
        self.consume(consumed);
        self.enter(State::Away, now);
        self.hand_out(job, Stage::Begin)
    }

    /// Takes what is there of a body. What fits into memory is kept right here; for anything else
    /// the whole buffer goes to a job.
    pub(super) fn read_body(&mut self, now: &Now) -> Option<Step> {
        let Some(mut job) = self.job.take() else { unreachable!("a body without its request") };
        let mut used = 0;
        job.parcel.spans.clear();
        job.parcel.last = false;
        loop {
            let unread = &self.input.unread()[used..];
            match self.wire.receive(unread, &mut []) {
                Ok((consumed, Event::Data { span, last_of_chunk })) => {
                    self.body_so_far += span.len() as u64;
                    if job.parcel.spans.is_empty()
                        && job.collector.take_quickly(&unread[span.clone()])
                    {
                        if last_of_chunk {
                            job.collector.chunk_ended();
                        }
                        self.consume(used + consumed);
                        used = 0;
                    } else {
                        let (start, end) = (used + span.start, used + span.end);
                        job.parcel.spans.push((start as u32..end as u32, last_of_chunk));
                        used += consumed;
                    }
                }
                Ok((consumed, Event::End)) => {
                    used += consumed;
                    self.request_read = true;
                    job.parcel.last = true;
                    break;
                }
                Ok((consumed, Event::NeedMore)) => {
                    used += consumed;
                    break;
                }
                Ok((_, event)) => unreachable!("the wire has {event:?} in a body"),
                Err(error) => {
                    self.chores.drop_later(job);
                    self.refuse_wire(error, now);
                    return None;
                }
            }
        }
        self.timing.body_received(self.body_so_far);
        if job.parcel.spans.is_empty() && !job.parcel.last {
            self.job = Some(job);
            self.consume(used);
            self.invite(now);
            return self.need_more(now);
        }
        if job.parcel.spans.is_empty() {
            self.consume(used);
        } else {
            let (bytes, start) = self.input.detach(used);
            self.read += used as u64;
            for (span, _) in &mut job.parcel.spans {
                *span = span.start + start as u32..span.end + start as u32;
            }
            job.parcel.bytes = bytes;
        }
        if self.request_read {
            self.enter(State::Away, now);
        } else {
            // The time of the body goes on.
            self.state = State::Away;
        }
        Some(self.hand_out(job, Stage::Store))
    }

    /// Reads a body for somebody who waits for it: appends the next bytes to `out`, or gives nothing
    /// if more input is needed first.
    ///
    /// # Errors
    /// When the body will not arrive whole.
    pub(super) fn read_stream(
        &mut self,
        out: &mut Vec<u8>,
        now: &Now,
    ) -> Result<Option<SourcePiece>, BodyError> {
        if self.request_read {
            return Ok(Some(SourcePiece::End));
        }
        match self.wire.receive(self.input.unread(), &mut []) {
            Ok((consumed, Event::Data { span, last_of_chunk })) => {
                self.body_so_far += span.len() as u64;
                let limit = self.shared.config.max_sink_body();
                if self.body_so_far > limit {
                    let text = format!("the body is longer than {limit} bytes (max_sink_body)");
                    return Err(BodyError::new(http::StatusCode::PAYLOAD_TOO_LARGE, text));
                }
                out.extend_from_slice(&self.input.unread()[span]);
                self.consume(consumed);
                let is_chunked = self.body == BodyLength::Chunked;
                let ends = last_of_chunk || !is_chunked;
                Ok(Some(if ends { SourcePiece::ChunkEnd } else { SourcePiece::More }))
            }
            Ok((consumed, Event::End)) => {
                self.consume(consumed);
                self.request_read = true;
                Ok(Some(SourcePiece::End))
            }
            Ok((consumed, Event::NeedMore)) => {
                self.consume(consumed);
                if self.eof {
                    let text = "the connection ended in the middle of the body";
                    return Err(BodyError::new(http::StatusCode::BAD_REQUEST, text));
                }
                self.invite(now);
                Ok(None)
            }
            Ok((_, event)) => unreachable!("the wire has {event:?} in a body"),
            Err(error) => {
                let status = http::StatusCode::from_u16(error.status());
                let status = status.unwrap_or(http::StatusCode::BAD_REQUEST);
                Err(BodyError::new(status, error.kind().rule()))
            }
        }
    }

    /// Lets a client go on that waits to be told.
    fn invite(&mut self, now: &Now) {
        if self.wire.wants_continue() && !self.eof {
            if self.output.is_empty() {
                self.timing.written(now);
            }
            self.output.buffer().extend_from_slice(HeadWriter::INTERIM_CONTINUE);
            self.wire.continue_sent();
        }
    }

    /// Takes the buffer back that a part of a body went away in.
    pub(super) fn take_buffer(&mut self, job: &mut Job) {
        if job.parcel.bytes.capacity() > 0 {
            let bytes = std::mem::take(&mut job.parcel.bytes);
            if self.input.is_vacant() && is_usual(&bytes) {
                let _ = self.input.lend(bytes);
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
                if self.dropped > self.shared.config.drain_limit() {
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

    /// Drops the request, whose body never became whole.
    pub(super) fn drop_request(&mut self) {
        if !self.job_is_free()
            && let Some(job) = self.job.take()
        {
            self.chores.drop_later(job);
        }
    }
}

/// Numbers that follow each other, scattered: one to one, so that no two are the same (the finisher
/// of SplitMix64).
fn scatter(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
