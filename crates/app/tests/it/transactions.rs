use std::sync::{Arc, Mutex};

use super::get;
use pauper_app::{App, NotCommitted, Transactional, guard_transactions, in_transaction};
use pauper_message::{Error, Request, Response, abort, abort_with};

/// A database of one open transaction, and what happened to it.
#[derive(Clone, Default)]
struct Db(Arc<Mutex<(bool, Vec<&'static str>)>>);

impl Db {
    fn set(&self, open: bool, what: &'static str) -> Result<(), Error> {
        let mut db = self.0.lock().unwrap();
        db.0 = open;
        db.1.push(what);
        Ok(())
    }

    fn taken(&self) -> String {
        let mut db = self.0.lock().unwrap();
        assert!(!db.0, "a transaction was left open");
        std::mem::take(&mut db.1).join(" ")
    }
}

/// How the methods of the database fail.
struct Failing(Db, &'static str);

impl Failing {
    fn fails(&self, what: &str) -> Result<(), Error> {
        if self.1 == what { Err(std::io::Error::other("the disk is full").into()) } else { Ok(()) }
    }
}

impl Transactional for Failing {
    fn begin(&self, _: &mut Request) -> Result<(), Error> {
        self.fails("begin")?;
        self.0.set(true, "begin")
    }

    fn is_open(&self, _: &mut Request) -> Result<bool, Error> {
        self.fails("is_open")?;
        Ok(self.0.0.lock().unwrap().0)
    }

    fn commit(&self, _: &mut Request) -> Result<(), Error> {
        self.fails("commit")?;
        self.0.set(false, "commit")
    }

    fn roll_back(&self, _: &mut Request) -> Result<(), Error> {
        self.0.set(false, "rollback")?;
        self.fails("rollback")
    }
}

fn routes(app: &mut App, db: &Db) {
    let begun = db.clone();
    app.get("/begin/<then>", move |_: &mut Request, then: String| -> Result<Response, Error> {
        begun.set(true, "begin")?;
        match &*then {
            "commit" => begun.set(false, "commit")?,
            "error" => return Err(abort(409)),
            "panic" => panic!("in a transaction"),
            "spoil" => return Ok(Response::text("").with_header("x", "\n")),
            _ => {}
        }
        Ok(Response::text("fine"))
    });
    let own = db.clone();
    app.get("/<how>", move |_: &mut Request, how: String| -> Result<Response, Error> {
        match &*how {
            "error" => Err(abort(409)),
            "redirect" => Err(abort_with(Response::redirect("/"))),
            "panic" => panic!("in a transaction"),
            "spoil" => Ok(Response::text("").with_header("x", "\n")),
            "commit" => own.set(false, "own").map(|()| Response::text("fine")),
            _ => Ok(Response::text("fine")),
        }
    });
}

#[test]
fn what_a_handler_forgot_is_rolled_back_and_told() {
    let db = Db::default();
    let mut app = App::new("guarded");
    app.wrap(guard_transactions(Failing(db.clone(), "")));
    app.on_error(|_: &mut Request, error: &NotCommitted| (500, error.to_string()));
    routes(&mut app, &db);
    for (target, status, happened) in [
        ("/plain", 200, ""),
        ("/begin/commit", 200, "begin commit"),
        ("/begin/forget", 500, "begin rollback"),
        ("/begin/error", 409, "begin rollback"),
        ("/begin/panic", 500, "begin rollback"),
        ("/begin/spoil", 500, "begin rollback"),
    ] {
        let answer = get(&app, target);
        assert_eq!((answer.status, &*db.taken()), (status, happened), "{target}");
        let told = "the transaction was not committed and has been rolled back";
        assert_eq!(answer.body == told, target == "/begin/forget", "{target}");
    }
}

#[test]
fn what_cannot_be_asked_counts_as_open() {
    let db = Db::default();
    let mut app = App::new("guarded");
    app.wrap(guard_transactions(Failing(db.clone(), "is_open")));
    routes(&mut app, &db);
    assert_eq!(get(&app, "/begin/forget").status, 500);
    assert_eq!(db.taken(), "begin rollback");
}

#[test]
fn a_transaction_for_each_request() {
    let check = |fails: &'static str, target: &str, status: u16, happened: &str| {
        let db = Db::default();
        let mut app = App::new("transactions");
        app.wrap(in_transaction(Failing(db.clone(), fails)));
        routes(&mut app, &db);
        assert_eq!(
            (get(&app, target).status, &*db.taken()),
            (status, happened),
            "{fails} {target}"
        );
    };
    check("", "/plain", 200, "begin commit");
    check("", "/commit", 200, "begin own");
    check("", "/error", 409, "begin rollback");
    check("", "/redirect", 302, "begin rollback");
    check("", "/panic", 500, "begin rollback");
    check("", "/spoil", 500, "begin rollback");
    check("begin", "/plain", 500, "");
    check("commit", "/plain", 500, "begin rollback");
    check("rollback", "/error", 409, "begin rollback");
    check("is_open", "/plain", 500, "begin rollback");
}
