//! The formats of sealog-core against what others made: public vectors, other implementations, and the worked examples
//! of our own pages.
#![allow(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used
)]

mod examples;
mod interop_go;
mod oracles;
mod shared_vectors;
mod tlog_pages;

// The build script has tests of its own, which no other target would run.
#[allow(dead_code, reason = "its entry point, which only cargo calls")]
#[path = "../../build.rs"]
mod build_script;
