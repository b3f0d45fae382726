//! Telling a retry from another record under the same id.

use sealog_core::json::{Ref, Tape, Value};
use sealog_store::Store;

use crate::Error;
use crate::chunk::{self, Chunks};
use crate::draft::Submission;
use crate::ids::Known;

/// What a retry fills in anew, and what is therefore not compared where the record is not signed.
const FILLED_IN: [&str; 3] = ["occurred_at", "producer_run", "producer_seq"];

/// What stands in the log at the index of an id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Entry(Vec<u8>),
    /// It was disposed of by the record at this index.
    Disposed(u64),
}

/// Reads the line of an entry whose place was known: where the segment was rewritten since, it is looked for there.
pub(crate) fn find(store: &dyn Store, known: &Known) -> Result<Option<Found>, Error> {
    let mut tape = Tape::new();
    let line = read_line(store, known)?;
    if let Some(found) = found(&line, known.index, &mut tape) {
        return Ok(Some(found));
    }
    let member = format!("\"index\":{},\"", known.index);
    let mut chunks = Chunks::new(store, known.place.segment(), 0)?;
    while let Some(chunk) = chunks.next_chunk()? {
        if chunk.segment != known.place.segment() {
            break;
        }
        for line in chunk::lines(&chunk.bytes) {
            if memchr::memmem::find(line.text, member.as_bytes()).is_some()
                && let Some(found) = found(line.text, known.index, &mut tape)
            {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// What a line is, if it is the leaf of this index.
fn found(line: &[u8], index: u64, tape: &mut Tape) -> Option<Found> {
    let top = tape.read(line).ok()?;
    let is_it = |leaf: Ref<'_, '_>| leaf.member("index").and_then(Ref::u64) == Some(index);
    if top.member("log").is_some_and(is_it) {
        return Some(Found::Entry(line.to_vec()));
    }
    let disposed = top.member("disposed").filter(|leaf| is_it(*leaf))?;
    disposed
        .member("by")
        .and_then(Ref::u64)
        .map(Found::Disposed)
}

/// Reads as many bytes from a place as a line had that stood there.
fn read_line(store: &dyn Store, known: &Known) -> Result<Vec<u8>, Error> {
    let length = usize::try_from(known.length).unwrap_or(usize::MAX);
    let mut line = vec![0; length];
    let mut filled = 0;
    while filled < length {
        let at = known.place.offset() + u64::try_from(filled).unwrap_or(u64::MAX);
        let read = store.read(
            known.place.segment(),
            at,
            line.get_mut(filled..).unwrap_or_default(),
        )?;
        if read == 0 {
            break;
        }
        filled += read;
    }
    line.truncate(filled);
    Ok(line)
}

/// Compares an entry in the log with a record about to be appended: `None` if another producer wrote the entry,
/// else whether they are the same record.
pub(crate) fn compare(line: &[u8], record: &Submission) -> Option<bool> {
    let mut tape = Tape::new();
    let entry = tape.read(line).ok()?;
    let producer = entry.member("log")?.member("producer_id")?.plain_str()?;
    if producer != record.author.producer_id {
        return None;
    }
    let stored = entry.member("record")?;
    if record.signature.is_some() || entry.member("signature").is_some() {
        return Some(stored.raw() == record.record);
    }
    let mut mine = Tape::new();
    let mine = mine.read(&record.record).ok()?;
    Some(comparable(stored.to_value()) == comparable(mine.to_value()))
}

fn comparable(record: Value) -> Value {
    let Value::Object(mut record) = record else {
        return record;
    };
    for name in FILLED_IN {
        record.remove(name);
    }
    Value::Object(record)
}
