//! What the log is told.

/// An error, through the `log` facade where the feature is on and the program installed a logger;
/// on standard error otherwise, since an error that nobody is told of is found last.
#[cfg(feature = "password-file")]
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
        ::log::error!(target: "pauper::auth", $($part)*);
    }};
}

/// What is worth knowing while one looks: through the `log` facade, or nowhere.
macro_rules! info {
    ($($part:tt)*) => {{
        #[cfg(feature = "log")]
        ::log::info!(target: "pauper::auth", $($part)*);
        #[cfg(not(feature = "log"))]
        let _ = format_args!($($part)*);
    }};
}

#[cfg(feature = "password-file")]
pub(crate) use error;
pub(crate) use info;
