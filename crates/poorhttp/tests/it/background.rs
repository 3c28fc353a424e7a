//! The daemon in the background, as an operator has it: a configuration file, a pid file, commands
//! and signals. Tests of the change of user run as root only.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::daemon::{PATIENCE, command};
use crate::tool::missing;

/// A folder with a configuration; the daemon that uses it is stopped when this is dropped.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    config: PathBuf,
}

impl Place {
    /// With a configuration whose `DIR` stands for the folder.
    pub(crate) fn new(name: &str, config: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("poorhttp-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        // Whoever the daemon becomes writes here.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let place = Self { config: folder.join("poorhttp.ini"), folder };
        place.configure(config);
        place
    }

    /// The usual one: a free port, logs and pid file in the folder.
    fn usual(name: &str) -> Self {
        Self::new(name, USUAL)
    }

    pub(crate) fn configure(&self, config: &str) {
        let text = config.replace("DIR", self.folder.to_str().unwrap());
        fs::write(&self.config, text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(args);
        command.arg("-c").arg(&self.config);
        command
    }

    /// A command: its exit code, standard output and standard error.
    pub(crate) fn run(&self, args: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    /// A command that has to succeed.
    #[track_caller]
    pub(crate) fn runs(&self, args: &[&str]) -> String {
        let (code, out, err) = self.run(args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}: {out}\n{}", self.log());
        out
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("error.log")).unwrap_or_default()
    }

    fn access(&self) -> String {
        fs::read_to_string(self.folder.join("access.log")).unwrap_or_default()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.read_pid().expect("a pid file")
    }

    fn read_pid(&self) -> Option<u32> {
        fs::read_to_string(self.folder.join("pid")).ok()?.trim().parse().ok()
    }

    /// The address in the newest line that says what is served.
    pub(crate) fn address(&self) -> SocketAddr {
        let log = self.log();
        let line = log.lines().rfind(|line| line.contains(" serving ")).expect("it serves");
        let url = &line[line.find("http://").unwrap() + "http://".len()..];
        url.split('/').next().unwrap().parse().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.pid());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits until something is so.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < PATIENCE, "{what}:\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[track_caller]
    pub(crate) fn until_logged(&self, text: &str, times: usize) {
        self.until(text, |place| place.log().matches(text).count() >= times);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.command(&["stop"]).output();
        if let Some(pid) = self.read_pid() {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).output();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const USUAL: &str = "[http]\nport = 0\n[daemon]\npidfile = DIR/pid\nuser = root\n\
                     [logging]\nlevel = INFO\nerrorlog = DIR/error.log\n\
                     accesslog = DIR/access.log\naccessformat = common\n";

/// Asks for a target on a new connection; the whole answer, or why there is none.
fn ask(address: SocketAddr, target: &str) -> Result<String, String> {
    let told = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(address).map_err(told)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(told)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(told)?;
    match answer.starts_with("HTTP/1.1 200 ") {
        true => Ok(answer),
        false => Err(format!("{answer:?}")),
    }
}

/// Clients that ask all the time, some on new connections and some on ones that stay open.
struct Load {
    ends: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    fn start(address: SocketAddr) -> Self {
        let (ends, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let clients = (0..4)
            .map(|number| {
                let (ends, answered) = (Arc::clone(&ends), Arc::clone(&answered));
                thread::spawn(move || {
                    let mut failures = Vec::new();
                    let mut kept = None;
                    while !ends.load(Ordering::Relaxed) {
                        let result = match number % 2 {
                            0 => ask(address, "/json").map(|_| ()),
                            _ => ask_again(address, &mut kept),
                        };
                        match result {
                            Ok(()) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                            Err(why) => failures.push(why),
                        }
                    }
                    failures
                })
            })
            .collect();
        Self { ends, answered, clients }
    }

    /// Lets so many requests more be answered.
    fn go_on(&self, requests: usize) {
        let (begun, before) = (Instant::now(), self.answered.load(Ordering::Relaxed));
        while self.answered.load(Ordering::Relaxed) < before + requests {
            assert!(begun.elapsed() < PATIENCE, "nobody answers");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// How many were answered; none may have failed.
    #[track_caller]
    fn end(self) -> usize {
        self.ends.store(true, Ordering::Relaxed);
        let failures: Vec<String> =
            self.clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        assert!(failures.is_empty(), "{} failed: {:?}", failures.len(), &failures[..1]);
        self.answered.load(Ordering::Relaxed)
    }
}

/// Asks on a connection that stays open until an answer says that it is closed.
fn ask_again(address: SocketAddr, kept: &mut Option<TcpStream>) -> Result<(), String> {
    let told = |error: std::io::Error| format!("kept connection: {error}");
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => TcpStream::connect(address).map_err(told)?,
    };
    stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    stream.write_all(b"GET /json HTTP/1.1\r\nHost: a\r\n\r\n").map_err(told)?;
    let mut answer = Vec::new();
    let mut bytes = [0; 1024];
    // The body of this page.
    while !answer.ends_with(b"World!\"}") {
        match stream.read(&mut bytes).map_err(told)? {
            0 => return Err(format!("kept connection ended: {answer:?}")),
            len => answer.extend_from_slice(&bytes[..len]),
        }
    }
    if !answer.windows(17).any(|window| window.eq_ignore_ascii_case(b"connection: close")) {
        *kept = Some(stream);
    }
    Ok(())
}

#[test]
fn start_status_and_stop() {
    let place = Place::usual("commands");
    assert_eq!(place.run(&["status"]), (1, "poorhttp is not running\n".to_owned(), String::new()));
    let said = place.runs(&["start"]);
    let running = format!("poorhttp is running, with pid {}\n", place.pid());
    assert_eq!(said, running);
    assert_eq!(place.runs(&["status"]), running);
    assert!(ask(place.address(), "/json").is_ok());
    assert!(place.log().contains(&format!("pid {}", place.pid())), "{}", place.log());

    let (code, _, err) = place.run(&["start"]);
    assert_eq!((code, err), (1, format!("poorhttp: it runs already, with pid {}\n", place.pid())));

    assert_eq!(place.runs(&["stop"]), "poorhttp has stopped\n");
    assert!(!place.folder.join("pid").exists());
    assert_eq!(place.runs(&["stop"]), "poorhttp is not running\n");
    assert_eq!(place.run(&["status"]).0, 1);
    for command in ["reload", "logrotate"] {
        let (code, _, err) = place.run(&[command]);
        assert_eq!((code, err.as_str()), (1, "poorhttp: it is not running\n"), "{command}");
    }
    place.until("a line", |place| place.access().lines().count() == 1);
}

/// It has a session of its own, no terminal, and nothing of whoever started it.
#[test]
fn it_is_away_from_whoever_started_it() {
    let place = Place::usual("away");
    place.runs(&["start"]);
    let stat = fs::read_to_string(format!("/proc/{}/stat", place.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let (session, terminal) = (fields[3], fields[4]);
    assert_eq!((session, terminal), (place.pid().to_string().as_str(), "0"));
    let stream = |n| fs::read_link(format!("/proc/{}/fd/{n}", place.pid())).unwrap();
    assert_eq!(stream(0), Path::new("/dev/null"));
    assert_eq!(stream(1), Path::new("/dev/null"));
    assert_eq!(stream(2), place.folder.join("error.log"));
    let status = fs::read_to_string(format!("/proc/{}/status", place.pid())).unwrap();
    assert!(status.contains("Umask:\t0027"), "{status}");
    let limits = fs::read_to_string(format!("/proc/{}/limits", place.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}

#[test]
fn reload_logrotate_and_restart_under_load_lose_nobody() {
    let place = Place::usual("load");
    place.runs(&["start"]);
    let (address, first) = (place.address(), place.pid());
    let load = Load::start(address);
    load.go_on(20);

    for times in 1..=3 {
        place.runs(&["reload"]);
        place.until_logged("configuration read again", times);
        load.go_on(20);
    }
    assert_eq!(place.pid(), first, "reloading is no new process");

    fs::rename(place.folder.join("access.log"), place.folder.join("access.log.1")).unwrap();
    fs::rename(place.folder.join("error.log"), place.folder.join("error.log.1")).unwrap();
    place.runs(&["logrotate"]);
    place.until("new logs", |place| !place.access().is_empty() && !place.log().is_empty());
    load.go_on(20);

    for _ in 0..2 {
        let before = place.pid();
        let said = place.runs(&["restart"]);
        assert_ne!(place.pid(), before);
        assert_eq!(said, format!("poorhttp is running, with pid {}\n", place.pid()));
        assert_eq!(place.address(), address, "the same sockets");
        load.go_on(20);
    }
    let answered = load.end();
    place.runs(&["stop"]);
    let lines = place.access().lines().count()
        + fs::read_to_string(place.folder.join("access.log.1")).unwrap().lines().count();
    assert_eq!(lines, answered, "a line for each answer");
    println!("{answered} requests through three reloads, a rotation and two restarts");
}

#[test]
fn in_the_mode_single_a_reload_loses_nobody_either() {
    let place = Place::new("single", &USUAL.replace("[http]", "[http]\ntype = single"));
    place.runs(&["start"]);
    let load = Load::start(place.address());
    load.go_on(10);
    place.runs(&["reload"]);
    place.until_logged("configuration read again", 1);
    load.go_on(10);
    load.end();
}

#[test]
fn what_is_reloaded_takes_effect() {
    let place = Place::usual("effect");
    place.runs(&["start"]);
    fs::write(place.folder.join("a.txt"), "a file").unwrap();
    let address = place.address();
    assert!(ask(address, "/a.txt").is_err());
    let more = "root = DIR\nindex = yes\n[server]\nmax_target = 100\n";
    place.configure(
        &USUAL.replace("port = 0\n", &format!("port = 0\n{more}")).replace("INFO", "ERROR"),
    );
    place.runs(&["reload"]);
    place.until_logged("configuration read again", 1);
    assert!(ask(address, "/a.txt").unwrap().ends_with("a file"));
    let long = ask(address, &format!("/{}", "a".repeat(200))).unwrap_err();
    assert!(long.contains("414"), "{long}");
}

/// Neither a wrong file nor one that asks for what cannot be had changes anything.
#[test]
fn a_bad_configuration_leaves_the_old_one() {
    let place = Place::usual("bad");
    place.runs(&["start"]);
    let address = place.address();
    for (times, (wrong, expected)) in [
        ("[http]\nprot = 1\n", "has no \"prot\"; did you mean port?"),
        ("[http]\nroot = /there/is/none\n", "/there/is/none"),
        ("[python]\nmodule = none\n", "there is no application"),
        ("[http]\naddress = 192.0.2.1\n", "cannot listen on 192.0.2.1:8080"),
    ]
    .into_iter()
    .enumerate()
    {
        place.configure(wrong);
        // The command would find it first.
        place.signal("HUP");
        place.until_logged("the old configuration stays: ", times + 1);
        assert!(place.log().contains(expected), "{}", place.log());
        assert!(ask(address, "/json").is_ok(), "{wrong}");
        if !expected.contains("listen") && !expected.contains("none") {
            assert_eq!(place.run(&["reload"]).0, 2, "{wrong}");
        }
    }
    // A new process does not come up, and the old one goes on.
    place.signal("USR2");
    place.until_logged("restart failed", 1);
    let pid = place.pid();
    place.configure(&USUAL.replace("port = 0\n", "port = 0\nroot = /there/is/none\n"));
    place.signal("USR2");
    place.until_logged("restart failed", 2);
    assert!(ask(address, "/json").is_ok());
    assert_eq!(place.pid(), pid);
    place.configure(USUAL);
}

#[test]
fn of_many_starts_at_once_one_succeeds() {
    let place = Place::usual("race");
    // A file of a process that is gone is in the way of nobody.
    fs::write(place.folder.join("pid"), "1\n").unwrap();
    let (code, said, _) = place.run(&["status"]);
    assert!(code == 1 && said.contains("left"), "{said}");
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let mut command = place.command(&["start"]);
            thread::spawn(move || command.output().unwrap())
        })
        .collect();
    let outputs: Vec<Output> = starts.into_iter().map(|start| start.join().unwrap()).collect();
    let (good, bad): (Vec<_>, Vec<_>) = outputs.iter().partition(|output| output.status.success());
    assert_eq!(good.len(), 1, "{outputs:?}");
    for output in bad {
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && why.lines().count() == 1, "{why}");
        assert!(
            why.contains("runs already") || why.contains("pid file") || why.contains("started"),
            "{why}"
        );
    }
    let pid = place.pid();
    assert_eq!(place.runs(&["status"]), format!("poorhttp is running, with pid {pid}\n"));
}

#[test]
fn a_pid_file_that_somebody_put_a_link_in_place_of_is_refused() {
    let place = Place::usual("link");
    let target = place.folder.join("target");
    fs::write(&target, "precious").unwrap();
    symlink(&target, place.folder.join("pid")).unwrap();
    let (code, _, err) = place.run(&["start"]);
    assert!(code == 1 && err.contains("pid file"), "{err}");
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    fs::remove_file(place.folder.join("pid")).unwrap();
}

/// The address is bound before the command ends, so it is the command that fails.
#[test]
fn an_address_that_is_taken_is_told_by_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let place = Place::new("taken", &USUAL.replace("port = 0", &format!("port = {port}")));
    let (code, _, err) = place.run(&["start"]);
    assert_eq!(code, 1);
    assert!(err.starts_with(&format!("poorhttp: cannot listen on 127.0.0.1:{port}: ")), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(!place.folder.join("pid").exists(), "nothing is left");
}

#[test]
fn files_that_cannot_be_written_are_told_before_it_detaches() {
    for (key, path) in [("errorlog", "/there/is/none/e"), ("accesslog", "/there/is/none/a")] {
        let old = format!("{key} = DIR/{}.log", if key == "errorlog" { "error" } else { "access" });
        let place = Place::new("unwritable", &USUAL.replace(&old, &format!("{key} = {path}")));
        let (code, _, err) = place.run(&["start"]);
        assert!(code == 1 && err.contains(path) && err.lines().count() == 1, "{err}");
    }
    let place = Place::new("unwritable-pid", &USUAL.replace("DIR/pid", "/there/is/none/pid"));
    let (code, _, err) = place.run(&["start"]);
    assert!(code == 1 && err.contains("/there/is/none/pid"), "{err}");
}

/// A log on a full disk: it serves on, says so once, and writes again when there is room.
#[test]
fn a_full_disk_is_told_once() {
    if !Path::new("/dev/full").exists() {
        return missing("/dev/full");
    }
    let place = Place::new("full", &USUAL.replace("DIR/access.log", "/dev/full"));
    place.runs(&["start"]);
    for _ in 0..5 {
        assert!(ask(place.address(), "/json").is_ok());
    }
    place.runs(&["stop"]);
    assert_eq!(place.log().matches("the access log is losing lines").count(), 1, "{}", place.log());
}

#[test]
fn unix_sockets_and_their_permissions() {
    let listen = "port = 0\nlisten = unix:DIR/socket, 127.0.0.1:0\nsocket_mode = 600";
    let place = Place::new("unix", &USUAL.replace("port = 0", listen));
    place.runs(&["start"]);
    let path = place.folder.join("socket");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let ask = || {
        let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
        stream.write_all(b"GET /json HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    };
    ask();
    place.runs(&["reload"]);
    place.until_logged("configuration read again", 1);
    ask();
    place.runs(&["restart"]);
    place.until_logged("stopped", 1);
    ask();
    place.runs(&["stop"]);
    assert!(!path.exists(), "the file goes with the last process");
}

#[test]
fn several_processes_lose_nobody_either() {
    let forking = USUAL.replace("[http]", "[http]\ntype = forking") + "[server]\nworkers = 2\n";
    let place = Place::new("forking", &forking);
    place.runs(&["start"]);
    let (address, first) = (place.address(), place.pid());
    let load = Load::start(address);
    load.go_on(20);
    place.runs(&["reload"]);
    place.until_logged("configuration read again", 1);
    load.go_on(20);
    fs::rename(place.folder.join("access.log"), place.folder.join("access.log.1")).unwrap();
    place.runs(&["logrotate"]);
    place.until("a new log", |place| !place.access().is_empty());
    load.go_on(20);
    place.runs(&["restart"]);
    assert_ne!(place.pid(), first);
    assert_eq!(place.address(), address);
    load.go_on(20);
    let answered = load.end();
    place.runs(&["stop"]);
    place.until("all lines", |place| {
        let old = fs::read_to_string(place.folder.join("access.log.1")).unwrap();
        old.lines().count() + place.access().lines().count() >= answered
    });
    println!("{answered} requests through a reload, a rotation and a restart");
}

#[test]
fn a_bad_configuration_leaves_the_old_processes() {
    let forking = USUAL.replace("[http]", "[http]\ntype = forking");
    let place = Place::new("bad-forking", &forking);
    place.runs(&["start"]);
    let address = place.address();
    place.configure("[http]\nprot = 1\n");
    place.signal("HUP");
    place.until_logged("the old configuration stays: ", 1);
    assert!(ask(address, "/json").is_ok());
    place.configure(&forking);
    place.signal("HUP");
    place.until_logged("configuration read again", 1);
    assert!(ask(address, "/json").is_ok());
}

/// Files come in by PUT, from those who have a password.
#[test]
fn uploads_need_a_login() {
    let Some(curl) = crate::tool::tool(&["curl"]) else { return };
    let more = "port = 0\nroot = DIR/files\nindex = yes\nupload = 1000\ndigest_file = DIR/users\n";
    let place = Place::new("upload", &USUAL.replace("port = 0\n", more));
    fs::create_dir(place.folder.join("files")).unwrap();
    let users = place.folder.join("users");
    let mut add = command(&["digest", "--stdin", "-c", users.to_str().unwrap(), "poorhttp", "ada"]);
    let mut child = add.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"secret\n").unwrap();
    assert!(child.wait().unwrap().success());
    place.runs(&["start"]);
    let url = format!("http://{}/a.txt", place.address());
    let curl = |args: &[&str]| {
        let output = Command::new(&curl)
            .args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20"])
            .args(args)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let put = ["-X", "PUT", "--data-binary", "content", &url];
    assert_eq!(curl(&put), "401");
    assert_eq!(curl(&[&["--digest", "-u", "ada:wrong"], &put[..]].concat()), "401");
    assert!(!place.folder.join("files/a.txt").exists());
    assert_eq!(curl(&[&["--digest", "-u", "ada:secret"], &put[..]].concat()), "201");
    assert_eq!(fs::read_to_string(place.folder.join("files/a.txt")).unwrap(), "content");
    let large = "x".repeat(1001);
    let large = ["-X", "PUT", "--data-binary", &large, &url];
    assert_eq!(curl(&[&["--digest", "-u", "ada:secret"], &large[..]].concat()), "413");
    assert_eq!(curl(&["--digest", "-u", "ada:secret", &url]), "200");
}

/// Whether somebody else's processes can be tested at all.
fn root_and_nobody() -> bool {
    let id = |args: &[&str]| {
        let output = Command::new("id").args(args).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    let ready = id(&["-u"]).as_deref() == Some("0") && id(&["-u", "nobody"]).is_some();
    if !ready {
        missing("a test as root");
    }
    ready
}

/// A user for one test, gone when dropped.
struct User(String);

impl User {
    fn new() -> Option<Self> {
        let name = format!("pauper{}", std::process::id());
        let add = |program: &str, args: &[&str]| {
            Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
        };
        let extra = format!("{name}x");
        if !(add("groupadd", &[&extra])
            && add("useradd", &["--no-create-home", "--user-group", "--groups", &extra, &name]))
        {
            missing("useradd");
            return None;
        }
        Some(Self(name))
    }

    fn id(&self, option: &str) -> String {
        let output = Command::new("id").args([option, &self.0]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = Command::new("userdel").arg(&self.0).output();
        let _ = Command::new("groupdel").arg(format!("{}x", self.0)).output();
    }
}

#[test]
fn root_becomes_somebody_else_for_good() {
    if !root_and_nobody() {
        return;
    }
    let Some(user) = User::new() else { return };
    let place = Place::new("user", &USUAL.replace("user = root", &format!("user = {}", user.0)));
    place.runs(&["start"]);
    assert!(ask(place.address(), "/json").is_ok());
    // All threads, all four identities, all groups.
    let (uid, gid) = (user.id("-u"), user.id("-g"));
    let mut groups: Vec<String> = user.id("-G").split(' ').map(str::to_owned).collect();
    groups.sort();
    assert_eq!(groups.len(), 2, "its own and a supplementary one");
    for task in fs::read_dir(format!("/proc/{}/task", place.pid())).unwrap() {
        let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let field = |name: &str| -> Vec<String> {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().skip(1).map(str::to_owned).collect()
        };
        assert_eq!(field("Uid:"), vec![uid.clone(); 4], "{status}");
        assert_eq!(field("Gid:"), vec![gid.clone(); 4], "{status}");
        let mut has = field("Groups:");
        has.sort();
        assert_eq!(has, groups, "{status}");
        assert_eq!(field("CapEff:"), ["0000000000000000"], "{status}");
    }
    for name in ["error.log", "access.log", "pid"] {
        let owner = fs::metadata(place.folder.join(name)).unwrap().uid();
        assert_eq!(owner.to_string(), uid, "{name}");
    }
    // As that user it still opens its logs again, and is replaced.
    fs::remove_file(place.folder.join("access.log")).unwrap();
    place.runs(&["logrotate"]);
    place.until("a new log", |place| place.folder.join("access.log").exists());
    let before = place.pid();
    place.runs(&["restart"]);
    assert_ne!(place.pid(), before);
    assert!(ask(place.address(), "/json").is_ok());
    place.runs(&["stop"]);
    assert!(!place.folder.join("pid").exists());
}

#[test]
fn root_does_not_stay_root_unless_it_is_told_to() {
    if !root_and_nobody() {
        return;
    }
    let place = Place::new("keeps-root", &USUAL.replace("user = root\n", ""));
    let (code, _, err) = place.run(&["start"]);
    assert!(code == 1 && err.contains("user is not set"), "{err}");
    for (key, name) in [("user", "no-such-user"), ("group", "no-such-group")] {
        let text = format!("user = nobody\n{key} = {name}\n");
        place.configure(&USUAL.replace("user = root\n", &text));
        let (code, _, err) = place.run(&["start"]);
        assert_eq!(code, 1);
        assert_eq!(err, format!("poorhttp: {key}: there is no \"{name}\" on this system\n"));
    }
    assert!(!place.folder.join("pid").exists());
}

#[test]
fn a_folder_becomes_the_root_of_all_paths() {
    if !root_and_nobody() {
        return;
    }
    let config = USUAL
        .replace("user = root", "user = nobody\nchroot = DIR/inside")
        .replace("[http]", "[http]\nroot = /files");
    let place = Place::new("chroot", &config);
    fs::create_dir_all(place.folder.join("inside/files")).unwrap();
    fs::write(place.folder.join("inside/files/a.txt"), "inside").unwrap();
    place.runs(&["start"]);
    assert!(ask(place.address(), "/a.txt").unwrap().ends_with("inside"));
    let root = fs::read_link(format!("/proc/{}/root", place.pid())).unwrap();
    assert_eq!(root, place.folder.join("inside"));
    place.signal("USR2");
    place.until_logged("out of reach after chroot", 1);
    assert!(ask(place.address(), "/a.txt").is_ok());
}
