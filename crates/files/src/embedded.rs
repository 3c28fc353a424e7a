//! Files that are part of the program.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use pauper_iolist::IoList;
use pauper_message::{Body, Method, Plan, Request, Response, Service, StatusCode, abort};

use crate::answer::{refusal, represent};
use crate::cache::CacheRules;
use crate::coding::Coding;
use crate::component::{Unusable, Wanted};
use crate::entry::Sending;
use crate::folder::with_slash;
use crate::validators::Validators;

const ALLOW: &str = "GET, HEAD, OPTIONS";

/// A file as [`embed!`](crate::embed) makes it: its path below the root, its bytes, and its compressed
/// variants with the name of their coding.
pub type EmbeddedFile = (&'static str, &'static [u8], &'static [(&'static str, &'static [u8])]);

/// Files that are part of the program, as a [`Service`] that passes on what it does not have: for
/// one binary that needs nothing beside it. [`embed!`](crate::embed) gives the files.
///
/// They are sent as those of a [`Folder`](crate::Folder): types, conditions, ranges, index files and
/// the redirect to them, GET and HEAD and 405 for others. The tag is made of the bytes, and there is
/// no Last-Modified. Nothing is copied. Variants are sent to clients that accept them, those that are
/// smaller than the plain file.
///
/// ```
/// use pauper_files::{Embedded, embed};
/// use pauper_message::{Request, Service};
///
/// let site = Embedded::new(embed! {
///     "index.html" => "../README.md",
///     "docs/manifest.toml" => "../Cargo.toml",
/// });
/// let mut req = Request::builder().target("/").build().unwrap();
/// assert_eq!(site.call(&mut req).status(), 200);
/// ```
#[derive(Clone)]
pub struct Embedded {
    files: HashMap<&'static [u8], Item>,
    mount: Vec<Vec<u8>>,
    index_files: Vec<String>,
    cache: CacheRules,
    fallback: Option<&'static [u8]>,
}

#[derive(Clone)]
struct Item {
    plain: Variant,
    variants: Vec<(Coding, Variant)>,
}

#[derive(Clone)]
struct Variant {
    bytes: &'static [u8],
    etag: String,
}

impl Variant {
    fn new(bytes: &'static [u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let first = hasher.finish();
        // Twice 64 bits, so that no two versions meet by chance.
        (first, bytes).hash(&mut hasher);
        Self { bytes, etag: format!("\"{first:016x}{:016x}\"", hasher.finish()) }
    }
}

impl Embedded {
    /// These files at `/`, with `index.html` as index file.
    ///
    /// # Panics
    /// When two files have one path, a path has names that no file can have, or a coding is none of
    /// [`Coding`].
    #[track_caller]
    pub fn new(files: &[EmbeddedFile]) -> Self {
        let mut map = HashMap::with_capacity(files.len());
        for &(path, bytes, variants) in files {
            let usable = path.split('/').all(|name| crate::component::is_usable(name.as_bytes()));
            assert!(usable, "{path:?} is not the path of a file");
            let coding = |name: &str| {
                let known = Coding::ALL.into_iter().find(|coding| coding.name() == name);
                known.unwrap_or_else(|| panic!("{path}: {name:?} is no coding"))
            };
            let mut smaller: Vec<(Coding, Variant)> = variants
                .iter()
                .filter(|(_, variant)| variant.len() < bytes.len())
                .map(|&(name, variant)| (coding(name), Variant::new(variant)))
                .collect();
            smaller.sort_by_key(|(_, variant)| variant.bytes.len());
            let item = Item { plain: Variant::new(bytes), variants: smaller };
            let twice = map.insert(path.as_bytes(), item).is_some();
            assert!(!twice, "{path:?} is there twice");
        }
        Self {
            files: map,
            mount: Vec::new(),
            index_files: vec!["index.html".to_owned()],
            cache: CacheRules::default(),
            fallback: None,
        }
    }

    /// Serves the files below a path such as `/static`, in place of `/`.
    #[must_use]
    pub fn mount(mut self, path: &str) -> Self {
        let names = path.split('/').filter(|name| !name.is_empty());
        self.mount = names.map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// The names of files that stand for their folder, the first that exists; `["index.html"]` if
    /// not called.
    #[must_use]
    pub fn index_files<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.index_files = names.into_iter().map(Into::into).collect();
        self
    }

    /// What files that match a pattern are sent with as Cache-Control; see
    /// [`Folder::cache_control`](crate::Folder::cache_control).
    ///
    /// # Panics
    /// When the value cannot stand in a header.
    #[must_use]
    #[track_caller]
    pub fn cache_control(mut self, pattern: &str, value: impl fmt::Display) -> Self {
        self.cache.add(pattern, &value.to_string());
        self
    }

    /// The file that is sent where nothing is found; see
    /// [`Folder::fallback`](crate::Folder::fallback).
    ///
    /// # Panics
    /// When there is no such file.
    #[must_use]
    #[track_caller]
    pub fn fallback(mut self, path: &str) -> Self {
        let path = path.trim_start_matches('/');
        let Some((known, _)) = self.files.get_key_value(path.as_bytes()) else {
            panic!("{path:?} is none of the files");
        };
        self.fallback = Some(known);
        self
    }

    /// The answer; nothing where it passes.
    fn answer(&self, req: &Request) -> Option<Response> {
        let wanted = match Wanted::parse(req.head().path()) {
            Ok(wanted) => wanted,
            Err(Unusable::Malformed) => {
                return Some(Response::failed(abort(StatusCode::BAD_REQUEST)));
            }
            Err(Unusable::Refused) => return None,
        };
        let below = wanted.names.strip_prefix(self.mount.as_slice())?;
        let path = below.join(&b'/');
        if !wanted.slash
            && let Some((path, item)) = self.files.get_key_value(path.as_slice())
        {
            return Some(self.send(req, path, item));
        }
        let index = self.index_files.iter().find_map(|name| {
            let name = name.as_bytes();
            let full = if path.is_empty() { name.to_vec() } else { [&path, name].join(&b'/') };
            self.files.get_key_value(full.as_slice())
        });
        match index {
            Some((path, item)) if wanted.slash => return Some(self.send(req, path, item)),
            Some(_) => {
                let redirect = with_slash(req, &wanted.names);
                return Some(self.by_method(req, || redirect));
            }
            None => {}
        }
        let path = self.fallback?;
        let navigates = matches!(*req.method(), Method::GET | Method::HEAD) && req.accept_html();
        let is_file = below.last().is_some_and(|name| name.contains(&b'.'));
        let item = self.files.get(path).filter(|_| navigates && !is_file)?;
        Some(self.send(req, path, item))
    }

    fn by_method(&self, req: &Request, answer: impl FnOnce() -> Response) -> Response {
        match *req.method() {
            Method::GET | Method::HEAD => answer(),
            Method::OPTIONS => Response::no_content().with_header("allow", ALLOW),
            _ => refusal(StatusCode::METHOD_NOT_ALLOWED).with_header("allow", ALLOW),
        }
    }

    fn send(&self, req: &Request, path: &[u8], item: &Item) -> Response {
        self.by_method(req, || {
            let offered: Vec<Coding> = item.variants.iter().map(|(coding, _)| *coding).collect();
            let coding = Coding::accepted(req, &offered).first().copied();
            let chosen = item.variants.iter().find(|(offer, _)| Some(*offer) == coding);
            let variant = chosen.map_or(&item.plain, |(_, variant)| variant);
            let mut list = IoList::new();
            list.push_static(variant.bytes);
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let validators = Validators { etag: variant.etag.clone(), last_modified: None };
            let how = Sending {
                coding,
                negotiated: !item.variants.is_empty(),
                cache: self.cache.of_path(path),
            };
            represent(req, name, Body::from(list), &validators, how)
        })
    }
}

impl Service for Embedded {
    fn begin(&self, req: &mut Request) -> Plan {
        match self.answer(req) {
            None => Plan::pass(),
            Some(response) => {
                if matches!(*req.method(), Method::GET | Method::HEAD) {
                    req.extensions_mut().insert(Made(response));
                    return Plan::buffer();
                }
                Plan::reject(response)
            }
        }
    }

    /// Called without [`begin`](Self::begin), answers 404 where it would pass.
    fn call(&self, req: &mut Request) -> Response {
        if let Some(Made(response)) = req.extensions_mut().remove() {
            return response;
        }
        self.answer(req).unwrap_or_else(|| Response::failed(abort(StatusCode::NOT_FOUND)))
    }
}

/// What `begin` made for `call`.
struct Made(Response);

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embedded({} files)", self.files.len())
    }
}

/// Puts files into the program, for [`Embedded::new`](crate::Embedded::new): for each the path that
/// it is served at, and where it is now, relative to the source file that this stands in (as
/// `include_bytes!`). In brackets follow variants that were compressed beforehand, each with the
/// name of its coding.
///
/// ```ignore
/// embed! {
///     "index.html" => "../site/index.html",
///     "app.js" => "../site/app.js" ["br" => "../site/app.js.br", "gzip" => "../site/app.js.gz"],
/// }
/// ```
///
/// A whole folder, compressed while the program is built, is for a build script; see the feature
/// `build`.
#[macro_export]
macro_rules! embed {
    ($($path:expr => $file:literal $([$($coding:expr => $variant:literal),* $(,)?])?),* $(,)?) => {{
        const FILES: &[$crate::EmbeddedFile] = &[$((
            $path,
            include_bytes!($file),
            &[$($(($coding, include_bytes!($variant))),*)?],
        )),*];
        FILES
    }};
}
