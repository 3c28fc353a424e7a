//! How far an upload is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far an upload is, for somebody else to look at while it runs. Clones show the same upload.
///
/// ```
/// use pauper_fields::{FormLimits, FormReader, Progress};
///
/// let progress = Progress::new();
/// let mut reader = FormReader::urlencoded(FormLimits::new()).progress(&progress);
/// reader.write(b"a=1&b=")?;
/// assert_eq!(progress.received(), 6);
/// # Ok::<(), pauper_fields::FormError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Nothing was received.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of the body that were received.
    pub fn received(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}
