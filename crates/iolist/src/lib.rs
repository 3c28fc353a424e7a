//! Nested byte pieces with a known length, written with resumable vectored writes
