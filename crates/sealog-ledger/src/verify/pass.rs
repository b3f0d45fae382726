//! One pass over all lines of a log.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::thread;

use sealog_core::entry::{Anchor, Effect, EntryFacts, Line, RecordKind};
use sealog_core::finding::{Code, Finding, Place, Weight};
use sealog_core::hash::Hash;
use sealog_core::state::{LogState, SignatureCheck};
use sealog_core::tlog::checkpoint;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_store::{Shelf, Store};

use super::payloads::Payloads;
use super::pipeline::{Pipeline, ReadChunk};
use super::report::{FINDINGS_KEPT, Report};
use super::roots::{Roots, Seen};
use super::times::Times;
use super::trust::Witnessed;
use super::unique::Unique;
use super::{Progress, Request, anchors, trust};
use crate::chunk::Chunks;
use crate::error::Error;
use crate::recover;
use crate::replay::{Applier, Taken};

/// Repeated ids that are told.
const REPEATS_TOLD: usize = 100;

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
        let mut chunks = Chunks::new(self.store, 0, 0)?;
        let threads = self
            .request
            .threads
            .or_else(|| thread::available_parallelism().ok());
        let threads = threads.map_or(1, NonZero::get);
        let findings = Pipeline::run(
            threads,
            || chunks.next_chunk(),
            |piece| {
                let checks = self.take(&piece);
                let entries = self.applier.state.size();
                progress(Progress {
                    bytes: self.report.bytes,
                    bytes_total,
                    entries,
                });
                checks
            },
        )?;
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

    /// An anchor that is too old for the state is compared with the roots of all checkpoints.
    fn look_further_back(
        &mut self,
        finding: Finding,
        line: Result<&Line, &sealog_core::entry::EntryError>,
    ) -> Option<Finding> {
        let (Code::AnchorUnchecked, Ok(Line::Entry(entry))) = (finding.code, line) else {
            return Some(finding);
        };
        let Effect::Anchored(anchor) = &entry.record.effect else {
            return Some(finding);
        };
        match self.checkpoints.at(anchor.size) {
            Ok(Some(root)) if root == anchor.root => None,
            Ok(root) => {
                let expected = root.map_or("the size of a checkpoint".into(), |root| root.to_hex());
                let found = root.map_or(anchor.size.to_string(), |_| anchor.root.to_hex());
                let mut wrong = Finding::new(Code::AnchorWrong).because(expected, found);
                (wrong.index, wrong.record_id) = (finding.index, finding.record_id);
                Some(wrong)
            }
            Err(error) => {
                self.failure = Some(error);
                None
            }
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
            _ => {}
        }
        let producer = entry.producer.of(text);
        if let Err(error) = self.unique.add(entry.record.record_id, producer, index) {
            self.failure = Some(error);
        }
        for payload in &entry.record.payloads {
            if payload.inline.is_some() {
                continue;
            }
            let (digest, size) = (payload.digest, payload.size);
            if let Some(finding) = self.payloads.check(self.store, digest, size) {
                self.find(finding.at(index), place);
            }
        }
        self.note_root();
    }

    /// The proof that an anchor names is among the anchors; what the policy's witnesses say in it of the time.
    fn take_anchor(&mut self, anchor: &Anchor, index: u64, place: Place) {
        self.group.anchors += 1;
        let name = anchor.token.map(|token| anchors::name(anchor.size, &token));
        let bytes = name.map(|name| (self.store.fetch(Shelf::Anchors, &name), name));
        let missing = match (bytes, anchor.token) {
            (Some((Ok(Some(bytes)), _)), Some(token)) if Hash::of(&[&bytes]) == token => {
                self.named.insert(token);
                return self.time_anchor(anchor, &bytes, index, place);
            }
            (Some((Ok(Some(_)), name)), _) => format!("other bytes in {name}"),
            (Some((Ok(None), name)), _) => format!("no {name}"),
            (Some((Err(error), _)), _) => error.to_string(),
            (None, _) => "a digest that is not SHA-256".into(),
        };
        self.find(
            Finding::new(Code::AnchorMissing).found(missing).at(index),
            place,
        );
    }

    fn time_anchor(&mut self, anchor: &Anchor, bytes: &[u8], index: u64, place: Place) {
        let policy = self.request.policy.as_ref();
        let Some(policy) = policy.filter(|policy| policy.asks_for_witnesses()) else {
            return;
        };
        let keys = trust::known_keys(&self.applier.state);
        let why = match policy.verify(bytes, &keys) {
            Ok(seen) if (seen.size(), *seen.root()) != (anchor.size, anchor.root) => {
                "another checkpoint than the record's".to_owned()
            }
            Ok(seen) => {
                let witnessed = Some(Witnessed::of(&seen));
                self.group.witnessed = self.group.witnessed.max(witnessed);
                if let Some(time) = policy.outside_time(seen.cosignatures()) {
                    self.group.times.covers(anchor.size, time);
                    self.group.times.stands(index, time);
                }
                return;
            }
            Err(error) => crate::error::chain(&error),
        };
        self.find(
            Finding::new(Code::AnchorUnproven).found(why).at(index),
            place,
        );
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
        self.report.times.append(group.times);
        self.of_producers += group.of_producers;
        self.witnessed = self.witnessed.max(group.witnessed);
        let of_producers = self.of_producers;
        if let Err(error) = self.checkpoints.add(size, Seen { root, of_producers }) {
            self.failure = Some(error);
        }
    }

    /// What the lines give in all, and who vouches for it.
    pub(super) fn conclude(mut self) -> Report {
        self.judge_tail();
        match std::mem::replace(&mut self.unique, Unique::new()).repeats(REPEATS_TOLD) {
            Ok(repeats) => {
                let size = self.report.size;
                for (index, first) in repeats.into_iter().filter(|(at, _)| *at < size) {
                    let finding = Finding::new(Code::RecordIdRepeated).at(index);
                    self.report
                        .add(finding.found(format!("first at entry {first}")));
                }
            }
            Err(error) => self
                .report
                .add(Finding::new(Code::Unreadable).found(error.to_string())),
        }
        for finding in self.applier.state.finish() {
            self.report.add(finding);
        }
        self.describe_state();
        self.find_orphans();
        if self.report.size == 0 {
            if self.report.weight != Some(Weight::Refutes) {
                self.report.add(Finding::new(Code::EmptyLedger));
            }
            trust::judge_emptied(&mut self.report, self.request);
            return self.report;
        }
        trust::judge(
            &mut self.report,
            self.request,
            &self.applier.state,
            &self.newest,
            &self.roots,
            &mut anchors::Shelved {
                store: self.store,
                checkpoints: &mut self.checkpoints,
                named: &self.named,
                witnessed: self.witnessed,
                disposed_by: self.disposed_by,
            },
        );
        self.report
    }

    /// Of a log that was not read whole nobody knows which files its entries name.
    fn find_orphans(&mut self) {
        if self.report.weight.is_none() {
            for finding in std::mem::take(&mut self.payloads).orphans() {
                self.report.add(finding);
            }
        }
    }

    /// What follows the last good checkpoint: refuted if the log's key signed more than can be re-hashed and no crash
    /// explains it, else a tail that nothing covers.
    fn judge_tail(&mut self) {
        let refuting = !self.pending_is_harmless();
        let uncovered = self.applier.state.uncovered() > 0;
        if let Some((segment, at)) = self.filler.take()
            && segment != self.last_segment
        {
            self.find(Finding::new(Code::Filler), at);
        }
        if refuting && self.later_checkpoint && !self.is_torn() {
            for finding in self.pending.drain(..) {
                self.report.add(finding);
            }
            return;
        }
        if refuting || uncovered {
            let first = self.pending.first();
            let mut finding = Finding::new(Code::UncoveredTail);
            finding.place = first.and_then(|finding| finding.place);
            finding.found = first.map(ToString::to_string);
            self.report.add(finding);
            self.pending.clear();
        }
        for finding in self.pending.drain(..) {
            self.report.add(finding);
        }
    }

    /// Whether the tail has the traces of an interrupted write: the pages of one reach the disk in any order, and that
    /// of the checkpoint line may be among the first. What a writer would set aside decides nothing here either.
    fn is_torn(&self) -> bool {
        matches!(
            recover::classify(self.store, self.covered, false),
            Ok(Some(_))
        )
    }

    fn describe_state(&mut self) {
        let state = &self.applier.state;
        self.report.streams = u64::try_from(state.stream_count()).unwrap_or(u64::MAX);
        self.report.last_epoch = state.last_epoch();
        self.report.disposed = state.disposals().holes();
        let departed = state.departed_runs();
        let runs = &mut self.report.runs;
        runs.closed_whole = departed.whole;
        runs.closed_with_holes = departed.with_holes;
        runs.open = departed.silent;
        runs.missing = departed.missing;
        for (_, run) in state.runs() {
            runs.missing += run.missing();
            match (run.closed(), run.missing()) {
                (None, _) => runs.open += 1,
                (Some(_), 0) => runs.closed_whole += 1,
                (Some(_), _) => runs.closed_with_holes += 1,
            }
        }
        let (open, holes, missing) = (runs.open, runs.closed_with_holes, runs.missing);
        if open > 0 {
            let found = format!("{open} runs");
            self.report.add(Finding::new(Code::RunOpen).found(found));
        }
        if missing > 0 {
            let found = format!("{missing} numbers, {holes} closed runs with holes");
            self.report.add(Finding::new(Code::RunHoles).found(found));
        }
    }
}
