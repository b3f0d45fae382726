//! Whether a package holds all that it claims to hold, and whether its decisions follow their configurations.

use std::collections::{BTreeMap, BTreeSet};
use std::vec::IntoIter;

use sealog_core::entry::{Anchor, Effect, EntryFacts, KeyEvent, KeyEventKind};
use sealog_core::finding::{Code, Finding, Weight};
use sealog_core::hash::Hash;
use sealog_core::json::Value;
use sealog_core::map;
use sealog_core::state::DecisionHistory;
use sealog_core::time::Timestamp;
use sealog_core::tlog::checkpoint::VerifiedCheckpoint;
use sealog_core::tlog::tree;
use sealog_core::tlog::vkey::VerifierKey;

use crate::evidence::Scope;
use crate::evidence::anchors::HeldAnchor;
use crate::evidence::claim::{Claim, Gone, StreamEnd};
use crate::evidence::scope::Ranks;
use crate::evidence::statement::Manifest;
use crate::verify::extract::Proven;

type Checked<T> = Result<T, Box<Finding>>;

/// An entry of the scope beside the period.
#[derive(Debug, Clone, Copy)]
struct Neighbour {
    rank: u64,
    recorded_at: Timestamp,
    leaf: Hash,
    prev: Option<Hash>,
}

/// What `context.jsonl` tells.
pub(super) struct Context {
    scope: Scope,
    wanted: [Option<u64>; 2],
    neighbours: BTreeMap<u64, Neighbour>,
    wanted_epoch: Option<u64>,
    /// Size and root of the epoch's map.
    epoch: Option<(u64, Hash)>,
    begins: bool,
    history: Vec<EntryFacts>,
    /// Indexes of the key events.
    key_events: BTreeSet<u64>,
    origin: String,
    exporter: Option<String>,
    exporter_key: Option<VerifierKey>,
    wanted_anchors: BTreeSet<u64>,
    outside: Outside,
}

/// What the context tells of outsiders' proofs.
#[derive(Default)]
pub(super) struct Outside {
    /// The anchors that were asked for, by the index of their entries.
    pub(super) anchors: BTreeMap<u64, Anchor>,
    /// The keys that signed the log one after the other.
    pub(super) log_keys: Vec<VerifierKey>,
}

impl Context {
    pub(super) fn new(manifest: &Manifest, claim: &Claim, anchors: &[HeldAnchor]) -> Self {
        Self {
            scope: manifest.scope(),
            wanted: [claim.before, claim.after],
            neighbours: BTreeMap::new(),
            wanted_epoch: claim.end.as_ref().map(|end| end.epoch),
            epoch: None,
            begins: false,
            history: Vec::new(),
            key_events: BTreeSet::new(),
            origin: manifest.origin.clone(),
            exporter: manifest.exporter.clone(),
            exporter_key: None,
            wanted_anchors: anchors.iter().map(|anchor| anchor.index).collect(),
            outside: Outside::default(),
        }
    }

    /// Takes an entry whose proof holds.
    pub(super) fn take(&mut self, proven: &Proven<'_>, facts: &EntryFacts) {
        let index = proven.index;
        if self.wanted.contains(&Some(index))
            && let Some(rank) = self.scope.rank(index, &facts.record.stream, facts.log.seq)
        {
            let neighbour = Neighbour {
                rank,
                recorded_at: facts.log.recorded_at,
                leaf: proven.leaf,
                prev: facts.log.prev_hash,
            };
            self.neighbours.insert(index, neighbour);
        }
        match &facts.record.effect {
            Effect::Created(created) if index == 0 => {
                self.begins = true;
                self.outside.log_keys.extend(log_key(&created.vkey));
            }
            Effect::Key(event) => self.key_event(index, event),
            Effect::Anchored(anchor) if self.wanted_anchors.contains(&index) => {
                self.outside.anchors.insert(index, (**anchor).clone());
            }
            Effect::Epoch { size, map_root, .. } if self.wanted_epoch == Some(index) => {
                self.epoch = Some((*size, *map_root));
            }
            Effect::Config(_) | Effect::Label(_) => self.history.push(facts.clone()),
            _ => {}
        }
    }

    fn key_event(&mut self, index: u64, event: &KeyEvent) {
        self.key_events.insert(index);
        let key = |text: &Option<String>| text.as_deref().and_then(log_key);
        if event.event == KeyEventKind::Rotated {
            self.outside.log_keys.extend(key(&event.successor_vkey));
        }
        if self.exporter.as_deref() != Some(&event.key_id) {
            return;
        }
        match event.event {
            KeyEventKind::Activated => {
                // As the log's own rules take it in.
                let key = key(&event.vkey).filter(|key| key.name() != self.origin);
                self.exporter_key = key.or(self.exporter_key.take());
            }
            KeyEventKind::Revoked | KeyEventKind::Destroyed => self.exporter_key = None,
            KeyEventKind::Generated | KeyEventKind::Rotated => {}
        }
    }

    /// The log's first entry has to be there.
    pub(super) fn begins(&self) -> Checked<()> {
        if self.begins {
            return Ok(());
        }
        Err(malformed(
            "context.jsonl does not begin with the log's first entry",
        ))
    }

    /// The key that the log knows, at the end, as that of whoever exported.
    pub(super) const fn exporter_key(&self) -> Option<&VerifierKey> {
        self.exporter_key.as_ref()
    }

    /// What it tells of outsiders' proofs.
    pub(super) fn outside(&mut self) -> Outside {
        std::mem::take(&mut self.outside)
    }

    /// Holds the claim against it, and says what the entries have to be.
    pub(super) fn begin(
        self,
        manifest: &Manifest,
        claim: &Claim,
        checkpoint: &VerifiedCheckpoint,
    ) -> Checked<Held> {
        let history = self.history.iter().map(|facts| facts.log.index);
        let known = history.chain(self.key_events.iter().copied()).collect();
        let mut held = Held {
            scope: self.scope.clone(),
            known,
            history: self.history.clone().into_iter(),
            waiting: None,
            decisions: DecisionHistory::new(),
            ranks: None,
            gone: claim.gone.clone().into_iter(),
            next_gone: None,
            chained: false,
            chain: None,
            head: None,
            next_prev: None,
            notes: Notes::new(),
        };
        held.next_gone = held.gone.next();
        held.waiting = held.history.next();
        let claims = claim.ranks.is_some()
            || !claim.gone.is_empty()
            || claim.end.is_some()
            || claim.before.is_some()
            || claim.after.is_some();
        let Some((first, end)) = claim.ranks.filter(|_| self.scope != Scope::Selection) else {
            return if self.scope == Scope::Selection && !claims {
                Ok(held)
            } else {
                Err(malformed("completeness.json does not go with the query"))
            };
        };
        let total = self.total(manifest, claim)?;
        let (before, after) = self.bounds(manifest, claim, (first, end), total)?;
        gone(&self.scope, manifest, claim, checkpoint)?;
        held.chained = manifest.sample.is_none() && matches!(self.scope, Scope::Stream { .. });
        held.chain = before.map(|before| before.leaf);
        held.next_prev = after.and_then(|after| after.prev);
        if after.is_none() {
            held.head = claim.end.as_ref().and_then(head_leaf);
        }
        held.ranks = Some(match &manifest.sample {
            None => Ranks::all(first, end),
            Some(sample) => Ranks::drawn(sample.draw(checkpoint.root(), first, end)),
        });
        Ok(held)
    }

    /// How many ranks there are: of a stream, by the map that an epoch of the log committed to.
    fn total(&self, manifest: &Manifest, claim: &Claim) -> Checked<u64> {
        let (Scope::Stream { .. }, Some(key)) = (&self.scope, self.scope.key()) else {
            return match claim.end {
                None => Ok(manifest.size),
                Some(_) => Err(malformed("completeness.json does not go with the query")),
            };
        };
        let Some(end) = &claim.end else {
            return Err(malformed(
                "completeness.json does not say where the stream ends",
            ));
        };
        let Some((size, root)) = self.epoch.filter(|(size, _)| *size == end.epoch) else {
            return Err(found(Code::PackageMap, "its epoch is not in context.jsonl"));
        };
        if size != manifest.covers {
            return Err(found(
                Code::PackageMap,
                "the epoch covers another number of entries",
            ));
        }
        let proven = match &end.value {
            Some(value) => map::verify_membership(&root, &key, &value.to_canonical(), &end.proof),
            None => map::verify_absence(&root, &key, &end.proof),
        };
        proven.map_err(|error| found(Code::PackageMap, &error.to_string()))?;
        let Some(value) = &end.value else {
            return Ok(0);
        };
        let next = value.member("next_seq").and_then(Value::as_u64);
        next.ok_or_else(|| found(Code::PackageMap, "the map's value is not that of a stream"))
    }

    /// The entries beside the period, which show that the ranks between them are all of it.
    fn bounds(
        &self,
        manifest: &Manifest,
        claim: &Claim,
        (first, end): (u64, u64),
        total: u64,
    ) -> Checked<(Option<Neighbour>, Option<Neighbour>)> {
        let at = |index: Option<u64>| index.map(|index| self.neighbours.get(&index).copied());
        let query = &manifest.query;
        let before = match at(claim.before) {
            None => None,
            Some(Some(before)) if query.is_before_period(before.recorded_at) => Some(before),
            Some(_) => return Err(incomplete("an entry before the period", "none")),
        };
        let after = match at(claim.after) {
            None => None,
            Some(Some(after))
                if query.is_after_period(after.recorded_at)
                    && claim.after.is_some_and(|index| index < manifest.covers) =>
            {
                Some(after)
            }
            Some(_) => return Err(incomplete("an entry after the period", "none")),
        };
        let begins = before.map_or(0, |before| before.rank.saturating_add(1));
        let ends = after.map_or(total, |after| after.rank);
        if (first, end) != (begins, ends) {
            let words = |(first, end): (u64, u64)| format!("from {first} and before {end}");
            return Err(incomplete(&words((begins, ends)), &words((first, end))));
        }
        Ok((before, after))
    }
}

fn log_key(text: &str) -> Option<VerifierKey> {
    VerifierKey::parse(text).ok()
}

/// What a stream's value in the map says its last leaf is.
fn head_leaf(end: &StreamEnd) -> Option<Hash> {
    let leaf = end.value.as_ref()?.member("head_leaf")?;
    Hash::from_hex(leaf.as_str()?)
}

/// What is left of the disposed entries stands in the tree.
fn gone(
    scope: &Scope,
    manifest: &Manifest,
    claim: &Claim,
    checkpoint: &VerifiedCheckpoint,
) -> Checked<()> {
    if u64::try_from(claim.gone.len()) != Ok(manifest.disposed) {
        return Err(malformed(
            "completeness.json counts other disposed entries than the manifest",
        ));
    }
    let mut last = None;
    for gone in &claim.gone {
        let ordered = last.is_none_or(|last| (gone.index, gone.rank) > last);
        if !ordered
            || gone.index >= manifest.covers
            || (*scope == Scope::Log && gone.rank != gone.index)
        {
            return Err(malformed(
                "the disposed entries in completeness.json are not in order",
            ));
        }
        last = Some((gone.index, gone.rank));
        let (size, root) = (checkpoint.size(), checkpoint.root());
        tree::verify_inclusion(gone.index, size, &gone.leaf, &gone.proof, root)
            .map_err(|error| found(Code::ReceiptInclusion, &error.to_string()))?;
    }
    Ok(())
}

/// Notes by their code.
pub(super) type Notes = BTreeMap<Code, u64>;

/// What the entries are held against, one by one.
pub(super) struct Held {
    scope: Scope,
    /// Indexes of the history that is known.
    known: BTreeSet<u64>,
    history: IntoIter<EntryFacts>,
    waiting: Option<EntryFacts>,
    decisions: DecisionHistory,
    ranks: Option<Ranks>,
    gone: IntoIter<Gone>,
    next_gone: Option<Gone>,
    /// Whether every entry names the one before it.
    chained: bool,
    chain: Option<Hash>,
    /// The stream's last leaf, if the package goes up to it.
    head: Option<Hash>,
    /// What the entry after the period names as its predecessor.
    next_prev: Option<Hash>,
    notes: Notes,
}

impl Held {
    /// Takes an entry whose proof holds and that the query asks for.
    ///
    /// # Errors
    /// The finding that refutes the package.
    pub(super) fn take(&mut self, proven: &Proven<'_>, facts: &EntryFacts) -> Result<(), Finding> {
        let index = proven.index;
        self.history_before(index)?;
        match facts.record.effect {
            Effect::Config(_) | Effect::Label(_) | Effect::Key(_)
                if !self.known.contains(&index) =>
            {
                let finding = Finding::new(Code::PackageIncomplete).at(index);
                return Err(finding.because("in context.jsonl too", "not there"));
            }
            Effect::Decision(_) => {
                let findings = self.decisions.push(facts, proven.entry);
                self.judge(findings)?;
            }
            _ => {}
        }
        let Some(rank) = self.scope.rank(index, &facts.record.stream, facts.log.seq) else {
            return Ok(());
        };
        self.gone_before(rank)?;
        if let Some(ranks) = &mut self.ranks {
            ranks.take(rank)?;
        }
        if self.chained {
            if self.chain != facts.log.prev_hash {
                let hex =
                    |hash: Option<Hash>| hash.map_or_else(|| "null".into(), |hash| hash.to_hex());
                let finding = Finding::new(Code::PrevHashWrong).at(index);
                return Err(finding.because(hex(self.chain), hex(facts.log.prev_hash)));
            }
            self.chain = Some(proven.leaf);
        }
        Ok(())
    }

    /// All entries were taken.
    pub(super) fn finish(mut self) -> Checked<Notes> {
        self.history_before(u64::MAX).map_err(Box::new)?;
        self.gone_before(u64::MAX).map_err(Box::new)?;
        if let Some(ranks) = self.ranks.take() {
            ranks.finish().map_err(Box::new)?;
        }
        if self.chained {
            let end = self.head.or(self.next_prev);
            if end.is_some() && end != self.chain {
                return Err(found(
                    Code::PackageMap,
                    "the last entry is not the one that the log names",
                ));
            }
        }
        Ok(self.notes)
    }

    /// Takes in what of the history comes before an entry.
    fn history_before(&mut self, index: u64) -> Result<(), Finding> {
        while let Some(facts) = self.waiting.take_if(|facts| facts.log.index < index) {
            let findings = self.decisions.push(&facts, &[]);
            self.judge(findings)?;
            self.waiting = self.history.next();
        }
        Ok(())
    }

    /// Accounts for the disposed entries of smaller ranks.
    fn gone_before(&mut self, rank: u64) -> Result<(), Finding> {
        while let Some(gone) = self.next_gone.take_if(|gone| gone.rank < rank) {
            if let Some(ranks) = &mut self.ranks {
                ranks.take(gone.rank)?;
            }
            self.chain = Some(gone.leaf);
            self.next_gone = self.gone.next();
        }
        Ok(())
    }

    fn judge(&mut self, findings: Vec<Finding>) -> Result<(), Finding> {
        for finding in findings {
            match finding.weight() {
                Weight::Note => *self.notes.entry(finding.code).or_default() += 1,
                _ => return Err(finding),
            }
        }
        Ok(())
    }
}

fn malformed(why: &str) -> Box<Finding> {
    found(Code::PackageMalformed, why)
}

fn found(code: Code, why: &str) -> Box<Finding> {
    Box::new(Finding::new(code).found(why))
}

fn incomplete(expected: &str, seen: &str) -> Box<Finding> {
    Box::new(Finding::new(Code::PackageIncomplete).because(expected, seen))
}
