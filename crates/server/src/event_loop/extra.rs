//! What only some connections have: a place among those of their address, a proxy before them,
//! encryption.

use std::sync::Arc;
use std::time::Duration;

use pauper_message::Peer;

use super::session::Session;
use crate::exchange::{Shared, Visit};
use crate::log_macros::log_info;

/// Nothing for most connections, so that it costs them a pointer.
#[derive(Default)]
pub(super) struct Extra(Option<Box<Inner>>);

#[derive(Default)]
struct Inner {
    /// Its place among those of its address.
    visit: Option<Visit>,
    /// What came of the header of a proxy, until that is complete.
    header: Option<Vec<u8>>,
    /// Not until the header of the proxy came, if one has to, and not while it is away.
    session: Option<Box<Session>>,
    /// The handshake is not done.
    handshake: bool,
    /// Any byte came.
    begun: bool,
    /// When the client has to have taken the end of the encryption.
    until: Option<Duration>,
}

impl Extra {
    fn inner(&mut self) -> &mut Inner {
        self.0.get_or_insert_default()
    }

    /// Takes a place among the connections of the address; false if there is none.
    pub(super) fn visit(&mut self, shared: &Arc<Shared>, peer: &Peer) -> bool {
        let Some(remote) = peer.remote else { return true };
        match shared.visit(remote.ip()) {
            Ok(None) => {}
            Ok(visit) => self.inner().visit = visit,
            Err(()) => {
                log_info!("{peer}: has too many connections (max_connections_per_address)");
                return false;
            }
        }
        true
    }

    /// The connection begins with a header of the PROXY protocol.
    pub(super) fn expect_proxy(&mut self) {
        self.inner().header = Some(Vec::new());
    }

    /// The connection is encrypted.
    #[cfg(feature = "tls")]
    pub(super) fn encrypt(&mut self, session: Session) {
        let inner = self.inner();
        inner.session = Some(Box::new(session));
        inner.handshake = true;
    }

    /// Whether something has to be done before the first byte of HTTP.
    pub(super) fn prepares(&self) -> bool {
        self.0.as_ref().is_some_and(|inner| inner.handshake || inner.header.is_some())
    }

    /// Whether that has begun, so that the client may be waiting for it.
    pub(super) fn is_at_it(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|inner| inner.begun && (inner.handshake || inner.header.is_some()))
    }

    pub(super) fn begun(&mut self) {
        self.inner().begun = true;
    }

    /// What came of the header of a proxy so far.
    pub(super) fn header(&mut self) -> Option<&mut Vec<u8>> {
        self.0.as_mut()?.header.as_mut()
    }

    pub(super) fn header_done(&mut self) -> Vec<u8> {
        self.inner().header.take().unwrap_or_default()
    }

    pub(super) fn handshake_done(&mut self) {
        self.inner().handshake = false;
    }

    pub(super) fn session(&mut self) -> Option<&mut Session> {
        self.0.as_mut()?.session.as_deref_mut()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.0.as_ref().is_some_and(|inner| inner.session.is_some())
    }

    /// Whether there may be bytes that the socket does not know of any more.
    pub(super) fn has_plaintext(&self) -> bool {
        let session = self.0.as_ref().and_then(|inner| inner.session.as_ref());
        session.is_some_and(|session| session.has_plaintext())
    }

    pub(super) fn take_session(&mut self) -> Option<Box<Session>> {
        self.0.as_mut()?.session.take()
    }

    pub(super) fn put_session(&mut self, session: Option<Box<Session>>) {
        if session.is_some() {
            self.inner().session = session;
        }
    }

    /// When the client has to have taken the end of the encryption, which is `time` from the first
    /// call.
    pub(super) fn until(&mut self, now: Duration, time: Duration) -> Duration {
        *self.inner().until.get_or_insert(now.saturating_add(time))
    }
}
