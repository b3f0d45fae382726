//! Finds and redacts personal data, before anything is hashed or stored.
//!
//! [`view`] makes the text that is searched: what a reader sees, without the characters that hide it, and with the
//! way back to the bytes of the original. [`catalogue`] is the list of what is looked for, as data, and [`scan`] finds
//! it. A [`policy`] says what is done with it.
//!
//! **What is absent**: keys, a clock, a disk, a network and randomness. Text goes in, text comes out.

pub mod catalogue;
mod check;
mod error;
pub mod limits;
pub mod policy;
pub mod scan;
pub mod view;

pub use error::Error;
