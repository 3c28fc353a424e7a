//! Texts by name, kept in `test.json` of the working directory, on <http://localhost:8765/>.
//!
//! `curl -X PUT -d hello localhost:8765/name`, `curl localhost:8765/name`, `curl localhost:8765/`,
//! `curl -X DELETE localhost:8765/name`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::sync::{Mutex, MutexGuard};

use pauper::app::Methods;
use pauper::{App, Error, Json, Request, Response, abort};

const FILE: &str = "test.json";

#[derive(Default)]
struct Items(Mutex<BTreeMap<String, String>>);

impl Items {
    fn read() -> io::Result<Self> {
        match fs::read(FILE) {
            Ok(bytes) => Ok(Self(Mutex::new(serde_json::from_slice(&bytes)?))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Changes the items, and keeps the change only if it was written. The file is whole at all times.
fn change(
    req: &Request,
    change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut items = req.state::<Items>().lock();
    let mut changed = items.clone();
    change(&mut changed)?;
    let other = format!("{FILE}.new");
    fs::write(&other, serde_json::to_vec(&changed)?)?;
    fs::rename(&other, FILE)?;
    *items = changed;
    Ok(())
}

/// The first part of the path; what follows is not looked at.
fn name(req: &Request) -> String {
    req.segments().next().unwrap_or_default().into_owned()
}

fn empty(status: u16) -> Response {
    Response::text("").with_status(status)
}

fn get(req: &mut Request) -> Result<Response, Error> {
    let items = req.state::<Items>().lock();
    let name = name(req);
    if name.is_empty() {
        return pauper::IntoResponse::into_response(Json(&*items));
    }
    let text = items.get(&name).ok_or_else(|| abort(404))?.clone();
    let mut response = Response::text(text);
    response.headers_mut().remove("content-type");
    Ok(response)
}

fn put(req: &mut Request) -> Result<Response, Error> {
    let (name, text) = (name(req), req.text()?.to_owned());
    if name.is_empty() {
        return Err(abort(400));
    }
    change(req, |items| {
        items.insert(name, text);
        Ok(())
    })?;
    Ok(empty(200))
}

fn delete(req: &mut Request) -> Result<Response, Error> {
    let name = name(req);
    change(req, |items| items.remove(&name).map(drop).ok_or_else(|| abort(404)))?;
    Ok(empty(200))
}

fn main() -> pauper::ServeResult {
    let mut app = App::new("pico_rest");
    app.state(Items::read()?);
    app.default_handler(|_: &mut Request| -> Result<(), Error> { Err(abort(501)) });
    app.default_handler_for(Methods::GET, get);
    app.default_handler_for(Methods::PUT, put);
    app.default_handler_for(Methods::DELETE, delete);
    pauper_examples::server("pico_rest", 8765).run(app)
}
