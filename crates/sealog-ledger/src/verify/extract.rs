//! Verifying an extract: its checkpoint with pinned keys, and every line against it (`docs/formats/export.md`).

mod line;

use std::io::{BufRead, Read};

use sealog_core::entry::EntryFacts;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::{Ref, Tape, Value};
use sealog_core::limits::EXPORT_LINE_BYTES_MAX;
use sealog_core::tlog::checkpoint::{self, CheckpointError, VerifiedCheckpoint};
use sealog_core::tlog::note::NoteError;
use sealog_core::tlog::vkey::VerifierKey;

use crate::error::Error;
use crate::export::EXPORT_FORMAT;
use crate::read::Entry;
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

/// Verifies an extract with keys that the verifier brought, line by line. `each` is given every entry whose own proof
/// holds; the extract as a whole holds only if this returns `Ok`.
///
/// # Errors
/// [`Error::Extract`] with the line and what fails there, or what reading gave.
pub fn verify_extract(
    input: &mut dyn BufRead,
    keys: &[VerifierKey],
    each: &mut dyn FnMut(&Entry),
) -> Result<VerifiedExtract, Error> {
    read_extract(input, keys, &mut |proven, _| {
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

/// The same for whoever judges the entries too: a finding of `each` ends the verification at its line.
pub(super) fn read_extract(
    input: &mut dyn BufRead,
    keys: &[VerifierKey],
    each: &mut dyn FnMut(&Proven<'_>, &EntryFacts) -> Result<(), Finding>,
) -> Result<VerifiedExtract, Error> {
    let mut lines = Lines {
        input,
        number: 0,
        line: Vec::new(),
    };
    let head = lines.next_line()?;
    let head = head.ok_or_else(|| at(1)(malformed("it is empty")))?;
    let (checkpoint, query) = read_head(&mut Tape::new(), head, keys).map_err(at(1))?;
    let mut reader = Prover::new(checkpoint.size(), checkpoint.root());
    let mut entries = 0;
    let mut last = None;
    loop {
        let number = lines.number + 1;
        let Some(line) = lines.next_line()? else {
            break;
        };
        let (proven, facts) = reader.read(line).map_err(at(number))?;
        if last.is_some_and(|last| proven.index <= last) {
            let why = "its entries are not in the log's order";
            return Err(at(number)(malformed(why)));
        }
        last = Some(proven.index);
        entries += 1;
        each(&proven, &facts).map_err(at(number))?;
    }
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

/// Lines of limited length, each with its newline.
struct Lines<'a> {
    input: &'a mut dyn BufRead,
    number: u64,
    line: Vec<u8>,
}

impl Lines<'_> {
    /// The next line without its newline; `None` after the last.
    fn next_line(&mut self) -> Result<Option<&[u8]>, Error> {
        self.number += 1;
        self.line.clear();
        let most = u64::try_from(EXPORT_LINE_BYTES_MAX).unwrap_or(u64::MAX);
        (&mut *self.input)
            .take(most + 1)
            .read_until(b'\n', &mut self.line)
            .map_err(Error::io("read", "the extract"))?;
        match self.line.pop() {
            None => Ok(None),
            Some(b'\n') => Ok(Some(&self.line)),
            Some(_) if self.line.len() < EXPORT_LINE_BYTES_MAX => Err(at(self.number)(malformed(
                "it was cut off inside this line",
            ))),
            Some(_) => Err(at(self.number)(malformed("the line is too long"))),
        }
    }
}
