//! Who is logged in stands in a cookie as PoorWSGI makes it, on <http://localhost:8080/>. A program
//! that has no such cookies to read takes `SealedSession`.

use pauper::auth::compat::PoorSession;
use pauper::auth::session::Sessions;
use pauper::auth::{Secret, SystemRandom};
use pauper_examples::session_demo;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = Secret::random(&SystemRandom)?;
    let sessions = Sessions::new(PoorSession::new(secret.expose())?);
    let app = session_demo::app("PoorSession demo", sessions, "user", false);
    let _left = pauper_examples::server("poor_session", 8080).run(app)?;
    Ok(())
}
