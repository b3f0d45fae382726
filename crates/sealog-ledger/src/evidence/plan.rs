//! What a package will hold, as far as it is known before the entries are read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sealog_core::entry::Anchor;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::{Ref, Tape, Value};
use sealog_core::tlog::checkpoint::{self, Checkpoint};
use sealog_core::tlog::note::Note;
use sealog_core::tlog::tree;
use sealog_core::tlog::vkey::KeyType;
use sealog_store::Store;

use super::anchors::{HeldAnchor, token_of};
use super::claim::{Claim, Earlier};
use super::past::Past;
use super::scope::{Sample, Scope};
use super::write::{EvidenceOptions, Exporter, argument, line_of};
use crate::canopy::{self, Canopy, RUN, Unknown};
use crate::error::{Error, chain};
use crate::export::newest;
use crate::index::{self, Query};
use crate::ledger::Ledger;
use crate::options::Access;

/// Everything that is known before the entries are written.
pub(super) struct Plan {
    pub(super) query: Query,
    pub(super) scope: Scope,
    pub(super) sample: Option<Sample>,
    pub(super) note: String,
    pub(super) checkpoint: Checkpoint,
    pub(super) covers: u64,
    pub(super) claim: Claim,
    /// Disposed entries of the scope: leaf and rank by index.
    pub(super) gone: BTreeMap<u64, (Hash, u64)>,
    pub(super) context: BTreeSet<u64>,
    pub(super) drawn: Option<BTreeSet<u64>>,
    pub(super) earlier: Vec<String>,
    /// The anchors that the package holds, and how many it leaves out.
    pub(super) anchors: VecDeque<(u64, Anchor)>,
    pub(super) anchors_left_out: u64,
}

impl Ledger {
    /// Reads the log once for what is known before its entries are.
    pub(super) fn plan(&self, query: &Query, options: &EvidenceOptions) -> Result<Plan, Error> {
        if self.access() != Access::Append {
            let why = "its key signs the package, so it has to be open for appending";
            return Err(argument("the ledger", why));
        }
        let scope = Scope::of(query);
        check_sample(&scope, options.sample.as_ref())?;
        if options.at.is_none() && self.with_state(|state, _| state.entries_since_epoch()) > 1 {
            self.seal_epoch()?;
        }
        self.make_durable()?;
        let size = match options.at {
            Some(size) => size,
            None => newest(self)?.1.size(),
        };
        let past = Past::read(self.store(), self.origin(), size, query, &scope)?;
        check_exporter(options.exporter.as_ref(), &past)?;
        let note = past
            .note
            .clone()
            .ok_or_else(|| no_checkpoint(size, past.smaller))?;
        let checkpoint = checkpoint::verify(note.as_bytes(), self.origin(), &self.own_keys())
            .map_err(|error| argument("the checkpoint", &chain(&error)))?
            .checkpoint()
            .clone();
        let (claim, covers) = claim_of(&past, &scope, size)?;
        let mut context: BTreeSet<u64> = past.context.into_iter().collect();
        context.extend(claim.before.into_iter().chain(claim.after));
        context.extend(claim.end.as_ref().map(|end| end.epoch));
        context.extend(past.anchors.iter().map(|(index, _)| index));
        let drawn = options.sample.as_ref().zip(claim.ranks);
        let drawn = drawn.map(|(sample, (first, end))| sample.draw(checkpoint.root(), first, end));
        let earlier = past.genesis.into_iter().chain(options.previous.clone());
        Ok(Plan {
            query: query.clone(),
            scope,
            sample: options.sample.clone(),
            note,
            checkpoint,
            covers,
            claim,
            gone: past.gone,
            context,
            drawn,
            earlier: earlier.collect(),
            anchors: past.anchors,
            anchors_left_out: past.anchors_before,
        })
    }
}

fn check_sample(scope: &Scope, sample: Option<&Sample>) -> Result<(), Error> {
    let Some(sample) = sample else {
        return Ok(());
    };
    if *scope == Scope::Selection {
        let why = "it is drawn of the whole log or of one stream of a tenant, for a period or not";
        return Err(argument("the sample", why));
    }
    if !sample.is_sound() {
        let why = "it has 1 to 100,000 records, and a seed of at most 200 bytes on one line";
        return Err(argument("the sample", why));
    }
    Ok(())
}

/// Whoever exports signs with the key that the log knows as theirs: any other signature would be refuted.
fn check_exporter(exporter: Option<&Exporter>, past: &Past) -> Result<(), Error> {
    let Some(exporter) = exporter else {
        return Ok(());
    };
    let why = match past.actors.get(&exporter.actor) {
        Some(key) if key.key_type() != KeyType::Ed25519 => {
            "the log knows a key of another type for them"
        }
        Some(key) if key == exporter.signer.verifier_key() => return Ok(()),
        Some(_) => "the log knows another key for them",
        None => {
            "the log knows no key for them at that size; `sealog key trust VKEY --actor KEY_ID` makes one known"
        }
    };
    Err(argument("the exporter", why))
}

fn no_checkpoint(size: u64, smaller: Option<u64>) -> Error {
    let smaller = smaller.map_or_else(
        || "there is none below it".into(),
        |size| format!("the nearest one below has {size} entries"),
    );
    let why = format!("the log signed no checkpoint of {size} entries; {smaller}");
    argument("the size", &why)
}

/// What the package is complete in, without its disposed entries, and up to which entry of the log.
fn claim_of(past: &Past, scope: &Scope, size: u64) -> Result<(Claim, u64), Error> {
    let (covers, total) = match (scope, &past.end) {
        (Scope::Selection, _) => return Ok((Claim::default(), size)),
        (Scope::Stream { .. }, Some(end)) => {
            let next = |value: &Value| value.member("next_seq").and_then(Value::as_u64);
            (end.epoch, end.value.as_ref().and_then(next).unwrap_or(0))
        }
        (Scope::Stream { .. }, None) => {
            let why = "no epoch was sealed below it, so no stream's end is known";
            return Err(argument("the size", why));
        }
        (Scope::Log, _) => (size, size),
    };
    let after = past.after.filter(|after| after.index < covers);
    let first = past.before.map_or(0, |before| before.rank + 1);
    let claim = Claim {
        before: past.before.map(|before| before.index),
        after: after.map(|after| after.index),
        ranks: Some((first, after.map_or(total, |after| after.rank))),
        gone: Vec::new(),
        end: past.end.clone(),
    };
    Ok((claim, covers))
}

impl Plan {
    /// Whether an entry is of the package's population.
    pub(super) fn asks_for(&self, index: u64, text: &[u8], tape: &mut Tape) -> bool {
        index < self.covers && index::selects(&self.query, text, tape)
    }

    /// Whether it is in the sample, if there is one.
    pub(super) fn draws(&self, index: u64, text: &[u8], tape: &mut Tape) -> bool {
        let Some(drawn) = &self.drawn else {
            return true;
        };
        if self.scope == Scope::Log {
            return drawn.contains(&index);
        }
        let entry = tape.read(text).ok();
        let seq = entry
            .and_then(|entry| entry.member("log")?.member("seq"))
            .and_then(Ref::u64);
        seq.is_some_and(|seq| drawn.contains(&seq))
    }

    /// The rank of a disposed entry that the package has to account for.
    pub(super) fn holds_disposed(&self, index: u64) -> Option<u64> {
        let (_, rank) = self.gone.get(&index)?;
        let (first, end) = self.claim.ranks?;
        let drawn = self.drawn.as_ref().is_none_or(|drawn| drawn.contains(rank));
        let held = drawn && index < self.covers && (first..end).contains(rank);
        held.then_some(*rank)
    }

    /// `consistency.jsonl`: from the first checkpoint, and from the one that the recipient holds.
    pub(super) fn consistency(&self, store: &dyn Store, canopy: &Canopy) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        for note in &self.earlier {
            let other = |why: &str| argument("the checkpoint from before", why);
            let parsed = Note::parse(note.as_bytes()).map_err(|error| other(&error.to_string()))?;
            let stated =
                Checkpoint::parse(parsed.text()).map_err(|error| other(&error.to_string()))?;
            let (size, of) = (stated.size(), self.checkpoint.size());
            if stated.origin() != self.checkpoint.origin() {
                return Err(other("it is of another log"));
            }
            if size == 0 || size > of {
                return Err(other(&format!(
                    "its size, {size}, is not below the package's, {of}"
                )));
            }
            let proof = self.extends(size, store, canopy)?;
            tree::verify_consistency(size, stated.root(), of, self.checkpoint.root(), &proof)
                .map_err(|_| other("this log had another root at that size"))?;
            let earlier = Earlier {
                note: note.clone(),
                proof,
            };
            out.extend(line_of(&earlier.to_json()));
        }
        Ok(out)
    }

    /// The proof that the package's checkpoint extends the log's of this size, from 1 on and not beyond it.
    fn extends(&self, size: u64, store: &dyn Store, canopy: &Canopy) -> Result<Vec<Hash>, Error> {
        let of = self.checkpoint.size();
        let run = match size % RUN {
            0 => None,
            _ => Some(canopy.run(store, size / RUN, of)?),
        };
        let node = |level, index| canopy.node(level, index, run.as_ref()).ok_or(Unknown);
        tree::prove_consistency(size, of, node).map_err(|Unknown| canopy::mismatch())
    }

    /// `anchors.jsonl`. An anchor that names another root than the log's is damage, not evidence.
    pub(super) fn anchors(&self, store: &dyn Store, canopy: &Canopy) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        let (of, root) = (self.checkpoint.size(), self.checkpoint.root());
        for (index, anchor) in &self.anchors {
            let wrong = || Error::Damaged {
                findings: vec![Finding::new(Code::AnchorWrong).at(*index)],
            };
            if anchor.size == 0 || anchor.size > *index {
                return Err(wrong());
            }
            let proof = self.extends(anchor.size, store, canopy)?;
            tree::verify_consistency(anchor.size, &anchor.root, of, root, &proof)
                .map_err(|_| wrong())?;
            let held = HeldAnchor {
                index: *index,
                proof,
                token: token_of(store, anchor)?,
            };
            out.extend(line_of(&held.to_json()));
        }
        Ok(out)
    }
}
