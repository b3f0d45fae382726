//! Facts of a record: what a producer submitted, read once from its canonical bytes.

use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::effect::{self, Effect};
use super::familiar::Familiar;
use super::reader::EntryError;
use super::{KeyMemo, Span};
use crate::commitment::KeyId;
use crate::config::parse_digest;
use crate::hash::{Hash, decode_hex};
use crate::json::{Ref, Tape};
use crate::kinds::{self, BodySchema, Found, KindDef, SchemaError, Slot, Walked, WrittenBy};
use crate::limits::RECORD_BYTES_MAX;

/// The kind of a record.
#[derive(Debug, Clone, Copy)]
pub enum RecordKind {
    /// A kind of the data file.
    Known(&'static KindDef),
    /// A kind of somebody's own, in reverse-domain form.
    Custom,
    /// A kind that only a later version of the data file knows.
    Newer,
}

/// A payload that a record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadFacts {
    /// SHA-256 of the stored bytes.
    pub digest: Hash,
    /// Stored bytes.
    pub size: u64,
    /// Base64 of the bytes where they stand in the entry.
    pub inline: Option<Span>,
    /// The data key that sealed it.
    pub key_id: Option<KeyId>,
}

/// What the log's rules read of a record; spans lie in the record's bytes.
#[derive(Debug, Clone)]
pub struct RecordFacts {
    /// Its id.
    pub record_id: [u8; 16],
    /// Its kind.
    pub kind: RecordKind,
    /// Whether it follows a newer schema and was not read.
    pub newer_schema: bool,
    /// The state map's key of its stream.
    pub stream: Hash,
    /// Its producer's run.
    pub run: Span,
    /// Its number in the run.
    pub producer_seq: u64,
    /// Its retention class.
    pub retention_class: Span,
    /// Its payloads.
    pub payloads: Vec<PayloadFacts>,
    /// What it means to the log.
    pub effect: Effect,
}

/// Reads records one by one, with buffers that are kept between them. One for each thread.
#[derive(Debug)]
pub struct RecordReader {
    tape: Tape,
    memo: KeyMemo,
    familiar: Familiar,
}

impl RecordReader {
    /// A reader with empty buffers.
    pub fn new() -> Self {
        Self {
            tape: Tape::new(),
            memo: KeyMemo::new(),
            familiar: Familiar::default(),
        }
    }

    /// Checks a record's canonical bytes against the envelope and its kind, and reads the facts.
    ///
    /// # Errors
    /// [`EntryError`] for anything that a verifier would refute without knowing the log.
    pub fn read(&mut self, bytes: &[u8]) -> Result<RecordFacts, EntryError> {
        if let Some(facts) = self.familiar.record(bytes, &mut self.memo) {
            return Ok(facts);
        }
        let record = self.tape.read(bytes).map_err(EntryError::Json)?;
        let facts = RecordFacts::read(record, &mut self.memo)?;
        self.familiar.learn_record(bytes, record, &facts);
        Ok(facts)
    }
}

impl Default for RecordReader {
    fn default() -> Self {
        Self::new()
    }
}

impl RecordFacts {
    /// Reads a record that is part of a text on a tape.
    pub(super) fn read(record: Ref<'_, '_>, memo: &mut KeyMemo) -> Result<Self, EntryError> {
        if record.raw().len() > RECORD_BYTES_MAX {
            return Err(EntryError::RecordTooLong {
                bytes: record.raw().len(),
            });
        }
        let mut walked = Walked::new(record);
        let (def, schema) = match kinds::read_record(record, &mut walked) {
            Ok((def, schema)) => (def, Some(schema)),
            // A later version knows this kind: a verifier cannot decide, and a writer refuses it.
            Err(SchemaError::NewerKind { .. }) => (None, None),
            Err(error) => return Err(EntryError::Schema(error)),
        };
        let kind = match (def, schema) {
            (Some(def), _) => RecordKind::Known(def),
            (None, Some(_)) => RecordKind::Custom,
            (None, None) => RecordKind::Newer,
        };
        let newer_schema = !matches!(schema, Some(BodySchema::Known | BodySchema::Custom));
        let effect = match (def, schema) {
            (Some(def), Some(BodySchema::Known)) => {
                effect::read(def.name(), &walked, record.offset()).map_err(|unreadable| {
                    EntryError::Unreadable {
                        member: unreadable.0,
                    }
                })?
            }
            _ => Effect::None,
        };
        let members = Members(&walked.record);
        let mut record_id = [0; 16];
        parse_uuid(members.bytes(Slot::RecordId, "record_id")?, &mut record_id).ok_or(
            EntryError::Unreadable {
                member: "record_id",
            },
        )?;
        Ok(Self {
            record_id,
            kind,
            newer_schema,
            stream: memo.stream(
                members.bytes(Slot::TenantId, "tenant_id")?,
                members.bytes(Slot::StreamId, "stream_id")?,
            ),
            run: span(record, members.value(Slot::ProducerRun, "producer_run")?)?,
            producer_seq: members
                .value(Slot::ProducerSeq, "producer_seq")?
                .u64()
                .ok_or(EntryError::Unreadable {
                    member: "producer_seq",
                })?,
            retention_class: span(
                record,
                members.value(Slot::RetentionClass, "retention_class")?,
            )?,
            payloads: walked
                .record
                .get(Slot::Payloads)
                .map_or_else(|| Ok(Vec::new()), |list| payloads(record, list))?,
            effect,
        })
    }

    /// Whether only the log itself may write this kind.
    pub fn is_log_kind(&self) -> bool {
        matches!(self.kind, RecordKind::Known(def) if def.written_by() == WrittenBy::Log)
    }

    /// Whether the log's rules read this kind, so that a newer schema of it cannot be stored unread.
    pub fn is_read_by_log(&self) -> bool {
        const READ: [&str; 3] = ["decision", "gap.declared", "log.state"];
        match self.kind {
            RecordKind::Known(def) => {
                def.written_by() == WrittenBy::Log || READ.contains(&def.name())
            }
            RecordKind::Custom | RecordKind::Newer => false,
        }
    }

    /// Whether an entry of this kind may be disposed of. What the log's own rules read must stay.
    pub fn is_disposable(&self) -> bool {
        const KEPT: [&str; 2] = ["gap.declared", "log.state"];
        match self.kind {
            RecordKind::Known(def) => {
                def.written_by() != WrittenBy::Log && !KEPT.contains(&def.name())
            }
            RecordKind::Custom | RecordKind::Newer => true,
        }
    }
}

/// The members of a record that its walk laid aside; all that are read are required, so that none is missing.
struct Members<'f, 't, 'a>(&'f Found<'t, 'a>);

impl<'t, 'a> Members<'_, 't, 'a> {
    fn value(&self, slot: Slot, member: &'static str) -> Result<Ref<'t, 'a>, EntryError> {
        self.0.get(slot).ok_or(EntryError::Unreadable { member })
    }

    fn bytes(&self, slot: Slot, member: &'static str) -> Result<&'a [u8], EntryError> {
        let value = self.value(slot, member)?.plain_bytes();
        value.ok_or(EntryError::Unreadable { member })
    }
}

/// Where the content of a string without escapes lies in the record.
fn span(record: Ref<'_, '_>, value: Ref<'_, '_>) -> Result<Span, EntryError> {
    let text = value.plain_bytes().ok_or(EntryError::Unreadable {
        member: "identifier",
    })?;
    Ok(Span::new(value.offset() - record.offset() + 1, text.len()))
}

fn payloads(record: Ref<'_, '_>, list: Ref<'_, '_>) -> Result<Vec<PayloadFacts>, EntryError> {
    list.elements()
        .map(|item| {
            let unreadable = EntryError::Unreadable { member: "payloads" };
            let digest = item
                .member("digest")
                .and_then(Ref::plain_str)
                .and_then(parse_digest);
            let digest = digest.ok_or_else(|| unreadable.clone())?;
            let size = item.member("size").and_then(Ref::u64).ok_or(unreadable)?;
            let inline = item.member("inline");
            if let Some(inline) = inline {
                check_inline(inline, &digest, size)?;
            }
            let inline = inline.map(|value| span(record, value)).transpose()?;
            let key_id = item.member("key_id").and_then(Ref::plain_str);
            Ok(PayloadFacts {
                digest,
                size,
                inline,
                key_id: key_id.and_then(|id| id.parse().ok()),
            })
        })
        .collect()
}

/// The bytes that stand inline are those that the digest and the size name.
fn check_inline(inline: Ref<'_, '_>, digest: &Hash, size: u64) -> Result<(), EntryError> {
    let bytes = inline
        .plain_bytes()
        .and_then(|text| STANDARD.decode(text).ok());
    let bytes = bytes.ok_or(EntryError::Unreadable { member: "inline" })?;
    if Hash::of(&[&bytes]) == *digest && u64::try_from(bytes.len()) == Ok(size) {
        return Ok(());
    }
    Err(EntryError::InlinePayload)
}

/// Reads a lowercase UUID in its usual form.
pub(super) fn parse_uuid(text: &[u8], out: &mut [u8; 16]) -> Option<()> {
    let text: &[u8; 36] = text.try_into().ok()?;
    let (groups, mut rest) = ([8, 4, 4, 4, 12], text.as_slice());
    let mut out = out.as_mut_slice();
    for (position, length) in groups.into_iter().enumerate() {
        if position > 0 {
            rest = rest.strip_prefix(b"-")?;
        }
        let (hex, behind) = rest.split_at_checked(length)?;
        let (bytes, others) = out.split_at_mut_checked(length / 2)?;
        decode_hex(hex, bytes)?;
        (rest, out) = (behind, others);
    }
    Some(())
}
