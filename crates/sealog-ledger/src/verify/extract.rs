//! Verifying an extract: its checkpoint with pinned keys, and every line against it (`docs/formats/export.md`).

mod batch;
mod line;

use std::io::BufRead;

use sealog_core::entry::EntryFacts;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::{Ref, Tape, Value};
use sealog_core::tlog::checkpoint::{self, CheckpointError, VerifiedCheckpoint};
use sealog_core::tlog::note::NoteError;
use sealog_core::tlog::vkey::VerifierKey;

use super::pipeline;
use crate::error::Error;
use crate::export::EXPORT_FORMAT;
use crate::read::Entry;
use batch::{Lines, Proved, proved};
use line::Prover;

/// An extract of which every entry is in a tree that a pinned key signed. Says nothing of entries that it leaves out.
#[derive(Debug, Clone)]
pub struct VerifiedExtract {
    checkpoint: VerifiedCheckpoint,
    query: Value,
    entries: u64,
}

impl VerifiedExtract {
    /// The checkpoint, with the keys that signed it.
    pub const fn checkpoint(&self) -> &VerifiedCheckpoint {
        &self.checkpoint
    }

    /// What was asked for, by the word of whoever wrote the extract.
    pub const fn query(&self) -> &Value {
        &self.query
    }

    /// Entries in it.
    pub const fn entries(&self) -> u64 {
        self.entries
    }
}

/// Verifies an extract with keys that the verifier brought, on all cores. `each` is given every entry whose own proof
/// holds, in their order; the extract as a whole holds only if this returns `Ok`.
///
/// # Errors
/// [`Error::Extract`] with the line and what fails there, or what reading gave.
pub fn verify_extract(
    input: &mut dyn BufRead,
    keys: &[VerifierKey],
    each: &mut dyn FnMut(&Entry),
) -> Result<VerifiedExtract, Error> {
    verify_extract_on(pipeline::threads(None), input, keys, each)
}

/// The same on so many threads.
pub(super) fn verify_extract_on(
    threads: usize,
    input: &mut dyn BufRead,
    keys: &[VerifierKey],
    each: &mut dyn FnMut(&Entry),
) -> Result<VerifiedExtract, Error> {
    let looks = || |_: &Proven<'_>| Ok(());
    read_extract(threads, input, keys, looks, &mut |proven, _, ()| {
        each(&Entry::new(proven.index, proven.entry.to_vec()));
        Ok(())
    })
}

/// An entry of an extract whose own proof holds.
pub(super) struct Proven<'a> {
    pub(super) index: u64,
    pub(super) entry: &'a [u8],
    pub(super) leaf: Hash,
}

/// The same for whoever judges the entries too: `looks` makes what is asked of an entry by itself, on any thread;
/// `each` is given the entries and the answers in order, on this one. A finding of either ends the verification at its
/// line.
pub(super) fn read_extract<Seen: Send, Look: FnMut(&Proven<'_>) -> Result<Seen, Finding>>(
    threads: usize,
    input: &mut dyn BufRead,
    keys: &[VerifierKey],
    looks: impl Fn() -> Look + Sync,
    each: &mut dyn FnMut(&Proven<'_>, &EntryFacts, Seen) -> Result<(), Finding>,
) -> Result<VerifiedExtract, Error> {
    let mut lines = Lines::new(input);
    let head = lines.first()?;
    let head = head.ok_or_else(|| at(1)(malformed("it is empty")))?;
    let (checkpoint, query) = read_head(&mut Tape::new(), &head, keys).map_err(at(1))?;
    let mut first = lines.batch();
    // What is read at once is not worth a thread.
    let threads = if lines.ended() { 1 } else { threads };
    let (mut entries, mut last) = (0, None);
    pipeline::run(
        threads,
        || Ok(first.take().or_else(|| lines.batch())),
        || {
            let mut prover = Prover::new(checkpoint.size(), checkpoint.root());
            let mut look = looks();
            move |batch| proved(batch, &mut prover, &mut look)
        },
        |done: Proved<Seen>| {
            done.each(|number, line, read| {
                let read = read.map_err(at(number))?;
                let proven = read.proven(line);
                if last.is_some_and(|last| proven.index <= last) {
                    let why = "its entries are not in the log's order";
                    return Err(at(number)(malformed(why)));
                }
                last = Some(proven.index);
                entries += 1;
                let seen = read.seen.map_err(at(number))?;
                each(&proven, &read.facts, seen).map_err(at(number))
            })
        },
    )?;
    Ok(VerifiedExtract {
        checkpoint,
        query,
        entries,
    })
}

/// The first line: the checkpoint, verified, and the query.
fn read_head(
    tape: &mut Tape,
    line: &[u8],
    keys: &[VerifierKey],
) -> Result<(VerifiedCheckpoint, Value), Finding> {
    const MEMBERS: [&str; 5] = ["checkpoint", "format", "origin", "query", "size"];
    let head = tape
        .read(line)
        .map_err(|error| malformed(&error.to_string()))?;
    let value = |name| head.member(name);
    let note = value("checkpoint").and_then(Ref::text);
    let origin = value("origin").and_then(Ref::text);
    let size = value("size").and_then(Ref::u64);
    let (Some(note), Some(origin), Some(size), Some(query)) = (note, origin, size, value("query"))
    else {
        return Err(malformed("no first line of an extract"));
    };
    if !head
        .members()
        .map(|(name, _)| name)
        .all(|name| MEMBERS.iter().any(|known| name.is_text(known)))
        || !value("format").is_some_and(|format| format.is_text(EXPORT_FORMAT))
    {
        return Err(malformed("another form or version of an extract"));
    }
    if keys.is_empty() {
        return Err(Finding::new(Code::Unpinned));
    }
    if !keys.iter().any(|key| key.name() == origin) {
        let pinned = keys.first().map_or("", VerifierKey::name);
        return Err(Finding::new(Code::OriginOther).because(pinned, origin));
    }
    let verified =
        checkpoint::verify(note.as_bytes(), &origin, keys).map_err(|error| finding_of(&error))?;
    if verified.size() != size {
        let (expected, found) = (verified.size().to_string(), size.to_string());
        return Err(Finding::new(Code::SizeMismatch).because(expected, found));
    }
    Ok((verified, query.to_value()))
}

fn finding_of(error: &CheckpointError) -> Finding {
    let code = match error {
        CheckpointError::Note(NoteError::NoKnownKey) | CheckpointError::NoLogKey { .. } => {
            Code::KeyNotPinned
        }
        _ => Code::CheckpointSignature,
    };
    Finding::new(code).found(error.to_string())
}

fn malformed(why: &str) -> Finding {
    Finding::new(Code::ExtractMalformed).found(why)
}

fn at(line: u64) -> impl Fn(Finding) -> Error {
    move |finding| Error::Extract {
        line,
        finding: Box::new(finding),
    }
}

#[cfg(test)]
mod tests;
