//! The threads: those that wait to take over a loop, and those that answer requests which are
//! known to block.

use std::collections::VecDeque;

use super::sync::{AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, lock, wait};

/// A piece of work that is sent to a thread.
pub(crate) trait Task {
    /// Of which kind it is; no kind may hold all threads.
    fn kind(&self) -> u32;

    /// Whether it computes rather than waits, so that more of its like than processors help nobody.
    fn computes(&self) -> bool;
}

/// What a thread is to do next.
pub(crate) enum Duty<L, T> {
    /// Run a loop.
    Hold(L),
    /// Do a task, then call [`Team::done`] with its kind.
    Do(T),
    /// End.
    Leave,
}

/// How many there may be of what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Threads that are kept free, so that every loop can be taken over: as many as there are
    /// loops.
    pub(crate) reserve: usize,
    /// Threads that do tasks at the same time.
    pub(crate) workers: usize,
    /// Tasks of one kind at the same time.
    pub(crate) workers_per_kind: usize,
    /// Tasks that compute, at the same time.
    pub(crate) computing: usize,
    /// Tasks that wait.
    pub(crate) queue: usize,
}

/// The threads of a server, and what they wait for.
///
/// There is one sort of thread. One that has nothing to do is idle and can do either: take over a
/// loop, or do a task. Tasks leave `reserve` of them alone. Whoever runs something that may block
/// in a loop asks before whether it [may](Self::may_block): there is then a thread for every loop
/// that is held up.
pub(crate) struct Team<L, T> {
    sizes: Sizes,
    /// Starts a thread that [arrives](Self::arrive); false if there can be none.
    start: Box<dyn Fn() -> bool + Send + Sync>,
    state: Mutex<State<L, T>>,
    changed: Condvar,
    /// A copy of what the state says, to be looked at without the lock.
    idle: AtomicUsize,
}

struct State<L, T> {
    /// What was decided that threads shall do; each found a thread that was idle.
    duties: VecDeque<Duty<L, T>>,
    /// Threads that wait for a duty.
    resting: usize,
    threads: usize,
    /// Threads that were started and have not arrived.
    starting: usize,
    queues: Vec<Queue<T>>,
    /// Queues with a task that may be started, in the order of their turns, each once.
    turns: VecDeque<usize>,
    /// Tasks in all queues.
    waiting: usize,
    /// Tasks that threads have, or are about to; and those of them that compute.
    running: usize,
    computing: usize,
    over: bool,
}

struct Queue<T> {
    kind: u32,
    tasks: VecDeque<T>,
    running: usize,
    listed: bool,
}

impl<L, T: Task> State<L, T> {
    /// Threads that nothing was decided for.
    fn idle(&self) -> usize {
        self.resting.saturating_sub(self.duties.len())
    }

    fn queue_of(&mut self, kind: u32) -> usize {
        match self.queues.iter().position(|queue| queue.kind == kind) {
            Some(at) => at,
            None => {
                let queue = Queue { kind, tasks: VecDeque::new(), running: 0, listed: false };
                self.queues.push(queue);
                self.queues.len() - 1
            }
        }
    }

    /// Gives a queue its turn, if a task of it may be started.
    fn list(&mut self, at: usize, sizes: &Sizes) {
        let queue = &mut self.queues[at];
        if !queue.listed && !queue.tasks.is_empty() && queue.running < sizes.workers_per_kind {
            queue.listed = true;
            self.turns.push_back(at);
        }
    }

    /// The queue whose turn it is, brought to the front.
    fn next_turn(&mut self, sizes: &Sizes) -> Option<usize> {
        if self.running >= sizes.workers {
            return None;
        }
        for _ in 0..self.turns.len() {
            let at = *self.turns.front()?;
            let computes = self.queues[at].tasks.front().is_some_and(Task::computes);
            if !computes || self.computing < sizes.computing {
                return Some(at);
            }
            self.turns.rotate_left(1);
        }
        None
    }

    /// The next task that may be started.
    fn pop(&mut self, sizes: &Sizes) -> Option<T> {
        let at = self.next_turn(sizes)?;
        self.turns.pop_front();
        let queue = &mut self.queues[at];
        queue.listed = false;
        let task = queue.tasks.pop_front()?;
        queue.running += 1;
        self.waiting -= 1;
        self.running += 1;
        self.computing += usize::from(task.computes());
        self.list(at, sizes);
        Some(task)
    }
}

impl<L, T: Task> Team<L, T> {
    pub(crate) fn new(sizes: Sizes, start: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self {
            sizes,
            start: Box::new(start),
            state: Mutex::new(State {
                duties: VecDeque::new(),
                resting: 0,
                threads: 0,
                starting: 0,
                queues: Vec::new(),
                turns: VecDeque::new(),
                waiting: 0,
                running: 0,
                computing: 0,
                over: false,
            }),
            changed: Condvar::new(),
            idle: AtomicUsize::new(0),
        }
    }

    /// Whether a task would be begun at once, as far as the number of threads goes.
    pub(crate) fn has_room(&self) -> bool {
        let state = lock(&self.state);
        state.running + state.waiting < self.sizes.workers
    }

    /// Whether a loop that is held up from now on would be taken over.
    pub(crate) fn may_block(&self) -> bool {
        self.idle.load(Ordering::SeqCst) >= self.sizes.reserve
    }

    /// Threads, and those of them that have nothing to do.
    pub(crate) fn threads(&self) -> (usize, usize) {
        let state = lock(&self.state);
        (state.threads, state.idle())
    }

    /// Hands a loop to an idle thread.
    ///
    /// # Errors
    /// The loop back, if there is none.
    pub(crate) fn hold(&self, held: L) -> Result<(), L> {
        let mut state = lock(&self.state);
        if state.idle() == 0 {
            return Err(held);
        }
        // Before tasks: everybody on this loop waits.
        state.duties.push_front(Duty::Hold(held));
        self.publish(&state);
        self.changed.notify_one();
        Ok(())
    }

    /// Hands a loop to a thread that is going to arrive, at the beginning.
    pub(crate) fn hold_first(&self, held: L) {
        let mut state = lock(&self.state);
        state.duties.push_back(Duty::Hold(held));
        self.publish(&state);
        self.changed.notify_one();
    }

    /// Offers a task to be done by a thread. One that `must` be done is taken however many wait,
    /// and waits for as long as no thread can be started.
    ///
    /// # Errors
    /// The task back, if too many wait, or if there is no thread for tasks and none can be started.
    pub(crate) fn offer(&self, task: T, must: bool) -> Result<(), T> {
        let mut state = lock(&self.state);
        if state.over || (!must && state.waiting >= self.sizes.queue) {
            return Err(task);
        }
        // So many hold loops or are kept free. If they stay alone, perhaps nobody ever looks for
        // the task.
        if !must && state.threads + state.starting <= 2 * self.sizes.reserve {
            if !(self.start)() {
                return Err(task);
            }
            state.starting += 1;
        }
        let at = state.queue_of(task.kind());
        state.queues[at].tasks.push_back(task);
        state.waiting += 1;
        state.list(at, &self.sizes);
        self.assign(state);
        Ok(())
    }

    /// A task of this kind is done, which [computed](Task::computes) or not.
    pub(crate) fn done(&self, kind: u32, computes: bool) {
        let mut state = lock(&self.state);
        state.running -= 1;
        state.computing -= usize::from(computes);
        let at = state.queue_of(kind);
        state.queues[at].running -= 1;
        state.list(at, &self.sizes);
    }

    /// A task of this kind, which does not [compute](Task::computes), turned out to be one of another
    /// kind. False if there are enough of those: then it has to be [offered](Self::offer) anew.
    pub(crate) fn turns_into(&self, kind: u32, other: u32) -> bool {
        let mut state = lock(&self.state);
        let (from, to) = (state.queue_of(kind), state.queue_of(other));
        if state.queues[to].running >= self.sizes.workers_per_kind {
            return false;
        }
        state.queues[to].running += 1;
        if state.queues[to].running >= self.sizes.workers_per_kind {
            // What waits there got its turn when there was room for it.
            state.turns.retain(|at| *at != to);
            state.queues[to].listed = false;
        }
        state.queues[from].running -= 1;
        state.list(from, &self.sizes);
        // There may be room for one more of the first kind.
        self.assign(state);
        true
    }

    /// Decides for threads that are idle beyond the reserve, and starts some where there are too
    /// few.
    fn assign(&self, mut state: MutexGuard<'_, State<L, T>>) {
        let mut assigned = false;
        while state.idle() > self.sizes.reserve
            && let Some(task) = state.pop(&self.sizes)
        {
            state.duties.push_back(Duty::Do(task));
            self.changed.notify_one();
            assigned = true;
        }
        if assigned {
            self.publish(&state);
        }
        if state.over || state.next_turn(&self.sizes).is_none() {
            return;
        }
        // As many as run tasks, hold loops, and are kept free.
        let most = self.sizes.workers + 2 * self.sizes.reserve;
        let there = state.idle() + state.starting;
        let lack = (self.sizes.reserve + 1).saturating_sub(there);
        let lack = lack.min(most.saturating_sub(state.threads + state.starting));
        state.starting += lack;
        drop(state);
        for _ in 0..lack {
            if !(self.start)() {
                lock(&self.state).starting -= 1;
            }
        }
    }

    fn publish(&self, state: &State<L, T>) {
        self.idle.store(state.idle(), Ordering::SeqCst);
    }

    /// Counts a thread that is started from outside.
    pub(crate) fn expect_one(&self) {
        lock(&self.state).starting += 1;
    }

    /// A thread that was started is there.
    pub(crate) fn arrive(&self) {
        let mut state = lock(&self.state);
        state.starting -= 1;
        state.threads += 1;
    }

    /// What the calling thread is to do next; waits until there is something. After
    /// [`Duty::Leave`] it is not counted any more.
    pub(crate) fn next(&self) -> Duty<L, T> {
        let mut state = lock(&self.state);
        let mut rests = false;
        loop {
            let duty = match state.duties.pop_front() {
                Some(duty) => Some(duty),
                None if state.over => {
                    state.threads -= 1;
                    self.changed.notify_all();
                    Some(Duty::Leave)
                }
                None => None,
            };
            if let Some(duty) = duty {
                state.resting -= usize::from(rests);
                self.publish(&state);
                if !rests {
                    // It was meant for a thread that rests, and that now is free for another.
                    self.assign(state);
                }
                return duty;
            }
            if rests {
                state = wait(&self.changed, state);
            } else {
                rests = true;
                state.resting += 1;
                self.publish(&state);
                // There may be something for one more thread.
                self.assign(state);
                state = lock(&self.state);
            }
        }
    }

    /// Ends all threads when they are done with what they do. Gives the tasks that nobody began.
    pub(crate) fn end(&self) -> Vec<T> {
        let mut state = lock(&self.state);
        state.over = true;
        state.turns.clear();
        state.waiting = 0;
        let left = state.queues.iter_mut().flat_map(|queue| queue.tasks.drain(..)).collect();
        self.changed.notify_all();
        left
    }
}
