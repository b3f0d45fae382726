//! `MLflow`'s `MLmodel`: which module loads the model, and code that comes with it. The pickles beside it are files of
//! their own.

use sealog_core::json::Value;

use super::allow;
use super::context::Scan;
use super::rule::{MLFLOW_BROKEN, MLFLOW_CODE, MLFLOW_DANGEROUS, MLFLOW_LOADER};
use crate::formats::yaml;

/// Modules of `MLflow` that load models of one flavor each.
const LOADERS: &[&str] = &[
    "mlflow.catboost",
    "mlflow.diviner",
    "mlflow.dspy",
    "mlflow.fastai",
    "mlflow.gluon",
    "mlflow.h2o",
    "mlflow.johnsnowlabs",
    "mlflow.keras",
    "mlflow.langchain",
    "mlflow.lightgbm",
    "mlflow.llama_index",
    "mlflow.mleap",
    "mlflow.onnx",
    "mlflow.openai",
    "mlflow.paddle",
    "mlflow.pmdarima",
    "mlflow.promptflow",
    "mlflow.prophet",
    "mlflow.pyfunc.loaders.chat_agent",
    "mlflow.pyfunc.loaders.chat_model",
    "mlflow.pyfunc.loaders.code_model",
    "mlflow.pyfunc.loaders.responses_agent",
    "mlflow.pyfunc.model",
    "mlflow.pytorch",
    "mlflow.sentence_transformers",
    "mlflow.shap",
    "mlflow.sklearn",
    "mlflow.spacy",
    "mlflow.spark",
    "mlflow.statsmodels",
    "mlflow.tensorflow",
    "mlflow.transformers",
    "mlflow.xgboost",
];
/// Members of a flavor that bring code.
const CODE: &[&str] = &["code", "code_path", "model_code_path"];

/// Whether a text is one: `flavors` at the beginning of a line.
pub(super) fn is_one(text: &[u8]) -> bool {
    text.starts_with(b"flavors:") || memchr::memmem::find(text, b"\nflavors:").is_some()
}

/// Scans one.
pub(super) fn scan(text: &str, scan: &mut Scan<'_>) {
    let value = match yaml::parse(text) {
        Ok(value) => value,
        Err(error) => {
            let offset = u64::try_from(error.offset).unwrap_or(0);
            return scan.report(&MLFLOW_BROKEN, offset, error.why);
        }
    };
    let Some(flavors) = value.member("flavors").and_then(Value::as_object) else {
        return scan.report(&MLFLOW_BROKEN, 0, "flavors is no mapping");
    };
    for (flavor, members) in flavors.iter() {
        loader(flavor, members, scan);
        for name in CODE {
            if members.member(name).is_some_and(|value| !value.is_null()) {
                scan.report(&MLFLOW_CODE, 0, format!("{flavor}.{name}"));
            }
        }
    }
}

fn loader(flavor: &str, members: &Value, scan: &mut Scan<'_>) {
    let module = match members.member("loader_module") {
        None | Some(Value::Null) => return,
        Some(Value::String(module)) => module.as_str(),
        Some(_) => return scan.report(&MLFLOW_BROKEN, 0, "loader_module is no text"),
    };
    let global = (module, "_load_pyfunc");
    let detail = format!("{flavor}.loader_module: {}", module.escape_debug());
    if allow::dangerous(module, global.1) {
        scan.report_global(&MLFLOW_DANGEROUS, 0, global, detail);
    } else if !LOADERS.contains(&module) {
        scan.report_global(&MLFLOW_LOADER, 0, global, detail);
    }
}
