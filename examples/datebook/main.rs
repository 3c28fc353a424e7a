//! Contacts, appointments and tasks in an SQLite file, on <http://localhost:8080/>.
//!
//! The file is `datebook.sqlite` in the home directory, or the one behind `--data`. There is one user,
//! so what that user is doing may live in the program itself: see `Desk`.

mod appointments;
mod contacts;
mod tasks;

use std::env;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use pauper::app::{NotCommitted, guard_transactions};
use pauper::forms::View;
use pauper::forms::jiff::ZonedDateTime;
use pauper::forms::jiff::civil::Date;
use pauper::message::page::Page;
use pauper::template::{Record, Settings, Templates, values};
use pauper::{App, Error, Html, Request, Response};
use pauper_examples::Guarded;
use rusqlite::Connection;

const SCHEMA: &str = "
    PRAGMA foreign_keys = ON;
    CREATE TABLE IF NOT EXISTS contact (
        contact INTEGER PRIMARY KEY, name TEXT NOT NULL, address TEXT, phone TEXT, email TEXT, memo TEXT);
    CREATE TABLE IF NOT EXISTS appointment (
        appointment INTEGER PRIMARY KEY, contact INTEGER REFERENCES contact, date TEXT NOT NULL,
        description TEXT);
    CREATE TABLE IF NOT EXISTS task (
        task INTEGER PRIMARY KEY, priority INTEGER CHECK (priority BETWEEN 1 AND 3),
        complete INTEGER CHECK (complete IN (0, 1)), title TEXT NOT NULL, memo TEXT, due TEXT);
    CREATE INDEX IF NOT EXISTS contact_name ON contact (name);
    CREATE INDEX IF NOT EXISTS appointment_date ON appointment (date);
    CREATE INDEX IF NOT EXISTS task_due ON task (due) WHERE NOT complete;
    CREATE INDEX IF NOT EXISTS task_complete ON task (complete);";

/// What the one user is doing.
#[derive(Default)]
struct Desk {
    /// Whether tasks are sorted by the day they are due, not by priority.
    by_due: bool,
    /// The appointment that is being written while a contact is chosen.
    draft: Option<appointments::Draft>,
}

struct Datebook {
    db: Mutex<Connection>,
    desk: Mutex<Desk>,
    templates: Templates,
}

/// For one statement at a time: whoever has it and asks again waits for ever.
fn db(req: &Request) -> MutexGuard<'_, Connection> {
    req.state::<Datebook>().db.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// For one statement at a time, too.
fn desk(req: &Request) -> MutexGuard<'_, Desk> {
    req.state::<Datebook>().desk.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn today() -> Date {
    ZonedDateTime::now().date()
}

/// A date as the database has it.
fn parsed(text: Option<String>) -> rusqlite::Result<Option<Date>> {
    text.map(|text| text.parse().map_err(|_| rusqlite::Error::InvalidQuery)).transpose()
}

fn show(req: &Request, name: &str, title: &str, data: &dyn Record) -> Result<Response, Error> {
    let templates = &req.state::<Datebook>().templates;
    let body = templates.get(name)?.render(data)?;
    let page = values! { title: title, body: body };
    Ok(Response::html(templates.get("layout")?.render(&page)?.0))
}

fn show_form(
    req: &Request,
    title: &str,
    form: &View,
    extra: Html<String>,
) -> Result<Response, Error> {
    show(req, "form", title, &values! { form: form, extra: extra })
}

fn home() -> Response {
    Response::redirect("/")
}

fn not_committed(_: &mut Request, error: &NotCommitted) -> (u16, Response) {
    (500, Page::new("Good grief!").text(&error.to_string()).into_response())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let asked = env::args().skip_while(|arg| arg != "--data").nth(1).map(PathBuf::from);
    let path = asked.or_else(|| Some(env::home_dir()?.join("datebook.sqlite")));
    let connection = Connection::open(path.ok_or("there is no home directory")?)?;
    connection.execute_batch(SCHEMA)?;
    // Templates are read again when they change.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/datebook/templates");
    let templates = Templates::folder(Settings::new().with_debug(true), folder)?;
    let mut app = App::new("datebook");
    app.normalize_paths(true);
    app.state(Datebook { db: Mutex::new(connection), desk: Mutex::default(), templates });
    // What a handler leaves open, by an error, a panic or by mistake, is rolled back.
    app.wrap(guard_transactions(Guarded(db)));
    app.on_error(not_committed);
    tasks::routes(&mut app);
    contacts::routes(&mut app);
    appointments::routes(&mut app);
    let _left = pauper_examples::server("datebook", 8080).run_single(app)?;
    Ok(())
}
