//! Turns `kinds.json` into the static tables of `sealog_core::kinds`.
//!
//! What this program does not understand fails the build: a member, type or pattern that appears in the file one
//! day must be given its check by hand before anything compiles again.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use serde_json::{Map, Value};

type Json = Map<String, Value>;
type Result<T> = std::result::Result<T, String>;

/// The regular expressions of the file and the matcher (`kinds::Form`) written for each.
const PATTERNS: [(&str, &str); 5] = [
    ("^[0-9a-f]{64}$", "Hex64"),
    ("^[0-9a-f]{32}$", "Hex32"),
    (
        "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        "Uuid7",
    ),
    ("^[0-9]+\\.[0-9]+\\.[0-9]+$", "Version"),
    ("^[A-Za-z0-9+/]{86}==$", "SignatureBase64"),
];

/// Constraints that the file states in words: field, the words that its meaning must still have, matcher.
const WORDS: [(&str, &str, &str); 10] = [
    (
        "record.kind",
        "reverse-domain form with at least two dots",
        "Kind",
    ),
    ("record.body", "The fields of the kind", "AnyObject"),
    (
        "record.personal_commitments",
        "never an empty list",
        "NotEmpty",
    ),
    (
        "record.payloads",
        "Evidence kept with the record",
        "NotEmpty",
    ),
    ("record.payloads.digest", "SHA-256", "Sha256"),
    (
        "record.payloads.inline",
        "base64, at most 43,692 characters",
        "InlineBase64",
    ),
    ("record.privacy.counts", "Finds per type", "Counts"),
    (
        "record.corrects.leaf",
        "leaf hash, bare lowercase hex",
        "Hex64",
    ),
    (
        "config.changed.bands",
        "half-open ranges of the score",
        "NotEmpty",
    ),
    (
        "context.source.trust_level",
        "from 0 (hostile) to 1 (own)",
        "UnitInterval",
    ),
];

/// Kinds with rules between their fields (`kinds::rules`), which a table cannot hold.
const RULES: [(&str, &str); 9] = [
    ("decision", "Decision"),
    ("config.changed", "ConfigChanged"),
    ("ledger.created", "LedgerCreated"),
    ("key.event", "KeyEvent"),
    ("epoch.sealed", "EpochSealed"),
    ("log.state", "LogState"),
    ("gap.declared", "SeqRange"),
    ("erasure.executed", "IndexRange"),
    ("retention.disposed", "IndexRange"),
];

/// Fields that a rule or a reader needs: the walk over the members lays them aside (`kinds::found`).
const SLOTS: [(&str, &str); 26] = [
    ("record.body", "Body"),
    ("record.kind", "Kind"),
    ("record.payloads", "Payloads"),
    ("record.personal_commitments", "PersonalCommitments"),
    ("record.producer_run", "ProducerRun"),
    ("record.producer_seq", "ProducerSeq"),
    ("record.record_id", "RecordId"),
    ("record.retention_class", "RetentionClass"),
    ("record.schema_version", "SchemaVersion"),
    ("record.stream_id", "StreamId"),
    ("record.tenant_id", "TenantId"),
    ("log.index", "Index"),
    ("log.prev_checkpoint", "PrevCheckpoint"),
    ("log.prev_hash", "PrevHash"),
    ("log.producer_id", "ProducerId"),
    ("log.recorded_at", "RecordedAt"),
    ("log.seq", "Seq"),
    ("decision.action", "Action"),
    ("decision.config_digest", "ConfigDigest"),
    ("decision.error", "Error"),
    ("decision.label_id", "LabelId"),
    ("decision.label_source", "LabelSource"),
    ("decision.model_id", "ModelId"),
    ("decision.model_reason", "ModelReason"),
    ("decision.model_state", "ModelState"),
    ("decision.score", "Score"),
];

const TOP_MEMBERS: [&str; 14] = [
    "schema_version",
    "as_of",
    "notice",
    "entry",
    "identifier_rule",
    "types",
    "personal",
    "committed",
    "pattern",
    "unknown_fields",
    "names_in_rules",
    "system_id_in_body",
    "written_by",
    "kinds",
];
const KIND_MEMBERS: [&str; 5] = [
    "description",
    "written_by",
    "may_hold_personal_data",
    "fields",
    "note",
];
const FIELD_MEMBERS: [&str; 11] = [
    "name",
    "type",
    "required",
    "written_by",
    "personal",
    "committed",
    "nullable",
    "open",
    "pattern",
    "members",
    "meaning",
];
const TYPES: [&str; 12] = [
    "id",
    "digest",
    "commitment",
    "time",
    "number",
    "integer",
    "string",
    "text",
    "boolean",
    "enum[...]",
    "list[...]",
    "object",
];

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=kinds.json");
    println!("cargo::rerun-if-changed=build.rs");
    let source = fs::read_to_string("kinds.json").map_err(|error| error.to_string())?;
    let file: Value = serde_json::from_str(&source).map_err(|error| error.to_string())?;
    let mut tables = Tables::default();
    tables.file(object(&file, "kinds.json")?)?;
    let directory = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    fs::write(Path::new(&directory).join("kinds.rs"), tables.code)
        .map_err(|error| error.to_string())
}

#[derive(Default)]
struct Tables {
    code: String,
    /// Entries of `WORDS` that a field was found for.
    words_used: Vec<&'static str>,
    /// Entries of `SLOTS` that a field was found for.
    slots_used: Vec<&'static str>,
}

impl Tables {
    fn file(&mut self, file: &Json) -> Result<()> {
        only(file, &TOP_MEMBERS, "kinds.json")?;
        let types = object(member(file, "types")?, "types")?;
        for name in types.keys() {
            known(name, &TYPES, "types")?;
        }
        let entry = object(member(file, "entry")?, "entry")?;
        only(
            entry,
            &["form", "hash", "null", "record", "log", "signature"],
            "entry",
        )?;
        let version = string(file, "schema_version")?;
        self.line(&format!(
            "/// `schema_version` of the `kinds.json` that this crate is built from.\npub const SCHEMA_VERSION: &str = {version:?};"
        ));
        for part in ["record", "log", "signature"] {
            let fields = self.fields(part, member(entry, part)?)?;
            let name = part.to_uppercase();
            self.line(&format!(
                "pub(super) static {name}: &[FieldDef] = {fields};"
            ));
        }
        self.kinds(object(member(file, "kinds")?, "kinds")?)?;
        for (field, _) in SLOTS {
            if !self.slots_used.contains(&field) {
                return Err(format!("{field}: not found, though a rule reads it"));
            }
        }
        for (field, words, _) in WORDS {
            if !self.words_used.contains(&field) {
                return Err(format!(
                    "{field}: not found, or its meaning no longer says {words:?}"
                ));
            }
        }
        Ok(())
    }

    fn line(&mut self, text: &str) {
        self.code.push_str(text);
        self.code.push('\n');
    }

    fn kinds(&mut self, kinds: &Json) -> Result<()> {
        for (name, _) in RULES {
            member(kinds, name)?;
        }
        let mut sorted: Vec<(&String, &Value)> = kinds.iter().collect();
        sorted.sort_by_key(|(name, _)| name.as_bytes());
        let mut rows = String::new();
        for (name, kind) in &sorted {
            rows.push_str(&self.kind(name, object(kind, name)?)?);
            rows.push_str(",\n");
        }
        let count = sorted.len();
        self.line(&format!(
            "pub(super) static KINDS: [KindDef; {count}] = [\n{rows}];"
        ));
        self.line(&position(
            &sorted
                .iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>(),
        ));
        Ok(())
    }

    fn kind(&mut self, name: &str, kind: &Json) -> Result<String> {
        only(kind, &KIND_MEMBERS, name)?;
        let rule = RULES
            .iter()
            .find(|(kind, _)| *kind == name)
            .map_or("None", |(_, rule)| rule);
        let note = kind.get("note").and_then(Value::as_str);
        Ok(format!(
            "KindDef {{ name: {name:?}, description: {:?}, written_by: WrittenBy::{}, \
             may_hold_personal_data: {}, note: {note:?}, rule: Rule::{rule}, fields: {} }}",
            string(kind, "description")?,
            written_by(string(kind, "written_by")?)?,
            boolean(kind, "may_hold_personal_data", None)?,
            self.fields(name, member(kind, "fields")?)?,
        ))
    }

    /// The fields of an object, sorted as canonical JSON sorts its members (their names are ASCII).
    fn fields(&mut self, at: &str, fields: &Value) -> Result<String> {
        let fields = fields
            .as_array()
            .ok_or_else(|| format!("{at}: not a list"))?;
        let mut sorted = Vec::new();
        for field in fields {
            let field = object(field, at)?;
            sorted.push((string(field, "name")?, field));
        }
        sorted.sort_by_key(|(name, _)| name.as_bytes());
        if sorted.is_empty()
            || sorted
                .iter()
                .zip(sorted.iter().skip(1))
                .any(|(a, b)| a.0 == b.0)
        {
            return Err(format!("{at}: no fields, or one of them twice"));
        }
        let mut code = String::from("&[");
        for (name, field) in sorted {
            code.push_str(&self.field(&format!("{at}.{name}"), name, field)?);
            code.push_str(", ");
        }
        Ok(code + "]")
    }

    fn field(&mut self, at: &str, name: &str, field: &Json) -> Result<String> {
        only(field, &FIELD_MEMBERS, at)?;
        if !name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        {
            return Err(format!(
                "{at}: a name of other characters than a-z, 0-9 and _"
            ));
        }
        let kind = string(field, "type")?;
        let committed = boolean(field, "committed", Some(false))?;
        if committed != (kind == "commitment") && field.contains_key("committed") {
            return Err(format!("{at}: committed does not fit the type {kind}"));
        }
        let meaning = string(field, "meaning")?;
        let by = field
            .get("written_by")
            .map(|_| string(field, "written_by"))
            .transpose()?;
        if let Some(by) = by {
            written_by(by)?;
        }
        let slot = match SLOTS.iter().find(|(path, _)| *path == at) {
            Some((path, slot)) => {
                self.slots_used.push(path);
                slot
            }
            // Any body may have one, and it is compared with the record's.
            None if name == "system_id" => "SystemId",
            None => "None",
        };
        Ok(format!(
            "FieldDef {{ name: Name::new({name:?}), slot: Slot::{slot}, of: {}, required: {}, nullable: {}, personal: Personal::{}, \
             form: Form::{}, meaning: {meaning:?} }}",
            self.type_of(at, kind, field)?,
            boolean(field, "required", None)?,
            boolean(field, "nullable", Some(false))?,
            personal(string(field, "personal")?)?,
            self.form(at, kind, field, meaning)?,
        ))
    }

    fn type_of(&mut self, at: &str, kind: &str, field: &Json) -> Result<String> {
        let inside = |prefix| {
            kind.strip_prefix(prefix)
                .and_then(|rest: &str| rest.strip_suffix(']'))
        };
        let open = boolean(field, "open", Some(false))?;
        let is_enum = kind.starts_with("enum[");
        if open && !is_enum {
            return Err(format!("{at}: only an enum can be open"));
        }
        if field.contains_key("members") && !kind.contains("object") {
            return Err(format!("{at}: only an object has members"));
        }
        if let Some(values) = inside("enum[") {
            let values: Vec<&str> = values.split(',').collect();
            return Ok(format!(
                "Type::Enum {{ values: &{values:?}, open: {open} }}"
            ));
        }
        if let Some(item) = inside("list[") {
            return Ok(format!("Type::List(&{})", self.type_of(at, item, field)?));
        }
        let name = match kind {
            "object" => match field.get("members") {
                Some(members) => return Ok(format!("Type::Object({})", self.fields(at, members)?)),
                None => "Map",
            },
            "id" => "Id",
            "digest" => "Digest",
            "commitment" => "Commitment",
            "time" => "Time",
            "number" => "Number",
            "integer" => "Integer",
            "string" => "String",
            "text" => "Text",
            "boolean" => "Boolean",
            _ => return Err(format!("{at}: unknown type {kind}")),
        };
        Ok(format!("Type::{name}"))
    }

    fn form(&mut self, at: &str, kind: &str, field: &Json, meaning: &str) -> Result<&'static str> {
        let by_words = WORDS
            .iter()
            .find(|(path, words, _)| *path == at && meaning.contains(words));
        let by_pattern = match field
            .get("pattern")
            .map(|pattern| pattern.as_str().unwrap_or_default())
        {
            None => None,
            Some(pattern) => Some(
                PATTERNS
                    .iter()
                    .find(|(text, _)| *text == pattern)
                    .ok_or_else(|| format!("{at}: no matcher for the pattern {pattern}"))?,
            ),
        };
        match (by_words, by_pattern) {
            (None, None) => Ok("Any"),
            (Some((path, _, form)), None) => {
                self.words_used.push(path);
                Ok(form)
            }
            (None, Some((_, form))) if ["id", "string"].contains(&kind) => Ok(form),
            _ => Err(format!("{at}: a pattern that has no place here")),
        }
    }
}

/// A function from the name of a kind to its place in the table: by length first, then by comparison.
fn position(names: &[&str]) -> String {
    let mut code = String::from(
        "/// The place of a kind in [`KINDS`].\n\
         #[expect(clippy::too_many_lines, reason = \"one line for each kind\")]\n\
         pub(super) fn position(kind: &str) -> Option<usize> {\n    Some(match kind.len() {\n",
    );
    let mut lengths: Vec<usize> = names.iter().map(|name| name.len()).collect();
    lengths.sort_unstable();
    lengths.dedup();
    for length in lengths {
        let _ = writeln!(code, "        {length} => match kind {{");
        for (index, name) in names
            .iter()
            .enumerate()
            .filter(|(_, name)| name.len() == length)
        {
            let _ = writeln!(code, "            {name:?} => {index},");
        }
        code.push_str("            _ => return None,\n        },\n");
    }
    code + "        _ => return None,\n    })\n}\n"
}

fn written_by(word: &str) -> Result<&'static str> {
    match word {
        "producer" => Ok("Producer"),
        "log" => Ok("Log"),
        "derived" => Ok("Derived"),
        "actor" => Ok("Actor"),
        _ => Err(format!("unknown written_by {word}")),
    }
}

fn personal(word: &str) -> Result<&'static str> {
    match word {
        "none" => Ok("None"),
        "pseudonym" => Ok("Pseudonym"),
        "free_text" => Ok("FreeText"),
        _ => Err(format!("unknown personal {word}")),
    }
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Json> {
    value
        .as_object()
        .ok_or_else(|| format!("{at}: not an object"))
}

fn member<'a>(object: &'a Json, name: &str) -> Result<&'a Value> {
    object.get(name).ok_or_else(|| format!("{name} is missing"))
}

fn string<'a>(object: &'a Json, name: &str) -> Result<&'a str> {
    member(object, name)?
        .as_str()
        .ok_or_else(|| format!("{name} is not a string"))
}

fn boolean(object: &Json, name: &str, absent: Option<bool>) -> Result<bool> {
    match (object.get(name), absent) {
        (None, Some(absent)) => Ok(absent),
        (Some(Value::Bool(value)), _) => Ok(*value),
        _ => Err(format!("{name} is missing or not a boolean")),
    }
}

fn only(object: &Json, names: &[&str], at: &str) -> Result<()> {
    object.keys().try_for_each(|name| known(name, names, at))
}

fn known(name: &str, names: &[&str], at: &str) -> Result<()> {
    if names.contains(&name) {
        Ok(())
    } else {
        Err(format!("{at}: unknown member {name}"))
    }
}

/// Compiled by the crate's tests, which take this file in as a module.
#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn build(change: impl FnOnce(&mut Value)) -> Result<()> {
        let source = include_str!("kinds.json");
        let mut file: Value = serde_json::from_str(source).unwrap();
        change(&mut file);
        Tables::default().file(file.as_object().unwrap())
    }

    #[track_caller]
    fn fails(pointer: &str, value: Value, reason: &str) {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let error = build(|file| match file.pointer_mut(parent).unwrap() {
            Value::Object(object) => {
                object.insert(name.into(), value);
            }
            Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
            _ => panic!("{pointer}"),
        })
        .unwrap_err();
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn the_file_as_it_is_builds() {
        assert_eq!(build(|_| {}), Ok(()));
    }

    #[test]
    fn what_is_not_understood_fails_the_build() {
        let decision = "/kinds/decision/fields/0";
        fails("/colour", json!("blue"), "unknown member colour");
        fails("/types/float", json!("a float"), "unknown member float");
        fails("/entry/footer", json!([]), "unknown member footer");
        fails(
            "/kinds/decision/colour",
            json!("blue"),
            "unknown member colour",
        );
        fails(
            "/kinds/decision/written_by",
            json!("anyone"),
            "unknown written_by anyone",
        );
        fails(
            &format!("{decision}/colour"),
            json!("blue"),
            "unknown member colour",
        );
        fails(
            &format!("{decision}/type"),
            json!("float"),
            "unknown type float",
        );
        fails(
            &format!("{decision}/type"),
            json!("list[float]"),
            "unknown type float",
        );
        fails(
            &format!("{decision}/pattern"),
            json!("^a+$"),
            "no matcher for the pattern",
        );
        fails(
            &format!("{decision}/personal"),
            json!("maybe"),
            "unknown personal maybe",
        );
        fails(
            &format!("{decision}/required"),
            json!("yes"),
            "not a boolean",
        );
        fails(
            &format!("{decision}/open"),
            json!(true),
            "only an enum can be open",
        );
        fails(
            &format!("{decision}/members"),
            json!([]),
            "only an object has members",
        );
        fails(
            &format!("{decision}/committed"),
            json!(true),
            "committed does not fit the type",
        );
        fails(
            &format!("{decision}/name"),
            json!("Größe"),
            "a name of other characters",
        );
        fails(
            &format!("{decision}/name"),
            json!("score"),
            "one of them twice",
        );
    }

    #[test]
    fn a_rule_whose_words_are_gone_fails_the_build() {
        let gone = build(|file| {
            let fields = file.pointer_mut("/kinds/config.changed/fields").unwrap();
            for field in fields.as_array_mut().unwrap() {
                field["meaning"] = json!("something else");
            }
        });
        assert!(gone.unwrap_err().contains("config.changed.bands"));
        let gone = build(|file| {
            file.pointer_mut("/kinds")
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove("key.event");
        });
        assert!(gone.unwrap_err().contains("key.event is missing"));
    }

    #[test]
    fn a_rule_whose_field_is_gone_fails_the_build() {
        for (path, _) in SLOTS
            .into_iter()
            .filter(|(path, _)| path.starts_with("decision."))
        {
            let name = path.trim_start_matches("decision.");
            let gone = build(|file| {
                let fields = file.pointer_mut("/kinds/decision/fields").unwrap();
                fields
                    .as_array_mut()
                    .unwrap()
                    .retain(|field| field["name"] != name);
            });
            assert!(gone.unwrap_err().contains(path));
        }
    }
}
