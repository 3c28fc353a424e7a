//! Logging that costs nothing, call sites included, without the feature `log`.

#[cfg(feature = "log")]
macro_rules! error {
    ($($part:tt)*) => { ::log::error!(target: "pauper::app", $($part)*) };
}

#[cfg(not(feature = "log"))]
macro_rules! error {
    ($($part:tt)*) => {{ let _ = format_args!($($part)*); }};
}

pub(crate) use error;
