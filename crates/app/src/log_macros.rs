//! Errors of handlers, for the log.

/// An error, through the `log` facade where the feature is on and the program installed a logger;
/// on standard error otherwise, since an error that nobody is told of is found last.
macro_rules! error {
    ($($part:tt)*) => {{
        #[cfg(feature = "log")]
        let silent = ::log::max_level() == ::log::LevelFilter::Off;
        #[cfg(not(feature = "log"))]
        let silent = true;
        if silent {
            // A standard error that is closed is no reason to fail.
            let _ = ::std::io::Write::write_fmt(
                &mut ::std::io::stderr().lock(),
                format_args!("pauper: {}\n", format_args!($($part)*)),
            );
        }
        #[cfg(feature = "log")]
        ::log::error!(target: "pauper::app", $($part)*);
    }};
}

/// What is worth knowing while one looks: through the `log` facade, or nowhere.
macro_rules! info {
    ($($part:tt)*) => {{
        #[cfg(feature = "log")]
        ::log::info!(target: "pauper::app", $($part)*);
        #[cfg(not(feature = "log"))]
        let _ = format_args!($($part)*);
    }};
}

/// What is nobody's fault here, but may be somebody's: through the `log` facade, or nowhere.
macro_rules! warning {
    ($($part:tt)*) => {{
        #[cfg(feature = "log")]
        ::log::warn!(target: "pauper::app", $($part)*);
        #[cfg(not(feature = "log"))]
        let _ = format_args!($($part)*);
    }};
}

pub(crate) use {error, info, warning};
