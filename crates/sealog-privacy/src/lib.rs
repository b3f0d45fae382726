//! Finds and redacts personal data, before anything is hashed or stored.
//!
//! [`view`] makes the text that is searched: what a reader sees, without the characters that hide it, and with the
//! way back to the bytes of the original. [`catalogue`] is the list of what is looked for, as data, and [`scan`] finds
//! it. A [`policy`] says what is done with it. [`seal`] encrypts a value for its place, [`wrap`] a key for its store.
//!
//! **What is absent**: keys, a clock, a disk, a network and randomness. Text goes in, text comes out.

mod blocks;
pub mod catalogue;
mod check;
mod error;
pub mod limits;
pub mod policy;
pub mod scan;
pub mod seal;
pub mod view;
pub mod wrap;

pub use error::Error;
