//! Files that clients store.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use pauper_message::conditional::{Verdict, evaluate, evaluate_absent};
use pauper_message::{BodySink, Error, Request, Response, StatusCode, abort};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::component::UNFINISHED;
use crate::root::Unopened;
use crate::validators::Validators;

/// A file on its way into a folder. It has a hidden name of its own until it is whole, and is
/// removed when it never becomes so.
pub(crate) struct Upload {
    folder: File,
    name: Vec<u8>,
    /// The hidden name; none once the file has its own.
    hidden: Option<Vec<u8>>,
    file: File,
    left: u64,
    limit: u64,
    location: String,
}

/// What an upload came to; it travels in the extensions of the request.
pub(crate) struct Uploaded {
    created: bool,
    location: String,
    etag: String,
}

/// Begins to store a file of this name in a folder; `location` is its path on the site.
pub(crate) fn begin(
    req: &Request,
    folder: Result<File, Unopened>,
    name: &[u8],
    limit: u64,
    location: String,
) -> Result<Upload, Error> {
    let folder = match folder {
        Ok(folder) => folder,
        Err(Unopened::Missing) => {
            return Err(Error::new(StatusCode::CONFLICT, "the folder is not there"));
        }
        Err(unopened) => return Err(unopened.into_error()),
    };
    // A part of a file is not a file (RFC 9110, section 14.5), and what is compressed would be sent
    // as if it was not.
    if req.header_bytes("content-range").is_some() {
        return Err(Error::new(StatusCode::BAD_REQUEST, "parts of files cannot be stored"));
    }
    if req.header_bytes("content-encoding").is_some() {
        let text = "files are stored as they are, without a coding";
        return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    if req.content_length().is_some_and(|length| length > limit) {
        return Err(too_long(limit));
    }
    may_replace(req, &folder, name)?;
    let (hidden, file) = create(&folder)?;
    Ok(Upload {
        folder,
        name: name.to_vec(),
        hidden: Some(hidden),
        file,
        left: limit,
        limit,
        location,
    })
}

fn too_long(limit: u64) -> Error {
    let text = format!("a file may have up to {limit} bytes here (Folder::uploads)");
    Error::new(StatusCode::PAYLOAD_TOO_LARGE, text)
}

/// Whether the name is free or that of a file that may be replaced; tells whether it is free.
fn may_replace(req: &Request, folder: &File, name: &[u8]) -> Result<bool, Error> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let (exists, verdict) = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => (false, evaluate_absent(req)),
        Err(error) => return Err(refused(error)),
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile => {
            let text = "the name is taken by something that is no file";
            return Err(Error::new(StatusCode::CONFLICT, text));
        }
        Ok(_) => {
            let file: OwnedFd =
                rustix::fs::openat(folder, name, flags, Mode::empty()).map_err(refused)?;
            let metadata = File::from(file).metadata()?;
            let validators = Validators::of(&metadata, req);
            (true, evaluate(req, Some(&validators.etag), validators.last_modified))
        }
    };
    match verdict {
        Verdict::Proceed => Ok(!exists),
        _ => Err(abort(StatusCode::PRECONDITION_FAILED)),
    }
}

/// A new file under a hidden name. Nobody can foresee or use the name: it has to be new, and what
/// stands there already is not followed.
fn create(folder: &File) -> Result<(Vec<u8>, File), Error> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    const ATTEMPTS: u32 = 1000;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    // What the mask of the process does not take away.
    let mode = Mode::from_raw_mode(0o666);
    for _ in 0..ATTEMPTS {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut name = UNFINISHED.to_vec();
        name.extend_from_slice(format!("{}-{number}", process::id()).as_bytes());
        match rustix::fs::openat(folder, name.as_slice(), flags, mode) {
            Ok(file) => return Ok((name, file.into())),
            // Left behind by one that was killed.
            Err(Errno::EXIST | Errno::INTR) => {}
            Err(error) => return Err(refused(error)),
        }
    }
    Err(refused(Errno::EXIST))
}

/// Why the system did not let the file be made.
fn refused(error: Errno) -> Error {
    match error {
        Errno::NOSPC | Errno::DQUOT => {
            Error::with_source(StatusCode::INSUFFICIENT_STORAGE, None, std::io::Error::from(error))
        }
        Errno::ROFS => abort(StatusCode::FORBIDDEN),
        Errno::NOTDIR => Error::new(StatusCode::CONFLICT, "the folder is not there"),
        Errno::NAMETOOLONG => abort(StatusCode::URI_TOO_LONG),
        error => Unopened::from(error).into_error(),
    }
}

impl BodySink for Upload {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.left =
            self.left.checked_sub(bytes.len() as u64).ok_or_else(|| too_long(self.limit))?;
        self.file.write_all(bytes).map_err(|error| match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Error::with_source(StatusCode::INSUFFICIENT_STORAGE, None, error)
            }
            _ => error.into(),
        })
    }

    fn finish(mut self: Box<Self>, req: &mut Request) -> Result<(), Error> {
        // Otherwise the name could survive a loss of power, and the bytes not.
        self.file.sync_all()?;
        let metadata = self.file.metadata()?;
        // Again, since others had their time meanwhile.
        let created = may_replace(req, &self.folder, &self.name)?;
        let only_new = req.header_bytes("if-none-match") == Some(b"*");
        if let Some(hidden) = &self.hidden {
            rename(&self.folder, hidden, &self.name, only_new)?;
            self.hidden = None;
        }
        let etag = Validators::of(&metadata, req).etag;
        let location = std::mem::take(&mut self.location);
        req.extensions_mut().insert(Uploaded { created, location, etag });
        Ok(())
    }
}

/// Gives a file its own name. Where the kernel can (Linux 3.15) a name that is taken after all is
/// not taken over if it has to be new.
fn rename(folder: &File, from: &[u8], to: &[u8], only_new: bool) -> Result<(), Error> {
    #[cfg(target_os = "linux")]
    if only_new {
        let flags = rustix::fs::RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(folder, from, folder, to, flags) {
            Ok(()) => return Ok(()),
            Err(Errno::EXIST) => return Err(abort(StatusCode::PRECONDITION_FAILED)),
            // The file system does not know how.
            Err(Errno::INVAL | Errno::NOSYS) => {}
            Err(error) => return Err(refused(error)),
        }
    }
    let _ = only_new;
    match rustix::fs::renameat(folder, from, folder, to) {
        Ok(()) => Ok(()),
        Err(Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST) => {
            let text = "the name is taken by something that is no file";
            Err(Error::new(StatusCode::CONFLICT, text))
        }
        Err(error) => Err(refused(error)),
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(hidden) = &self.hidden {
            // There is nobody left to tell.
            let _ = rustix::fs::unlinkat(&self.folder, hidden.as_slice(), AtFlags::empty());
        }
    }
}

impl Uploaded {
    /// 201 for a new file, 204 for one that took the place of another (RFC 9110, section 9.3.4).
    pub(crate) fn into_response(self) -> Response {
        if !self.created {
            return Response::no_content().with_header("etag", self.etag);
        }
        Response::new(StatusCode::CREATED)
            .with_header("location", self.location)
            .with_header("etag", self.etag)
    }
}
