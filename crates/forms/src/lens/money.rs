//! Amounts of money.

use std::fmt;

use super::number::within;
use super::{Lens, filled, quoted};
use crate::attributes::Attributes;
use crate::error::Invalid;

/// Money in whole cents, as an `i64`, which may not be blank: `-1,234.50`.
///
/// A point stands before one or two digits of cents. Commas are accepted where they part thousands,
/// and nowhere else: `1,5` might be one and a half or fifteen, so it is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Money {
    min: Option<i64>,
    max: Option<i64>,
}

impl Money {
    /// Any amount.
    pub const fn new() -> Self {
        Self { min: None, max: None }
    }

    /// At least so many cents.
    #[must_use]
    pub const fn min(self, cents: i64) -> Self {
        Self { min: Some(cents), max: self.max }
    }

    /// At most so many cents.
    #[must_use]
    pub const fn max(self, cents: i64) -> Self {
        Self { max: Some(cents), min: self.min }
    }

    /// How an amount reads: 123450 as `1,234.50`.
    pub fn format(cents: i64) -> String {
        Cents(cents).to_string()
    }

    fn cents(text: &str) -> Option<i64> {
        let (sign, digits) = match text.strip_prefix(['-', '−']) {
            Some(digits) => (-1, digits),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, cents) = match digits.split_once('.') {
            Some((_, cents)) if !matches!(cents.len(), 1 | 2) => return None,
            Some((whole, cents)) => (whole, cents),
            None => (digits, ""),
        };
        let is_grouped = |whole: &str| {
            let mut groups = whole.split(',');
            let first = groups.next().unwrap_or_default();
            (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)
        };
        if whole.contains(',') && !is_grouped(whole) {
            return None;
        }
        let whole = whole.replace(',', "");
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !are_digits(&whole) || !are_digits(cents) {
            return None;
        }
        // Exact until the end, so that the least amount is one as well.
        let amount: i128 = format!("{whole}{cents:0<2}").parse().ok()?;
        i64::try_from(sign * amount).ok()
    }
}

impl Lens for Money {
    type Native = i64;

    fn show(&self, native: &i64) -> String {
        Self::format(*native)
    }

    fn parse(&self, text: &str) -> Result<i64, Invalid> {
        let text = filled(text)?;
        let Some(cents) = Self::cents(text) else {
            return Err(Invalid::new(format!("is no amount such as 12.50: {}.", quoted(text))));
        };
        within(Cents(cents), self.min.map(Cents), self.max.map(Cents))?;
        Ok(cents)
    }

    fn attributes(&self) -> Attributes {
        // No `type="number"`: it would refuse the commas that `show` puts in.
        Attributes::new().with("inputmode", "decimal").with_flag("required")
    }
}

/// Cents, printed as money.
#[derive(PartialEq, PartialOrd)]
struct Cents(i64);

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.0.unsigned_abs();
        let whole = (amount / 100).to_string();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        write!(f, ".{:02}", amount % 100)
    }
}
