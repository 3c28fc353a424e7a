//! Who a request comes from.

use std::sync::Arc;

use pauper_message::Request;

/// Somebody who has logged in with a request: by [`Digest`](crate::digest::Digest) or
/// [`Basic`](crate::basic::Basic), or by a hook of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    name: Arc<str>,
    realm: Arc<str>,
}

impl User {
    /// A user of a realm.
    pub fn new(name: impl Into<Arc<str>>, realm: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), realm: realm.into() }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The realm in which the name is meant.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }
}

/// The user of a request.
///
/// ```
/// use pauper_auth::{RequestUser, User};
/// use pauper_message::Request;
///
/// fn greeting(req: &mut Request) -> String {
///     format!("Hello, {}!", req.user().map_or("stranger", User::name))
/// }
/// # let mut req = Request::builder().build().unwrap();
/// # assert_eq!(greeting(&mut req), "Hello, stranger!");
/// # req.set_user(User::new("alice", "Zone"));
/// # assert_eq!(greeting(&mut req), "Hello, alice!");
/// ```
pub trait RequestUser {
    /// Who has logged in; none where no hook asked for it.
    fn user(&self) -> Option<&User>;

    /// Says who it is; for hooks that know.
    fn set_user(&mut self, user: User);
}

impl RequestUser for Request {
    fn user(&self) -> Option<&User> {
        self.extensions().get()
    }

    fn set_user(&mut self, user: User) {
        self.extensions_mut().insert(user);
    }
}
