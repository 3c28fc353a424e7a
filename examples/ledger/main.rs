//! A ledger: an application as one builds it with Pauper, from the database to the browser.
//!
//! ```text
//! cargo run -p pauper-examples --features ledger --example ledger -- --open
//! ```
//!
//! It keeps its data in `ledger.sqlite`, or in the file that stands behind `--data`. The password is
//! that of the variable `LEDGER_PASSWORD`, or one that it makes up and prints. Read this file first,
//! then `store.rs` (what it keeps), `entries.rs` (a list, forms, a deletion), `accounts.rs` (balances
//! and a chart), and `transfer.rs` (CSV in and out).

mod accounts;
mod entries;
mod store;
mod transfer;

use std::env;
use std::sync::{Mutex, MutexGuard};

use pauper::app::guard_transactions;
use pauper::auth::csrf::Csrf;
use pauper::auth::session::{RequestSession, SealedSession, Sessions};
use pauper::auth::{Keys, LoginLimiter, Secret, SystemRandom, constant_time_eq, to_hex};
use pauper::forms::{Errors, Form, Formlet, SaveError, View, form, lens::Money, password};
use pauper::message::AllowedHosts;
use pauper::message::page;
use pauper::template::{Record, Settings, Templates, values};
use pauper::{App, Error, Request, Response, redirect};
use pauper_examples::Guarded;
use rusqlite::Connection;

/// What all handlers share: one connection, since they run one after another (see `main`).
struct Ledger {
    db: Mutex<Connection>,
    templates: Templates,
    password: String,
    limiter: LoginLimiter,
}

/// The connection, for one statement of Rust at a time: whoever has it and asks again waits for ever.
fn db(req: &Request) -> MutexGuard<'_, Connection> {
    // A panic leaves at most an open transaction, which the guard rolls back.
    req.state::<Ledger>().db.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A page: a template with its data, in the frame that all pages have.
fn show(
    req: &mut Request,
    template: &str,
    title: &str,
    data: &dyn Record,
) -> Result<Response, Error> {
    let said = req.session_mut().take_flashes();
    let said: Vec<&str> = said.iter().map(|flash| flash.text()).collect();
    let templates = &req.state::<Ledger>().templates;
    let page = values! {
        title: title,
        body: templates.get(template)?.render(data)?,
        said: said,
        is_known: req.session().contains("user"),
        token: req.form_token().map(|token| token.value()),
    };
    Ok(Response::html(templates.get("layout")?.render(&page)?.0))
}

/// Says something on the page that is shown next, and goes there.
fn say(req: &mut Request, text: &str, then: &str) -> Response {
    req.session_mut().flash("ok", text);
    Response::see_other(then)
}

/// A page with a form and a button, which is all that most formlets show.
fn show_form(req: &mut Request, title: &str, button: &str, form: &View) -> Result<Response, Error> {
    let back = if title == "Log in" { None } else { Some("/") };
    show(req, "form", title, &values! { form: form, button: button, back: back })
}

/// The login is a form as any other.
struct Login;
struct Credentials {
    password: String,
}

impl Formlet for Login {
    type Record = Credentials;

    fn form(&mut self, _: &mut Request) -> Result<Form<Credentials>, Error> {
        let password = password("Password").attribute("autocomplete", "current-password");
        let password = password.help("It was printed where the program was started.");
        Ok(form!(Credentials { password: password }))
    }

    fn display(&mut self, req: &mut Request, form: &View) -> Result<Response, Error> {
        show_form(req, "Log in", "Log in", form)
    }

    fn save(&mut self, req: &mut Request, sent: Credentials) -> Result<Response, SaveError> {
        let ledger = req.state::<Ledger>();
        // Whoever guesses has to wait more and more.
        ledger.limiter.login(req, "owner")?;
        if !constant_time_eq(&sent.password, &ledger.password) {
            return Err(Errors::of("password", "is another one.").into());
        }
        ledger.limiter.succeeded(req, "owner");
        // A new number, so that whoever knew the old one has nothing of it.
        req.renew_session()?;
        req.session_mut().set("user", "owner");
        Ok(say(req, "Welcome.", "/"))
    }
}

fn log_out(req: &mut Request) -> Result<Response, Error> {
    let sent = req.form()?.get("csrf_token").unwrap_or_default();
    if req.form_token().is_some_and(|token| token.accepts(sent)) {
        req.session_mut().destroy();
    }
    Ok(Response::see_other("/login"))
}

/// Nobody gets further than to the login without one.
fn require_login(req: &mut Request) -> Result<(), Error> {
    let is_public = matches!(req.path(), "/login" | "/style.css");
    if is_public || req.session().contains("user") { Ok(()) } else { Err(redirect("/login")) }
}

/// Pages load nothing from elsewhere and run no script, and nobody keeps a copy of them.
fn protect(_: &mut Request, response: &mut Response) -> Result<(), Error> {
    const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert_new("content-security-policy", POLICY)?;
    headers.insert_new("x-content-type-options", "nosniff")?;
    headers.insert_new("referrer-policy", "same-origin")?;
    headers.insert_new("cache-control", "no-store")?;
    Ok(())
}

fn style(_: &mut Request) -> Response {
    let style = [page::STYLE, include_str!("style.css")].concat();
    Response::text(style)
        .with_header("content-type", "text/css; charset=utf-8")
        .with_header("cache-control", "max-age=60")
}

/// Templates are read from their folder again and again while one works on the program, and are part
/// of it once it is finished.
fn templates() -> Result<Templates, pauper::template::Error> {
    const TEXTS: [(&str, &str); 5] = [
        ("accounts", include_str!("templates/accounts.tpl")),
        ("delete", include_str!("templates/delete.tpl")),
        ("entries", include_str!("templates/entries.tpl")),
        ("form", include_str!("templates/form.tpl")),
        ("layout", include_str!("templates/layout.tpl")),
    ];
    let settings = Settings::new().with_converter("money", |value, out| {
        out.push_str(&Money::format(value.to_string().parse()?));
        Ok(())
    });
    if cfg!(debug_assertions) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/ledger/templates");
        return Templates::folder(settings.with_debug(true), folder);
    }
    Ok(Templates::embedded(settings, &TEXTS))
}

fn app(ledger: Ledger, keys: &Keys) -> App {
    let mut app = App::new("ledger");
    app.state(ledger);
    // From the outside to the inside. The host is looked at so that no page of another site can make
    // its own name point here.
    app.hook(AllowedHosts::new(["localhost", "127.0.0.1", "[::1]"]));
    app.hook(Sessions::new(SealedSession::new(keys.clone())));
    app.hook(Csrf::new(keys));
    app.before(require_login);
    app.after(protect);
    // What a handler leaves open, by an error, a panic or by mistake, is rolled back.
    app.wrap(guard_transactions(Guarded(db)));

    app.get("/style.css", style);
    app.servlet("/login", |_: &mut Request| Ok(Login)).get(Login::get).post(Login::post);
    app.post("/logout", log_out);
    entries::routes(&mut app);
    accounts::routes(&mut app);
    transfer::routes(&mut app);
    app
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = env::args().skip_while(|arg| arg != "--data").nth(1);
    let db = store::open(path.as_deref().unwrap_or("ledger.sqlite"))?;
    // Whoever has the key can make sessions; it is kept, so that a restart logs nobody out.
    let fresh = to_hex(Secret::random(&SystemRandom)?.expose());
    let keys = Keys::new(Secret::from_text(store::key(&db, fresh)?)?);
    let made_up = to_hex(&Secret::random(&SystemRandom)?.expose()[..8]);
    let password = env::var("LEDGER_PASSWORD").unwrap_or_else(|_| {
        eprintln!("The password is {made_up}");
        made_up
    });
    let (db, templates, limiter) = (Mutex::new(db), templates()?, LoginLimiter::new());
    let app = app(Ledger { db, templates, password, limiter }, &keys);
    let server = pauper_examples::server("ledger", 8080);
    if env::args().any(|arg| arg == "--open") {
        pauper_examples::open_browser(&format!("http://localhost:{}/", server.local_addr().port()));
    }
    // One request at a time, so that nobody sees half of what another one does.
    let _left = server.run_single(app)?;
    Ok(())
}
