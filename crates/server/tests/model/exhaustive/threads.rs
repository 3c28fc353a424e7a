//! Threads are there for every loop that is held up and for every task that may start, and all of
//! them end.

use std::sync::{Arc, Weak};

use loom::thread::{self, JoinHandle};

use super::check;
use super::slot::Slot;
use super::sync::{AtomicUsize, Condvar, Mutex, Ordering, Signal, lock, wait};
use super::team::{Duty, Sizes, Task, Team};

/// A loop, with how often it is going to do what may block.
#[derive(Debug)]
struct Loop {
    left: u32,
}

#[derive(Debug)]
struct Job {
    number: usize,
    kind: u32,
    computes: bool,
    /// How many other jobs are done before this one is.
    awaits: usize,
    /// Of which kind it turns out to be when it is begun.
    becomes: Option<u32>,
}

impl Task for Job {
    fn kind(&self) -> u32 {
        self.kind
    }

    fn computes(&self) -> bool {
        self.computes
    }
}

fn job(number: usize, kind: u32) -> Job {
    Job { number, kind, computes: false, awaits: 0, becomes: None }
}

/// A team with its threads.
struct Crew {
    sizes: Sizes,
    team: Team<Loop, Job>,
    slot: Slot<Loop>,
    stopped: Signal,
    /// Which jobs were done.
    done: Mutex<Vec<usize>>,
    changed: Condvar,
    /// How many jobs of each kind run, and in the last place how many compute.
    running: [AtomicUsize; 3],
    /// Set when a job begins that awaits others.
    begun: Signal,
    /// How often a thread was to be started. Loom has no part in this and what follows.
    starts: std::sync::atomic::AtomicUsize,
    threads: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Crew {
    fn new(sizes: Sizes) -> Arc<Self> {
        Self::where_starts(|_| true, sizes)
    }

    /// A team whose threads can be started the times that this says, counted from zero.
    fn where_starts(succeed: fn(usize) -> bool, sizes: Sizes) -> Arc<Self> {
        Arc::new_cyclic(|weak: &Weak<Self>| {
            let weak = weak.clone();
            Self {
                sizes,
                team: Team::new(sizes, move || {
                    weak.upgrade().is_some_and(|crew| {
                        let can = succeed(crew.starts.fetch_add(1, Ordering::SeqCst));
                        if can {
                            crew.start();
                        }
                        can
                    })
                }),
                slot: Slot::new(),
                stopped: Signal::default(),
                done: Mutex::new(Vec::new()),
                changed: Condvar::new(),
                running: std::array::from_fn(|_| AtomicUsize::new(0)),
                begun: Signal::default(),
                starts: 0.into(),
                threads: std::sync::Mutex::default(),
            }
        })
    }

    fn start(self: &Arc<Self>) {
        let crew = Arc::clone(self);
        let thread = thread::spawn(move || crew.serve());
        let mut threads = self.threads.lock().unwrap();
        threads.push(thread);
        assert!(threads.len() <= self.sizes.workers + 2 * self.sizes.reserve);
    }

    /// What each thread does.
    fn serve(&self) {
        self.team.arrive();
        loop {
            match self.team.next() {
                Duty::Hold(held) => self.hold(held),
                Duty::Do(job) => self.work(job),
                Duty::Leave => return,
            }
        }
    }

    /// Runs a loop that does nothing but what may block.
    fn hold(&self, mut held: Loop) {
        while held.left > 0 {
            held.left -= 1;
            if self.team.may_block() {
                let lease = self.slot.lend(held);
                let Some(back) = self.slot.take_back(lease) else { return };
                held = back;
            }
        }
        self.stopped.set();
    }

    fn work(&self, mut job: Job) {
        if let Some(other) = job.becomes.take() {
            if !self.team.turns_into(job.kind, other) {
                self.team.done(job.kind, job.computes);
                job.kind = other;
                self.team.offer(job, true).unwrap();
                return;
            }
            job.kind = other;
        }
        let counts = [(job.kind as usize, self.sizes.workers_per_kind, true)];
        let counts = counts.into_iter().chain([(2, self.sizes.computing, job.computes)]);
        let counts: Vec<_> = counts.filter(|(_, _, counts)| *counts).collect();
        for (at, most, _) in &counts {
            let before = self.running[*at].fetch_add(1, Ordering::SeqCst);
            assert!(before < *most, "too many of a kind at once");
        }
        if job.awaits > 0 {
            self.begun.set();
        }
        let mut done = lock(&self.done);
        while done.len() < job.awaits {
            done = wait(&self.changed, done);
        }
        done.push(job.number);
        drop(done);
        for (at, _, _) in &counts {
            self.running[*at].fetch_add(usize::MAX, Ordering::SeqCst);
        }
        self.team.done(job.kind, job.computes);
        self.changed.notify_all();
    }

    fn wait_for_jobs(&self, count: usize) {
        let mut done = lock(&self.done);
        while done.len() < count {
            done = wait(&self.changed, done);
        }
    }

    /// Ends all threads; gives the numbers of the jobs that nobody began.
    fn end(&self) -> Vec<usize> {
        let left = self.team.end().into_iter().map(|job| job.number).collect();
        self.join();
        left
    }

    /// Waits for all threads to end, which somebody told them.
    fn join(&self) {
        loop {
            let Some(thread) = self.threads.lock().unwrap().pop() else { break };
            thread.join().unwrap();
        }
        assert_eq!(self.team.threads(), (0, 0), "all threads are gone");
    }
}

fn sizes(reserve: usize, workers: usize) -> Sizes {
    Sizes { reserve, workers, workers_per_kind: workers, computing: workers, queue: 8 }
}

/// A loop that may block has a thread that takes it over, though so many tasks want one too.
fn who_may_block_is_rescued(name: &str, times: u32, tasks: usize, interruptions: usize) {
    check(name, Some(interruptions), move || {
        let crew = Crew::new(sizes(1, 1));
        crew.team.hold_first(Loop { left: times });
        for _ in 0..2 {
            crew.team.expect_one();
            crew.start();
        }
        for number in 0..tasks {
            crew.team.offer(job(number, 0), false).unwrap();
        }
        for _ in 0..times {
            // This is the monitor.
            if let Some(held_up) = crew.slot.adopt_if(|| true) {
                assert!(crew.team.hold(held_up).is_ok(), "who may block has somebody");
            }
        }
        crew.stopped.wait();
        crew.wait_for_jobs(tasks);
        assert!(crew.end().is_empty());
    });
}

#[test]
fn loops_are_rescued() {
    who_may_block_is_rescued("rescues", 2, 0, 3);
}

#[test]
fn loops_are_rescued_while_there_are_tasks() {
    who_may_block_is_rescued("rescues beside a task", 2, 1, 1);
}

/// A loop that nobody could take is taken by the next thread that is free.
#[test]
fn a_loop_is_taken_by_the_next_thread() {
    check("next thread", None, || {
        let crew = Crew::new(sizes(1, 1));
        let nobody = crew.team.hold(Loop { left: 0 });
        let held = nobody.expect_err("there is no thread");
        crew.team.expect_one();
        crew.start();
        if let Err(held) = crew.team.hold(held) {
            crew.team.hold_first(held);
        }
        crew.stopped.wait();
        assert!(crew.end().is_empty());
    });
}

/// A thread that was given a loop is nobody's hope any more, from that moment on.
#[test]
fn a_thread_that_has_a_loop_is_not_counted_on() {
    check("not counted on", Some(3), || {
        let crew = Crew::new(sizes(1, 1));
        crew.team.expect_one();
        crew.start();
        if crew.team.may_block() && crew.team.hold(Loop { left: 0 }).is_ok() {
            let may_block = crew.team.may_block();
            assert!(!may_block || crew.stopped.is_set(), "the only thread has not come back");
        }
        assert!(crew.end().is_empty());
    });
}

/// A task starts when there is a thread for it, or may be one: here the second waits for the third,
/// as an event stream that somebody has to end.
#[test]
fn tasks_start_while_others_wait() {
    check("tasks", Some(2), || {
        let crew = Crew::new(sizes(0, 2));
        for number in 0..3 {
            let awaits = if number == 1 { 2 } else { 0 };
            crew.team.offer(Job { awaits, ..job(number, 0) }, false).unwrap();
        }
        crew.wait_for_jobs(3);
        assert!(crew.end().is_empty());
    });
}

/// Tasks of one kind wait for each other where no two may run, and others pass them by.
#[test]
fn kinds_have_their_bounds() {
    check("kinds", Some(2), || {
        let crew = Crew::new(Sizes { workers_per_kind: 1, computing: 1, ..sizes(0, 2) });
        for number in 0..3 {
            crew.team.offer(job(number, u32::from(number == 2)), false).unwrap();
        }
        crew.wait_for_jobs(3);
        assert!(crew.end().is_empty());
    });
}

/// They have them too where a task turns out to be of another kind than was known.
#[test]
fn kinds_that_turn_out_late_have_their_bounds() {
    check("kinds that turn out late", Some(2), || {
        let crew = Crew::new(Sizes { workers_per_kind: 1, ..sizes(0, 2) });
        for number in 0..3 {
            let (kind, becomes) = if number == 0 { (0, Some(1)) } else { (1, None) };
            crew.team.offer(Job { becomes, ..job(number, kind) }, false).unwrap();
        }
        crew.wait_for_jobs(3);
        assert!(crew.end().is_empty());
    });
}

/// Then there is room for one more of the kind that it was thought to be.
#[test]
fn a_task_that_turns_out_to_be_of_another_kind_makes_room() {
    check("room for a kind", Some(2), || {
        let crew = Crew::new(Sizes { workers_per_kind: 1, ..sizes(0, 2) });
        let first = Job { becomes: Some(1), awaits: 1, ..job(0, 0) };
        crew.team.offer(first, false).unwrap();
        crew.team.offer(job(1, 0), false).unwrap();
        crew.wait_for_jobs(2);
        assert!(crew.end().is_empty());
    });
}

/// The same for those that compute, whatever kind they are of.
#[test]
fn what_computes_has_its_bound() {
    check("computing", Some(2), || {
        let crew = Crew::new(Sizes { computing: 1, ..sizes(0, 2) });
        for number in 0..3 {
            let computes = number < 2;
            // The first waits for the last, which passes the second by.
            let awaits = usize::from(number == 0);
            let offered = Job { computes, awaits, ..job(number, u32::from(number == 1)) };
            crew.team.offer(offered, false).unwrap();
        }
        crew.wait_for_jobs(3);
        assert!(crew.end().is_empty());
    });
}

/// At the end each task was done or is given back, and all threads leave: those that rest, those
/// that work, and those that have not arrived.
#[test]
fn the_end_ends_all() {
    check("end of the threads", Some(4), || {
        let crew = Crew::new(Sizes { queue: 1, ..sizes(0, 2) });
        let offers = {
            let crew = Arc::clone(&crew);
            thread::spawn(move || {
                let offer = |number| crew.team.offer(job(number, 0), false).err();
                (0..2).filter_map(offer).map(|job| job.number).collect::<Vec<_>>()
            })
        };
        let mut all = crew.team.end().into_iter().map(|job| job.number).collect::<Vec<_>>();
        all.extend(offers.join().unwrap());
        crew.join();
        all.extend(lock(&crew.done).drain(..));
        all.sort_unstable();
        assert_eq!(all, [0, 1], "each once");
    });
}

/// No more tasks wait than may, but for those that must be done.
#[test]
fn the_queue_is_bounded() {
    check("queue", Some(3), || {
        let crew = Crew::new(Sizes { queue: 1, ..sizes(0, 1) });
        // The first is done when this says so.
        let awaits = 1;
        crew.team.offer(Job { awaits, ..job(0, 0) }, false).unwrap();
        // Of these, one may wait beside the one that runs, if that runs yet.
        let taken = (1..3).filter(|number| crew.team.offer(job(*number, 0), false).is_ok()).count();
        assert!(taken <= 1);
        crew.team.offer(job(3, 0), true).unwrap();
        lock(&crew.done).push(4);
        crew.changed.notify_all();
        crew.wait_for_jobs(1 + 1 + taken + 1);
        assert!(crew.end().is_empty());
    });
}

/// A task is not taken where nobody ever would do it.
#[test]
fn without_threads_nothing_is_taken() {
    let none: fn(usize) -> bool = |_| false;
    for (startable, starts) in [(0, none), (1, |number| number == 0)] {
        check("too few threads", Some(3), move || {
            let crew = Crew::where_starts(starts, sizes(0, 2));
            let offers = {
                let crew = Arc::clone(&crew);
                thread::spawn(move || crew.team.offer(job(1, 0), false).is_ok())
            };
            let mine = crew.team.offer(job(0, 0), false).is_ok();
            let theirs = offers.join().unwrap();
            assert_eq!([mine, theirs], [startable > 0; 2]);
            crew.wait_for_jobs(2 * startable);
            assert!(crew.end().is_empty());
        });
    }
}

/// A thread that could not be started is not waited for: the next task starts one.
#[test]
fn a_thread_that_did_not_start_is_not_expected() {
    check("a start that fails", Some(2), || {
        let crew = Crew::where_starts(|number| number != 1, sizes(0, 2));
        crew.team.offer(Job { awaits: 2, ..job(0, 0) }, false).unwrap();
        crew.begun.wait();
        for number in 1..3 {
            crew.team.offer(job(number, 0), false).unwrap();
        }
        crew.wait_for_jobs(3);
        assert!(crew.end().is_empty());
    });
}
