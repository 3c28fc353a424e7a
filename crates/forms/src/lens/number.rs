//! Numbers.

use std::fmt::Display;
use std::str::FromStr;

use super::{Lens, filled, quoted};
use crate::attributes::Attributes;
use crate::error::Invalid;

/// The types that [`Number`] is for: integers and floats of Rust.
pub trait Numeric: FromStr + Display + PartialOrd + Copy + Send + Sync + 'static {
    /// What a number that is none is told.
    const KIND: &'static str;
    /// Attribute `step` of the control: `1` for whole numbers, `any` for others.
    const STEP: &'static str;

    /// Whether it is finite.
    fn is_usable(self) -> bool;
}

macro_rules! numeric {
    ($($kind:ty),*; $name:literal, $step:literal, |$value:ident| $usable:expr) => {$(
        impl Numeric for $kind {
            const KIND: &'static str = $name;
            const STEP: &'static str = $step;

            fn is_usable(self) -> bool {
                let $value = self;
                $usable
            }
        }
    )*};
}
numeric!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize; "a whole number", "1", |_value| true);
numeric!(f32, f64; "a number", "any", |value| value.is_finite());

/// A number, which may not be blank. Digits with a sign before and a point between, as the controls
/// of browsers send them: `-12.5`. Infinities and what is no number are refused.
#[derive(Clone, Copy, Debug)]
pub struct Number<N> {
    min: Option<N>,
    max: Option<N>,
}

impl<N: Numeric> Number<N> {
    /// Any number of this type.
    pub const fn new() -> Self {
        Self { min: None, max: None }
    }

    /// At least this number.
    #[must_use]
    pub const fn min(self, least: N) -> Self {
        Self { min: Some(least), max: self.max }
    }

    /// At most this number.
    #[must_use]
    pub const fn max(self, most: N) -> Self {
        Self { max: Some(most), min: self.min }
    }
}

impl<N: Numeric> Default for Number<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<N: Numeric> Lens for Number<N> {
    type Native = N;

    fn show(&self, native: &N) -> String {
        native.to_string()
    }

    fn parse(&self, text: &str) -> Result<N, Invalid> {
        let text = filled(text)?;
        // `inf`, `NaN` and the like parse as well.
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        let Some(number) = text.parse().ok().filter(|number: &N| is_plain && number.is_usable())
        else {
            let is_large = N::STEP == "1"
                && text.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit())
                && text.len() > 1;
            return Err(Invalid::new(match is_large {
                // Digits that do not fit, or a sign where there is none.
                true => format!("is out of range: {}.", quoted(text)),
                false => format!("is not {}: {}.", N::KIND, quoted(text)),
            }));
        };
        within(number, self.min, self.max)?;
        Ok(number)
    }

    fn attributes(&self) -> Attributes {
        let mut attributes =
            Attributes::new().with("type", "number").with("step", N::STEP).with_flag("required");
        if let Some(min) = self.min {
            attributes.set("min", min.to_string());
        }
        if let Some(max) = self.max {
            attributes.set("max", max.to_string());
        }
        attributes
    }
}

/// Whether a value is not below the one and not above the other.
pub(super) fn within<N: PartialOrd + Display>(
    value: N,
    min: Option<N>,
    max: Option<N>,
) -> Result<(), Invalid> {
    if let Some(min) = min.filter(|min| value < *min) {
        return Err(Invalid::new(format!("must be at least {min}.")));
    }
    if let Some(max) = max.filter(|max| value > *max) {
        return Err(Invalid::new(format!("must be at most {max}.")));
    }
    Ok(())
}
