//! Protection of forms against requests from other sites (cross-site request forgery).
//!
//! A browser sends cookies along with requests that a page of another site caused. `SameSite=Lax`,
//! which session cookies here have, keeps most of these out; sibling hosts of one domain, old
//! browsers and forms that answer to GET are what it leaves. Two things stop the rest, and either
//! is enough:
//!
//! - [`SameOrigin`] looks at what browsers say of a request's origin, and refuses what comes from
//!   elsewhere. It costs forms nothing.
//! - Tokens: a value in each form that other sites cannot know. [`Csrf`] binds it to the session,
//!   [`DoubleSubmit`] to a cookie of its own where there are no sessions. Each puts a
//!   [`FormToken`](pauper_message::FormToken) into the request; who makes forms puts its value in
//!   and asks it about what comes back, or [`CsrfCheck`] does that for all requests of a scope.
//!
//! A token looks different each time it is shown, so that compressed answers do not give it away
//! (BREACH).

mod check;
mod double_submit;
mod masked;
mod same_origin;
mod synchronizer;

pub use check::CsrfCheck;
pub use double_submit::DoubleSubmit;
pub use same_origin::{OriginError, SameOrigin};
pub use synchronizer::Csrf;

/// The name of the hidden field with the token, if none is set.
pub const FIELD: &str = "csrf_token";
