//! Which certificates and keys there are, and for whom.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore, ServerConfig};

use super::names::Names;
use super::{Pem, Tls, TlsError, TlsErrorKind};

/// What a client is asked for by [`TlsConfig::with_client_authorities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// A certificate, or none; a bad one is refused. [`Request::tls`](pauper_message::Request::tls)
    /// tells which it was.
    Optional,
    /// A certificate. Without one there is no connection.
    Required,
}

/// Which certificates and keys a server uses, before they are [loaded](Self::load).
///
/// ```no_run
/// use pauper_server::{ClientCertificates, TlsConfig};
///
/// let tls = TlsConfig::new("default.pem", "default-key.pem")
///     .with_name("example.org", "org.pem", "org-key.pem")
///     .with_name("*.example.org", "org.pem", "org-key.pem")
///     .with_client_authorities("staff-ca.pem", ClientCertificates::Optional)
///     .load()?;
/// # Ok::<(), pauper_server::TlsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TlsConfig {
    default: Identity,
    names: Vec<(String, Identity)>,
    clients: Option<(Pem, ClientCertificates)>,
}

#[derive(Clone, Debug)]
struct Identity {
    certificates: Pem,
    key: Pem,
}

impl TlsConfig {
    /// The certificate for clients that ask for no other name, with its intermediate ones behind
    /// it in the same text, and its private key (PKCS #8, PKCS #1 or SEC 1; RSA of at least 2,048
    /// bits, ECDSA P-256, P-384, Ed25519).
    #[must_use]
    pub fn new(certificates: impl Into<Pem>, key: impl Into<Pem>) -> Self {
        let default = Identity { certificates: certificates.into(), key: key.into() };
        Self { default, names: Vec::new(), clients: None }
    }

    /// Another certificate, for clients that ask for this name: `example.org`, or `*.example.org`
    /// for all names with one label more.
    #[must_use]
    pub fn with_name(
        mut self,
        name: &str,
        certificates: impl Into<Pem>,
        key: impl Into<Pem>,
    ) -> Self {
        let identity = Identity { certificates: certificates.into(), key: key.into() };
        self.names.push((name.to_ascii_lowercase(), identity));
        self
    }

    /// Asks clients for certificates that one of these authorities vouches for. Default: clients
    /// are not asked.
    #[must_use]
    pub fn with_client_authorities(
        mut self,
        authorities: impl Into<Pem>,
        asks: ClientCertificates,
    ) -> Self {
        self.clients = Some((authorities.into(), asks));
        self
    }

    /// Reads and checks all of it.
    ///
    /// # Errors
    /// For the first thing that is wrong, with the file that it is in.
    pub fn load(self) -> Result<Tls, TlsError> {
        Tls::new(self)
    }

    pub(super) fn build(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let default = Arc::new(self.default.load(&provider)?);
        let mut others = HashMap::new();
        for (name, identity) in &self.names {
            let key = identity.load(&provider)?;
            identity.check_name(name, &key)?;
            others.insert(name.clone(), Arc::new(key));
        }
        let wrong = |error: Error| TlsError::new(TlsErrorKind::BadKey, &self.default.key, error);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(wrong)?;
        let builder = match &self.clients {
            None => builder.with_no_client_auth(),
            Some((authorities, asks)) => {
                builder.with_client_cert_verifier(verifier(authorities, *asks, provider)?)
            }
        };
        let mut config = builder.with_cert_resolver(Arc::new(Names { default, others }));
        // HTTP/1.0 is what a client says that wants to speak it; answers are as its requests want.
        config.alpn_protocols = vec![b"http/1.1".to_vec(), b"http/1.0".to_vec()];
        let random = |error: Error| TlsError::new(TlsErrorKind::Random, &self.default.key, error);
        // What is needed to resume a session is with the client, encrypted, and not here.
        config.ticketer = ring::Ticketer::new().map_err(random)?;
        Ok(Arc::new(config))
    }
}

impl Identity {
    fn load(&self, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let certificates = self.certificates.certificates()?;
        let key = self.key.key()?;
        CertifiedKey::from_der(certificates, key, provider).map_err(|error| match error {
            Error::InconsistentKeys(_) => {
                let text = format!("it is not for the private key in {}", self.key);
                TlsError::new(TlsErrorKind::Mismatch, &self.certificates, text)
            }
            Error::InvalidCertificate(_) => {
                let text = format!("the first certificate is none ({error})");
                TlsError::new(TlsErrorKind::BadCertificate, &self.certificates, text)
            }
            error => {
                let text = format!("the private key cannot be used ({error})");
                TlsError::new(TlsErrorKind::BadKey, &self.key, text)
            }
        })
    }

    fn check_name(&self, name: &str, key: &CertifiedKey) -> Result<(), TlsError> {
        let wrong = |text: String| TlsError::new(TlsErrorKind::WrongName, &self.certificates, text);
        // Any name will do that the star stands for.
        let example = match name.strip_prefix("*.") {
            Some(rest) => format!("any.{rest}"),
            None => name.to_owned(),
        };
        let Ok(server_name @ ServerName::DnsName(_)) = ServerName::try_from(example) else {
            return Err(wrong(format!("{name:?} is no name of a host")));
        };
        let bad = |error| TlsError::new(TlsErrorKind::BadCertificate, &self.certificates, error);
        let certificate = key.end_entity_cert().map_err(bad)?;
        let parsed = ParsedCertificate::try_from(certificate).map_err(bad)?;
        verify_server_name(&parsed, &server_name)
            .map_err(|_| wrong(format!("the certificate is not for {name}")))
    }
}

fn verifier(
    authorities: &Pem,
    asks: ClientCertificates,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let bad = |error: String| TlsError::new(TlsErrorKind::BadCertificate, authorities, error);
    let mut roots = RootCertStore::empty();
    for certificate in authorities.certificates()? {
        roots.add(certificate).map_err(|error| bad(format!("it is no authority ({error})")))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match asks {
        ClientCertificates::Required => builder,
        ClientCertificates::Optional => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|error| bad(error.to_string()))
}
