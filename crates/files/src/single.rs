//! One file.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use pauper_message::conditional::{Verdict, evaluate};
use pauper_message::{Body, Method, Plan, Request, Response, Service, StatusCode};
use rustix::fs::{Mode, OFlags};

use crate::answer::{refusal, represent, send};
use crate::cache::CacheRules;
use crate::coding::Coding;
use crate::entry::{Entry, FoundFile, Sending};
use crate::root::{READ, Unopened};
use crate::validators::Validators;

const ALLOW: &str = "GET, HEAD, OPTIONS";

/// One file, whatever the path of the request is: for a route, or for all paths that nobody else
/// answers.
///
/// It is opened for every request, so one that is replaced is seen at once. Links are followed,
/// since whoever wrote the path meant it; pipes, sockets and devices are not sent. A file that is
/// not there is 404, one that may not be read 403. GET and HEAD are answered, OPTIONS with 204, other
/// methods with 405, both with Allow.
///
/// ```
/// use pauper_files::SingleFile;
/// use pauper_message::{Request, Service};
///
/// let license = SingleFile::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
/// let mut req = Request::builder().header("Range", "bytes=0-8").build().unwrap();
/// assert_eq!(license.call(&mut req).status(), 206);
/// ```
#[derive(Clone, Debug)]
pub struct SingleFile {
    path: PathBuf,
    name: Vec<u8>,
    codings: Vec<Coding>,
    cache: CacheRules,
}

impl SingleFile {
    /// The file at a path. It need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        use std::os::unix::ffi::OsStrExt as _;
        let path = path.into();
        let name = path.file_name().map(|name| name.as_bytes().to_vec()).unwrap_or_default();
        Self { path, name, codings: Vec::new(), cache: CacheRules::default() }
    }

    /// The name that tells its type, in place of its own: `"x.html"` for `text/html`.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.as_bytes().to_vec();
        self
    }

    /// Sends a compressed variant beside the file (`page.html.br`) to clients that accept it; see
    /// [`Folder::precompressed`](crate::Folder::precompressed).
    #[must_use]
    pub fn precompressed(mut self, codings: impl IntoIterator<Item = Coding>) -> Self {
        self.codings = codings.into_iter().collect();
        self
    }

    /// What the file is sent with as Cache-Control; nothing if not called.
    ///
    /// # Panics
    /// When the value cannot stand in a header.
    #[must_use]
    #[track_caller]
    pub fn cache_control(mut self, value: impl std::fmt::Display) -> Self {
        self.cache = CacheRules::default();
        self.cache.add("*", &value.to_string());
        self
    }

    /// 304, if that is all that is to be said: known without opening the file, which saves two
    /// system calls of three.
    fn unchanged(&self, req: &Request) -> Option<Response> {
        let asks = |name| req.header_bytes(name).is_some();
        if !self.codings.is_empty() || !(asks("if-none-match") || asks("if-modified-since")) {
            return None;
        }
        let metadata = std::fs::metadata(&self.path).ok().filter(std::fs::Metadata::is_file)?;
        let validators = Validators::of(&metadata, req);
        match evaluate(req, Some(&validators.etag), validators.last_modified) {
            Verdict::NotModified => {
                let how = Sending { cache: self.cache.of_path(&self.name), ..Sending::default() };
                Some(represent(req, &self.name, Body::empty(), &validators, how))
            }
            _ => None,
        }
    }

    fn find(&self, req: &Request) -> Result<FoundFile, Unopened> {
        let Entry::File(file, metadata) = Entry::of(open(&self.path)?.into())? else {
            return Err(Unopened::Missing);
        };
        let how = Sending {
            coding: None,
            negotiated: !self.codings.is_empty(),
            cache: self.cache.of_path(&self.name),
        };
        let plain = FoundFile { name: self.name.clone(), file, metadata, how };
        Ok(plain.or_variant(req, &self.codings, |coding| {
            let mut path = self.path.clone().into_os_string();
            path.push(coding.suffix());
            Ok(open(Path::new(&path))?.into())
        }))
    }
}

fn open(path: &Path) -> Result<OwnedFd, Unopened> {
    let flags: OFlags = READ;
    loop {
        match rustix::fs::open(path, flags, Mode::empty()) {
            Err(error) if io::Error::from(error).kind() == io::ErrorKind::Interrupted => {}
            result => return result.map_err(Unopened::from),
        }
    }
}

impl Service for SingleFile {
    fn begin(&self, req: &mut Request) -> Plan {
        match *req.method() {
            Method::GET | Method::HEAD => Plan::buffer(),
            _ => Plan::reject(self.call(req)),
        }
    }

    fn call(&self, req: &mut Request) -> Response {
        match *req.method() {
            Method::GET | Method::HEAD => {
                self.unchanged(req).unwrap_or_else(|| match self.find(req) {
                    Ok(found) => send(req, found),
                    Err(unopened) => Response::failed(unopened.into_error()),
                })
            }
            Method::OPTIONS => Response::no_content().with_header("allow", ALLOW),
            _ => refusal(StatusCode::METHOD_NOT_ALLOWED).with_header("allow", ALLOW),
        }
    }
}
