//! Which process this is: a forked child must not use what its parent opened.
//!
//! Two checks, because each misses something: the process number is asked for at each call (a fork in C, as uWSGI
//! does it, runs no Python hook), and Python's fork hook counts generations (a number may come back).

use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// A process, as far as this library tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    id: u32,
    generation: u32,
}

impl Process {
    /// The one that runs now.
    pub(crate) fn current() -> Self {
        Self {
            id: std::process::id(),
            generation: GENERATION.load(Ordering::Relaxed),
        }
    }
}

/// Python's fork hook calls this in the child.
pub(crate) fn forked() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}
