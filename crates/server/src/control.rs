//! Stopping a server from elsewhere.

use std::sync::{Arc, Mutex, PoisonError};

use pauper_message::ServerInfo;

use crate::event_loop::Post;

/// Stops a server and looks at its counters, from another thread or a signal handler's one; see
/// [`Server::control`](crate::Server::control).
#[derive(Clone, Debug, Default)]
pub struct Control {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    order: Option<Order>,
    /// Of the loops, once the server runs.
    posts: Vec<Arc<Post>>,
    info: Option<Arc<ServerInfo>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Order {
    Stop,
    StopNow,
}

impl Control {
    /// Stops gracefully: nobody is accepted any more, idle connections are closed at once,
    /// requests under way are finished for as long as
    /// [`ServerConfig::stop_time`](crate::ServerConfig::stop_time).
    ///
    /// Returns at once; [`Server::run`](crate::Server::run) returns when it is done. A server that
    /// is not running yet will stop as soon as it runs.
    pub fn stop(&self) {
        self.give(Order::Stop);
    }

    /// Stops without waiting for requests under way.
    pub fn stop_now(&self) {
        self.give(Order::StopNow);
    }

    fn give(&self, order: Order) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.order = state.order.max(Some(order));
        state.pass_on();
    }

    /// The counters of the server, once it runs: for a page or a probe that has to answer when no
    /// handler does.
    #[must_use]
    pub fn info(&self) -> Option<Arc<ServerInfo>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).info.clone()
    }

    /// The server runs with these loops.
    pub(crate) fn attach(&self, posts: Vec<Arc<Post>>, info: Arc<ServerInfo>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.posts = posts;
        state.info = Some(info);
        state.pass_on();
    }
}

impl State {
    fn pass_on(&self) {
        for post in &self.posts {
            match self.order {
                None => {}
                Some(Order::Stop) => post.stop(),
                Some(Order::StopNow) => post.stop_now(),
            }
        }
    }
}
