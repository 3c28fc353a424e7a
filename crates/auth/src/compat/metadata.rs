//! A session as an object of JSON, as PoorWSGI has it, with what it does not know in one member.

use std::time::SystemTime;

use serde_json::{Map, Value as Json, json};

use crate::session::{Session, SessionError, SessionId, Times, Value};

/// The member with the number, the times and the messages; for PoorWSGI one more key.
const OURS: &str = "_pauper";

/// The object of a session.
pub(super) fn to_object(session: &Session, cookie: &str) -> Map<String, Json> {
    let mut object: Map<String, Json> =
        session.values().map(|(name, value)| (name.to_owned(), value.to_json())).collect();
    let Some((id, times)) = session.id().zip(session.times()) else { return object };
    let flashes: Vec<_> =
        session.flashes().iter().map(|flash| json!([flash.level(), flash.text()])).collect();
    let ours = json!({
        "cookie": cookie,
        "id": id.to_text(),
        "times": [times.issued, times.started, times.expires],
        "flashes": flashes,
    });
    object.insert(OURS.to_owned(), ours);
    object
}

/// The session of an object. One that PoorWSGI made has no times and never ends; it counts as
/// changed, so that it gets some when it is used.
pub(super) fn of_object(
    mut object: Map<String, Json>,
    cookie: &str,
    now: SystemTime,
) -> Result<Session, SessionError> {
    let ours = object.remove(OURS);
    let mut session = Session::new();
    for (name, value) in object {
        session.put(&name, Value::of_json(value));
    }
    let Some(ours) = ours else { return Ok(session) };
    let time = |index: usize| ours["times"][index].as_u64();
    let times = time(0).zip(time(1)).zip(time(2));
    let id = ours["id"].as_str().and_then(SessionId::parse);
    let (Some(((issued, started), expires)), Some(id)) = (times, id) else {
        return Err(SessionError::bad());
    };
    if ours["cookie"] != cookie {
        return Err(SessionError::bad());
    }
    let times = Times { issued, started, expires };
    times.check(now)?;
    for flash in ours["flashes"].as_array().into_iter().flatten() {
        if let (Some(level), Some(text)) = (flash[0].as_str(), flash[1].as_str()) {
            session.flash(level, text);
        }
    }
    Ok(session.read_with(id, times))
}
