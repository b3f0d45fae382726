//! What the pass before the writing finds: counts, the context, and what the entries name beside themselves.

use std::collections::{BTreeMap, BTreeSet};

use sealog_core::commitment::KeyId;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::{Ref, Tape};
use sealog_store::{Shelf, Store};

use super::beside;
use super::claim::Gone;
use super::opening::{self, OPENING_VALUE_BYTES_MAX, OPENINGS_MAX, Opened, Opening};
use super::plan::Plan;
use super::population::{Counted, Population};
use super::statement::{NamedPayload, PAYLOADS_HELD_MAX, Share};
use super::write::{EvidenceOptions, argument};
use crate::canopy::{Canopy, Run};
use crate::error::Error;
use crate::export;
use crate::ledger::Ledger;
use crate::read::Leaf;

pub(super) struct Gathered<'a> {
    ledger: &'a Ledger,
    pub(super) population: Population,
    pub(super) written: u64,
    pub(super) context: Vec<u8>,
    pub(super) gone: Vec<Gone>,
    pub(super) files: PayloadFiles,
    /// Openings that are still to be found, by record.
    wanted: BTreeMap<&'a str, Vec<&'a Opening>>,
    pub(super) opened: Vec<Opened>,
    /// Data keys of the commitments that are opened.
    pub(super) revealed: BTreeSet<KeyId>,
    commitments: u64,
    tape: Tape,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(ledger: &'a Ledger, options: &'a EvidenceOptions) -> Result<Self, Error> {
        Ok(Self {
            ledger,
            population: Population::default(),
            written: 0,
            context: Vec::new(),
            gone: Vec::new(),
            files: PayloadFiles::new(options.payloads),
            wanted: wanted(&options.openings)?,
            opened: Vec::new(),
            revealed: BTreeSet::new(),
            commitments: 0,
            tape: Tape::new(),
        })
    }

    pub(super) fn run(&mut self, plan: &Plan, canopy: &Canopy, run: &Run) -> Result<(), Error> {
        let size = plan.checkpoint.size();
        for (at, leaf) in (run.first()..).zip(&run.leaves) {
            match leaf {
                Leaf::Entry(text) => {
                    if plan.context.contains(&at) {
                        let proof = canopy.prove(at, size, run)?;
                        export::write_entry(&mut self.context, &proof, at, text)?;
                    }
                    if plan.asks_for(at, text, &mut self.tape) {
                        self.entry(plan, at, text)?;
                    }
                }
                Leaf::Disposed { leaf, .. } => {
                    if let Some(rank) = plan.holds_disposed(at) {
                        self.gone.push(Gone {
                            index: at,
                            rank,
                            leaf: *leaf,
                            proof: canopy.prove(at, size, run)?,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, plan: &Plan, index: u64, text: &[u8]) -> Result<(), Error> {
        if let Ok(entry) = self.tape.read(text) {
            self.population.add(index, &Counted::of(entry));
        }
        if !plan.draws(index, text, &mut self.tape) {
            return Ok(());
        }
        self.written += 1;
        let Ok(entry) = self.tape.read(text) else {
            return Ok(());
        };
        self.commitments += beside::commitments_in(text, entry);
        self.files.take(entry)?;
        if self.wanted.is_empty() {
            return Ok(());
        }
        let record = entry.member("record");
        let id = record.and_then(|record| record.member("record_id"));
        let openings = id
            .and_then(Ref::plain_str)
            .and_then(|id| self.wanted.remove(id));
        for opening in openings.into_iter().flatten() {
            let (key_id, opened) = open(self.ledger, opening, index, entry)?;
            self.revealed.insert(key_id);
            self.opened.push(opened);
        }
        Ok(())
    }

    /// All entries were seen: what was asked for is there, and which files are is known.
    pub(super) fn finish(&mut self, store: &dyn Store) -> Result<(), Error> {
        if let Some((id, _)) = self.wanted.first_key_value() {
            let why = format!("the record {id} is not among the entries of the package");
            return Err(argument("the opening", &why));
        }
        self.files.look(store)
    }

    /// Commitments that are opened, and those that stay closed.
    pub(super) fn commitments(&self) -> Share {
        let held = u64::try_from(self.opened.len()).unwrap_or(u64::MAX);
        Share {
            held,
            left: self.commitments.saturating_sub(held),
        }
    }
}

/// What is to be opened, by record, in the order of the fields.
fn wanted(openings: &[Opening]) -> Result<BTreeMap<&str, Vec<&Opening>>, Error> {
    if openings.len() > OPENINGS_MAX {
        let why = format!("a package opens at most {OPENINGS_MAX} commitments");
        return Err(argument("the openings", &why));
    }
    let mut wanted: BTreeMap<&str, Vec<&Opening>> = BTreeMap::new();
    for opening in openings {
        if opening.value.len() > OPENING_VALUE_BYTES_MAX {
            let why = format!(
                "the encoding of the value at {} has more than {OPENING_VALUE_BYTES_MAX} bytes",
                opening.field
            );
            return Err(argument("the opening", &why));
        }
        wanted.entry(&opening.record_id).or_default().push(opening);
    }
    for fields in wanted.values_mut() {
        fields.sort_by(|one, other| one.field.as_bytes().cmp(other.field.as_bytes()));
        if let Some(pair) = fields
            .windows(2)
            .find(|pair| matches!(pair, [one, other] if one.field == other.field))
        {
            let field = pair.first().map_or("", |opening| &*opening.field);
            let why = format!("{field} of one record is opened twice");
            return Err(argument("the opening", &why));
        }
    }
    Ok(wanted)
}

/// Opens a commitment with its data key, whose id is told too, if its value is the one that was committed to.
fn open(
    ledger: &Ledger,
    opening: &Opening,
    index: u64,
    entry: Ref<'_, '_>,
) -> Result<(KeyId, Opened), Error> {
    let (id, field) = (&*opening.record_id, &*opening.field);
    let refused = |why: &str| argument("the opening", &format!("{field} of {id}: {why}"));
    let commitment = opening::commitment_at(entry, id, field)
        .ok_or_else(|| refused("no commitment stands there"))?;
    let salt = ledger
        .salt_of(&commitment, id, field)?
        .ok_or_else(|| refused("its data key is not here, or was destroyed"))?;
    commitment
        .open(&salt, opening.value.as_bytes())
        .map_err(|_| refused("the value is not the one that was committed to"))?;
    let opened = Opened {
        index,
        opening: opening.clone(),
        salt,
    };
    Ok((commitment.key_id(), opened))
}

/// The payload files that the entries name.
pub(super) struct PayloadFiles {
    asked: bool,
    named: u64,
    files: BTreeMap<Hash, Named>,
}

struct Named {
    size: u64,
    times: u64,
    there: bool,
}

impl PayloadFiles {
    const fn new(asked: bool) -> Self {
        Self {
            asked,
            named: 0,
            files: BTreeMap::new(),
        }
    }

    fn take(&mut self, entry: Ref<'_, '_>) -> Result<(), Error> {
        for (digest, size) in beside::payload_files(entry) {
            self.named += 1;
            if !self.asked {
                continue;
            }
            let named = self.files.entry(digest).or_insert(Named {
                size,
                times: 0,
                there: false,
            });
            named.times += 1;
            if named.size != size {
                let finding = Finding::new(Code::PayloadMismatch).found(digest.to_hex());
                return Err(Error::Damaged {
                    findings: vec![finding],
                });
            }
            if self.files.len() > PAYLOADS_HELD_MAX {
                let why = format!(
                    "the entries name more than {PAYLOADS_HELD_MAX} files; ask for fewer entries, or for some of them one by one"
                );
                return Err(argument("the payloads", &why));
            }
        }
        Ok(())
    }

    /// Which of them are there.
    fn look(&mut self, store: &dyn Store) -> Result<(), Error> {
        for (digest, named) in &mut self.files {
            let file = store.look(Shelf::Payloads, &digest.to_hex())?;
            if file.is_some_and(|file| file.bytes() != named.size) {
                let finding = Finding::new(Code::PayloadMismatch).found(digest.to_hex());
                return Err(Error::Damaged {
                    findings: vec![finding],
                });
            }
            named.there = file.is_some();
        }
        Ok(())
    }

    /// Those that the package holds, in the order of their names.
    pub(super) fn held(&self) -> Vec<NamedPayload> {
        let there = self.files.iter().filter(|(_, named)| named.there);
        let payload = |digest: &Hash| NamedPayload {
            name: *digest,
            digest: *digest,
        };
        there.map(|(digest, _)| payload(digest)).collect()
    }

    /// How often one is named that the package does not hold.
    pub(super) fn left_out(&self) -> u64 {
        let there = self.files.values().filter(|named| named.there);
        let held: u64 = there.map(|named| named.times).sum();
        self.named.saturating_sub(held)
    }
}
