//! A server that runs out of files, and one that has nothing to do. Both run as a process of
//! their own, which is this test binary again: limits and CPU time belong to a process.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pauper_message::Request;
use pauper_server::Server;

use crate::support::{Wire, get};

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
    let server = Server::bind("127.0.0.1:0").unwrap();
    println!("serves {}", server.local_addr());
    let control = server.control();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        control.stop_now();
    });
    let fine = |_: &mut Request| "fine";
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
    assert_eq!(all[0].answer().status(), 200);
    let before = server.ticks();
    std::thread::sleep(Duration::from_millis(500));
    let used = server.ticks() - before;
    assert!(used < 20, "{used} ticks of 50 while nothing could be done");
    // The last ones are not answered yet, and are when the first ones leave.
    let last = &mut all[59];
    last.socket.set_nonblocking(true).unwrap();
    assert!(
        last.socket.read(&mut [0; 100]).is_err(),
        "there is room for 60, so this shows nothing"
    );
    last.socket.set_nonblocking(false).unwrap();
    all.drain(..30);
    for client in &mut all[10..] {
        assert_eq!(client.answer().status(), 200);
    }
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
