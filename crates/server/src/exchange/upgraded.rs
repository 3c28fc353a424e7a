//! Connections that speak another protocol.

use std::sync::Arc;
use std::time::Duration;

use pauper_message::{Driver, Error, Outbox, TlsInfo, Upgrade, UpgradeKind, drop_quietly, guard};

use super::job::{Job, Parcel, Stage};
use super::output::Waker;
use super::shared::Permit;
use super::{Exchange, Now, State, Step, Want};

/// A driver with its outbox.
pub(super) struct Driven {
    /// None after it panicked.
    driver: Option<Box<dyn Driver>>,
    outbox: Outbox,
    failure: Option<Error>,
}

/// What a driver is to be told.
#[derive(Clone, Copy, Default)]
pub(super) struct News {
    pub(super) start: bool,
    pub(super) fed: bool,
    pub(super) woken: bool,
    pub(super) timer: bool,
    pub(super) eof: bool,
    pub(super) stop: bool,
}

impl News {
    fn is_empty(self) -> bool {
        !(self.start || self.fed || self.woken || self.timer || self.eof || self.stop)
    }
}

impl Driven {
    /// Tells the driver. This runs code of the user.
    pub(super) fn drive(&mut self, news: &News, parcel: &Parcel) {
        let Self { driver, outbox, failure } = self;
        let Some(one) = driver else { return };
        let told = guard(|| {
            if news.start {
                one.start(outbox);
            }
            for (span, _) in &parcel.spans {
                if !outbox.is_closing() {
                    one.feed(&parcel.bytes[span.start as usize..span.end as usize], outbox);
                }
            }
            if news.woken && !outbox.is_closing() {
                one.woken(outbox);
            }
            if news.timer && !outbox.is_closing() {
                one.timer(outbox);
            }
            if news.eof && !outbox.is_closing() {
                one.eof(outbox);
            }
            if news.stop && !outbox.is_closing() {
                one.stop(outbox);
            }
            Ok(())
        });
        if let Err(error) = told {
            *failure = Some(error);
            drop_quietly(driver.take());
        }
    }
}

/// What only connections have that are upgraded or encrypted, or whose answers come from other
/// threads.
#[derive(Default)]
pub(super) struct Rare {
    pub(super) tls: Option<Arc<TlsInfo>>,
    /// What happens elsewhere wakes the driver by this.
    pub(super) waker: Option<Waker>,
    pub(super) granted: Option<Box<Granted>>,
    driven: Option<Box<Driven>>,
    news: News,
    taken_over: Option<Box<TakenOver>>,
}

/// An upgrade that was granted, while its answer is being sent.
pub(super) struct Granted {
    protocol: Box<str>,
    kind: UpgradeKind,
    /// The place among those with threads, if it needs one.
    permit: Option<Permit>,
}

impl Granted {
    pub(super) fn protocol(&self) -> &str {
        &self.protocol
    }
}

/// A connection that a function takes over: the function, what the client sent already, and its
/// place among such connections.
pub(crate) struct TakenOver {
    pub(crate) run: Box<dyn FnOnce(Box<dyn pauper_message::UpgradedSocket>) + Send>,
    pub(crate) early: Vec<u8>,
    pub(crate) permit: Option<Permit>,
}

impl Exchange {
    pub(super) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Something outside happened that it asked to be told of; see [`Want::Waker`].
    pub fn woken(&mut self) {
        self.woken = true;
    }

    /// Keeps a place for an upgrade that takes a thread; nothing if there are too many.
    pub(super) fn grant(&mut self, upgrade: Upgrade) -> Option<Granted> {
        let protocol = upgrade.protocol().into();
        let kind = upgrade.into_kind();
        let mut permit = None;
        if matches!(kind, UpgradeKind::Blocking(_)) {
            permit = self.shared.permit();
            if permit.is_none() {
                self.chores.drop_later(kind);
                return None;
            }
        }
        Some(Granted { protocol, kind, permit })
    }

    /// The answer that upgraded the connection is in the output.
    pub(super) fn upgraded(&mut self, now: &Now) {
        let Some(granted) = self.rare().granted.take() else {
            self.enter(State::Closing { linger: false }, now);
            return;
        };
        let Granted { kind, permit, .. } = *granted;
        match kind {
            UpgradeKind::Driver(driver) => {
                drop(permit);
                let outbox = Outbox::new(pauper_message::DriverWaker::default());
                let driver = Some(driver);
                self.rare().driven = Some(Box::new(Driven { driver, outbox, failure: None }));
                self.rare().news = News { start: true, ..News::default() };
                self.enter(State::Driven, now);
            }
            UpgradeKind::Blocking(run) => {
                self.rare().taken_over =
                    Some(Box::new(TakenOver { run, early: Vec::new(), permit }));
                self.enter(State::TakenOver, now);
            }
            other => {
                self.chores.drop_later(other);
                self.enter(State::Closing { linger: false }, now);
            }
        }
    }

    /// Takes out what takes the connection over, on [`Want::TakeOver`].
    pub(crate) fn take_over(&mut self, now: &Now) -> Option<TakenOver> {
        let mut taken = self.rare().taken_over.take()?;
        taken.early = self.input.unread().to_vec();
        let n = taken.early.len();
        self.consume(n);
        self.enter(State::Closed, now);
        Some(*taken)
    }

    /// What the driver of an upgraded connection has to be told.
    pub(super) fn drive(&mut self, now: &Now) -> Option<Step> {
        if self.rare().waker.is_none() {
            return Some(Step::Wait(Want::Waker));
        }
        if self.output.is_congested() {
            // Who does not read is not listened to.
            if self.output.pending() > self.shared.config.max_unsent() {
                self.note("takes too few of its bytes (max_unsent)");
                self.broken = true;
                // What it does not take must not be waited for.
                self.close(now);
                return None;
            }
            if !(self.woken || self.stopping || self.timer_is_due(now)) {
                return Some(Step::Wait(Want::Write));
            }
        }
        let mut job = self.take_job();
        let mut news = std::mem::take(&mut self.rare().news);
        news.woken = std::mem::take(&mut self.woken);
        news.eof = self.eof && !std::mem::replace(&mut self.eof_told, true);
        news.stop = self.stopping && !std::mem::replace(&mut self.stop_told, true);
        job.parcel.spans.clear();
        job.parcel.last = false;
        let unread = self.input.unread().len();
        news.fed = unread > 0 && !self.output.is_congested();
        let waker = self.rare().waker.clone();
        let Some(mut driven) = self.rare().driven.take() else {
            self.job = Some(job);
            return Some(Step::Wait(Want::Answer));
        };
        driven.outbox.set_now(now.elapsed());
        driven.outbox.set_unsent(self.output.pending());
        news.timer = driven.outbox.take_expired();
        if news.is_empty() {
            self.rare().driven = Some(driven);
            self.job = Some(job);
            return Some(Step::Wait(if self.eof { Want::Answer } else { Want::Read }));
        }
        if news.fed {
            let (bytes, start) = self.input.detach(unread);
            self.read += unread as u64;
            job.parcel.bytes = bytes;
            job.parcel.spans.push((start as u32..(start + unread) as u32, false));
        }
        if news.start
            && let Some(waker) = waker
        {
            let waker = pauper_message::DriverWaker::new(waker);
            let mut outbox = Outbox::new(waker);
            outbox.set_now(now.elapsed());
            driven.outbox = outbox;
        }
        job.driven = Some(driven);
        job.news = news;
        Some(self.hand_out(job, Stage::Drive))
    }

    /// The driver was told.
    pub(super) fn drove(&mut self, job: &mut Job, now: &Now) {
        let Some(mut driven) = job.driven.take() else { return };
        if self.state != State::Driven {
            self.chores.drop_later(driven);
            return;
        }
        self.output.push_list(driven.outbox.take_output());
        if self.output.pending() > 0 {
            self.timing.written(now);
        }
        if let Some(error) = driven.failure.take() {
            let text = format!("{}: a driver failed: {}", self.peer, error.log_text());
            self.chores
                .push(super::chores::Chore::Error(crate::log_macros::Clean(text).to_string()));
            self.chores.drop_later(error);
            self.broken = true;
            self.close(now);
        } else if driven.outbox.is_closing() {
            self.enter(State::Closing { linger: true }, now);
        }
        if self.state == State::Driven {
            self.rare().driven = Some(driven);
        } else {
            self.chores.drop_later(driven);
        }
    }

    fn timer_is_due(&self, now: &Now) -> bool {
        self.driver_deadline().is_some_and(|deadline| deadline <= now.elapsed())
    }

    /// When the driver wants to be called.
    pub(super) fn driver_deadline(&self) -> Option<Duration> {
        self.rare.as_ref()?.driven.as_ref()?.outbox.deadline()
    }
}
