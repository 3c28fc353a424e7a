//! Why a store did not do as asked.

use std::fmt;

/// Why a store did not do as asked. Clients see none of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError(Box<str>);

impl StoreError {
    /// An error with a message for the log. Keep keys and data out of it.
    #[cold]
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into().into_boxed_str())
    }

    pub(crate) fn full() -> Self {
        Self::new("the store is full")
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}
