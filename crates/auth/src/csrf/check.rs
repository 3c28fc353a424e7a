//! Every unsafe request of a scope has to have a token.

use pauper_message::{Error, Hook, Request, StatusCode};

use super::same_origin::is_safe;

/// Refuses with 403 every request that might change something (any method but GET, HEAD, OPTIONS
/// and TRACE) and has no good token, in the field of its form or, for scripts, in a header. As a
/// hook, after [`Csrf`](super::Csrf) or [`DoubleSubmit`](super::DoubleSubmit).
///
/// It needs the body, so that what is done while a body arrives is done before: sinks of a form have
/// to keep what they took aside until the handler is called. Forms that check their tokens by
/// themselves do not need this hook.
#[derive(Clone, Debug)]
pub struct CsrfCheck {
    header: Box<str>,
}

impl CsrfCheck {
    /// With the header `X-CSRF-Token`.
    #[must_use]
    pub fn new() -> Self {
        Self { header: "x-csrf-token".into() }
    }

    /// The name of the header.
    #[must_use]
    pub fn header(mut self, name: &str) -> Self {
        self.header = name.into();
        self
    }
}

impl Default for CsrfCheck {
    fn default() -> Self {
        Self::new()
    }
}

impl Hook for CsrfCheck {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        if is_safe(req.method()) {
            return Ok(());
        }
        let Some(token) = req.form_token() else {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            let why =
                "`CsrfCheck` needs a token: register the hook `Csrf` or `DoubleSubmit` before it";
            return Err(Error::with_source(status, None, why));
        };
        let is_good = match req.header(&self.header) {
            Some(presented) => token.accepts(presented),
            // A body that is no form has no field; that it cannot be read is not told before the
            // token is known to be good.
            None => req.form().is_ok_and(|form| {
                form.get(token.field()).is_some_and(|shown| token.accepts(shown))
            }),
        };
        if is_good {
            return Ok(());
        }
        let why = "The form has expired, or came from elsewhere. Please go back, reload the page, and \
                   send it again.";
        Err(Error::new(StatusCode::FORBIDDEN, why))
    }

    fn needs_body(&self) -> bool {
        true
    }
}
