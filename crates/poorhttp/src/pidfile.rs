//! The file with the number of the process.
//!
//! Whether the process lives is told by a lock on the file, which ends with the process, and not by
//! the number, which may be another one's by now.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags, flock};

/// Whoever only looks has the lock for a moment, too.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// The file of this process, locked.
pub(crate) struct PidFile {
    path: PathBuf,
    file: File,
}

/// What a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// There is none.
    Missing,
    /// Of a process that is gone.
    Stale,
    /// Of a process that lives, with its number; none while it is being written.
    Running(Option<i32>),
}

impl PidFile {
    /// Locks the file and writes the number of this process. A file that somebody left behind is
    /// taken over.
    pub(crate) fn take(path: &Path) -> Result<Self, String> {
        let told = |error: io::Error| format!("pid file {}: {error}", path.display());
        let path = &std::path::absolute(path).map_err(told)?;
        for _ in 0..TRIES {
            let file = open(path).map_err(told)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                // It may have been removed between opening and locking.
                Ok(()) if is_at(&file, path) => {
                    let mut taken = Self { path: path.clone(), file };
                    taken.write().map_err(told)?;
                    return Ok(taken);
                }
                Ok(()) => continue,
                Err(rustix::io::Errno::WOULDBLOCK) => thread::sleep(PAUSE),
                Err(error) => return Err(told(error.into())),
            }
        }
        Err(match look(path) {
            Ok(Look::Running(Some(pid))) => {
                format!("it runs already, with pid {pid} in {}", path.display())
            }
            _ => format!("another process holds the pid file {}", path.display()),
        })
    }

    /// Takes over the file, and its lock, from the process that passed it on.
    /// The number stays that process's until this one [writes](Self::write) its own.
    pub(crate) fn inherit(path: &Path, fd: OwnedFd) -> Result<Self, String> {
        let told = |error: io::Error| format!("pid file {}: {error}", path.display());
        let path = std::path::absolute(path).map_err(told)?;
        let inherited = Self { path, file: fd.into() };
        if !is_at(&inherited.file, &inherited.path) {
            let path = inherited.path.display();
            return Err(format!("the pid file {path} is another one by now"));
        }
        Ok(inherited)
    }

    /// Writes the number of this process.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        writeln!(self.file, "{}", std::process::id())?;
        self.file.flush()
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Removes it, unless another file is in its place. Whoever may not remove it, because the
    /// folder is root's or out of reach, leaves it empty.
    pub(crate) fn remove(self) {
        let removed = is_at(&self.file, &self.path) && fs::remove_file(&self.path).is_ok();
        let is_somewhere = self.file.metadata().is_ok_and(|own| own.nlink() > 0);
        if !removed && is_somewhere {
            let _ = self.file.set_len(0);
        }
    }
}

/// Opens a file to lock, or makes it.
fn open(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .custom_flags(flags)
        .open(path)
}

fn is_at(file: &File, path: &Path) -> bool {
    let same = |found: &fs::Metadata, own: &fs::Metadata| {
        (found.dev(), found.ino()) == (own.dev(), own.ino())
    };
    match (fs::symlink_metadata(path), file.metadata()) {
        (Ok(found), Ok(own)) => same(&found, &own),
        _ => false,
    }
}

/// What a file says.
pub(crate) fn look(path: &Path) -> io::Result<Look> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Look::Missing),
        Err(error) => return Err(error),
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(Look::Stale),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut text = String::new();
            (&mut file).take(32).read_to_string(&mut text)?;
            Ok(Look::Running(text.trim().parse().ok().filter(|pid| *pid > 0)))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("pidfile-{name}-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        path
    }

    #[test]
    fn a_file_is_one_process_at_a_time() {
        let path = path("one");
        assert_eq!(look(&path).unwrap(), Look::Missing);
        let own = i32::try_from(std::process::id()).unwrap();
        let taken = PidFile::take(&path).unwrap();
        assert_eq!(look(&path).unwrap(), Look::Running(Some(own)));
        let why = PidFile::take(&path).err().unwrap();
        assert!(why.starts_with(&format!("it runs already, with pid {own} in ")), "{why}");
        taken.remove();
        assert_eq!(look(&path).unwrap(), Look::Missing);
    }

    #[test]
    fn a_file_that_was_left_behind_is_taken_over() {
        let path = path("stale");
        fs::write(&path, "1\n").unwrap();
        assert_eq!(look(&path).unwrap(), Look::Stale);
        PidFile::take(&path).unwrap().remove();
        assert!(!path.exists());
    }

    #[test]
    fn the_file_of_another_is_not_deleted() {
        let path = path("other");
        let taken = PidFile::take(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "another\n").unwrap();
        taken.remove();
        assert_eq!(fs::read_to_string(&path).unwrap(), "another\n");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn of_many_that_start_at_once_one_gets_it() {
        let path = path("race");
        let all: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                thread::spawn(move || PidFile::take(&path).ok())
            })
            .collect();
        let taken: Vec<PidFile> = all.into_iter().filter_map(|t| t.join().unwrap()).collect();
        assert_eq!(taken.len(), 1);
        taken.into_iter().for_each(PidFile::remove);
        assert!(!path.exists());
    }
}
