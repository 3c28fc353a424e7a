//! Model checks of how loops are handed from thread to thread.
//!
//! They run the engine's very files (`slot`, `mailbox`, `watch`, `team`) with other primitives in
//! place of the standard library's: `exhaustive` with those of loom, which tries every order that
//! the threads of a small model can take and every value that an atomic may show them; `random`
//! with those of shuttle, which draws orders for models that are too large for that, up to a whole
//! small engine with its loops, threads, monitor and clients. All draws come from fixed seeds.
//!
//! `PAUPER_MODEL_ROUNDS=N` draws N times as many orders.

#![allow(clippy::duplicate_mod, reason = "each checker has its own primitives for the same files")]

mod exhaustive;
mod random;
