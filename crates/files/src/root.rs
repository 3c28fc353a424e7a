//! The folder that is served, as an open handle, and opening what lies below it.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use pauper_message::{Error, StatusCode, abort};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// Which symbolic links are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Symlinks {
    /// None: a link is not there.
    Never,
    /// Those that lead to something below the root, by relative targets all the way (an absolute
    /// target leads away even when it would come back). The kernel checks this while it opens
    /// (`openat2` with `RESOLVE_BENEATH`, Linux 5.6), so no link can be swapped in between. Where
    /// it cannot, no link is followed.
    #[default]
    Beneath,
    /// All, wherever they lead. Whoever can make a link in the folder can then publish every file
    /// that the server can read.
    Anywhere,
}

/// A folder, open; it stays the same folder when its path is renamed or replaced.
#[derive(Debug)]
pub(crate) struct Root {
    dir: OwnedFd,
    /// Whether the kernel has `openat2`, and no filter of system calls forbids it.
    openat2: bool,
}

/// Why nothing was opened.
#[derive(Debug)]
pub(crate) enum Unopened {
    /// Nothing is there, or nothing that may be reached.
    Missing,
    /// The system does not let the server read it.
    Forbidden,
    /// The system cannot open anything more at the moment.
    Busy(io::Error),
    /// Something else is wrong, with the disk for example.
    Failed(io::Error),
}

impl Unopened {
    /// As an error that an application makes its page of; what went wrong is for the log.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Missing => abort(StatusCode::NOT_FOUND),
            Self::Forbidden => abort(StatusCode::FORBIDDEN),
            Self::Busy(error) => Error::with_source(StatusCode::SERVICE_UNAVAILABLE, None, error),
            Self::Failed(error) => error.into(),
        }
    }
}

/// Opens without waiting for the other end of a pipe, and without taking a terminal.
pub(crate) const READ: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// Opens to look at, not to read: disturbs no device, and needs no right to read.
#[cfg(target_os = "linux")]
const LOOK: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const LOOK: OFlags = READ;

impl Root {
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| {
            let error = io::Error::from(error);
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        let openat2 = has_openat2(&dir);
        Ok(Self { dir, openat2 })
    }

    /// Opens a path below the root for reading. The path has usable names only, with slashes in
    /// between; an empty one is the root itself.
    pub(crate) fn read(&self, path: &[u8], symlinks: Symlinks) -> Result<File, Unopened> {
        self.open(path, READ, symlinks)
    }

    /// As [`read`](Self::read), for metadata only.
    pub(crate) fn look(&self, path: &[u8], symlinks: Symlinks) -> Result<File, Unopened> {
        self.open(path, LOOK, symlinks)
    }

    fn open(&self, path: &[u8], flags: OFlags, symlinks: Symlinks) -> Result<File, Unopened> {
        let path = if path.is_empty() { b"." } else { path };
        let opened = if self.openat2 {
            self.open_resolved(path, flags, symlinks)
        } else if symlinks == Symlinks::Anywhere {
            rustix::fs::openat(&self.dir, path, flags, Mode::empty())
        } else {
            self.open_step_by_step(path, flags)
        };
        opened.map(File::from).map_err(Unopened::from)
    }

    #[cfg(target_os = "linux")]
    fn open_resolved(
        &self,
        path: &[u8],
        flags: OFlags,
        symlinks: Symlinks,
    ) -> Result<OwnedFd, Errno> {
        use rustix::fs::ResolveFlags;
        // The kernel gives up on `..` in a link when something is renamed meanwhile.
        const ATTEMPTS: u32 = 16;
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let resolve = match symlinks {
            Symlinks::Never => inside | ResolveFlags::NO_SYMLINKS,
            Symlinks::Beneath => inside,
            Symlinks::Anywhere => ResolveFlags::NO_MAGICLINKS,
        };
        let mut attempt = 1;
        loop {
            match rustix::fs::openat2(&self.dir, path, flags, Mode::empty(), resolve) {
                Err(Errno::AGAIN | Errno::INTR) if attempt < ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn open_resolved(&self, path: &[u8], flags: OFlags, _: Symlinks) -> Result<OwnedFd, Errno> {
        self.open_step_by_step(path, flags)
    }

    /// Opens name by name and follows no link at any of them.
    fn open_step_by_step(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        let mut names = path.split(|byte| *byte == b'/').peekable();
        let mut dir: Option<OwnedFd> = None;
        while let Some(name) = names.next() {
            let at = dir.as_ref().unwrap_or(&self.dir);
            let kind = if names.peek().is_some() { LOOK | OFlags::DIRECTORY } else { flags };
            let opened = rustix::fs::openat(at, name, kind | OFlags::NOFOLLOW, Mode::empty())?;
            if names.peek().is_none() {
                return Ok(opened);
            }
            dir = Some(opened);
        }
        Err(Errno::NOENT)
    }
}

#[cfg(target_os = "linux")]
fn has_openat2(dir: &OwnedFd) -> bool {
    use rustix::fs::ResolveFlags;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(dir, ".", LOOK, Mode::empty(), resolve).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn has_openat2(_: &OwnedFd) -> bool {
    false
}

impl From<Errno> for Unopened {
    fn from(error: Errno) -> Self {
        match error {
            // XDEV: a link leads out of the root. NXIO, NODEV: a socket, or a device without
            // hardware.
            Errno::NOENT
            | Errno::NOTDIR
            | Errno::LOOP
            | Errno::XDEV
            | Errno::NAMETOOLONG
            | Errno::INVAL
            | Errno::NXIO
            | Errno::NODEV => Self::Missing,
            Errno::ACCESS | Errno::PERM => Self::Forbidden,
            Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN => Self::Busy(error.into()),
            _ => Self::Failed(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    fn tree() -> tempfile::TempDir {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "inside").unwrap();
        fs::write(outer.path().join("secret"), "outside").unwrap();
        symlink("a/b/file", root.join("link")).unwrap();
        symlink("../a/b", root.join("a/up")).unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink("a/../../secret", root.join("winding")).unwrap();
        symlink("..", root.join("parent")).unwrap();
        symlink("/etc", root.join("etc")).unwrap();
        symlink(root.join("a"), root.join("absolute")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        outer
    }

    /// What can be read at `path`: with the kernel's help, and step by step.
    fn read(outer: &tempfile::TempDir, path: &str, symlinks: Symlinks) -> [Option<String>; 2] {
        let mut root = Root::new(&outer.path().join("root")).unwrap();
        [root.openat2, false].map(|openat2| {
            root.openat2 = openat2;
            let mut text = String::new();
            let mut file = root.read(path.as_bytes(), symlinks).ok()?;
            file.read_to_string(&mut text).ok()?;
            Some(text)
        })
    }

    #[test]
    fn which_links_are_followed() {
        use Symlinks::{Anywhere, Beneath, Never};
        let outer = tree();
        let kernel = Root::new(outer.path()).unwrap().openat2;
        let check = |path: &str, symlinks, expected: Option<&str>, by_steps: Option<&str>| {
            let [resolved, stepped] = read(&outer, path, symlinks);
            let expected = if kernel { expected } else { by_steps };
            assert_eq!(resolved.as_deref(), expected, "{path} {symlinks:?}");
            assert_eq!(stepped.as_deref(), by_steps, "{path} {symlinks:?} step by step");
        };
        for symlinks in [Never, Beneath, Anywhere] {
            check("a/b/file", symlinks, Some("inside"), Some("inside"));
            check("a/b/none", symlinks, None, None);
            check("a/b/file/x", symlinks, None, None);
            check("loop", symlinks, None, None);
        }
        for path in ["link", "a/up/file"] {
            check(path, Never, None, None);
            check(path, Beneath, Some("inside"), None);
            check(path, Anywhere, Some("inside"), Some("inside"));
        }
        for path in ["out", "winding", "parent/secret"] {
            check(path, Never, None, None);
            check(path, Beneath, None, None);
            check(path, Anywhere, Some("outside"), Some("outside"));
        }
        check("etc/passwd", Beneath, None, None);
        check("absolute/b/file", Beneath, None, None);
        check("absolute/b/file", Anywhere, Some("inside"), Some("inside"));
    }

    #[test]
    fn the_root_has_to_be_a_folder() {
        let outer = tree();
        let missing = Root::new(&outer.path().join("none")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        assert!(missing.to_string().contains("none"), "{missing}");
        assert!(Root::new(&outer.path().join("secret")).is_err());
        assert!(Root::new(Path::new("")).is_err());
    }

    /// A folder and a link to the outside take turns at one name while it is opened.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_that_is_swapped_in_leads_nowhere() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let outer = tree();
        let path = outer.path().join("root");
        fs::create_dir(path.join("swapped")).unwrap();
        fs::write(path.join("swapped/secret"), "inside").unwrap();
        symlink("..", path.join("other")).unwrap();
        let kernel = Root::new(&path).unwrap();
        let steps = Root { openat2: false, dir: kernel.dir.try_clone().unwrap() };
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let dir = File::open(&path).unwrap();
                let exchange = rustix::fs::RenameFlags::EXCHANGE;
                while !done.load(Ordering::Relaxed) {
                    rustix::fs::renameat_with(&dir, "swapped", &dir, "other", exchange).unwrap();
                }
            });
            let caught = std::panic::catch_unwind(|| {
                for root in [&kernel, &steps] {
                    let (mut turns, mut seen, mut missed) = (0, 0, 0);
                    // Until both have been met, however the threads are scheduled.
                    while turns < 2000 || (turns < 10_000_000 && (seen == 0 || missed == 0)) {
                        turns += 1;
                        let mut text = String::new();
                        match root.read(b"swapped/secret", Symlinks::Beneath) {
                            Ok(mut file) => {
                                file.read_to_string(&mut text).unwrap();
                                assert_eq!(text, "inside");
                                seen += 1;
                            }
                            Err(_) => missed += 1,
                        }
                    }
                    assert!(seen > 0 && missed > 0, "they took turns: {seen} and {missed}");
                }
            });
            done.store(true, Ordering::Relaxed);
            caught.unwrap();
        });
    }
}
