//! The client.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pauper_message::{Peer, Request, RequestBuilder, Service};

use super::bell::Bell;
use super::{Answer, read_answer};
use crate::ServerConfig;
use crate::exchange::{Chores, Exchange, Flush, Now, Shared, Want, run_inline};

/// Calls a service as a client on a kept connection would, without a socket.
///
/// The clock stands still at 1994-11-06 08:49:37 GMT unless it is [set](Self::set_time).
///
/// Methods that send a request panic when the answer is not exactly one well-formed response,
/// which is what a test wants; [`raw`](Self::raw) gives the bytes instead.
pub struct Client<'s> {
    service: &'s dyn Service,
    shared: Arc<Shared>,
    peer: Peer,
    now: Now,
    exchange: Option<Exchange>,
    bell: Bell,
    patience: Duration,
}

/// The example of RFC 9110, section 5.6.7.
const A_SUNDAY: Duration = Duration::from_secs(784_111_777);

impl<'s> Client<'s> {
    /// A client of `service`, with the limits that a server has by default.
    ///
    /// # Panics
    /// If the service is [misconfigured](Service::check), with all mistakes.
    #[track_caller]
    pub fn new(service: &'s dyn Service) -> Self {
        Self::with_config(service, ServerConfig::new())
    }

    /// A client of `service` behind a server with these limits.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[track_caller]
    pub fn with_config(service: &'s dyn Service, config: ServerConfig) -> Self {
        if let Err(error) = service.check() {
            panic!("the service is misconfigured: {error}");
        }
        Self {
            service,
            shared: Arc::new(Shared::new(config)),
            peer: Peer::default(),
            now: Now::new(Duration::ZERO, UNIX_EPOCH + A_SUNDAY),
            exchange: None,
            bell: Bell::default(),
            patience: Duration::from_secs(10),
        }
    }

    /// The same client at other addresses, on a new connection.
    #[must_use]
    pub fn from_peer(mut self, peer: Peer) -> Self {
        self.peer = peer;
        self.exchange = None;
        self
    }

    /// Sets the wall clock.
    pub fn set_time(&mut self, time: SystemTime) {
        self.now.advance(self.now.elapsed(), time);
    }

    /// The wall clock.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.now.time()
    }

    /// How long other threads may take to fill a [channel](pauper_message::Body::channel) before the
    /// client goes on without, by the real clock; 10 seconds if not set.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Lets time pass; time limits of the connection take effect.
    pub fn sleep(&mut self, time: Duration) {
        self.now.advance(self.now.elapsed() + time, self.now.time() + time);
        if let Some(exchange) = &mut self.exchange {
            exchange.expire(&self.now);
            let mut chores = Chores::new();
            exchange.take_chores(&mut chores);
            chores.run();
        }
    }

    /// Sends GET.
    ///
    /// # Panics
    /// As the type's text says.
    #[track_caller]
    pub fn get(&mut self, target: &str) -> Answer {
        self.request(&Request::builder().target(target))
    }

    /// Sends POST with a body.
    ///
    /// # Panics
    /// As the type's text says.
    #[track_caller]
    pub fn post(&mut self, target: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = Request::builder().method("POST").target(target);
        self.request(&request.header("Content-Type", content_type).body(body))
    }

    /// Sends a request that was built by hand; its addresses and time are those of this client.
    ///
    /// # Panics
    /// As the type's text says, and if the request cannot be written as HTTP.
    #[track_caller]
    pub fn request(&mut self, request: &RequestBuilder) -> Answer {
        let bytes = match request.to_bytes() {
            Ok(bytes) => bytes,
            Err(error) => panic!("the request cannot be sent: {error:?}"),
        };
        let method = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
        let answer = self.raw(&bytes);
        let closed = self.is_closed();
        match read_answer(&answer, std::str::from_utf8(method).unwrap_or_default(), closed) {
            Ok((read, len)) if len == answer.len() => read,
            Ok((read, len)) => {
                panic!("{} bytes follow the answer {read:?}", answer.len() - len)
            }
            Err(error) => panic!("{error}: {}", answer.escape_ascii()),
        }
    }

    /// Sends bytes as they are and gives all that the connection answers to them, which may be
    /// nothing, a part of an answer, or several. Where the server waits for more bytes, the next
    /// call can give them. Bytes to a closed connection begin a new one.
    pub fn raw(&mut self, bytes: &[u8]) -> Vec<u8> {
        if !bytes.is_empty() && self.is_closed() {
            self.exchange = None;
        }
        let mut out = Vec::new();
        let mut rest = bytes;
        loop {
            let want = self.run(&mut out);
            if rest.is_empty() || want == Want::Close {
                return out;
            }
            let (exchange, now) = self.connection();
            let room = exchange.read_buf();
            let n = room.len().min(rest.len());
            room[..n].copy_from_slice(&rest[..n]);
            exchange.received(n, now);
            rest = &rest[n..];
        }
    }

    /// Ends the client's side of the connection and gives what is still answered.
    pub fn eof(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.connection().0.eof();
        self.run(&mut out);
        out
    }

    /// Whether the server closed the connection, or does nothing more than waiting for its end.
    /// True before the first request.
    #[must_use]
    pub fn is_closed(&mut self) -> bool {
        let Some(exchange) = &mut self.exchange else { return true };
        let want = run_inline(exchange, self.service, &mut self.now, &mut 1);
        matches!(want, Want::Close | Want::Linger)
    }

    /// Whether an answer asked the server to stop since the last call.
    pub fn take_shutdown(&mut self) -> bool {
        self.exchange.as_mut().is_some_and(Exchange::take_shutdown)
    }

    fn connection(&mut self) -> (&mut Exchange, &Now) {
        let Self { exchange, shared, peer, now, bell, .. } = self;
        let fresh = || {
            let mut exchange = Exchange::new(Arc::clone(shared), *peer, now);
            *bell = Bell::default();
            let ringer = bell.clone();
            exchange.set_waker(Arc::new(move || ringer.ring()));
            exchange
        };
        (exchange.get_or_insert_with(fresh), now)
    }

    /// Runs the connection until it waits for input, and collects its output.
    fn run(&mut self, out: &mut Vec<u8>) -> Want {
        self.connection();
        let Self { exchange: Some(exchange), service, now, bell, patience, .. } = self else {
            unreachable!("there is a connection");
        };
        if bell.wait(Duration::ZERO) {
            exchange.woken();
        }
        loop {
            let want = run_inline(exchange, *service, now, &mut { usize::MAX });
            let flushed = loop {
                match exchange.write_to(out, u64::MAX, now) {
                    Ok(Flush::More) => {}
                    Ok(flush) => break flush,
                    Err(error) => unreachable!("a vector takes all bytes: {error}"),
                }
            };
            if want == Want::Close {
                exchange.close(now);
            }
            let mut chores = Chores::new();
            exchange.take_chores(&mut chores);
            chores.run();
            if flushed == Flush::Done && !matches!(want, Want::Write | Want::Turn) {
                // Nothing is elsewhere but what other threads send.
                if want == Want::Answer && bell.wait(*patience) {
                    exchange.woken();
                    continue;
                }
                return want;
            }
        }
    }
}
