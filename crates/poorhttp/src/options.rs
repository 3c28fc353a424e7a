//! The command line.

use std::error::Error as StdError;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use lexopt::ValueExt as _;
use log::LevelFilter;

/// What the command line asks for.
///
/// Parsing reads nothing but its argument, so it can be tried anywhere:
///
/// ```
/// use poorhttp::Options;
///
/// let options = Options::parse(["poorhttp", "--port", "80", "--root", "www"])?;
/// assert_eq!((options.address(), options.port()), ("127.0.0.1", 80));
/// assert_eq!(options.root().unwrap(), "www");
///
/// let error = Options::parse(["poorhttp", "--prot", "80"]).unwrap_err();
/// assert_eq!(error.to_string(), "invalid option '--prot'");
/// # Ok::<(), poorhttp::UsageError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    program: String,
    task: Task,
    address: String,
    port: u16,
    root: Option<PathBuf>,
    index: bool,
    mode: Mode,
    log_level: LevelFilter,
}

/// Who calls the handlers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Several threads at once, so that a handler that blocks holds up nobody.
    #[default]
    Threading,
    /// One thread, strictly one after another; everybody waits for a handler that blocks.
    Single,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// Serve until told to stop.
    #[default]
    Serve,
    /// Print the help and end (`--help`).
    Help,
    /// Print the version and end (`--version`).
    Version,
}

impl Default for Options {
    /// What a command line without options asks for.
    fn default() -> Self {
        Self {
            program: env!("CARGO_PKG_NAME").to_owned(),
            task: Task::Serve,
            address: "127.0.0.1".to_owned(),
            port: 8080,
            root: None,
            index: false,
            mode: Mode::Threading,
            log_level: LevelFilter::Warn,
        }
    }
}

impl Options {
    /// Reads a command line, the program's name first, as [`std::env::args_os`] gives it. An option
    /// that is given twice counts as it is given last; nothing after `--help` or `--version` is
    /// looked at.
    ///
    /// # Errors
    /// For an option that there is not, a value that is missing, or one that cannot be meant.
    pub fn parse<I>(args: I) -> Result<Self, UsageError>
    where
        I: IntoIterator<Item: Into<OsString>, IntoIter: 'static>,
    {
        use lexopt::Arg::{Long, Short};
        let mut parser = lexopt::Parser::from_iter(args);
        let mut options = Self::default();
        if let Some(name) = parser.bin_name().and_then(|name| Path::new(name).file_name()) {
            options.program = name.to_string_lossy().into_owned();
        }
        while let Some(arg) = parser.next()? {
            match arg {
                Short('a') | Long("address") => options.address = address(parser.value()?)?,
                Short('b') | Long("port") => options.port = port(parser.value()?)?,
                Long("root") => options.root = Some(root(parser.value()?)?),
                Long("index") => options.index = true,
                Long("mode") => options.mode = mode(parser.value()?)?,
                Long("info") => options.log_level = LevelFilter::Info,
                Long("debug") => options.log_level = LevelFilter::Debug,
                Short('h') | Long("help") => return Ok(options.with_task(Task::Help)),
                Short('v') | Long("version") => return Ok(options.with_task(Task::Version)),
                other => return Err(other.unexpected().into()),
            }
        }
        if options.index && options.root.is_none() {
            return Err(UsageError::new("--index lists the folder of --root, which is missing"));
        }
        Ok(options)
    }

    fn with_task(mut self, task: Task) -> Self {
        self.task = task;
        self
    }

    /// What `--help` prints.
    pub fn help(&self) -> String {
        let Self { address, port, .. } = Self::default();
        format!(
            "\
Serves a web application until it is told to stop.

Usage: {program} [OPTIONS]

Options:
  -a, --address ADDRESS  Address or name to listen on [default: {address}]
  -b, --port PORT        Port to listen on, 0 for any free one [default: {port}]
      --root DIR         Serve the files of a folder where the application has no route
      --index            List folders of --root that have no index.html
      --mode MODE        threading: handlers run on several threads; single: one
                         after another on one thread [default: threading]
      --info             Log what happens, on standard error
      --debug            Log everything, on standard error
  -h, --help             Print this help
  -v, --version          Print the version

One line for each answer goes to standard output, everything else to standard error.
SIGTERM or Ctrl-C: finish the requests under way and stop; once more: stop at once.
",
            program = self.program,
        )
    }

    /// The name by which the program was called, without its folder.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// What is to be done. Default: serve.
    pub fn task(&self) -> Task {
        self.task
    }

    /// The address or name to listen on. Default `127.0.0.1`, which only this machine can reach.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The port to listen on, 0 for any free one. Default 8080.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder to serve, if there is one.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Whether folders without an index file are listed. Default no.
    pub fn index(&self) -> bool {
        self.index
    }

    /// Who calls the handlers. Default: several threads.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The least important messages that are logged. Default: warnings.
    pub fn log_level(&self) -> LevelFilter {
        self.log_level
    }
}

fn address(value: OsString) -> Result<String, UsageError> {
    let text = value.string()?;
    // As it stands in a URL.
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bare.unwrap_or(&text) {
        "" => Err(UsageError::new("--address is empty; 0.0.0.0 stands for all addresses")),
        address => Ok(address.to_owned()),
    }
}

fn mode(value: OsString) -> Result<Mode, UsageError> {
    match &*value.to_string_lossy() {
        "threading" => Ok(Mode::Threading),
        "single" => Ok(Mode::Single),
        text => Err(UsageError::new(format!("--mode is threading or single, and not {text:?}"))),
    }
}

fn port(value: OsString) -> Result<u16, UsageError> {
    let text = value.string()?;
    text.parse().map_err(|_| {
        UsageError::new(format!("--port is a number from 0 to 65535, and not {text:?}"))
    })
}

fn root(value: OsString) -> Result<PathBuf, UsageError> {
    if value.is_empty() {
        return Err(UsageError::new("--root is empty; a dot stands for the folder you are in"));
    }
    Ok(value.into())
}

/// Why a command line cannot be understood, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError {
    message: String,
}

impl UsageError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        // What was typed stands in the message, so it may have line ends.
        Self::new(crate::escape::OneLine(&error.to_string()).to_string())
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for UsageError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, UsageError> {
        let args: Vec<String> =
            ["bin/poorhttp"].into_iter().chain(line.split(' ')).map(str::to_owned).collect();
        Options::parse(args.into_iter().filter(|arg| !arg.is_empty()))
    }

    fn check(line: &str, expected: &Options) {
        assert_eq!(&parse(line).unwrap(), expected, "{line:?}");
    }

    fn check_wrong(line: &str, expected: &str) {
        assert_eq!(parse(line).unwrap_err().to_string(), expected, "{line:?}");
    }

    #[test]
    fn options_in_all_their_forms() {
        let default = Options::default();
        check("", &default);
        let elsewhere = Options { address: "::1".to_owned(), port: 80, ..default.clone() };
        for line in ["-a ::1 -b 80", "-a::1 -b80", "-a=::1 -b=80", "--address=[::1] --port=80"] {
            check(line, &elsewhere);
        }
        let root = Options { root: Some("www".into()), ..default.clone() };
        check("--root www", &root);
        check("--index --root=www", &Options { index: true, ..root });
        check("--info", &Options { log_level: LevelFilter::Info, ..default.clone() });
        check("--info --debug", &Options { log_level: LevelFilter::Debug, ..default.clone() });
        check("--mode single", &Options { mode: Mode::Single, ..default.clone() });
        check("--mode=threading", &default);
        check("-b 1 -b 2", &Options { port: 2, ..default.clone() });
        for (line, task) in [("-h", Task::Help), ("--version --nonsense", Task::Version)] {
            check(line, &Options { task, ..default.clone() });
        }
    }

    #[test]
    fn wrong_lines_are_told_in_one_line() {
        check_wrong("--colour", "invalid option '--colour'");
        check_wrong("-x", "invalid option '-x'");
        check_wrong("www", "unexpected argument \"www\"");
        check_wrong("-b", "missing argument for option '-b'");
        check_wrong("-b 65536", "--port is a number from 0 to 65535, and not \"65536\"");
        check_wrong("-b http", "--port is a number from 0 to 65535, and not \"http\"");
        check_wrong("--address=", "--address is empty; 0.0.0.0 stands for all addresses");
        check_wrong("--root=", "--root is empty; a dot stands for the folder you are in");
        check_wrong("--index", "--index lists the folder of --root, which is missing");
        check_wrong("--mode=forked", "--mode is threading or single, and not \"forked\"");
        check_wrong("--index=1", "unexpected argument for option '--index': \"1\"");
        check_wrong("--a\nb", "invalid option '--a\\x0Ab'");
    }

    #[test]
    fn a_program_without_a_name_is_called_poorhttp() {
        let options = Options::parse(Vec::<OsString>::new()).unwrap();
        assert_eq!(options, Options::default());
        assert!(options.help().contains("Usage: poorhttp [OPTIONS]"));
    }

    /// Every option that the parser knows is explained, once.
    #[test]
    fn the_help_names_all_options() {
        let help = parse("-h").unwrap().help();
        for option in [
            "-a, --address ADDRESS",
            "-b, --port PORT",
            "--root DIR",
            "--index ",
            "--mode MODE",
            "--info ",
            "--debug ",
            "-h, --help ",
            "-v, --version ",
        ] {
            assert_eq!(help.matches(option).count(), 1, "{option}");
        }
        assert!(help.lines().all(|line| line.len() <= 90), "{help}");
    }
}
