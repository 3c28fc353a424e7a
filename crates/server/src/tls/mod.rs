//! Encrypted connections. That it is rustls which does it is known here alone.

mod config;
mod error;
mod names;
mod pem;
pub(crate) mod session;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;

pub use config::{ClientCertificates, TlsConfig};
pub use error::{TlsError, TlsErrorKind};
pub use pem::Pem;

use session::Session;

/// Certificates and keys, loaded and ready: encrypts the connections of the servers and
/// [listeners](crate::Listener::with_tls) that it is given to. A clone is the same once more.
///
/// TLS 1.2 and 1.3, with HTTP/1.1 as the only protocol on top (ALPN). Nothing is answered out of
/// data that was sent before the handshake is complete (0-RTT), since such a request could be
/// played again by somebody else.
///
/// ```no_run
/// use pauper_server::{ServeResult, Server, TlsConfig};
///
/// fn main() -> ServeResult {
///     let tls = TlsConfig::new("/etc/hello/certificate.pem", "/etc/hello/key.pem").load()?;
///     // To be called when there are new files.
///     let again = tls.clone();
///     std::thread::spawn(move || {
///         loop {
///             std::thread::sleep(std::time::Duration::from_secs(24 * 60 * 60));
///             if let Err(error) = again.reload() {
///                 eprintln!("the old certificates stay: {error}");
///             }
///         }
///     });
///     Server::bind("0.0.0.0:443")?.tls(&tls).run(|_: &mut pauper_message::Request| "Hello!")
/// }
/// ```
#[derive(Clone)]
pub struct Tls {
    inner: Arc<Inner>,
}

struct Inner {
    config: TlsConfig,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    fn new(config: TlsConfig) -> Result<Self, TlsError> {
        let current = RwLock::new(config.build()?);
        Ok(Self { inner: Arc::new(Inner { config, current }) })
    }

    /// Reads all files again. Connections that are accepted from then on use what they say;
    /// those that exist go on with what they began with, and no client is held up meanwhile.
    /// Sessions of before are not resumed, so that whoever may not connect any more cannot.
    ///
    /// # Errors
    /// As [`TlsConfig::load`]; then nothing changes.
    pub fn reload(&self) -> Result<(), TlsError> {
        let new = self.inner.config.build()?;
        *self.inner.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// The encryption of a new connection.
    pub(crate) fn session(&self) -> Result<Session, rustls::Error> {
        let current = self.inner.current.read().unwrap_or_else(PoisonError::into_inner);
        Session::new(Arc::clone(&current))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.inner.config).finish()
    }
}
