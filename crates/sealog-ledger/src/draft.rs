//! Drafts become records: what the producer's side fills in, and the canonical bytes that are submitted.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::commitment::KeyId;
use sealog_core::entry::{DEFAULT_TENANT, GENERAL_STREAM, RecordFacts, RecordKind, RecordReader};
use sealog_core::hash::Hash;
use sealog_core::json::{FlatObject, Number, Object, Value, WriteValue, write_integer};
use sealog_core::kinds;
use sealog_core::limits::PAYLOAD_INLINE_BYTES_MAX;
use sealog_core::time::Timestamp;

use crate::Error;
use crate::privacy::PrivacyNote;

/// How a record came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureMode {
    /// By instrumentation.
    Automatic,
    /// By a person.
    Manual,
    /// From an older log.
    Imported,
}

impl CaptureMode {
    const fn id(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
            Self::Imported => "imported",
        }
    }
}

/// Evidence kept with a record: inline up to 32 KiB, else a file named by its digest.
#[derive(Debug, Clone)]
pub struct Payload {
    /// What it is: a field path or a short name.
    pub name: String,
    /// Media type of the content.
    pub media_type: String,
    /// The bytes to keep.
    pub bytes: Vec<u8>,
    /// The data key that seals the bytes, which are a sealed value then. None: they are as they are, and are sealed if
    /// the record is about a person.
    pub key_id: Option<KeyId>,
}

/// A value that a record does not hold but commits to (design rule 8).
#[derive(Clone)]
pub struct Commit {
    /// The member of the body in which the commitment is to stand.
    pub member: String,
    /// The encoding of the value (`docs/formats/values.md`).
    pub encoding: Arc<[u8]>,
}

impl std::fmt::Debug for Commit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values are what commitments hide.
        write!(f, "Commit({}, {} bytes)", self.member, self.encoding.len())
    }
}

/// An actor's signature on a record, over the bytes that [`crate::Producer::prepare`] gave.
#[derive(Debug, Clone)]
pub struct RecordSignature {
    /// Which key.
    pub key_id: String,
    /// The signature.
    pub value: [u8; 64],
}

/// A commitment under the data key of a subject or a tenant.
#[derive(Debug, Clone)]
pub struct PersonalCommitment {
    /// Path of the field in the body.
    pub field: String,
    /// The commitment that stands there.
    pub commitment: String,
    /// Data key that its salt is derived from.
    pub key_id: String,
}

/// A record under construction. Everything but kind and body is filled in where it is left out.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Kind of the record.
    pub kind: String,
    /// Fields of the kind.
    pub body: FlatObject,
    /// A version 7 UUID of the caller's making, to be able to retry.
    pub record_id: Option<String>,
    /// Version of the schema that the body follows; none: this program's.
    pub schema_version: Option<String>,
    /// The stream; none: the system, else `general`.
    pub stream_id: Option<String>,
    /// The tenant; none: `default`.
    pub tenant_id: Option<String>,
    /// The AI system; none: the body's, else none.
    pub system_id: Option<String>,
    /// When it happened; none: now.
    pub occurred_at: Option<Timestamp>,
    /// How it came about; none: automatic.
    pub capture_mode: Option<CaptureMode>,
    /// Its retention class; none: `default`.
    pub retention_class: Option<String>,
    /// Its number in the producer's run, where it was taken before; none: the next.
    pub producer_seq: Option<u64>,
    /// Commitments under data keys of subjects or tenants.
    pub personal_commitments: Vec<PersonalCommitment>,
    /// The person that the record is about, by whatever name the host knows. It stands nowhere: the record says the
    /// person's pseudonym, and commitments and payloads are under the person's data key.
    pub subject: Option<String>,
    /// Values that it commits to, under the key of the person, else of the tenant, else of the ledger.
    pub commits: Vec<Commit>,
    /// Evidence kept with it.
    pub payloads: Vec<Payload>,
    /// Index and leaf hash of the entry that it corrects.
    pub corrects: Option<(u64, Hash)>,
}

impl Draft {
    /// A draft of this kind and body, with everything else to be filled in.
    pub fn new(kind: &str, body: impl Into<FlatObject>) -> Self {
        Self {
            kind: kind.into(),
            body: body.into(),
            record_id: None,
            schema_version: None,
            stream_id: None,
            tenant_id: None,
            system_id: None,
            occurred_at: None,
            capture_mode: None,
            retention_class: None,
            producer_seq: None,
            personal_commitments: Vec::new(),
            subject: None,
            commits: Vec::new(),
            payloads: Vec::new(),
            corrects: None,
        }
    }
}

/// What the producer's side fills in.
#[derive(Debug)]
pub(crate) struct Filling<'a> {
    pub(crate) record_id: String,
    pub(crate) now: Timestamp,
    pub(crate) run: &'a str,
    pub(crate) seq: u64,
    /// What a privacy policy did to it.
    pub(crate) privacy: Option<PrivacyNote>,
}

/// Who submits records: the same for all of a producer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Author {
    pub(crate) producer_id: String,
    /// How that was authenticated, an identifier of `kinds.json`.
    pub(crate) assurance: String,
}

/// A record ready to be appended: its bytes, and what the log's rules read of them.
#[derive(Debug, Clone)]
pub(crate) struct Submission {
    pub(crate) record: Vec<u8>,
    pub(crate) record_id: String,
    /// Whether the caller chose the id, so that it may be a retry.
    pub(crate) own_id: bool,
    pub(crate) facts: RecordFacts,
    /// Entries that the handle had seen before it looked for the keys of whom the record is about, if it did.
    pub(crate) keys_as_of: Option<u64>,
    /// The state map's key of the producer's run; none for the log's own records.
    pub(crate) run: Option<Hash>,
    pub(crate) author: Arc<Author>,
    pub(crate) signature: Option<RecordSignature>,
    /// The canonical `signature` member.
    pub(crate) signature_member: Option<Vec<u8>>,
}

/// Payload files that must be durable before the record joins a group.
pub(crate) type Files = Vec<(String, Vec<u8>)>;

/// Bytes that the members of a record beside its body take, to reserve at once.
const ENVELOPE_BYTES: usize = 768;

/// Builds the canonical record and the payload files that it names.
pub(crate) fn record_of(draft: Draft, filling: &Filling<'_>) -> Result<(Vec<u8>, Files), Error> {
    let mut files = Files::new();
    let mut body = draft.body;
    let body_system = body.raw("system_id").is_some();
    let system = match draft.system_id {
        None if body_system => body.text("system_id").map(Cow::into_owned),
        system => system,
    };
    if let Some(system) = &system
        && !body_system
        && kinds::lookup(&draft.kind).is_some_and(|kind| kind.field("system_id").is_some())
    {
        body.insert("system_id", system);
    }
    let stream = draft.stream_id.as_deref().or(system.as_deref());
    let mut record = Record::with_body(&body);
    let mode = draft.capture_mode.unwrap_or(CaptureMode::Automatic);
    record.member("capture_mode", mode.id());
    if let Some((index, leaf)) = draft.corrects {
        let mut corrects = FlatObject::new();
        corrects.insert("index", whole(index)?);
        corrects.insert("leaf", leaf.to_hex());
        record.member("corrects", corrects);
    }
    record.member("kind", &draft.kind);
    record.time("occurred_at", draft.occurred_at.unwrap_or(filling.now));
    insert_evidence(
        &mut record,
        draft.payloads,
        draft.personal_commitments,
        &mut files,
    )?;
    if let Some(privacy) = &filling.privacy {
        record.member("privacy", privacy.member());
    }
    record.member("producer_run", filling.run);
    record.integer("producer_seq", draft.producer_seq.unwrap_or(filling.seq))?;
    record.member("record_id", &filling.record_id);
    let class = draft.retention_class.as_deref();
    record.member("retention_class", class.unwrap_or("default"));
    let version = draft.schema_version.as_deref();
    record.member("schema_version", version.unwrap_or(kinds::SCHEMA_VERSION));
    record.member("stream_id", stream.unwrap_or(GENERAL_STREAM));
    record.member("system_id", system.as_deref());
    let tenant = draft.tenant_id.as_deref();
    record.member("tenant_id", tenant.unwrap_or(DEFAULT_TENANT));
    Ok((record.finish(), files))
}

/// A record under construction: its members one after the other, in canonical order.
struct Record(Vec<u8>);

impl Record {
    fn with_body(body: &FlatObject) -> Self {
        let body = body.as_bytes();
        let mut out = Vec::with_capacity(body.len() + ENVELOPE_BYTES);
        out.extend_from_slice(b"{\"body\":");
        out.extend_from_slice(body);
        Self(out)
    }

    /// The names of the members hold nothing that JSON escapes.
    fn key(&mut self, key: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn member(&mut self, key: &str, value: impl WriteValue) {
        self.key(key);
        value.write_value(&mut self.0);
    }

    fn time(&mut self, key: &str, time: Timestamp) {
        self.key(key);
        self.0.push(b'"');
        time.write_micros(&mut self.0);
        self.0.push(b'"');
    }

    fn integer(&mut self, key: &str, value: u64) -> Result<(), Error> {
        whole(value)?;
        self.key(key);
        write_integer(&mut self.0, value);
        Ok(())
    }

    fn finish(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}

/// Payloads and personal commitments: absent where there are none.
fn insert_evidence(
    record: &mut Record,
    payloads: Vec<Payload>,
    commitments: Vec<PersonalCommitment>,
    files: &mut Files,
) -> Result<(), Error> {
    if !payloads.is_empty() {
        let list = payloads
            .into_iter()
            .map(|payload| payload_member(payload, files));
        record.member("payloads", list.collect::<Result<Vec<_>, _>>()?);
    }
    if !commitments.is_empty() {
        let list = commitments.into_iter().map(|item| {
            let mut member = FlatObject::new();
            member.insert("commitment", item.commitment);
            member.insert("field", item.field);
            member.insert("key_id", item.key_id);
            member
        });
        record.member("personal_commitments", list.collect::<Vec<_>>());
    }
    Ok(())
}

/// Checks a canonical record by every rule that needs no log.
pub(crate) fn check(record: &[u8]) -> Result<RecordFacts, Error> {
    thread_local! {
        static READER: RefCell<RecordReader> = RefCell::default();
    }
    READER.with_borrow_mut(|reader| {
        let facts = reader
            .read(record)
            .map_err(|source| Error::Record { source })?;
        if matches!(facts.kind, RecordKind::Newer) {
            let why = "no version of the schema that this program knows has it".into();
            return Err(Error::Argument {
                what: "the kind",
                why,
            });
        }
        Ok(facts)
    })
}

/// The canonical `signature` member.
pub(crate) fn signature_member(signature: &RecordSignature) -> Vec<u8> {
    let mut member = Object::new();
    member.insert("alg", "ed25519");
    member.insert("key_id", signature.key_id.as_str());
    member.insert("value", STANDARD.encode(signature.value));
    Value::Object(member).to_canonical()
}

fn payload_member(payload: Payload, files: &mut Files) -> Result<FlatObject, Error> {
    let digest = Hash::of(&[&payload.bytes]);
    let mut member = FlatObject::new();
    member.insert("digest", sealog_core::config::digest_text(&digest));
    if payload.bytes.len() <= PAYLOAD_INLINE_BYTES_MAX {
        member.insert("inline", STANDARD.encode(&payload.bytes));
    }
    if let Some(key_id) = payload.key_id {
        member.insert("key_id", key_id.to_string());
    }
    member.insert("media_type", payload.media_type);
    member.insert("name", payload.name);
    member.insert(
        "size",
        whole(u64::try_from(payload.bytes.len()).unwrap_or(u64::MAX))?,
    );
    if payload.bytes.len() > PAYLOAD_INLINE_BYTES_MAX {
        files.push((digest.to_hex(), payload.bytes));
    }
    Ok(member)
}

/// An integer as a value of the log's own records.
pub(crate) fn integer(value: u64) -> Result<Value, Error> {
    whole(value).map(Value::Number)
}

fn whole(value: u64) -> Result<Number, Error> {
    Number::unsigned(value).ok_or_else(|| Error::Argument {
        what: "an integer",
        why: "it exceeds 2^53 - 1".into(),
    })
}
