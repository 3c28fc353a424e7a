//! Files. Nothing else in this crate touches any.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind as Io, Read as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};

pub(crate) struct Folder {
    path: PathBuf,
    extension: Box<str>,
}

impl Folder {
    pub(crate) fn open(path: PathBuf, extension: &str) -> Result<Self, Error> {
        let shown = path.display().to_string();
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Ok(Self { path, extension: extension.into() }),
            Ok(_) => Err(Error::of_file(ErrorKind::Read, "it is no folder", &shown)),
            Err(error) => Err(unreadable(&shown, error)),
        }
    }

    /// The file of a template, which is checked to be a name.
    fn file(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}{}", self.extension))
    }

    pub(crate) fn label(&self, name: &str) -> String {
        format!("{name}{}", self.extension)
    }

    /// The text of a template; `None` if there is no file.
    pub(crate) fn read(&self, name: &str, most: usize) -> Result<Option<String>, Error> {
        let path = self.file(name);
        let shown = path.display().to_string();
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), Io::NotFound | Io::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(unreadable(&shown, error)),
        };
        let mut bytes = Vec::new();
        // One more, so that the limit is seen to be exceeded.
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        if let Err(error) = file.take(limit).read_to_end(&mut bytes) {
            return Err(unreadable(&shown, error));
        }
        if bytes.len() > most {
            let message = format!("the file is larger than {most} bytes (max_size)");
            return Err(Error::of_file(ErrorKind::Limit, message, &shown));
        }
        match String::from_utf8(bytes) {
            // The mark that some editors write in front is no text.
            Ok(text) => Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))),
            Err(error) => {
                let place = error.utf8_error().valid_up_to();
                let message = format!("the file is not UTF-8, from byte {place} on");
                Err(Error::of_file(ErrorKind::Read, message, &shown))
            }
        }
    }

    pub(crate) fn names(&self) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        let mut folders = vec![(self.path.clone(), String::new())];
        while let Some((path, prefix)) = folders.pop() {
            self.list(&path, &prefix, &mut names, &mut folders)
                .map_err(|error| unreadable(&path.display().to_string(), error))?;
        }
        Ok(names)
    }

    fn list(
        &self,
        path: &Path,
        prefix: &str,
        names: &mut Vec<String>,
        folders: &mut Vec<(PathBuf, String)>,
    ) -> io::Result<()> {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = OsStr::to_str(&name).filter(|name| !name.starts_with('.')) else {
                continue;
            };
            // A link to a folder is none here, so that no circle of them is followed.
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), format!("{prefix}{name}/")));
            } else if let Some(name) = name.strip_suffix(&*self.extension) {
                names.push(format!("{prefix}{name}"));
            }
        }
        Ok(())
    }
}

fn unreadable(file: &str, error: io::Error) -> Error {
    Error::of_file(ErrorKind::Read, format!("it cannot be read: {error}"), file).caused_by(error)
}
