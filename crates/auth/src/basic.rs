//! HTTP Basic (RFC 7617).

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pauper_message::{Error, Hook, Request, Response, StatusCode};

use crate::digest::{Refusal, parameters_of, quoted};
use crate::log_macros::info;
use crate::passwords::Verifier;
use crate::user::{RequestUser as _, User};

/// The user and password of Basic credentials, the text behind the scheme.
///
/// ```
/// use pauper_auth::basic::credentials;
///
/// let sent = credentials("QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// assert_eq!(sent, Some(("Aladdin".to_owned(), "open sesame".to_owned())));
/// ```
///
/// `None` for what is no Base64 of UTF-8, has no colon, or has control characters (RFC 7617,
/// section 2).
#[must_use]
pub fn credentials(text: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(text).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    if text.chars().any(char::is_control) {
        return None;
    }
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// A login by HTTP Basic, as a hook of an application, a group of routes or a route. Clones are
/// the same login.
///
/// The password goes over the wire as it is, with every request: only with TLS.
///
/// ```
/// use pauper_auth::basic::Basic;
/// use pauper_auth::digest::Hash;
/// use pauper_auth::passwords::PasswordMap;
/// use pauper_auth::{RequestUser, User};
/// use pauper_message::{Hook, Request};
///
/// let mut users = PasswordMap::new();
/// users.set_password("Staff", "Aladdin", "open sesame", Hash::Sha256).unwrap();
/// let login = Basic::new("Staff", users); // app.hook(login)
///
/// let sent = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
/// let mut req = Request::builder().header("Authorization", sent).build().unwrap();
/// login.before(&mut req).unwrap();
/// assert_eq!(req.user().map(User::name), Some("Aladdin"));
/// ```
#[derive(Clone)]
pub struct Basic {
    realm: Arc<str>,
    verifier: Arc<dyn Verifier>,
    only: Option<Arc<[Box<str>]>>,
}

/// Who was verified by which login.
struct Verified(Arc<dyn Verifier>);

impl Basic {
    /// A login to a realm.
    ///
    /// # Panics
    /// When the realm has control characters; it is a mistake of the program.
    pub fn new(realm: &str, verifier: impl Verifier + 'static) -> Self {
        assert!(!realm.chars().any(char::is_control), "the realm {realm:?} has control characters");
        Self { realm: realm.into(), verifier: Arc::new(verifier), only: None }
    }

    /// The same login, for these users only. Others are answered 401.
    #[must_use]
    pub fn only(mut self, users: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.only = Some(users.into_iter().map(Into::into).collect());
        self
    }

    /// The value of WWW-Authenticate.
    #[must_use]
    pub fn challenge(&self) -> String {
        format!("Basic realm={},charset=\"UTF-8\"", quoted(&self.realm))
    }

    fn is_allowed(&self, user: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|allowed| **allowed == *user))
    }
}

impl Hook for Basic {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        let same = |it: &Verified| Arc::ptr_eq(&it.0, &self.verifier);
        if req.extensions().get::<Verified>().is_some_and(same)
            && let Some(user) = req.user()
            && *user.realm() == *self.realm
        {
            // A hook around this one did the work.
            return match self.is_allowed(user.name()) {
                true => Ok(()),
                false => Err(Refusal::NotAllowed.into_error()),
            };
        }
        let wrong = |why: &str| Error::new(StatusCode::BAD_REQUEST, why);
        let Some(sent) = parameters_of(req, "basic").map_err(wrong)? else {
            return Err(Refusal::Missing.into_error());
        };
        let (user, password) = std::str::from_utf8(sent)
            .ok()
            .and_then(|text| credentials(text.trim_matches([' ', '\t'])))
            .ok_or_else(|| wrong("the credentials are not of Basic"))?;
        let right = self.verifier.verify(&self.realm, &user, &password, req.received())?;
        if !right {
            info!("Basic login from {} refused", req.peer());
            return Err(Refusal::Credentials.into_error());
        }
        if !self.is_allowed(&user) {
            return Err(Refusal::NotAllowed.into_error());
        }
        req.set_user(User::new(user, Arc::clone(&self.realm)));
        req.extensions_mut().insert(Verified(Arc::clone(&self.verifier)));
        Ok(())
    }

    /// Adds the challenge to every 401, whoever made it.
    fn after(&self, _: &mut Request, response: &mut Response) -> Result<(), Error> {
        if response.status() == StatusCode::UNAUTHORIZED
            && !response.headers().contains("www-authenticate")
        {
            response.headers_mut().append("www-authenticate", self.challenge())?;
        }
        Ok(())
    }
}

/// Tells the realm.
impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Basic({:?})", self.realm)
    }
}
