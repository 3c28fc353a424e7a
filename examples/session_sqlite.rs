//! Notes of each visitor, in sessions that SQLite keeps, on <http://localhost:8080/>: a store of one's
//! own, form tokens, messages after a redirect.

use std::env;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pauper::auth::csrf::{Csrf, CsrfCheck};
use pauper::auth::session::{RequestSession, Sessions, StoredSession};
use pauper::auth::store::SessionStore;
use pauper::auth::{Keys, Secret, StoreError, SystemRandom};
use pauper::message::page::{Page, escape};
use pauper::{App, Error, Request, Response};
use rusqlite::{Connection, OptionalExtension, params};

struct Sqlite(Mutex<Connection>);

impl Sqlite {
    fn open(path: &str) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             CREATE TABLE IF NOT EXISTS session (
                 key TEXT PRIMARY KEY, data BLOB NOT NULL, expires INTEGER NOT NULL
             ) WITHOUT ROWID;
             CREATE INDEX IF NOT EXISTS session_expires ON session (expires);",
        )?;
        Ok(Self(Mutex::new(connection)))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::new(format!("SQLite: {error}"))
}

impl SessionStore for Sqlite {
    fn load(&self, key: &str, now: SystemTime) -> Result<Option<Vec<u8>>, StoreError> {
        self.connection()
            .prepare_cached("SELECT data FROM session WHERE key = ?1 AND expires > ?2")
            .and_then(|mut load| {
                load.query_row(params![key, seconds(now)], |row| row.get(0)).optional()
            })
            .map_err(failed)
    }

    fn create(
        &self,
        key: &str,
        data: &[u8],
        now: SystemTime,
        expires: SystemTime,
    ) -> Result<(), StoreError> {
        let connection = self.connection();
        // Each new session sweeps what is over.
        connection
            .execute("DELETE FROM session WHERE expires <= ?1", [seconds(now)])
            .and_then(|_| {
                let insert = "INSERT INTO session (key, data, expires) VALUES (?1, ?2, ?3)";
                connection.execute(insert, params![key, data, seconds(expires)])
            })
            .map_err(failed)?;
        Ok(())
    }

    fn update(
        &self,
        key: &str,
        data: &[u8],
        now: SystemTime,
        expires: SystemTime,
    ) -> Result<bool, StoreError> {
        let update = "UPDATE session SET data = ?2, expires = ?3 WHERE key = ?1 AND expires > ?4";
        self.connection()
            .execute(update, params![key, data, seconds(expires), seconds(now)])
            .map(|rows| rows == 1)
            .map_err(failed)
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        self.connection().execute("DELETE FROM session WHERE key = ?1", [key]).map_err(failed)?;
        Ok(())
    }
}

fn show(req: &mut Request) -> Result<Response, Error> {
    let mut html = String::new();
    for flash in req.session_mut().take_flashes() {
        html.push_str(&format!("<p role=\"status\">{}</p>\n", escape(flash.text())));
    }
    html.push_str("<ul>\n");
    for note in req.session().get_as::<Vec<String>>("notes")?.unwrap_or_default() {
        html.push_str(&format!("<li>{}</li>\n", escape(&note)));
    }
    let token = req.form_token().expect("the hook puts one in");
    let token = format!(
        "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
        escape(token.field()),
        escape(&token.value())
    );
    html.push_str(&format!(
        "</ul>\n<form method=\"post\" action=\"/add\">{token}\n\
         <p><label>Note <input name=\"note\" id=\"note\"></label> \
         <button id=\"add\">Add</button></p></form>\n\
         <form method=\"post\" action=\"/forget\">{token}\n\
         <p><button id=\"forget\">Forget all</button></p></form>\n"
    ));
    Ok(Page::new("Notes").html(html).into_response())
}

fn add(req: &mut Request) -> Result<Response, Error> {
    let note: String = req.form()?.required("note")?;
    let session = req.session_mut();
    let mut notes = session.get_as::<Vec<String>>("notes")?.unwrap_or_default();
    notes.push(note);
    session.set_as("notes", &notes)?;
    session.flash("info", format!("There are {} notes now.", notes.len()));
    Ok(Response::redirect("/").with_status(303))
}

fn forget(req: &mut Request) -> Response {
    req.session_mut().destroy();
    Response::redirect("/").with_status(303)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Where several instances run, all have the same secret and the same file.
    let secret = match env::var("SESSION_SECRET") {
        Ok(text) => Secret::from_text(text)?,
        Err(_) => Secret::random(&SystemRandom)?,
    };
    let file = env::var("SESSION_FILE").unwrap_or_else(|_| ":memory:".to_owned());
    let mut app = App::new("notes");
    app.hook(Sessions::new(StoredSession::new(Sqlite::open(&file)?)));
    app.hook(Csrf::new(&Keys::new(secret)));
    app.hook(CsrfCheck::new());
    app.get("/", show);
    app.post("/add", add);
    app.post("/forget", forget);
    let _left = pauper_examples::server("session_sqlite", 8080).run(app)?;
    Ok(())
}
