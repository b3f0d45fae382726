//! Texts that configure a model: JSON of the hub, YAML of Hydra and `NeMo`, Keras's JSON. Any other text is harmless.
//!
//! YAML is not parsed: tags and `_target_` are looked for line by line, which finds more than a parser would.

use sealog_core::json::Value;

use super::allow;
use super::context::Scan;
use super::keras;
use super::mlflow;
use super::rule::{
    CONFIG_BROKEN, CONFIG_LIMIT, CONFIG_REMOTE_CODE, CONFIG_SHARD_PATH, CONFIG_TEMPLATE,
    FILE_UNREADABLE, HYDRA_TARGET, HYDRA_UNKNOWN, YAML_TAG,
};
use crate::formats::archive::leads_out;
use crate::formats::members::document;
use crate::formats::source::Source;

/// What a template needs to leave its sandbox.
const TEMPLATE_WORDS: &[&str] = &[
    "__class__",
    "__globals__",
    "__builtins__",
    "__import__",
    "__subclasses__",
    "__mro__",
    "__base__",
    "__bases__",
    "__init__",
    "__getattribute__",
    "__dict__",
    "__reduce__",
    "__code__",
    "|attr(",
    "| attr(",
    "|attr (",
    "os.popen",
    "os.system",
    "subprocess",
    "cycler.",
    "joiner.",
    "lipsum",
    "namespace.__",
    "self._",
    "\\x5f\\x5f",
    "request.application",
];
/// Modules whose names a Hydra `_target_` may begin with.
const TARGETS: &[&str] = &[
    "torch.nn.",
    "torch.optim.",
    "sklearn.",
    "lightning.",
    "pytorch_lightning.",
    "nemo.collections.",
    "nemo.core.",
    "omegaconf.",
];

/// A word of a chat template that no honest one has.
pub(super) fn template_harm(text: &str) -> Option<&'static str> {
    if !(text.contains("{{") || text.contains("{%")) {
        return None;
    }
    TEMPLATE_WORDS
        .iter()
        .copied()
        .find(|word| text.contains(word))
}

/// Scans a text; the kind for people.
pub(super) fn scan(source: &Source, scan: &mut Scan<'_>) -> &'static str {
    if source.len() > scan.limits.document {
        // A configuration may stand anywhere in it, behind any amount of blanks.
        let most = format!("{} bytes, at most {}", source.len(), scan.limits.document);
        scan.report(&CONFIG_LIMIT, 0, most);
        return "text";
    }
    let bytes = match source.bytes(0, source.len()) {
        Ok(bytes) => bytes,
        Err(error) => {
            scan.report(&FILE_UNREADABLE, 0, error.to_string());
            return "text";
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let begins = text.trim_start_matches('\u{feff}').trim_start();
    if begins.starts_with(['{', '[']) {
        return json(&bytes, &text, scan);
    }
    lines(&text, scan);
    if mlflow::is_one(&bytes) {
        mlflow::scan(&text, scan);
        return "mlmodel";
    }
    "text"
}

fn json(bytes: &[u8], text: &str, scan: &mut Scan<'_>) -> &'static str {
    match document(bytes) {
        Ok(value) => {
            members(&value, None, scan);
            if value.member("class_name").is_some() && value.member("config").is_some() {
                keras::scan_value(&value, scan);
            }
            "json"
        }
        Err(error) => {
            // JSON Lines, a notebook with numbers beyond JSON's, a template: only what asks for code matters.
            lines(text, scan);
            let words = ["auto_map", "chat_template", "class_name", "_target_"];
            if words.iter().any(|word| text.contains(word)) {
                scan.report(&CONFIG_BROKEN, 0, error.0);
            }
            "text"
        }
    }
}

fn members(value: &Value, name: Option<&str>, scan: &mut Scan<'_>) {
    match (name, value) {
        (Some("chat_template" | "template"), Value::String(text)) => {
            if let Some(harm) = template_harm(text) {
                scan.report(
                    &CONFIG_TEMPLATE,
                    0,
                    format!("the chat template has `{harm}`"),
                );
            }
        }
        (Some("auto_map" | "custom_pipelines"), Value::Object(_)) => {
            let detail = "the model's own Python files would be run";
            scan.report(&CONFIG_REMOTE_CODE, 0, detail);
        }
        (Some("weight_map"), Value::Object(shards)) => {
            for shard in shards.iter().filter_map(|(_, shard)| shard.as_str()) {
                if leads_out(shard) {
                    scan.report(&CONFIG_SHARD_PATH, 0, shard.escape_debug().to_string());
                }
            }
        }
        (Some("_target_"), Value::String(target)) => self::target(target, 0, scan),
        _ => {}
    }
    if let Some(object) = value.as_object() {
        for (name, value) in object.iter() {
            members(value, Some(name), scan);
        }
    }
    for value in value.as_array().unwrap_or_default() {
        members(value, name, scan);
    }
}

fn lines(text: &str, scan: &mut Scan<'_>) {
    let mut at = 0u64;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        if !content.starts_with('#') {
            yaml_tag(content, at, scan);
            for (_, rest) in content
                .match_indices("_target_")
                .map(|(place, word)| (place, content.get(place + word.len()..).unwrap_or_default()))
            {
                let rest = rest.trim_start_matches(['"', '\'']).trim_start();
                if let Some(value) = rest.strip_prefix([':', '=']) {
                    let value = value.trim_start().trim_start_matches(['"', '\'']);
                    let end = |char: char| !(char.is_alphanumeric() || char == '.' || char == '_');
                    let value = value.split(end).next().unwrap_or_default();
                    target(value, at, scan);
                }
            }
        }
        at = at.saturating_add(u64::try_from(line.len()).unwrap_or(0));
    }
}

/// Tags that `PyYAML`'s unsafe loaders turn into imports and calls. They stand where a value begins.
fn yaml_tag(line: &str, at: u64, scan: &mut Scan<'_>) {
    for word in [
        "!!python/",
        "!<tag:yaml.org,2002:python/",
        "!python/",
        "tag:yaml.org,2002:python",
    ] {
        let Some(place) = line.find(word) else {
            continue;
        };
        let before = line.get(..place).unwrap_or_default().trim_end();
        let value = before.is_empty()
            || before.ends_with([':', '-', '[', ',', '{', '?', '>'])
            || before.starts_with("%TAG");
        if value {
            let tag = line
                .get(place..)
                .unwrap_or_default()
                .split_whitespace()
                .next();
            return scan.report(&YAML_TAG, at, tag.unwrap_or_default());
        }
    }
}

fn target(target: &str, at: u64, scan: &mut Scan<'_>) {
    let (module, name) = target.rsplit_once('.').unwrap_or(("builtins", target));
    let any_part = |module: &str| {
        let cuts = target.match_indices('.').map(|(cut, _)| cut);
        cuts.filter_map(|cut| module.get(..cut).zip(target.get(cut + 1..)))
            .any(|(module, rest)| {
                let name = rest.split('.').next().unwrap_or_default();
                allow::dangerous(module, name)
            })
    };
    if target.is_empty() {
        return;
    }
    if allow::dangerous(module, name) || any_part(target) {
        scan.report_global(&HYDRA_TARGET, at, (module, name), target);
    } else if !TARGETS.iter().any(|known| target.starts_with(known)) {
        scan.report_global(&HYDRA_UNKNOWN, at, (module, name), target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_only_inside_a_template() {
        assert_eq!(template_harm("__class__"), None);
        assert_eq!(template_harm("{{ x.__class__ }}"), Some("__class__"));
        assert_eq!(
            template_harm("{% for message in messages %}{{ message.content }}{% endfor %}"),
            None
        );
    }
}
