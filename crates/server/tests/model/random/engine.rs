//! What the threads do: the engine's own `threading`, without time, sockets and services.

use std::sync::{Arc, Weak};

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread::{self, JoinHandle};

use super::clients::{Clients, Reply, What};
use super::event_loop::{Errand, EventLoop, Mail, Post, Todo};
use super::slot::Slot;
use super::sync::{AtomicUsize, Condvar, Mutex, Ordering, Signal, lock, wait};
use super::team::{Duty, Sizes, Task, Team};
use super::watch::Watch;

type Held = Box<EventLoop>;

#[derive(Debug)]
struct Assignment {
    errand: Errand,
    home: usize,
}

/// Endpoints, of which one computes.
const KINDS: usize = 4;
const COMPUTES: u32 = 2;

fn kind_of(what: What) -> u32 {
    match what {
        What::Answer => 0,
        What::Block => 1,
        What::Compute => COMPUTES,
        What::Await(_) | What::Stream(_) => 3,
    }
}

impl Task for Assignment {
    fn kind(&self) -> u32 {
        kind_of(self.errand.request.what)
    }

    fn computes(&self) -> bool {
        self.kind() == COMPUTES
    }
}

/// How many tasks of a team run at present, of each kind.
#[derive(Default)]
struct Running {
    kinds: [AtomicUsize; KINDS],
    all: AtomicUsize,
}

impl Running {
    fn begin(&self, kind: u32, sizes: &Sizes) {
        let of_this = self.kinds[kind as usize].fetch_add(1, Ordering::SeqCst);
        assert!(of_this < sizes.workers_per_kind, "too many of a kind");
        assert!(kind != COMPUTES || of_this < sizes.computing, "too many compute");
        assert!(self.all.fetch_add(1, Ordering::SeqCst) < sizes.workers, "too many");
    }

    fn end(&self, kind: u32) {
        self.kinds[kind as usize].fetch_sub(1, Ordering::SeqCst);
        self.all.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A team, and what is known about it from outside.
struct Crew {
    team: Team<Held, Assignment>,
    sizes: Sizes,
    running: Running,
    threads: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Crew {
    fn new(sizes: Sizes, start: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self {
            team: Team::new(sizes, start),
            sizes,
            running: Running::default(),
            threads: std::sync::Mutex::default(),
        }
    }

    fn join(&self) {
        loop {
            let Some(thread) = self.threads.lock().unwrap().pop() else { break };
            thread.join().unwrap();
        }
        assert_eq!(self.team.threads(), (0, 0), "all threads are gone");
    }
}

/// What makes a model.
#[derive(Clone, Copy)]
pub(super) struct Config {
    pub(super) loops: usize,
    pub(super) workers: usize,
    pub(super) workers_per_kind: usize,
    pub(super) streams: usize,
    pub(super) queue: usize,
    /// How likely a handler is thought to block.
    pub(super) slow: f64,
    /// How likely it is that no thread can be started.
    pub(super) short: f64,
}

pub(super) struct Engine {
    config: Config,
    slots: Vec<Slot<Held>>,
    posts: Vec<Arc<Post>>,
    watch: Watch,
    crew: Crew,
    streams: Crew,
    gates: Arc<[Signal]>,
    stopped: Mutex<usize>,
    ended: Condvar,
    monitor: std::sync::Mutex<Option<JoinHandle<()>>>,
    /// How many loops were given to another thread.
    rescues: AtomicUsize,
}

impl Engine {
    pub(super) fn start(config: Config, clients: &Clients, gates: &Arc<[Signal]>) -> Arc<Self> {
        let loops: Vec<_> =
            (0..config.loops).map(|at| EventLoop::new(at, Arc::clone(clients))).collect();
        let sizes = Sizes {
            reserve: config.loops,
            workers: config.workers,
            workers_per_kind: config.workers_per_kind,
            computing: 1,
            queue: config.queue,
        };
        let streams = config.streams;
        let stream_sizes =
            Sizes { reserve: 0, workers: streams, workers_per_kind: streams, ..sizes };
        let engine = Arc::new_cyclic(|weak: &Weak<Self>| {
            let start = |crew: fn(&Self) -> &Crew| {
                let weak = weak.clone();
                move || match weak.upgrade() {
                    Some(engine) if !thread_rng().gen_bool(config.short) => {
                        engine.start_thread(crew);
                        true
                    }
                    _ => false,
                }
            };
            Self {
                config,
                slots: (0..config.loops).map(|_| Slot::new()).collect(),
                posts: loops.iter().map(|one| Arc::clone(one.post())).collect(),
                watch: Watch::new(config.loops),
                crew: Crew::new(sizes, start(|engine| &engine.crew)),
                streams: Crew::new(stream_sizes, start(|engine| &engine.streams)),
                gates: Arc::clone(gates),
                stopped: Mutex::new(0),
                ended: Condvar::new(),
                monitor: std::sync::Mutex::default(),
                rescues: AtomicUsize::new(0),
            }
        });
        for one in loops {
            engine.crew.team.hold_first(Box::new(one));
        }
        for _ in 0..2 * config.loops {
            engine.crew.team.expect_one();
            engine.start_thread(|engine| &engine.crew);
        }
        let monitored = Arc::clone(&engine);
        let monitor = thread::spawn(move || monitored.look_after_loops());
        *engine.monitor.lock().unwrap() = Some(monitor);
        engine
    }

    pub(super) fn post(&self, client: usize) -> &Post {
        &self.posts[client % self.config.loops]
    }

    pub(super) fn order(&self, level: usize) {
        self.posts.iter().for_each(|post| post.order(level));
    }

    pub(super) fn rescues(&self) -> usize {
        self.rescues.load(Ordering::SeqCst)
    }

    /// Waits until nobody does anything: then all threads but those of the loops are idle, and
    /// there are enough of them.
    pub(super) fn wait_for_rest(&self) {
        loop {
            let (threads, idle) = self.crew.team.threads();
            assert!(idle <= threads, "more idle threads than there are");
            let (streams, idle_streams) = self.streams.team.threads();
            let loops = self.config.loops;
            if threads >= 2 * loops && idle + loops == threads && streams == idle_streams {
                break;
            }
            thread::yield_now();
        }
        assert!(self.crew.team.may_block(), "the loops have their reserve again");
    }

    /// Waits until all loops have stopped, and ends all threads.
    pub(super) fn end(&self) {
        let mut stopped = lock(&self.stopped);
        while *stopped < self.config.loops {
            stopped = wait(&self.ended, stopped);
        }
        drop(stopped);
        self.watch.end();
        drop(self.crew.team.end());
        drop(self.streams.team.end());
        let monitor = self.monitor.lock().unwrap().take();
        monitor.unwrap().join().unwrap();
        self.crew.join();
        self.streams.join();
    }

    fn start_thread(self: &Arc<Self>, crew: fn(&Self) -> &Crew) {
        let engine = Arc::clone(self);
        let thread = thread::spawn(move || engine.serve(crew(&engine)));
        let crew = crew(self);
        let mut threads = crew.threads.lock().unwrap();
        threads.push(thread);
        let most = crew.sizes.workers + 2 * crew.sizes.reserve;
        assert!(threads.len() <= most, "too many threads");
    }

    fn serve(&self, crew: &Crew) {
        crew.team.arrive();
        loop {
            match crew.team.next() {
                Duty::Hold(held) => self.hold(held),
                Duty::Do(task) => self.work(task, crew),
                Duty::Leave => return,
            }
        }
    }

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
                    held.wait();
                    self.watch.leave_poll(number);
                }
                Todo::Stopped => {
                    drop(held);
                    *lock(&self.stopped) += 1;
                    self.ended.notify_all();
                    return;
                }
            }
        }
    }

    fn run(&self, mut held: Held, mut errand: Errand) -> Option<Held> {
        let streams = matches!(errand.request.what, What::Stream(_));
        if streams || !self.crew.team.may_block() || self.is_slow() {
            self.send_away(&mut held, errand);
            return Some(held);
        }
        let number = held.number();
        let lease = self.slots[number].lend(held);
        // The target may turn out to be of an endpoint that is known to block.
        let sent_away = self.is_slow();
        if !sent_away {
            self.call(&mut errand);
        }
        match self.slots[number].take_back(lease) {
            Some(mut held) => {
                assert_eq!(held.number(), number, "another loop");
                if sent_away {
                    self.send_away(&mut held, errand);
                } else {
                    held.finish(errand);
                }
                Some(held)
            }
            None => {
                if sent_away {
                    self.call(&mut errand);
                }
                self.mail(number, errand);
                None
            }
        }
    }

    fn is_slow(&self) -> bool {
        thread_rng().gen_bool(self.config.slow)
    }

    fn call(&self, errand: &mut Errand) {
        match errand.request.what {
            What::Answer => {}
            What::Block | What::Compute => (0..3).for_each(|_| thread::yield_now()),
            What::Await(gate) | What::Stream(gate) => drop(self.gates[gate].pass()),
        }
        errand.reply = Some(Reply::Answer(errand.request.secret()));
    }

    fn send_away(&self, held: &mut EventLoop, errand: Errand) {
        let streams = matches!(errand.request.what, What::Stream(_));
        let crew = if streams { &self.streams } else { &self.crew };
        let task = Assignment { errand, home: held.number() };
        if let Err(mut task) = crew.team.offer(task, false) {
            task.errand.reply = Some(Reply::Refused);
            held.finish(task.errand);
        }
    }

    fn work(&self, task: Assignment, crew: &Crew) {
        let (kind, computes) = (task.kind(), task.computes());
        let Assignment { mut errand, home } = task;
        crew.running.begin(kind, &crew.sizes);
        self.call(&mut errand);
        crew.running.end(kind);
        crew.team.done(kind, computes);
        self.mail(home, errand);
    }

    fn mail(&self, home: usize, errand: Errand) {
        // A loop that is gone has told its clients so.
        drop(self.posts[home].send(Mail::Done(errand)));
    }

    /// The monitor.
    fn look_after_loops(&self) {
        let mut seen = vec![1; self.config.loops];
        while self.watch.sleep_while_idle() {
            // The time to the next look.
            thread::yield_now();
            if self.watch.is_over() {
                return;
            }
            for (number, seen) in seen.iter_mut().enumerate() {
                let now = self.watch.progress(number);
                if now == std::mem::replace(seen, now) && Watch::is_at_work(now) {
                    let held = self.slots[number].adopt_if(|| self.watch.progress(number) == now);
                    let Some(held) = held else { continue };
                    self.rescues.fetch_add(1, Ordering::SeqCst);
                    let taken = self.crew.team.hold(held);
                    assert!(taken.is_ok(), "nobody takes a loop over that was allowed to block");
                }
            }
        }
    }
}
