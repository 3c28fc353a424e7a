//! Medians, minima, maxima and ratios of what was kept; tables of them.

use serde_json::Value;

use crate::scenarios::Scenario;
use crate::servers::{FLOOR, OURS, Server};

/// What several runs gave for one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of no values there is none.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let (below, above) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        Some(Self { median: f64::midpoint(below, above), min, max })
    }
}

/// A server's row.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) server: &'a str,
    runs: &'a [Value],
    /// Of the scenario's first metric.
    pub(crate) first: Spread,
}

impl Row<'_> {
    fn spread(&self, key: &str) -> Option<Spread> {
        Spread::of(self.runs.iter().filter_map(|run| run[key].as_f64()).collect())
    }

    fn cell(&self, key: &str) -> String {
        match self.spread(key) {
            Some(spread) => number(spread.median),
            None => self.runs.last().and_then(|run| run[key].as_str()).unwrap_or("–").into(),
        }
    }

    pub(crate) fn is_ours(&self) -> bool {
        Server::find(self.server).is_some_and(Server::is_ours)
    }

    pub(crate) fn is_floor(&self) -> bool {
        Server::find(self.server).is_some_and(Server::is_floor)
    }
}

/// The rows of a scenario: floors first, then from the best to the worst. Servers without a figure
/// have no row.
pub(crate) fn rows<'a>(data: &'a Value, scenario: &Scenario) -> Vec<Row<'a>> {
    let runs = data["scenarios"][scenario.name]["runs"].as_object();
    let first = scenario.metrics[0].key;
    let mut rows: Vec<Row<'_>> = runs
        .into_iter()
        .flatten()
        .filter_map(|(server, runs)| {
            let runs = runs.as_array()?;
            let first = Spread::of(runs.iter().filter_map(|run| run[first].as_f64()).collect())?;
            Some(Row { server, runs, first })
        })
        .collect();
    rows.sort_by(|a, b| {
        let by_first = a.first.median.total_cmp(&b.first.median);
        let by_first = if scenario.more_is_better { by_first.reverse() } else { by_first };
        b.is_floor().cmp(&a.is_floor()).then(by_first)
    });
    rows
}

/// A scenario as a table of Markdown.
pub(crate) fn table(data: &Value, scenario: &Scenario) -> String {
    let rows = rows(data, scenario);
    let median_of =
        |name: &str| rows.iter().find(|row| row.server == name).map(|row| row.first.median);
    let (ours, floor) = (median_of(OURS), median_of(FLOOR));
    let mut text = format!("| server | {} | min – max |", scenario.metrics[0].title);
    if scenario.ratios {
        text.push_str(" ÷ ours | ÷ floor |");
    }
    for metric in &scenario.metrics[1..] {
        text.push_str(&format!(" {} |", metric.title));
    }
    let columns = text.matches('|').count() - 1;
    text.push_str(&format!("\n|---{}|\n", "|--:".repeat(columns - 1)));
    for row in &rows {
        let name = match () {
            () if row.is_ours() => format!("**{}**", row.server),
            () if row.is_floor() => format!("_{}_", row.server),
            () => row.server.to_owned(),
        };
        let Spread { median, min, max } = row.first;
        text.push_str(&format!(
            "| {name} | {} | {} – {} |",
            number(median),
            number(min),
            number(max)
        ));
        if scenario.ratios {
            for base in [ours, floor] {
                let ratio = base.filter(|base| *base > 0.0).map(|base| median / base);
                let ratio = ratio.map_or("–".into(), |ratio| format!("{ratio:.2}"));
                text.push_str(&format!(" {ratio} |"));
            }
        }
        for metric in &scenario.metrics[1..] {
            text.push_str(&format!(" {} |", row.cell(metric.key)));
        }
        text.push('\n');
    }
    text
}

/// A number with three digits that matter, or all before the point; a count without a point.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || size.fract() == 0.0 => thousands(value.round() as i64),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn thousands(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::from(if value < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenarios::SCENARIOS;

    #[test]
    fn a_median_is_in_the_middle() {
        let spread = |values: &[f64]| Spread::of(values.to_vec());
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]).unwrap().median, 2.5);
    }

    #[test]
    fn numbers_have_the_digits_that_matter() {
        for (value, text) in [
            (0.0, "0"),
            (7.0, "7"),
            (0.0123, "0.012"),
            (4.104, "4.10"),
            (56.04, "56.0"),
            (123_456.7, "123,457"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_table_compares_with_ours_and_with_the_floor() {
        let runs = json!({
            "pauper": [{ "cpu_us": 4.02 }], "hyper": [{ "cpu_us": 6.04 }, { "cpu_us": 5.02 }],
            "raw-epoll": [{ "cpu_us": 2.01 }], "rouille": [{}],
        });
        let data = json!({ "scenarios": { "plaintext": { "runs": runs } } });
        let text = table(&data, &SCENARIOS[0]);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert!(
            lines[0].starts_with("| _raw-epoll_ | 2.01 | 2.01 – 2.01 | 0.50 | 1.00 |"),
            "{text}"
        );
        assert!(lines[1].starts_with("| **pauper** | 4.02 |"), "{text}");
        assert!(lines[2].starts_with("| hyper | 5.53 | 5.02 – 6.04 | 1.38 | 2.75 |"), "{text}");
        assert_eq!(lines.len(), 3, "without a figure there is no row: {text}");
        let bars: Vec<usize> = text.lines().map(|line| line.matches('|').count()).collect();
        assert!(bars.iter().all(|count| *count == bars[0]), "{text}");
    }
}
