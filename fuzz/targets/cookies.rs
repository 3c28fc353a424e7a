//! The Cookie header of a request, and the sessions and form tokens behind it: no panic, no session
//! of anybody's making but ours, and ours is found among up to three others.

use std::time::{Duration, SystemTime};

use pauper_auth::csrf::{Csrf, DoubleSubmit};
use pauper_auth::session::{RequestSession, SealedSession, Sessions};
use pauper_auth::{Keys, RandomError, Randomness, Secret};
use pauper_message::{Hook, Request, Response};

struct Ones;

impl Randomness for Ones {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        bytes.fill(1);
        Ok(())
    }
}

fn request(cookies: &[u8]) -> Option<Request> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    Request::builder().received(now).header("Cookie", cookies).build().ok()
}

pub(crate) fn run(data: &[u8]) {
    let Some(mut req) = request(data) else { return };
    let keys = Keys::new(Secret::new(*b"0123456789abcdef0123456789abcdef").expect("long enough"));
    let sessions = Sessions::with_random(SealedSession::new(keys.clone()), Ones);
    let csrf = Csrf::new(&keys);
    let double = DoubleSubmit::with_random(&keys, Ones);

    for (name, value) in req.cookies() {
        assert!(!name.is_empty() && !name.contains([';', '=']) && !value.contains(';'));
    }
    sessions.before(&mut req).expect("it does not fail");
    assert!(req.session().is_empty() && !req.session().is_known());
    let count =
        req.cookies().filter(|(name, value)| *name == "SESSID" && !value.is_empty()).count();
    assert_eq!(req.session().fault().is_some(), count > 0);

    for hook in [&csrf as &dyn Hook, &double] {
        hook.before(&mut req).expect("it does not fail");
        let token = req.form_token().expect("there is one");
        let text = String::from_utf8_lossy(data);
        assert!(!token.accepts(&text) && !token.accepts(&token.value()), "the client sent none");
    }
    req.session_mut().set("user", "alice");
    let mut response = Response::text("");
    double.after(&mut req, &mut response).expect("a cookie");
    sessions.after(&mut req, &mut response).expect("a cookie");
    let set: Vec<_> = response.headers().get_all("set-cookie").collect();
    assert_eq!(set.len(), 2);
    let ours = set[1].to_str().expect("text").split(';').next().expect("a pair");

    // Ours behind what came, as a browser of a planted cookie sends it.
    let Some(mut req) = request(&[data, b"; ", ours.as_bytes()].concat()) else { return };
    let count =
        req.cookies().filter(|(name, value)| *name == "SESSID" && !value.is_empty()).count();
    let is_last = req.cookies().last() == ours.split_once('=');
    sessions.before(&mut req).expect("it does not fail");
    if count <= 4 && is_last {
        assert_eq!(req.session().get("user"), Some("alice"));
    }
}
