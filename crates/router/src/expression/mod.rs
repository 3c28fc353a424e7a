//! `<name:re:EXPRESSION>`: two files with one signature, chosen by the feature `regex`.

#[cfg(feature = "regex")]
mod on;
#[cfg(feature = "regex")]
pub(crate) use on::Expression;

#[cfg(not(feature = "regex"))]
mod off;
#[cfg(not(feature = "regex"))]
pub(crate) use off::Expression;
