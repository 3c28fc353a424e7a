//! The token that protects forms against requests from other sites.

use std::fmt;
use std::sync::Arc;

use crate::Request;

/// A token against cross-site request forgery, as forms know it.
///
/// Whoever makes such tokens (a session, a double-submitted cookie) puts one into the request, and
/// whoever makes forms puts it into each form and asks it about what comes back. So neither has to
/// know the other.
pub trait FormToken: Send + Sync {
    /// Name of the hidden field, `csrf_token` for instance.
    fn field(&self) -> &str;

    /// The value for one form that is shown now. It may differ at every call.
    fn value(&self) -> String;

    /// Whether what came back with a form is a token of this client. Compared in constant time.
    fn accepts(&self, presented: &str) -> bool;
}

/// The token of a request, in its extensions.
struct Token(Arc<dyn FormToken>);

impl Request {
    /// The token that forms of this request's answer must hold, if something makes one.
    pub fn form_token(&self) -> Option<Arc<dyn FormToken>> {
        self.extensions().get::<Token>().map(|token| Arc::clone(&token.0))
    }

    /// Sets the token that forms put in and check.
    pub fn set_form_token(&mut self, token: Arc<dyn FormToken>) {
        self.extensions_mut().insert(Token(token));
    }
}

impl fmt::Debug for dyn FormToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The value is a secret of the client.
        write!(f, "FormToken({})", self.field())
    }
}
