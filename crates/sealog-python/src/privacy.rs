//! Personal data: the classes `Policy` and `Redacted`, and what the ledger does with persons.

use std::ops::Range;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString};
use sealog_core::json::Value;
use sealog_ledger::{Erasure, ErasureSubject, RevealAccess, Whose};
use sealog_privacy::policy::{self, FieldFunction, FunctionError, Plugins};
use sealog_privacy::scan::Recogniser;
use sealog_privacy::seal::Sealed;

use crate::body;
use crate::error::{exception, format_error};
use crate::inside::{self, Raised};
use crate::ledger::LedgerCore;
use crate::plain;

/// What is looked for in text, and what is done with what is found.
#[pyclass(frozen, module = "sealog.privacy")]
#[derive(Debug)]
pub(crate) struct Policy(Arc<policy::Policy>);

/// A text after a policy.
#[pyclass(frozen, module = "sealog.privacy")]
#[derive(Debug)]
pub(crate) struct Redacted {
    #[pyo3(get)]
    text: String,
    #[pyo3(get)]
    spans: Vec<(usize, usize, String)>,
    counts: policy::Counts,
}

#[pymethods]
impl Redacted {
    /// How many of each type were found.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = PyDict::new(py);
        for (id, count) in &self.counts {
            counts.set_item(id, count)?;
        }
        Ok(counts)
    }

    fn __repr__(&self) -> String {
        // The text may still hold what nobody found.
        format!("<Redacted, {} found>", self.spans.len())
    }
}

/// A recogniser that is a Python object: `name`, `version`, and `find(text)`, which gives (start, end) in characters.
struct PythonRecogniser {
    name: String,
    version: String,
    find: Py<PyAny>,
}

impl PythonRecogniser {
    fn of(given: &Bound<'_, PyAny>) -> PyResult<Arc<dyn Recogniser>> {
        let text = |name: &str| given.getattr(name)?.extract::<String>();
        Ok(Arc::new(Self {
            name: text("name")?,
            version: text("version")?,
            find: given.getattr("find")?.unbind(),
        }))
    }

    fn call(&self, py: Python<'_>, text: &str) -> PyResult<Vec<(usize, usize)>> {
        let answer = self.find.bind(py).call1((text,))?;
        answer.try_iter()?.map(|span| span?.extract()).collect()
    }
}

impl Recogniser for PythonRecogniser {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        let spans = Python::attach(|py| {
            let _inside = inside::enter();
            self.call(py, text).map_err(|error| {
                // Nobody waits for an answer here; Python tells of it as of an exception in a destructor.
                error.write_unraisable(py, Some(self.find.bind(py)));
            })
        });
        match spans {
            Ok(spans) => found.extend(spans.into_iter().filter_map(|span| bytes_of(text, span))),
            // What it would have found is unknown, so that nothing of the text may be kept.
            Err(()) if !text.is_empty() => found.push(0..text.len()),
            Err(()) => {}
        }
    }
}

/// A function of a field that is a Python object: `name`, `version`, and `apply(value)`, which gives what is stored, or
/// None.
struct PythonFunction {
    name: String,
    version: String,
    apply: Py<PyAny>,
}

impl PythonFunction {
    fn of(given: &Bound<'_, PyAny>) -> PyResult<Arc<dyn FieldFunction>> {
        let text = |name: &str| given.getattr(name)?.extract::<String>();
        Ok(Arc::new(Self {
            name: text("name")?,
            version: text("version")?,
            apply: inside::method(given, "functions", "apply")?,
        }))
    }

    fn call(&self, py: Python<'_>, value: &Value) -> PyResult<Option<Value>> {
        let made = self.apply.bind(py).call1((plain::value(py, value)?,))?;
        if made.is_none() {
            return Ok(None);
        }
        read_value(&made).map(Some)
    }
}

impl FieldFunction for PythonFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn apply(&self, value: &Value) -> Result<Option<Value>, FunctionError> {
        if inside::is_inside() {
            // It might call itself without end.
            return Err("it is called by code that a ledger or a policy calls".into());
        }
        let made = Python::try_attach(|py| {
            let _inside = inside::enter();
            let made = self.call(py, value);
            made.map_err(|error| FunctionError::from(Raised::new(py, error)))
        });
        made.unwrap_or_else(|| Err("the interpreter is ending".into()))
    }
}

/// A value of JSON types.
fn read_value(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let wrapped = PyDict::new(value.py());
    wrapped.set_item("value", value)?;
    let read = body::read(wrapped.as_any())?.object.to_object();
    Ok(read.get("value").cloned().unwrap_or(Value::Null))
}

/// What each of the objects becomes; none if none are given.
fn listed<T>(
    given: Option<&Bound<'_, PyAny>>,
    of: impl Fn(&Bound<'_, PyAny>) -> PyResult<T>,
) -> PyResult<Vec<T>> {
    let Some(given) = given else {
        return Ok(Vec::new());
    };
    given.try_iter()?.map(|object| of(&object?)).collect()
}

/// A span of characters as one of bytes; none if it does not lie in the text.
fn bytes_of(text: &str, (start, end): (usize, usize)) -> Option<Range<usize>> {
    let at = |count: usize| {
        let ends = std::iter::once(text.len());
        text.char_indices().map(|(at, _)| at).chain(ends).nth(count)
    };
    (start < end).then_some(())?;
    Some(at(start)?..at(end)?)
}

fn failed(py: Python<'_>, error: sealog_privacy::Error) -> PyErr {
    exception(py, &sealog_ledger::Error::from(error))
}

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(signature = (policy=None, *, recognisers=None, functions=None))]
    fn new(
        py: Python<'_>,
        policy: Option<&Bound<'_, PyAny>>,
        recognisers: Option<&Bound<'_, PyAny>>,
        functions: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let text = match policy {
            None => br#"{"format":"sealog/privacy-policy/v1"}"#.to_vec(),
            Some(given) => {
                if let Ok(text) = given.cast::<PyString>() {
                    text.to_str()?.as_bytes().to_vec()
                } else if let Ok(bytes) = given.cast::<PyBytes>() {
                    bytes.as_bytes().to_vec()
                } else {
                    body::read(given)?.object.as_bytes().to_vec()
                }
            }
        };
        let plugins = Plugins {
            recognisers: listed(recognisers, PythonRecogniser::of)?,
            functions: listed(functions, PythonFunction::of)?,
        };
        let read = py.detach(|| policy::Policy::parse_with(&text, plugins));
        let read = read.map_err(|error| failed(py, error))?;
        Ok(Self(Arc::new(read)))
    }

    /// What stands for the policy in records.
    #[getter]
    fn digest(&self) -> String {
        sealog_core::config::digest_text(self.0.digest())
    }

    /// Each type that is looked for, with its mode.
    #[getter]
    fn types<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let types = PyDict::new(py);
        for (id, mode) in self.0.types() {
            types.set_item(id, mode.name())?;
        }
        Ok(types)
    }

    /// Each function that it names, with its version.
    #[getter]
    fn functions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let functions = PyDict::new(py);
        for (name, version) in self.0.functions() {
            functions.set_item(name, version)?;
        }
        Ok(functions)
    }

    /// Applies the policy to a text.
    fn redact(&self, py: Python<'_>, text: &str) -> PyResult<Redacted> {
        let policy = Arc::clone(&self.0);
        let redacted = py.detach(|| policy.redactor().text(text.as_bytes()));
        let redacted = redacted.map_err(|error| failed(py, error))?;
        let characters = |at: usize| text.get(..at).map_or(0, |head| head.chars().count());
        Ok(Redacted {
            counts: redacted.counts(),
            text: String::from_utf8_lossy(&redacted.text).into_owned(),
            spans: redacted
                .spans
                .into_iter()
                .map(|(span, id)| (characters(span.start), characters(span.end), id))
                .collect(),
        })
    }

    /// Applies the policy to a value of JSON types.
    fn redact_value<'py>(
        &self,
        py: Python<'py>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let value = read_value(value)?;
        let policy = Arc::clone(&self.0);
        let redacted = py.detach(|| policy.redactor().value(&value));
        let (value, _) = redacted.map_err(|error| failed(py, error))?;
        plain::value(py, &value)
    }

    fn __repr__(&self) -> String {
        format!("<Policy {}>", self.digest())
    }
}

/// A policy as the settings take it: one that was made, or the usual one by its name.
pub(crate) fn policy(given: &Bound<'_, PyAny>) -> PyResult<Arc<policy::Policy>> {
    if let Ok(policy) = given.cast::<Policy>() {
        return Ok(Arc::clone(&policy.get().0));
    }
    let py = given.py();
    match given.extract::<&str>() {
        Ok("usual") => {
            let usual = policy::Policy::usual().map_err(|error| failed(py, error))?;
            Ok(Arc::new(usual))
        }
        _ => Err(format_error(
            py,
            "privacy",
            "a sealog.privacy.Policy, or \"usual\", is needed",
        )),
    }
}

/// The pseudonym of a person, made if there is none.
#[pyfunction]
pub(crate) fn subject_ref(
    py: Python<'_>,
    ledger: &LedgerCore,
    person: &str,
    tenant: Option<&str>,
) -> PyResult<String> {
    ledger.detached(py, |live| live.ledger.subject_ref(tenant, person))
}

/// Seals a value by itself.
#[pyfunction]
pub(crate) fn seal(
    py: Python<'_>,
    ledger: &LedgerCore,
    value: &[u8],
    subject: Option<String>,
    tenant: Option<String>,
) -> PyResult<String> {
    let whose = Whose { tenant, subject };
    let sealed = ledger.detached(py, |live| live.ledger.seal(value, &whose))?;
    Ok(sealed.to_text())
}

/// Shows a value that was sealed by itself; the log says so first.
#[pyfunction]
pub(crate) fn unseal<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
    sealed: &str,
    by: String,
    purpose: Option<String>,
    auth_method: Option<String>,
) -> PyResult<Bound<'py, PyBytes>> {
    let access = access(by, purpose, auth_method);
    let sealed = Sealed::from_text(sealed).map_err(|error| failed(py, error))?;
    let shown = ledger.detached(py, |live| live.ledger.unseal(&sealed, &access))?;
    Ok(PyBytes::new(py, &shown.bytes))
}

/// Shows a sealed payload of an entry; the log says so first.
#[pyfunction]
pub(crate) fn reveal<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
    index: u64,
    name: &str,
    by: String,
    purpose: Option<String>,
    auth_method: Option<String>,
) -> PyResult<Bound<'py, PyBytes>> {
    let access = access(by, purpose, auth_method);
    let shown = ledger.detached(py, |live| live.ledger.reveal(index, name, &access))?;
    Ok(PyBytes::new(py, &shown.bytes))
}

fn access(actor_id: String, purpose: Option<String>, auth_method: Option<String>) -> RevealAccess {
    RevealAccess {
        actor_id,
        auth_method,
        purpose,
    }
}

/// Erases a person or a tenant.
#[pyfunction]
pub(crate) fn erase<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
    order: &Bound<'py, PyMapping>,
) -> PyResult<Bound<'py, PyAny>> {
    let get = |name: &str| order.get_item(name);
    let text = |name: &str| get(name)?.extract::<Option<String>>();
    let subject = match (text("person")?, text("subject_ref")?) {
        (Some(person), _) => ErasureSubject::Person(person),
        (None, Some(reference)) => ErasureSubject::Reference(reference),
        (None, None) => ErasureSubject::Tenant,
    };
    let order = Erasure {
        tenant: text("tenant")?,
        subject,
        request_id: text("request")?,
        executed_by: get("by")?.extract()?,
        approvals: get("approvals")?.extract()?,
        despite_retention: get("despite_retention")?.extract()?,
    };
    let erased = ledger.detached(py, |live| live.ledger.erase(&order))?;
    plain::object(py, &erased.to_json()).map(Bound::into_any)
}
