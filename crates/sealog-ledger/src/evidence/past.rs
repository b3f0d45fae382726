//! One pass over a log up to a size: what a package says besides its entries.

use std::collections::{BTreeMap, VecDeque};

use sealog_core::entry::{Anchor, DisposedFacts, Effect, EntryFacts, Line, LineReader};
use sealog_core::finding::Weight;
use sealog_core::hash::Hash;
use sealog_core::json::Value;
use sealog_core::state::LogState;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_store::Store;

use super::anchors::ANCHORS_HELD_MAX;
use super::claim::StreamEnd;
use super::scope::Scope;
use crate::chunk::{self, Chunks};
use crate::error::Error;
use crate::index::Query;
use crate::replay::{Applier, Taken};

/// An entry next to the period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neighbour {
    pub(super) index: u64,
    pub(super) rank: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The checkpoint of the size, once it was read.
    pub(super) note: Option<String>,
    /// The largest checkpoint below it.
    pub(super) smaller: Option<u64>,
    /// The first checkpoint of all.
    pub(super) genesis: Option<String>,
    /// Indexes of the entries that the log's own history is made of.
    pub(super) context: Vec<u64>,
    /// The newest epoch, and the stream's end as of it.
    pub(super) end: Option<StreamEnd>,
    /// The last entry of the scope before the period, and the first after it.
    pub(super) before: Option<Neighbour>,
    pub(super) after: Option<Neighbour>,
    /// Disposed entries of the scope: leaf and rank by index.
    pub(super) gone: BTreeMap<u64, (Hash, u64)>,
    /// The last anchors, by the index of their entries, and how many came before them.
    pub(super) anchors: VecDeque<(u64, Anchor)>,
    pub(super) anchors_before: u64,
    /// The keys of actors, at the size.
    pub(super) actors: BTreeMap<String, VerifierKey>,
}

impl Past {
    /// Reads a log from its beginning up to the checkpoint of this size, by all its rules.
    pub(super) fn read(
        store: &dyn Store,
        origin: &str,
        size: u64,
        query: &Query,
        scope: &Scope,
    ) -> Result<Self, Error> {
        let mut past = Self::default();
        let mut applier = Applier {
            state: LogState::new(origin),
        };
        let mut reader = LineReader::new();
        let mut chunks = Chunks::new(store, 0, 0)?;
        while let Some(chunk) = chunks.next_chunk()? {
            for line in chunk::lines(&chunk.bytes) {
                if !line.complete || line.text.iter().all(|byte| matches!(byte, 0 | b'\n')) {
                    continue;
                }
                let head = line.start == 0 && chunk.offset == 0 && chunk.segment > 0;
                let read = reader.read(line.text);
                if let (Ok(read), false) = (&read, head) {
                    past.look(read, &mut applier.state, query, scope);
                }
                take(&mut applier, read.as_ref(), line.text, head)?;
                if let (Ok(Line::Checkpoint(facts)), false) = (read, head) {
                    let at = facts.checkpoint.size();
                    if at >= size {
                        past.note = (at == size).then_some(facts.note);
                        let actors = applier.state.keys().actors();
                        past.actors = actors
                            .map(|(id, key, _)| (id.into(), key.clone()))
                            .collect();
                        return Ok(past);
                    }
                    past.smaller = Some(at);
                    past.genesis.get_or_insert(facts.note);
                }
            }
        }
        Ok(past)
    }

    /// Looks at a line before it is taken in.
    fn look(&mut self, line: &Line, state: &mut LogState, query: &Query, scope: &Scope) {
        match line {
            Line::Entry(facts) => self.entry(facts, state, query, scope),
            Line::Disposed(facts) => self.disposed(facts, scope),
            Line::Checkpoint(_) => {}
        }
    }

    fn entry(&mut self, facts: &EntryFacts, state: &mut LogState, query: &Query, scope: &Scope) {
        let index = facts.log.index;
        match &facts.record.effect {
            Effect::Epoch { .. } => self.epoch(index, state, scope),
            Effect::Anchored(anchor) => self.anchor(index, anchor),
            Effect::Created(_)
            | Effect::Recovered(_)
            | Effect::Config(_)
            | Effect::Label(_)
            | Effect::Key(_)
            | Effect::Retention(_)
            | Effect::Disposal(_) => self.context.push(index),
            _ => {}
        }
        let Some(rank) = scope.rank(index, &facts.record.stream, facts.log.seq) else {
            return;
        };
        let neighbour = Neighbour { index, rank };
        if query.is_before_period(facts.log.recorded_at) {
            self.before = Some(neighbour);
        } else if query.is_after_period(facts.log.recorded_at) && self.after.is_none() {
            self.after = Some(neighbour);
        }
    }

    fn anchor(&mut self, index: u64, anchor: &Anchor) {
        if self.anchors.len() == ANCHORS_HELD_MAX {
            self.anchors.pop_front();
            self.anchors_before += 1;
        }
        self.anchors.push_back((index, anchor.clone()));
    }

    /// The map as of this epoch, before the runs that it shows closed leave it.
    fn epoch(&mut self, index: u64, state: &mut LogState, scope: &Scope) {
        let Some(key) = scope.key() else {
            return;
        };
        state.epoch_root();
        let value = state
            .stream(&key)
            .map(sealog_core::state::Stream::map_value);
        self.end = Some(StreamEnd {
            epoch: index,
            proof: state.map().prove(&key),
            value: value.and_then(|value| Value::parse(&value).ok()),
        });
    }

    fn disposed(&mut self, facts: &DisposedFacts, scope: &Scope) {
        if let Some(rank) = scope.rank(facts.index, &facts.stream, facts.seq) {
            self.gone.insert(facts.index, (facts.leaf, rank));
        }
    }
}

/// Takes a line in. What verification would refute is not exported.
fn take(
    applier: &mut Applier,
    line: Result<&Line, &sealog_core::entry::EntryError>,
    text: &[u8],
    head: bool,
) -> Result<(), Error> {
    let damaged = |finding| Error::Damaged {
        findings: vec![finding],
    };
    let step = match applier.take(line, text, head) {
        Taken::Head => return Ok(()),
        Taken::Refused(finding) => return Err(damaged(finding)),
        Taken::Line(step) => step,
    };
    let refuted = |finding: &sealog_core::finding::Finding| finding.weight() == Weight::Refutes;
    if let Some(finding) = step.findings.into_iter().find(refuted) {
        return Err(damaged(finding));
    }
    step.checks
        .iter()
        .try_for_each(|check| check.run().map_err(damaged))
}
