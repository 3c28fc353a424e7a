//! Users of realms, in the order of a file.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::digest::{Hash, HexDigest, userhash};
use crate::passwords::StoredDigest;

/// Users of realms and what is stored of their passwords.
///
/// As text it is what `htdigest` of Apache makes: one `user:realm:digest` in each line, UTF-8.
/// Blank lines and those that begin with `#` are kept, and everything keeps its place. A user may
/// have one line for each hash function.
///
/// ```
/// use pauper_auth::digest::Hash;
/// use pauper_auth::passwords::PasswordMap;
///
/// let mut map: PasswordMap = "# staff\nalice:Zone:99f490dffe2c74a7f13d0cf9b61098a5\n".parse()?;
/// map.set_password("Zone", "bob", "secret", Hash::Sha256)?;
/// assert!(map.check_password("Zone", "bob", "secret"));
/// assert!(map.delete("Zone", "bob"));
/// assert_eq!(map.to_string(), "# staff\nalice:Zone:99f490dffe2c74a7f13d0cf9b61098a5\n");
/// # Ok::<(), pauper_auth::passwords::PasswordError>(())
/// ```
#[derive(Clone, Default)]
pub struct PasswordMap {
    lines: Vec<Line>,
    realms: HashMap<Arc<str>, Realm>,
}

#[derive(Clone)]
enum Line {
    /// A comment or nothing.
    Other(Box<str>),
    Entry {
        user: Arc<str>,
        realm: Arc<str>,
        digest: StoredDigest,
    },
}

impl Line {
    fn is_of(&self, of_realm: &str, of_user: Option<&str>) -> bool {
        match self {
            Self::Other(_) => false,
            Self::Entry { user, realm, .. } => {
                **realm == *of_realm && of_user.is_none_or(|it| **user == *it)
            }
        }
    }
}

/// Where things are found; the lines are what counts.
#[derive(Clone, Default)]
struct Realm {
    users: HashMap<Arc<str>, [Option<HexDigest>; 3]>,
    /// Users by the hash of their name, for each hash function of which they have a digest.
    hashed: [HashMap<HexDigest, Arc<str>>; 3],
}

impl PasswordMap {
    /// Without users.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are no users.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.realms.is_empty()
    }

    /// The realms that have users, in the order of their first ones.
    pub fn realms(&self) -> impl Iterator<Item = &str> {
        let mut seen = std::collections::HashSet::new();
        self.lines.iter().filter_map(move |line| match line {
            Line::Entry { realm, .. } if seen.insert(&**realm) => Some(&**realm),
            _ => None,
        })
    }

    /// The users of a realm, in their order.
    pub fn users<'m>(&'m self, realm: &'m str) -> impl Iterator<Item = &'m str> {
        let mut seen = std::collections::HashSet::new();
        self.lines.iter().filter_map(move |line| match line {
            Line::Entry { user, realm: of, .. } if **of == *realm && seen.insert(&**user) => {
                Some(&**user)
            }
            _ => None,
        })
    }

    /// Whether anybody in a realm has a digest of this hash function.
    #[must_use]
    pub fn has(&self, realm: &str, hash: Hash) -> bool {
        self.realms.get(realm).is_some_and(|realm| !realm.hashed[hash.index()].is_empty())
    }

    /// What is stored of a user, the weakest hash function first; empty for one that there is not.
    #[must_use]
    pub fn find(&self, realm: &str, user: &str) -> Vec<StoredDigest> {
        let of = |line: &Line| match line {
            Line::Entry { digest, .. } if line.is_of(realm, Some(user)) => Some(*digest),
            _ => None,
        };
        let mut all: Vec<_> = self.lines.iter().filter_map(of).collect();
        all.sort_by_key(StoredDigest::hash);
        all
    }

    /// The name and digest of a user, of one hash function.
    pub(crate) fn look_up(
        &self,
        realm: &str,
        user: &str,
        hash: Hash,
    ) -> Option<(Arc<str>, HexDigest)> {
        let (name, digests) = self.realms.get(realm)?.users.get_key_value(user)?;
        Some((Arc::clone(name), digests[hash.index()]?))
    }

    /// The same of a user who says the hash of the name.
    pub(crate) fn look_up_hashed(
        &self,
        realm: &str,
        user: &HexDigest,
        hash: Hash,
    ) -> Option<(Arc<str>, HexDigest)> {
        let realm = self.realms.get(realm)?;
        let name = realm.hashed[hash.index()].get(user)?;
        Some((Arc::clone(name), realm.users.get(name)?[hash.index()]?))
    }

    /// Stores a digest in place of all that was stored of the user; tells whether there was any.
    /// A new user comes behind the others of the realm.
    ///
    /// # Errors
    /// When the names cannot stand in a file: empty, with a colon or control characters, of more
    /// than 255 bytes; a user that begins with `#`.
    pub fn set(
        &mut self,
        realm: &str,
        user: &str,
        digest: StoredDigest,
    ) -> Result<bool, PasswordError> {
        check_names(realm, user)?;
        let place = self.lines.iter().position(|line| line.is_of(realm, Some(user)));
        self.delete(realm, user);
        self.insert(place, realm, user, digest);
        Ok(place.is_some())
    }

    /// Stores a digest beside those that the user has of other hash functions.
    ///
    /// They should be of the same password: a login with any of them is good.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn add(
        &mut self,
        realm: &str,
        user: &str,
        digest: StoredDigest,
    ) -> Result<(), PasswordError> {
        check_names(realm, user)?;
        let same = |line: &Line| {
            line.is_of(realm, Some(user))
                && matches!(line, Line::Entry { digest: old, .. } if old.hash() == digest.hash())
        };
        let place = match self.lines.iter().position(same) {
            Some(at) => {
                self.lines.remove(at);
                Some(at)
            }
            None => {
                self.lines.iter().rposition(|line| line.is_of(realm, Some(user))).map(|at| at + 1)
            }
        };
        self.insert(place, realm, user, digest);
        Ok(())
    }

    /// [`set`](Self::set) for a password.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_password(
        &mut self,
        realm: &str,
        user: &str,
        password: &str,
        hash: Hash,
    ) -> Result<bool, PasswordError> {
        self.set(realm, user, StoredDigest::of_password(hash, realm, user, password))
    }

    /// Removes a user from a realm; tells whether there was one.
    pub fn delete(&mut self, realm: &str, user: &str) -> bool {
        self.lines.retain(|line| !line.is_of(realm, Some(user)));
        let Some(found) = self.realms.get_mut(realm) else { return false };
        let had = found.users.remove(user).is_some();
        for hash in Hash::ALL {
            found.hashed[hash.index()].remove(&userhash(user, realm, hash));
        }
        if found.users.is_empty() {
            self.realms.remove(realm);
        }
        had
    }

    /// Removes a realm; tells how many users it had.
    pub fn delete_realm(&mut self, realm: &str) -> usize {
        self.lines.retain(|line| !line.is_of(realm, None));
        self.realms.remove(realm).map_or(0, |realm| realm.users.len())
    }

    /// Whether this very digest is stored of a user; in constant time, for one that there is not,
    /// too.
    #[must_use]
    pub fn verify(&self, realm: &str, user: &str, digest: &StoredDigest) -> bool {
        let found = self.look_up(realm, user, digest.hash());
        let nobody = HexDigest::of_bytes(&[0; 32][..digest.hash().hex_len() / 2]);
        let stored = found.as_ref().map_or(nobody, |(_, stored)| *stored);
        let equal = stored == *digest.hex();
        equal & found.is_some()
    }

    /// Whether this is the password of a user, by the strongest hash function that is stored. The
    /// same is calculated for a user that there is not.
    #[must_use]
    pub fn check_password(&self, realm: &str, user: &str, password: &str) -> bool {
        let strongest =
            |has: &dyn Fn(Hash) -> bool| Hash::ALL.into_iter().rev().find(|it| has(*it));
        let hash = strongest(&|hash| self.look_up(realm, user, hash).is_some())
            .or_else(|| strongest(&|hash| self.has(realm, hash)))
            .unwrap_or(Hash::Sha256);
        self.verify(realm, user, &StoredDigest::of_password(hash, realm, user, password))
    }

    /// At a place, or behind the last of its realm.
    fn insert(&mut self, place: Option<usize>, realm: &str, user: &str, digest: StoredDigest) {
        let place = place
            .or_else(|| {
                self.lines.iter().rposition(|line| line.is_of(realm, None)).map(|last| last + 1)
            })
            .unwrap_or(self.lines.len());
        let (user, realm) = self.index(realm, user, digest);
        self.lines.insert(place.min(self.lines.len()), Line::Entry { user, realm, digest });
    }

    fn index(&mut self, realm: &str, user: &str, digest: StoredDigest) -> (Arc<str>, Arc<str>) {
        let known = self.realms.get_key_value(realm).map(|(known, _)| Arc::clone(known));
        let realm: Arc<str> = known.unwrap_or_else(|| realm.into());
        let found = self.realms.entry(Arc::clone(&realm)).or_default();
        let known = found.users.get_key_value(user).map(|(known, _)| Arc::clone(known));
        let user: Arc<str> = known.unwrap_or_else(|| user.into());
        let at = digest.hash().index();
        found.users.entry(Arc::clone(&user)).or_default()[at] = Some(*digest.hex());
        let name = userhash(&user, &realm, digest.hash());
        found.hashed[at].insert(name, Arc::clone(&user));
        (user, realm)
    }
}

fn check_names(realm: &str, user: &str) -> Result<(), PasswordError> {
    let good = |text: &str| {
        !text.is_empty() && text.len() <= 255 && !text.chars().any(|c| c == ':' || c.is_control())
    };
    if !good(user) || user.starts_with('#') {
        return Err(PasswordError::User);
    }
    if !good(realm) {
        return Err(PasswordError::Realm);
    }
    Ok(())
}

/// Reads a file of passwords. Lines may end with CR LF; they are written with LF.
///
/// # Errors
/// With the number of the line that cannot be read, or that says something twice.
impl FromStr for PasswordMap {
    type Err = PasswordError;

    fn from_str(text: &str) -> Result<Self, PasswordError> {
        let mut map = Self::new();
        for (at, line) in text.lines().enumerate() {
            let number = at + 1;
            let in_line = |fault: PasswordError| PasswordError::Line(number, Box::new(fault));
            if line.trim().is_empty() || line.starts_with('#') {
                map.lines.push(Line::Other(line.into()));
                continue;
            }
            let mut fields = line.split(':');
            let (Some(user), Some(realm), Some(digest), None) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                return Err(in_line(PasswordError::Fields));
            };
            check_names(realm, user).map_err(in_line)?;
            let digest: StoredDigest = digest.parse().map_err(in_line)?;
            if map.look_up(realm, user, digest.hash()).is_some() {
                return Err(in_line(PasswordError::Twice));
            }
            let (user, realm) = map.index(realm, user, digest);
            map.lines.push(Line::Entry { user, realm, digest });
        }
        Ok(map)
    }
}

/// The text of the file, with its secrets.
impl fmt::Display for PasswordMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| match line {
            Line::Other(text) => writeln!(f, "{text}"),
            Line::Entry { user, realm, digest } => writeln!(f, "{user}:{realm}:{digest}"),
        })
    }
}

/// Tells how many users there are.
impl fmt::Debug for PasswordMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users: usize = self.realms.values().map(|realm| realm.users.len()).sum();
        write!(f, "PasswordMap({users} users in {} realms)", self.realms.len())
    }
}

/// Why something cannot be stored, or a text cannot be read. It has no digests in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordError {
    /// A user's name that is empty, too long, begins with `#`, or has a colon or control character.
    User,
    /// A realm that is empty, too long, or has a colon or control character.
    Realm,
    /// A digest that is none.
    Digest,
    /// A line that has other than three fields.
    Fields,
    /// A user who stands in the realm already, with the same hash function.
    Twice,
    /// One of these in a line, from 1.
    Line(usize, Box<Self>),
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User => f.write_str(
                "a user's name has 1 to 255 bytes, no colon and no control character, and does \
                 not begin with #",
            ),
            Self::Realm => {
                f.write_str("a realm has 1 to 255 bytes, no colon and no control character")
            }
            Self::Digest => f.write_str("a digest is 32 or 64 hex digits"),
            Self::Fields => f.write_str("a line is user:realm:digest"),
            Self::Twice => f.write_str("the user stands in this realm already"),
            Self::Line(number, fault) => write!(f, "line {number}: {fault}"),
        }
    }
}

impl std::error::Error for PasswordError {}
