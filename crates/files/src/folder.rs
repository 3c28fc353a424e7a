//! The service.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use pauper_message::{Method, Plan, Request, Response, Service, StatusCode, abort};

use crate::answer::{refusal, send};
use crate::cache::CacheRules;
use crate::coding::Coding;
use crate::component::{Unusable, Wanted, is_hidden, is_usable};
use crate::entry::{Entry, Found, FoundFile, Sending};
use crate::escape::Segment;
use crate::listing::{self, Listing, Maker};
use crate::root::{Root, Symlinks, Unopened};
use crate::upload::{self, Uploaded};

/// A folder whose files are served, as a [`Service`] that passes on what it does not have.
///
/// What a path names:
///
/// | path | answer |
/// |---|---|
/// | a regular file | 200, 206, 304, 412 or 416, as the request asks |
/// | a folder with a slash behind | its index file, or its listing if that is allowed, or passed on |
/// | a folder without the slash | 308 to the path with the slash, if that is not passed on |
/// | nothing, a hidden name, a link that leads out, a pipe or device | passed on |
/// | a file that the system does not let the server read | 403 |
/// | an escape that is none (`%zz`) | 400 |
///
/// GET and HEAD are answered; OPTIONS with 204 and other methods with 405, both with Allow, where
/// GET would have been answered. PUT stores files if [`uploads`](Self::uploads) says so.
///
/// The file is opened while the head is looked at, and the same handle is sent: no check can be
/// overtaken by a change on the disk.
///
/// ```
/// use pauper_files::Folder;
/// use pauper_message::{Request, Service};
///
/// # fn main() -> std::io::Result<()> {
/// let folder = Folder::new(env!("CARGO_MANIFEST_DIR"))?.mount("/source");
/// let mut req = Request::builder().target("/source/Cargo.toml").build().unwrap();
/// folder.begin(&mut req);
/// assert_eq!(folder.call(&mut req).status(), 200);
/// # Ok(())
/// # }
/// ```
pub struct Folder {
    root: Root,
    mount: Vec<Vec<u8>>,
    index_files: Vec<String>,
    rules: Rules,
    codings: Vec<Coding>,
    cache: CacheRules,
    fallback: Option<Vec<u8>>,
    /// The largest upload, where there are any.
    uploads: Option<u64>,
    listing: Option<Arc<Maker>>,
}

/// What of a folder is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) listings: bool,
    pub(crate) dot_files: bool,
    pub(crate) symlinks: Symlinks,
}

/// What is to happen to a request.
enum Outcome {
    Pass,
    Answer(Response),
    Found(Found),
}

impl Folder {
    /// A folder, by its path. It is opened once and stays the same folder: when its path is
    /// renamed, or was a link that is turned elsewhere, make a new `Folder`.
    ///
    /// Served at `/`, with `index.html` as index file, without listings and dot files, and with
    /// the links that stay inside.
    ///
    /// # Errors
    /// When `root` is no folder or cannot be read; the message names it.
    pub fn new(root: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self {
            root: Root::new(root.as_ref())?,
            mount: Vec::new(),
            index_files: vec!["index.html".to_owned()],
            rules: Rules { listings: false, dot_files: false, symlinks: Symlinks::default() },
            codings: Vec::new(),
            cache: CacheRules::default(),
            fallback: None,
            uploads: None,
            listing: None,
        })
    }

    /// Serves the folder below a path such as `/static`, in place of `/`; other paths are passed
    /// on. Slashes at the ends do not matter.
    #[must_use]
    pub fn mount(mut self, path: &str) -> Self {
        let names = path.split('/').filter(|name| !name.is_empty());
        self.mount = names.map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// Whether folders without an index file show what is in them. Off if not called.
    #[must_use]
    pub fn index(mut self, on: bool) -> Self {
        self.rules.listings = on;
        self
    }

    /// Shows what is in folders without an index file with a page of your own; JSON stays as it is.
    /// Turns listings on. The answer is sent with `Vary: accept`, and with `Cache-Control: no-cache` if
    /// it has no Cache-Control.
    #[must_use]
    pub fn listing(
        mut self,
        page: impl Fn(&Request, Listing) -> Response + Send + Sync + 'static,
    ) -> Self {
        self.rules.listings = true;
        self.listing = Some(Arc::new(page));
        self
    }

    /// Sends a compressed variant that stands beside a file (`app.js.br` beside `app.js`) to clients
    /// that accept its coding, with `Vary: accept-encoding`; none if not called. Of what a client
    /// likes equally it gets the first of `codings`.
    ///
    /// A variant that is older than its file is not sent, and one without a plain file is a file of
    /// its own name only. Each variant has a tag of its own, and ranges are ranges of the variant.
    /// Each coding that a client accepts costs an attempt to open a file. To compress while sending,
    /// put the filter `Gzip` of `pauper-app` around the folder; it leaves alone what has a coding.
    #[must_use]
    pub fn precompressed(mut self, codings: impl IntoIterator<Item = Coding>) -> Self {
        self.codings = codings.into_iter().collect();
        self
    }

    /// What files that match a pattern are sent with as Cache-Control: a text, or a
    /// [`CacheControl`](pauper_message::CacheControl). The first rule that matches counts; a file
    /// that none matches is sent without, and caches guess.
    ///
    /// A pattern without a slash is one of names (`*.css`), with one it is one of paths from the root
    /// of the folder (`/index.html`, `assets/**`). `?` is one byte, `*` any number of them, neither
    /// with a slash; `**` is any number of bytes, slashes too. The path is that of the file that is
    /// sent: the index file's for a folder, the plain file's for a variant.
    ///
    /// # Panics
    /// When the value cannot stand in a header.
    #[must_use]
    #[track_caller]
    pub fn cache_control(mut self, pattern: &str, value: impl fmt::Display) -> Self {
        self.cache.add(pattern, &value.to_string());
        self
    }

    /// The file that is sent where nothing is found, so that an application in the browser makes
    /// its pages itself: to GET and HEAD, of clients that name `text/html` in Accept, for paths whose
    /// last name has no dot. A script or picture that is missing stays missing.
    ///
    /// # Panics
    /// When the path has names that no file in the folder can have.
    #[must_use]
    #[track_caller]
    pub fn fallback(mut self, path: &str) -> Self {
        let path = path.trim_start_matches('/');
        assert!(
            path.split('/').all(|name| is_usable(name.as_bytes())),
            "{path:?} is not the path of a file below the folder"
        );
        self.fallback = Some(path.as_bytes().to_vec());
        self
    }

    /// Lets clients store files of up to `limit` bytes with PUT; off if not called. Who may do so
    /// is for you to say: put a login in front.
    ///
    /// A file is written under a hidden name beside its own and takes its place when it is whole and
    /// on the disk, so nobody ever gets a part of it, and an upload that breaks leaves what was there.
    /// It is answered with 201, or with 204 when it took the place of another, both with its ETag;
    /// a longer one with 413, and a name that is taken by a folder, link or device, or that stands in
    /// a folder which is not there, with 409. If-Match, If-None-Match and If-Unmodified-Since are
    /// obeyed; `If-None-Match: *` creates and never replaces, even when two do it at once.
    #[must_use]
    pub fn uploads(mut self, limit: u64) -> Self {
        self.uploads = Some(limit);
        self
    }

    /// The names of files that stand for their folder, the first that exists; `["index.html"]` if
    /// not called.
    ///
    /// # Panics
    /// When a name is empty or has a slash in it.
    #[must_use]
    #[track_caller]
    pub fn index_files<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.index_files = names.into_iter().map(Into::into).collect();
        for name in &self.index_files {
            assert!(is_usable(name.as_bytes()), "{name:?} is not the name of a file in a folder");
        }
        self
    }

    /// Whether names that begin with a dot are served and listed. Off if not called, so that
    /// `.git`, `.env` and `.htpasswd` stay at home. It is the name asked for that counts: a link
    /// with an ordinary name is followed to a dot file, as its maker meant.
    #[must_use]
    pub fn dot_files(mut self, on: bool) -> Self {
        self.rules.dot_files = on;
        self
    }

    /// Which symbolic links are followed; [`Symlinks::Beneath`] if not called.
    #[must_use]
    pub fn follow_symlinks(mut self, policy: Symlinks) -> Self {
        self.rules.symlinks = policy;
        self
    }

    fn allow(&self) -> &'static str {
        if self.uploads.is_some() { "GET, HEAD, OPTIONS, PUT" } else { "GET, HEAD, OPTIONS" }
    }

    fn outcome(&self, req: &Request) -> Outcome {
        let outcome = match Wanted::parse(req.head().path()) {
            Ok(wanted) => match self.find(req, wanted) {
                Ok(Outcome::Pass) | Err(Unopened::Missing) => self.find_fallback(req),
                Ok(outcome) => outcome,
                Err(unopened) => Outcome::Answer(Response::failed(unopened.into_error())),
            },
            Err(Unusable::Malformed) => {
                Outcome::Answer(Response::failed(abort(StatusCode::BAD_REQUEST)))
            }
            Err(Unusable::Refused) => Outcome::Pass,
        };
        match (outcome, req.method()) {
            (Outcome::Pass, _) => Outcome::Pass,
            (outcome, &Method::GET | &Method::HEAD) => outcome,
            (_, &Method::OPTIONS) => {
                Outcome::Answer(Response::no_content().with_header("allow", self.allow()))
            }
            _ => {
                let response = refusal(StatusCode::METHOD_NOT_ALLOWED);
                Outcome::Answer(response.with_header("allow", self.allow()))
            }
        }
    }

    /// The page of the application in the browser, for paths that are its own.
    fn find_fallback(&self, req: &Request) -> Outcome {
        let Some(path) = &self.fallback else { return Outcome::Pass };
        let Ok(wanted) = Wanted::parse(req.head().path()) else { return Outcome::Pass };
        let Some(below) = wanted.names.strip_prefix(self.mount.as_slice()) else {
            return Outcome::Pass;
        };
        let navigates = matches!(*req.method(), Method::GET | Method::HEAD) && req.accept_html();
        let is_file = below.last().is_some_and(|name| name.contains(&b'.'));
        if !navigates || is_file || below.iter().any(|name| self.hides(name)) {
            return Outcome::Pass;
        }
        match self.root.read(path, self.rules.symlinks).and_then(Entry::of) {
            Ok(Entry::File(file, metadata)) => {
                let found = self.variant(req, path, file, metadata);
                Outcome::Found(Found::File(found))
            }
            _ => Outcome::Pass,
        }
    }

    fn hides(&self, name: &[u8]) -> bool {
        is_hidden(name, self.rules.dot_files)
    }

    /// The file at a path that was opened, or its variant that the client likes best.
    fn variant(
        &self,
        req: &Request,
        path: &[u8],
        file: std::fs::File,
        metadata: std::fs::Metadata,
    ) -> FoundFile {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec();
        let how = Sending {
            coding: None,
            negotiated: !self.codings.is_empty(),
            cache: self.cache.of_path(path),
        };
        let plain = FoundFile { name, file, metadata, how };
        if self.codings.is_empty() {
            return plain;
        }
        plain.or_variant(req, &self.codings, |coding| {
            let path = [path, coding.suffix().as_bytes()].concat();
            self.root.read(&path, self.rules.symlinks)
        })
    }

    /// What is to happen to a PUT.
    fn begin_upload(&self, req: &Request, limit: u64) -> Plan {
        let wanted = match Wanted::parse(req.head().path()) {
            Ok(wanted) => wanted,
            Err(Unusable::Malformed) => {
                return Plan::reject(Response::failed(abort(StatusCode::BAD_REQUEST)));
            }
            Err(Unusable::Refused) => return Plan::pass(),
        };
        let Some(below) = wanted.names.strip_prefix(self.mount.as_slice()) else {
            return Plan::pass();
        };
        if below.iter().any(|name| self.hides(name)) {
            return Plan::pass();
        }
        let Some((name, parents)) = below.split_last().filter(|_| !wanted.slash) else {
            let response = refusal(StatusCode::METHOD_NOT_ALLOWED);
            return Plan::reject(response.with_header("allow", "GET, HEAD, OPTIONS"));
        };
        let parent = self.root.read(&parents.join(&b'/'), self.rules.symlinks);
        let location: String =
            wanted.names.iter().map(|name| format!("/{}", Segment(name))).collect();
        match upload::begin(req, parent, name, limit, location) {
            Ok(upload) => Plan::sink(upload),
            Err(error) => Plan::reject(Response::failed(error)),
        }
    }

    /// Opens what a GET of this path would send.
    fn find(&self, req: &Request, wanted: Wanted) -> Result<Outcome, Unopened> {
        let Some(below) = wanted.names.strip_prefix(self.mount.as_slice()) else {
            return Ok(Outcome::Pass);
        };
        if below.iter().any(|name| self.hides(name)) {
            return Ok(Outcome::Pass);
        }
        let path = below.join(&b'/');
        match Entry::of(self.root.read(&path, self.rules.symlinks)?)? {
            Entry::File(..) if wanted.slash => Ok(Outcome::Pass),
            Entry::File(file, metadata) => {
                Ok(Outcome::Found(Found::File(self.variant(req, &path, file, metadata))))
            }
            Entry::Folder(_) => {
                let index = self.index_file(req, &path)?;
                if index.is_none() && !self.rules.listings {
                    return Ok(Outcome::Pass);
                }
                if !wanted.slash {
                    return Ok(Outcome::Answer(with_slash(req, &wanted.names)));
                }
                Ok(Outcome::Found(match index {
                    Some(file) => Found::File(file),
                    None => Found::Listing(wanted.names),
                }))
            }
        }
    }

    /// The first index file that a folder has.
    fn index_file(&self, req: &Request, path: &[u8]) -> Result<Option<FoundFile>, Unopened> {
        for name in &self.index_files {
            let name = name.as_bytes();
            let full = if path.is_empty() { name.to_vec() } else { [path, name].join(&b'/') };
            match self.root.read(&full, self.rules.symlinks).and_then(Entry::of) {
                Ok(Entry::File(file, metadata)) => {
                    return Ok(Some(self.variant(req, &full, file, metadata)));
                }
                Ok(Entry::Folder(_)) | Err(Unopened::Missing) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    fn answer(&self, req: &Request, found: Found) -> Response {
        match found {
            Found::File(file) => send(req, file),
            Found::Listing(names) => {
                let maker = self.listing.as_deref();
                listing::answer(req, &self.root, self.rules, maker, self.mount.len(), names)
            }
        }
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder")
            .field("root", &self.root)
            .field("mount", &String::from_utf8_lossy(&self.mount.join(&b'/')))
            .field("index_files", &self.index_files)
            .field("rules", &self.rules)
            .field("codings", &self.codings)
            .field("uploads", &self.uploads)
            .finish_non_exhaustive()
    }
}

impl Service for Folder {
    fn begin(&self, req: &mut Request) -> Plan {
        if let (Some(limit), &Method::PUT) = (self.uploads, req.method()) {
            return self.begin_upload(req, limit);
        }
        match self.outcome(req) {
            Outcome::Pass => Plan::pass(),
            Outcome::Answer(response) => Plan::reject(response),
            Outcome::Found(found) => {
                req.extensions_mut().insert(found);
                Plan::buffer()
            }
        }
    }

    /// Sends what [`begin`](Self::begin) found. Called without it, looks for itself and answers
    /// 404 where it would pass.
    fn call(&self, req: &mut Request) -> Response {
        if let Some(found) = req.extensions_mut().remove::<Found>() {
            return self.answer(req, found);
        }
        if let Some(uploaded) = req.extensions_mut().remove::<Uploaded>() {
            return uploaded.into_response();
        }
        match self.outcome(req) {
            Outcome::Pass => Response::failed(abort(StatusCode::NOT_FOUND)),
            Outcome::Answer(response) => response,
            Outcome::Found(found) => self.answer(req, found),
        }
    }
}

/// The redirect to a folder's own path. It is made from the names and not from the path as it was
/// sent, so it begins with one slash and leads to no other site, whatever the path looked like.
pub(crate) fn with_slash(req: &Request, names: &[Vec<u8>]) -> Response {
    let mut location = String::from("/");
    for name in names {
        location.push_str(&format!("{}/", Segment(name)));
    }
    if let Some(query) = req.head().query() {
        location.push('?');
        location.push_str(query);
    }
    Response::redirect(&location).with_status(StatusCode::PERMANENT_REDIRECT)
}
