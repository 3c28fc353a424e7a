//! A server that runs out of files, and one that has nothing to do. Both run as a process of
//! their own, which is this test binary again: limits and CPU time belong to a process.

use std::io::{BufRead, BufReader, Read};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pauper_message::Request;
use pauper_server::{Server, ServerConfig};

use crate::support::{Wire, get, snapshot, wait_until};

/// Tells the test below that it is the server.
const ROLE: &str = "PAUPER_TEST_SERVER";

/// A server in a process with at most `files` open files.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(mode: &str, files: u32) -> Self {
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(format!("ulimit -n {files}; exec \"$0\" --exact --nocapture exhaustion::server"))
            .arg(std::env::current_exe().unwrap())
            .env(ROLE, mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| line.split_once("serves ").and_then(|(_, addr)| addr.parse().ok()))
            .unwrap();
        Self { child, address }
    }

    /// The CPU time that it used, in clock ticks of 10 ms.
    fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // Fields 14 and 15, counted behind the name in parentheses.
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Its open files.
    fn files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// The memory of its own that it has in RAM, in KiB: what it shares with files is not.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// How often it was woken up, by count of its voluntary context switches.
    fn wakes(&self) -> u64 {
        let mut all = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap() {
            let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
            let line =
                status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            all += line.unwrap().trim().parse::<u64>().unwrap();
        }
        all
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Not a test but the server of the others, when it is started by them: it runs until the process
/// is killed, or until the one that started it is gone.
#[test]
fn server() {
    let Some(mode) = std::env::var_os(ROLE) else { return };
    let config = ServerConfig::new().with_max_connections(20_000);
    let server = Server::bind("127.0.0.1:0").unwrap().config(config);
    println!("serves {}", server.local_addr());
    let control = server.control();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        control.stop_now();
    });
    let fine = |req: &mut Request| match req.path() {
        "/connections" => snapshot(req).connections().to_string(),
        _ => "fine".to_owned(),
    };
    let served = if mode == "single" { server.run_single(fine) } else { server.run(fine) };
    let _ = served.unwrap();
}

/// waitress 3.0, tiny_http#283: accepting pauses, spins not, and recovers.
#[test]
fn without_files_accepting_pauses_and_recovers() {
    ["single", "threading"].into_iter().for_each(check_without_files);
}

fn check_without_files(mode: &str) {
    let server = Process::start(mode, 40);
    let mut all: Vec<Wire> = (0..60).map(|_| Wire::connect(server.address)).collect();
    for client in &mut all {
        client.send(get("/"));
    }
    // Each loop has a queue of its own, so nobody can tell who is among the first.
    let (mut answered, mut waiting) = (Vec::new(), all);
    wait_until("as many as there is room for are answered", || {
        let (some, rest) = waiting.drain(..).partition::<Vec<Wire>, _>(is_readable);
        answered.extend(some);
        waiting = rest;
        answered.len() >= 20
    });
    let before = server.ticks();
    std::thread::sleep(Duration::from_millis(500));
    let used = server.ticks() - before;
    assert!(used < 20, "{used} ticks of 50 while nothing could be done");
    let (some, mut waiting) = waiting.drain(..).partition::<Vec<Wire>, _>(is_readable);
    answered.extend(some);
    assert!(!waiting.is_empty(), "there is room for 60, so this shows nothing");
    // They are answered when the first ones leave.
    let left = answered.len();
    answered.drain(..left.min(30));
    for client in answered.iter_mut().chain(&mut waiting) {
        assert_eq!(client.answer().status(), 200);
    }
}

/// Whether there is something to read, without waiting.
fn is_readable(client: &Wire) -> bool {
    client.socket.set_nonblocking(true).unwrap();
    let readable = client.socket.peek(&mut [0]).is_ok();
    client.socket.set_nonblocking(false).unwrap();
    readable
}

/// Rule 5 of the engine.
#[test]
fn rule_05_an_idle_server_is_not_woken_up() {
    ["single", "threading"].into_iter().for_each(check_idle);
}

fn check_idle(mode: &str) {
    let server = Process::start(mode, 100);
    let mut idle = Wire::connect(server.address);
    let mut half = Wire::connect(server.address);
    assert_eq!(idle.get("/").status(), 200);
    half.send("GET / HT");
    assert_eq!(idle.get("/").status(), 200);
    std::thread::sleep(Duration::from_millis(100));
    let before = server.wakes();
    std::thread::sleep(Duration::from_millis(500));
    let woken = server.wakes() - before;
    assert!(woken <= 2, "woken up {woken} times by nobody");
}

/// Ten thousand connections that do nothing, or as many as this process may have: each costs little
/// memory and no time, and the others are served.
#[test]
fn idle_connections_cost_little() {
    let allowed = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let count = allowed.unwrap_or(u64::MAX).saturating_sub(600).min(10_000) as usize;
    if count < 10_000 {
        println!("only {count} connections, for want of files");
    }
    for mode in ["single", "threading"] {
        let server = Process::start(mode, count as u32 + 500);
        let mut quick = Wire::connect(server.address);
        assert_eq!(quick.get("/").text(), "fine");
        let before = server.memory();
        let idle: Vec<TcpStream> =
            (0..count).map(|_| TcpStream::connect(server.address).unwrap()).collect();
        wait_until("all are accepted", || {
            quick.get("/connections").text() == (count + 1).to_string()
        });
        let each = (server.memory() - before) * 1024 / count as u64;
        assert!(each < 1024, "{each} bytes for each idle connection");
        let ticks = server.ticks();
        std::thread::sleep(Duration::from_millis(300));
        assert!(server.ticks() - ticks < 10, "what is idle costs time");
        for _ in 0..100 {
            assert_eq!(quick.get("/").text(), "fine");
        }
        drop(idle);
        wait_until("all are gone", || quick.get("/connections").text() == "1");
    }
}

/// gunicorn#3648: connections that end in every way leave no file and no count behind.
#[test]
fn thousands_of_closes_leave_nothing() {
    for mode in ["single", "threading"] {
        let server = Process::start(mode, 1000);
        let mut quick = Wire::connect(server.address);
        assert_eq!(quick.get("/").text(), "fine");
        let before = server.files();
        for round in 0..50 {
            let mut clients: Vec<Wire> = (0..100).map(|_| Wire::connect(server.address)).collect();
            for (number, client) in clients.iter_mut().enumerate() {
                match (number + round) % 5 {
                    0 => {}
                    1 => client.send("GET / HT"),
                    2 => client.send("nonsense\n\n"),
                    _ => client.send(get("/")),
                }
            }
            for (number, mut client) in clients.into_iter().enumerate() {
                match number % 3 {
                    0 => client.reset(),
                    1 => drop(client),
                    _ => {
                        client.socket.shutdown(Shutdown::Write).unwrap();
                        let _ = client.rest();
                    }
                }
            }
        }
        wait_until("all are gone", || quick.get("/connections").text() == "1");
        wait_until("their files are closed", || server.files() <= before);
    }
}
