//! The command line, run inside the interpreter's process.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs one command line, program name first, and returns its exit status.
#[pyfunction]
pub(crate) fn run_cli(py: Python<'_>, args: Vec<OsString>) -> u8 {
    py.detach(|| sealog_cli::run(args))
}
