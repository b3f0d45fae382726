//! An extract as JSON Lines: each entry with its proof, under one signed checkpoint (`docs/formats/export.md`).
//!
//! The first line holds the checkpoint, each other line one entry that was asked for. From a line and the checkpoint
//! a receipt can be put together; nothing says that an extract leaves nothing out. The same entries as a table, without
//! proofs, are in `csv`.

mod csv;

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::{Object, Tape, Value};
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::note::Note;

use crate::canopy::{Canopy, Run};
use crate::draft::integer;
use crate::error::Error;
use crate::index::{self, Query};
use crate::ledger::Ledger;
use crate::options::Access;
use crate::read::Leaf;

/// What the first line of an extract calls its format.
pub const EXPORT_FORMAT: &str = "sealog-export/v1";

/// What left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Entries written.
    pub entries: u64,
    /// Entries that were disposed of, whether or not they would have been asked for.
    pub disposed: u64,
    /// Entries that the checkpoint covers.
    pub size: u64,
}

/// How far an export has come, in leaves passed over; there are two passes.
#[derive(Debug, Clone, Copy)]
pub struct ExportProgress {
    /// Leaves so far, of both passes.
    pub done: u64,
    /// Leaves in all, of both passes.
    pub total: u64,
}

/// Takes an entry: its index, its bytes, and the run that it stands in.
type Hand<'a> = dyn FnMut(u64, &[u8], &Run) -> Result<(), Error> + 'a;

/// What an extract stands on: a signed checkpoint, what it states, and the tree under its root.
struct Leaving {
    note: String,
    checkpoint: Checkpoint,
    canopy: Canopy,
}

/// The newest signed checkpoint: the note, and what it states.
pub(crate) fn newest(ledger: &Ledger) -> Result<(String, Checkpoint), Error> {
    let note = ledger.checkpoint()?;
    let damaged = |text: String| Error::Damaged {
        findings: vec![Finding::new(Code::CheckpointMalformed).found(text)],
    };
    let parsed = Note::parse(note.as_bytes()).map_err(|error| damaged(error.to_string()))?;
    let stated = Checkpoint::parse(parsed.text()).map_err(|error| damaged(error.to_string()))?;
    Ok((note, stated))
}

impl Ledger {
    /// Writes the entries that a query asks for, with their proofs; its limit, cursor and order are not looked at.
    /// Reads the whole log twice, never the index, and refuses one that does not hash to its signed root. A ledger
    /// opened for appending seals an epoch first, so that what the extract should hold can be told from the state map.
    pub fn export_jsonl(
        &self,
        query: &Query,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(ExportProgress),
    ) -> Result<Exported, Error> {
        index::check(query)?;
        let leaving = self.checked_to_leave(progress)?;
        write_head(
            out,
            &leaving.note,
            &leaving.checkpoint,
            &index::query_json(query),
        )?;
        let size = leaving.checkpoint.size();
        self.each_of(&leaving, query, progress, &mut |index, text, run| {
            write_entry(out, &leaving.canopy.prove(index, size, run)?, index, text)
        })
    }

    /// Writes the entries that a query asks for as a table for spreadsheets (RFC 4180), with the index of each; its
    /// limit, cursor and order are not looked at. Where the query names a kind, the members of that kind's body have
    /// columns of their own (`docs/formats/export.md`, "As a table"). Reads the log as [`Ledger::export_jsonl`] does.
    pub fn export_csv(
        &self,
        query: &Query,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(ExportProgress),
    ) -> Result<Exported, Error> {
        index::check(query)?;
        let leaving = self.checked_to_leave(progress)?;
        let mut table = csv::Table::begin(query.kind.as_deref(), out)?;
        let exported = self.each_of(&leaving, query, progress, &mut |index, text, _| {
            table.row(index, text)
        })?;
        table.end()?;
        Ok(exported)
    }

    /// The checkpoint that an extract stands under, behind an epoch where this ledger may seal one, and the tree of a
    /// log that hashes to its root.
    fn checked_to_leave(&self, progress: &mut dyn FnMut(ExportProgress)) -> Result<Leaving, Error> {
        if self.access() == Access::Append
            && self.with_state(|state, _| state.entries_since_epoch()) > 1
        {
            self.seal_epoch()?;
        }
        self.make_durable()?;
        let (note, checkpoint) = newest(self)?;
        let (size, root) = (checkpoint.size(), checkpoint.root());
        let total = size.saturating_mul(2);
        let canopy = Canopy::of_log(self.store(), size, root, &mut |done| {
            progress(ExportProgress { done, total });
        })?;
        Ok(Leaving {
            note,
            checkpoint,
            canopy,
        })
    }

    /// Hands over each entry that a query asks for, in the order of the log, with the run that it stands in.
    fn each_of(
        &self,
        leaving: &Leaving,
        query: &Query,
        progress: &mut dyn FnMut(ExportProgress),
        hand: &mut Hand<'_>,
    ) -> Result<Exported, Error> {
        let size = leaving.checkpoint.size();
        let total = size.saturating_mul(2);
        let mut exported = Exported {
            entries: 0,
            disposed: 0,
            size,
        };
        let mut tape = Tape::default();
        leaving.canopy.each_run(self.store(), 0, size, &mut |run| {
            for (index, leaf) in (run.first()..).zip(&run.leaves) {
                let Leaf::Entry(text) = leaf else {
                    exported.disposed += 1;
                    continue;
                };
                if index::selects(query, text, &mut tape) {
                    hand(index, text, run)?;
                    exported.entries += 1;
                }
            }
            let leaves = u64::try_from(run.leaves.len()).unwrap_or(u64::MAX);
            progress(ExportProgress {
                done: size + run.first() + leaves,
                total,
            });
            Ok(())
        })?;
        Ok(exported)
    }

    /// What leaves has to outlast a crash, and nothing may stand behind it that refutes the log.
    pub(crate) fn make_durable(&self) -> Result<(), Error> {
        self.refresh_to_leave()?;
        match self.refused_tail() {
            Some(finding) => Err(Error::Damaged {
                findings: vec![finding],
            }),
            None => Ok(()),
        }
    }
}

/// The first line of an extract.
pub(crate) fn write_head(
    out: &mut dyn Write,
    note: &str,
    checkpoint: &Checkpoint,
    query: &Value,
) -> Result<(), Error> {
    let mut head = Object::new();
    head.insert("checkpoint", note);
    head.insert("format", EXPORT_FORMAT);
    head.insert("origin", checkpoint.origin());
    head.insert("query", query.clone());
    head.insert("size", integer(checkpoint.size())?);
    write_line(out, &Value::Object(head).to_canonical())
}

/// Any other line: `{"entry":...,"index":...,"proof":[...]}`, the entry's bytes as they stand in the log.
pub(crate) fn write_entry(
    out: &mut dyn Write,
    proof: &[Hash],
    index: u64,
    entry: &[u8],
) -> Result<(), Error> {
    let proof = proof
        .iter()
        .map(|hash| Value::from(STANDARD.encode(hash.as_bytes())));
    let proof = Value::Array(proof.collect()).to_canonical();
    let mut text = Vec::with_capacity(entry.len() + proof.len() + 64);
    text.extend_from_slice(b"{\"entry\":");
    text.extend_from_slice(entry);
    text.extend_from_slice(format!(",\"index\":{index},\"proof\":").as_bytes());
    text.extend_from_slice(&proof);
    text.push(b'}');
    write_line(out, &text)
}

fn write_line(out: &mut dyn Write, line: &[u8]) -> Result<(), Error> {
    let written = out.write_all(line).and_then(|()| out.write_all(b"\n"));
    written.map_err(Error::io("write", "the export"))
}
