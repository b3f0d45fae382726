//! What a policy and the data keys do to a record before it is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use sealog_core::commitment::{KeyId, SEALED_FIELD};
use sealog_core::config::digest_text;
use sealog_core::entry::DEFAULT_TENANT;
use sealog_core::json::{FlatObject, Number, Value, push_pointer};
use sealog_core::kinds::{self, FieldDef, Personal, Type, WrittenBy};
use sealog_core::values::Encoder;
use sealog_privacy::policy::{Policy, Reported, Search, Vault, VaultError};
use sealog_privacy::seal::{Sealed, SealedPlace};

use crate::Error;
use crate::draft::{Draft, Payload, PersonalCommitment};
use crate::key_store::Holder;
use crate::keys::LedgerDataKey;
use crate::ledger::Ledger;

/// Tags of encoded values (`docs/formats/values.md`) in which nothing is searched: numbers, times, digests and bytes.
const NOT_SEARCHED: &[&str] = &[
    "$array",
    "$bytes",
    "$complex",
    "$date",
    "$datetime",
    "$decimal",
    "$duration",
    "$float",
    "$int",
    "$str",
    "$time",
    "$unencodable",
    "$uuid",
];
/// Media type of a sealed text.
const TEXT_TYPE: &str = "text/plain";
/// Media type of any other sealed value.
const JSON_TYPE: &str = "application/json";

/// The strings of a body that may hold what somebody typed, told by the fields of its kind: texts, and where a producer
/// writes it single lines too. Of a kind of somebody's own all are searched.
struct BodySearch(Option<&'static kinds::KindDef>);

impl Search for BodySearch {
    fn searches(&self, path: &[String]) -> bool {
        let (Some(kind), Some((first, rest))) = (self.0, path.split_first()) else {
            return true;
        };
        let lines = kind.written_by() == WrittenBy::Producer;
        kind.field(first)
            .is_none_or(|field| searched(field, rest, lines))
    }
}

/// What of the log's own records a policy may touch: texts that people wrote. Everything else the log reads itself.
struct OwnSearch(BodySearch);

impl Search for OwnSearch {
    fn searches(&self, path: &[String]) -> bool {
        self.0.searches(path)
    }

    fn rules(&self, path: &[String], value: &Value) -> bool {
        value.as_str().is_some() && self.searches(path)
    }
}

fn searched(field: &FieldDef, rest: &[String], lines: bool) -> bool {
    let mut of = field.of();
    let mut rest = rest;
    loop {
        match of {
            Type::Text | Type::Map => return true,
            Type::String => return lines || field.personal() == Personal::FreeText,
            Type::List(inner) => {
                of = inner;
                rest = rest.split_first().map_or(&[], |(_, rest)| rest);
            }
            Type::Object(fields) => {
                let Some((name, rest)) = rest.split_first() else {
                    return true;
                };
                let inner = fields.iter().find(|inner| inner.name() == name);
                return inner.is_none_or(|inner| searched(inner, rest, lines));
            }
            _ => return false,
        }
    }
}

/// The strings of an encoded value.
struct ValueSearch;

impl Search for ValueSearch {
    fn searches(&self, path: &[String]) -> bool {
        !path
            .iter()
            .any(|step| NOT_SEARCHED.contains(&step.as_str()))
    }
}

/// What a policy did to a record: the `privacy` member.
#[derive(Debug, Clone)]
pub(crate) struct PrivacyNote {
    pub(crate) policy_digest: String,
    pub(crate) counts: BTreeMap<String, u64>,
}

impl PrivacyNote {
    fn new(policy: &Policy) -> Self {
        Self {
            policy_digest: digest_text(policy.digest()),
            counts: BTreeMap::new(),
        }
    }

    fn add(&mut self, reported: Reported) {
        for (id, count) in reported.counts {
            *self.counts.entry(id).or_default() += count;
        }
        if reported.fields > 0 {
            *self.counts.entry("FIELD".into()).or_default() += reported.fields;
        }
    }

    pub(crate) fn member(&self) -> FlatObject {
        let counts = self.counts.iter().filter_map(|(id, count)| {
            let count = Number::unsigned(*count)?;
            Some((id.as_str(), Value::Number(count)))
        });
        let mut member = FlatObject::new();
        member.insert("counts", counts.collect::<FlatObject>());
        member.insert("policy_digest", &self.policy_digest);
        member
    }
}

/// Makes tokens, commitments and sealed values for one record.
struct RecordVault<'a> {
    ledger: &'a Ledger,
    record_id: &'a str,
    holder: Holder,
    key: Option<Arc<LedgerDataKey>>,
    commitments: Vec<PersonalCommitment>,
    kept: Vec<(String, Value)>,
}

impl<'a> RecordVault<'a> {
    const fn new(
        ledger: &'a Ledger,
        record_id: &'a str,
        holder: Holder,
        key: Option<Arc<LedgerDataKey>>,
    ) -> Self {
        Self {
            ledger,
            record_id,
            holder,
            key,
            commitments: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// The key of the person if the record is about one, else of the tenant, else of the ledger.
    fn key(&mut self) -> Result<Arc<LedgerDataKey>, Error> {
        if let Some(key) = &self.key {
            return Ok(Arc::clone(key));
        }
        let key = if self.is_ledgers() {
            Arc::new(self.ledger.data_key()?.clone())
        } else {
            self.ledger.needed_key_store()?.key_of(&self.holder)?
        };
        self.key = Some(Arc::clone(&key));
        Ok(key)
    }

    fn is_ledgers(&self) -> bool {
        self.holder.subject.is_empty() && self.holder.tenant == DEFAULT_TENANT
    }

    /// Commits to the encoding of a value; an erasure finds the commitment if its key can be destroyed.
    fn committed(&mut self, field: &str, encoding: &[u8]) -> Result<String, Error> {
        let key = self.key()?;
        let salt = key.key.salt(self.record_id, field);
        let commitment = salt.commit(key.id, encoding).to_string();
        if !self.is_ledgers() {
            self.commitments.push(PersonalCommitment {
                field: field.to_owned(),
                commitment: commitment.clone(),
                key_id: key.id.to_string(),
            });
        }
        Ok(commitment)
    }

    fn sealed(
        &mut self,
        name: &str,
        policy: Option<&Policy>,
        value: &[u8],
    ) -> Result<(Vec<u8>, KeyId), Error> {
        let key = self.key()?;
        let place = SealedPlace {
            record_id: self.record_id,
            field: name,
            policy: policy.map(Policy::digest),
        };
        let sealed = Sealed::new(&key.key, key.id, &place, value)?;
        let field = format!("{SEALED_FIELD}{name}");
        if self.commitments.iter().any(|one| one.field == field) {
            // One salt would open both.
            return Err(Error::Argument {
                what: "a payload",
                why: format!("two that are to be sealed are called {name:?}"),
            });
        }
        let encoding = encoding_of(value)?;
        let salt = key.key.salt(self.record_id, &field);
        self.commitments.push(PersonalCommitment {
            field,
            commitment: salt.commit(key.id, &encoding).to_string(),
            key_id: key.id.to_string(),
        });
        Ok((sealed.into_bytes(), key.id))
    }
}

/// What the commitment to a sealed payload commits to: its bytes before they were sealed.
pub(crate) fn encoding_of(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut encoder = Encoder::new();
    let encoding = encoder.bytes(bytes).and_then(|()| encoder.finish());
    encoding.map_err(|source| Error::Argument {
        what: "a value that is to be sealed",
        why: source.to_string(),
    })
}

impl Vault for RecordVault<'_> {
    fn token(&mut self, kind: &str, value: &[u8]) -> Result<String, VaultError> {
        let store = self.ledger.needed_key_store()?;
        Ok(store.token(&self.holder, kind, value)?)
    }

    fn commit(&mut self, path: &str, value: &Value) -> Result<String, VaultError> {
        Ok(self.committed(path, &value.to_canonical())?)
    }

    fn seal(&mut self, path: &str, value: &Value) -> Result<(), VaultError> {
        self.kept.push((path.to_owned(), value.clone()));
        Ok(())
    }
}

/// What the log itself writes: its texts lose what is found in them, and no key is used.
struct WithoutKeys;

impl Vault for WithoutKeys {
    fn token(&mut self, _: &str, _: &[u8]) -> Result<String, VaultError> {
        Ok(String::new())
    }

    fn commit(&mut self, _: &str, _: &Value) -> Result<String, VaultError> {
        Ok("[FIELD]".into())
    }

    fn seal(&mut self, _: &str, _: &Value) -> Result<(), VaultError> {
        Ok(())
    }
}

/// Applies the ledger's policy to a record of a producer, makes its commitments, and seals what is to be sealed.
/// Returns what the record says of it.
pub(crate) fn protect(
    ledger: &Ledger,
    draft: &mut Draft,
    record_id: &str,
) -> Result<Option<PrivacyNote>, Error> {
    let policy = ledger.options().privacy.clone();
    if policy.is_none() && draft.subject.is_none() && draft.commits.is_empty() {
        return Ok(None);
    }
    let (holder, key) = holder_of(ledger, draft)?;
    let is_about_a_person = key.is_some();
    let mut vault = RecordVault::new(ledger, record_id, holder, key);
    let mut note = policy.as_deref().map(PrivacyNote::new);
    if let Some((policy, note)) = policy.as_deref().zip(note.as_mut()) {
        let search = BodySearch(kinds::lookup(&draft.kind));
        clean_body(policy, draft, &search, &mut vault, note)?;
    }
    for commit in std::mem::take(&mut draft.commits) {
        let encoding = match policy.as_deref().zip(note.as_mut()) {
            Some((policy, note)) => clean_value(policy, &commit, &mut vault, note)?,
            None => None,
        };
        let encoding = encoding.as_deref().unwrap_or(&commit.encoding);
        let mut field = String::new();
        push_pointer(&mut field, &commit.member);
        let commitment = vault.committed(&field, encoding)?;
        draft.body.insert(&commit.member, commitment);
    }
    let policy = policy.as_deref();
    for payload in &mut draft.payloads {
        if is_about_a_person {
            let (sealed, key_id) = vault.sealed(&payload.name, policy, &payload.bytes)?;
            payload.bytes = sealed;
            payload.key_id = Some(key_id);
        } else if let Some((policy, note)) = policy.zip(note.as_mut()) {
            clean_payload(policy, payload, &mut vault, note)?;
        }
    }
    for (path, value) in std::mem::take(&mut vault.kept) {
        let canonical = value.to_canonical();
        let (media_type, bytes) = match value.as_str() {
            Some(text) => (TEXT_TYPE, text.as_bytes()),
            None => (JSON_TYPE, canonical.as_slice()),
        };
        let (bytes, key_id) = vault.sealed(&path, policy, bytes)?;
        draft.payloads.push(Payload {
            name: path,
            media_type: media_type.into(),
            bytes,
            key_id: Some(key_id),
        });
    }
    draft.personal_commitments.append(&mut vault.commitments);
    Ok(note)
}

/// Applies a policy to one of the log's own records, without keys.
pub(crate) fn clean_own(policy: &Policy, draft: &mut Draft) -> Result<PrivacyNote, Error> {
    let mut note = PrivacyNote::new(policy);
    let search = OwnSearch(BodySearch(kinds::lookup(&draft.kind)));
    clean_body(policy, draft, &search, &mut WithoutKeys, &mut note)?;
    for payload in &mut draft.payloads {
        clean_payload(policy, payload, &mut WithoutKeys, &mut note)?;
    }
    Ok(note)
}

fn clean_body(
    policy: &Policy,
    draft: &mut Draft,
    search: &dyn Search,
    vault: &mut dyn Vault,
    note: &mut PrivacyNote,
) -> Result<(), Error> {
    let body = Value::Object(draft.body.to_object());
    let (cleaned, reported) = policy
        .redactor()
        .value_with(&body, &[], search, vault)
        .map_err(Error::from_privacy)?;
    note.add(reported);
    match cleaned {
        Value::Object(cleaned) => draft.body = FlatObject::from(cleaned),
        _ => {
            return Err(Error::Argument {
                what: "the privacy policy",
                why: "a rule about the whole body leaves no record".into(),
            });
        }
    }
    Ok(())
}

/// The encoding of a committed value after the policy, if it is another one.
fn clean_value(
    policy: &Policy,
    commit: &crate::draft::Commit,
    vault: &mut dyn Vault,
    note: &mut PrivacyNote,
) -> Result<Option<Vec<u8>>, Error> {
    let value = Value::parse(&commit.encoding).map_err(|source| Error::Argument {
        what: "a value that is to be committed to",
        why: format!("the privacy policy cannot look into it: {source}"),
    })?;
    let (cleaned, reported) = policy
        .redactor()
        .value_with(&value, &[&commit.member], &ValueSearch, vault)
        .map_err(Error::from_privacy)?;
    note.add(reported);
    Ok((cleaned != value).then(|| cleaned.to_canonical()))
}

/// A payload that is text or JSON goes through the policy; of others nothing is known.
fn clean_payload(
    policy: &Policy,
    payload: &mut Payload,
    vault: &mut dyn Vault,
    note: &mut PrivacyNote,
) -> Result<(), Error> {
    let kind = payload.media_type.split(';').next().unwrap_or_default();
    let is_json = kind == JSON_TYPE || kind.ends_with("+json");
    if !is_json && !kind.starts_with("text/") {
        return Ok(());
    }
    let parsed = is_json.then(|| Value::parse(&payload.bytes).ok()).flatten();
    let name = payload.name.trim_start_matches('/').to_owned();
    if is_json && parsed.is_none() && policy.rules_below(&[&name]) {
        // What the rule is to take out would be stored.
        return Err(Error::Argument {
            what: "a payload",
            why: format!(
                "the privacy policy has a rule about a field of `{name}`, which is not readable as JSON"
            ),
        });
    }
    let value = match (&parsed, std::str::from_utf8(&payload.bytes)) {
        (Some(value), _) => value.clone(),
        (None, Ok(text)) => Value::from(text),
        (None, Err(_)) => Value::from(&*String::from_utf8_lossy(&payload.bytes)),
    };
    let (cleaned, reported) = policy
        .redactor()
        .value_with(&value, &[&name], &sealog_privacy::policy::Everything, vault)
        .map_err(Error::from_privacy)?;
    note.add(reported);
    if cleaned != value {
        payload.bytes = match (&parsed, cleaned.as_str()) {
            (None, Some(text)) => text.as_bytes().to_vec(),
            _ => cleaned.to_canonical(),
        };
    }
    Ok(())
}

/// Whose keys a record is under, with the key of the person if it is about one; then it says the person's pseudonym
/// where its kind has a field for it.
fn holder_of(
    ledger: &Ledger,
    draft: &mut Draft,
) -> Result<(Holder, Option<Arc<LedgerDataKey>>), Error> {
    let tenant = draft.tenant_id.as_deref().unwrap_or(DEFAULT_TENANT);
    let Some(subject) = draft.subject.take() else {
        let holder = Holder {
            tenant: tenant.to_owned(),
            subject: String::new(),
        };
        return Ok((holder, None));
    };
    let (holder, key) = ledger.needed_key_store()?.person(tenant, &subject)?;
    let has_field =
        kinds::lookup(&draft.kind).is_none_or(|kind| kind.field("subject_ref").is_some());
    if has_field && !draft.body.contains_key("subject_ref") {
        draft.body.insert("subject_ref", &holder.subject);
    }
    Ok((holder, Some(key)))
}
