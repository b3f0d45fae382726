//! What a model directory is, and whether it can run code when it is loaded.
//!
//! [`walk`] finds the files, [`digest`] reads them, [`manifest`] is the closed set that they make up, [`scan`] looks for
//! what would run.
//!
//! **What is absent**: the ledger. Values pass between the two through the shells.

pub mod digest;
mod error;
pub mod formats;
pub mod limits;
pub mod manifest;
pub mod scan;
pub mod walk;

pub use error::Error;
