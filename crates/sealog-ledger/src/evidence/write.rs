//! Writing a package.

use std::io::{Seek, Write};

use sealog_core::dsse::{self, Dsse, DsseSignature};
use sealog_core::json::{Object, Tape, Value};

use super::archive::{Writer, failed};
use super::claim::Gone;
use super::plan::Plan;
use super::population::Population;
use super::scope::{Sample, Scope};
use super::statement::{Manifest, PAYLOAD_TYPE};
use super::{CONTEXT, ENTRIES, MANIFEST, MEMBERS, readme};
use crate::canopy::{Canopy, Run};
use crate::error::{Error, chain};
use crate::export::{self, ExportProgress};
use crate::index::{self, Query};
use crate::ledger::Ledger;
use crate::read::Leaf;

/// How a package is made, besides its query.
#[derive(Debug, Clone, Default)]
pub struct EvidenceOptions {
    /// The size to stand on, of which the log signed a checkpoint; none: the newest.
    pub at: Option<u64>,
    /// A checkpoint of this log that the recipient holds from before.
    pub previous: Option<String>,
    /// Only a sample of the entries, of a whole log or stream.
    pub sample: Option<Sample>,
}

/// What a package holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Entries in it.
    pub entries: u64,
    /// Entries that the query asks for, of which they are a sample or all.
    pub population: u64,
    /// Entries of its scope that were disposed of.
    pub disposed: u64,
    /// Entries that its checkpoint covers.
    pub size: u64,
    /// What it is complete in.
    pub scope: Scope,
}

impl Ledger {
    /// Writes the package of a query: its limit, cursor and order are not looked at. The log is read whole, several
    /// times, never the index, and one that breaks a rule or does not hash to its signed root is refused.
    ///
    /// The ledger has to be open for appending, since its key signs the manifest. Without `at` an epoch is sealed
    /// first. The same size, query and options give the same bytes, as long as nothing was disposed of and the key is
    /// the same.
    ///
    /// # Errors
    /// [`Error::Argument`] for a size without a checkpoint, another log's checkpoint and a sample of a selection; what
    /// reading, signing and writing give. What was written until then is no package.
    pub fn export_evidence<W: Write + Seek>(
        &self,
        query: &Query,
        options: &EvidenceOptions,
        out: W,
        progress: &mut dyn FnMut(ExportProgress),
    ) -> Result<Evidence, Error> {
        index::check(query)?;
        let plan = self.plan(query, options)?;
        let size = plan.checkpoint.size();
        let total = size.saturating_mul(2);
        let canopy = Canopy::of_log(self.store(), size, plan.checkpoint.root(), &mut |done| {
            progress(ExportProgress { done, total });
        })?;
        let mut gathered = Gathered::new();
        let mut writer = Writer::new(out);
        // The page for people comes first and tells how many entries there are, so they are counted before.
        canopy.each_run(self.store(), 0, size, &mut |run| {
            gathered.run(&plan, &canopy, run)?;
            let leaves = u64::try_from(run.leaves.len()).unwrap_or(u64::MAX);
            progress(ExportProgress {
                done: size + run.first() + leaves,
                total,
            });
            Ok(())
        })?;
        let mut manifest = Manifest {
            origin: self.origin().into(),
            size,
            covers: plan.covers,
            query: plan.query.clone(),
            sample: plan.sample.clone(),
            entries: gathered.written,
            disposed: u64::try_from(gathered.gone.len()).unwrap_or(u64::MAX),
            digests: Vec::new(),
        };
        let mut claim = plan.claim.clone();
        claim.gone = std::mem::take(&mut gathered.gone);
        let population = gathered.population.to_json(manifest.disposed);
        let earlier = plan.consistency(self.store(), &canopy)?;
        let parts = [&claim.to_json(), &population].map(line_of);
        for (place, name) in MEMBERS.iter().enumerate().take(MANIFEST) {
            let digest = writer.member(name, |out| match place {
                0 => out
                    .write_all(readme::text(&manifest).as_bytes())
                    .map_err(failed),
                ENTRIES => self.entries_member(&plan, &canopy, out),
                CONTEXT => {
                    export::write_head(out, &plan.note, &plan.checkpoint, &context_query())?;
                    out.write_all(&gathered.context).map_err(failed)
                }
                super::COMPLETENESS => out.write_all(&parts[0]).map_err(failed),
                super::POPULATION => out.write_all(&parts[1]).map_err(failed),
                _ => out.write_all(&earlier).map_err(failed),
            })?;
            manifest.digests.push(digest);
        }
        let envelope = self.sign_statement(manifest.to_json().to_canonical())?;
        writer.member(MEMBERS[MANIFEST], |out| {
            out.write_all(&line_of(&envelope.to_json())).map_err(failed)
        })?;
        writer.finish()?;
        Ok(Evidence {
            entries: manifest.entries,
            population: gathered.population.entries(),
            disposed: manifest.disposed,
            size,
            scope: plan.scope,
        })
    }

    /// `entries.jsonl`, in the form of an extract.
    fn entries_member(
        &self,
        plan: &Plan,
        canopy: &Canopy,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        export::write_head(
            out,
            &plan.note,
            &plan.checkpoint,
            &index::query_json(&plan.query),
        )?;
        let size = plan.checkpoint.size();
        let mut tape = Tape::new();
        canopy.each_run(self.store(), 0, size, &mut |run| {
            for (at, leaf) in (run.first()..).zip(&run.leaves) {
                if let Leaf::Entry(text) = leaf
                    && plan.asks_for(at, text, &mut tape)
                    && plan.draws(at, text, &mut tape)
                {
                    export::write_entry(out, &canopy.prove(at, size, run)?, at, text)?;
                }
            }
            Ok(())
        })
    }

    /// Signs a statement with the log's key, and verifies the signature before it leaves.
    fn sign_statement(&self, payload: Vec<u8>) -> Result<Dsse, Error> {
        let signer = self.signer().ok_or(Error::Closed)?;
        let message = dsse::pre_authentication(PAYLOAD_TYPE, &payload);
        let value = signer.sign(&message).map_err(|error| Error::Signer {
            reason: chain(&error),
        })?;
        let key = signer.verifier_key();
        if !key.verify(&message, &value) {
            return Err(Error::Signer {
                reason: "its signature does not verify by its own key".into(),
            });
        }
        Ok(Dsse {
            payload_type: PAYLOAD_TYPE.into(),
            payload,
            signatures: vec![DsseSignature {
                key_id: key.fingerprint(),
                value,
            }],
        })
    }
}

/// What the pass before the writing finds.
struct Gathered {
    population: Population,
    written: u64,
    context: Vec<u8>,
    gone: Vec<Gone>,
    tape: Tape,
}

impl Gathered {
    fn new() -> Self {
        Self {
            population: Population::default(),
            written: 0,
            context: Vec::new(),
            gone: Vec::new(),
            tape: Tape::new(),
        }
    }

    fn run(&mut self, plan: &Plan, canopy: &Canopy, run: &Run) -> Result<(), Error> {
        let size = plan.checkpoint.size();
        for (at, leaf) in (run.first()..).zip(&run.leaves) {
            match leaf {
                Leaf::Entry(text) => {
                    if plan.context.contains(&at) {
                        let proof = canopy.prove(at, size, run)?;
                        export::write_entry(&mut self.context, &proof, at, text)?;
                    }
                    if plan.asks_for(at, text, &mut self.tape) {
                        self.count(plan, at, text);
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

    fn count(&mut self, plan: &Plan, index: u64, text: &[u8]) {
        if let Ok(entry) = self.tape.read(text) {
            self.population.add(index, entry);
        }
        self.written += u64::from(plan.draws(index, text, &mut self.tape));
    }
}

/// What the first line of `context.jsonl` says was asked for.
fn context_query() -> Value {
    Value::Object(Object::new())
}

pub(super) fn line_of(json: &Value) -> Vec<u8> {
    let mut line = json.to_canonical();
    line.push(b'\n');
    line
}

pub(super) fn argument(what: &'static str, why: &str) -> Error {
    Error::Argument {
        what,
        why: why.into(),
    }
}
