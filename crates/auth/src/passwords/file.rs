//! Files of passwords.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::passwords::{PasswordError, PasswordMap};

/// The longest file that is read, in bytes.
const LONGEST: u64 = 16 << 20;

/// Reads a file of passwords, of at most 16 MiB.
///
/// # Errors
/// When there is none, or it cannot be read or understood; with its path.
pub fn load(path: &Path) -> Result<PasswordMap, FileError> {
    load_stamped(path).map(|(map, _)| map)
}

fn load_stamped(path: &Path) -> Result<(PasswordMap, Stamp), FileError> {
    let at = |fault: Fault| FileError { path: path.into(), fault };
    let io = |error| at(Fault::Read(error));
    let file = File::open(path).map_err(io)?;
    let stamp = Stamp::of(&file.metadata().map_err(io)?);
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(io)?;
    if text.len() as u64 > LONGEST {
        return Err(at(Fault::Long));
    }
    Ok((text.parse().map_err(|error| at(Fault::Text(error)))?, stamp))
}

/// Writes a file of passwords: beside it, as a file that only its owner may read (mode 0600), which
/// then takes its place at once. So nobody ever reads half of one, and whatever goes wrong leaves
/// the old one. It keeps its owner; a link is followed.
///
/// # Errors
/// When it cannot be written, or the owner cannot be kept.
pub fn save(path: &Path, map: &PasswordMap) -> Result<(), FileError> {
    let written = || -> io::Result<()> {
        let target = fs::canonicalize(path).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(path.to_owned()),
            _ => Err(error),
        })?;
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Made with mode 0600, and removed if it does not get its name.
        let mut file = tempfile::Builder::new().prefix(".passwords").tempfile_in(folder)?;
        file.write_all(map.to_string().as_bytes())?;
        #[cfg(unix)]
        if let Ok(old) = fs::metadata(&target) {
            use std::os::unix::fs::{MetadataExt as _, fchown};
            let new = file.as_file().metadata()?;
            if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
                fchown(file.as_file(), Some(old.uid()), Some(old.gid()))?;
            }
        }
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|error| error.error)?;
        // The name, too, is to be there after a loss of power.
        File::open(folder)?.sync_all()
    };
    written().map_err(|error| FileError { path: path.into(), fault: Fault::Write(error) })
}

/// By what one sees that a file is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
    #[cfg(unix)]
    inode: u64,
    #[cfg(unix)]
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            modified: metadata.modified().ok(),
            len: metadata.len(),
            #[cfg(unix)]
            inode: metadata.ino(),
            #[cfg(unix)]
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// A file that is looked at now and then.
pub(crate) struct Watched {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stamp: Option<Stamp>,
    looked: Option<SystemTime>,
}

/// How often a file is looked at.
const PAUSE: Duration = Duration::from_secs(1);

impl Watched {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, state: Mutex::default() }
    }

    pub(crate) fn load(&self) -> Result<PasswordMap, FileError> {
        let (map, stamp) = load_stamped(&self.path)?;
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stamp = Some(stamp);
        Ok(map)
    }

    pub(crate) fn save(&self, map: &PasswordMap) -> Result<(), FileError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        save(&self.path, map)?;
        // What was written is what is known.
        state.stamp = fs::metadata(&self.path).ok().map(|metadata| Stamp::of(&metadata));
        Ok(())
    }

    /// What is in the file, if it has changed. Each state of a file is tried once, so that a broken
    /// one is told of once.
    pub(crate) fn changed(&self, now: SystemTime) -> Result<Option<PasswordMap>, FileError> {
        // Somebody else is looking.
        let Ok(mut state) = self.state.try_lock() else { return Ok(None) };
        let recently = |then: SystemTime| now.duration_since(then).is_ok_and(|ago| ago < PAUSE);
        if state.looked.is_some_and(recently) {
            return Ok(None);
        }
        state.looked = Some(now);
        let stamp = fs::metadata(&self.path).ok().map(|metadata| Stamp::of(&metadata));
        if stamp == state.stamp {
            return Ok(None);
        }
        state.stamp = stamp;
        let (map, stamp) = load_stamped(&self.path)?;
        state.stamp = Some(stamp);
        Ok(Some(map))
    }
}

/// Why a file of passwords cannot be read or written.
#[derive(Debug)]
pub struct FileError {
    path: PathBuf,
    fault: Fault,
}

#[derive(Debug)]
enum Fault {
    Read(io::Error),
    Write(io::Error),
    Text(PasswordError),
    Long,
}

impl FileError {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is no such file.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(&self.fault, Fault::Read(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.fault {
            Fault::Read(error) => write!(f, "{path} cannot be read: {error}"),
            Fault::Write(error) => write!(f, "{path} cannot be written: {error}"),
            Fault::Text(error) => write!(f, "{path}, {error}"),
            Fault::Long => write!(f, "{path} has more than {LONGEST} bytes"),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            Fault::Read(error) | Fault::Write(error) => Some(error),
            Fault::Text(error) => Some(error),
            Fault::Long => None,
        }
    }
}
