//! A directory becomes a manifest, and a manifest admits a model.
//!
//! **What is absent**: the ledger. Values pass between the two through the shells.

mod error;
pub mod formats;
pub mod scan;

pub use error::Error;
