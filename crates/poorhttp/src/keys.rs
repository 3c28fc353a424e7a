//! The one definition of everything that can be set: the parser of the command line, the one of the
//! configuration file, the environment, `--help`, `check`, the tables of the documents, the man page
//! and the completions are all made from it.

use std::time::Duration;

use pauper::server::ServerConfig;

/// One thing that can be set.
pub(crate) struct Key {
    /// In the configuration file; the environment has it as `POORHTTP_NAME`.
    pub(crate) name: &'static str,
    /// The section of the file.
    pub(crate) section: &'static str,
    /// Further places in the file, as `section.name`: those of the older layout.
    pub(crate) older: &'static [&'static str],
    /// On the command line, without the dashes. Empty: not there.
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// What the help calls the value.
    pub(crate) value: &'static str,
    pub(crate) kind: Kind,
    /// As it would be written. Empty: none.
    pub(crate) default: &'static str,
    pub(crate) help: &'static str,
}

/// What values there are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// On or off; the option takes no value.
    Flag,
    Text,
    /// Not empty; the text says what stands for what people mean by nothing.
    Path(&'static str),
    /// From 0 to this.
    Number(u64),
    /// Seconds, with decimals.
    Seconds,
    /// The permissions of files.
    Octal,
    Choice(&'static [&'static str]),
}

impl Key {
    /// Why a value is none, after the place where it stands; and the value, made plain.
    pub(crate) fn checked(&self, text: &str) -> Result<String, String> {
        let plain = text.trim();
        let wrong = |expected: String| Err(format!(" is {expected}, and not {text:?}"));
        match self.kind {
            Kind::Text => {}
            Kind::Path(hint) if text.is_empty() => return Err(format!(" is empty; {hint}")),
            Kind::Path(_) => return Ok(text.to_owned()),
            Kind::Flag => match boolean(plain) {
                Some(on) => return Ok(if on { "yes" } else { "no" }.to_owned()),
                None => return wrong("yes or no".to_owned()),
            },
            Kind::Number(most) => match plain.parse::<u64>() {
                Ok(number) if number <= most => return Ok(number.to_string()),
                _ if most == u64::MAX => return wrong("a whole number".to_owned()),
                _ => return wrong(format!("a number from 0 to {most}")),
            },
            Kind::Seconds => match plain.parse::<f64>() {
                Ok(number) if (0.0..=1e9).contains(&number) => {}
                _ => return wrong("a number of seconds".to_owned()),
            },
            Kind::Octal => match u32::from_str_radix(plain, 8) {
                Ok(mode) if mode <= 0o7777 => {}
                _ => return wrong("a number in octal such as 027".to_owned()),
            },
            Kind::Choice(names) => {
                let found = names.iter().find(|name| name.eq_ignore_ascii_case(plain));
                match found {
                    Some(name) => return Ok((*name).to_owned()),
                    None => return wrong(listed(names)),
                }
            }
        }
        Ok(plain.to_owned())
    }

    /// The variable of the environment.
    pub(crate) fn variable(&self) -> String {
        format!("POORHTTP_{}", self.name.to_ascii_uppercase())
    }
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [start @ .., last] => format!("{} or {last}", start.join(", ")),
    }
}

/// As Python's configuration files write it.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "true" | "on" => Some(true),
        "0" | "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

const fn key(
    section: &'static str,
    name: &'static str,
    long: &'static str,
    value: &'static str,
    kind: Kind,
    default: &'static str,
    help: &'static str,
) -> Key {
    Key { name, section, older: &[], long, short: None, value, kind, default, help }
}

const DOT: Kind = Kind::Path("a dot stands for the folder you are in");
const FILE: Kind = Kind::Path("leave it out for the default");

/// All but the limits of the server.
pub(crate) const KEYS: &[Key] = &[
    Key {
        short: Some('a'),
        ..key(
            "http",
            "address",
            "address",
            "ADDRESS",
            Kind::Path("0.0.0.0 stands for all addresses"),
            "127.0.0.1",
            "Address or name to listen on",
        )
    },
    Key {
        short: Some('b'),
        ..key(
            "http",
            "port",
            "port",
            "PORT",
            Kind::Number(65535),
            "8080",
            "Port to listen on, 0 for any free one",
        )
    },
    key(
        "http",
        "listen",
        "listen",
        "LIST",
        Kind::Text,
        "",
        "Listen on these instead: ADDRESS:PORT and unix:PATH, separated by commas",
    ),
    key(
        "http",
        "socket_mode",
        "socket-mode",
        "MODE",
        Kind::Octal,
        "660",
        "Permissions of Unix sockets, in octal",
    ),
    key("http", "type", "mode", "MODE", Kind::Choice(MODES), "threading", MODE_HELP),
    key(
        "http",
        "root",
        "root",
        "DIR",
        DOT,
        "",
        "Serve the files of a folder where the application has no route",
    ),
    key(
        "http",
        "index",
        "index",
        "",
        Kind::Flag,
        "no",
        "List folders of --root that have no index.html",
    ),
    key(
        "http",
        "upload",
        "upload",
        "BYTES",
        Kind::Number(1 << 53),
        "0",
        "Take files of up to so many bytes into --root, by PUT; 0: none",
    ),
    key(
        "http",
        "digest_file",
        "digest-file",
        "FILE",
        FILE,
        "",
        "Only users of this password file come in, by digest login",
    ),
    key(
        "http",
        "realm",
        "realm",
        "NAME",
        Kind::Text,
        "poorhttp",
        "Of the digest login, and of its lines in the password file",
    ),
    key(
        "http",
        "proxy_protocol",
        "proxy-protocol",
        "NETWORKS",
        Kind::Text,
        "",
        "Proxies in these networks say who the client is, by the PROXY protocol",
    ),
    key(
        "http",
        "webmaster",
        "webmaster",
        "MAIL",
        Kind::Text,
        "root@localhost",
        "Who answers for this server; applications may show it",
    ),
    Key {
        short: Some('w'),
        older: &["http.application"],
        ..key(
            "python",
            "module",
            "wsgi",
            "NAME",
            Kind::Text,
            "",
            "Which of the applications that are compiled in to serve",
        )
    },
    Key {
        older: &["http.debug"],
        ..key(
            "python",
            "debug",
            "app-debug",
            "",
            Kind::Flag,
            "no",
            "Debug pages of the application, for this machine's own visitors",
        )
    },
    Key {
        older: &["http.path"],
        ..key(
            "python",
            "path",
            "",
            "",
            Kind::Text,
            "",
            "Accepted for old files; means nothing here",
        )
    },
    Key {
        older: &["http.optimize"],
        ..key(
            "python",
            "optimize",
            "",
            "",
            Kind::Text,
            "",
            "Accepted for old files; means nothing here",
        )
    },
    Key {
        short: Some('p'),
        older: &["http.pidfile"],
        ..key(
            "daemon",
            "pidfile",
            "pidfile",
            "FILE",
            FILE,
            "/var/run/poorhttp.pid",
            "Where the number of the process stands",
        )
    },
    Key {
        older: &["http.user"],
        ..key(
            "daemon",
            "user",
            "user",
            "NAME",
            Kind::Text,
            "",
            "The user to become when started by root; root to stay root",
        )
    },
    Key {
        older: &["http.group"],
        ..key(
            "daemon",
            "group",
            "group",
            "NAME",
            Kind::Text,
            "",
            "The group to become; without it that of the user",
        )
    },
    key(
        "daemon",
        "umask",
        "umask",
        "MASK",
        Kind::Octal,
        "027",
        "Permissions that new files do not get, in octal",
    ),
    key(
        "daemon",
        "chroot",
        "chroot",
        "DIR",
        FILE,
        "",
        "The folder that becomes the root of all paths; only root can do that",
    ),
    Key {
        ..key(
            "logging",
            "level",
            "log-level",
            "LEVEL",
            Kind::Choice(LEVELS),
            "WARNING",
            "The least important messages of the error log",
        )
    },
    Key {
        older: &["http.errorlog"],
        ..key(
            "logging",
            "errorlog",
            "errorlog",
            "LOG",
            FILE,
            "",
            "A file, - for standard error, syslog, or journald",
        )
    },
    Key {
        older: &["http.accesslog"],
        ..key(
            "logging",
            "accesslog",
            "accesslog",
            "LOG",
            FILE,
            "",
            "A file, - for standard output, syslog, journald, or off",
        )
    },
    key(
        "logging",
        "format",
        "log-format",
        "FORMAT",
        Kind::Text,
        "",
        "How lines of the error log look, as Python's logging writes it",
    ),
    key(
        "logging",
        "accessformat",
        "access-format",
        "FORMAT",
        Kind::Text,
        "original",
        "original, common, combined, json, or a format with Apache's directives",
    ),
];

pub(crate) const MODES: &[&str] = &["threading", "single", "forking"];
const MODE_HELP: &str = "threading: handlers run on several threads; single: one after another; forking: in several processes";
pub(crate) const LEVELS: &[&str] = &["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"];

/// A limit of the server.
pub(crate) struct Limit {
    pub(crate) key: Key,
    pub(crate) set: fn(ServerConfig, f64) -> ServerConfig,
    /// Its value in a configuration.
    pub(crate) get: fn(&ServerConfig) -> f64,
}

const fn count(
    name: &'static str,
    long: &'static str,
    default: &'static str,
    help: &'static str,
) -> Key {
    key("server", name, long, "COUNT", Kind::Number(u32::MAX as u64), default, help)
}

const fn bytes(
    name: &'static str,
    long: &'static str,
    default: &'static str,
    help: &'static str,
) -> Key {
    // What a number with decimals holds exactly.
    key("server", name, long, "BYTES", Kind::Number(1 << 53), default, help)
}

const fn time(
    name: &'static str,
    long: &'static str,
    default: &'static str,
    help: &'static str,
) -> Key {
    key("server", name, long, "SECONDS", Kind::Seconds, default, help)
}

fn seconds(value: f64) -> Duration {
    Duration::from_secs_f64(value)
}

/// All limits of the server; see [`ServerConfig`] for the reasons of the defaults.
pub(crate) const LIMITS: &[Limit] = &[
    Limit {
        key: bytes("max_head", "max-head", "65536", "The head of a request"),
        set: |c, v| c.with_max_head(v as usize),
        get: |c| c.limits().max_head() as f64,
    },
    Limit {
        key: bytes("max_target", "max-target", "8192", "The target of a request"),
        set: |c, v| c.with_max_target(v as usize),
        get: |c| c.limits().max_target() as f64,
    },
    Limit {
        key: count("max_headers", "max-headers", "100", "Headers of a request"),
        set: |c, v| c.with_max_headers(v as usize),
        get: |c| c.limits().max_headers() as f64,
    },
    Limit {
        key: bytes("max_body", "max-body", "16777216", "The body of a request"),
        set: |c, v| c.with_max_body(v as u64),
        get: |c| c.max_body() as f64,
    },
    Limit {
        key: bytes(
            "max_sink_body",
            "max-sink-body",
            "1073741824",
            "A body that is read while it arrives",
        ),
        set: |c, v| c.with_max_sink_body(v as u64),
        get: |c| c.max_sink_body() as f64,
    },
    Limit {
        key: bytes(
            "body_in_memory",
            "body-in-memory",
            "65536",
            "Bodies up to this stay in memory, others go to a temporary file",
        ),
        set: |c, v| c.with_body_in_memory(v as usize),
        get: |c| c.body_in_memory() as f64,
    },
    Limit {
        key: bytes(
            "drain_limit",
            "drain-limit",
            "262144",
            "What is read of a body that nobody wants",
        ),
        set: |c, v| c.with_drain_limit(v as u64),
        get: |c| c.drain_limit() as f64,
    },
    Limit {
        key: count(
            "max_requests",
            "max-requests",
            "0",
            "Requests of one connection; 0: any number",
        ),
        set: |c, v| c.with_max_requests(v as u64),
        get: |c| c.max_requests() as f64,
    },
    Limit {
        key: count("max_connections", "max-connections", "10000", "Connections at once"),
        set: |c, v| c.with_max_connections(v as usize),
        get: |c| c.max_connections() as f64,
    },
    Limit {
        key: count(
            "max_connections_per_address",
            "max-connections-per-address",
            "0",
            "Connections of one address; 0: any number",
        ),
        set: |c, v| c.with_max_connections_per_address(v as usize),
        get: |c| c.max_connections_per_address() as f64,
    },
    Limit {
        key: bytes("max_buffered", "max-buffered", "268435456", "What all connections may hold"),
        set: |c, v| c.with_max_buffered(v as u64),
        get: |c| c.max_buffered() as f64,
    },
    Limit {
        key: bytes("max_unsent", "max-unsent", "1048576", "What a client may leave unread"),
        set: |c, v| c.with_max_unsent(v as usize),
        get: |c| c.max_unsent() as f64,
    },
    Limit {
        key: time("head_time", "head-time", "10", "For a head to arrive"),
        set: |c, v| c.with_head_time(seconds(v)),
        get: |c| c.head_time().as_secs_f64(),
    },
    Limit {
        key: time("body_grace", "body-grace", "10", "Before a body has to keep its rate"),
        set: |c, v| {
            let rate = c.body_rate();
            c.with_body_rate(seconds(v), rate)
        },
        get: |c| c.body_grace().as_secs_f64(),
    },
    Limit {
        key: bytes("body_rate", "body-rate", "1024", "Of a body in each second, at least"),
        set: |c, v| {
            let grace = c.body_grace();
            c.with_body_rate(grace, v as u64)
        },
        get: |c| c.body_rate() as f64,
    },
    Limit {
        key: time("idle_time", "idle-time", "60", "A connection between two requests"),
        set: |c, v| c.with_idle_time(seconds(v)),
        get: |c| c.idle_time().as_secs_f64(),
    },
    Limit {
        key: time("write_stall", "write-stall", "30", "A client that takes nothing"),
        set: |c, v| c.with_write_stall(seconds(v)),
        get: |c| c.write_stall().as_secs_f64(),
    },
    Limit {
        key: time(
            "linger_time",
            "linger-time",
            "2",
            "For a client to read an answer before it is cut off",
        ),
        set: |c, v| {
            let limit = c.linger_limit();
            c.with_linger(seconds(v), limit)
        },
        get: |c| c.linger_time().as_secs_f64(),
    },
    Limit {
        key: bytes("linger_limit", "linger-limit", "16777216", "What is thrown away meanwhile"),
        set: |c, v| {
            let time = c.linger_time();
            c.with_linger(time, v as u64)
        },
        get: |c| c.linger_limit() as f64,
    },
    Limit {
        key: time("stop_time", "stop-time", "10", "For requests under way when it stops"),
        set: |c, v| c.with_stop_time(seconds(v)),
        get: |c| c.stop_time().as_secs_f64(),
    },
    Limit {
        key: time(
            "drain_time",
            "drain-time",
            "30",
            "For connections to send one more request when another process goes on",
        ),
        set: |c, v| c.with_drain_time(seconds(v)),
        get: |c| c.drain_time().as_secs_f64(),
    },
    Limit {
        key: count("loops", "loops", "0", "Event loops; 0: one for each processor"),
        set: |c, v| c.with_loops(v as usize),
        get: |c| c.loops() as f64,
    },
    Limit {
        key: count("workers", "workers", "0", "Processes of forking; 0: one for each processor"),
        set: |c, v| c.with_workers(v as usize),
        get: |c| c.workers() as f64,
    },
    Limit {
        key: count(
            "worker_requests",
            "worker-requests",
            "0",
            "Answers after which a process of forking is replaced; 0: never",
        ),
        set: |c, v| c.with_worker_requests(v as u64),
        get: |c| c.worker_requests() as f64,
    },
    Limit {
        key: count("threads", "threads", "48", "Threads for handlers that block"),
        set: |c, v| c.with_threads(v as usize),
        get: |c| c.threads() as f64,
    },
    Limit {
        key: count("max_queue", "max-queue", "1024", "Requests that wait for a thread"),
        set: |c, v| c.with_max_queue(v as usize),
        get: |c| c.max_queue() as f64,
    },
    Limit {
        key: count(
            "max_streams",
            "max-streams",
            "64",
            "Answers at once that are written bit by bit",
        ),
        set: |c, v| c.with_max_streams(v as usize),
        get: |c| c.max_streams() as f64,
    },
    Limit {
        key: count("max_upgrades", "max-upgrades", "256", "Upgraded connections at once"),
        set: |c, v| c.with_max_upgrades(v as usize),
        get: |c| c.max_upgrades() as f64,
    },
];

/// All keys, those of the limits last.
pub(crate) fn all() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().chain(LIMITS.iter().map(|limit| &limit.key))
}

/// What most looks like a word that is none, if anything does.
pub(crate) fn similar<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let near = |name: &&str| distance(word, name) <= 1 + word.len() / 4;
    names.filter(near).min_by_key(|name| distance(word, name))
}

/// How many letters have to be put in, taken out, changed, or exchanged with the next one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_name_stands_twice() {
        let (mut names, mut options, mut places) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for key in all() {
            assert!(names.insert(key.name), "{}", key.name);
            assert!(key.long.is_empty() || options.insert(key.long.to_owned()), "{}", key.long);
            assert!(key.short.is_none_or(|c| options.insert(c.to_string())), "{}", key.name);
            for place in key.older {
                assert!(places.insert((*place).to_owned()), "{place}");
            }
            assert!(places.insert(format!("{}.{}", key.section, key.name)), "{}", key.name);
            assert!(key.default.is_empty() || key.checked(key.default).is_ok(), "{}", key.name);
        }
    }

    /// The table says what the server does, and each limit sets what it is named after.
    #[test]
    fn limits_are_those_of_the_server() {
        for limit in LIMITS {
            let default: f64 = limit.key.default.parse().unwrap();
            let config = ServerConfig::new();
            // Of which 0 stands for as many as there are processors.
            let counted = limit.key.name == "workers";
            assert!(counted || (limit.get)(&config) == default, "{}", limit.key.name);
            let config = (limit.set)(config, default + 7.0);
            assert_eq!((limit.get)(&config), default + 7.0, "{}", limit.key.name);
            for other in LIMITS.iter().filter(|other| other.key.name != limit.key.name) {
                let default = (other.get)(&ServerConfig::new());
                assert_eq!((other.get)(&config), default, "{}", other.key.name);
            }
        }
    }

    #[test]
    fn words_that_are_meant_are_found() {
        let names = || all().map(|key| key.name);
        assert_eq!(similar("prot", names()), Some("port"));
        assert_eq!(similar("adress", names()), Some("address"));
        assert_eq!(similar("max-body", names()), Some("max_body"));
        assert_eq!(similar("colour", names()), None);
    }
}
