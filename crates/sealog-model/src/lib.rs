//! What a model directory is, and whether it can run code when it is loaded.
//!
//! [`walk`] finds the files, [`digest`] reads them, [`manifest`] is the closed set that they make up, [`sign`] says who
//! vouches for it and holds a directory against it, [`keys`] reads and makes the keys for that, [`scan`] looks for what
//! would run, and [`gate`] admits a model of which all of that holds.
//!
//! **What is absent**: the ledger. Values pass between the two through the shells.

pub mod digest;
pub mod document;
mod error;
pub mod formats;
pub mod gate;
pub mod inspect;
pub mod keys;
pub mod limits;
pub mod manifest;
pub mod report;
pub mod scan;
pub mod sign;
#[cfg(feature = "sources")]
pub mod sources;
pub mod walk;

pub use error::Error;
