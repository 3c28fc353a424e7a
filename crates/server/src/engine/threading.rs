//! Several loops, and a team of threads that run them and what blocks.
//!
//! A thread that has a loop runs it, handlers included. Before anything that may block it puts the
//! loop into its slot and takes it back after. There are two ways off the loop for what does block.
//! An endpoint that is known to is sent to another thread at once. Whatever blocks without being
//! known to is found by the monitor, which gives the loop to another thread; the one that was held
//! up delivers its result by mail.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use pauper_message::{Dispatch, ServerInfo, Service};

use super::predict::Predictor;
use super::slot::Slot;
use super::team::{Duty, Sizes, Task, Team};
use super::watch::Watch;
use crate::event_loop::{Errand, EventLoop, Mail, Post, Todo, Work};
use crate::exchange::Shared;
use crate::log_macros::log_error;

/// How long a loop may be held up before another thread takes it.
const TICK: Duration = Duration::from_millis(2);
/// The same while that happens all the time.
const SHORT_TICK: Duration = Duration::from_micros(250);
/// How many milliseconds a stopped server waits for its threads to end.
const LAST_LOOKS: usize = 100;
/// Of which kind files and chores are, which nobody predicts.
const OTHER: u32 = u32::MAX;
/// Of which kind handshakes are: how long they take depends on the keys.
const HANDSHAKE: u32 = u32::MAX - 1;

/// A service that several threads can call.
pub(crate) type SharedService = Arc<dyn Service + Send + Sync>;

/// A loop, or the end of one.
type Held = Box<EventLoop>;

/// An errand for a thread, with the number of the loop that it belongs to.
struct Assignment {
    errand: Errand,
    home: usize,
    kind: u32,
    computes: bool,
}

impl Task for Assignment {
    fn kind(&self) -> u32 {
        self.kind
    }

    fn computes(&self) -> bool {
        self.computes
    }
}

/// What all threads of a server share.
struct Engine {
    service: SharedService,
    slots: Box<[Slot<Held>]>,
    posts: Arc<[Arc<Post>]>,
    watch: Watch,
    team: Team<Held, Assignment>,
    /// Threads for handlers that wait for their clients, who may be slow.
    streams: Team<Held, Assignment>,
    predictor: Predictor,
    end: Mutex<End>,
    ended: Condvar,
    info: Arc<ServerInfo>,
}

/// How far an errand was done under a lease.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// To its end, without calling the service for an answer.
    Done,
    /// The service was called for its answer.
    Called,
    /// It is for another thread.
    Away,
}

#[derive(Default)]
struct End {
    /// Loops that have stopped, and the connections that they cut.
    stopped: usize,
    left: usize,
    failure: Option<io::Error>,
}

/// Runs loops until they are told to stop; gives how many connections had to be cut.
pub(crate) fn run_threading(
    mut loops: Vec<EventLoop>,
    service: SharedService,
    shared: &Shared,
) -> io::Result<usize> {
    let count = loops.len();
    let posts: Arc<[Arc<Post>]> = loops.iter().map(|one| Arc::clone(one.post())).collect();
    for (number, event_loop) in loops.iter_mut().enumerate() {
        event_loop.join(number, Arc::clone(&posts));
    }
    let workers = shared.config.threads();
    let sizes = Sizes {
        reserve: count,
        workers,
        workers_per_kind: (workers * 3 / 4).max(1),
        computing: 2 * thread::available_parallelism().map_or(1, usize::from),
        queue: shared.config.max_queue(),
    };
    let streams = shared.config.max_streams();
    let stream_sizes = Sizes {
        reserve: 0,
        workers: streams,
        workers_per_kind: streams,
        computing: streams,
        ..sizes
    };
    let engine = Arc::new_cyclic(|weak: &Weak<Engine>| {
        let start = |team: fn(&Engine) -> &Team<Held, Assignment>| {
            let weak = weak.clone();
            move || weak.upgrade().is_some_and(|engine| start_thread(engine, team).is_ok())
        };
        Engine {
            service,
            slots: (0..count).map(|_| Slot::new()).collect(),
            posts,
            watch: Watch::new(count),
            team: Team::new(sizes, start(|engine| &engine.team)),
            streams: Team::new(stream_sizes, start(|engine| &engine.streams)),
            predictor: Predictor::new(),
            end: Mutex::default(),
            ended: Condvar::new(),
            info: Arc::clone(shared.info()),
        }
    });
    for event_loop in loops {
        engine.team.hold_first(Box::new(event_loop));
    }
    for _ in 0..2 * count {
        engine.team.expect_one();
        if let Err(error) = start_thread(Arc::clone(&engine), |engine| &engine.team) {
            engine.posts.iter().for_each(|post| post.stop_now());
            engine.finish();
            return Err(error);
        }
    }
    let monitored = Arc::clone(&engine);
    let monitor = thread::Builder::new()
        .name("pauper-monitor".to_owned())
        .spawn(move || monitor(&monitored))?;
    let result = engine.wait(count).map(|left| left + shared.end_upgraded());
    engine.finish();
    let _ = monitor.join();
    // The last one to let go of the engine drops the service. That should be this thread, so that it
    // has happened when the server has run, and before a program ends because of that.
    for _ in 0..LAST_LOOKS {
        if Arc::strong_count(&engine) == 1 {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    result
}

fn start_thread(
    engine: Arc<Engine>,
    team: fn(&Engine) -> &Team<Held, Assignment>,
) -> io::Result<()> {
    let main = move || {
        let _alarm = Alarm;
        let team = team(&engine);
        team.arrive();
        engine.info.thread_started();
        loop {
            let duty = team.next();
            engine.info.thread_busy();
            match duty {
                Duty::Hold(held) => engine.hold(held),
                Duty::Do(task) => engine.work(task, team),
                Duty::Leave => break,
            }
            engine.info.thread_idle();
        }
        engine.info.thread_idle();
        engine.info.thread_ended();
    };
    thread::Builder::new().name("pauper".to_owned()).spawn(main).map(drop)
}

/// A panic in the engine itself leaves connections that nobody serves; nobody could trust what
/// goes on. So the process ends, and whoever watches over it starts another.
struct Alarm;

impl Drop for Alarm {
    fn drop(&mut self) {
        if thread::panicking() {
            log_error!("the engine panicked; this is a bug of pauper");
            std::process::abort();
        }
    }
}

impl Engine {
    /// Runs a loop for as long as nothing holds this thread up.
    fn hold(&self, mut held: Held) {
        let number = held.number();
        loop {
            match held.step() {
                Todo::Errand(errand) => match self.run(held, errand) {
                    Some(again) => held = again,
                    None => return,
                },
                Todo::Wait => {
                    self.watch.enter_poll(number);
                    let waited = held.wait();
                    self.watch.leave_poll(number);
                    if let Err(error) = waited {
                        self.stopped(0, Some(error));
                        return;
                    }
                }
                Todo::Stopped(left) => {
                    // What is left of the loop is connections' buffers, and closing descriptors.
                    drop(held);
                    self.stopped(left, None);
                    return;
                }
            }
        }
    }

    /// Does an errand of a loop, or has it done. Nothing if the loop went elsewhere.
    fn run(&self, mut held: Held, mut errand: Errand) -> Option<Held> {
        let kind = kind_of(&errand);
        let streams = matches!(errand.work, Work::Stream(_));
        if let Work::Handshake(session) = &mut errand.work
            && (!self.team.may_block() || (self.predictor.is_slow(kind) && !self.team.has_room()))
        {
            // It waits for nobody, and computes for milliseconds at most. While handlers hold all
            // threads it is done right here, so that a client can be told of that.
            session.step();
            held.finish(errand);
            return Some(held);
        }
        if streams || !self.team.may_block() || self.predictor.is_slow(kind) {
            self.send_away(&mut held, errand);
            return Some(held);
        }
        let number = held.number();
        let watch = held.stopwatch();
        let lease = self.slots[number].lend(held);
        let (kind, way) = self.serve(&mut errand);
        match self.slots[number].take_back(lease) {
            Some(mut held) if way == Way::Away => {
                self.send_away(&mut held, errand);
                Some(held)
            }
            Some(mut held) => {
                held.finish(errand);
                let time = held.stopwatch().since(watch);
                self.predictor.ran(kind, time);
                if way == Way::Called {
                    held.counts().handled(Dispatch::Inline, time);
                }
                Some(held)
            }
            None => {
                if way == Way::Away {
                    // This thread is no loop's any more, so it may as well go on.
                    self.call(&mut errand);
                } else {
                    let time = watch.elapsed();
                    self.predictor.ran(kind, time);
                    if way == Way::Called {
                        errand.handled = Some((Dispatch::Rescued, time));
                    }
                }
                self.mail(number, errand);
                None
            }
        }
    }

    /// Does an errand under a lease, but for a call that is known to block. Gives of which kind it
    /// turned out to be, and how far that went.
    fn serve(&self, errand: &mut Errand) -> (u32, Way) {
        match &mut errand.work {
            Work::Job(job) => {
                let kind = job.kind();
                job.prepare(&*self.service);
                if !job.wants_call() {
                    return (kind, Way::Done);
                }
                let kind = job.kind();
                if self.predictor.is_slow(kind) {
                    return (kind, Way::Away);
                }
                job.call(&*self.service);
                return (kind, Way::Called);
            }
            Work::File(file) => file.run(),
            // It waits for its client in any case.
            Work::Stream(_) => return (OTHER, Way::Away),
            Work::Handshake(session) => {
                session.step();
                return (HANDSHAKE, Way::Done);
            }
            Work::Chores(chores) => chores.run(),
        }
        (OTHER, Way::Done)
    }

    /// Calls the service on a thread that has no loop.
    fn call(&self, errand: &mut Errand) {
        let Work::Job(job) = &mut errand.work else { return };
        let kind = job.kind();
        let wall = self.measure(kind, || job.call(&*self.service));
        errand.handled = Some((Dispatch::Predicted, wall));
    }

    /// Does work of this kind on a thread that has no loop, and learns from how long it takes.
    fn measure(&self, kind: u32, work: impl FnOnce()) -> Duration {
        // Asking costs some microseconds, and one answer in some is enough.
        let before = if self.predictor.asks(kind) { thread_time() } else { None };
        let start = Instant::now();
        work();
        let wall = start.elapsed();
        self.predictor.ran(kind, wall);
        if let (Some(before), Some(after)) = (before, before.and_then(|_| thread_time())) {
            self.predictor.computed(kind, wall, after.saturating_sub(before));
        }
        wall
    }

    /// Gives an errand to another thread.
    fn send_away(&self, held: &mut EventLoop, errand: Errand) {
        let token = errand.token();
        let kind = kind_of(&errand);
        let must = match &errand.work {
            Work::Job(job) => !job.is_refusable(),
            Work::Stream(_) => false,
            Work::File(_) | Work::Handshake(_) | Work::Chores(_) => true,
        };
        let team = if matches!(errand.work, Work::Stream(_)) { &self.streams } else { &self.team };
        // Handlers that compute for long must not keep clients from connecting.
        let computes = kind != HANDSHAKE && self.predictor.computes(kind);
        let task = Assignment { errand, home: held.number(), kind, computes };
        // Before it can be taken out of the queue again.
        self.info.queued();
        match team.offer(task, must) {
            Ok(()) => held.sent_away(token),
            Err(mut task) => {
                self.info.unqueued();
                held.counts().refused();
                match &mut task.errand.work {
                    Work::Job(job) => job.refuse(),
                    Work::Stream(stream) => stream.refuse(),
                    Work::File(_) | Work::Handshake(_) | Work::Chores(_) => {}
                }
                held.finish(task.errand);
            }
        }
    }

    /// Does an errand on a thread that has no loop.
    fn work(&self, task: Assignment, team: &Team<Held, Assignment>) {
        let Assignment { mut errand, home, mut kind, computes } = task;
        self.info.unqueued();
        match &mut errand.work {
            Work::Job(job) => {
                if !job.wants_call() {
                    let start = Instant::now();
                    job.prepare(&*self.service);
                    self.predictor.ran(kind, start.elapsed());
                }
                if job.wants_call() {
                    let call = job.kind();
                    let call_computes = self.predictor.computes(call);
                    if call != kind && (call_computes || !team.turns_into(kind, call)) {
                        team.done(kind, computes);
                        let computes = call_computes;
                        self.put_back(Assignment { errand, home, kind: call, computes }, team);
                        return;
                    }
                    kind = call;
                    self.call(&mut errand);
                }
            }
            Work::File(file) => file.run(),
            Work::Stream(stream) => {
                let start = Instant::now();
                stream.run(&*self.service);
                errand.handled = Some((Dispatch::Predicted, start.elapsed()));
            }
            Work::Handshake(session) => {
                self.measure(kind, || session.step());
            }
            Work::Chores(chores) => chores.run(),
        }
        team.done(kind, computes);
        self.mail(home, errand);
    }

    /// Lets a request wait whose endpoint, now that it is known, has enough threads.
    fn put_back(&self, task: Assignment, team: &Team<Held, Assignment>) {
        self.info.queued();
        if let Err(mut task) = team.offer(task, false) {
            self.info.unqueued();
            if let Work::Job(job) = &mut task.errand.work {
                job.refuse();
            }
            self.mail(task.home, task.errand);
        }
    }

    fn mail(&self, home: usize, errand: Errand) {
        // A loop that is gone has closed its connections; what is in the errand is dropped here.
        if let Err(Mail::Done(errand)) = self.posts[home].send(Mail::Done(errand)) {
            pauper_message::drop_quietly(errand);
        }
    }

    fn stopped(&self, left: usize, failure: Option<io::Error>) {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        end.stopped += 1;
        end.left += left;
        if failure.is_some() {
            // One loop that cannot wait any more is no server; the others finish what they have.
            self.posts.iter().for_each(|post| post.stop());
            end.failure = end.failure.take().or(failure);
        }
        self.ended.notify_all();
    }

    /// Waits until all loops have stopped.
    fn wait(&self, loops: usize) -> io::Result<usize> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        while end.stopped < loops {
            end = self.ended.wait(end).unwrap_or_else(PoisonError::into_inner);
        }
        match end.failure.take() {
            Some(error) => Err(error),
            None => Ok(end.left),
        }
    }

    /// Ends the threads that have nothing to do any more. A thread that a handler holds up ends
    /// when that returns, if it ever does.
    fn finish(&self) {
        self.watch.end();
        for task in self.team.end().into_iter().chain(self.streams.end()) {
            pauper_message::drop_quietly(task.errand);
        }
        for _ in 0..LAST_LOOKS {
            if self.team.threads().0 + self.streams.threads().0 == 0 {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn kind_of(errand: &Errand) -> u32 {
    match &errand.work {
        Work::Job(job) => job.kind(),
        Work::Handshake(_) => HANDSHAKE,
        Work::File(_) | Work::Stream(_) | Work::Chores(_) => OTHER,
    }
}

/// Looks at the loops while any is at work, and gives those that are held up to other threads.
fn monitor(engine: &Engine) {
    let _alarm = Alarm;
    let mut seen: Vec<usize> = engine.posts.iter().map(|_| 1).collect();
    let mut tick = TICK;
    while engine.watch.sleep_while_idle() {
        thread::sleep(tick);
        if engine.watch.is_over() {
            return;
        }
        tick = TICK;
        for (number, seen) in seen.iter_mut().enumerate() {
            let now = engine.watch.progress(number);
            if now == std::mem::replace(seen, now) && Watch::is_at_work(now) {
                let held = engine.slots[number].adopt_if(|| engine.watch.progress(number) == now);
                let Some(mut held) = held else { continue };
                held.adopted();
                match engine.team.hold(held) {
                    Ok(()) => tick = SHORT_TICK,
                    // Whoever may block made sure that there is somebody, so this does not happen;
                    // the next thread that is free would take it.
                    Err(held) => engine.team.hold_first(held),
                }
            }
        }
    }
}

/// How long the calling thread has computed so far, or waited for a processor to do so, where the
/// system tells.
#[cfg(unix)]
fn thread_time() -> Option<Duration> {
    let computed = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(computed.tv_sec).ok()?;
    let computed = Duration::new(seconds, u32::try_from(computed.tv_nsec).ok()?);
    // The second number of Linux is the time in the queue of a processor, in nanoseconds. (The
    // first would be the time on one, but only up to the last tick.)
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let queued = text.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    Some(computed + Duration::from_nanos(queued))
}

#[cfg(not(unix))]
fn thread_time() -> Option<Duration> {
    None
}
