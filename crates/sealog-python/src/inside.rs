//! Code of the host that the ledger calls while it works: functions, recognisers and key wrappers that Python objects
//! are.
//!
//! It may run under locks of the ledger. Whoever waits for one of those has released the interpreter, so the code gets
//! it; but it must not use a ledger itself, for it would wait for its own caller. So a thread that is inside is
//! refused.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

use crate::body::type_name;
use crate::error::{format_error, refused_error};

thread_local! {
    /// How many calls of the host's code this thread is inside of.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// The host's code runs on this thread until this ends.
pub(crate) struct Inside(PhantomData<*const ()>);

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

/// Marks that the host's code runs.
pub(crate) fn enter() -> Inside {
    DEPTH.set(DEPTH.get().saturating_add(1));
    Inside(PhantomData)
}

/// Whether the host's code runs on this thread.
pub(crate) fn is_inside() -> bool {
    DEPTH.get() > 0
}

/// Refuses a ledger to code that one calls.
pub(crate) fn refuse(py: Python<'_>) -> PyResult<()> {
    if is_inside() {
        let why = "code that a ledger calls (a function, a recogniser, a key wrapper) must not use a ledger";
        return Err(refused_error(py, why, "reentrant"));
    }
    Ok(())
}

/// What the host's code raised. It shows itself by the name of its type alone: what it says may hold what must not get
/// about.
pub(crate) struct Raised {
    kind: String,
    pub(crate) error: PyErr,
}

impl Raised {
    pub(crate) fn new(py: Python<'_>, error: PyErr) -> Self {
        Self {
            kind: named(py, &error),
            error,
        }
    }

    /// Where the error of a ledger rests on what the host's code raised.
    pub(crate) fn below<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        let mut at = Some(error);
        while let Some(error) = at {
            if let Some(raised) = error.downcast_ref() {
                return Some(raised);
            }
            at = error.source();
        }
        None
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)
    }
}

impl fmt::Debug for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raised({})", self.kind)
    }
}

impl std::error::Error for Raised {}

/// The name of an exception's type. An interrupt from the keyboard is not lost: it comes again once the ledger is done.
pub(crate) fn named(py: Python<'_>, error: &PyErr) -> String {
    let name = type_name(error.value(py).as_any());
    if error.is_instance_of::<PyKeyboardInterrupt>(py) {
        // Where it cannot be repeated, the failure that it caused is told all the same.
        let _ = interrupt_again(py);
    }
    name
}

/// Only the main thread is interrupted from the keyboard.
fn interrupt_again(py: Python<'_>) -> PyResult<()> {
    let threads = py.import("threading")?;
    let current = threads.call_method0("current_thread")?;
    if current.is(threads.call_method0("main_thread")?) {
        py.import("_thread")?.call_method0("interrupt_main")?;
    }
    Ok(())
}

/// A method of an object that the host brings: it has to be there, and to answer when it returns.
pub(crate) fn method(given: &Bound<'_, PyAny>, place: &str, name: &str) -> PyResult<Py<PyAny>> {
    let py = given.py();
    let method = given.getattr(name)?;
    if !method.is_callable() {
        return Err(format_error(py, place, &format!("{name} cannot be called")));
    }
    let inspect = py.import("inspect")?;
    if inspect
        .call_method1("iscoroutinefunction", (&method,))?
        .is_truthy()?
    {
        return Err(format_error(
            py,
            place,
            &format!("{name} is a coroutine function"),
        ));
    }
    Ok(method.unbind())
}
