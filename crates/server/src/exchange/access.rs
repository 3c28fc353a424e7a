//! Records of what was answered, for access logs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{StatusCode, Version};
use pauper_message::Peer;

use super::chores::{Chore, Chores};
use super::now::Now;
use super::shared::Shared;

/// One request and its answer, when it is over; see
/// [`ServerConfig::with_on_access`](crate::ServerConfig::with_on_access).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AccessRecord<'a> {
    /// The two ends of the connection.
    pub peer: Peer,
    /// The method; `-` if the head could not be read.
    pub method: &'a str,
    /// The target as it was sent; `-` if the head could not be read. It has no spaces, quotes
    /// that break a line of a log, or control characters: the parser refuses those.
    pub target: &'a str,
    /// The version; HTTP/1.1 if the head could not be read.
    pub version: Version,
    /// The number of the request, as in [`Request::id`](pauper_message::Request::id); 0 if the head
    /// could not be read.
    pub id: u64,
    /// The Referer header as it was sent, or nothing.
    pub referer: &'a str,
    /// The User-Agent header as it was sent, or nothing. Both come from the client and may hold
    /// quotes; they have no control characters.
    pub user_agent: &'a str,
    /// The status of the answer; none if the connection ended before there was one.
    pub status: Option<StatusCode>,
    /// The bytes of the request, its head included.
    pub bytes_in: u64,
    /// The bytes of the answer that were written, its head included.
    pub bytes_out: u64,
    /// Those of them that belong to its body, as it was sent (chunked framing included).
    pub body_out: u64,
    /// When the head was complete.
    pub received: SystemTime,
    /// From then until the first byte of the answer was written.
    pub first_byte: Option<Duration>,
    /// From then until the answer was written or the connection broke.
    pub total: Duration,
    /// Whether all of the answer was written.
    pub complete: bool,
}

/// What is known so far; all in offsets of the whole connection's input and output.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) peer: Peer,
    id: u64,
    method: String,
    target: String,
    referer: String,
    user_agent: String,
    version: Version,
    received: SystemTime,
    began: Duration,
    in_start: u64,
    in_end: u64,
    status: Option<StatusCode>,
    out_start: u64,
    /// Where the head of the answer ends.
    body_start: u64,
    /// None while the answer is being made.
    out_end: Option<u64>,
    first_byte: Option<Duration>,
    /// Where the output ended, and when, once it is over.
    written: u64,
    total: Duration,
    complete: bool,
}

impl Entry {
    /// What the user is told, when it is over.
    pub(super) fn record(&self) -> AccessRecord<'_> {
        let out = match self.status {
            Some(_) => self.written.min(self.out_end.unwrap_or(self.written)),
            None => self.out_start,
        };
        AccessRecord {
            peer: self.peer,
            method: &self.method,
            target: &self.target,
            version: self.version,
            id: self.id,
            referer: &self.referer,
            user_agent: &self.user_agent,
            status: self.status,
            bytes_in: self.in_end - self.in_start,
            bytes_out: out.saturating_sub(self.out_start),
            body_out: self.status.map_or(0, |_| out.saturating_sub(self.body_start)),
            received: self.received,
            first_byte: self.first_byte,
            total: self.total,
            complete: self.complete,
        }
    }
}

/// The entries of a connection whose answers are not written yet, in order. Only the last can be
/// without an answer.
#[derive(Default)]
pub(super) struct Trail {
    entries: VecDeque<Box<Entry>>,
}

/// A request's line, and what else logs show of it.
pub(super) struct Line<'a> {
    pub(super) id: u64,
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) version: Version,
    pub(super) referer: &'a str,
    pub(super) user_agent: &'a str,
}

impl Trail {
    /// A request is there, whose first byte stands at `in_start`.
    pub(super) fn begin(&mut self, line: Option<&Line<'_>>, peer: Peer, in_start: u64, now: &Now) {
        let unknown = Line {
            id: 0,
            method: "-",
            target: "-",
            version: Version::HTTP_11,
            referer: "",
            user_agent: "",
        };
        let line = line.unwrap_or(&unknown);
        self.entries.push_back(Box::new(Entry {
            peer,
            id: line.id,
            method: line.method.to_owned(),
            target: line.target.to_owned(),
            referer: line.referer.to_owned(),
            user_agent: line.user_agent.to_owned(),
            version: line.version,
            received: now.time(),
            began: now.elapsed(),
            in_start,
            in_end: in_start,
            status: None,
            out_start: 0,
            body_start: 0,
            out_end: None,
            first_byte: None,
            written: 0,
            total: Duration::ZERO,
            complete: false,
        }));
    }

    /// Its answer begins at `out_start`, and the body of that at `body_start`.
    pub(super) fn answered(&mut self, status: StatusCode, out_start: u64, body_start: u64) {
        if let Some(entry) = self.entries.back_mut() {
            entry.status = Some(status);
            entry.out_start = out_start;
            entry.body_start = body_start;
        }
    }

    /// Its answer is made and ends at `out_end`; the request was read up to `in_end`.
    pub(super) fn done(&mut self, in_end: u64, out_end: u64) {
        if let Some(entry) = self.entries.back_mut() {
            entry.in_end = in_end;
            entry.out_end = Some(out_end);
        }
    }

    /// Output was written up to `written`: tells of the answers that are complete by that.
    pub(super) fn written(
        &mut self,
        written: u64,
        now: &Now,
        shared: &Arc<Shared>,
        chores: &mut Chores,
    ) {
        for entry in &mut self.entries {
            if entry.status.is_some() && entry.first_byte.is_none() && written > entry.out_start {
                entry.first_byte = Some(now.elapsed().saturating_sub(entry.began));
            }
        }
        while self
            .entries
            .front()
            .is_some_and(|entry| entry.out_end.is_some_and(|end| end <= written))
        {
            self.tell_first(written, true, now, shared, chores);
        }
    }

    /// The connection is over: tells of all the others.
    pub(super) fn broken(
        &mut self,
        read: u64,
        written: u64,
        now: &Now,
        shared: &Arc<Shared>,
        chores: &mut Chores,
    ) {
        self.written(written, now, shared, chores);
        while let Some(entry) = self.entries.front_mut() {
            entry.in_end = entry.in_end.max(read);
            self.tell_first(written, false, now, shared, chores);
        }
    }

    fn tell_first(
        &mut self,
        written: u64,
        complete: bool,
        now: &Now,
        shared: &Arc<Shared>,
        chores: &mut Chores,
    ) {
        let Some(mut entry) = self.entries.pop_front() else { return };
        entry.written = written;
        entry.complete = complete;
        entry.total = now.elapsed().saturating_sub(entry.began);
        chores.push(Chore::Tell(Arc::clone(shared), entry));
    }
}
