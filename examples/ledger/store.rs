//! What the ledger keeps: accounts, and entries that move money from one to another.
//!
//! An entry has two postings whose sum is nothing, so all accounts together always hold nothing
//! either: that is double-entry bookkeeping. Money is whole cents; dates are text, as SQLite has it.

use pauper::forms::jiff::civil::Date;
use pauper::forms::lens::{self, Money, TYPICAL, Text};
use pauper::template::record;
use rusqlite::{Connection, OptionalExtension, Result, Row};

/// The steps from nothing to the schema of today, and something to look at. Add one at the end; never change those before it.
const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/1_tables.sql"),
    include_str!("migrations/2_sample.sql"),
    include_str!("migrations/3_memo.sql"),
];

// What an entry may hold, be it typed into a form or read from a file.
pub(crate) const DATE: lens::Date = lens::Date::new().min(Date::constant(1900, 1, 1));
pub(crate) const TEXT: Text = TYPICAL.max_length(120);
pub(crate) const MEMO: Text = TYPICAL.blankable().multi_line().max_length(2000);
pub(crate) const AMOUNT: Money = Money::new().min(1).max(10_000_000_000);

pub(crate) struct Account {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) kind: String,
    /// As one reads it: income and debts count as positive where they grow.
    pub(crate) balance: i64,
}
record!(Account { id, name, kind, balance });

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) version: i64,
    pub(crate) date: Date,
    pub(crate) text: String,
    pub(crate) memo: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) cents: i64,
}

/// An entry as a list shows it.
pub(crate) struct Line {
    pub(crate) id: i64,
    pub(crate) date: String,
    pub(crate) text: String,
    pub(crate) memo: String,
    pub(crate) cents: i64,
    pub(crate) from: String,
    pub(crate) to: String,
}
record!(Line { id, date, text, memo, cents, from, to });

/// Opens the file, and brings it up to date.
pub(crate) fn open(path: &str) -> Result<Connection> {
    let mut db = Connection::open(path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    let done: usize = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(done) {
        // The step and its number are written together, or neither is.
        let transaction = db.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", step + 1)?;
        transaction.commit()?;
    }
    Ok(db)
}

/// The key that is kept; at the first start the one that is given.
pub(crate) fn key(db: &Connection, fresh: String) -> Result<String> {
    db.execute("INSERT INTO secret VALUES (1, ?1) ON CONFLICT DO NOTHING", [fresh])?;
    db.query_row("SELECT key FROM secret", (), |row| row.get(0))
}

pub(crate) fn accounts(db: &Connection) -> Result<Vec<Account>> {
    let sql = "SELECT id, name, kind, coalesce(sum(cents), 0) \
         * CASE WHEN kind IN ('asset', 'expense') THEN 1 ELSE -1 END \
         FROM account LEFT JOIN posting ON account = id GROUP BY id ORDER BY kind, name";
    let account = |row: &Row<'_>| {
        Ok(Account { id: row.get(0)?, name: row.get(1)?, kind: row.get(2)?, balance: row.get(3)? })
    };
    db.prepare(sql)?.query_map((), account)?.collect()
}

/// How many lines a page has.
pub(crate) const PAGE: usize = 20;

/// The lines of a page that contain a text, newest first; and how many there are of them in all.
pub(crate) fn lines(db: &Connection, text: &str, page: usize) -> Result<(Vec<Line>, usize)> {
    const FOUND: &str = "FROM line WHERE instr(lower(text || char(10) || memo || char(10) \
         || source_name || char(10) || target_name), lower(?1))";
    let sql = format!("SELECT * {FOUND} ORDER BY date DESC, id DESC LIMIT ?2 OFFSET ?3");
    let from = (page - 1) * PAGE;
    let found = db.prepare(&sql)?.query_map((text, PAGE, from), line)?.collect::<Result<_>>()?;
    let count = db.query_row(&format!("SELECT count(*) {FOUND}"), [text], |row| row.get(0))?;
    Ok((found, count))
}

pub(crate) fn line(row: &Row<'_>) -> Result<Line> {
    let (id, date, cents) = (row.get("id")?, row.get("date")?, row.get("cents")?);
    let (text, memo) = (row.get("text")?, row.get("memo")?);
    let (from, to) = (row.get("source_name")?, row.get("target_name")?);
    Ok(Line { id, date, text, memo, cents, from, to })
}

pub(crate) fn entry(db: &Connection, id: i64) -> Result<Option<Entry>> {
    let entry = |row: &Row<'_>| {
        let Line { date, text, memo, cents, .. } = line(row)?;
        let (date, version) = (day(&date)?, row.get("version")?);
        let (from, to) = (row.get("source")?, row.get("target")?);
        Ok(Entry { id, version, date, text, memo, from, to, cents })
    };
    db.query_row("SELECT * FROM line WHERE id = ?1", [id], entry).optional()
}

/// Writes a new entry, or the one with this id if nobody changed it since it was read. `false`: it was
/// changed or deleted. Call it inside a transaction, since it writes several rows.
pub(crate) fn write(db: &Connection, entry: &Entry) -> Result<bool> {
    let Entry { id, version, text, memo, .. } = entry;
    let date = entry.date.to_string();
    let id = if *id == 0 {
        let sql = "INSERT INTO entry (date, text, memo) VALUES (?1, ?2, ?3)";
        db.prepare_cached(sql)?.insert((date, text, memo))?
    } else {
        let sql = "UPDATE entry SET date = ?1, text = ?2, memo = ?3, version = version + 1 \
             WHERE id = ?4 AND version = ?5";
        if db.execute(sql, (date, text, memo, id, version))? == 0 {
            return Ok(false);
        }
        db.execute("DELETE FROM posting WHERE entry = ?1", [id])?;
        *id
    };
    let mut posting = db.prepare_cached("INSERT INTO posting VALUES (?1, ?2, ?3)")?;
    posting.execute((id, entry.from, -entry.cents))?;
    posting.execute((id, entry.to, entry.cents))?;
    Ok(true)
}

fn day(text: &str) -> Result<Date> {
    text.parse().map_err(|_| rusqlite::Error::InvalidQuery)
}

/// What one has, debts taken off, at the end of each day on which that changed.
pub(crate) fn worth(db: &Connection) -> Result<Vec<(Date, i64)>> {
    let sql = "SELECT date, sum(sum(cents)) OVER (ORDER BY date) FROM posting \
         JOIN entry ON entry.id = entry JOIN account ON account.id = account \
         WHERE kind IN ('asset', 'liability') GROUP BY date ORDER BY date";
    let point = |row: &Row<'_>| Ok((day(&row.get::<_, String>(0)?)?, row.get(1)?));
    db.prepare(sql)?.query_map((), point)?.collect()
}
