//! How far the uploads are that run now, or did just before.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use pauper::fields::{FormLimits, Progress};
use pauper::message::FormPlan;
use pauper::{Error, Json, Request, abort};
use serde_json::{Value, json};

/// So many are remembered, and so long a name may be: both are chosen by whoever uploads.
const MOST: usize = 64;
const LONGEST: usize = 40;

/// What a page is told.
type Told = Result<Json<Value>, Error>;

/// Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Uploads(Arc<Mutex<VecDeque<Upload>>>);

#[derive(Debug)]
struct Upload {
    id: Box<str>,
    progress: Progress,
    /// As the client said beforehand.
    length: Option<u64>,
}

// begin: upload
impl Uploads {
    /// The plan of the route: uploads with an `id` in their URL are counted.
    pub(super) fn plan(&self) -> FormPlan {
        let uploads = self.clone();
        FormPlan::new(FormLimits::new()).progress(move |req| uploads.begin(req))
    }

    /// What tells a page how far its upload is, while it runs.
    pub(super) fn told(&self) -> impl Fn(&mut Request, String) -> Told + use<> {
        let uploads = self.clone();
        move |_: &mut Request, id: String| uploads.progress(&id)
    }

    fn progress(&self, id: &str) -> Told {
        let uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let upload = uploads.iter().rfind(|upload| &*upload.id == id);
        let upload = upload.ok_or_else(|| abort(404))?;
        let received = upload.progress.received();
        Ok(Json(json!({ "received": received, "length": upload.length })))
    }
    // end: upload

    fn begin(&self, req: &Request) -> Option<Progress> {
        let id = req.args().ok()?.get("id")?;
        if id.is_empty() || id.len() > LONGEST {
            return None;
        }
        let length = req.header("content-length").and_then(|length| length.parse().ok());
        let progress = Progress::new();
        let upload = Upload { id: id.into(), progress: progress.clone(), length };
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if uploads.len() == MOST {
            uploads.pop_front();
        }
        uploads.push_back(upload);
        Some(progress)
    }
}
