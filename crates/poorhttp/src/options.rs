//! What is to be done: from the command line, the environment, the configuration file and the
//! defaults, in that order.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use lexopt::ValueExt as _;
use log::LevelFilter;
use pauper::server::ServerConfig;

use crate::escape::OneLine;
use crate::ini;
use crate::keys::{self, Key, Kind, LIMITS};

/// Read by commands if no other file is named.
const USUAL_FILE: &str = "/etc/poorhttp.ini";

/// What is to be done, and how.
///
/// [`parse`](Self::parse) reads nothing but its argument, so it can be tried anywhere:
///
/// ```
/// use poorhttp::Options;
///
/// let options = Options::parse(["poorhttp", "--port", "80", "--root", "www"])?;
/// assert_eq!((options.address(), options.port()), ("127.0.0.1", 80));
/// assert_eq!(options.root().unwrap(), "www");
///
/// let error = Options::parse(["poorhttp", "--prot", "80"]).unwrap_err();
/// assert_eq!(error.to_string(), "invalid option '--prot'; did you mean --port?");
/// # Ok::<(), poorhttp::UsageError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    program: String,
    task: Task,
    foreground: bool,
    config: Option<PathBuf>,
    values: BTreeMap<&'static str, Value>,
    environ: BTreeMap<String, String>,
    /// What stands after the command, for the commands that take words.
    words: Vec<OsString>,
    /// Whether the file has the older layout.
    older_layout: bool,
}

/// A value, and who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Value {
    text: String,
    source: Source,
}

/// Who said a value. The later one wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    File { path: PathBuf, line: usize },
    Environment,
    CommandLine,
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
    /// Several processes, each with threads, under one that looks after them.
    Forking,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// Serve until told to stop: in the foreground, or in the background if the command `start` was
    /// given without `--foreground`.
    #[default]
    Serve,
    /// Stop the daemon.
    Stop,
    /// Replace the daemon by a new process that takes over its sockets, or start it.
    Restart,
    /// Let the daemon read its configuration again.
    Reload,
    /// Tell whether the daemon runs.
    Status,
    /// Let the daemon open its logs again.
    Logrotate,
    /// Check the configuration and print it.
    Check,
    /// Look after a file of passwords.
    Digest,
    /// Print the help and end (`--help`).
    Help,
    /// Print the version and end (`--version`).
    Version,
}

/// The commands, and what the help says of them.
pub(crate) const COMMANDS: &[(&str, Task, &str)] = &[
    ("start", Task::Serve, "Serve in the background; with -f in the foreground"),
    ("stop", Task::Stop, "Stop it gracefully, and wait until it has stopped"),
    ("restart", Task::Restart, "Put a new process in its place, with the same sockets"),
    ("reload", Task::Reload, "Check the configuration and let it be read again"),
    ("status", Task::Status, "Tell whether it runs: exit code 0, or 1 if not"),
    ("logrotate", Task::Logrotate, "Let it open its logs again, and only that"),
    ("check", Task::Check, "Check the configuration, print it, and what said so"),
    ("digest", Task::Digest, "Look after a file of passwords for digest login"),
];

/// Options that are no keys: long, short, value, help.
pub(crate) const SWITCHES: &[(&str, Option<char>, &str, &str)] = &[
    ("config", Some('c'), "FILE", "Read a configuration file"),
    ("foreground", Some('f'), "", "Stay in the foreground: no pid file, no change of user"),
    ("info", Some('i'), "", "Log what happens: --log-level INFO"),
    ("debug", Some('d'), "", "Log everything: --log-level DEBUG"),
    ("help", Some('h'), "", "Print this help"),
    ("version", Some('v'), "", "Print the version"),
];

impl Default for Options {
    /// What a command line without options asks for.
    fn default() -> Self {
        Self {
            program: env!("CARGO_PKG_NAME").to_owned(),
            task: Task::Serve,
            foreground: true,
            config: None,
            values: BTreeMap::new(),
            environ: BTreeMap::new(),
            words: Vec::new(),
            older_layout: false,
        }
    }
}

/// Where options come from besides the command line, given as functions so that nothing is read
/// behind anybody's back.
pub(crate) struct World<'w> {
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) read: &'w dyn Fn(&Path) -> io::Result<String>,
}

impl Options {
    /// Reads a command line, the program's name first, as [`std::env::args_os`] gives it. An option
    /// that is given twice counts as it is given last; nothing after `--help` or `--version` is
    /// looked at. Neither a configuration file nor the environment is read.
    ///
    /// # Errors
    /// For an option that there is not, a value that is missing, or one that cannot be meant.
    pub fn parse<I>(args: I) -> Result<Self, UsageError>
    where
        I: IntoIterator<Item: Into<OsString>, IntoIter: 'static>,
    {
        let options = Self::command_line(args)?;
        options.together()?;
        Ok(options)
    }

    /// Reads everything.
    pub(crate) fn read<I>(args: I, world: &World<'_>) -> Result<Self, UsageError>
    where
        I: IntoIterator<Item: Into<OsString>, IntoIter: 'static>,
    {
        let mut options = Self::command_line(args)?;
        if matches!(options.task, Task::Help | Task::Version | Task::Digest) {
            return Ok(options);
        }
        options.environment(&world.environment)?;
        if let Some(path) = options.config.clone() {
            let text = (world.read)(&path).map_err(|error| {
                UsageError::new(format!("cannot read {}: {error}", told(&path)))
            })?;
            options.file(&path, &text)?;
        } else if !options.foreground {
            let path = PathBuf::from(USUAL_FILE);
            match (world.read)(&path) {
                Ok(text) => {
                    options.file(&path, &text)?;
                    options.config = Some(path);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(UsageError::new(format!("cannot read {USUAL_FILE}: {error}")));
                }
            }
        }
        options.together()?;
        Ok(options)
    }

    fn command_line<I>(args: I) -> Result<Self, UsageError>
    where
        I: IntoIterator<Item: Into<OsString>, IntoIter: 'static>,
    {
        use lexopt::Arg::{Long, Short, Value};
        let mut parser = lexopt::Parser::from_iter(args);
        let mut options = Self::default();
        if let Some(name) = parser.bin_name().and_then(|name| Path::new(name).file_name()) {
            options.program = name.to_string_lossy().into_owned();
        }
        let (mut foreground, mut command) = (false, None);
        while let Some(arg) = parser.next()? {
            let name = match &arg {
                Short(c) => SWITCHES.iter().find(|switch| switch.1 == Some(*c)).map(|s| s.0),
                Long(name) => SWITCHES.iter().find(|switch| switch.0 == *name).map(|s| s.0),
                Value(_) => None,
            };
            match (name, arg) {
                (Some("help"), _) => return Ok(options.with_task(Task::Help)),
                (Some("version"), _) => return Ok(options.with_task(Task::Version)),
                (Some("foreground"), _) => foreground = true,
                (Some("info"), _) => options.level("INFO"),
                (Some("debug"), _) => options.level("DEBUG"),
                (Some("config"), _) => {
                    let path = parser.value()?;
                    if path.is_empty() {
                        return Err(UsageError::new("--config is empty"));
                    }
                    options.config = Some(path.into());
                }
                (_, Value(word)) if command.is_none() => {
                    let found = COMMANDS.iter().find(|known| word == known.0);
                    let Some((name, task, _)) = found else {
                        let names = COMMANDS.iter().map(|known| known.0);
                        let word = word.to_string_lossy();
                        let mut why = format!("unexpected argument {word:?}");
                        if let Some(meant) = keys::similar(&word, names) {
                            why.push_str(&format!("; did you mean {meant}?"));
                        }
                        return Err(UsageError::new(why));
                    };
                    command = Some(*name);
                    options.task = *task;
                    if *task == Task::Digest {
                        options.words = parser.raw_args()?.collect();
                    }
                }
                (_, arg) => {
                    let key = keys::all().find(|key| match &arg {
                        Short(c) => key.short == Some(*c),
                        Long(name) => !key.long.is_empty() && key.long == *name,
                        Value(_) => false,
                    });
                    let Some(key) = key else {
                        let long = match &arg {
                            Long(name) => keys::similar(
                                name,
                                keys::all()
                                    .map(|key| key.long)
                                    .chain(SWITCHES.iter().map(|switch| switch.0))
                                    .filter(|long| !long.is_empty()),
                            ),
                            _ => None,
                        };
                        let mut error = UsageError::from(arg.unexpected());
                        if let Some(long) = long {
                            error.message.push_str(&format!("; did you mean --{long}?"));
                        }
                        return Err(error);
                    };
                    let text = match key.kind {
                        Kind::Flag => "yes".to_owned(),
                        _ => parser.value()?.string()?,
                    };
                    let place = format!("--{}", key.long);
                    options.set(key, &text, Source::CommandLine, &place)?;
                }
            }
        }
        options.foreground = foreground || command.is_none();
        Ok(options)
    }

    fn level(&mut self, level: &str) {
        // The older option says which one wins: debugging.
        let debug = self.text("level") == "DEBUG";
        if !(debug && level == "INFO" && self.source("level") == Some(&Source::CommandLine)) {
            let value = Value { text: level.to_owned(), source: Source::CommandLine };
            self.values.insert("level", value);
        }
    }

    fn environment(&mut self, variables: &[(String, String)]) -> Result<(), UsageError> {
        let reserved = [crate::birth::VARIABLE, "POORHTTP_CONFIG"];
        for (name, value) in variables.iter().filter(|(name, _)| name.starts_with("POORHTTP_")) {
            if name == "POORHTTP_CONFIG" && self.config.is_none() && !value.is_empty() {
                self.config = Some(value.into());
            }
            if reserved.contains(&name.as_str()) {
                continue;
            }
            let Some(key) = keys::all().find(|key| key.variable() == *name) else {
                let names: Vec<String> = keys::all().map(Key::variable).collect();
                let mut why = format!("{} is no variable of the environment", OneLine(name));
                if let Some(meant) = keys::similar(name, names.iter().map(String::as_str)) {
                    why.push_str(&format!("; did you mean {meant}?"));
                }
                return Err(UsageError::new(why));
            };
            self.set(key, value, Source::Environment, name)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, text: &str) -> Result<(), UsageError> {
        let entries = ini::read(text)
            .map_err(|(line, why)| UsageError::new(format!("{}:{line}: {why}", told(path))))?;
        let mut new_layout = Vec::new();
        for entry in entries {
            let place = format!("{}:{}: ", told(path), entry.line);
            if entry.section == "environ" {
                self.environ.insert(entry.name, entry.value);
                continue;
            }
            let written = format!("{}.{}", entry.section, entry.name);
            let own =
                keys::all().find(|key| key.section == entry.section && key.name == entry.name);
            let older = || keys::all().find(|key| key.older.contains(&written.as_str()));
            let Some(key) = own.or_else(older) else {
                return Err(UsageError::new(place + &unknown(&entry)));
            };
            if own.is_some() {
                new_layout.push(key.name);
            } else {
                self.older_layout = true;
                // What stands in the section of its own wins.
                if new_layout.contains(&key.name) {
                    continue;
                }
            }
            let source = Source::File { path: path.to_owned(), line: entry.line };
            let wins = own.is_some() && matches!(self.source(key.name), Some(Source::File { .. }));
            if wins {
                self.values.remove(key.name);
            }
            // The older layout writes nothing for none.
            if own.is_none() && entry.value.is_empty() {
                continue;
            }
            self.set(key, &entry.value, source, &format!("{place}{}", entry.name))?;
        }
        Ok(())
    }

    /// Takes a value unless a stronger one is there. It has to be right all the same.
    fn set(
        &mut self,
        key: &'static Key,
        text: &str,
        source: Source,
        place: &str,
    ) -> Result<(), UsageError> {
        let text = match key.checked(text) {
            Ok(text) => text,
            Err(why) => return Err(UsageError::new(format!("{place}{why}"))),
        };
        let text = match (key.name, text) {
            // As it stands in a URL.
            ("address", text) => {
                let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                match bare.unwrap_or(&text) {
                    "" => return Err(UsageError::new(format!("{place} is empty"))),
                    bare => bare.to_owned(),
                }
            }
            (_, text) => text,
        };
        if key.name == "accessformat"
            && let Err(why) = crate::access_format::Format::parse(&text)
        {
            return Err(UsageError::new(format!("{place}: {why}")));
        }
        let same_layer = |a: &Source, b: &Source| {
            matches!((a, b), (Source::File { .. }, Source::File { .. })) || a == b
        };
        match self.values.get(key.name) {
            Some(old) if !same_layer(&old.source, &source) && old.source > source => {}
            _ => {
                self.values.insert(key.name, Value { text, source });
            }
        }
        Ok(())
    }

    /// What has to be true of several values together.
    fn together(&self) -> Result<(), UsageError> {
        if self.index() && self.root().is_none() {
            return Err(UsageError::new("--index lists the folder of --root, which is missing"));
        }
        if self.upload() > 0 && self.root().is_none() {
            return Err(UsageError::new("--upload takes files into --root, which is missing"));
        }
        if self.upload() > 0 && self.given("digest_file").is_none() {
            return Err(UsageError::new(
                "--upload would let anybody store files: --digest-file says who may",
            ));
        }
        for spec in self.places() {
            if !spec.contains(':') {
                return Err(UsageError::new(format!(
                    "listen is a list of ADDRESS:PORT and unix:PATH, and not {spec:?}"
                )));
            }
        }
        for network in self.proxies() {
            if let Err(error) = network.parse::<pauper::message::Network>() {
                return Err(UsageError::new(format!("proxy_protocol: {error}")));
            }
        }
        Ok(())
    }

    fn with_task(mut self, task: Task) -> Self {
        self.task = task;
        self
    }

    /// What `--help` prints.
    pub fn help(&self) -> String {
        crate::documents::help(&self.program)
    }

    /// What `check` prints: every value with who said it.
    pub(crate) fn listing(&self) -> String {
        let mut text = String::new();
        let mut section = "";
        let config = self.server_config();
        for key in keys::all() {
            if key.section != section {
                section = key.section;
                text.push_str(&format!("[{section}]\n"));
            }
            let source = match self.source(key.name) {
                None => "default".to_owned(),
                Some(Source::File { path, line }) => format!("{}:{line}", told(path)),
                Some(Source::Environment) => format!("environment, {}", key.variable()),
                Some(Source::CommandLine) => "command line".to_owned(),
            };
            // Of a limit what the server makes of it.
            let limit = LIMITS.iter().find(|limit| limit.key.name == key.name);
            let value = match limit {
                Some(limit) => (limit.get)(&config).to_string(),
                None => OneLine(self.text(key.name)).to_string(),
            };
            let setting = format!("{} = {value}", key.name);
            text.push_str(&format!("{setting:<48} # {source}\n"));
        }
        if !self.environ.is_empty() {
            text.push_str("[environ]\n");
            for (name, value) in &self.environ {
                let secret = ["secret", "key", "passw", "token"]
                    .iter()
                    .any(|word| name.to_ascii_lowercase().contains(word));
                let value = if secret { "(not shown)" } else { value };
                text.push_str(&format!("{} = {}\n", OneLine(name), OneLine(value)));
            }
        }
        text
    }

    fn source(&self, name: &str) -> Option<&Source> {
        self.values.get(name).map(|value| &value.source)
    }

    /// The value of a key, or its default.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.values.get(name) {
            Some(value) => &value.text,
            None => keys::all().find(|key| key.name == name).map_or("", |key| key.default),
        }
    }

    /// The value of a key, unless it is empty.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The value of a key of the daemon. In the foreground it counts only if whoever started the
    /// program said so there and then: a file is written for the background.
    pub(crate) fn for_daemon(&self, name: &str) -> Option<&str> {
        let said = matches!(self.source(name), Some(Source::Environment | Source::CommandLine));
        if self.foreground && !said { None } else { self.given(name) }
    }

    fn octal(&self, name: &str) -> u32 {
        u32::from_str_radix(self.text(name), 8).unwrap_or_default()
    }

    /// The name by which the program was called, without its folder.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// What is to be done. Default: serve.
    pub fn task(&self) -> Task {
        self.task
    }

    /// Whether it stays in the foreground. Default: yes, unless a command is given.
    pub fn foreground(&self) -> bool {
        self.foreground
    }

    /// The configuration file, if there is one.
    pub fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The address or name to listen on. Default `127.0.0.1`, which only this machine can reach.
    pub fn address(&self) -> &str {
        self.text("address")
    }

    /// The port to listen on, 0 for any free one. Default 8080.
    pub fn port(&self) -> u16 {
        self.text("port").parse().unwrap_or_default()
    }

    /// The folder to serve, if there is one.
    pub fn root(&self) -> Option<&Path> {
        self.given("root").map(Path::new)
    }

    /// Whether folders without an index file are listed. Default no.
    pub fn index(&self) -> bool {
        self.text("index") == "yes"
    }

    /// How long files may be that are put into the folder, in bytes. Default 0: none are taken.
    pub fn upload(&self) -> u64 {
        self.text("upload").parse().unwrap_or_default()
    }

    /// Who calls the handlers. Default: several threads.
    pub fn mode(&self) -> Mode {
        match self.text("type") {
            "single" => Mode::Single,
            "forking" => Mode::Forking,
            _ => Mode::Threading,
        }
    }

    /// The least important messages that are logged. Default: warnings.
    pub fn log_level(&self) -> LevelFilter {
        match self.text("level") {
            "CRITICAL" | "ERROR" => LevelFilter::Error,
            "INFO" => LevelFilter::Info,
            "DEBUG" => LevelFilter::Debug,
            _ => LevelFilter::Warn,
        }
    }

    /// Which application to serve, of those that are compiled in; see
    /// [`Registry`](crate::Registry).
    pub fn module(&self) -> Option<&str> {
        self.given("module")
    }

    /// Who answers for the server. Default `root@localhost`.
    pub fn webmaster(&self) -> &str {
        self.text("webmaster")
    }

    /// The variables of the section `environ`, which the application is
    /// [given](pauper::App::variables), too.
    pub fn environ(&self) -> &BTreeMap<String, String> {
        &self.environ
    }

    /// The limits of the server.
    pub fn server_config(&self) -> ServerConfig {
        LIMITS.iter().fold(ServerConfig::new(), |config, limit| {
            match self.text(limit.key.name).parse() {
                Ok(value) => (limit.set)(config, value),
                Err(_) => config,
            }
        })
    }

    /// The limits as they are written, to compare.
    pub(crate) fn limits(&self) -> Vec<&str> {
        LIMITS.iter().map(|limit| self.text(limit.key.name)).collect()
    }

    pub(crate) fn app_debug(&self) -> Option<bool> {
        self.values.get("debug").map(|value| value.text == "yes")
    }

    pub(crate) fn words(&self) -> &[OsString] {
        &self.words
    }

    pub(crate) fn older_layout(&self) -> bool {
        self.older_layout
    }

    /// Where to listen: `ADDRESS:PORT` with brackets around IPv6, or `unix:PATH`.
    pub(crate) fn places(&self) -> Vec<String> {
        match self.given("listen") {
            Some(list) => list
                .split(|c: char| c == ',' || c.is_whitespace())
                .filter(|spec| !spec.is_empty())
                .map(str::to_owned)
                .collect(),
            None if self.address().contains(':') => {
                vec![format!("[{}]:{}", self.address(), self.port())]
            }
            None => vec![format!("{}:{}", self.address(), self.port())],
        }
    }

    pub(crate) fn proxies(&self) -> Vec<&str> {
        let list = self.text("proxy_protocol");
        list.split(|c: char| c == ',' || c.is_whitespace()).filter(|n| !n.is_empty()).collect()
    }

    pub(crate) fn socket_mode(&self) -> u32 {
        self.octal("socket_mode")
    }

    /// The mask of new files, if it is to be changed.
    pub(crate) fn umask(&self) -> Option<u32> {
        (!self.foreground || self.values.contains_key("umask")).then(|| self.octal("umask"))
    }

    pub(crate) fn pidfile(&self) -> Option<&Path> {
        self.for_daemon("pidfile").map(Path::new)
    }

    pub(crate) fn stop_time(&self) -> std::time::Duration {
        self.server_config().stop_time()
    }

    /// Where the access log goes.
    pub(crate) fn access_log(&self) -> &str {
        match (self.for_daemon("accesslog"), self.foreground) {
            (Some(place), _) => place,
            (None, true) => "-",
            (None, false) => "/var/log/poorhttp-access.log",
        }
    }

    /// Where the error log goes.
    pub(crate) fn error_log(&self) -> &str {
        match (self.for_daemon("errorlog"), self.foreground) {
            (Some(place), _) => place,
            (None, true) => "-",
            (None, false) => "/var/log/poorhttp-error.log",
        }
    }
}

fn told(path: &Path) -> String {
    OneLine(&path.display().to_string()).to_string()
}

/// Why an entry of a file is none.
fn unknown(entry: &ini::Entry) -> String {
    let sections = || keys::all().map(|key| key.section).chain(["environ"]);
    let section = OneLine(&entry.section).to_string();
    if !sections().any(|known| known == entry.section) {
        let mut why = format!("there is no section [{section}]");
        if let Some(meant) = keys::similar(&entry.section, sections()) {
            why.push_str(&format!("; did you mean [{meant}]?"));
        }
        return why;
    }
    let mut why = format!("[{section}] has no {:?}", OneLine(&entry.name).to_string());
    let own = || keys::all().filter(|key| key.section == entry.section).map(|key| key.name);
    if let Some(elsewhere) = keys::all().find(|key| key.name == entry.name) {
        why.push_str(&format!("; it belongs to [{}]", elsewhere.section));
    } else if let Some(meant) = keys::similar(&entry.name, own()) {
        why.push_str(&format!("; did you mean {meant}?"));
    } else if let Some(meant) = keys::similar(&entry.name, keys::all().map(|key| key.name)) {
        let place = keys::all().find(|key| key.name == meant).map_or("", |key| key.section);
        why.push_str(&format!("; did you mean {meant} of [{place}]?"));
    }
    why
}

/// Why a command line, a variable or a configuration file cannot be understood, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError {
    message: String,
}

impl UsageError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        // What somebody wrote stands in the message, so it may have line ends.
        Self { message: OneLine(&message).to_string() }
    }
}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        Self::new(error.to_string())
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

    fn check(line: &str, expected: &[(&str, &str)]) {
        let options = parse(line).unwrap();
        for (name, value) in expected {
            assert_eq!(options.text(name), *value, "{line:?}: {name}");
        }
        assert_eq!(options.values.len(), expected.len(), "{line:?}");
    }

    fn check_wrong(line: &str, expected: &str) {
        assert_eq!(parse(line).unwrap_err().to_string(), expected, "{line:?}");
    }

    #[test]
    fn options_in_all_their_forms() {
        check("", &[]);
        for line in ["-a ::1 -b 80", "-a::1 -b80", "-a=::1 -b=80", "--address=[::1] --port=80"] {
            check(line, &[("address", "::1"), ("port", "80")]);
        }
        check("--root www", &[("root", "www")]);
        check("--index --root=www", &[("root", "www"), ("index", "yes")]);
        for line in ["--info", "-i"] {
            check(line, &[("level", "INFO")]);
        }
        for line in ["-i -d", "-d -i", "--debug", "--log-level debug"] {
            check(line, &[("level", "DEBUG")]);
        }
        check("--mode single", &[("type", "single")]);
        check("-b 1 -b 2", &[("port", "2")]);
        check("-p /a -w demo", &[("pidfile", "/a"), ("module", "demo")]);
        check("--max-body 5 --idle-time 0.5", &[("max_body", "5"), ("idle_time", "0.5")]);
        for (line, task) in [("-h", Task::Help), ("--version --nonsense", Task::Version)] {
            assert_eq!(parse(line).unwrap().task(), task, "{line:?}");
        }
    }

    #[test]
    fn commands_and_where_they_run() {
        let serve = |line| {
            let options = parse(line).unwrap();
            (options.task(), options.foreground())
        };
        assert_eq!(serve(""), (Task::Serve, true));
        assert_eq!(serve("start"), (Task::Serve, false));
        assert_eq!(serve("start -f"), (Task::Serve, true));
        for (name, task, _) in COMMANDS {
            assert_eq!(serve(name), (*task, false), "{name}");
        }
        check_wrong("strat", "unexpected argument \"strat\"; did you mean start?");
        check_wrong("start stop", "unexpected argument \"stop\"");
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
        check_wrong("--mode=forked", "--mode is threading, single or forking, and not \"forked\"");
        check_wrong("--index=1", "unexpected argument for option '--index': \"1\"");
        check_wrong("--a\nb", "invalid option '--a\\x0Ab'");
        check_wrong("--umask 999", "--umask is a number in octal such as 027, and not \"999\"");
        check_wrong(
            "--listen 80",
            "listen is a list of ADDRESS:PORT and unix:PATH, and not \"80\"",
        );
        check_wrong("--access-format %Q", "--access-format: %Q is no directive of the access log");
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
        for key in keys::all().filter(|key| !key.long.is_empty()) {
            let option = format!("--{} {}", key.long, key.value);
            assert_eq!(help.matches(&option).count(), 1, "{option}");
        }
        for (long, ..) in SWITCHES {
            assert_eq!(help.matches(&format!("--{long} ")).count(), 1, "{long}");
        }
        assert!(help.lines().all(|line| line.len() <= 90), "{help}");
    }

    fn read(line: &str, environment: &[(&str, &str)], file: &str) -> Result<Options, UsageError> {
        let file = file.to_owned();
        let args: Vec<String> =
            ["poorhttp"].into_iter().chain(line.split(' ')).map(str::to_owned).collect();
        let world = World {
            environment: environment.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect(),
            read: &move |path| match path.to_str() {
                Some("p.ini") => Ok(file.clone()),
                _ => Err(io::ErrorKind::NotFound.into()),
            },
        };
        Options::read(args, &world)
    }

    #[test]
    fn the_command_line_wins_over_the_environment_over_the_file() {
        let file = "[http]\nport = 1\naddress = a\ntype = single\n";
        let environment = [("POORHTTP_PORT", "2"), ("POORHTTP_ADDRESS", "b"), ("HOME", "/")];
        let options = read("start -c p.ini -b 3", &environment, file).unwrap();
        assert_eq!((options.port(), options.address()), (3, "b"));
        assert_eq!(options.mode(), Mode::Single);
        let listing = options.listing();
        for (setting, source) in [
            ("port = 3", "command line"),
            ("address = b", "environment, POORHTTP_ADDRESS"),
            ("type = single", "p.ini:4"),
            ("user = ", "default"),
        ] {
            let line = format!("{setting:<48} # {source}\n");
            assert!(listing.contains(&line), "{line}{listing}");
        }
        let named = [("POORHTTP_CONFIG", "p.ini")];
        assert_eq!(read("start -f", &named, file).unwrap().port(), 1);
    }

    #[test]
    fn both_layouts_of_the_file() {
        let old = "[http]\npidfile = /p\nuser = u\ngroup =\nerrorlog = /e\naccesslog = /a\n\
                   application = demo\npath = ./\noptimize = 1\ndebug = on\n[environ]\nA = b\n";
        let options = read("start -c p.ini", &[], old).unwrap();
        assert!(options.older_layout());
        assert_eq!(options.pidfile(), Some(Path::new("/p")));
        assert_eq!((options.given("user"), options.given("group")), (Some("u"), None));
        assert_eq!((options.error_log(), options.access_log()), ("/e", "/a"));
        assert_eq!((options.module(), options.app_debug()), (Some("demo"), Some(true)));
        assert_eq!(options.environ()["A"], "b");
        for both in [
            "[http]\npidfile = /old\n[daemon]\npidfile = /new\n",
            "[daemon]\npidfile = /new\n[http]\npidfile = /old\n",
        ] {
            let options = read("start -c p.ini", &[], both).unwrap();
            assert_eq!(options.pidfile(), Some(Path::new("/new")), "{both}");
        }
    }

    /// A file that is written for the daemon changes neither user nor logs in the foreground.
    #[test]
    fn in_the_foreground_the_file_writes_nothing() {
        let file = "[daemon]\npidfile = /p\nuser = u\n[logging]\nerrorlog = /e\naccesslog = /a\n";
        let options = read("start -f -c p.ini", &[], file).unwrap();
        assert_eq!((options.pidfile(), options.for_daemon("user")), (None, None));
        assert_eq!((options.error_log(), options.access_log()), ("-", "-"));
        let options = read("-c p.ini -p /q --accesslog off", &[], file).unwrap();
        assert_eq!(options.pidfile(), Some(Path::new("/q")));
        assert_eq!(options.access_log(), "off");
    }

    #[test]
    fn wrong_files_are_told_with_file_line_and_suggestion() {
        for (file, expected) in [
            ("[http]\n\nprot = 1\n", "p.ini:3: [http] has no \"prot\"; did you mean port?"),
            ("[htp]\nport = 1\n", "p.ini:2: there is no section [htp]; did you mean [http]?"),
            ("[http]\nlevel = 1\n", "p.ini:2: [http] has no \"level\"; it belongs to [logging]"),
            ("[http]\nport = x\n", "p.ini:2: port is a number from 0 to 65535, and not \"x\""),
            ("[http]\ntype = x\n", "p.ini:2: type is threading, single or forking, and not \"x\""),
            (
                "[server]\nidle_time = -1\n",
                "p.ini:2: idle_time is a number of seconds, and not \"-1\"",
            ),
            ("[http]\nindex = maybe\n", "p.ini:2: index is yes or no, and not \"maybe\""),
            ("[http\n", "p.ini:1: a section is [NAME], and not \"[http\""),
            ("x\n", "p.ini:1: a line is `name = value`, and not \"x\""),
        ] {
            let error = read("check -c p.ini", &[], file).unwrap_err().to_string();
            assert_eq!(error, expected, "{file:?}");
        }
        let error = read("check -c none.ini", &[], "").unwrap_err().to_string();
        assert!(error.starts_with("cannot read none.ini: "), "{error}");
        let error = read("check", &[("POORHTTP_PROT", "1")], "").unwrap_err().to_string();
        let expected = "POORHTTP_PROT is no variable of the environment; \
                        did you mean POORHTTP_PORT?";
        assert_eq!(error, expected);
        let error = read("check", &[("POORHTTP_PORT", "x")], "").unwrap_err().to_string();
        assert_eq!(error, "POORHTTP_PORT is a number from 0 to 65535, and not \"x\"");
    }

    #[test]
    fn limits_reach_the_server() {
        let file = "[server]\nmax_body = 12\nhead_time = 0.25\n";
        let config = read("start -c p.ini", &[], file).unwrap().server_config();
        assert_eq!(config.max_body(), 12);
        assert_eq!(config.head_time().as_millis(), 250);
    }
}
