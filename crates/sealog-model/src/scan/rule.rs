//! Every rule of the scanner: its id, what it weighs, and one line that says what it is.
//!
//! `docs/scan-rules.md` says why each is there and what to do; a test holds the two together.

use super::finding::Severity::{self, Malicious, Suspicious, Undecided};

/// A rule: a stable id, a weight and a sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    id: &'static str,
    severity: Severity,
    title: &'static str,
}

impl Rule {
    /// The stable id, `group.noun`.
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// What a finding of this rule makes of the verdict.
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What it means, in one line.
    pub const fn title(&self) -> &'static str {
        self.title
    }
}

macro_rules! rules {
    ($($name:ident $id:literal $severity:ident $title:literal;)*) => {
        $(
            #[doc = $title]
            pub static $name: Rule = Rule { id: $id, severity: $severity, title: $title };
        )*
        /// All rules, in the order of their document.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    PICKLE_DANGEROUS_GLOBAL "pickle.dangerous_global" Malicious "imports something that runs code, opens files or reaches a network";
    PICKLE_UNKNOWN_GLOBAL "pickle.unknown_global" Suspicious "imports something that no allowlist names";
    PICKLE_DOTTED_NAME "pickle.dotted_name" Malicious "reaches through a dotted name into a dangerous module";
    PICKLE_COMPUTED_GLOBAL "pickle.computed_global" Malicious "computes the name of what it imports";
    PICKLE_EXTENSION "pickle.extension" Malicious "calls through the extension registry, so that the callee cannot be known";
    PICKLE_CALL_OF_VALUE "pickle.call_of_value" Malicious "calls something that it made itself";
    PICKLE_CALL_ARGUMENTS "pickle.call_arguments" Suspicious "calls a listed name in a way that is not allowed";
    PICKLE_CHANGED_GLOBAL "pickle.changed_global" Malicious "changes an imported module, class or function";
    PICKLE_STATE_DUNDER "pickle.state_dunder" Suspicious "sets a special attribute of an instance";
    PICKLE_PERSISTENT_ID "pickle.persistent_id" Suspicious "uses a persistent id that is no tensor storage";
    PICKLE_NESTED "pickle.nested" Malicious "carries a dangerous pickle inside a string";
    PICKLE_FRAME "pickle.frame" Suspicious "has a frame that lies about its length";
    PICKLE_PROTOCOL "pickle.protocol" Undecided "uses a protocol that is not known";
    PICKLE_BROKEN "pickle.broken" Undecided "ends or breaks in the middle";
    PICKLE_TRAILING "pickle.trailing" Undecided "is followed by bytes that are no pickle";
    PICKLE_LIMIT "pickle.limit" Undecided "goes beyond a limit of the scanner";
    ZIP_TRAVERSAL "zip.traversal" Malicious "has an entry whose name leads out of the directory";
    ZIP_MISMATCH "zip.mismatch" Malicious "has an entry whose local and central headers disagree";
    ZIP_DUPLICATE "zip.duplicate" Malicious "has two entries of one name";
    ZIP_OVERLAP "zip.overlap" Malicious "has entries that share bytes";
    ZIP_UNLISTED "zip.unlisted" Suspicious "has bytes that belong to no entry";
    ZIP_ENCRYPTED "zip.encrypted" Undecided "has an entry that says it is encrypted";
    ZIP_CRC "zip.crc" Suspicious "has an entry whose checksum is wrong";
    ZIP_LINK "zip.link" Suspicious "has an entry that is a link or a device";
    ZIP_METHOD "zip.method" Undecided "has an entry of a compression method that is not read";
    ZIP_BROKEN "zip.broken" Undecided "is no whole zip archive";
    TAR_TRAVERSAL "tar.traversal" Malicious "has a member whose name leads out of the directory";
    TAR_LINK "tar.link" Suspicious "has a link whose target leads out of the directory";
    TAR_DEVICE "tar.device" Suspicious "has a device or a pipe among its members";
    TAR_DUPLICATE "tar.duplicate" Suspicious "has two members of one name";
    TAR_BROKEN "tar.broken" Undecided "is no whole tar archive";
    ARCHIVE_DEPTH "archive.depth" Undecided "is nested deeper than the scanner follows";
    ARCHIVE_LIMIT "archive.limit" Undecided "holds more than the scanner reads";
    ARCHIVE_UNSUPPORTED "archive.unsupported" Undecided "is an archive of a kind that is not read";
    STREAM_BOMB "stream.bomb" Suspicious "inflates beyond all reason";
    STREAM_BROKEN "stream.broken" Undecided "is compressed and cannot be inflated to its end";
    FILE_POLYGLOT "file.polyglot" Suspicious "is of two kinds at once";
    FILE_UNKNOWN "file.unknown" Undecided "is of a kind that the scanner does not know";
    FILE_UNREADABLE "file.unreadable" Undecided "cannot be read";
    FILE_CODE "file.code" Suspicious "is program code or a native library";
    NPY_BROKEN "npy.broken" Undecided "has an array header or length that does not hold";
    NPY_HEADER "npy.header" Undecided "has an array header longer than numpy reads";
    TORCH_CODE "torch.code" Suspicious "carries code in torch's script";
    KERAS_LAMBDA "keras.lambda" Malicious "has a layer that holds marshalled code";
    KERAS_UNSAFE "keras.unsafe" Malicious "switches the safe mode off or calls a dangerous function";
    KERAS_MODULE "keras.module" Suspicious "names a module outside of the framework";
    KERAS_BROKEN "keras.broken" Undecided "has a configuration that cannot be read";
    HDF5_EXTERNAL "hdf5.external" Suspicious "may take data from another file";
    HDF5_LIMIT "hdf5.limit" Undecided "has a configuration larger than the scanner reads";
    ONNX_EXTERNAL_PATH "onnx.external_path" Malicious "takes tensor data from outside of its directory";
    ONNX_CUSTOM_DOMAIN "onnx.custom_domain" Suspicious "uses operators that a plug-in has to bring";
    ONNX_PYTHON "onnx.python" Malicious "has an operator that runs Python";
    ONNX_BROKEN "onnx.broken" Undecided "is no whole ONNX model";
    GGUF_TEMPLATE "gguf.template" Malicious "has a chat template that reaches into Python";
    GGUF_BROKEN "gguf.broken" Undecided "has a header that does not hold";
    GGUF_LIMIT "gguf.limit" Undecided "has a chat template that is longer than is read";
    SAVEDMODEL_FILE "savedmodel.file" Malicious "has an operator that reads or writes files";
    SAVEDMODEL_PYTHON "savedmodel.python" Malicious "has an operator that runs Python";
    SAVEDMODEL_BROKEN "savedmodel.broken" Undecided "is no whole saved model";
    SAFETENSORS_BROKEN "safetensors.broken" Undecided "has a header that does not hold";
    SAFETENSORS_DUPLICATE "safetensors.duplicate" Suspicious "has a header with two members of one name";
    SKOPS_TYPE "skops.type" Suspicious "names a type that no allowlist names";
    SKOPS_DANGEROUS "skops.dangerous" Malicious "names a type that runs code";
    SKOPS_BROKEN "skops.broken" Undecided "has a schema that cannot be read";
    YAML_TAG "yaml.tag" Malicious "has a tag that makes Python call something";
    HYDRA_TARGET "hydra.target" Malicious "has a `_target_` that runs code";
    HYDRA_UNKNOWN "hydra.unknown" Suspicious "has a `_target_` that no allowlist names";
    CONFIG_TEMPLATE "config.template" Malicious "has a chat template that reaches into Python";
    CONFIG_REMOTE_CODE "config.remote_code" Suspicious "asks for code that comes with the model";
    CONFIG_SHARD_PATH "config.shard_path" Malicious "names a shard outside of its directory";
    CONFIG_BROKEN "config.broken" Undecided "looks like JSON and cannot be read";
    CONFIG_LIMIT "config.limit" Undecided "is a text longer than the scanner reads";
    MLFLOW_DANGEROUS "mlflow.dangerous" Malicious "names a loader that runs code";
    MLFLOW_LOADER "mlflow.loader" Suspicious "names a loader that no allowlist names";
    MLFLOW_CODE "mlflow.code" Suspicious "asks for code that comes with the model";
    MLFLOW_BROKEN "mlflow.broken" Undecided "describes flavors and cannot be read";
}

/// The rule of this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The sections `### id` of the document, each with its weight on the next line that is not empty.
    fn documented() -> BTreeSet<(String, String)> {
        let text = include_str!("../../../../docs/scan-rules.md");
        let mut lines = text.lines();
        let mut found = BTreeSet::new();
        while let Some(line) = lines.next() {
            if let Some(id) = line.strip_prefix("### ") {
                let body: Vec<&str> = lines
                    .clone()
                    .take_while(|line| !line.starts_with('#'))
                    .filter(|line| !line.is_empty())
                    .collect();
                let part = |start: &str| body.iter().any(|line| line.starts_with(start));
                assert!(part("*What.* "), "{id} does not say what it is");
                assert!(part("*Why.* "), "{id} does not say why");
                assert!(part("*Do.* "), "{id} does not say what to do");
                found.insert((id.to_owned(), body[0].to_owned()));
            }
        }
        found
    }

    #[test]
    fn every_rule_is_documented_and_every_documented_rule_exists() {
        let code: BTreeSet<_> = RULES
            .iter()
            .map(|rule| (rule.id.to_owned(), format!("Weight: {}.", rule.severity)))
            .collect();
        assert_eq!(code.len(), RULES.len(), "two rules of one id");
        assert_eq!(code, documented());
        for rule in RULES {
            assert_eq!(super::rule(rule.id), Some(*rule));
        }
        assert!(RULES.iter().all(|known| known.id != "no.rule"));
    }
}
