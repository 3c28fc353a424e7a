//! Which certificate for which name.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// The certificates of a server, by the names that clients ask for.
pub(super) struct Names {
    pub(super) default: Arc<CertifiedKey>,
    /// By name in lower case; `*.example.org` is for what has one label more than `example.org`.
    pub(super) others: HashMap<String, Arc<CertifiedKey>>,
}

impl Names {
    fn find(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        if self.others.is_empty() {
            return None;
        }
        let name = name.to_ascii_lowercase();
        self.others.get(&name).or_else(|| {
            let (_, rest) = name.split_once('.')?;
            self.others.get(&format!("*.{rest}"))
        })
    }
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Whoever asks for a name that nobody has sees a certificate that is not for it, and can
        // tell its user so.
        let found = hello.server_name().and_then(|name| self.find(name));
        Some(Arc::clone(found.unwrap_or(&self.default)))
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.others.keys()).finish()
    }
}
