//! The time limits of a connection.

use std::time::Duration;

use super::{Exchange, Now, State};

/// When what happened, in the driver's time.
#[derive(Clone, Copy)]
pub(super) struct Timing {
    /// When the state was entered; in a head, when its first byte came.
    since: Moment,
    /// Whether bytes of a head have come.
    head_begun: bool,
    last_read: Moment,
    /// When bytes were last written, or when there first were some to be written.
    last_written: Moment,
    /// Bytes of the current body.
    body: u64,
}

/// A time in nanoseconds: half as large as a `Duration`, of which each connection has some. It
/// reaches for 584 years.
#[derive(Clone, Copy)]
struct Moment(u64);

impl Moment {
    fn of(now: &Now) -> Self {
        Self(u64::try_from(now.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn after(self, time: Duration) -> Duration {
        Duration::from_nanos(self.0).saturating_add(time)
    }
}

impl Timing {
    pub(super) fn new(now: &Now) -> Self {
        let now = Moment::of(now);
        Self { since: now, head_begun: false, last_read: now, last_written: now, body: 0 }
    }

    pub(super) fn enter(&mut self, now: &Now, has_input: bool) {
        self.since = Moment::of(now);
        self.last_read = self.since;
        self.head_begun = has_input;
        self.body = 0;
    }

    pub(super) fn received(&mut self, now: &Now) {
        self.last_read = Moment::of(now);
    }

    pub(super) fn body_received(&mut self, in_all: u64) {
        self.body = in_all;
    }

    pub(super) fn written(&mut self, now: &Now) {
        self.last_written = Moment::of(now);
    }

    pub(super) fn head_begun(&self) -> bool {
        self.head_begun
    }

    pub(super) fn begin_head(&mut self, now: &Now, first_request: bool) {
        if !self.head_begun {
            self.head_begun = true;
            // The time of a connection's first head began when it was accepted.
            if !first_request {
                self.since = Moment::of(now);
            }
        }
    }

    pub(super) fn stalled(&self, limit: Duration, now: &Now) -> bool {
        self.last_written.after(limit) <= now.elapsed()
    }
}

impl Exchange {
    /// When [`expire`](Exchange::expire) is to be called if nothing happens before, in the
    /// driver's time; never while the service works on a request.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let Timing { since, last_read, last_written, head_begun, body } = self.timing;
        let config = &self.shared.config;
        let waits_for = match self.state {
            // While the client does not take its last answer nothing is read from it.
            State::Head if self.has_output() => None,
            State::Head if head_begun || self.requests == 0 => {
                Some(since.after(config.head_time()))
            }
            State::Head => Some(since.after(config.idle_time())),
            // A body that nobody wants is bounded in size, and comes no faster than one that is
            // wanted.
            State::Body | State::Draining => {
                let grace = config.body_grace();
                let fair = Duration::from_millis(body.saturating_mul(1000) / config.body_rate());
                let in_all = since.after(grace).saturating_add(fair);
                Some(in_all.min(last_read.after(grace)))
            }
            State::Driven => self.driver_deadline(),
            State::Lingering => Some(since.after(config.linger_time())),
            State::Away
            | State::Sending
            | State::Stream
            | State::TakenOver
            | State::Closing { .. }
            | State::Closed => None,
        };
        let stalls =
            self.output.waits_for_client().then(|| last_written.after(config.write_stall()));
        match (waits_for, stalls) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}
