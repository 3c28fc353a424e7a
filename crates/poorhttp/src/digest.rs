//! `poorhttp digest`: looks after a file of passwords.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use pauper::auth::digest::Hash;
use pauper::auth::passwords::{PasswordMap, StoredDigest, load, save};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

const HELP: &str = "\
Looks after a file of passwords for HTTP Digest and Basic, as htdigest does.

Usage: poorhttp digest [OPTIONS] [PASSWORDFILE] REALM USERNAME

Without -D, -n or -v the user is added, or gets another password.

Options:
  -c                  Create the file if there is none
  -n                  Change no file; print user:realm:digest
  -m                  Store an MD5 hash, which all clients can use (default)
  -s                  Store a SHA-256 hash
      --hash NAME     Store a hash of MD5, SHA-256 or SHA-512-256
      --beside        Keep what is stored of the user with other hashes
  -D                  Delete the user
  -v                  Verify the password of the user: exit 0 if right, 2 if not
      --stdin         Read the password from standard input, its first line
  -h, --help          Print this help
      --version       Print the version

The password is asked for at the terminal, twice, and not shown. Where standard input is no
terminal, it is read from there.
";

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Action {
    #[default]
    Set,
    Print,
    Delete,
    Verify,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Order {
    action: Action,
    create: bool,
    hash: Option<Hash>,
    beside: bool,
    stdin: bool,
    file: Option<PathBuf>,
    realm: String,
    user: String,
}

/// What the words ask for, or a text to be printed instead.
fn parse(words: &[OsString]) -> Result<Result<Order, String>, String> {
    use lexopt::Arg::{Long, Short, Value};
    let mut parser = lexopt::Parser::from_args(words.to_vec());
    let (mut order, mut names) = (Order::default(), Vec::new());
    let (mut md5, mut sha256) = (false, false);
    let mut actions = 0;
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        match arg {
            Short('c') => order.create = true,
            Short('n') => (order.action, actions) = (Action::Print, actions + 1),
            Short('D') => (order.action, actions) = (Action::Delete, actions + 1),
            Short('v') => (order.action, actions) = (Action::Verify, actions + 1),
            Short('m') => md5 = true,
            Short('s') => sha256 = true,
            Long("hash") => {
                let name = parser.value().map_err(|error| error.to_string())?;
                let hash = name.to_string_lossy().parse().map_err(|error| format!("{error}"))?;
                order.hash = Some(hash);
            }
            Long("beside") => order.beside = true,
            Long("stdin") => order.stdin = true,
            Short('h') | Long("help") => return Ok(Err(HELP.to_owned())),
            Long("version") => {
                return Ok(Err(format!("Pauper poorhttp digest {}\n", env!("CARGO_PKG_VERSION"))));
            }
            Value(value) => names.push(value),
            other => return Err(other.unexpected().to_string()),
        }
    }
    if actions > 1 {
        return Err("of -n, -D and -v only one can be meant".to_owned());
    }
    // -m wins over -s, as in the original; what is named wins over both.
    order.hash = order.hash.or(match (md5, sha256) {
        (true, _) => Some(Hash::Md5),
        (false, true) => Some(Hash::Sha256),
        (false, false) => None,
    });
    let mut names = names.into_iter().rev();
    let mut text = |what: &str| match names.next().map(OsString::into_string) {
        None => Err(format!("{what} is missing")),
        Some(Err(_)) => Err(format!("{what} is not UTF-8")),
        Some(Ok(text)) => Ok(text),
    };
    order.user = text("USERNAME")?;
    order.realm = text("REALM")?;
    order.file = names.next().map(PathBuf::from);
    if let Some(extra) = names.next() {
        return Err(format!("unexpected argument {extra:?}"));
    }
    if order.file.is_none() && order.action != Action::Print {
        return Err("PASSWORDFILE is missing".to_owned());
    }
    Ok(Ok(order))
}

/// Where passwords come from.
trait Prompt {
    /// A password that is typed after a prompt, without its line end.
    fn ask(&mut self, prompt: &str) -> io::Result<String>;

    /// Whether somebody types, who may mistype.
    fn is_typed(&self) -> bool;
}

/// Runs the command with the words behind its name.
///
/// Exit code 0 if done, 1 if two passwords differ or something failed, 2 for a command line that
/// cannot be meant, a missing file, and a password that is wrong.
pub(crate) fn command(words: &[OsString]) -> ExitCode {
    let order = match parse(words) {
        Ok(Ok(order)) => order,
        Ok(Err(text)) => {
            let _ = io::stdout().write_all(text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(why) => return ExitCode::from(usage(&mut io::stderr(), &why)),
    };
    let (mut out, mut complaints) = (io::stdout(), io::stderr());
    let code = if order.stdin || !io::stdin().is_terminal() {
        run(&order, &mut Piped, &mut out, &mut complaints)
    } else {
        run(&order, &mut Terminal, &mut out, &mut complaints)
    };
    ExitCode::from(code)
}

fn usage(complaints: &mut dyn Write, why: &str) -> u8 {
    let why = crate::escape::OneLine(why);
    let _ = writeln!(complaints, "poorhttp digest: {why}\nTry 'poorhttp digest --help'.");
    2
}

fn run(
    order: &Order,
    prompt: &mut dyn Prompt,
    out: &mut dyn Write,
    complaints: &mut dyn Write,
) -> u8 {
    match obey(order, prompt, out) {
        Ok(code) => code,
        Err(Failure::Usage(why)) => usage(complaints, &why),
        Err(Failure::Other(why)) => {
            let _ = writeln!(complaints, "poorhttp digest: {}", crate::escape::OneLine(&why));
            1
        }
    }
}

enum Failure {
    Usage(String),
    Other(String),
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Other(error.to_string())
    }
}

fn obey(order: &Order, prompt: &mut dyn Prompt, out: &mut dyn Write) -> Result<u8, Failure> {
    let Order { realm, user, .. } = order;
    // Names that cannot be stored are told before a password is asked for.
    let digest_of = |password: &str| {
        let hash = order.hash.unwrap_or(Hash::Md5);
        StoredDigest::of_password(hash, realm, user, password)
    };
    PasswordMap::new().set(realm, user, digest_of(""))?;
    if order.action == Action::Print {
        let Some(password) = new_password(prompt, out)? else { return Ok(1) };
        writeln!(out, "{user}:{realm}:{}", digest_of(&password))?;
        return Ok(0);
    }
    let Some(file) = &order.file else {
        return Err(Failure::Usage("PASSWORDFILE is missing".to_owned()));
    };
    let mut map = read(file, order)?;
    match order.action {
        Action::Print => {}
        Action::Verify => {
            let password = prompt.ask("Password: ")?;
            let right = match order.hash {
                Some(_) => map.verify(realm, user, &digest_of(&password)),
                None => map.check_password(realm, user, &password),
            };
            writeln!(out, "{}", if right { "Valid user." } else { "Invalid user." })?;
            return Ok(if right { 0 } else { 2 });
        }
        Action::Delete => {
            let deleted = map.delete(realm, user);
            let what = if deleted { "was deleted" } else { "not found" };
            writeln!(out, "User `{user}` {what}.")?;
        }
        Action::Set => {
            let what =
                if map.find(realm, user).is_empty() { "Adding" } else { "Changing password for" };
            writeln!(out, "{what} user `{user}` in realm `{realm}`.")?;
            let Some(password) = new_password(prompt, out)? else { return Ok(1) };
            match order.beside {
                true => map.add(realm, user, digest_of(&password))?,
                false => drop(map.set(realm, user, digest_of(&password))?),
            }
        }
    }
    save(file, &map)?;
    Ok(0)
}

fn read(file: &Path, order: &Order) -> Result<PasswordMap, Failure> {
    match load(file) {
        Ok(map) => Ok(map),
        Err(error) if error.is_missing() => match (order.action, order.create) {
            (Action::Set, true) => Ok(PasswordMap::new()),
            (Action::Set, false) => {
                Err(Failure::Usage(format!("{} is missing; -c makes it", file.display())))
            }
            _ => Err(Failure::Usage(format!("{} is missing", file.display()))),
        },
        Err(error) => Err(error.into()),
    }
}

/// A new password, typed twice; none if the two differ.
fn new_password(prompt: &mut dyn Prompt, out: &mut dyn Write) -> Result<Option<String>, Failure> {
    let password = prompt.ask("New password: ")?;
    if prompt.is_typed() && prompt.ask("Re-type new password: ")? != password {
        writeln!(out, "They don't match, sorry.")?;
        return Ok(None);
    }
    Ok(Some(password))
}

/// The longest password that is read, in bytes.
const LONGEST: usize = 4096;

/// The first line of standard input.
struct Piped;

impl Prompt for Piped {
    fn ask(&mut self, _: &str) -> io::Result<String> {
        let mut line = String::new();
        io::stdin().lock().take(LONGEST as u64 + 2).read_line(&mut line)?;
        if line.is_empty() {
            return Err(io::Error::other("there is no password on standard input"));
        }
        if line.ends_with('\n') {
            line.pop();
        }
        if line.ends_with('\r') {
            line.pop();
        }
        if line.len() > LONGEST { Err(too_long()) } else { Ok(line) }
    }

    fn is_typed(&self) -> bool {
        false
    }
}

fn too_long() -> io::Error {
    io::Error::other(format!("the password has more than {LONGEST} bytes"))
}

/// The terminal of the process, without echo.
struct Terminal;

impl Prompt for Terminal {
    fn ask(&mut self, prompt: &str) -> io::Result<String> {
        let mut terminal = File::options().read(true).write(true).open("/dev/tty")?;
        terminal.write_all(prompt.as_bytes())?;
        let before = tcgetattr(&terminal)?;
        let mut quiet = before.clone();
        // Keys come one by one, Ctrl-C too, so that no signal leaves the terminal mute.
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
        let typed = read_keys(&mut terminal);
        tcsetattr(&terminal, OptionalActions::Flush, &before)?;
        terminal.write_all(b"\n")?;
        typed
    }

    fn is_typed(&self) -> bool {
        true
    }
}

/// One line of keys: Backspace takes the last character back, Ctrl-U all, Ctrl-C and Ctrl-D give up.
fn read_keys(keys: &mut dyn Read) -> io::Result<String> {
    let mut line = Vec::new();
    loop {
        let mut key = [0];
        match keys.read(&mut key) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        match key[0] {
            b'\r' | b'\n' => break,
            0x03 | 0x04 => return Err(io::Error::other("given up")),
            0x15 => line.clear(),
            0x08 | 0x7f => {
                // The bytes of one character.
                while line.pop().is_some_and(|byte: u8| byte & 0xc0 == 0x80) {}
            }
            _ if line.len() >= LONGEST => return Err(too_long()),
            other => line.push(other),
        }
    }
    String::from_utf8(line).map_err(|_| io::Error::other("the password is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Typed(Vec<&'static str>);

    impl Prompt for Typed {
        fn ask(&mut self, prompt: &str) -> io::Result<String> {
            let expected = ["New password: ", "Re-type new password: ", "Password: "];
            assert!(expected.contains(&prompt), "{prompt:?}");
            Ok(self.0.remove(0).to_owned())
        }

        fn is_typed(&self) -> bool {
            true
        }
    }

    fn words(line: &str) -> Vec<OsString> {
        line.split('|').filter(|word| !word.is_empty()).map(OsString::from).collect()
    }

    /// Exit code, standard output and standard error.
    fn digest(line: &str, typed: &[&'static str]) -> (u8, String, String) {
        let (mut out, mut complaints) = (Vec::new(), Vec::new());
        let code = match parse(&words(line)) {
            Ok(Ok(order)) => run(&order, &mut Typed(typed.to_vec()), &mut out, &mut complaints),
            Ok(Err(text)) => {
                out = text.into_bytes();
                0
            }
            Err(why) => usage(&mut complaints, &why),
        };
        (code, String::from_utf8(out).unwrap(), String::from_utf8(complaints).unwrap())
    }

    #[test]
    fn a_file_is_looked_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.digest");
        let file = path.to_str().unwrap();
        let (code, _, complaint) = digest(&format!("{file}|User Zone|user"), &[]);
        assert_eq!(code, 2);
        assert!(complaint.contains("is missing; -c makes it"), "{complaint}");
        let check = |line: &str, typed: &[&'static str], code: u8, out: &str| {
            let given = digest(&line.replace("FILE", file), typed);
            assert_eq!(given, (code, out.to_owned(), String::new()), "{line}");
        };
        let add = "Adding user `user` in realm `User Zone`.\n";
        check(
            "-c|FILE|User Zone|user",
            &["looser", "loser"],
            1,
            &format!("{add}They don't match, sorry.\n"),
        );
        assert!(!path.exists());
        check("-c|FILE|User Zone|user", &["looser", "looser"], 0, add);
        let text = || std::fs::read_to_string(&path).unwrap();
        assert_eq!(text(), "user:User Zone:99f490dffe2c74a7f13d0cf9b61098a5\n");
        check("-v|FILE|User Zone|user", &["looser"], 0, "Valid user.\n");
        check("-v|FILE|User Zone|user", &["loser"], 2, "Invalid user.\n");
        check("-v|-s|FILE|User Zone|user", &["looser"], 2, "Invalid user.\n");
        check("-v|FILE|User Zone|nobody", &["looser"], 2, "Invalid user.\n");
        let change = "Changing password for user `user` in realm `User Zone`.\n";
        check("-s|FILE|User Zone|user", &["new", "new"], 0, change);
        check("-v|FILE|User Zone|user", &["new"], 0, "Valid user.\n");
        check("-m|-s|FILE|User Zone|user", &["looser", "looser"], 0, change);
        assert_eq!(text(), "user:User Zone:99f490dffe2c74a7f13d0cf9b61098a5\n", "-m wins");
        check("--beside|--hash|sha-512-256|FILE|User Zone|user", &["looser", "looser"], 0, change);
        assert!(text().contains("\nuser:User Zone:SHA-512-256$"));
        check("-D|FILE|User Zone|nobody", &[], 0, "User `nobody` not found.\n");
        check("-D|FILE|User Zone|user", &[], 0, "User `user` was deleted.\n");
        assert_eq!(text(), "");
    }

    #[test]
    fn without_a_file() {
        let line = "user:User Zone:99f490dffe2c74a7f13d0cf9b61098a5\n";
        assert_eq!(
            digest("-n|User Zone|user", &["looser", "looser"]),
            (0, line.to_owned(), String::new())
        );
        let (code, out, _) = digest("-ns|User Zone|sha", &["sha", "sha"]);
        assert_eq!((code, &out[..17]), (0, "sha:User Zone:f90"));
        for (wrong, why) in [
            ("", "USERNAME is missing"),
            ("user", "REALM is missing"),
            ("User Zone|user", "PASSWORDFILE is missing"),
            ("-v|User Zone|user", "PASSWORDFILE is missing"),
            ("-D|/no/such/file|User Zone|user", "/no/such/file is missing"),
            ("-v|-c|/no/such/file|User Zone|user", "/no/such/file is missing"),
            ("-n|-D|User Zone|user", "of -n, -D and -v only one can be meant"),
            ("a|b|c|d", "unexpected argument \"a\""),
            ("--hash|MD4|f|z|u", "the algorithms of Digest are MD5, SHA-256 and SHA-512-256"),
            ("-x", "invalid option '-x'"),
        ] {
            let (code, out, complaint) = digest(wrong, &[]);
            assert_eq!((code, out), (2, String::new()), "{wrong}");
            assert!(complaint.starts_with(&format!("poorhttp digest: {why}")), "{complaint}");
            assert!(!complaint.contains("panicked"));
        }
        let (code, _, complaint) = digest("-n|User Zone|a:b", &[]);
        assert!(code == 1 && complaint.contains("no colon"), "{complaint}");
    }

    #[test]
    fn help_and_version() {
        let (code, help, _) = digest("-h", &[]);
        assert_eq!(code, 0);
        for option in ["-c ", "-n ", "-m ", "-s ", "-D ", "-v ", "--stdin ", "--hash ", "--beside "]
        {
            let lines = help.lines().filter(|line| line.trim_start().starts_with(option));
            assert_eq!(lines.count(), 1, "{option}");
        }
        assert!(digest("--version", &[]).1.starts_with("Pauper poorhttp digest "));
    }

    #[test]
    fn keys() {
        let line = |keys: &str| read_keys(&mut keys.as_bytes()).ok();
        assert_eq!(line("secret\r"), Some("secret".to_owned()));
        assert_eq!(line("heslíč\x7f\x7fček\x08a\n"), Some("heslčea".to_owned()));
        assert_eq!(line("\x7fa\x15b\n"), Some("b".to_owned()));
        for given_up in ["ab\x03\n", "\x04", "ab", &"x".repeat(LONGEST + 1)] {
            assert_eq!(line(given_up), None);
        }
    }
}
