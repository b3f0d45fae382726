//! How long a caller waits, and what it wants to hear where waiting was in vain.

use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::error::format_error;
use crate::worker::Hear;

/// Between two looks at signals while a caller waits.
pub(super) const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

/// What is done when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// Wait for room, until the deadline.
    Block,
    /// Refuse.
    Fail,
    /// Drop the record and declare a gap.
    Gap,
}

impl WhenFull {
    pub(crate) fn read(py: Python<'_>, text: &str) -> PyResult<Self> {
        match text {
            "block" => Ok(Self::Block),
            "fail" => Ok(Self::Fail),
            "gap" => Ok(Self::Gap),
            _ => Err(format_error(py, "full", "it is block, fail or gap")),
        }
    }
}

pub(super) fn hear(py: Python<'_>, on_error: Option<&str>) -> PyResult<Hear> {
    match on_error {
        None | Some("record_gap") => Ok(Hear::Gap),
        Some("raise") => Ok(Hear::Raise),
        Some(_) => Err(format_error(py, "on_error", "it is raise or record_gap")),
    }
}

pub(super) fn soon() -> Instant {
    Instant::now() + SIGNAL_INTERVAL
}

/// The moment that lies so many seconds ahead.
pub(super) fn deadline(py: Python<'_>, seconds: Option<f64>) -> PyResult<Option<Instant>> {
    let Some(seconds) = seconds else {
        return Ok(None);
    };
    let wait = Duration::try_from_secs_f64(seconds.max(0.0))
        .map_err(|_| format_error(py, "timeout", "a number of seconds is needed"))?;
    Ok(Instant::now().checked_add(wait))
}
