//! What the examples of sessions share: a login, a page for those who are logged in, a logout.

use pauper::auth::csrf::SameOrigin;
use pauper::auth::session::{RequestSession, SessionErrorKind, Sessions};
use pauper::auth::{LoginLimiter, constant_time_eq};
use pauper::message::abort_with;
use pauper::message::page::{Page, escape};
use pauper::{App, Error, Request, Response};

/// Everybody's. A real program keeps a slow hash for each user.
const PASSWORD: &str = "secret";

/// How a demo differs from the others.
#[derive(Clone, Copy, Debug)]
struct Demo {
    title: &'static str,
    /// The value of the session with the user's name.
    user: &'static str,
    show_expiry: bool,
}

/// An application with this title, its sessions, and the name of the value that holds the user.
pub fn app(title: &'static str, sessions: Sessions, user: &'static str, show_expiry: bool) -> App {
    let mut app = App::new(title);
    app.debug(true);
    app.state(Demo { title, user, show_expiry });
    app.state(LoginLimiter::new());
    // A form of another site cannot log anybody in or out.
    app.hook(SameOrigin::new());
    app.hook(sessions);
    app.get("/", home);
    app.get("/login", form);
    app.post("/login", log_in);
    app.get("/private", private);
    app.get("/logout", log_out);
    app
}

fn page(req: &Request) -> Page {
    Page::new(req.state::<Demo>().title)
}

fn home(req: &mut Request) -> Response {
    page(req)
        .html(
            "<ul><li><a href=\"/login\">Log in</a></li>\
             <li><a href=\"/private\">Private page</a></li>\
             <li><a href=\"/logout\">Log out</a></li></ul>\n",
        )
        .into_response()
}

fn form(req: &mut Request) -> Response {
    page(req)
        .html(format!(
            "<form method=\"post\">\n\
             <p><label>User <input name=\"username\" autocomplete=\"username\"></label></p>\n\
             <p><label>Password <input type=\"password\" name=\"password\"></label> \
             (it is <code>{PASSWORD}</code>)</p>\n\
             <p><button type=\"submit\">Log in</button></p>\n</form>\n"
        ))
        .into_response()
}

fn log_in(req: &mut Request) -> Result<Response, Error> {
    // Whoever sends no form at all gets another chance, too.
    let sent =
        |name: &str| req.form().ok().and_then(|form| form.get(name)).unwrap_or_default().to_owned();
    let (user, password) = (sent("username"), sent("password"));
    req.state::<LoginLimiter>().login(req, &user)?;
    if user.is_empty() || !constant_time_eq(password, PASSWORD) {
        return Ok(Response::redirect("/login"));
    }
    req.state::<LoginLimiter>().succeeded(req, &user);
    req.renew_session()?;
    let name = req.state::<Demo>().user;
    req.session_mut().set(name, user);
    Ok(Response::redirect("/private"))
}

/// The user, or the answer to somebody who is none.
fn user(req: &Request) -> Result<&str, Error> {
    let session = req.session();
    if let Some(user) = session.get(req.state::<Demo>().user) {
        return Ok(user);
    }
    let why = match session.fault().map(|fault| fault.kind()) {
        None => "Login required.\n",
        Some(SessionErrorKind::Expired) => "The session has expired. Please log in again.\n",
        Some(_) => "Invalid session. Please log in again.\n",
    };
    Err(abort_with(Response::text(why).with_status(302).with_header("location", "/login")))
}

fn private(req: &mut Request) -> Result<Response, Error> {
    let mut html = format!("<p>Hello, <b>{}</b>.</p>\n", escape(user(req)?));
    let expires = req.session().expires();
    let expires = expires.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    if let Some(expires) = expires.filter(|_| req.state::<Demo>().show_expiry) {
        html.push_str(&format!("<p>The session expires at {}.</p>\n", expires.as_secs()));
    }
    html.push_str("<p><a href=\"/logout\">Log out</a></p>\n");
    Ok(page(req).html(html).into_response())
}

fn log_out(req: &mut Request) -> Response {
    req.session_mut().destroy();
    Response::redirect("/login")
}
