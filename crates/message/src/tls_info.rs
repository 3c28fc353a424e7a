//! What is known of an encrypted connection.

use std::fmt;
use std::sync::Arc;

use crate::request::Request;

/// What the handshake of an encrypted connection told: see [`Request::tls`].
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsInfo {
    /// The version, such as `TLSv1.3`.
    pub version: &'static str,
    /// The name that the client wants to talk to (server name indication), in lower case, if it
    /// sent one. A client can ask for one name here and for another in its Host header.
    pub server_name: Option<Box<str>>,
    /// The client's certificate, and those that vouch for it up to, but usually without, the
    /// authority: DER, as they were sent. Empty if it has none. The server has verified them;
    /// whom they name, and whether that one may do this, is for the application to say.
    pub client_certificates: Vec<Vec<u8>>,
}

impl TlsInfo {
    /// Of a connection of this version, without a name or certificates.
    #[must_use]
    pub fn new(version: &'static str) -> Self {
        Self { version, ..Self::default() }
    }

    /// The client's own certificate, as DER, if it has one.
    #[must_use]
    pub fn client_certificate(&self) -> Option<&[u8]> {
        self.client_certificates.first().map(Vec::as_slice)
    }
}

impl fmt::Debug for TlsInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsInfo")
            .field("version", &self.version)
            .field("server_name", &self.server_name)
            .field("client_certificates", &self.client_certificates.len())
            .finish()
    }
}

impl Request {
    /// What is known of the connection, if this server has encrypted it. A proxy that did that in
    /// its place is no matter of this; see [`is_secure`](Self::is_secure).
    #[must_use]
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.tls.as_deref()
    }

    /// The request came by an encrypted connection. For servers, which call it after
    /// [`refill`](Self::refill).
    pub fn set_tls(&mut self, tls: Option<Arc<TlsInfo>>) {
        self.tls = tls;
    }
}
