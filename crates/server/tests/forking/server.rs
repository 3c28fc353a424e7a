//! The server of these tests. The environment says what it is like; its standard input, of which
//! each byte is an order, what it is to do.

use std::env;
use std::fs;
use std::io::stdin;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use pauper_message::{Plan, Request, Response, Service};
use pauper_server::{Control, Listener, Server, ServerConfig, UnixSocket};

use signal_hook::consts::{SIGHUP, SIGTERM, SIGTTIN, SIGTTOU};

use crate::process::ROLE;

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn millis(name: &str, default: u64) -> Duration {
    Duration::from_millis(number(name, default))
}

struct App {
    /// What the file said when the worker began.
    version: String,
    control: Control,
}

impl Service for App {
    fn begin(&self, req: &mut Request) -> Plan {
        let sleeps = req.path().starts_with("/sleep");
        Plan::buffer().for_endpoint(u32::from(sleeps))
    }

    fn call(&self, req: &mut Request) -> Response {
        let path = req.path().to_owned();
        let mut parts = path.split('/').skip(1);
        match parts.next().unwrap_or_default() {
            "process" => Response::text(std::process::id().to_string()),
            "version" => Response::text(self.version.clone()),
            "worker" => {
                let worker = req.server_info().and_then(|info| info.worker());
                Response::text(worker.map_or("none".to_owned(), |number| number.to_string()))
            }
            "files" => Response::text(fs::read_dir("/proc/self/fd").unwrap().count().to_string()),
            "length" => Response::text(req.bytes().unwrap().len().to_string()),
            "sleep" => {
                let time = parts.next().and_then(|it| it.parse().ok()).unwrap_or_default();
                thread::sleep(Duration::from_millis(time));
                Response::text("slept")
            }
            "abort" => std::process::abort(),
            "panic" => panic!("a handler panics"),
            "shutdown" => Response::text("bye").and_shutdown(),
            "reload" => {
                self.control.reload();
                Response::text("reloading")
            }
            other => Response::text(format!("nothing is at {other}")),
        }
    }
}

pub(crate) fn main() -> ExitCode {
    let kind = env::var(ROLE).unwrap();
    let config = ServerConfig::new()
        .with_workers(number("WORKERS", 2) as usize)
        .with_worker_requests(number("REQUESTS", 0))
        .with_worker_stall(millis("STALL", 60_000))
        .with_stop_time(millis("STOP", 10_000))
        .with_drain_time(millis("DRAIN", 10_000))
        .with_loops(number("LOOPS", 0) as usize);
    let mut listeners = Listener::bind("127.0.0.1:0").unwrap();
    let address = listeners[0].local_addr().unwrap();
    if let Some(path) = env::var_os("SOCKET") {
        listeners.push(UnixSocket::new(path).listen().unwrap());
    }
    let server = Server::from_listeners(listeners).unwrap().config(config);
    if number("THREADS", 0) > 0 {
        thread::spawn(|| thread::sleep(Duration::from_secs(60)));
    }
    let control = server.control();
    control.watch(stdin().as_fd().try_clone_to_owned().unwrap(), |control, bytes| {
        for byte in bytes {
            match byte {
                b's' => control.stop(),
                b'r' => control.reload(),
                b'+' => control.grow(),
                b'-' => control.shrink(),
                _ => control.stop_now(),
            }
        }
        if bytes.is_empty() {
            control.stop_now();
        }
    });
    type Order = fn(&Control);
    let orders: [(_, Order); 4] = [
        (SIGTERM, Control::stop),
        (SIGHUP, Control::reload),
        (SIGTTIN, Control::grow),
        (SIGTTOU, Control::shrink),
    ];
    for (signal, order) in orders {
        let (reader, writer) = UnixStream::pair().unwrap();
        signal_hook::low_level::pipe::register(signal, writer).unwrap();
        control.watch(reader, move |control, bytes| bytes.iter().for_each(|_| order(control)));
    }
    println!("serves {address}");
    let factory = || {
        let version = env::var_os("VERSION").map(|path| fs::read_to_string(path).unwrap());
        let version = version.unwrap_or_default();
        match version.as_str() {
            "panic" => panic!("no database"),
            "abort" => std::process::abort(),
            "hang" => thread::sleep(Duration::from_secs(60)),
            _ => {}
        }
        App { version, control: control.clone() }
    };
    let served = match kind.as_str() {
        "single" => server.run_forking_single(factory),
        _ => server.run_forking(factory),
    };
    match served {
        Ok(served) => {
            println!("left {}", served.left());
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("failed {error}");
            ExitCode::FAILURE
        }
    }
}
