//! Writing lines. The bytes that are built here are the bytes that are hashed and stored.

use alloc::vec::Vec;

use super::reader::DisposedFacts;
use crate::hash::{Hash, push_hex_bytes};
use crate::json::{self, Number, Object, Value};
use crate::time::Timestamp;

/// What the log writes of an entry.
#[derive(Debug, Clone, Copy)]
pub struct LogMember<'a> {
    /// Position in the log.
    pub index: u64,
    /// Position in the stream.
    pub seq: u64,
    /// Leaf hash of the stream's previous entry; none at seq 0.
    pub prev_hash: Option<&'a Hash>,
    /// When the log took it in.
    pub recorded_at: Timestamp,
    /// Source of that time, an identifier of `kinds.json`.
    pub clock_source: &'a str,
    /// How sure the time is, in milliseconds.
    pub clock_uncertainty_ms: Option<u64>,
    /// Who submitted the record.
    pub producer_id: &'a str,
    /// How that was authenticated, an identifier of `kinds.json`.
    pub producer_assurance: &'a str,
    /// 16 random bytes.
    pub nonce: &'a [u8; 16],
    /// Hash of the previous checkpoint line, on the first entry of a group.
    pub prev_checkpoint: Option<&'a Hash>,
}

/// Bytes that an ordinary `log` member takes with what stands around it, to reserve at once.
const LOG_BYTES: usize = 512;

/// Appends an entry's line, without newline, to `out`. `record` and `signature` are canonical and already checked.
pub fn write_entry(
    out: &mut Vec<u8>,
    log: &LogMember<'_>,
    record: &[u8],
    signature: Option<&[u8]>,
) {
    out.reserve(LOG_BYTES + record.len() + signature.map_or(0, <[u8]>::len));
    out.extend_from_slice(b"{\"log\":{\"clock\":{\"source\":");
    json::write_string(out, log.clock_source);
    out.extend_from_slice(b",\"uncertainty_ms\":");
    match log.clock_uncertainty_ms {
        Some(uncertainty) => push_integer(out, uncertainty),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b"},\"index\":");
    push_integer(out, log.index);
    out.extend_from_slice(b",\"nonce\":\"");
    push_hex_bytes(out, log.nonce);
    out.push(b'"');
    if let Some(hash) = log.prev_checkpoint {
        out.extend_from_slice(b",\"prev_checkpoint\":\"");
        push_hex_bytes(out, hash.as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(b",\"prev_hash\":");
    match log.prev_hash {
        Some(hash) => {
            out.push(b'"');
            push_hex_bytes(out, hash.as_bytes());
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"producer_assurance\":");
    json::write_string(out, log.producer_assurance);
    out.extend_from_slice(b",\"producer_id\":");
    json::write_string(out, log.producer_id);
    out.extend_from_slice(b",\"recorded_at\":\"");
    log.recorded_at.write_micros(out);
    out.extend_from_slice(b"\",\"seq\":");
    push_integer(out, log.seq);
    out.extend_from_slice(b"},\"record\":");
    out.extend_from_slice(record);
    if let Some(signature) = signature {
        out.extend_from_slice(b",\"signature\":");
        out.extend_from_slice(signature);
    }
    out.push(b'}');
}

/// The line of a checkpoint, without newline.
pub fn checkpoint_line(note: &str) -> Vec<u8> {
    let mut line = Vec::with_capacity(note.len() + 32);
    line.extend_from_slice(b"{\"checkpoint\":");
    json::write_string(&mut line, note);
    line.push(b'}');
    line
}

/// The line that stands in place of an entry that was disposed of, without newline.
pub fn disposed_line(facts: &DisposedFacts) -> Vec<u8> {
    let integer = |value: u64| {
        i64::try_from(value)
            .ok()
            .and_then(Number::integer)
            .map_or(Value::Null, Value::Number)
    };
    let mut inner = Object::new();
    inner.insert("by", integer(facts.by));
    inner.insert("index", integer(facts.index));
    inner.insert("leaf", Value::String(facts.leaf.to_hex()));
    inner.insert("producer_seq", integer(facts.producer_seq));
    inner.insert(
        "recorded_at",
        Value::String(facts.recorded_at.format_micros()),
    );
    inner.insert(
        "retention_class",
        Value::String(facts.retention_class.clone()),
    );
    inner.insert("run", Value::String(facts.run.to_hex()));
    inner.insert("seq", integer(facts.seq));
    inner.insert("stream", Value::String(facts.stream.to_hex()));
    let mut line = Object::new();
    line.insert("disposed", Value::Object(inner));
    Value::Object(line).to_canonical()
}

/// The bytes that an actor signs: the record as it stands in the line, bound to this log.
pub fn record_signature_message(origin: &str, record: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(record.len() + origin.len() + 18);
    message.extend_from_slice(b"sealog/record/v1\n");
    message.extend_from_slice(origin.as_bytes());
    message.push(b'\n');
    message.extend_from_slice(record);
    message
}

fn push_integer(out: &mut Vec<u8>, value: u64) {
    json::write_integer(out, value);
}
