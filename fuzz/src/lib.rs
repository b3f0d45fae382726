//! Fuzz targets: for each parser a plain function that feeds it bytes and asserts what must hold of its answer.
//!
//! Two drivers share them. [`drive()`] runs in the ordinary suite, on stable Rust: it mutates seeds by a fixed
//! pseudo-random sequence and keeps what made a target answer in a new way. libFuzzer drives the same functions from
//! `fuzz/libfuzzer`, which is outside the workspace because it needs C++.
//!
//! **What is absent**: coverage feedback in the first driver, and any input that is not derived from the seeds.

mod drive;
mod mutate;
mod targets;

pub use drive::{Run, drive};
pub use targets::{TARGETS, Target, target};

/// What a target saw: the name of the error's variant, or a word for what was accepted. The driver keeps an input
/// that gives an answer it has not seen yet.
pub type Answer = String;
