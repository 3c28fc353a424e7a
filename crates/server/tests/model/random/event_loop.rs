//! A loop without sockets: requests come and answers go as calls.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::clients::{Clients, Reply, Request};
use super::mailbox::Mailbox;
use super::sync::{AtomicUsize, Ordering, Signal};

/// What a loop can be told to do.
pub(super) const STOP: usize = 1;
pub(super) const STOP_NOW: usize = 2;

/// A request on its way; only the loop knows whose it is.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) token: usize,
    pub(super) request: Request,
    pub(super) reply: Option<Reply>,
}

#[derive(Debug)]
pub(super) enum Mail {
    /// A client sent a request: in the engine that is an event of the poll.
    Asked(Request),
    Done(Errand),
}

/// The post box of a loop.
pub(super) struct Post {
    level: AtomicUsize,
    mailbox: Mailbox<Mail>,
    waker: Signal,
}

impl Post {
    fn new() -> Self {
        Self { level: AtomicUsize::new(0), mailbox: Mailbox::new(), waker: Signal::default() }
    }

    pub(super) fn send(&self, mail: Mail) -> Result<(), Mail> {
        if self.mailbox.send(mail)? {
            self.waker.set();
        }
        Ok(())
    }

    pub(super) fn order(&self, level: usize) {
        self.level.fetch_max(level, Ordering::SeqCst);
        self.waker.set();
    }
}

pub(super) enum Todo {
    Errand(Errand),
    Wait,
    Stopped,
}

pub(super) struct EventLoop {
    number: usize,
    post: Arc<Post>,
    clients: Clients,
    ready: VecDeque<Errand>,
    /// Requests that have no answer yet.
    open: HashMap<usize, Request>,
    next_token: usize,
    mail: Vec<Mail>,
}

impl EventLoop {
    pub(super) fn new(number: usize, clients: Clients) -> Self {
        Self {
            number,
            post: Arc::new(Post::new()),
            clients,
            ready: VecDeque::new(),
            open: HashMap::new(),
            next_token: 0,
            mail: Vec::new(),
        }
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn post(&self) -> &Arc<Post> {
        &self.post
    }

    pub(super) fn step(&mut self) -> Todo {
        let level = self.post.level.load(Ordering::SeqCst);
        let mut mail = std::mem::take(&mut self.mail);
        self.post.mailbox.take(&mut mail);
        for one in mail.drain(..) {
            match one {
                Mail::Asked(request) if level > 0 => self.tell(&request, Reply::Cut),
                Mail::Asked(request) => {
                    let token = self.next_token;
                    self.next_token += 1;
                    self.open.insert(token, request);
                    self.ready.push_back(Errand { token, request, reply: None });
                }
                Mail::Done(errand) => self.finish(errand),
            }
        }
        self.mail = mail;
        if level == STOP_NOW || level == STOP && self.open.is_empty() {
            return Todo::Stopped;
        }
        self.ready.pop_front().map_or(Todo::Wait, Todo::Errand)
    }

    pub(super) fn wait(&mut self) {
        self.post.waker.take();
    }

    /// An errand came back.
    pub(super) fn finish(&mut self, errand: Errand) {
        let request = self.open.remove(&errand.token).expect("it was answered before");
        self.tell(&request, errand.reply.expect("it was not done"));
    }

    fn tell(&self, request: &Request, reply: Reply) {
        self.clients[request.client].reply(reply);
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for mail in self.post.mailbox.close() {
            if let Mail::Asked(request) = mail {
                self.tell(&request, Reply::Cut);
            }
        }
        self.open.values().for_each(|request| self.tell(request, Reply::Cut));
    }
}
