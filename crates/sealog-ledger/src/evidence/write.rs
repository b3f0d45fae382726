//! Writing a package.

use std::io::{Seek, Write};
use std::sync::Arc;

use sealog_core::commitment::KeyId;
use sealog_core::dsse::{self, Dsse, DsseSignature};
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::{Object, Tape, Value};
use sealog_core::tlog::sign::Signer;
use sealog_store::Shelf;

use super::archive::{Writer, failed};
use super::gather::Gathered;
use super::opening::Opening;
use super::plan::Plan;
use super::scope::{Sample, Scope};
use super::statement::{Manifest, PAYLOAD_TYPE, Share, payload_name};
use super::{
    ANCHORS, COMPLETENESS, CONSISTENCY, CONTEXT, ENTRIES, MANIFEST, MEMBERS, OPENINGS, POPULATION,
    readme,
};
use crate::canopy::Canopy;
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
    /// Whether the payload files that the entries name come with them.
    pub payloads: bool,
    /// Commitments of the entries that are opened, each by record and field: whoever has the package sees their values.
    pub openings: Vec<Opening>,
    /// Who exports, and signs for it beside the log.
    pub exporter: Option<Exporter>,
}

/// A person, agent or program whose key the log knows, and that key.
#[derive(Debug, Clone)]
pub struct Exporter {
    /// The id under which the log knows the key.
    pub actor: String,
    /// The key.
    pub signer: Arc<dyn Signer>,
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
    /// Payload files in it.
    pub payloads: u64,
    /// How often its entries name a payload file that is not in it.
    pub payloads_left_out: u64,
    /// Commitments that it opens.
    pub opened: u64,
    /// Data keys of the commitments that it opens: an erasure tells of the package.
    pub revealed_key_ids: Vec<KeyId>,
    /// Commitments of its entries that stay closed.
    pub closed: u64,
    /// Anchors in it.
    pub anchors: u64,
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
        // The page for people comes first and tells what there is, so it is counted before.
        let mut gathered = Gathered::new(self, options)?;
        canopy.each_run(self.store(), 0, size, &mut |run| {
            gathered.run(&plan, &canopy, run)?;
            let leaves = u64::try_from(run.leaves.len()).unwrap_or(u64::MAX);
            progress(ExportProgress {
                done: size + run.first() + leaves,
                total,
            });
            Ok(())
        })?;
        gathered.finish(self.store())?;
        let mut manifest = manifest_of(self.origin(), &plan, &gathered, options);
        self.write_members(&plan, &canopy, &gathered, &mut manifest, options, out)?;
        Ok(Evidence {
            entries: manifest.entries,
            population: gathered.population.entries(),
            disposed: manifest.disposed,
            size,
            scope: plan.scope,
            payloads: amount(manifest.payloads.len()),
            payloads_left_out: manifest.payloads_left_out,
            opened: manifest.commitments.held,
            revealed_key_ids: gathered.revealed.iter().copied().collect(),
            closed: manifest.commitments.left,
            anchors: manifest.anchors.held,
        })
    }

    fn write_members<W: Write + Seek>(
        &self,
        plan: &Plan,
        canopy: &Canopy,
        gathered: &Gathered<'_>,
        manifest: &mut Manifest,
        options: &EvidenceOptions,
        out: W,
    ) -> Result<(), Error> {
        let mut claim = plan.claim.clone();
        claim.gone.clone_from(&gathered.gone);
        let claim = line_of(&claim.to_json());
        let population = line_of(&gathered.population.to_json(manifest.disposed));
        let earlier = plan.consistency(self.store(), canopy)?;
        let anchors = plan.anchors(self.store(), canopy)?;
        let opened = gathered.opened.iter();
        let opened: Vec<u8> = opened
            .flat_map(|opened| line_of(&opened.to_json()))
            .collect();
        let mut writer = Writer::new(out);
        for (place, name) in MEMBERS.iter().enumerate() {
            let digest = writer.member(name, |out| match place {
                ENTRIES => self.entries_member(plan, canopy, out),
                CONTEXT => {
                    export::write_head(out, &plan.note, &plan.checkpoint, &context_query())?;
                    out.write_all(&gathered.context).map_err(failed)
                }
                COMPLETENESS => out.write_all(&claim).map_err(failed),
                POPULATION => out.write_all(&population).map_err(failed),
                CONSISTENCY => out.write_all(&earlier).map_err(failed),
                ANCHORS => out.write_all(&anchors).map_err(failed),
                OPENINGS => out.write_all(&opened).map_err(failed),
                _ => {
                    let text = readme::text(manifest);
                    out.write_all(text.as_bytes()).map_err(failed)
                }
            })?;
            manifest.digests.push(digest);
        }
        for payload in &manifest.payloads {
            self.payload_member(&payload.name, &mut writer)?;
        }
        let envelope = self.sign_statement(manifest.to_json().to_canonical(), options)?;
        writer.member(MANIFEST, |out| {
            out.write_all(&line_of(&envelope.to_json())).map_err(failed)
        })?;
        writer.finish()?;
        Ok(())
    }

    /// A payload file, of which nothing leaves but the bytes that its name says.
    fn payload_member<W: Write + Seek>(
        &self,
        digest: &Hash,
        writer: &mut Writer<W>,
    ) -> Result<(), Error> {
        let damaged = |code: Code| Error::Damaged {
            findings: vec![Finding::new(code).found(digest.to_hex())],
        };
        let bytes = self.store().fetch(Shelf::Payloads, &digest.to_hex())?;
        let bytes = bytes.ok_or_else(|| damaged(Code::PayloadMissing))?;
        let found = writer.member(&payload_name(digest), |out| {
            out.write_all(&bytes).map_err(failed)
        })?;
        if found != *digest {
            return Err(damaged(Code::PayloadMismatch));
        }
        Ok(())
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

    /// Signs a statement with the log's key, and the exporter's, and verifies each signature before it leaves.
    fn sign_statement(&self, payload: Vec<u8>, options: &EvidenceOptions) -> Result<Dsse, Error> {
        let signer = self.signer().ok_or(Error::Closed)?;
        let message = dsse::pre_authentication(PAYLOAD_TYPE, &payload);
        let mut signatures = vec![signature(&*signer, &message)?];
        if let Some(exporter) = &options.exporter {
            signatures.push(signature(&*exporter.signer, &message)?);
        }
        Ok(Dsse {
            payload_type: PAYLOAD_TYPE.into(),
            payload,
            signatures,
        })
    }
}

fn signature(signer: &dyn Signer, message: &[u8]) -> Result<DsseSignature, Error> {
    let value = signer.sign(message).map_err(|error| Error::Signer {
        reason: chain(&error),
    })?;
    let key = signer.verifier_key();
    if !key.verify(message, &value) {
        return Err(Error::Signer {
            reason: "its signature does not verify by its own key".into(),
        });
    }
    Ok(DsseSignature {
        key_id: key.fingerprint(),
        value,
    })
}

fn manifest_of(
    origin: &str,
    plan: &Plan,
    gathered: &Gathered<'_>,
    options: &EvidenceOptions,
) -> Manifest {
    Manifest {
        origin: origin.into(),
        size: plan.checkpoint.size(),
        covers: plan.covers,
        query: plan.query.clone(),
        sample: plan.sample.clone(),
        entries: gathered.written,
        disposed: amount(gathered.gone.len()),
        anchors: Share {
            held: amount(plan.anchors.len()),
            left: plan.anchors_left_out,
        },
        commitments: gathered.commitments(),
        payloads_left_out: gathered.files.left_out(),
        exporter: options.exporter.as_ref().map(|one| one.actor.clone()),
        digests: Vec::new(),
        payloads: gathered.files.held(),
    }
}

fn amount(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
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
