//! From the command line to the end.

use std::io::{self, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::process::ExitCode;
use std::sync::Arc;

use pauper::files::Folder;
use pauper::message::Service as _;
use pauper::server::ServerConfig;
use pauper::{App, Server};

use crate::access::AccessLog;
use crate::escape::OneLine;
use crate::options::{Mode, Options, Task};
use crate::stderr::say;
use crate::{logger, signals};

const NAME_AND_VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// Makes an application a daemon in the foreground: reads the command line, serves until a signal
/// says to stop, and writes the access log.
///
/// Returns what `main` should return: 0 after a graceful end, also if some connections had to be
/// cut; 1 if it could not serve; 2 if the command line cannot be understood; 128 and the number of
/// the signal if a second one ended it.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use pauper::{App, Request};
///
/// fn main() -> ExitCode {
///     let mut app = App::new("clock");
///     app.get("/", |req: &mut Request| format!("{:?}", req.received()));
///     poorhttp::run(app)
/// }
/// ```
pub fn run(app: App) -> ExitCode {
    run_with(|_| app)
}

/// As [`run`], with an application that depends on the command line. It is not made when there is
/// nothing to serve, as with `--help`.
pub fn run_with(app: impl FnOnce(&Options) -> App) -> ExitCode {
    let options = match Options::parse(std::env::args_os()) {
        Ok(options) => options,
        Err(error) => {
            let program = env!("CARGO_PKG_NAME");
            say(format_args!("{program}: {error}; --help lists the options"));
            return ExitCode::from(2);
        }
    };
    let result = match options.task() {
        Task::Help => print(&options.help()).map(|()| ExitCode::SUCCESS),
        Task::Version => print(&format!("{NAME_AND_VERSION}\n")).map(|()| ExitCode::SUCCESS),
        Task::Serve => {
            logger::install(options.log_level());
            serve(&options, app(&options))
        }
    };
    result.unwrap_or_else(|why| {
        say(format_args!("{}: {why}", env!("CARGO_PKG_NAME")));
        ExitCode::FAILURE
    })
}

fn print(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| format!("cannot write to standard output: {error}"))
}

/// Serves until it is told to stop, or says why it cannot.
fn serve(options: &Options, mut app: App) -> Result<ExitCode, String> {
    if let Some(root) = options.root() {
        // begin: files
        let folder = Folder::new(root).map_err(|error| error.to_string())?;
        app.fallback(folder.index(options.index()));
        // end: files
    }
    app.check().map_err(|mistakes| mistakes.to_string())?;

    let addresses = resolve(options)?;
    let server = Server::bind(&addresses[..]).map_err(|error| cannot_listen(options, &error))?;
    let seen = signals::watch(server.control())
        .map_err(|error| format!("cannot watch for signals: {error}"))?;
    say(serving(options, &app, &server));

    let log = Arc::new(AccessLog::start(io::stdout(), |text| say(text)));
    let lines = Arc::clone(&log);
    let config = ServerConfig::new().with_on_access(move |record| lines.record(record));
    let server = server.config(config);
    let served = match options.mode() {
        Mode::Threading => server.run(app),
        Mode::Single => server.run_single(app),
    };
    let served = served.map_err(|error| error.to_string());
    log.finish();
    let served = served?;
    match served.left() {
        0 => say("stopped"),
        1 => say("stopped; 1 connection had to be cut"),
        left => say(format_args!("stopped; {left} connections had to be cut")),
    }
    Ok(seen.exit_code().map_or(ExitCode::SUCCESS, ExitCode::from))
}

/// The addresses that a name stands for.
fn resolve(options: &Options) -> Result<Vec<SocketAddr>, String> {
    let found = (options.address(), options.port()).to_socket_addrs();
    let name = OneLine(options.address());
    found.map(Iterator::collect).map_err(|error| format!("no address is known for {name}: {error}"))
}

/// The error, which names the address, and what to do about it.
fn cannot_listen(options: &Options, error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => "; --port chooses another port",
        io::ErrorKind::PermissionDenied if options.port() < 1024 => {
            "; ports below 1024 belong to the administrator"
        }
        _ => "",
    };
    format!("{error}{hint}")
}

/// The line that says what is served, and where to look.
fn serving(options: &Options, app: &App, server: &Server) -> String {
    let folder = match options.root() {
        Some(root) => format!("{} and ", root.display()),
        None => String::new(),
    };
    let what = format!("{folder}{}", app.name());
    let places: Vec<String> =
        server.addresses().iter().map(|address| format!("http://{address}/")).collect();
    format!(
        "{NAME_AND_VERSION} serving {} on {} (Ctrl-C stops)",
        OneLine(&what),
        places.join(" and ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use pauper::Request;

    fn parse(args: &[&str]) -> Options {
        Options::parse(
            ["poorhttp"]
                .into_iter()
                .chain(args.iter().copied())
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
        .unwrap()
    }

    #[test]
    fn all_mistakes_of_an_application_are_told_before_it_listens() {
        let mut app = App::new("wrong");
        app.get("no slash", |_: &mut Request| "");
        app.get("/<n:int>", |_: &mut Request, _: f64, _: f64| "");
        let why = serve(&parse(&["-b", "0"]), app).unwrap_err();
        assert!(why.starts_with("2 mistakes:"), "{why}");
        assert_eq!(why.matches(file!()).count(), 2, "{why}");
    }

    #[test]
    fn a_folder_that_is_none_is_told() {
        let why =
            serve(&parse(&["-b", "0", "--root", "/there/is/none"]), App::new("a")).unwrap_err();
        assert!(why.contains("/there/is/none"), "{why}");
    }

    fn check_listen(args: &[&str], kind: io::ErrorKind, expected: &str) {
        assert_eq!(cannot_listen(&parse(args), &kind.into()), expected);
    }

    #[test]
    fn what_to_do_about_a_port_is_said() {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
        check_listen(&[], AddrInUse, "address in use; --port chooses another port");
        let forbidden = "permission denied; ports below 1024 belong to the administrator";
        check_listen(&["-b80"], PermissionDenied, forbidden);
        check_listen(&["-b8080"], PermissionDenied, "permission denied");
        check_listen(&["-b80"], AddrNotAvailable, "address not available");
    }
}
