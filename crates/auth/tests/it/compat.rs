//! Cookies of PoorWSGI, both ways.

use std::process::{Command, Stdio};

use pauper_auth::compat::{AesSession, Compression, Migrating, PoorSession};
use pauper_auth::session::{RequestSession, SealedSession, Sessions};
use pauper_auth::{RandomError, Randomness};
use pauper_message::Request;
use serde_json::{Map, Value, json};

use crate::support::{Client, Counting, keys};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const PLAIN: &str = "K6Tpo3EJvjb6AzYXhqZMkkI=.emvyOxYOJwWhY+YLjw10UY1JKsvTawrT1YLDUhfvvno=";

fn poor(key: &str, compression: Compression) -> PoorSession {
    PoorSession::new(key).unwrap().compression(compression)
}

/// Always these bytes.
struct Fixed([u8; 16]);

impl Randomness for Fixed {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

#[test]
fn golden_cookies() {
    let alice = json!({"user": "alice"});
    let bzip2 = "QlpoOTFBWSZTWa7Tk/YAAAH8+YggAIAACAEAEAQgAAEAEAANAAABACAAECAAMUwAE0KBpoyeIu8fZkiPoEoULu\
                 SKcKEhXacn7A==.6S/a6ZMGuJPVDfQvcaeHuCAo81jC6yito+UF6s1zh3o=";
    let zlib = "eNrTXvJycSHnPrNfzGbibct8JjkBAEaSB2A=.ho84fBpOEhg18j4lO8g2DrT5LnVPukC+VHXwtb4yuTI=";
    for (compression, cookie) in
        [(Compression::None, PLAIN), (Compression::Bzip2, bzip2), (Compression::Zlib, zlib)]
    {
        let session = poor(KEY, compression);
        assert_eq!(Value::from(session.read_data(cookie).unwrap()), alice, "{compression:?}");
        let written = session.write_data(&alice).unwrap();
        assert_eq!(Value::from(session.read_data(&written).unwrap()), alice);
        // zlib may find other bytes.
        if compression != Compression::Zlib {
            assert_eq!(written, cookie);
        }
    }

    /// In the order of the original.
    struct Long;
    impl serde_core::Serialize for Long {
        fn serialize<S: serde_core::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
            use serde_core::ser::SerializeMap as _;
            let mut map = out.serialize_map(None)?;
            map.serialize_entry("user", "alice")?;
            map.serialize_entry("n", "xxxxxxxxxxxxxxxxxxxx")?;
            map.end()
        }
    }
    let session = AesSession::new(KEY).unwrap();
    let counting: [u8; 16] = std::array::from_fn(|index| index as u8);
    assert_eq!(
        session.write_data(&alice, &Fixed(counting)).unwrap(),
        "AAECAwQFBgcICQoLDA0OD7y8ugj7Sls-o9whRyT_Fwc_.kMfnOBhciM9-epVQkXEc8j8cUBVt2uYm62jj7YL2dRw="
    );
    assert_eq!(
        session.write_data(&Long, &Fixed([0xff; 16])).unwrap(),
        "_____________________5s8qoh6RULzOw9EUlRXTM-rsSDAoxr0qXx-NlM9lHvTYtal87z0SjPF_LimMbc=.\
         zwKemkJw3hKyHtsZrFvcRtQAhrxkA-gosk9x7_ZOA-U="
    );
}

enum Format {
    Poor(PoorSession),
    Aes(AesSession),
}

impl Format {
    fn of(name: &str, key: &str) -> Self {
        match name {
            "bz2" => Self::Poor(poor(key, Compression::Bzip2)),
            "zlib" => Self::Poor(poor(key, Compression::Zlib)),
            "none" => Self::Poor(poor(key, Compression::None)),
            "aes" => Self::Aes(AesSession::new(key).unwrap()),
            other => panic!("{other}?"),
        }
    }

    fn read(&self, cookie: &str) -> Option<Value> {
        let read = match self {
            Self::Poor(session) => session.read_data(cookie),
            Self::Aes(session) => session.read_data(cookie),
        };
        read.ok().map(Value::from)
    }

    fn write(&self, data: &Value) -> String {
        match self {
            Self::Poor(session) => session.write_data(data),
            Self::Aes(session) => session.write_data(data, &Counting::default()),
        }
        .unwrap()
    }
}

fn vectors() -> impl Iterator<Item = [&'static str; 4]> {
    let lines = include_str!("../data/poorwsgi.tsv").lines().skip(1);
    lines.map(|line| line.split('\t').collect::<Vec<_>>().try_into().unwrap())
}

#[test]
fn cookies_of_the_original_are_read() {
    let mut count = 0;
    for [name, key, data, cookie] in vectors() {
        let data: Value = serde_json::from_str(data).unwrap();
        let format = Format::of(name, key);
        assert_eq!(format.read(cookie), Some(data.clone()), "{name}, {key}");
        assert_eq!(format.read(&format.write(&data)), Some(data), "{name}, {key}");
        assert_eq!(Format::of(name, "another key").read(cookie), None);
        count += 1;
    }
    assert_eq!(count, 96);
}

/// What we write, read by the original; where Python has it.
#[test]
fn the_original_reads_ours() {
    let script = r#"
import json, sys, bz2, zlib
from http.cookies import SimpleCookie
from poorwsgi.session import PoorSession
from poorwsgi.aes_session import AESSession
for line in sys.stdin:
    name, key, data, cookie = line.rstrip("\n").split("\t")
    how = {"bz2": bz2, "zlib": zlib, "none": None}
    s = AESSession(key) if name == "aes" else PoorSession(key, compress=how[name])
    jar = SimpleCookie()
    jar["SESSID"] = cookie
    s.load(jar)
    assert s.data == json.loads(data), (name, s.data, data)
    print("ok")
"#;
    let python = std::env::var("PAUPER_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let there = Command::new(&python)
        .args(["-c", "import poorwsgi.aes_session"])
        .stderr(Stdio::null())
        .status();
    if !there.is_ok_and(|status| status.success()) {
        let required = std::env::var_os("PAUPER_REQUIRE_TOOLS").is_some_and(|it| it == "1");
        assert!(!required, "Python with poorwsgi 2.8 and pyaes is missing");
        println!("skipped: Python with poorwsgi 2.8 and pyaes is missing");
        return;
    }
    let mut input = String::new();
    for [name, key, data, _] in vectors() {
        let cookie = Format::of(name, key).write(&serde_json::from_str(data).unwrap());
        input.push_str(&format!("{name}\t{key}\t{data}\t{cookie}\n"));
    }
    let mut child = Command::new(&python)
        .args(["-c", script])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "ok\n".repeat(96));
}

#[test]
fn every_bit_and_every_cut_is_refused() {
    let data = json!({"user": "alice"});
    for name in ["none", "zlib", "bz2", "aes"] {
        let format = Format::of(name, KEY);
        let cookie = format.write(&data);
        for at in 0..cookie.len() {
            for bit in 0..7 {
                let mut bytes = cookie.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8(bytes).unwrap();
                assert_eq!(format.read(&changed), None, "{name}: {changed}");
            }
            assert_eq!(format.read(&cookie[..at]), None, "{name}, {at}");
        }
        for bad in ["", ".", "..", "a.b", "é.é", &format!("{cookie}."), &format!("{cookie}=")] {
            assert_eq!(format.read(bad), None, "{name}: {bad}");
        }
    }
}

#[test]
fn what_is_no_map_is_refused() {
    for name in ["none", "aes"] {
        let format = Format::of(name, KEY);
        for data in [json!([1]), json!("x"), json!(null), json!(1)] {
            assert_eq!(format.read(&format.write(&data)), None, "{data}");
        }
        assert_eq!(format.read(&format.write(&json!({}))), Some(Value::from(Map::new())));
    }
}

fn user(req: &mut Request) -> Option<String> {
    req.session().get("user").map(str::to_owned)
}

/// Through the hook an old cookie gets times, a number, and a name that it is bound to.
#[test]
fn old_cookies_become_ones_that_end() {
    let sessions = || Sessions::with_random(poor(KEY, Compression::None), Counting::default());
    let mut client = Client::default();
    client.cookies.insert("SESSID".into(), PLAIN.into());
    let (_, visit) = client.get(&[&sessions()], |_| ());
    assert_eq!(visit.set.len(), 0);
    let (name, visit) = client.get(&[&sessions()], user);
    assert_eq!((name.as_deref(), visit.set.len()), (Some("alice"), 1));
    let data = poor(KEY, Compression::None).read_data(&client.cookies["SESSID"]).unwrap();
    assert_eq!((&data["user"], &data["_pauper"]["cookie"]), (&json!("alice"), &json!("SESSID")));
    let (name, visit) = client.get(&[&sessions()], user);
    assert_eq!((name.as_deref(), visit.set.len()), (Some("alice"), 0));
    let mut other = Client::default();
    other.cookies.insert("OTHER".into(), client.cookies["SESSID"].clone());
    assert_eq!(other.get(&[&sessions().name("OTHER")], user).0, None);
    client.get(&[&sessions()], |req| req.session_mut().flash("info", "hello"));
    let (flash, _) =
        client.get(&[&sessions()], |req| req.session_mut().take_flashes()[0].text().to_owned());
    assert_eq!(flash, "hello");
    client.now = 8 * 3600;
    assert_eq!(client.get(&[&sessions()], user).0, None);
}

#[test]
fn an_application_moves_without_logging_anybody_out() {
    let format = Migrating::new(SealedSession::new(keys()), poor(KEY, Compression::None));
    let moving = Sessions::with_random(format, Counting::default());
    let moved = Sessions::with_random(SealedSession::new(keys()), Counting::default());
    let mut client = Client::default();
    client.cookies.insert("SESSID".into(), PLAIN.into());
    assert_eq!(client.clone().get(&[&moved], user).0, None);
    assert_eq!(client.get(&[&moving], user).0.as_deref(), Some("alice"));
    assert_eq!(client.clone().get(&[&moving], user).0.as_deref(), Some("alice"));
    assert_eq!(client.get(&[&moved], user).0.as_deref(), Some("alice"));
}
