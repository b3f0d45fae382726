//! skops archives: the types that their schema names, against the allowlists of pickles.

use sealog_core::json::Value;

use super::allow;
use super::context::Scan;
use super::rule::{SKOPS_BROKEN, SKOPS_DANGEROUS, SKOPS_TYPE};
use crate::formats::members::document;

/// The node that loads a function of Python's `operator` by its class, whatever module it names (CVE-2025-54412).
const OPERATOR: &str = "OperatorFuncNode";
/// The node that loads an attribute of an object, whatever class it names (CVE-2025-54413).
const METHOD: &str = "MethodNode";

/// Scans the `schema.json`; none: it could not be read.
pub(super) fn scan_schema(bytes: Option<&[u8]>, scan: &mut Scan<'_>) {
    match bytes.map(document) {
        Some(Ok(value)) => nodes(&value, scan),
        Some(Err(error)) => scan.report(&SKOPS_BROKEN, 0, error.0),
        None => scan.report(&SKOPS_BROKEN, 0, "the schema cannot be read"),
    }
}

fn nodes(value: &Value, scan: &mut Scan<'_>) {
    let text = |name: &str| value.member(name).and_then(Value::as_str);
    if let (Some(module), Some(class)) = (text("__module__"), text("__class__")) {
        let loader = text("__loader__").unwrap_or_default();
        let detail = format!("{module}.{class} by {loader}");
        if loader == OPERATOR {
            scan.report_global(&SKOPS_DANGEROUS, 0, ("operator", class), detail);
        } else if loader == METHOD {
            method(value, (module, class), scan);
        } else if allow::dangerous(module, class)
            && !(module == "builtins" && class == "type")
            && loader != "TypeNode"
        {
            scan.report_global(&SKOPS_DANGEROUS, 0, (module, class), detail);
        } else if allow::allowed(module, class).is_none() && !is_plain(module, class) {
            scan.report_global(&SKOPS_TYPE, 0, (module, class), detail);
        }
    }
    if let Some(object) = value.as_object() {
        for (_, value) in object.iter() {
            nodes(value, scan);
        }
    }
    for value in value.as_array().unwrap_or_default() {
        nodes(value, scan);
    }
}

/// A method is an attribute by a name that the file gives: special ones lead anywhere, others to code of the class.
fn method(value: &Value, class: (&str, &str), scan: &mut Scan<'_>) {
    let content = value.member("content");
    let name = content.and_then(|content| content.member("func"));
    let name = name.and_then(Value::as_str).unwrap_or_default();
    let plain = !name.starts_with('_') && !name.contains('.') && !name.is_empty();
    let rule = if plain { &SKOPS_TYPE } else { &SKOPS_DANGEROUS };
    let detail = format!("{}.{}: its attribute {name}", class.0, class.1);
    scan.report_global(rule, 0, class, detail);
}

/// Types that skops itself trusts and that no pickle names.
fn is_plain(module: &str, class: &str) -> bool {
    matches!(
        (module, class),
        ("builtins", "NoneType" | "type") | ("numpy", "ufunc")
    )
}
