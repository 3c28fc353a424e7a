//! The list of contacts, and their form.

use pauper::forms::lens::{BLANKABLE, Lens as _};
use pauper::forms::{Form, Formlet, SaveError, View, entry, form, memo};
use pauper::message::StatusCode;
use pauper::template::{Html, values};
use pauper::{App, Error, Request, Response, abort};
use rusqlite::{OptionalExtension, Row};

use crate::{db, show, show_form};

pub(crate) fn routes(app: &mut App) {
    app.get("/contact", |_: &mut Request| Response::redirect("/contact/"));
    app.get("/contact/", list);
    app.servlet("/contact/new", |_: &mut Request| Ok(Edit(None))).get(Edit::get).post(Edit::post);
    app.servlet("/contact/<id:int>", |_: &mut Request, id: i64| Ok(Edit(Some(id))))
        .get(Edit::get)
        .post(Edit::post);
}

fn list(req: &mut Request) -> Result<Response, Error> {
    let text = req.args()?.get("q").unwrap_or_default().to_owned();
    let sql = "SELECT contact, name, phone, email FROM contact WHERE instr(lower(name || char(10) \
         || coalesce(address, '') || char(10) || coalesce(memo, '')), lower(?1)) ORDER BY name";
    let contact = |row: &Row<'_>| {
        let text = |column| row.get::<_, Option<String>>(column);
        Ok(values! { id: row.get::<_, i64>(0)?, name: text(1)?, phone: text(2)?, email: text(3)? })
    };
    let found =
        db(req).prepare(sql)?.query_map([&text], contact)?.collect::<Result<Vec<_>, _>>()?;
    show(req, "contacts", "Contacts", &values! { text: text, contacts: found })
}

/// Something, an `@`, and something that ends with a point and letters. Browsers and `Email` ask for
/// more; this is what the book always took.
fn looks_like_mail(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return text.is_empty() };
    let end = host.rsplit_once('.').map(|(_, end)| end);
    !name.is_empty()
        && end.is_some_and(|end| !end.is_empty() && end.chars().all(char::is_alphabetic))
}

struct Contact {
    name: String,
    phone: String,
    email: String,
    address: String,
    memo: String,
}

struct Edit(Option<i64>);

impl Formlet for Edit {
    type Record = Contact;

    fn form(&mut self, _: &mut Request) -> Result<Form<Contact>, Error> {
        let is_phone = |text: &String| text.chars().all(|c| "-,;0123456789()/".contains(c));
        let phone = BLANKABLE.test(is_phone, "can contain only numbers and ()-,;/ characters.");
        let is_mail = |text: &String| looks_like_mail(text);
        let email = BLANKABLE.test(is_mail, "does not look much like an e-mail address.");
        Ok(form!(Contact {
            name: entry("Name"),
            phone: entry("Phone").lens(phone),
            email: entry("Email").lens(email),
            address: memo("Address").blankable(),
            memo: memo("Memo").blankable(),
        }))
    }

    fn load(&mut self, req: &mut Request) -> Result<Option<Contact>, Error> {
        let Some(id) = self.0 else { return Ok(None) };
        let sql = "SELECT name, phone, email, address, memo FROM contact WHERE contact = ?1";
        let contact = |row: &Row<'_>| {
            let text = |column| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
            let (name, phone, email) = (text(0)?, text(1)?, text(2)?);
            Ok(Contact { name, phone, email, address: text(3)?, memo: text(4)? })
        };
        db(req).query_row(sql, [id], contact).optional()?.map(Some).ok_or_else(|| abort(404))
    }

    fn display(&mut self, req: &mut Request, form: &View) -> Result<Response, Error> {
        let title = if self.0.is_none() { "New Contact" } else { "Edit Contact" };
        show_form(req, title, form, Html::default())
    }

    fn save(&mut self, req: &mut Request, one: Contact) -> Result<Response, SaveError> {
        let row = (one.name, one.phone, one.email, one.address, one.memo, self.0);
        let sql = match self.0 {
            None => {
                "INSERT INTO contact (name, phone, email, address, memo, contact) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
            }
            Some(_) => {
                "UPDATE contact SET name = ?1, phone = ?2, email = ?3, address = ?4, memo = ?5 \
                 WHERE contact = ?6"
            }
        };
        if db(req).execute(sql, row)? == 0 {
            return Err(abort(404).into());
        }
        Ok(Response::redirect("/contact/"))
    }

    fn status_of_errors(&self) -> StatusCode {
        StatusCode::OK
    }
}
