//! The formats of sealog-core against what others made: public vectors, other implementations, and the worked examples
//! of our own pages.
#![allow(clippy::as_conversions, missing_docs)]

mod examples;
mod oracles;
mod shared_vectors;
mod tlog_pages;
