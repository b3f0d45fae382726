//! Reads a policy, strictly: what is not understood is refused.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use sealog_core::Hash;
use sealog_core::json::{Object, Value};

use super::function::{FieldFunction, Function, by_name};
use super::path::{Path, shown};
use super::pattern::check_pattern;
use super::{Mode, Rule};
use crate::Error;
use crate::catalogue::{CATALOGUE_VERSION, Mask, Need, identifier_type, identifiers};
use crate::limits::{
    APPROVALS_MAX, CANDIDATE_BYTES_MAX, DICTIONARY_WORDS_MAX, POLICY_BYTES_MAX, POLICY_ITEMS_MAX,
};
use crate::scan::{Check, Kind, KindIndex, Recogniser, Scanner, WordSet, Words, folded};

/// The format that a policy names.
pub const FORMAT: &str = "sealog/privacy-policy/v1";
/// The policy of which nothing but the format is written.
const USUAL: &str = r#"{"format":"sealog/privacy-policy/v1"}"#;

/// Members of a policy.
const MEMBERS: &[&str] = &[
    "approvals",
    "default",
    "dictionaries",
    "fields",
    "format",
    "name",
    "patterns",
    "types",
];

/// What a host brings to a policy beside its text.
#[derive(Default)]
pub struct Plugins {
    /// Find what no pattern can; all of them are used.
    pub recognisers: Vec<Arc<dyn Recogniser>>,
    /// Decide about fields; those that the policy names are used.
    pub functions: Vec<Arc<dyn FieldFunction>>,
}

/// A policy that was read and can be applied.
pub struct Policy {
    document: Value,
    digest: Hash,
    scanner: Scanner,
    modes: Vec<Mode>,
    fields: Vec<(Path, Rule)>,
    approvals: usize,
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// The policy that says nothing: every usual type is replaced by its id.
    pub fn usual() -> Result<Self, Error> {
        Self::parse(USUAL.as_bytes(), Vec::new())
    }

    /// Reads a policy; the recognisers are used beside what it names.
    ///
    /// # Errors
    /// As for [`Policy::parse_with`].
    pub fn parse(text: &[u8], recognisers: Vec<Arc<dyn Recogniser>>) -> Result<Self, Error> {
        Self::parse_with(
            text,
            Plugins {
                recognisers,
                functions: Vec::new(),
            },
        )
    }

    /// Reads a policy with all that the host brings to it.
    ///
    /// # Errors
    /// [`Error::Json`], [`Error::Policy`] and [`Error::Limit`] for what is no policy; [`Error::NeedsFunction`] if it
    /// names a function that was not brought.
    pub fn parse_with(text: &[u8], plugins: Plugins) -> Result<Self, Error> {
        if text.len() > POLICY_BYTES_MAX {
            return Err(Error::Limit {
                what: "bytes of a policy",
                limit: POLICY_BYTES_MAX,
            });
        }
        let document = Value::parse(text).map_err(|source| Error::Json { source })?;
        let reader = Reader::new(&document, plugins)?;
        let digest = digest(&document, &reader.recognisers, functions(&reader.fields));
        reader.finish(document, digest)
    }

    /// What stands for this policy in a record: it changes with everything that decides about the outcome.
    pub const fn digest(&self) -> &Hash {
        &self.digest
    }

    /// Persons who have to approve an erasure, each with an approval of their own.
    pub const fn approvals(&self) -> usize {
        self.approvals
    }

    /// The first mode that needs a store of keys beside a ledger, if there is one.
    pub fn needs_keys(&self) -> Option<Mode> {
        let fields = self.fields.iter().filter_map(|(_, rule)| match rule {
            Rule::Mode(mode) => Some(mode),
            Rule::Call(_) => None,
        });
        let mut modes = self.modes.iter().chain(fields);
        modes.find(|mode| mode.needs_keys()).copied()
    }

    /// The policy in canonical form.
    pub fn to_canonical(&self) -> Vec<u8> {
        self.document.to_canonical()
    }

    /// Each type that is looked for, with what is done with it.
    pub fn types(&self) -> impl Iterator<Item = (&str, Mode)> {
        self.modes
            .iter()
            .enumerate()
            .map(|(index, mode)| (self.scanner.id(KindIndex(index)), *mode))
    }

    /// Name and version of each function that it names, by name.
    pub fn functions(&self) -> impl Iterator<Item = (&str, &str)> {
        functions(&self.fields).into_iter()
    }

    /// Whether a rule takes something out of a field within the one at this path.
    pub fn rules_below(&self, path: &[&str]) -> bool {
        let keeps = |rule: &Rule| matches!(rule, Rule::Mode(Mode::Keep));
        let mut fields = self.fields.iter();
        fields.any(|(rule, what)| rule.leads_below(path) && !keeps(what))
    }

    pub(super) const fn scanner(&self) -> &Scanner {
        &self.scanner
    }

    pub(super) fn mode(&self, kind: KindIndex) -> Mode {
        self.modes.get(kind.0).copied().unwrap_or(Mode::Redact)
    }

    /// The rule about a field: the first that fits.
    pub(super) fn field_rule(&self, path: &[String]) -> Option<&Rule> {
        let found = self.fields.iter().find(|(rule, _)| rule.matches(path));
        found.map(|(_, rule)| rule)
    }
}

/// The functions that rules name, with their versions.
fn functions(fields: &[(Path, Rule)]) -> BTreeMap<&str, &str> {
    let named = fields.iter().filter_map(|(_, rule)| match rule {
        Rule::Mode(_) => None,
        Rule::Call(function) => Some((&*function.name, &*function.version)),
    });
    named.collect()
}

fn digest(
    document: &Value,
    recognisers: &[Arc<dyn Recogniser>],
    functions: BTreeMap<&str, &str>,
) -> Hash {
    let mut parts = vec![
        b"sealog/privacy-policy/v1\0".to_vec(),
        CATALOGUE_VERSION.as_bytes().to_vec(),
        vec![0],
        document.to_canonical(),
    ];
    for recogniser in recognisers {
        parts.push(vec![0]);
        let entry = Value::Array(vec![
            Value::from(recogniser.name()),
            Value::from(recogniser.version()),
        ]);
        parts.push(entry.to_canonical());
    }
    for (name, version) in functions {
        parts.push(vec![0]);
        // Three elements, so that no recogniser looks the same.
        let entry = ["call", name, version].map(Value::from);
        parts.push(Value::Array(entry.into()).to_canonical());
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    Hash::of(&parts)
}

pub(super) fn bad(place: &str, why: impl Into<String>) -> Error {
    Error::Policy {
        place: place.to_owned(),
        why: why.into(),
    }
}

fn mode_of(place: &str, value: &Value) -> Result<Mode, Error> {
    match value.as_str() {
        Some("drop") => Ok(Mode::Drop),
        Some("redact") => Ok(Mode::Redact),
        Some("mask") => Ok(Mode::Mask),
        Some("keep") => Ok(Mode::Keep),
        Some("token") => Ok(Mode::Token),
        Some("commit") => Ok(Mode::Commit),
        Some("seal") => Ok(Mode::Seal),
        _ => Err(bad(
            place,
            "a mode is one of drop, redact, mask, token, commit, seal, keep",
        )),
    }
}

/// How many persons have to approve an erasure.
fn approvals_of(value: Option<&Value>) -> Result<usize, Error> {
    let Some(value) = value else {
        return Ok(0);
    };
    let number = value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    number
        .filter(|number| *number <= APPROVALS_MAX)
        .ok_or_else(|| {
            bad(
                "approvals",
                format!("it has to be a number from 0 to {APPROVALS_MAX}"),
            )
        })
}

/// A policy while it is read.
struct Reader {
    approvals: usize,
    default: Mode,
    kinds: Vec<Kind>,
    modes: Vec<Mode>,
    words: Vec<(Box<[u8]>, KindIndex)>,
    fields: Vec<(Path, Rule)>,
    recognisers: Vec<Arc<dyn Recogniser>>,
    functions: BTreeMap<String, Arc<Function>>,
}

impl Reader {
    fn new(document: &Value, plugins: Plugins) -> Result<Self, Error> {
        let object = document
            .as_object()
            .ok_or_else(|| bad("policy", "it has to be an object"))?;
        only(object, MEMBERS, "policy")?;
        if object.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(bad("format", format!("it has to be `{FORMAT}`")));
        }
        if object
            .get("name")
            .is_some_and(|name| name.as_str().is_none())
        {
            return Err(bad("name", "it has to be a string"));
        }
        let default = match object.get("default") {
            Some(mode) => mode_of("default", mode)?,
            None => Mode::Redact,
        };
        let mut recognisers = plugins.recognisers;
        recognisers.sort_by(|left, right| left.name().cmp(right.name()));
        let mut reader = Self {
            approvals: approvals_of(object.get("approvals"))?,
            default,
            kinds: Vec::new(),
            modes: Vec::new(),
            words: Vec::new(),
            fields: Vec::new(),
            recognisers,
            functions: by_name(plugins.functions)?,
        };
        reader.types(object.get("types"))?;
        for item in items(object, "patterns")? {
            reader.pattern(item)?;
        }
        for item in items(object, "dictionaries")? {
            reader.dictionary(item)?;
        }
        for item in items(object, "fields")? {
            reader.field(item)?;
        }
        Ok(reader)
    }

    fn finish(mut self, document: Value, digest: Hash) -> Result<Policy, Error> {
        let mut recognisers = Vec::new();
        for recogniser in std::mem::take(&mut self.recognisers) {
            let index = self.add(recogniser.name(), Check::Words, &[], 64, self.default)?;
            recognisers.push((recogniser, index));
        }
        Ok(Policy {
            document,
            digest,
            scanner: Scanner::new(self.kinds, Words::new(&self.words, recognisers)?)?,
            modes: self.modes,
            fields: self.fields,
            approvals: self.approvals,
        })
    }

    /// The types of the catalogue that are looked for.
    fn types(&mut self, rules: Option<&Value>) -> Result<(), Error> {
        let empty = Object::new();
        let rules = match rules {
            None => &empty,
            Some(rules) => rules
                .as_object()
                .ok_or_else(|| bad("types", "it has to be an object"))?,
        };
        if let Some((unknown, _)) = rules.iter().find(|(id, _)| identifier_type(id).is_none()) {
            let why = format!("no identifier type is called `{}`", shown(unknown));
            return Err(bad("types", why));
        }
        for identifier in identifiers() {
            let mut kind = Kind::built_in(identifier);
            let mode = match rules.get(identifier.id()) {
                None if identifier.is_usual() => self.default,
                None => Mode::Keep,
                Some(Value::Object(rule)) => {
                    only(rule, &["context", "mode"], identifier.id())?;
                    match rule.get("context").map(Value::as_str) {
                        None | Some(Some("needed")) => {}
                        Some(Some("not needed")) => kind.need = Need::Nothing,
                        Some(_) => {
                            return Err(bad(
                                identifier.id(),
                                "context is `needed` or `not needed`",
                            ));
                        }
                    }
                    match rule.get("mode") {
                        Some(mode) => mode_of(identifier.id(), mode)?,
                        None => self.default,
                    }
                }
                Some(mode) => mode_of(identifier.id(), mode)?,
            };
            if mode != Mode::Keep {
                self.kinds.push(kind);
                self.modes.push(mode);
            }
        }
        Ok(())
    }

    fn pattern(&mut self, item: &Object) -> Result<(), Error> {
        only(item, &["id", "mode", "pattern", "words"], "patterns")?;
        let id = text(item, "id", "patterns")?;
        let pattern = text(item, "pattern", "patterns")?;
        check_pattern(pattern)?;
        let words = match item.get("words") {
            None => Vec::new(),
            Some(words) => strings(words, "words", POLICY_ITEMS_MAX)?,
        };
        let mode = match item.get("mode") {
            Some(mode) => mode_of("patterns", mode)?,
            None => self.default,
        };
        self.add(id, Check::Pattern(pattern.into()), &words, 95, mode)?;
        Ok(())
    }

    fn dictionary(&mut self, item: &Object) -> Result<(), Error> {
        only(item, &["id", "mode", "words"], "dictionaries")?;
        let id = text(item, "id", "dictionaries")?;
        let mode = match item.get("mode") {
            Some(mode) => mode_of("dictionaries", mode)?,
            None => self.default,
        };
        let words = item
            .get("words")
            .ok_or_else(|| bad("dictionaries", "`words` is missing"))?;
        let words = strings(words, "dictionaries", DICTIONARY_WORDS_MAX)?;
        let index = self.add(id, Check::Words, &[], 65, mode)?;
        for word in words {
            let word = folded(word);
            if word.is_empty() || word.len() > CANDIDATE_BYTES_MAX {
                let why = format!("a word has 1 to {CANDIDATE_BYTES_MAX} bytes");
                return Err(bad("dictionaries", why));
            }
            self.words.push((word, index));
        }
        Ok(())
    }

    fn field(&mut self, item: &Object) -> Result<(), Error> {
        only(item, &["call", "mode", "path"], "fields")?;
        let path = Path::parse(text(item, "path", "fields")?)?;
        let rule = match (item.get("mode"), item.get("call")) {
            (Some(_), Some(_)) => {
                return Err(bad("fields", "`mode` and `call` exclude each other"));
            }
            (None, None) => return Err(bad("fields", "`mode` is missing, or `call`")),
            (None, Some(_)) => {
                let name = text(item, "call", "fields")?;
                let function = self.functions.get(name);
                Rule::Call(Arc::clone(
                    function.ok_or_else(|| Error::NeedsFunction { name: shown(name) })?,
                ))
            }
            (Some(mode), None) => Rule::Mode(mode_of("fields", mode)?),
        };
        if matches!(rule, Rule::Mode(Mode::Mask)) {
            return Err(bad(
                "fields",
                "a whole field has no mask: drop, redact, token, commit, seal or keep it",
            ));
        }
        self.fields.push((path, rule));
        Ok(())
    }

    /// Adds a type of the user.
    fn add(
        &mut self,
        id: &str,
        check: Check,
        words: &[&str],
        rank: u8,
        mode: Mode,
    ) -> Result<KindIndex, Error> {
        let is_id = (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if !is_id {
            let why = format!("`{}` is no id: 1 to 64 of A-Z, 0-9 and _", shown(id));
            return Err(bad("id", why));
        }
        let taken = self.kinds.iter().any(|kind| &*kind.id == id) || identifier_type(id).is_some();
        if taken {
            return Err(bad("id", format!("`{id}` is taken")));
        }
        if mode == Mode::Keep {
            let why = format!("`{id}` would be looked for and kept: give it another mode");
            return Err(bad("id", why));
        }
        let index = KindIndex(self.kinds.len());
        self.kinds.push(Kind {
            id: id.into(),
            check,
            need: if words.is_empty() {
                Need::Nothing
            } else {
                Need::Word
            },
            words: WordSet::of(words.iter().copied()),
            mask: Mask::Whole,
            rank,
        });
        self.modes.push(mode);
        Ok(index)
    }
}

fn only(object: &Object, known: &[&str], place: &str) -> Result<(), Error> {
    match object.iter().find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => Err(bad(place, format!("`{}` is unknown", shown(name)))),
        None => Ok(()),
    }
}

fn items<'v>(object: &'v Object, name: &str) -> Result<Vec<&'v Object>, Error> {
    let Some(list) = object.get(name) else {
        return Ok(Vec::new());
    };
    let list = list
        .as_array()
        .ok_or_else(|| bad(name, "it has to be a list"))?;
    if list.len() > POLICY_ITEMS_MAX {
        return Err(Error::Limit {
            what: "items of a policy",
            limit: POLICY_ITEMS_MAX,
        });
    }
    let objects: Option<Vec<&Object>> = list.iter().map(Value::as_object).collect();
    objects.ok_or_else(|| bad(name, "each item has to be an object"))
}

fn text<'v>(object: &'v Object, name: &str, place: &str) -> Result<&'v str, Error> {
    let found = object.get(name).and_then(Value::as_str);
    found.ok_or_else(|| bad(place, format!("`{name}` is missing or no string")))
}

fn strings<'v>(value: &'v Value, place: &str, limit: usize) -> Result<Vec<&'v str>, Error> {
    let list = value
        .as_array()
        .ok_or_else(|| bad(place, "`words` has to be a list"))?;
    if list.len() > limit {
        return Err(Error::Limit {
            what: "words of a policy",
            limit,
        });
    }
    let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
    texts.ok_or_else(|| bad(place, "each word has to be a string"))
}
