//! Records of what was answered, for access logs.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use http::{StatusCode, Version};
use pauper_message::{Peer, guard};

use super::now::Now;
use crate::log_macros::{Clean, log_error};

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
struct Entry {
    method: String,
    target: String,
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
}

impl Entry {
    fn new() -> Self {
        Self {
            method: String::new(),
            target: String::new(),
            version: Version::HTTP_11,
            received: SystemTime::UNIX_EPOCH,
            began: Duration::ZERO,
            in_start: 0,
            in_end: 0,
            status: None,
            out_start: 0,
            body_start: 0,
            out_end: None,
            first_byte: None,
        }
    }
}

/// The entries of a connection whose answers are not written yet, in order. Only the last can be
/// without an answer.
#[derive(Default)]
pub(super) struct Trail {
    entries: VecDeque<Entry>,
    /// Used up ones, for their strings.
    spare: Vec<Entry>,
}

/// A request's line.
pub(super) struct Line<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) version: Version,
}

impl Trail {
    /// A request is there, whose first byte stands at `in_start`.
    pub(super) fn begin(&mut self, line: Option<&Line<'_>>, in_start: u64, now: &Now) {
        let mut entry = self.spare.pop().unwrap_or_else(Entry::new);
        let unknown = Line { method: "-", target: "-", version: Version::HTTP_11 };
        let line = line.unwrap_or(&unknown);
        line.method.clone_into(&mut entry.method);
        line.target.clone_into(&mut entry.target);
        entry.version = line.version;
        entry.received = now.time();
        entry.began = now.elapsed();
        entry.in_start = in_start;
        entry.in_end = in_start;
        entry.status = None;
        entry.out_start = 0;
        entry.body_start = 0;
        entry.out_end = None;
        entry.first_byte = None;
        self.entries.push_back(entry);
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
        peer: Peer,
        now: &Now,
        tell: &dyn Fn(&AccessRecord<'_>),
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
            self.tell_first(written, true, peer, now, tell);
        }
    }

    /// The connection is over: tells of all the others.
    pub(super) fn broken(
        &mut self,
        read: u64,
        written: u64,
        peer: Peer,
        now: &Now,
        tell: &dyn Fn(&AccessRecord<'_>),
    ) {
        self.written(written, peer, now, tell);
        while let Some(entry) = self.entries.front_mut() {
            entry.in_end = entry.in_end.max(read);
            self.tell_first(written, false, peer, now, tell);
        }
    }

    /// Keeps a used up entry for its strings, within bounds.
    fn keep(&mut self, mut entry: Entry) {
        const KEPT: usize = 4;
        const LONGEST: usize = 512;
        if self.spare.len() < KEPT {
            if entry.target.capacity() > LONGEST {
                entry.target = String::new();
            }
            self.spare.push(entry);
        }
    }

    fn tell_first(
        &mut self,
        written: u64,
        complete: bool,
        peer: Peer,
        now: &Now,
        tell: &dyn Fn(&AccessRecord<'_>),
    ) {
        let Some(entry) = self.entries.pop_front() else { return };
        let out = match entry.status {
            Some(_) => written.min(entry.out_end.unwrap_or(written)),
            None => entry.out_start,
        };
        let record = AccessRecord {
            peer,
            method: &entry.method,
            target: &entry.target,
            version: entry.version,
            status: entry.status,
            bytes_in: entry.in_end - entry.in_start,
            bytes_out: out.saturating_sub(entry.out_start),
            body_out: entry.status.map_or(0, |_| out.saturating_sub(entry.body_start)),
            received: entry.received,
            first_byte: entry.first_byte,
            total: now.elapsed().saturating_sub(entry.began),
            complete,
        };
        // A panic of the program's function must not end the loop.
        let told = guard(|| {
            tell(&record);
            Ok(())
        });
        if let Err(error) = told {
            log_error!("{peer}: the access function failed: {}", Clean(error.log_text()));
        }
        self.keep(entry);
    }
}
