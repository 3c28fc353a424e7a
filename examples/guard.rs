//! A handler that forgets to commit, and the guard that notices, on <http://localhost:8080/>.

use std::sync::{Mutex, MutexGuard};

use pauper::app::{NotCommitted, Transactional, guard_transactions};
use pauper::message::page::{Page, escape};
use pauper::{App, Error, Request};
use rusqlite::Connection;

fn connection(req: &Request) -> MutexGuard<'_, Connection> {
    // A panic leaves at most an open transaction, which the guard rolls back.
    req.state::<Mutex<Connection>>().lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The connection of the app, as the guard sees it.
struct Sqlite;

impl Transactional for Sqlite {
    fn begin(&self, req: &mut Request) -> Result<(), Error> {
        Ok(connection(req).execute_batch("BEGIN")?)
    }

    fn is_open(&self, req: &mut Request) -> Result<bool, Error> {
        Ok(!connection(req).is_autocommit())
    }

    fn commit(&self, req: &mut Request) -> Result<(), Error> {
        Ok(connection(req).execute_batch("COMMIT")?)
    }

    fn roll_back(&self, req: &mut Request) -> Result<(), Error> {
        Ok(connection(req).execute_batch("ROLLBACK")?)
    }
}

/// Without the guard the transaction would stay open, and with it every later one.
fn forgetful(req: &mut Request) -> Result<String, Error> {
    let connection = connection(req);
    connection.execute_batch("BEGIN")?;
    connection.execute("INSERT INTO simple (foo, bar) VALUES (?1, ?2)", (1, "two"))?;
    let count: u64 = connection.query_row("SELECT count(*) FROM simple", (), |row| row.get(0))?;
    Ok(format!("There are {count} rows now."))
}

fn committed(req: &mut Request) -> Result<String, Error> {
    let connection = connection(req);
    let count: u64 = connection.query_row("SELECT count(*) FROM simple", (), |row| row.get(0))?;
    Ok(format!("{count} rows are committed."))
}

const TITLES: [&str; 8] = [
    "Good grief!",
    "Great Scott!",
    "Holy smoke!",
    "Jeepers!",
    "Leaping lizards!",
    "My stars!",
    "Suffering succotash!",
    "Well, I never!",
];

fn not_committed(req: &mut Request, error: &NotCommitted) -> (u16, pauper::Response) {
    let title = TITLES[(req.id() % TITLES.len() as u64) as usize];
    let (method, url) = (escape(req.method().as_str()), escape(req.target()));
    let page = Page::new(title).html(format!(
        "<p>{method} <a href=\"{url}\">{url}</a></p>\n<blockquote>{error}</blockquote>\n"
    ));
    (500, page.into_response())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch("CREATE TABLE simple (foo, bar)")?;
    let mut app = App::new("guard");
    app.normalize_paths(true);
    app.state(Mutex::new(connection));
    app.wrap(guard_transactions(Sqlite));
    app.on_error(not_committed);
    app.get("/", forgetful);
    app.get("/committed", committed);
    // One connection, one request at a time: nobody sees another's transaction.
    let _left = pauper_examples::server("guard", 8080).run_single(app)?;
    Ok(())
}
