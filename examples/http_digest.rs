//! HTTP Digest, on <http://localhost:8080/>: user `user` with password `looser`, `foo` with `bar`,
//! `Ondřej` with `heslíčko`, and `admin` with `admin`.
//!
//! Clients of the original expect MD5-sess. An application of one's own leaves
//! [`algorithms`](pauper::auth::digest::DigestBuilder::algorithms) out.

use std::time::Duration;

use pauper::auth::digest::{Algorithm, Digest, Hash};
use pauper::auth::passwords::Passwords;
use pauper::auth::{RequestUser, Secret, SystemRandom, User};
use pauper::message::page::{Page, escape};
use pauper::message::redirect;
use pauper::{App, Error, Request, Response};

/// Made with `poorhttp digest`: `poorhttp digest -c test.digest "User Zone" user`.
const PASSWORDS: &str = "assets/test.digest";

const LINKS: [(&str, &str); 9] = [
    ("/admin_zone", "admin zone, for admin with password admin"),
    ("/user_zone", "user zone, for user with password looser, or foo with bar"),
    ("/user", "for user alone"),
    ("/user/utf-8", "for Ondřej with password heslíčko"),
    ("/foo", "for foo alone, who can have another password"),
    ("/unknown", "for nobody that there is"),
    ("/spaces in url", "spaces in a URL"),
    ("/čeština v url", "Czech in a URL"),
    ("/crazy in url 🤪", "the rest of Unicode in a URL"),
];

fn root(_: &mut Request) -> Response {
    let items = LINKS.map(|(url, text)| format!("<li><a href=\"{url}\">{url}</a> – {text}</li>\n"));
    Page::new("HTTP Digest").html(format!("<ul>\n{}</ul>\n", items.concat())).into_response()
}

/// A page for whoever logged in.
fn zone(req: &Request, heading: &str) -> Response {
    let user = escape(req.user().map_or("", User::name)).into_owned();
    let path = escape(req.path()).into_owned();
    Page::new(heading)
        .header(format!("<h2>{}</h2>\n", escape(heading)))
        .html(format!(
            "<p>User: {user}</p>\n<ul>\n<li><a href=\"/\">Root</a></li>\n\
             <li><a href=\"{path}\">{path}</a></li>\n\
             <li><a href=\"{path}?param=text\">{path}?param=text</a></li>\n</ul>\n"
        ))
        .into_response()
}

fn admin_zone(req: &mut Request) -> Response {
    zone(req, "Admin Zone test for MD5-sess algorithm.")
}

fn user_zone(req: &mut Request) -> Response {
    zone(req, "User Zone test for MD5-sess algorithm.")
}

fn user_only(req: &mut Request) -> Response {
    zone(req, "User only test.")
}

fn foo_only(_: &mut Request) -> Response {
    Page::new("Foo only test.")
        .html(
            "<form method=\"post\" action=\"/foo/passwd\">\n<p><label>New password: \
             <input type=\"password\" name=\"password\"></label>\n<button>Change</button></p>\n\
             </form>\n<p><a href=\"/\">Root</a></p>\n",
        )
        .into_response()
}

fn foo_password(req: &mut Request) -> Result<Response, Error> {
    let password = req.form()?.required::<String>("password")?;
    req.state::<Passwords>()
        .update(|map| map.set_password("User Zone", "foo", &password, Hash::Md5))?;
    Err(redirect("/foo"))
}

/// A page for everybody, programs too. The challenge comes from the login.
fn unauthorized(_: &mut Request, _: &Error) -> Response {
    let page = Page::new("401 - Unauthorized").text("Who are you?");
    page.into_response().with_status(401)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    // Shared by the logins, and by the handler that changes one.
    let passwords = Passwords::open(format!("{file}{PASSWORDS}"))?;
    let secret = Secret::random(&SystemRandom)?;
    let login = |realm| {
        Digest::builder(realm, secret.clone(), passwords.clone())
            .algorithms([Algorithm::MD5_SESS])
            .nonce_lifetime(Duration::from_secs(60))
            .opaque(Hash::Sha256.of(b"localhost").as_str())
            .announce_utf8(false)
            .build()
    };
    let (users, admins) = (login("User Zone")?, login("Admin Zone")?);
    let only_foo = users.clone().only(["foo"]);

    let mut app = App::new("http_digest");
    app.debug(true);
    app.after(|_, response| {
        if response.status() != 401 {
            response.headers_mut().insert_new("x-powered-by", "Pauper")?;
        }
        Ok(())
    });
    app.on_status(401, unauthorized);
    app.state(passwords);
    app.get("/", root);
    app.get("/admin_zone", admin_zone).hook(admins);
    app.get("/user_zone", user_zone).hook(users.clone());
    app.get("/user", user_only).hook(users.clone().only(["user"]));
    app.get("/user/utf-8", user_only).hook(users.clone().only(["Ondřej"]));
    app.get("/foo", foo_only).hook(only_foo.clone());
    app.post("/foo/passwd", foo_password).hook(only_foo);
    app.get("/unknown", user_only).hook(users.clone().only(["unknown"]));
    for path in ["/spaces in url", "/čeština v url", "/crazy in url 🤪"] {
        app.get(path, user_zone).hook(users.clone());
    }
    let _left = pauper_examples::server("http_digest", 8080).run(app)?;
    Ok(())
}
