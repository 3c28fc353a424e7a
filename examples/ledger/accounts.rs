//! Accounts: their balances, a chart, and the form.

use pauper::forms::jiff::civil::Date;
use pauper::forms::lens::{Choices, Money, TYPICAL};
use pauper::forms::{Errors, Form, Formlet, SaveError, View, entry, form, pick};
use pauper::template::{Html, values};
use pauper::{App, Error, Request, Response, abort};
use plotters::prelude::*;
use rusqlite::OptionalExtension;

use crate::{db, say, show, show_form, store};

const KINDS: [(&str, &str); 5] = [
    ("asset", "Asset: what you have"),
    ("liability", "Liability: what you owe"),
    ("income", "Income: where money comes from"),
    ("expense", "Expense: where it goes"),
    ("equity", "Equity: what was there before"),
];

pub(crate) fn routes(app: &mut App) {
    app.get("/accounts", list);
    app.servlet("/account/new", |_: &mut Request| Ok(Edit(None))).get(Edit::get).post(Edit::post);
    app.servlet("/account/<id:int>", |_: &mut Request, id: i64| Ok(Edit(Some(id))))
        .get(Edit::get)
        .post(Edit::post);
}

fn list(req: &mut Request) -> Result<Response, Error> {
    let accounts = store::accounts(&db(req))?;
    let worth = store::worth(&db(req))?;
    let now = worth.last().map_or(0, |(_, cents)| *cents);
    // One for phones and one for everything else; the style sheet shows one of them.
    let charts = match worth.len() {
        0 | 1 => Vec::new(),
        _ => vec![("narrow", chart(&worth, (400, 300))?), ("broad", chart(&worth, (960, 320))?)],
    };
    let charts: Vec<_> =
        charts.into_iter().map(|(class, svg)| values! { class: class, svg: svg }).collect();
    show(req, "accounts", "Accounts", &values! { accounts: accounts, charts: charts, now: now })
}

/// A drawing of what one has. The library knows fixed colours only; the two it gets here become those
/// of the style sheet, light or dark.
fn chart(worth: &[(Date, i64)], size: (u32, u32)) -> Result<Html<String>, Error> {
    const INK: RGBColor = RGBColor(1, 2, 3);
    const ACCENT: RGBColor = RGBColor(4, 5, 6);
    let day = |date: Date| f64::from(date.day_of_year()) + 365.25 * f64::from(date.year());
    let back = |day: f64| {
        let year = (day / 365.25).floor();
        format!(
            "{:.0}-{:02.0}",
            year,
            ((day - 365.25 * year) / 30.6 + 1.0).floor().clamp(1.0, 12.0)
        )
    };
    let points: Vec<(f64, f64)> =
        worth.iter().map(|(date, cents)| (day(*date), *cents as f64 / 100.0)).collect();
    let (first, last) = (points[0].0, points[points.len() - 1].0);
    let lowest = points.iter().fold(0.0, |low: f64, point| low.min(point.1));
    let highest = points.iter().fold(1.0, |high: f64, point| high.max(point.1));
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let text = ("sans-serif", 17).into_font().color(&INK);
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .x_label_area_size(32)
            .y_label_area_size(72)
            .build_cartesian_2d(first..last, lowest..highest * 1.05)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(INK.mix(0.15))
            .axis_style(INK.mix(0.4))
            .x_labels(size.0 as usize / 130)
            .y_labels(5)
            .x_label_formatter(&|day| back(*day))
            .y_label_formatter(&|amount| Money::format((*amount * 100.0) as i64).replace(".00", ""))
            .label_style(text)
            .draw()?;
        chart.draw_series(
            AreaSeries::new(points, 0.0, ACCENT.mix(0.15)).border_style(ACCENT.stroke_width(2)),
        )?;
        area.present()?;
    }
    let name = "<svg role=\"img\" aria-label=\"What you have, debts taken off, by day\" ";
    Ok(Html(
        svg.replacen("<svg ", name, 1)
            .replace("#010203", "currentColor")
            .replace("#040506", "var(--accent)"),
    ))
}

/// The form for an account.
struct Edit(Option<i64>);
struct Account {
    name: String,
    kind: String,
}

impl Formlet for Edit {
    type Record = Account;

    fn form(&mut self, _: &mut Request) -> Result<Form<Account>, Error> {
        let kinds = KINDS.map(|(kind, label)| (kind.to_owned(), label));
        Ok(form!(Account {
            name: entry("Name").lens(TYPICAL.max_length(60)),
            kind: pick("Kind", Choices::new(kinds).or_say("has to be chosen.")),
        }))
    }

    fn load(&mut self, req: &mut Request) -> Result<Option<Account>, Error> {
        let Some(id) = self.0 else { return Ok(None) };
        let account = db(req)
            .query_row("SELECT name, kind FROM account WHERE id = ?1", [id], |row| {
                Ok(Account { name: row.get(0)?, kind: row.get(1)? })
            })
            .optional()?;
        account.map(Some).ok_or_else(|| abort(404))
    }

    fn display(&mut self, req: &mut Request, form: &View) -> Result<Response, Error> {
        let title = if self.0.is_none() { "New account" } else { "Edit account" };
        show_form(req, title, "Save", form)
    }

    fn save(&mut self, req: &mut Request, account: Account) -> Result<Response, SaveError> {
        let Account { name, kind } = account;
        let written = match self.0 {
            None => {
                db(req).execute("INSERT INTO account (name, kind) VALUES (?1, ?2)", (name, kind))
            }
            Some(id) => db(req)
                .execute("UPDATE account SET name = ?1, kind = ?2 WHERE id = ?3", (name, kind, id)),
        };
        match written {
            // Two accounts of a name: only the database knows for sure, so it is asked by writing.
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) =>
            {
                Err(Errors::of("name", "is that of another account.").into())
            }
            Err(error) => Err(error.into()),
            Ok(0) => Err(abort(404).into()),
            Ok(_) => Ok(say(req, "The account was saved.", "/accounts")),
        }
    }
}
