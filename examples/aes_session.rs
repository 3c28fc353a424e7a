//! Who is logged in stands in an encrypted cookie as PoorWSGI makes it, on <http://localhost:8080/>.
//! A program that has no such cookies to read takes `SealedSession`.

use pauper::auth::compat::AesSession;
use pauper::auth::session::Sessions;
use pauper::auth::{Secret, SystemRandom};
use pauper_examples::session_demo;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = Secret::random(&SystemRandom)?;
    let sessions = Sessions::new(AesSession::new(secret.expose())?);
    let app = session_demo::app("AESSession demo", sessions, "user", false);
    let _left = pauper_examples::server("aes_session", 8080).run(app)?;
    Ok(())
}
