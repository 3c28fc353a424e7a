//! A scenario as a picture: bars of medians, with lines from the smallest to the largest value.

use plotters::prelude::*;

use crate::Result;
use crate::figures::{Row, number};

const ROW: i32 = 26;
const LEFT: i32 = 120;
const RIGHT: i32 = 150;
const WIDTH: i32 = 760;
const TOP: i32 = 44;

const OURS: RGBColor = RGBColor(0x1f, 0x6f, 0x8b);
const OTHERS: RGBColor = RGBColor(0xb0, 0xb7, 0xbd);
const FLOORS: RGBColor = RGBColor(0xde, 0xd3, 0xb8);
const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);

/// The picture as SVG.
///
/// # Errors
/// When there is nothing to show, or plotters cannot.
pub(crate) fn svg(title: &str, rows: &[Row<'_>]) -> Result<String> {
    let largest = rows.iter().map(|row| row.first.max).fold(0.0, f64::max);
    if rows.is_empty() || !largest.is_finite() {
        return Err(format!("no figures, no chart: {title}"));
    }
    let scale = f64::from(WIDTH - LEFT - RIGHT) / largest.max(f64::MIN_POSITIVE);
    let x = |value: f64| LEFT + (value * scale).round() as i32;
    let height = TOP + ROW * rows.len() as i32 + 10;
    let mut text = String::new();
    {
        let size = (WIDTH as u32, height as u32);
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let draw = || {
            area.fill(&WHITE)?;
            let font = |size: i32| ("sans-serif", size).into_font().color(&INK);
            area.draw_text(title, &font(16), (10, 12))?;
            for (index, row) in rows.iter().enumerate() {
                let top = TOP + ROW * index as i32;
                let middle = top + ROW / 2;
                let color = match () {
                    () if row.is_ours() => OURS,
                    () if row.is_floor() => FLOORS,
                    () => OTHERS,
                };
                let bar = [(LEFT, top + 4), (x(row.first.median), top + ROW - 4)];
                area.draw(&Rectangle::new(bar, color.filled()))?;
                let line = vec![(x(row.first.min), middle), (x(row.first.max), middle)];
                area.draw(&PathElement::new(line, INK))?;
                area.draw_text(row.server, &font(13), (10, middle - 7))?;
                let value = number(row.first.median);
                area.draw_text(&value, &font(13), (x(row.first.max) + 8, middle - 7))?;
            }
            area.present()
        };
        draw().map_err(|error| error.to_string())?;
    }
    Ok(text)
}
