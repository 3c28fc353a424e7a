//! A file for each request that says where its time went.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use pauper_message::{Error, Hook, Request, Response};

use crate::log_macros::{error, info};

/// What a profiler does at the end of a request: it writes what it found.
pub type Finish = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + Send>;

type Runner = dyn Fn(&Request) -> Finish + Send + Sync;

/// A hook that writes a file for each request, made by a profiler: without one of your own, the
/// times of the request.
///
/// The files are named after a prefix, the method, the path with `_` for every `/` and for whatever
/// else is not a letter, a digit, `.` or `-`, and the time in seconds:
/// `req_GET_test_json.1795196871.28.profile`. A line at level info names each. It is for development:
/// who can send requests can fill the disk up to [`most_files`](Self::most_files).
///
/// ```
/// use pauper_app::{App, Profile};
/// use pauper_message::Request;
///
/// let mut app = App::new("site");
/// app.get("/", |_: &mut Request| "here");
/// if std::env::var_os("PROFILE").is_some() {
///     app.hook(Profile::new("./req"));
/// }
/// ```
pub struct Profile {
    folder: PathBuf,
    prefix: String,
    runner: Box<Runner>,
    most: u64,
    count: AtomicU64,
}

/// The name of a path in a file's name is cut here.
const LONGEST_PATH: usize = 100;

/// The profilers that run for a request, each with the address of its hook: there may be several.
struct Running(Vec<(usize, Finish)>);

impl Profile {
    /// Writes the times of requests to files beginning with `prefix`, which may have a folder.
    pub fn new(prefix: impl AsRef<Path>) -> Self {
        Self::with(prefix, |req| {
            let (received, begun) = (req.received(), Instant::now());
            let waited = SystemTime::now().duration_since(received).unwrap_or_default();
            Box::new(move |out| {
                let answered = begun.elapsed();
                writeln!(out, "before the hooks {:>12.6} s", waited.as_secs_f64())?;
                writeln!(out, "hooks and handler {:>11.6} s", answered.as_secs_f64())
            })
        })
    }

    /// Runs a profiler: it is started before the handler, and what it gives writes its file after.
    pub fn with(
        prefix: impl AsRef<Path>,
        profiler: impl Fn(&Request) -> Finish + Send + Sync + 'static,
    ) -> Self {
        let prefix = prefix.as_ref();
        let name = prefix.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self {
            folder: prefix.parent().map(Path::to_owned).unwrap_or_default(),
            prefix: name,
            runner: Box::new(profiler),
            most: 10_000,
            count: AtomicU64::new(0),
        }
    }

    /// How many files are written in all; 10,000 if not called.
    #[must_use]
    pub fn most_files(mut self, files: u64) -> Self {
        self.most = files;
        self
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn file(&self, req: &Request) -> PathBuf {
        let clean = |char: char| match char {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => char,
            _ => '_',
        };
        let path: String = req.path().chars().take(LONGEST_PATH).map(clean).collect();
        let method: String = req.method().as_str().chars().map(clean).collect();
        let time = req.received().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (prefix, time) = (&self.prefix, time.as_secs_f64());
        self.folder.join(format!("{prefix}_{method}{path}.{time:.6}.profile"))
    }
}

impl Hook for Profile {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        if self.count.fetch_add(1, Ordering::Relaxed) < self.most {
            let entry = (self.address(), (self.runner)(req));
            match req.extensions_mut().get_mut::<Running>() {
                Some(Running(list)) => list.push(entry),
                None => drop(req.extensions_mut().insert(Running(vec![entry]))),
            }
        }
        Ok(())
    }

    /// A file that cannot be written is told in the log, and changes no answer.
    fn after(&self, req: &mut Request, _: &mut Response) -> Result<(), Error> {
        let Some(Running(list)) = req.extensions_mut().get_mut() else { return Ok(()) };
        let Some(own) = list.iter().position(|(address, _)| *address == self.address()) else {
            return Ok(());
        };
        let (_, finish) = list.swap_remove(own);
        let path = self.file(req);
        let mut text = Vec::new();
        match finish(&mut text).and_then(|()| std::fs::write(&path, text)) {
            Ok(()) => info!("profile in {}", path.display()),
            Err(failed) => error!("no profile in {}: {failed}", path.display()),
        }
        Ok(())
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Profile({})", self.folder.join(&self.prefix).display())
    }
}
