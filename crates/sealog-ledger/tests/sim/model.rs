//! What was promised: every receipt and checkpoint that left the ledger, and what must therefore stand in the log.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use sealog_core::hash::Hash;
use sealog_core::json::Value;
use sealog_core::receipt::Receipt;
use sealog_core::tlog::checkpoint;
use sealog_core::tlog::tree::leaf_hash;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::verify::{Against, Report, Request, verify_ledger_on};
use sealog_ledger::{Appended, Draft};
use sealog_store::disk::{Disk, Open};
use sealog_store::{HeadCopy, HeadSlot, layout};

/// A promise that was not kept, in words.
pub(crate) type Broken = String;

/// Everything that left the ledger.
#[derive(Debug)]
pub(crate) struct Model {
    key: VerifierKey,
    /// By `record_id`: the draft, to retry with, and where the record stands.
    settled: BTreeMap<String, (Draft, u64)>,
    /// Records that may or may not be in the log.
    pub(crate) unknown: BTreeMap<String, Draft>,
    /// Records that are certainly not in the log.
    absent: BTreeSet<String>,
    /// By index, each leaf that was acknowledged or that a writer built on.
    leaves: BTreeMap<u64, Hash>,
    /// By size, each root that left, with its note.
    roots: BTreeMap<u64, (Hash, String)>,
}

/// The lines of a log, read without the ledger.
#[derive(Debug, Default)]
struct LogLines {
    leaves: Vec<Hash>,
    record_ids: Vec<String>,
    notes: Vec<String>,
}

/// The newest checkpoint in the files of a log, torn or not; `None` where none can be read.
pub(crate) fn last_note(disk: &dyn Disk, ledger: &Path) -> Option<String> {
    let directory = ledger.join(layout::LOG);
    let names = disk.list(&directory).ok()?;
    let mut last = None;
    for name in names {
        let Some(_) = layout::segment_number(&name) else {
            continue;
        };
        let file = disk.open(&directory.join(&name), Open::Read).ok()?;
        let mut bytes = vec![0; usize::try_from(file.len().ok()?).unwrap()];
        let read = file.read_at(0, &mut bytes).ok()?;
        for line in bytes[..read].split(|byte| *byte == b'\n') {
            let value = Value::parse(line).ok();
            let note = value.as_ref().and_then(|value| value.member("checkpoint"));
            last = note.and_then(Value::as_str).map(ToOwned::to_owned).or(last);
        }
    }
    last
}

impl Model {
    pub(crate) fn new(key: VerifierKey) -> Self {
        Self {
            key,
            settled: BTreeMap::new(),
            unknown: BTreeMap::new(),
            absent: BTreeSet::new(),
            leaves: BTreeMap::new(),
            roots: BTreeMap::new(),
        }
    }

    /// A settled record, to be sent again.
    pub(crate) fn settled(&self, choice: usize) -> Option<&Draft> {
        let position = choice.checked_rem(self.settled.len())?;
        self.settled.values().nth(position).map(|(draft, _)| draft)
    }

    /// A record that may be in the log, to be sent again.
    pub(crate) fn doubtful(&self, choice: usize) -> Option<&Draft> {
        let position = choice.checked_rem(self.unknown.len())?;
        self.unknown.values().nth(position)
    }

    /// An append was acknowledged: its receipt must verify, and must agree with all that left before.
    pub(crate) fn acknowledge(
        &mut self,
        draft: Option<&Draft>,
        appended: &Appended,
    ) -> Result<(), Broken> {
        if let Some(draft) = draft {
            let id = draft.record_id.clone().unwrap();
            if let Some((_, first)) = self.settled.get(&id)
                && (*first != appended.index() || !appended.is_repeat())
            {
                let now = appended.index();
                return Err(format!("retry of {id} at {first} was given {now}"));
            }
            self.unknown.remove(&id);
            self.absent.remove(&id);
            let settled = (draft.clone(), appended.index());
            self.settled.insert(id, settled);
        }
        if appended.is_repeat() {
            // Its receipt is made at the newest checkpoint; the reader's part of the schedule asks for such.
            return Ok(());
        }
        let receipt = appended
            .receipt()
            .map_err(|error| format!("no receipt of an acknowledged record: {error}"))?;
        self.receipt(&receipt)
    }

    /// A receipt left the ledger.
    pub(crate) fn receipt(&mut self, receipt: &Receipt) -> Result<(), Broken> {
        let keys = std::slice::from_ref(&self.key);
        let verified = receipt
            .verify(keys)
            .map_err(|finding| format!("a receipt does not verify: {finding:?}"))?;
        let (index, leaf) = (verified.index(), leaf_hash(receipt.entry()));
        let first = *self.leaves.entry(index).or_insert(leaf);
        if first != leaf {
            return Err(format!("fork: two entries were acknowledged at {index}"));
        }
        self.checkpoint(receipt.note())
    }

    /// A signed checkpoint left the ledger, or stands in it for good.
    pub(crate) fn checkpoint(&mut self, note: &str) -> Result<(), Broken> {
        let keys = std::slice::from_ref(&self.key);
        let verified = checkpoint::verify(note.as_bytes(), self.key.name(), keys)
            .map_err(|error| format!("a checkpoint does not verify: {error}"))?;
        let (size, root) = (verified.size(), *verified.root());
        let known = self.roots.entry(size);
        let (first, _) = known.or_insert_with(|| (root, note.to_owned()));
        if *first != root {
            return Err(format!("fork: two roots are signed for size {size}"));
        }
        Ok(())
    }

    /// An append failed with nothing known.
    pub(crate) fn doubt(&mut self, draft: &Draft) {
        let id = draft.record_id.clone().unwrap();
        if !self.settled.contains_key(&id) {
            self.absent.remove(&id);
            self.unknown.insert(id, draft.clone());
        }
    }

    /// An append was refused: the record is certainly not in the log, unless an earlier try put it there.
    pub(crate) fn refuse(&mut self, draft: &Draft) {
        let id = draft.record_id.clone().unwrap();
        if !self.settled.contains_key(&id) && !self.unknown.contains_key(&id) {
            self.absent.insert(id);
        }
    }

    /// What a verifier says who kept everything that ever left.
    pub(crate) fn verify(&self, disk: Arc<dyn Disk>, ledger: &Path) -> Report {
        let against = self.roots.iter().map(|(size, (_, note))| Against {
            name: format!("size {size}"),
            bytes: note.clone().into_bytes(),
        });
        let request = Request {
            keys: vec![self.key.clone()],
            against: against.collect(),
            threads: std::num::NonZero::new(1),
            ..Request::default()
        };
        verify_ledger_on(disk, ledger, &request, &mut |_| ())
    }

    /// Checks the log after a writer opened it: every promise is kept, and what it shows now is a promise too.
    pub(crate) fn check(
        &mut self,
        disk: &Arc<dyn Disk>,
        ledger: &Path,
        state: &Path,
    ) -> Result<(), Broken> {
        let report = self.verify(Arc::clone(disk), ledger);
        if report.exit() != 0 {
            let (reason, findings) = (report.reason(), report.findings());
            return Err(format!("verify says {reason}: {findings:?}"));
        }
        let lines = LogLines::read(disk, ledger)?;
        for (index, leaf) in &self.leaves {
            if lines.leaves.get(usize::try_from(*index).unwrap()) != Some(leaf) {
                return Err(format!("lost: the acknowledged entry {index} is not there"));
            }
        }
        for (index, leaf) in (0..).zip(&lines.leaves) {
            self.leaves.insert(index, *leaf);
        }
        self.check_records(&lines)?;
        for note in &lines.notes {
            self.checkpoint(note)?;
        }
        let heads = HeadCopy::new(Arc::clone(disk), state, self.key.name());
        for slot in heads.read().map_err(|error| error.to_string())? {
            if let HeadSlot::Note { note, .. } = slot {
                self.checkpoint(&String::from_utf8(note).unwrap())?;
            }
        }
        Ok(())
    }

    fn check_records(&self, lines: &LogLines) -> Result<(), Broken> {
        let mut found = BTreeMap::new();
        for (index, id) in (0..).zip(&lines.record_ids) {
            if let Some(first) = found.insert(id.as_str(), index) {
                return Err(format!("record {id} stands at {first} and {index}"));
            }
        }
        for (id, (_, index)) in &self.settled {
            if found.get(id.as_str()) != Some(index) {
                return Err(format!("lost: record {id} is not at {index}"));
            }
        }
        match self
            .absent
            .iter()
            .find(|id| found.contains_key(id.as_str()))
        {
            Some(id) => Err(format!("record {id} was refused and is in the log")),
            None => Ok(()),
        }
    }
}

impl LogLines {
    fn read(disk: &Arc<dyn Disk>, ledger: &Path) -> Result<Self, Broken> {
        let failed = |error: std::io::Error| format!("cannot read the log: {error}");
        let directory = ledger.join(layout::LOG);
        let mut lines = Self::default();
        let names = disk.list(&directory).map_err(failed)?;
        for name in names
            .iter()
            .filter(|name| layout::segment_number(name).is_some())
        {
            let file = disk
                .open(&directory.join(name), Open::Read)
                .map_err(failed)?;
            let mut bytes = vec![0; usize::try_from(file.len().map_err(failed)?).unwrap()];
            let read = file.read_at(0, &mut bytes).map_err(failed)?;
            bytes.truncate(read);
            let end = bytes
                .iter()
                .rposition(|byte| !matches!(byte, 0 | b'\n'))
                .map_or(0, |last| last + 1);
            for line in bytes[..end]
                .split(|byte| *byte == b'\n')
                .filter(|_| end > 0)
            {
                lines.take(line)?;
            }
        }
        Ok(lines)
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Broken> {
        let value = Value::parse(line).map_err(|error| format!("not a line: {error}"))?;
        if let Some(note) = value.member("checkpoint").and_then(Value::as_str) {
            self.notes.push(note.to_owned());
            return Ok(());
        }
        let id = value
            .member("record")
            .and_then(|record| record.member("record_id"));
        let id = id.and_then(Value::as_str).ok_or("a line without record")?;
        self.record_ids.push(id.to_owned());
        self.leaves.push(leaf_hash(line));
        Ok(())
    }
}
