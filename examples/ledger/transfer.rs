//! Entries as CSV: in by upload, out as a stream.

use std::collections::HashMap;

use csv::StringRecord;
use pauper::fields::FormLimits;
use pauper::forms::element::Upload;
use pauper::forms::lens::{Lens, Money};
use pauper::forms::{Errors, Form, Formlet, Invalid, SaveError, View, file, form};
use pauper::{App, Error, Request, Response};
use rusqlite::{Connection, OpenFlags};

use crate::store::{self, Entry, Line};
use crate::{db, say, show_form};

const COLUMNS: [&str; 6] = ["date", "text", "from", "to", "amount", "memo"];
const MOST: u64 = 16 << 20;

pub(crate) fn routes(app: &mut App) {
    app.get("/export.csv", export);
    app.get("/import", |req: &mut Request| Import.get(req));
    // The file goes to the disk while it arrives, not to memory.
    app.post("/import", |req: &mut Request| Import.post(req))
        .form(FormLimits::new().max_body(MOST + 4096));
}

/// All entries, as many at a time as the browser takes. They are read on a connection of their own,
/// whose transaction shows them all as they were at the beginning.
fn export(req: &mut Request) -> Result<Response, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let own = Connection::open_with_flags(db(req).path().unwrap_or_default(), flags)?;
    own.execute_batch("BEGIN")?;
    let mut last = Some((String::new(), 0));
    let head = std::iter::once(Ok(COLUMNS.join(",") + "\r\n"));
    let rest = std::iter::from_fn(move || match piece(&own, last.take()?) {
        Ok((_, None)) => None,
        Ok((text, next)) => {
            last = next;
            Some(Ok(text))
        }
        Err(error) => Some(Err(std::io::Error::other(error))),
    });
    Ok(Response::body_of(pauper::message::Body::pieces(head.chain(rest), None))
        .with_header("content-type", "text/csv; charset=utf-8")
        .with_attachment("ledger.csv"))
}

type Piece = (String, Option<(String, i64)>);

/// The entries behind one, as text, and the last of them.
fn piece(
    db: &Connection,
    (date, id): (String, i64),
) -> Result<Piece, Box<dyn std::error::Error + Send + Sync>> {
    let sql = "SELECT * FROM line WHERE (date, id) > (?1, ?2) ORDER BY date, id LIMIT 500";
    let mut found = db.prepare_cached(sql)?;
    let mut out = csv::WriterBuilder::new();
    let mut out = out.terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut next = None;
    for line in found.query_map((date, id), store::line)? {
        let Line { id, date, text, memo, cents, from, to } = line?;
        out.write_record([&date, &text, &from, &to, &Money::format(cents), &memo])?;
        next = Some((date, id));
    }
    Ok((String::from_utf8(out.into_inner()?)?, next))
}

struct Import;
struct Sent {
    file: Upload,
}

impl Formlet for Import {
    type Record = Sent;

    fn form(&mut self, _: &mut Request) -> Result<Form<Sent>, Error> {
        let help = "As Export makes it: the first line is “date,text,from,to,amount,memo”. All lines \
             are taken, or none.";
        Ok(form!(Sent { file: file("CSV file").accept(".csv,text/csv").max_size(MOST).help(help) }))
    }

    fn display(&mut self, req: &mut Request, form: &View) -> Result<Response, Error> {
        show_form(req, "Import", "Import", form)
    }

    fn save(&mut self, req: &mut Request, sent: Sent) -> Result<Response, SaveError> {
        let connection = db(req);
        let transaction = connection.unchecked_transaction()?;
        let accounts = store::accounts(&transaction)?.into_iter().map(|one| (one.name, one.id));
        let accounts: HashMap<String, i64> = accounts.collect();
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).from_reader(sent.file.field().reader());
        let head = reader.headers().map_err(unreadable)?.iter().map(str::to_lowercase);
        if !head.eq(COLUMNS) {
            let message = "has to begin with the line “date,text,from,to,amount,memo”.";
            return Err(Errors::of("file", message).into());
        }
        let (mut errors, mut count) = (Errors::new(), 0);
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            match row(&record, &accounts) {
                Ok(entry) => _ = store::write(&transaction, &entry)?,
                Err(why) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    errors.add("file", format!("line {line}: {why}"));
                }
            }
            count += 1;
            // Nobody reads more of them.
            if errors.len() == 10 {
                break;
            }
        }
        if !errors.is_empty() {
            return Err(errors.into());
        }
        transaction.commit()?;
        drop(connection);
        Ok(say(req, &format!("{count} entries were imported."), "/"))
    }
}

fn unreadable(error: csv::Error) -> Errors {
    Errors::of("file", format!("cannot be read: {error}."))
}

/// The entry of a line, by the same lenses that the form has.
fn row(record: &StringRecord, accounts: &HashMap<String, i64>) -> Result<Entry, String> {
    let cell = |column: usize| record.get(column).unwrap_or_default();
    let named = |column: usize| move |wrong: Invalid| format!("{} {wrong}", COLUMNS[column]);
    let account = |column: usize| {
        let (name, unknown) = (cell(column).trim(), Invalid::new("is no account."));
        accounts.get(name).copied().ok_or_else(|| named(column)(unknown))
    };
    let (from, to) = (account(2)?, account(3)?);
    if from == to {
        return Err("from and to are the same account.".to_owned());
    }
    let date = store::DATE.parse(cell(0)).map_err(named(0))?;
    let text = store::TEXT.parse(cell(1)).map_err(named(1))?;
    let cents = store::AMOUNT.parse(cell(4)).map_err(named(4))?;
    let memo = store::MEMO.parse(cell(5)).map_err(named(5))?;
    Ok(Entry { id: 0, version: 0, date, text, from, to, cents, memo })
}
