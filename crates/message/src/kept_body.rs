//! Requests whose body has to be kept until it was looked at.

use crate::Request;

/// The mark, in the extensions.
struct KeptBody;

impl Request {
    /// Asks for the body to be kept whole until the hooks that [need](crate::Hook::needs_body) it have
    /// seen it: for a hook that knows only then whether the request may pass, as a login does that
    /// covers the body. An application refuses with 400 what would take the body while it arrives.
    pub fn require_kept_body(&mut self) {
        self.extensions_mut().insert(KeptBody);
    }

    /// Whether some hook has [asked](Self::require_kept_body) for that.
    pub fn requires_kept_body(&self) -> bool {
        self.extensions().get::<KeptBody>().is_some()
    }
}
