//! Entries: the list with search and pages, the form, and the deletion.

use pauper::forms::jiff::ZonedDateTime;
use pauper::forms::lens::{Choices, Number};
use pauper::forms::{Errors, Form, Formlet, SaveError, View, form};
use pauper::forms::{date, entry, hidden, memo, money, pick};
use pauper::template::values;
use pauper::{App, Error, Request, Response, abort};

use crate::store::{self, Entry};
use crate::{db, say, show, show_form};

pub(crate) fn routes(app: &mut App) {
    app.get("/", list);
    app.servlet("/entry/new", |_: &mut Request| Ok(Edit(0))).get(Edit::get).post(Edit::post);
    app.servlet("/entry/<id:int>", |_: &mut Request, id: i64| Ok(Edit(id)))
        .get(Edit::get)
        .post(Edit::post);
    app.servlet("/entry/<id:int>/delete", |_: &mut Request, id: i64| Ok(Delete(id)))
        .get(Delete::get)
        .post(Delete::post);
}

fn list(req: &mut Request) -> Result<Response, Error> {
    let text = req.args()?.get("q").unwrap_or_default().trim().to_owned();
    let page = req.args()?.getvalue::<usize>("page")?.unwrap_or(1).clamp(1, 1_000_000);
    let (lines, count) = store::lines(&db(req), &text, page)?;
    let pages = count.div_ceil(store::PAGE).max(1);
    show(
        req,
        "entries",
        "Entries",
        &values! {
            before: (page > 1).then(|| page - 1),
            after: (page < pages).then(|| page + 1),
            text: text,
            lines: lines,
            count: count,
            page: page,
            pages: pages,
        },
    )
}

/// The form for an entry; 0 is the number of one that is yet to be.
struct Edit(i64);

impl Formlet for Edit {
    type Record = Entry;

    fn form(&mut self, req: &mut Request) -> Result<Form<Entry>, Error> {
        let accounts = store::accounts(&db(req))?;
        let accounts = Choices::new(accounts.into_iter().map(|one| (one.id, one.name)))
            .or_say("has to be chosen.");
        let today = ZonedDateTime::now().date();
        // A struct goes in and comes out; each field is an element with a lens.
        Ok(form!(Entry {
            id: hidden(Number::new()).initial(&self.0),
            version: hidden(Number::new()).initial(&0),
            date: date("Date").lens(store::DATE).initial(&today),
            text: entry("Text").lens(store::TEXT).help("What it was for."),
            from: pick("From", accounts.clone()).help("The account that the money leaves."),
            to: pick("To", accounts).help("The account that it goes to."),
            cents: money("Amount").lens(store::AMOUNT),
            memo: memo("Memo").lens(store::MEMO),
        }))
    }

    fn load(&mut self, req: &mut Request) -> Result<Option<Entry>, Error> {
        if self.0 == 0 {
            return Ok(None);
        }
        store::entry(&db(req), self.0)?.map(Some).ok_or_else(|| abort(404))
    }

    fn display(&mut self, req: &mut Request, form: &View) -> Result<Response, Error> {
        let title = if self.0 == 0 { "New entry" } else { "Edit entry" };
        show_form(req, title, "Save", form)
    }

    fn check(&mut self, _: &mut Request, entry: &Entry, errors: &mut Errors) -> Result<(), Error> {
        if entry.from == entry.to {
            errors.add("to", "has to be another account than the money comes from.");
        }
        Ok(())
    }

    fn save(&mut self, req: &mut Request, entry: Entry) -> Result<Response, SaveError> {
        let connection = db(req);
        let transaction = connection.unchecked_transaction()?;
        // The path says which entry it is; what the browser sends could be anything.
        if !store::write(&transaction, &Entry { id: self.0, ..entry })? {
            let message = "Somebody changed or deleted this entry since you opened it. \
                 Open it again to see what it is now.";
            return Err(Errors::of("", message).into());
        }
        transaction.commit()?;
        drop(connection);
        Ok(say(req, "The entry was saved.", "/"))
    }
}

/// Asks before it deletes: a form without fields.
struct Delete(i64);
struct Sure {}

impl Formlet for Delete {
    type Record = Sure;

    fn form(&mut self, _: &mut Request) -> Result<Form<Sure>, Error> {
        Ok(form!(Sure {}))
    }

    fn display(&mut self, req: &mut Request, form: &View) -> Result<Response, Error> {
        let line = {
            let db = db(req);
            let mut found = db.prepare("SELECT * FROM line WHERE id = ?1")?;
            let mut found = found.query_map([self.0], store::line)?;
            found.next().ok_or_else(|| abort(404))??
        };
        show(req, "delete", "Delete entry", &values! { form: form, line: line })
    }

    fn save(&mut self, req: &mut Request, _: Sure) -> Result<Response, SaveError> {
        let deleted = db(req).execute("DELETE FROM entry WHERE id = ?1", [self.0])?;
        let said = if deleted == 0 { "Somebody did so before." } else { "The entry was deleted." };
        Ok(say(req, said, "/"))
    }
}
