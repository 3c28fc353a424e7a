//! Passwords that several hooks and handlers share.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use crate::digest::Hash;
use crate::passwords::{DigestUser, DigestUsers, PasswordMap, UserName, Verifier};
use crate::store_error::StoreError;

/// A [`PasswordMap`] that all clones share: hooks ask it, handlers may change it.
///
/// One of a file ([`open`](Self::open)) looks once a second whether the file has changed, and then
/// reads it again. A file that cannot be read any more leaves everything as it is; the log is told.
#[derive(Clone, Default)]
pub struct Passwords {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    map: RwLock<PasswordMap>,
    #[cfg(feature = "password-file")]
    watched: Option<super::file::Watched>,
}

impl Passwords {
    /// Passwords without a file.
    #[must_use]
    pub fn new(map: PasswordMap) -> Self {
        let inner = Inner {
            map: RwLock::new(map),
            #[cfg(feature = "password-file")]
            watched: None,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Passwords of a file.
    ///
    /// # Errors
    /// When it cannot be read; see [`load`](super::load).
    #[cfg(feature = "password-file")]
    pub fn open(path: impl Into<std::path::PathBuf>) -> Result<Self, super::FileError> {
        let path = path.into();
        let watched = super::file::Watched::new(path);
        let map = RwLock::new(watched.load()?);
        Ok(Self { inner: Arc::new(Inner { map, watched: Some(watched) }) })
    }

    /// Looks at the map.
    pub fn read<T>(&self, look: impl FnOnce(&PasswordMap) -> T) -> T {
        look(&self.inner.map.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the map in memory; [`save`](Self::save) writes it down. A panic of `change` leaves
    /// the map as it was.
    pub fn update<T>(&self, change: impl FnOnce(&mut PasswordMap) -> T) -> T {
        let mut map = self.inner.map.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = map.clone();
        let given = change(&mut changed);
        *map = changed;
        given
    }

    /// Writes the map into its file, see [`save`](super::save()). Nothing without a file.
    ///
    /// # Errors
    /// When it cannot be written.
    #[cfg(feature = "password-file")]
    pub fn save(&self) -> Result<(), super::FileError> {
        match &self.inner.watched {
            Some(watched) => self.read(|map| watched.save(map)),
            None => Ok(()),
        }
    }

    /// Reads the file again if it has changed and the last look is a second ago; tells whether it
    /// did. Whoever is asked for users does that first.
    ///
    /// # Errors
    /// When it has changed and cannot be read. The map stays as it is.
    #[cfg(feature = "password-file")]
    pub fn reload(&self, now: SystemTime) -> Result<bool, super::FileError> {
        let Some(watched) = &self.inner.watched else { return Ok(false) };
        match watched.changed(now)? {
            Some(map) => {
                *self.inner.map.write().unwrap_or_else(PoisonError::into_inner) = map;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn refresh(&self, now: SystemTime) {
        #[cfg(feature = "password-file")]
        if let Err(error) = self.reload(now) {
            crate::log_macros::error!("{error}; the passwords stay as they were");
        }
        let _ = now;
    }
}

impl From<PasswordMap> for Passwords {
    fn from(map: PasswordMap) -> Self {
        Self::new(map)
    }
}

impl DigestUsers for Passwords {
    fn find(
        &self,
        realm: &str,
        user: UserName<'_>,
        hash: Hash,
        now: SystemTime,
    ) -> Result<Option<DigestUser>, StoreError> {
        self.refresh(now);
        self.read(|map| DigestUsers::find(map, realm, user, hash, now))
    }

    fn has(&self, realm: &str, hash: Hash, now: SystemTime) -> Result<bool, StoreError> {
        self.refresh(now);
        Ok(self.read(|map| map.has(realm, hash)))
    }
}

impl Verifier for Passwords {
    fn verify(
        &self,
        realm: &str,
        user: &str,
        password: &str,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        self.refresh(now);
        Ok(self.read(|map| map.check_password(realm, user, password)))
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read(|map| map.fmt(f))
    }
}
