//! The primitives that [`crate::queue`] is built of, in one place: a model checker compiles that
//! file with its own in their stead.

pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard};
