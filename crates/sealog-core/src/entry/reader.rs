//! Reading one line of a segment.

use alloc::borrow::ToOwned;
use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::familiar::Familiar;
use super::record::RecordFacts;
use super::{KeyMemo, LOG_PRODUCER, Span};
use crate::error::ErrorKind;
use crate::finding::{Code, Finding};
use crate::hash::Hash;
use crate::json::{JsonError, Ref, Tape};
use crate::kinds::{self, Found, SchemaError, Slot};
use crate::limits::{CHECKPOINT_LINE_BYTES_MAX, ENTRY_BYTES_MAX};
use crate::time::Timestamp;
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::note::Note;
use crate::tlog::tree;

/// Why a line is not a line of a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// It is not canonical JSON.
    #[error("not canonical JSON")]
    Json(#[source] JsonError),
    /// It does not follow the schema.
    #[error("does not follow the schema")]
    Schema(#[source] SchemaError),
    /// Its top-level members are not those of a line.
    #[error("its members are neither log and record, nor checkpoint, nor disposed")]
    Shape,
    /// The line is too long.
    #[error("the line has {bytes} bytes, at most {max} are allowed")]
    TooLong {
        /// Bytes of the line without its newline.
        bytes: usize,
        /// Bytes that are allowed.
        max: usize,
    },
    /// The record is too long.
    #[error(
        "the record has {bytes} bytes, at most {} are allowed",
        crate::limits::RECORD_BYTES_MAX
    )]
    RecordTooLong {
        /// Bytes of the record.
        bytes: usize,
    },
    /// A member that the log's rules read has a value that they cannot read.
    #[error("member {member} cannot be read")]
    Unreadable {
        /// Name of the member.
        member: &'static str,
    },
    /// The bytes of an inline payload are not those that its digest and size name.
    #[error("an inline payload is not what its digest and size name")]
    InlinePayload,
    /// A checkpoint line does not hold a checkpoint.
    #[error("not a checkpoint")]
    Checkpoint,
}

impl EntryError {
    /// Always [`ErrorKind::Malformed`].
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::Malformed
    }

    /// The same as a finding.
    pub fn finding(&self) -> Finding {
        use alloc::string::ToString;
        let (code, found) = match self {
            Self::Json(error) => (Code::LineMalformed, error.to_string()),
            Self::Schema(error) => (Code::EntrySchema, error.to_string()),
            Self::TooLong { .. } => (Code::LineTooLong, self.to_string()),
            Self::RecordTooLong { .. } | Self::Unreadable { .. } => {
                (Code::EntrySchema, self.to_string())
            }
            Self::InlinePayload => (Code::PayloadMismatch, self.to_string()),
            Self::Checkpoint => (Code::CheckpointMalformed, self.to_string()),
            Self::Shape => (Code::LineMalformed, self.to_string()),
        };
        Finding::new(code).found(found)
    }
}

/// What only the log may write of an entry.
#[derive(Debug, Clone, Copy)]
pub struct LogFacts {
    /// Position in the log.
    pub index: u64,
    /// Position in the stream.
    pub seq: u64,
    /// Leaf hash of the stream's previous entry.
    pub prev_hash: Option<Hash>,
    /// When the log took it in.
    pub recorded_at: Timestamp,
    /// Hash of the previous checkpoint line, on the first entry of a group.
    pub prev_checkpoint: Option<Hash>,
    /// The state map's key of the producer's run; none for the log's own records.
    pub run: Option<Hash>,
}

/// A signature on a record.
#[derive(Debug, Clone, Copy)]
pub struct SignatureFacts {
    /// Which key, in the line.
    pub key_id: Span,
    /// The signature.
    pub value: [u8; 64],
}

/// Facts of an entry.
#[derive(Debug, Clone)]
pub struct EntryFacts {
    /// Its leaf hash.
    pub leaf: Hash,
    /// What the log wrote.
    pub log: LogFacts,
    /// What the producer wrote.
    pub record: RecordFacts,
    /// Where the record lies in the line.
    pub record_span: Span,
    /// Who submitted it, in the line.
    pub producer: Span,
    /// The actor's signature, if there is one.
    pub signature: Option<SignatureFacts>,
}

/// Facts of a checkpoint line.
#[derive(Debug, Clone)]
pub struct CheckpointFacts {
    /// SHA-256 of the line.
    pub line_hash: Hash,
    /// The signed note as it stands in the line, unescaped.
    pub note: String,
    /// Its checkpoint.
    pub checkpoint: Checkpoint,
}

/// Facts of a disposed line.
#[derive(Debug, Clone)]
pub struct DisposedFacts {
    /// Index of the record that disposed of it.
    pub by: u64,
    /// Index of the entry that stood here.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: Hash,
    /// Its number in its producer's run.
    pub producer_seq: u64,
    /// When the log had taken it in.
    pub recorded_at: Timestamp,
    /// Its retention class.
    pub retention_class: String,
    /// The state map's key of its producer's run.
    pub run: Hash,
    /// Its number in its stream.
    pub seq: u64,
    /// The state map's key of its stream.
    pub stream: Hash,
}

/// One line of a segment.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "entries are nearly all lines; a box each costs more than it saves"
)]
pub enum Line {
    /// An entry.
    Entry(EntryFacts),
    /// A signed checkpoint.
    Checkpoint(CheckpointFacts),
    /// What is left of an entry that was disposed of.
    Disposed(DisposedFacts),
}

/// Reads lines one by one, with buffers that are kept between them. One for each thread.
#[derive(Debug, Default)]
pub struct LineReader {
    tape: Tape,
    pub(super) memo: KeyMemo,
    pub(super) familiar: Familiar,
}

impl LineReader {
    /// A reader with empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads and checks one line, given without its newline.
    ///
    /// # Errors
    /// Whatever can be refuted without knowing the lines before it.
    pub fn read(&mut self, line: &[u8]) -> Result<Line, EntryError> {
        self.read_as(line, || tree::leaf_hash(line))
    }

    /// The same for whoever hashes many lines at once: `leaf` is the leaf hash of exactly these bytes.
    ///
    /// # Errors
    /// Those of [`LineReader::read`].
    pub fn read_hashed(&mut self, line: &[u8], leaf: Hash) -> Result<Line, EntryError> {
        debug_assert_eq!(leaf, tree::leaf_hash(line), "the hash of another line");
        self.read_as(line, || leaf)
    }

    /// Entries alone are leaves, so that the hash is asked for only of them.
    fn read_as(&mut self, line: &[u8], leaf: impl Fn() -> Hash) -> Result<Line, EntryError> {
        if line.len() > ENTRY_BYTES_MAX {
            return Err(EntryError::TooLong {
                bytes: line.len(),
                max: ENTRY_BYTES_MAX,
            });
        }
        if let Some(facts) = self.familiar.entry(line, &mut self.memo, &leaf) {
            return Ok(Line::Entry(facts));
        }
        self.read_in_full(line, leaf)
    }

    /// The same for a line of any shape.
    pub(super) fn read_in_full(
        &mut self,
        line: &[u8],
        leaf: impl Fn() -> Hash,
    ) -> Result<Line, EntryError> {
        let top = self.tape.read(line).map_err(EntryError::Json)?;
        let mut members = top.members();
        let first = members.next().ok_or(EntryError::Shape)?;
        match first.0.plain_bytes() {
            Some(b"log") => {
                let facts = entry(first.1, members, &mut self.memo, leaf)?;
                self.familiar.learn_line(line, top, &facts);
                Ok(Line::Entry(facts))
            }
            Some(b"checkpoint") if members.next().is_none() => {
                checkpoint(line, first.1).map(Line::Checkpoint)
            }
            Some(b"disposed") if members.next().is_none() => disposed(first.1).map(Line::Disposed),
            _ => Err(EntryError::Shape),
        }
    }
}

fn entry<'t, 'a: 't>(
    log: Ref<'t, 'a>,
    mut rest: impl Iterator<Item = (Ref<'t, 'a>, Ref<'t, 'a>)>,
    memo: &mut KeyMemo,
    leaf: impl Fn() -> Hash,
) -> Result<EntryFacts, EntryError> {
    let named = |member: Option<(Ref<'t, 'a>, Ref<'t, 'a>)>, name| {
        member
            .filter(|(key, _)| key.plain_bytes() == Some(name))
            .map(|(_, value)| value)
    };
    let record = named(rest.next(), b"record".as_slice()).ok_or(EntryError::Shape)?;
    let signature = match rest.next() {
        None => None,
        member => Some(named(member, b"signature".as_slice()).ok_or(EntryError::Shape)?),
    };
    if rest.next().is_some() {
        return Err(EntryError::Shape);
    }
    let mut found = Found::new(log);
    kinds::read_log(log, &mut found).map_err(EntryError::Schema)?;
    let facts = RecordFacts::read(record, memo)?;
    let record_span = Span::new(record.offset(), record.raw().len());
    let (log, producer) = log_facts(&found, facts.run.of(record.raw()), memo)?;
    let signature = signature.map(signature_facts).transpose()?;
    Ok(EntryFacts {
        leaf: leaf(),
        log,
        record: facts,
        record_span,
        producer,
        signature,
    })
}

fn log_facts(
    found: &Found<'_, '_>,
    run: &[u8],
    memo: &mut KeyMemo,
) -> Result<(LogFacts, Span), EntryError> {
    let integer = |slot, member| {
        let value = found.get(slot).and_then(Ref::u64);
        value.ok_or(EntryError::Unreadable { member })
    };
    let hash = |slot| {
        let value = found.get(slot).and_then(Ref::plain_bytes);
        value.and_then(Hash::from_hex_bytes)
    };
    let recorded_at = found
        .get(Slot::RecordedAt)
        .and_then(Ref::plain_bytes)
        .and_then(|text| Timestamp::parse_micros(text).ok());
    let producer = found
        .get(Slot::ProducerId)
        .and_then(|value| Some((value.offset(), value.plain_bytes()?)));
    let (offset, producer) = producer.ok_or(EntryError::Unreadable {
        member: "producer_id",
    })?;
    let facts = LogFacts {
        index: integer(Slot::Index, "index")?,
        seq: integer(Slot::Seq, "seq")?,
        prev_hash: hash(Slot::PrevHash),
        recorded_at: recorded_at.ok_or(EntryError::Unreadable {
            member: "recorded_at",
        })?,
        prev_checkpoint: hash(Slot::PrevCheckpoint),
        run: (producer != LOG_PRODUCER.as_bytes()).then(|| memo.run(producer, run)),
    };
    Ok((facts, Span::new(offset + 1, producer.len())))
}

fn signature_facts(signature: Ref<'_, '_>) -> Result<SignatureFacts, EntryError> {
    kinds::check_signature(signature).map_err(EntryError::Schema)?;
    let unreadable = |member| EntryError::Unreadable { member };
    let key = signature.member("key_id").ok_or(unreadable("key_id"))?;
    let key_id = key.plain_str().ok_or(unreadable("key_id"))?;
    let value = signature.member("value").and_then(Ref::plain_str);
    let bytes = value.and_then(|text| STANDARD.decode(text).ok());
    Ok(SignatureFacts {
        key_id: Span::new(key.offset() + 1, key_id.len()),
        value: bytes
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(unreadable("value"))?,
    })
}

fn checkpoint(line: &[u8], note: Ref<'_, '_>) -> Result<CheckpointFacts, EntryError> {
    if line.len() > CHECKPOINT_LINE_BYTES_MAX {
        return Err(EntryError::TooLong {
            bytes: line.len(),
            max: CHECKPOINT_LINE_BYTES_MAX,
        });
    }
    let note = note.text().ok_or(EntryError::Checkpoint)?.into_owned();
    let parsed = Note::parse(note.as_bytes()).map_err(|_| EntryError::Checkpoint)?;
    let checkpoint = Checkpoint::parse(parsed.text()).map_err(|_| EntryError::Checkpoint)?;
    Ok(CheckpointFacts {
        line_hash: Hash::of(&[line]),
        checkpoint,
        note,
    })
}

/// The members of a disposed line, in canonical order.
const DISPOSED: [&str; 9] = [
    "by",
    "index",
    "leaf",
    "producer_seq",
    "recorded_at",
    "retention_class",
    "run",
    "seq",
    "stream",
];

fn disposed(value: Ref<'_, '_>) -> Result<DisposedFacts, EntryError> {
    let names = value
        .members()
        .map(|(key, _)| key.plain_str().unwrap_or_default());
    if !names.eq(DISPOSED) {
        return Err(EntryError::Shape);
    }
    let unreadable = |member| EntryError::Unreadable { member };
    let integer = |name| {
        value
            .member(name)
            .and_then(Ref::u64)
            .ok_or(unreadable(name))
    };
    let text = |name| {
        value
            .member(name)
            .and_then(Ref::plain_str)
            .ok_or(unreadable(name))
    };
    let hash = |name| Hash::from_hex(text(name)?).ok_or(unreadable(name));
    let recorded_at = Timestamp::parse_micros(text("recorded_at")?.as_bytes());
    Ok(DisposedFacts {
        by: integer("by")?,
        index: integer("index")?,
        leaf: hash("leaf")?,
        producer_seq: integer("producer_seq")?,
        recorded_at: recorded_at.map_err(|_| unreadable("recorded_at"))?,
        retention_class: text("retention_class")?.to_owned(),
        run: hash("run")?,
        seq: integer("seq")?,
        stream: hash("stream")?,
    })
}
