//! Appointments: a form that can be left to choose a contact, and is as it was when one comes back.

use pauper::forms::jiff::civil::Date;
use pauper::forms::{Errors, Form, Formlet, SaveError, View, date, entry, form};
use pauper::message::{StatusCode, page::escape};
use pauper::template::{Html, values};
use pauper::{App, Error, Request, Response, abort};
use rusqlite::{OptionalExtension, Row};

use crate::{db, desk, home, parsed, show, show_form, today};

pub(crate) fn routes(app: &mut App) {
    app.get("/appt", |_: &mut Request| Response::redirect("/appt/"));
    app.get("/appt/", |req: &mut Request| show(req, "sorry", "Sorry", &values! {}));
    app.servlet("/appt/new", |_: &mut Request| Ok(Edit(None)))
        .get(Edit::get)
        .post(Edit::post_or_leave);
    app.servlet("/appt/<id:int>", |_: &mut Request, id: i64| Ok(Edit(Some(id))))
        .get(Edit::get)
        .post(Edit::post_or_leave);
    app.get("/with_contact/<id:int>", with_contact);
}

/// What was entered before a contact is chosen, and the contact.
#[derive(Clone)]
pub(crate) struct Draft {
    id: Option<i64>,
    contact: Option<i64>,
    date: Option<Date>,
    description: String,
}

fn with_contact(req: &mut Request, id: i64) -> Result<Response, Error> {
    name_of(req, Some(id))?.ok_or_else(|| abort(404))?;
    let fresh = Draft { id: None, contact: None, date: Some(today()), description: String::new() };
    let edited = {
        let mut desk = desk(req);
        let draft = desk.draft.get_or_insert(fresh);
        draft.contact = Some(id);
        draft.id
    };
    Ok(match edited {
        Some(id) => Response::redirect(&format!("/appt/{id}")),
        None => Response::redirect("/appt/new"),
    })
}

fn name_of(req: &Request, contact: Option<i64>) -> Result<Option<String>, Error> {
    let sql = "SELECT name FROM contact WHERE contact = ?1";
    Ok(db(req).query_row(sql, [contact], |row| row.get(0)).optional()?)
}

struct Appointment {
    date: Option<Date>,
    description: String,
}

struct Edit(Option<i64>);

impl Edit {
    /// The draft, if it is one of this appointment; or a new one of what is stored, which takes the
    /// place of any other.
    fn draft(&self, req: &Request) -> Result<Draft, Error> {
        if let Some(draft) = desk(req).draft.clone().filter(|draft| draft.id == self.0) {
            return Ok(draft);
        }
        let draft = match self.0 {
            None => {
                Draft { id: None, contact: None, date: Some(today()), description: String::new() }
            }
            Some(id) => {
                let sql =
                    "SELECT contact, date, description FROM appointment WHERE appointment = ?1";
                let stored = |row: &Row<'_>| {
                    let description = row.get::<_, Option<String>>(2)?.unwrap_or_default();
                    let (contact, date) = (row.get(0)?, parsed(row.get(1)?)?);
                    Ok(Draft { id: self.0, contact, date, description })
                };
                let found = db(req).query_row(sql, [id], stored).optional()?;
                found.ok_or_else(|| abort(404))?
            }
        };
        desk(req).draft = None;
        Ok(draft)
    }

    /// The button of the contact leaves the form, which is kept.
    fn post_or_leave(&mut self, req: &mut Request) -> Result<Response, Error> {
        if !req.fields()?.contains("contact") {
            return self.post(req);
        }
        let contact = self.draft(req)?.contact;
        let text = req.fields()?.get("date").unwrap_or_default().trim().parse().ok();
        let description = req.fields()?.get("description").unwrap_or_default().to_owned();
        desk(req).draft = Some(Draft { id: self.0, contact, date: text, description });
        Ok(Response::redirect("/contact"))
    }
}

impl Formlet for Edit {
    type Record = Appointment;

    fn form(&mut self, _: &mut Request) -> Result<Form<Appointment>, Error> {
        Ok(form!(Appointment {
            date: date("Date").optional(),
            description: entry("Description").blankable(),
        }))
    }

    fn load(&mut self, req: &mut Request) -> Result<Option<Appointment>, Error> {
        let Draft { date, description, .. } = self.draft(req)?;
        Ok(Some(Appointment { date, description }))
    }

    fn display(&mut self, req: &mut Request, form: &View) -> Result<Response, Error> {
        let title = if self.0.is_none() { "New Appointment" } else { "Edit Appointment" };
        let name = name_of(req, self.draft(req)?.contact)?;
        let caption = name.unwrap_or_else(|| "Click to Choose...".to_owned());
        let button = format!(
            "<p>Contact: <button name=\"contact\" value=\"1\">{}</button></p>",
            escape(&caption)
        );
        show_form(req, title, form, Html(button))
    }

    fn check(
        &mut self,
        _: &mut Request,
        appointment: &Appointment,
        errors: &mut Errors,
    ) -> Result<(), Error> {
        match appointment.date {
            None => errors.add("date", "is missing. An appointment without one never happens."),
            Some(date) if self.0.is_none() && date < today() => {
                errors.add("date", "is in the past. Nobody can go there any more.");
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn save(&mut self, req: &mut Request, one: Appointment) -> Result<Response, SaveError> {
        let contact = self.draft(req)?.contact;
        let row = (contact, one.date.map(|date| date.to_string()), one.description, self.0);
        let sql = match self.0 {
            None => {
                "INSERT INTO appointment (contact, date, description, appointment) \
                 VALUES (?1, ?2, ?3, ?4)"
            }
            Some(_) => {
                "UPDATE appointment SET contact = ?1, date = ?2, description = ?3 \
                 WHERE appointment = ?4"
            }
        };
        if db(req).execute(sql, row)? == 0 {
            return Err(abort(404).into());
        }
        desk(req).draft = None;
        Ok(home())
    }

    fn status_of_errors(&self) -> StatusCode {
        StatusCode::OK
    }
}
