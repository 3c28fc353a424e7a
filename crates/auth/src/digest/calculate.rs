//! What client and server both calculate (RFC 7616, section 3.4), as functions.

use super::hash::{Algorithm, HexDigest};

/// Everything that goes into the response of a client, besides its key.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The nonce of the server.
    pub nonce: &'a str,
    /// What comes with a quality of protection; none as of RFC 2069.
    pub protection: Option<Protection<'a>>,
    /// The `uri` of the client, as it was sent.
    pub uri: &'a str,
}

/// The parameters that come with a quality of protection.
#[derive(Clone, Copy, Debug)]
pub struct Protection<'a> {
    /// The nonce count, 8 hex digits as they were sent.
    pub count: &'a str,
    /// The nonce of the client.
    pub client_nonce: &'a str,
    /// The body, if that is protected, too (`auth-int`): its digest.
    pub body: Option<HexDigest>,
}

impl Protection<'_> {
    fn name(&self) -> &'static str {
        if self.body.is_some() { "auth-int" } else { "auth" }
    }
}

impl Exchange<'_> {
    /// The response of a client, from what is stored of its password and its method.
    ///
    /// ```
    /// use pauper_auth::digest::{Algorithm, Exchange, Hash, Protection, hexdigest};
    ///
    /// // The example of RFC 7616, section 3.9.1.
    /// let stored = hexdigest("Mufasa", "http-auth@example.org", "Circle of Life", Hash::Md5);
    /// let exchange = Exchange {
    ///     algorithm: Algorithm::MD5,
    ///     nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    ///     protection: Some(Protection {
    ///         count: "00000001",
    ///         client_nonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    ///         body: None,
    ///     }),
    ///     uri: "/dir/index.html",
    /// };
    /// let response = exchange.response(&stored, "GET");
    /// assert_eq!(response.as_str(), "8ca523f5e9506fed4657c9700eebdbec");
    /// ```
    #[must_use]
    pub fn response(&self, stored: &HexDigest, method: &str) -> HexDigest {
        let body = self.protection.and_then(|protection| protection.body);
        self.keyed(stored, method, body)
    }

    /// The proof of the server that it knows the key as well (`rspauth`, section 3.5), for an
    /// answer with this digest of its body where the body is protected.
    #[must_use]
    pub fn response_auth(&self, stored: &HexDigest, body: Option<HexDigest>) -> HexDigest {
        let protection = self.protection.map(|protection| Protection { body, ..protection });
        Self { protection, ..*self }.keyed(stored, "", body)
    }

    fn keyed(&self, stored: &HexDigest, method: &str, body: Option<HexDigest>) -> HexDigest {
        let hash = self.algorithm.hash();
        let nonce = self.nonce.as_bytes();
        let client_nonce = self.protection.map_or("", |protection| protection.client_nonce);
        let key = if self.algorithm.is_session() {
            hash.joined(&[stored.as_bytes(), nonce, client_nonce.as_bytes()])
        } else {
            *stored
        };
        let (method, uri) = (method.as_bytes(), self.uri.as_bytes());
        let request = match &body {
            Some(body) => hash.joined(&[method, uri, body.as_bytes()]),
            None => hash.joined(&[method, uri]),
        };
        match self.protection {
            Some(protection) => hash.joined(&[
                key.as_bytes(),
                nonce,
                protection.count.as_bytes(),
                client_nonce.as_bytes(),
                protection.name().as_bytes(),
                request.as_bytes(),
            ]),
            None => hash.joined(&[key.as_bytes(), nonce, request.as_bytes()]),
        }
    }
}

/// What is stored of a password: the hash of `user:realm:password`. For its realm it is as good as
/// the password itself.
///
/// ```
/// use pauper_auth::digest::{Hash, hexdigest};
///
/// let stored = hexdigest("admin", "Admin Zone", "admin", Hash::Md5);
/// assert_eq!(stored.as_str(), "0829ef1f99fd01b17f182522467e3f38");
/// ```
#[must_use]
pub fn hexdigest(user: &str, realm: &str, password: &str, hash: super::Hash) -> HexDigest {
    hash.joined(&[user.as_bytes(), realm.as_bytes(), password.as_bytes()])
}

/// The name of a user who does not want to be seen (`userhash`, section 3.4.4): the hash of
/// `user:realm`.
#[must_use]
pub fn userhash(user: &str, realm: &str, hash: super::Hash) -> HexDigest {
    hash.joined(&[user.as_bytes(), realm.as_bytes()])
}
