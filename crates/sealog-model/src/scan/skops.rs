//! skops archives: the types that their schema names, against the allowlists of pickles.

use sealog_core::json::Value;

use super::allow;
use super::context::Scan;
use super::rule::{SKOPS_BROKEN, SKOPS_DANGEROUS, SKOPS_TYPE};
use crate::formats::members::document;

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
        if allow::dangerous(module, class)
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

/// Types that skops itself trusts and that no pickle names.
fn is_plain(module: &str, class: &str) -> bool {
    matches!(
        (module, class),
        ("builtins", "NoneType" | "type") | ("numpy", "ufunc")
    )
}
