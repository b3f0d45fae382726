//! Formats and proofs of Sealog.
//!
//! Everything that a verifier must agree on byte by byte lives here: canonical JSON, the RFC 6962 tree, the state
//! map, signed notes and checkpoints, record kinds, entries, receipts, and the rules by which a log is verified.
//!
//! **What is absent**: a clock, a disk, a network, threads and randomness. Times, keys and random bytes are
//! arguments. The crate is `no_std` with `alloc`.
#![no_std]

extern crate alloc;

#[cfg(test)]
extern crate std;

pub mod commitment;
pub mod config;
pub mod dsse;
pub mod entry;
pub mod error;
pub mod finding;
pub mod hash;
pub mod json;
pub mod kinds;
pub mod limits;
pub mod map;
pub mod receipt;
pub mod state;
pub mod time;
pub mod tlog;
pub mod values;
#[cfg(test)]
pub(crate) mod worked;

pub use error::ErrorKind;
pub use hash::Hash;
