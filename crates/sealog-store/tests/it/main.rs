//! The store over each disk, over faults, and across threads and processes.
#![allow(missing_docs, unreachable_pub)]
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::unwrap_used
)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::redundant_closure_for_method_calls
)]

mod directory;
mod disposal;
mod forks;
mod heads;
mod kit;
mod processes;
mod reading;
mod refusals;
mod shelves;
mod sim;
mod storms;
mod turns;
