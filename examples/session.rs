//! Who is logged in stands in a JSON web token in a cookie, on <http://localhost:8080/>.

use std::time::Duration;

use pauper::auth::session::{JwtSession, Sessions};
use pauper::auth::{Secret, SystemRandom};
use pauper_examples::session_demo;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hour = Duration::from_secs(3600);
    // A secret of its own at each start: nobody is logged in after a restart.
    let secret = Secret::random(&SystemRandom)?;
    let sessions = Sessions::new(JwtSession::new(secret)).idle(hour).sliding(false);
    let app = session_demo::app("Session + JWT demo", sessions, "sub", true);
    let _left = pauper_examples::server("session", 8080).run(app)?;
    Ok(())
}
