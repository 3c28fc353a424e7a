//! The service.

use std::io;
use std::path::Path;

use pauper_message::{Method, Plan, Request, Response, Service, StatusCode, abort};

use crate::answer::{refusal, send};
use crate::component::{Unusable, Wanted, is_dot_file};
use crate::entry::{Entry, Found, FoundFile};
use crate::escape::Segment;
use crate::listing;
use crate::root::{Root, Symlinks, Unopened};

const ALLOW: &str = "GET, HEAD, OPTIONS";

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
/// GET would have been answered.
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
#[derive(Debug)]
pub struct Folder {
    root: Root,
    mount: Vec<Vec<u8>>,
    index_files: Vec<String>,
    rules: Rules,
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
            assert!(
                crate::component::is_usable(name.as_bytes()),
                "{name:?} is not the name of a file in a folder"
            );
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

    fn outcome(&self, req: &Request) -> Outcome {
        let outcome = match Wanted::parse(req.head().path()) {
            Ok(wanted) => self.find(req, wanted).unwrap_or_else(|error| match error {
                Unopened::Missing => Outcome::Pass,
                unopened => Outcome::Answer(Response::failed(unopened.into_error())),
            }),
            Err(Unusable::Malformed) => {
                Outcome::Answer(Response::failed(abort(StatusCode::BAD_REQUEST)))
            }
            Err(Unusable::Refused) => Outcome::Pass,
        };
        match (outcome, req.method()) {
            (Outcome::Pass, _) => Outcome::Pass,
            (outcome, &Method::GET | &Method::HEAD) => outcome,
            (_, &Method::OPTIONS) => {
                Outcome::Answer(Response::no_content().with_header("allow", ALLOW))
            }
            _ => {
                let response = refusal(StatusCode::METHOD_NOT_ALLOWED);
                Outcome::Answer(response.with_header("allow", ALLOW))
            }
        }
    }

    /// Opens what a GET of this path would send.
    fn find(&self, req: &Request, wanted: Wanted) -> Result<Outcome, Unopened> {
        let Some(below) = wanted.names.strip_prefix(self.mount.as_slice()) else {
            return Ok(Outcome::Pass);
        };
        if !self.rules.dot_files && below.iter().any(|name| is_dot_file(name)) {
            return Ok(Outcome::Pass);
        }
        let path = below.join(&b'/');
        match Entry::of(self.root.read(&path, self.rules.symlinks)?)? {
            Entry::File(..) if wanted.slash => Ok(Outcome::Pass),
            Entry::File(file, metadata) => {
                let name = below.last().cloned().unwrap_or_default();
                Ok(Outcome::Found(Found::File(FoundFile { name, file, metadata })))
            }
            Entry::Folder(_) => {
                let index = self.index_file(&path)?;
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
    fn index_file(&self, path: &[u8]) -> Result<Option<FoundFile>, Unopened> {
        for name in &self.index_files {
            let name = name.as_bytes();
            let full = if path.is_empty() { name.to_vec() } else { [path, name].join(&b'/') };
            match self.root.read(&full, self.rules.symlinks).and_then(Entry::of) {
                Ok(Entry::File(file, metadata)) => {
                    return Ok(Some(FoundFile { name: name.to_vec(), file, metadata }));
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
                listing::answer(req, &self.root, self.rules, self.mount.len(), &names)
            }
        }
    }
}

impl Service for Folder {
    fn begin(&self, req: &mut Request) -> Plan {
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
        match self.outcome(req) {
            Outcome::Pass => Response::failed(abort(StatusCode::NOT_FOUND)),
            Outcome::Answer(response) => response,
            Outcome::Found(found) => self.answer(req, found),
        }
    }
}

/// The redirect to a folder's own path. It is made from the names and not from the path as it was
/// sent, so it begins with one slash and leads to no other site, whatever the path looked like.
fn with_slash(req: &Request, names: &[Vec<u8>]) -> Response {
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
