//! The ledger from outside: real directories, several handles, crashes.
#![allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    missing_docs,
    reason = "tests"
)]

mod append;
mod ground;
mod index;
mod pages;
mod verify;
