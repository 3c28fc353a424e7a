//! Dates and times, without a zone.

use jiff::civil;

use super::number::within;
use super::{Lens, filled, quoted};
use crate::attributes::Attributes;
use crate::error::Invalid;

/// Numbers of fixed width, as in `2024-02-29`: `shape` has a `0` where a digit stands.
fn numbers<const N: usize>(text: &str, shape: &str) -> Option<[i16; N]> {
    let fits = text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        });
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(|digits| digits.parse().ok());
    let mut found = [0; N];
    for place in &mut found {
        *place = numbers.next().filter(|_| fits)??;
    }
    Some(found)
}

fn date(numbers: [i16; 3]) -> Result<civil::Date, Invalid> {
    let [year, month, day] = numbers;
    if year == 0 {
        // ISO 8601 has it, the controls of browsers have not.
        return Err(Invalid::new("year is out of range"));
    }
    if !(1..=12).contains(&month) {
        return Err(Invalid::new("month must be in 1..12"));
    }
    // Both fit: they have two digits.
    civil::Date::new(year, month as i8, day as i8)
        .map_err(|_| Invalid::new("day is out of range for month"))
}

fn time(numbers: [i16; 3]) -> Result<civil::Time, Invalid> {
    let [hour, minute, second] = numbers.map(|number| number as i8);
    civil::Time::new(hour, minute, second, 0).map_err(|_| Invalid::new("is no time of the day."))
}

macro_rules! lens {
    ($(#[$doc:meta])* $name:ident, $control:literal, |$text:ident| $parse:expr, |$native:ident| $show:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $name {
            min: Option<civil::$name>,
            max: Option<civil::$name>,
        }

        impl $name {
            /// Any.
            pub const fn new() -> Self {
                Self { min: None, max: None }
            }

            /// Not before this one.
            #[must_use]
            pub const fn min(self, first: civil::$name) -> Self {
                Self { min: Some(first), max: self.max }
            }

            /// Not after this one.
            #[must_use]
            pub const fn max(self, last: civil::$name) -> Self {
                Self { max: Some(last), min: self.min }
            }
        }

        impl Lens for $name {
            type Native = civil::$name;

            fn show(&self, native: &Self::Native) -> String {
                let $native = native;
                $show
            }

            fn parse(&self, text: &str) -> Result<Self::Native, Invalid> {
                let $text = filled(text)?;
                let native = $parse?;
                within(native, self.min, self.max)?;
                Ok(native)
            }

            fn attributes(&self) -> Attributes {
                let mut attributes =
                    Attributes::new().with("type", $control).with_flag("required");
                if let Some(min) = self.min {
                    attributes.set("min", self.show(&min));
                }
                if let Some(max) = self.max {
                    attributes.set("max", self.show(&max));
                }
                attributes
            }
        }
    };
}

lens! {
    /// A date, which may not be blank: `2024-02-29`.
    Date, "date",
    |text| match numbers(text, "0000-00-00") {
        Some(numbers) => date(numbers),
        None => Err(Invalid::new(format!("is no date such as 2024-02-29: {}.", quoted(text)))),
    },
    |native| native.to_string()
}

lens! {
    /// A time of the day, which may not be blank: `23:59` or `23:59:59`.
    Time, "time",
    |text| match numbers(text, "00:00").map(|[h, m]: [i16; 2]| [h, m, 0]).or_else(|| numbers(text, "00:00:00")) {
        Some(numbers) => time(numbers),
        None => Err(Invalid::new(format!("is no time such as 23:59: {}.", quoted(text)))),
    },
    |native| {
        let seconds = if native.second() == 0 { "" } else { ":%S" };
        native.strftime(&format!("%H:%M{seconds}")).to_string()
    }
}

lens! {
    /// A date and a time of the day without a zone, which may not be blank: `2024-02-29T23:59`.
    DateTime, "datetime-local",
    |text| {
        // A blank between is what people write.
        let found = text.split_once(['T', ' ']).and_then(|(day, clock)| {
            Some((
                numbers(day, "0000-00-00")?,
                numbers(clock, "00:00").map(|[h, m]: [i16; 2]| [h, m, 0]).or_else(|| numbers(clock, "00:00:00"))?,
            ))
        });
        match found {
            Some((day, clock)) => date(day).and_then(|day| Ok(day.to_datetime(time(clock)?))),
            None => Err(Invalid::new(format!("is no date and time such as 2024-02-29T23:59: {}.", quoted(text)))),
        }
    },
    |native| {
        let seconds = if native.second() == 0 { "" } else { ":%S" };
        format!("{}T{}", native.date(), native.strftime(&format!("%H:%M{seconds}")))
    }
}
