//! Accounts: their balances, a chart, and the form.

use pauper::forms::jiff::{ToSpan, civil::Date};
use pauper::forms::lens::{Choices, Money};
use pauper::forms::{Errors, Form, Formlet, SaveError, View, entry, form, pick};
use pauper::template::{Html, values};
use pauper::{App, Error, Request, Response};
use plotters::prelude::*;

use crate::{db, say, show, show_form, store};

const KINDS: [&str; 5] = ["asset", "liability", "income", "expense", "equity"];

pub(crate) fn routes(app: &mut App) {
    app.get("/accounts", list);
    app.servlet("/account/new", |_: &mut Request| Ok(New)).get(New::get).post(New::post);
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
    let first = worth[0].0;
    let points = worth.iter().map(|(date, cents)| ((*date - first).get_days(), *cents as f64));
    let points: Vec<(i32, f64)> = points.collect();
    let (lowest, highest) = points.iter().fold((0.0, 1.0), |(low, high): (f64, f64), point| {
        (low.min(point.1), high.max(point.1 * 1.05))
    });
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(32)
        .x_label_area_size(32)
        .y_label_area_size(72)
        .build_cartesian_2d(0..points[points.len() - 1].0, lowest..highest)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(INK.mix(0.15))
        .axis_style(INK.mix(0.4))
        .label_style(("sans-serif", 17).into_font().color(&INK))
        .x_labels(size.0 as usize / 140)
        .y_labels(5)
        .x_label_formatter(&|days| (first + days.days()).to_string())
        .y_label_formatter(&|cents| Money::format(*cents as i64).replace(".00", ""))
        .draw()?;
    let series = AreaSeries::new(points, 0.0, ACCENT.mix(0.15));
    chart.draw_series(series.border_style(ACCENT.stroke_width(2)))?;
    drop(chart);
    drop(area);
    let name = "<svg role=\"img\" aria-label=\"What you have, debts taken off, by day\" ";
    let svg = svg.replacen("<svg ", name, 1).replace("#010203", "currentColor");
    Ok(Html(svg.replace("#040506", "var(--accent)")))
}

/// The form for a new account.
struct New;

struct Account {
    name: String,
    kind: String,
}

impl Formlet for New {
    type Record = Account;

    fn form(&mut self, _: &mut Request) -> Result<Form<Account>, Error> {
        let help =
            "Assets are what you have, liabilities what you owe; equity is what was there before.";
        Ok(form!(Account {
            name: entry("Name").max_length(60),
            kind: pick("Kind", Choices::list(KINDS).or_say("has to be chosen.")).help(help),
        }))
    }

    fn display(&mut self, req: &mut Request, form: &View) -> Result<Response, Error> {
        show_form(req, "New account", "Save", form)
    }

    fn save(&mut self, req: &mut Request, new: Account) -> Result<Response, SaveError> {
        let sql = "INSERT INTO account (name, kind) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
        // Whether a name is taken only the database knows for sure, so it is asked by writing.
        if db(req).execute(sql, (new.name, new.kind))? == 0 {
            return Err(Errors::of("name", "is that of another account.").into());
        }
        Ok(say(req, "The account was saved.", "/accounts"))
    }
}
