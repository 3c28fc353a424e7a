//! The dashboard, and the form for tasks.

use pauper::forms::jiff::ToSpan;
use pauper::forms::jiff::civil::Date;
use pauper::forms::lens::{Choices, Enumerated};
use pauper::forms::{Form, Formlet, SaveError, View, date, entry, form, memo, pick};
use pauper::message::StatusCode;
use pauper::template::{Html, values};
use pauper::{App, Error, Request, Response, abort};
use rusqlite::{OptionalExtension, Row};

use crate::{db, desk, home, parsed, show, show_form, today};

pub(crate) fn routes(app: &mut App) {
    app.get("/", dashboard);
    app.get("/task/sort/<order:word>", sort);
    app.servlet("/task/new", |_: &mut Request| Ok(Edit(None))).get(Edit::get).post(Edit::post);
    app.servlet("/task/<id:int>", |_: &mut Request, id: i64| Ok(Edit(Some(id))))
        .get(Edit::get)
        .post(Edit::post);
}

fn dashboard(req: &mut Request) -> Result<Response, Error> {
    let order =
        if desk(req).by_due { "due IS NULL, due, priority" } else { "priority, due IS NULL, due" };
    let (first, last) = (today().to_string(), (today() + 7.days()).to_string());
    let db = db(req);
    let text = |row: &Row<'_>, column| row.get::<_, Option<String>>(column);
    let mut found = db.prepare(
        "SELECT appointment, date, description, name FROM appointment LEFT JOIN contact \
         USING (contact) WHERE date BETWEEN ?1 AND ?2 ORDER BY date, appointment",
    )?;
    let appointment = |row: &Row<'_>| {
        let (id, date) = (row.get::<_, i64>(0)?, text(row, 1)?);
        Ok(values! { id: id, date: date, description: text(row, 2)?, name: text(row, 3)? })
    };
    let appointments =
        found.query_map([first, last], appointment)?.collect::<Result<Vec<_>, _>>()?;
    let sql =
        format!("SELECT task, priority, title, due FROM task WHERE NOT complete ORDER BY {order}");
    let task = |row: &Row<'_>| {
        let (id, priority) = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?);
        Ok(values! { id: id, priority: priority, title: text(row, 2)?, due: text(row, 3)? })
    };
    let tasks = db.prepare(&sql)?.query_map((), task)?.collect::<Result<Vec<_>, _>>()?;
    show(req, "dashboard", "Dashboard", &values! { appointments: appointments, tasks: tasks })
}

fn sort(req: &mut Request, order: String) -> Result<Response, Error> {
    desk(req).by_due = match &*order {
        "due" => true,
        "priority" => false,
        _ => return Err(abort(404)),
    };
    Ok(home())
}

struct Task {
    complete: u8,
    priority: i64,
    title: String,
    due: Option<Date>,
    memo: String,
}

struct Edit(Option<i64>);

impl Formlet for Edit {
    type Record = Task;

    fn form(&mut self, _: &mut Request) -> Result<Form<Task>, Error> {
        let complete = Choices::new([(1, "Yes"), (0, "No")]).or_say("So is it complete or not?");
        let priority = Enumerated::new(["High", "Medium", "Low"]).base(1);
        let priority = priority.or_say("Please select a priority.");
        Ok(form!(Task {
            complete: pick("Complete", complete).initial(&0),
            priority: pick("Priority", priority),
            title: entry("Title"),
            due: date("Due").optional(),
            memo: memo("Memo").blankable(),
        }))
    }

    fn load(&mut self, req: &mut Request) -> Result<Option<Task>, Error> {
        let Some(id) = self.0 else { return Ok(None) };
        let sql = "SELECT complete, priority, title, due, memo FROM task WHERE task = ?1";
        let task = |row: &Row<'_>| {
            Ok(Task {
                complete: row.get(0)?,
                priority: row.get(1)?,
                title: row.get(2)?,
                due: parsed(row.get(3)?)?,
                memo: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
            })
        };
        db(req).query_row(sql, [id], task).optional()?.map(Some).ok_or_else(|| abort(404))
    }

    fn display(&mut self, req: &mut Request, form: &View) -> Result<Response, Error> {
        let title = if self.0.is_none() { "New Task" } else { "Edit Task" };
        show_form(req, title, form, Html::default())
    }

    fn save(&mut self, req: &mut Request, task: Task) -> Result<Response, SaveError> {
        let due = task.due.map(|due| due.to_string());
        let row = (task.complete, task.priority, task.title, due, task.memo, self.0);
        let sql = match self.0 {
            None => {
                "INSERT INTO task (complete, priority, title, due, memo, task) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
            }
            Some(_) => {
                "UPDATE task SET complete = ?1, priority = ?2, title = ?3, due = ?4, memo = ?5 WHERE task = ?6"
            }
        };
        if db(req).execute(sql, row)? == 0 {
            return Err(abort(404).into());
        }
        Ok(home())
    }

    fn status_of_errors(&self) -> StatusCode {
        StatusCode::OK
    }
}
