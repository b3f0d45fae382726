//! One pass over all lines of a log.

mod anchor;
mod conclusion;
mod work;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sealog_core::entry::{Effect, EntryFacts, Erased, Line, RecordKind};
use sealog_core::finding::{Code, Finding, Place, Weight};
use sealog_core::hash::Hash;
use sealog_core::state::{LogState, SignatureCheck};
use sealog_core::tlog::checkpoint;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_store::Store;

use super::payloads::Payloads;
use super::pipeline;
use super::report::{FINDINGS_KEPT, Report};
use super::roots::{Roots, Seen};
use super::times::Times;
use super::trust::Witnessed;
use super::unique::Unique;
use super::{Progress, Request, trust};
use crate::chunk::Chunks;
use crate::error::Error;
use crate::replay::{Applier, Taken};
use work::{Done, ReadChunk, Work};

/// Bytes that are read at once: still in the cache of a core when their lines are hashed, read and taken in.
const PIECE_BYTES: u64 = 256 * 1024;

/// A verification under way.
pub(super) struct Pass<'a> {
    store: &'a dyn Store,
    request: &'a Request,
    pub(super) report: Report,
    applier: Applier,
    unique: Unique,
    failure: Option<Error>,
    /// Findings since the last good checkpoint: refutations if a later checkpoint was signed, else the tail's.
    pending: Vec<Finding>,
    /// Checks of the newest good checkpoint's own signature.
    newest: Vec<SignatureCheck>,
    /// A checkpoint that is signed by the log's key and does not fit the lines before it.
    later_checkpoint: bool,
    /// Where the last good checkpoint line ends, or the copy of it with which a segment begins.
    covered: sealog_store::Place,
    filler: Option<(u64, Place)>,
    last_segment: u64,
    /// Number of the last line taken, in its segment.
    line: u64,
    /// The root at every checkpoint, for anchors.
    checkpoints: Roots,
    /// Records of producers so far, and what was disposed of.
    of_producers: u64,
    /// The last record under which an entry was disposed of.
    disposed_by: Option<u64>,
    /// The largest checkpoint that the policy's quorum cosigned, by the anchors that the log names.
    witnessed: Option<Witnessed>,
    /// Proofs in the shelf of anchors that an entry names.
    named: BTreeSet<Hash>,
    /// Sizes of what the verifier brought, and the roots that the log has there.
    roots: BTreeMap<u64, Option<Hash>>,
    /// What one group adds, kept apart until its checkpoint covers it.
    group: Group,
    payloads: Payloads,
}

/// What the entries of a group that is not covered yet would add to the report.
#[derive(Default)]
struct Group {
    kinds: BTreeMap<String, u64>,
    epochs: u64,
    anchors: u64,
    gaps: u64,
    of_producers: u64,
    erased: Vec<Erased>,
    times: Times,
    witnessed: Option<Witnessed>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(store: &'a dyn Store, request: &'a Request, report: Report) -> Self {
        Self {
            store,
            request,
            report,
            applier: Applier {
                state: LogState::new(""),
            },
            unique: Unique::new(),
            failure: None,
            pending: Vec::new(),
            newest: Vec::new(),
            later_checkpoint: false,
            covered: sealog_store::Place::START,
            filler: None,
            last_segment: 0,
            line: 0,
            checkpoints: Roots::new(),
            of_producers: 0,
            disposed_by: None,
            witnessed: None,
            named: BTreeSet::new(),
            roots: trust::sizes(request),
            group: Group::default(),
            payloads: Payloads::default(),
        }
    }

    /// Reads the log to the end that it had at the beginning.
    pub(super) fn run(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        self.payloads.list(self.store)?;
        let segments = self.store.segments()?;
        for (first, last) in segments.missing() {
            let found = format!("segments {first} to {last}");
            self.report
                .add(Finding::new(Code::SegmentMissing).found(found));
        }
        let bytes_total = segments.iter().map(sealog_store::SegmentInfo::bytes).sum();
        self.last_segment = segments.last().map_or(0, sealog_store::SegmentInfo::number);
        if segments.is_empty() {
            return Ok(());
        }
        let mut chunks = Chunks::new(self.store, 0, 0)?.in_pieces_of(PIECE_BYTES);
        let checks: RefCell<VecDeque<Vec<SignatureCheck>>> = RefCell::default();
        let mut findings = Vec::new();
        pipeline::run(
            pipeline::threads(self.request.threads),
            || match checks.borrow_mut().pop_front() {
                Some(checks) => Ok(Some(Work::Check(checks))),
                None => chunks.next_chunk().map(|chunk| chunk.map(Work::Read)),
            },
            work::worker,
            |done| {
                match done {
                    Done::Checked(found) => findings.extend(found),
                    Done::Read(piece) => {
                        let wanted = self.take(&piece);
                        let wanted = (!wanted.is_empty()).then_some(wanted);
                        checks.borrow_mut().extend(wanted);
                        let entries = self.applier.state.size();
                        progress(Progress {
                            bytes: self.report.bytes,
                            bytes_total,
                            entries,
                        });
                    }
                }
                Ok::<(), Error>(())
            },
        )?;
        findings.sort_by_key(|finding: &Finding| finding.index);
        // What was disposed of since would be missing beside the log, or be read of two files.
        chunks.check()?;
        for finding in findings {
            // Of a record in the tail: one more reason why no group exists there.
            if finding.index.is_some_and(|index| index >= self.report.size) {
                self.pending.push(finding);
            } else {
                self.report.add(finding);
            }
        }
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Whether payload files are not there that an erasure may have deleted while the log was read: its record stands
    /// before the first of them goes, so that a second reading finds it.
    pub(super) fn misses_payloads(&self) -> bool {
        self.payloads.is_any_absent(self.report.size)
    }

    fn take(&mut self, piece: &ReadChunk) -> Vec<SignatureCheck> {
        let mut checks = Vec::new();
        if piece.chunk.offset == 0 {
            self.line = 0;
        }
        for read in &piece.lines {
            let number = self.line + 1;
            self.line += read.lines;
            let end = read.start + read.length;
            let text = piece.chunk.bytes.get(read.start..end).unwrap_or_default();
            let at = |offset: usize| piece.chunk.offset + u64::try_from(offset).unwrap_or(0);
            let place = Place {
                segment: piece.chunk.segment,
                line: number,
                start: at(read.start),
                end: at(end),
            };
            let Some(line) = &read.line else {
                self.filler.get_or_insert((piece.chunk.segment, place));
                continue;
            };
            self.take_line(line.as_ref(), text, place, read.complete, &mut checks);
        }
        self.report.bytes += u64::try_from(piece.chunk.bytes.len()).unwrap_or(0);
        checks
    }

    fn take_line(
        &mut self,
        line: Result<&Line, &sealog_core::entry::EntryError>,
        text: &[u8],
        place: Place,
        complete: bool,
        checks: &mut Vec<SignatureCheck>,
    ) {
        if let Some((_, at)) = self.filler.take() {
            self.find(Finding::new(Code::Filler), at);
        }
        if !complete {
            self.find(
                Finding::new(Code::LineMalformed).found("a line that is cut off"),
                place,
            );
            return;
        }
        self.begin(line, text);
        let head = place.start == 0 && place.segment > 0;
        let before = self.applier.state.size();
        let step = match self.applier.take(line, text, head) {
            Taken::Head => {
                // A copy of a checkpoint that was refused covers nothing.
                if self.pending_is_harmless() {
                    self.covered = sealog_store::Place::new(place.segment, place.end).after(0);
                }
                return;
            }
            Taken::Refused(finding) => return self.find(finding, place),
            Taken::Line(step) => step,
        };
        let good = step
            .findings
            .iter()
            .all(|finding| finding.weight() != Weight::Refutes);
        for finding in step.findings {
            if let Some(finding) = self.look_further_back(finding, line) {
                self.find(finding, place);
            }
        }
        checks.extend(step.checks);
        match line {
            Ok(Line::Checkpoint(facts)) if good && self.pending_is_harmless() => {
                self.report.signatures_checked += 1;
                if self.request.all_signatures {
                    checks.extend(step.optional_checks.iter().cloned());
                }
                self.cover(
                    facts.checkpoint.size(),
                    *facts.checkpoint.root(),
                    &facts.note,
                );
                self.newest = step.optional_checks;
                self.covered = sealog_store::Place::new(place.segment, place.end).after(0);
            }
            Ok(Line::Checkpoint(facts)) => self.later_checkpoint |= self.is_signed(&facts.note),
            Ok(Line::Entry(entry)) => self.count(entry, text, before, place),
            Ok(Line::Disposed(facts)) => {
                self.disposed_by = self.disposed_by.max(Some(facts.by));
                // Nothing that the log writes of itself is ever disposed of.
                self.group.of_producers += 1;
                self.note_root();
            }
            Err(_) => {}
        }
    }

    /// Whether a checkpoint is signed by the key that is the log's at this place, or by a pinned one.
    fn is_signed(&self, note: &str) -> bool {
        let active = self.applier.state.keys().active();
        // By the key's own name: a log whose first entry is gone has no origin.
        let signed = |key| {
            checkpoint::verify(
                note.as_bytes(),
                VerifierKey::name(key),
                std::iter::once(key),
            )
        };
        let mut keys = self.request.keys.iter().chain(active);
        keys.any(|key| signed(key).is_ok())
    }

    /// The first line says which log this is; whether that is the pinned one is judged at the end.
    fn begin(&mut self, line: Result<&Line, &sealog_core::entry::EntryError>, _text: &[u8]) {
        if self.report.origin.is_some() {
            return;
        }
        if let Ok(Line::Entry(entry)) = line
            && let Effect::Created(created) = &entry.record.effect
        {
            self.applier.state = LogState::new(&created.origin);
            self.report.origin = Some(created.origin.clone());
        }
    }

    fn count(&mut self, entry: &EntryFacts, text: &[u8], index: u64, place: Place) {
        let kind = match entry.record.kind {
            RecordKind::Known(kind) => kind.name(),
            RecordKind::Custom => "custom",
            RecordKind::Newer => "newer",
        };
        match self.group.kinds.get_mut(kind) {
            Some(count) => *count += 1,
            None => {
                self.group.kinds.insert(kind.to_owned(), 1);
            }
        }
        self.group.of_producers += u64::from(!entry.record.is_log_kind());
        match &entry.record.effect {
            Effect::Epoch { .. } => self.group.epochs += 1,
            Effect::Anchored(anchor) => self.take_anchor(anchor, index, place),
            Effect::Gap(_) => self.group.gaps += 1,
            Effect::Erased(erased) => self.group.erased.push((**erased).clone()),
            _ => {}
        }
        let producer = entry.producer.of(text);
        if let Err(error) = self.unique.add(entry.record.record_id, producer, index) {
            self.failure = Some(error);
        }
        for payload in &entry.record.payloads {
            if let Some(finding) = self.payloads.check(self.store, payload, text, index) {
                self.find(finding.at(index), place);
            }
        }
        self.note_root();
    }

    /// Remembers the root where what the verifier brought has its size.
    fn note_root(&mut self) {
        if self.roots.is_empty() {
            return;
        }
        let state = &self.applier.state;
        if let Some(root) = self.roots.get_mut(&state.size()) {
            *root = Some(state.frontier().root());
        }
    }

    fn find(&mut self, mut finding: Finding, place: Place) {
        finding.place = Some(place);
        if self.pending.len() < FINDINGS_KEPT {
            self.pending.push(finding);
        }
    }

    /// Whether nothing that refutes was found since the last good checkpoint.
    fn pending_is_harmless(&self) -> bool {
        self.pending
            .iter()
            .all(|finding| finding.weight() != Weight::Refutes)
    }

    /// A good checkpoint covers everything so far.
    fn cover(&mut self, size: u64, root: Hash, note: &str) {
        for finding in self.pending.drain(..) {
            self.report.add(finding);
        }
        self.report.size = size;
        self.report.root = Some(root);
        note.clone_into(self.report.checkpoint.get_or_insert_default());
        self.report.checkpoints += 1;
        let group = std::mem::take(&mut self.group);
        for (kind, count) in group.kinds {
            *self.report.kinds.entry(kind).or_default() += count;
        }
        self.report.epochs += group.epochs;
        self.report.anchors += group.anchors;
        self.report.gaps += group.gaps;
        for erased in &group.erased {
            self.payloads.excuse(erased);
        }
        self.report.times.append(group.times);
        self.of_producers += group.of_producers;
        self.witnessed = self.witnessed.max(group.witnessed);
        let of_producers = self.of_producers;
        if let Err(error) = self.checkpoints.add(size, Seen { root, of_producers }) {
            self.failure = Some(error);
        }
    }
}
