//! Password files, Basic, and verifiers.

#[cfg(feature = "password-file")]
use std::time::Duration;
use std::time::SystemTime;

use pauper_auth::basic::{Basic, credentials};
use pauper_auth::digest::Hash;
use pauper_auth::passwords::{PasswordError, PasswordMap, Passwords, StoredDigest, Verifier};
use pauper_auth::{RequestUser, User};
use pauper_message::{Hook, Request, Response};

use crate::digest::{REALM, challenges, serve, users};

const FILE: &str = "\
# users of the demo

user:User Zone:99f490dffe2c74a7f13d0cf9b61098a5
sha:User Zone:f90881bb149a81e3a7bed12616ca0b313c8dadfa9ffaaeeb26db48afd8749d9e
# admins
admin:Admin Zone:0829ef1f99fd01b17f182522467e3f38
Ondřej:User Zone:10b692fa4bb8c2572042cf933b86a3b0
";

fn map() -> PasswordMap {
    FILE.parse().unwrap()
}

#[test]
fn a_file_is_kept_as_it_is() {
    assert_eq!(map().to_string(), FILE);
    assert_eq!(FILE.replace('\n', "\r\n").parse::<PasswordMap>().unwrap().to_string(), FILE);
    assert!(map().realms().eq(["User Zone", "Admin Zone"]));
    assert!(map().users("User Zone").eq(["user", "sha", "Ondřej"]));
    assert!(map().users("Nobody's Zone").next().is_none());
    assert_eq!(format!("{:?}", map()), "PasswordMap(4 users in 2 realms)");
    assert!(PasswordMap::new().is_empty() && PasswordMap::new().to_string().is_empty());
}

#[test]
fn users_come_change_and_go() {
    let mut map = map();
    assert!(!map.set_password("Admin Zone", "root", "x", Hash::Md5).unwrap());
    assert!(map.set_password("User Zone", "user", "new", Hash::Sha512_256).unwrap());
    let text = map.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[2].starts_with("user:User Zone:SHA-512-256$"), "the same place: {text}");
    assert!(lines[6].starts_with("root:Admin Zone:"), "behind its realm: {text}");
    assert_eq!(text.parse::<PasswordMap>().unwrap().to_string(), text);
    assert!(map.check_password("User Zone", "user", "new"));
    assert!(!map.check_password("User Zone", "user", "looser"), "the old one is no more");

    assert!(map.delete("User Zone", "user") && !map.delete("User Zone", "user"));
    assert!(map.find("User Zone", "user").is_empty());
    assert_eq!(map.delete_realm("User Zone"), 2);
    assert_eq!((map.delete_realm("User Zone"), map.delete_realm("Nobody's Zone")), (0, 0));
    assert!(map.to_string().starts_with("# users of the demo\n\n# admins\nadmin:"));

    // Both hashes of one password, and then another password.
    for hash in [Hash::Sha256, Hash::Md5, Hash::Sha256] {
        let digest = StoredDigest::of_password(hash, "Admin Zone", "admin", "a");
        map.add("Admin Zone", "admin", digest).unwrap();
    }
    assert_eq!(map.find("Admin Zone", "admin").len(), 2);
    assert!(map.has("Admin Zone", Hash::Sha256));
    map.set_password("Admin Zone", "admin", "b", Hash::Md5).unwrap();
    assert_eq!(map.find("Admin Zone", "admin").len(), 1);
    assert!(!map.has("Admin Zone", Hash::Sha256));
}

#[test]
fn digests_are_verified() {
    let map = map();
    for (realm, user, password, right) in [
        ("User Zone", "user", "looser", true),
        ("User Zone", "sha", "sha", true),
        ("User Zone", "Ondřej", "heslíčko", true),
        ("User Zone", "user", "Looser", false),
        ("Admin Zone", "user", "looser", false),
        ("User Zone", "nobody", "", false),
        ("Nobody's Zone", "nobody", "", false),
    ] {
        assert_eq!(map.check_password(realm, user, password), right, "{user} of {realm}");
        let verified = Verifier::verify(&map, realm, user, password, SystemTime::UNIX_EPOCH);
        assert_eq!(verified, Ok(right));
    }
    let of = |hash| StoredDigest::of_password(hash, "User Zone", "user", "looser");
    assert!(map.verify("User Zone", "user", &of(Hash::Md5)));
    assert!(!map.verify("User Zone", "user", &of(Hash::Sha256)));
    // What an unknown user is compared with is nobody's.
    let zeros: StoredDigest = "0".repeat(32).parse().unwrap();
    assert!(!map.verify("User Zone", "nobody", &zeros));
}

/// Advisory section 7: colons and line ends in names.
#[test]
fn advisory_names_cannot_make_lines() {
    let mut map = PasswordMap::new();
    let long = "x".repeat(256);
    for bad in ["", "a:b", "a\nroot:Zone:x", "a\r", "a\0", "a\u{85}", &long] {
        assert_eq!(
            map.set_password("Zone", bad, "", Hash::Md5),
            Err(PasswordError::User),
            "{bad:?}"
        );
        assert_eq!(map.set_password(bad, "a", "", Hash::Md5), Err(PasswordError::Realm), "{bad:?}");
    }
    assert_eq!(map.set_password("Zone", "#a", "", Hash::Md5), Err(PasswordError::User));
    assert!(map.is_empty());
    let digest = "99f490dffe2c74a7f13d0cf9b61098a5";
    for (text, line, fault) in [
        ("a:b", 1, PasswordError::Fields),
        ("a:b:c:d", 1, PasswordError::Fields),
        (&format!("\n:b:{digest}")[..], 2, PasswordError::User),
        (&format!("#\n\na::{digest}"), 3, PasswordError::Realm),
        (&format!("a\x0bb:b:{digest}"), 1, PasswordError::User),
        ("a:b:", 1, PasswordError::Digest),
        (&format!("a:b:{}", &digest[1..]), 1, PasswordError::Digest),
        (&format!("a:b:{digest} "), 1, PasswordError::Digest),
        (&format!("a:b:SHA-512-256${digest}"), 1, PasswordError::Digest),
        (&format!("a:b:{digest}\na:b:{digest}"), 2, PasswordError::Twice),
    ] {
        let error = text.parse::<PasswordMap>().unwrap_err();
        assert_eq!(error, PasswordError::Line(line, Box::new(fault)), "{text:?}");
        assert!(!error.to_string().contains(&digest[1..]));
    }
}

#[cfg(feature = "password-file")]
mod files {
    use super::*;
    use pauper_auth::passwords::{load, save};
    use std::fs;

    #[test]
    fn saved_at_once_and_for_the_owner_alone() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.digest");
        assert!(load(&path).unwrap_err().is_missing());
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let old = fs::metadata(&path).unwrap().ino();
        assert!(
            load(&path).unwrap_err().to_string().ends_with("line 1: a line is user:realm:digest")
        );
        save(&path, &map()).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert_ne!(metadata.ino(), old, "another file, so that nobody reads half of one");
        assert_eq!(load(&path).unwrap().to_string(), FILE);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left");
        // A link is followed.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        save(&link, &PasswordMap::new()).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
        let nowhere = folder.path().join("no/where");
        assert!(save(&nowhere, &map()).is_err());
        fs::write(&path, b"\xff").unwrap();
        assert!(load(&path).is_err());
    }

    #[test]
    fn a_changed_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.digest");
        save(&path, &map()).unwrap();
        let passwords = Passwords::open(&path).unwrap();
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let is = |now, password| passwords.verify("User Zone", "user", password, at(now)).unwrap();
        assert!(is(10, "looser"));
        let mut changed = map();
        changed.set_password("User Zone", "user", "new", Hash::Sha256).unwrap();
        save(&path, &changed).unwrap();
        assert!(is(10, "looser"), "looked at once a second");
        assert!(is(11, "new") && !is(11, "looser"));
        // A broken or missing one changes nothing, and is told of once.
        fs::write(&path, "broken").unwrap();
        assert!(passwords.reload(at(12)).is_err());
        assert!(!passwords.reload(at(14)).unwrap());
        assert!(is(14, "new"));
        fs::remove_file(&path).unwrap();
        assert!(passwords.reload(at(16)).is_err());
        assert!(is(17, "new"));
        save(&path, &map()).unwrap();
        assert!(is(20, "looser"));
        // What is changed here is written here.
        let shared = passwords.clone();
        shared.update(|map| map.delete("User Zone", "user"));
        passwords.save().unwrap();
        assert!(!load(&path).unwrap().check_password("User Zone", "user", "looser"));
        assert!(!passwords.reload(at(30)).unwrap(), "it is what we wrote");
    }

    /// Files of Apache's htdigest, both ways.
    #[test]
    fn files_of_htdigest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.digest");
        let made = run_htdigest(&["-c", path.to_str().unwrap(), "User Zone", "user"], "looser");
        if made.is_none() {
            return crate::skipped("htdigest");
        }
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "user:User Zone:99f490dffe2c74a7f13d0cf9b61098a5\n"
        );
        let mut map = load(&path).unwrap();
        map.set_password("User Zone", "foo", "bar", Hash::Md5).unwrap();
        save(&path, &map).unwrap();
        run_htdigest(&[path.to_str().unwrap(), "User Zone", "foo"], "new").unwrap();
        let map = load(&path).unwrap();
        assert!(map.check_password("User Zone", "foo", "new"));
        assert!(map.check_password("User Zone", "user", "looser"));
    }

    fn run_htdigest(args: &[&str], password: &str) -> Option<()> {
        use std::io::Write as _;
        use std::process::{Command, Stdio};
        // Without a terminal it reads standard input, where `script` gives it one.
        let mut child = Command::new("htdigest")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut input = child.stdin.take().unwrap();
        write!(input, "{password}\n{password}\n").unwrap();
        drop(input);
        assert!(child.wait().unwrap().success());
        Some(())
    }
}

#[test]
fn basic_logs_in() {
    let login = Basic::new(REALM, users());
    let send = |value: Option<&str>| {
        let mut builder = Request::builder();
        if let Some(value) = value {
            builder = builder.header("Authorization", value);
        }
        let mut req = builder.build().unwrap();
        let (user, response) = serve(&login, &mut req);
        (user, response)
    };
    for (value, user, status) in [
        (None, None, 401),
        (Some("Basic dXNlcjpsb29zZXI="), Some("user"), 200),
        (Some("bAsIc   dXNlcjpsb29zZXI="), Some("user"), 200),
        // Ondřej:heslíčko
        (Some("Basic T25kxZllajpoZXNsw63EjWtv"), Some("Ondřej"), 200),
        (Some("Basic dXNlcjpsb3Nlcg=="), None, 401),
        (Some("Basic bm9ib2R5Og=="), None, 401),
        (Some("Basic dXNlcjpsb29zZXI"), None, 400),
        (Some("Basic dXNlcjpsb29zZXI=="), None, 400),
        (Some("Basic dXNlcg=="), None, 400),
        (Some("Basic dXNlcjoB"), None, 400),
        (Some("Basic /w=="), None, 400),
        (Some("Basic"), None, 400),
        (Some("Digest username=\"user\""), None, 401),
        (Some("Bearer dXNlcjpsb29zZXI="), None, 401),
    ] {
        let (given, response) = send(value);
        assert_eq!((given.as_deref(), response.status().as_u16()), (user, status), "{value:?}");
        let expected: &[&str] =
            if status == 401 { &["Basic realm=\"User Zone\",charset=\"UTF-8\""] } else { &[] };
        assert_eq!(challenges(&response), expected);
    }
    assert_eq!(credentials("OjpiOmM="), Some((String::new(), ":b:c".to_owned())));
}

#[test]
fn basic_for_some_users_inside_one_for_all() {
    let login = Basic::new(REALM, users());
    let mut req =
        Request::builder().header("Authorization", "Basic dXNlcjpsb29zZXI=").build().unwrap();
    login.before(&mut req).unwrap();
    login.clone().only(["user", "foo"]).before(&mut req).unwrap();
    assert_eq!(login.clone().only(["foo"]).before(&mut req).unwrap_err().status().unwrap(), 401);
    assert_eq!(req.user(), Some(&User::new("user", REALM)));
    let mut response = Response::text("").with_status(401);
    login.after(&mut req, &mut response).unwrap();
    assert_eq!(challenges(&response).len(), 1);
}

#[test]
fn shared_passwords_change_for_all() {
    let passwords = Passwords::new(users());
    let login = Basic::new(REALM, passwords.clone());
    let sent = || {
        let builder = Request::builder().header("Authorization", "Basic dXNlcjpsb29zZXI=");
        serve(&login, &mut builder.build().unwrap()).0
    };
    assert_eq!(sent().as_deref(), Some("user"));
    passwords.update(|map| map.set_password(REALM, "user", "other", Hash::Sha256)).unwrap();
    assert_eq!(sent(), None);
    // A panic in between leaves it whole.
    let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        passwords.update(|map| {
            map.delete_realm(REALM);
            panic!("half way");
        });
    }));
    assert!(broken.is_err());
    assert!(passwords.read(|map| map.check_password(REALM, "user", "other")));
}

#[cfg(feature = "argon2")]
#[test]
fn argon2_verifies() {
    use pauper_auth::passwords::Argon2Passwords;
    let hash = Argon2Passwords::hash("secret", &crate::random::Counting::default()).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    let users = Argon2Passwords::new().with_user("alice", &hash).unwrap();
    for (user, password, right) in
        [("alice", "secret", true), ("alice", "Secret", false), ("bob", "secret", false)]
    {
        let verified = users.verify("any", user, password, SystemTime::UNIX_EPOCH);
        assert_eq!(verified, Ok(right), "{user}");
    }
    let nobody = Argon2Passwords::new();
    assert_eq!(nobody.verify("any", "alice", "", SystemTime::UNIX_EPOCH), Ok(false));
    for bad in ["", "secret", "$argon2id$", "$pbkdf2-sha256$i=1$AAAAAAAA$AAAAAAAAAAAAAAAA"] {
        assert!(Argon2Passwords::new().with_user("a", bad).is_err(), "{bad}");
    }
}
