//! A connection to SQLite as the transaction guard sees it; the example `guard` shows the same alone.

use std::sync::MutexGuard;

use pauper::app::Transactional;
use pauper::{Error, Request};
use rusqlite::Connection;

/// The connection that a function finds for a request.
#[derive(Clone, Copy, Debug)]
pub struct Guarded(pub fn(&Request) -> MutexGuard<'_, Connection>);

impl Transactional for Guarded {
    fn begin(&self, req: &mut Request) -> Result<(), Error> {
        Ok(self.0(req).execute_batch("BEGIN")?)
    }

    fn is_open(&self, req: &mut Request) -> Result<bool, Error> {
        Ok(!self.0(req).is_autocommit())
    }

    fn commit(&self, req: &mut Request) -> Result<(), Error> {
        Ok(self.0(req).execute_batch("COMMIT")?)
    }

    fn roll_back(&self, req: &mut Request) -> Result<(), Error> {
        Ok(self.0(req).execute_batch("ROLLBACK")?)
    }
}
