//! A folder to serve, and a client for it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use pauper_files::Folder;
use pauper_message::{BodyPlan, Request, Response, ResponseParts, Service, plain_answer};

/// A temporary folder `root` with files, inside another one with a secret beside it.
pub(crate) struct Tree {
    outer: tempfile::TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    parts: ResponseParts,
}

/// 2024-05-01 12:30:05 UTC.
pub(crate) const MODIFIED: u64 = 1_714_566_605;
pub(crate) const MODIFIED_DATE: &str = "Wed, 01 May 2024 12:30:05 GMT";

/// When all requests arrive: an hour later.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(MODIFIED + 3600)
}

impl Tree {
    pub(crate) fn new() -> Self {
        let tree = Self { outer: tempfile::tempdir().unwrap() };
        fs::create_dir(tree.root()).unwrap();
        fs::write(tree.outer.path().join("secret"), "outside").unwrap();
        fs::create_dir(tree.outer.path().join("root-secret")).unwrap();
        fs::write(tree.outer.path().join("root-secret/file"), "outside").unwrap();
        tree
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.outer.path().join("root")
    }

    /// Writes a file and the folders above it.
    pub(crate) fn file(&self, name: impl AsRef<Path>, text: impl AsRef<[u8]>) -> &Self {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(MODIFIED);
        File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
        self
    }

    pub(crate) fn folder(&self) -> Folder {
        Folder::new(self.root()).unwrap()
    }
}

/// Sends a request the way a server does; nothing when the service passes.
pub(crate) fn send(folder: &impl Service, req: Request) -> Option<Answer> {
    send_pieces(folder, req, &[])
}

/// Stores a body that arrives in pieces, the last of which may be missing.
pub(crate) fn send_pieces(
    folder: &impl Service,
    mut req: Request,
    body: &[&[u8]],
) -> Option<Answer> {
    let response: Response = match folder.begin(&mut req).body {
        BodyPlan::Pass => {
            assert!(req.extensions().is_empty(), "one who passes leaves nothing behind");
            return None;
        }
        BodyPlan::Reject(response) => *response,
        BodyPlan::Buffer { .. } => folder.call(&mut req),
        BodyPlan::Sink(mut sink) => {
            let taken = body.iter().try_for_each(|piece| sink.write(piece));
            match taken.and_then(|()| sink.finish(&mut req)) {
                Ok(()) => folder.call(&mut req),
                Err(error) => Response::failed(error),
            }
        }
        plan => panic!("{plan:?} is no plan of a folder"),
    };
    // A server answers errors in plain text where no application makes a page of them.
    let response = response.into_result().unwrap_or_else(plain_answer);
    let mut parts = response.into_parts().unwrap();
    let body = std::mem::take(&mut parts.body).into_bytes(1 << 24).unwrap().to_vec();
    Some(Answer { status: parts.status.as_u16(), body, parts })
}

/// A request with a method, target and headers.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request {
    let mut builder = Request::builder().method(method).target(target).received(now());
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    builder.build().unwrap()
}

pub(crate) fn get(folder: &impl Service, target: &str) -> Option<Answer> {
    send(folder, request("GET", target, &[]))
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// All headers in their order.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        self.parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect()
    }
}
