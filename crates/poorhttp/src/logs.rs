//! Opening the logs that the options name.

use std::fs::File;

use crate::access_format::Format;
use crate::logger;
use crate::options::Options;
use crate::sink::Sink;

pub(crate) fn open_error_log(options: &Options) -> Result<Sink, String> {
    Sink::open(options.error_log(), || Sink::Stderr).map_err(|error| format!("errorlog: {error}"))
}

pub(crate) fn open_access_log(options: &Options) -> Result<Sink, String> {
    Sink::open(options.access_log(), || Sink::Stdout).map_err(|error| format!("accesslog: {error}"))
}

/// A descriptor of a log's file, to change its owner.
pub(crate) fn descriptor(sink: &Sink) -> Option<File> {
    sink.file()?.try_clone().ok()
}

/// Sends messages there.
pub(crate) fn install(options: &Options, sink: Sink) {
    logger::install(options.log_level(), sink, options.text("format"));
}

/// How lines of the access log look.
pub(crate) fn format(options: &Options) -> Result<Format, String> {
    Format::parse(options.text("accessformat"))
}
