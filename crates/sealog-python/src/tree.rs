//! The function `tree_root`: the tree of the log (RFC 6962) over leaves that Python holds.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use sealog_core::tlog::tree::{Frontier, leaf_hash};

/// The root of the tree over these leaves, in order. No list of leaves is too long; an empty one has the root that
/// RFC 6962 gives it. Holds the interpreter meanwhile.
#[pyfunction]
pub(crate) fn tree_root<'py>(leaves: &Bound<'py, PyList>) -> PyResult<Bound<'py, PyBytes>> {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(leaf_hash(leaf.cast::<PyBytes>()?.as_bytes()));
    }
    Ok(PyBytes::new(leaves.py(), frontier.root().as_bytes()))
}
