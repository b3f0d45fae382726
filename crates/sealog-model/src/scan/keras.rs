//! Keras configurations: layers that hold code, modules from outside, functions that reach out.
//!
//! CVE-2024-3660, CVE-2025-1550, CVE-2025-8747, CVE-2025-9905, CVE-2025-9906, CVE-2025-49655.

use sealog_core::json::Value;

use super::allow;
use super::context::Scan;
use super::rule::{KERAS_BROKEN, KERAS_LAMBDA, KERAS_MODULE, KERAS_UNSAFE};
use crate::formats::members::document;

const UNSAFE: &[&str] = &[
    "enable_unsafe_deserialization",
    "get_file",
    "load_model",
    "load_weights",
    "TorchModuleWrapper",
    "TFSMLayer",
    "register_keras_serializable",
    "deserialize_keras_object",
    "pickle_load",
    "run_command",
];

/// Scans the `config.json` of an archive; none: it could not be read.
pub(super) fn scan_config(bytes: Option<&[u8]>, scan: &mut Scan<'_>) {
    match bytes.map(document) {
        Some(Ok(value)) => scan_value(&value, scan),
        Some(Err(error)) => scan.report(&KERAS_BROKEN, 0, error.0),
        None => scan.report(&KERAS_BROKEN, 0, "the configuration cannot be read"),
    }
}

/// Scans a parsed configuration. Depth is bounded by the parser.
pub(super) fn scan_value(value: &Value, scan: &mut Scan<'_>) {
    if let Some(class) = value.member("class_name").and_then(Value::as_str) {
        node(class, value, scan);
    }
    if let Some(object) = value.as_object() {
        for (_, value) in object.iter() {
            scan_value(value, scan);
        }
    }
    for value in value.as_array().unwrap_or_default() {
        scan_value(value, scan);
    }
}

fn node(class: &str, value: &Value, scan: &mut Scan<'_>) {
    let module = value.member("module").and_then(Value::as_str);
    let config = value.member("config");
    let config_name = match config {
        Some(Value::String(name)) => Some(name.as_str()),
        config => config
            .and_then(|config| config.member("name"))
            .and_then(Value::as_str),
    };
    let holds_code = class == "__lambda__"
        || (class == "Lambda" && config.is_some_and(|config| code_in(config.member("function"))));
    if holds_code {
        return scan.report(&KERAS_LAMBDA, 0, format!("{class} with marshalled code"));
    }
    // A function is named by its module and `config`, a class by its module and `class_name`.
    let named = if matches!(class, "function" | "builtin" | "function_or_class") {
        config_name.unwrap_or_default()
    } else {
        class
    };
    if UNSAFE.contains(&named) || module.is_some_and(|module| allow::dangerous(module, named)) {
        let module = module.unwrap_or_default();
        let detail = format!("{module}.{named}");
        return scan.report_global(&KERAS_UNSAFE, 0, (module, named), detail);
    }
    let package = module.and_then(|module| module.split('.').next());
    if let (Some(package), Some(module)) = (package, module)
        && !matches!(
            package,
            "keras" | "tensorflow" | "tf_keras" | "keras_nlp" | "keras_hub" | "keras_cv"
        )
        && !(package == "builtins"
            && matches!(named, "function" | "dict" | "list" | "tuple" | "slice"))
    {
        let detail = format!("{module}.{named}");
        scan.report_global(&KERAS_MODULE, 0, (module, named), detail);
    }
    if class == "Lambda" {
        scan.report(&KERAS_MODULE, 0, "a Lambda layer that names a function");
    }
    if let Some(custom) = value.member("registered_name").and_then(Value::as_str)
        && custom.contains('>')
        && !custom.starts_with("keras")
        && module.is_none()
    {
        scan.report(&KERAS_MODULE, 0, format!("the registered {custom}"));
    }
}

/// The older form holds `[code, defaults, closure]`, the newer one an object of the class `__lambda__`.
fn code_in(function: Option<&Value>) -> bool {
    match function {
        Some(Value::Array(_)) => true,
        Some(function) => {
            function.member("class_name").and_then(Value::as_str) == Some("__lambda__")
        }
        None => false,
    }
}
