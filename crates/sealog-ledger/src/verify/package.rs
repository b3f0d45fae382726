//! Verifying an evidence package, with nothing but the file and the keys that the verifier brought
//! (`docs/formats/evidence.md`).
//!
//! The checks stand in one order, and the first that fails ends the verification: whoever writes another verifier comes
//! to the same answer.

mod anchors;
mod beside;
mod complete;
mod earlier;
mod members;
mod report;

use std::io::{BufReader, Read, Seek};

use sealog_core::dsse::Dsse;
use sealog_core::entry::EntryFacts;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::Tape;
use sealog_core::limits::EXPORT_LINE_BYTES_MAX;
use sealog_core::tlog::checkpoint::VerifiedCheckpoint;
use sealog_core::tlog::policy::Policy;
use sealog_core::tlog::vkey::{KeyType, VerifierKey};

use super::extract::{self, Proven};
use super::pins::{self, Pins, Told};
use super::report::Level;
use super::{Request, pipeline};
use crate::error::Error;
use crate::evidence::beside::commitments_in;
use crate::evidence::claim::Claim;
use crate::evidence::population::{Counted, Population};
use crate::evidence::statement::{Manifest, ManifestError, PAYLOAD_TYPE};
use crate::evidence::{
    ANCHORS, COMPLETENESS, CONSISTENCY, CONTEXT, ENTRIES, EVIDENCE_FORMAT, OPENINGS, POPULATION,
    Sample,
};
use crate::index;
use beside::Beside;
use complete::{Context, Held};
use members::{Package, json};
pub use report::{PackageExporter, PackageFacts, PackageReport, PackageWitnessed};

/// Verifies a package by the keys or fingerprints, the policy and what was kept from before of a request.
pub fn verify_package<R: Read + Seek>(mut input: R, request: &Request) -> PackageReport {
    let pins = Pins::of(request, || told(&mut input, &request.fingerprints));
    let mut report = PackageReport {
        facts: None,
        findings: Vec::new(),
        pinned_by: request.pinned_by(),
        level: Level::None,
    };
    match verify(input, pins.keys.clone(), request) {
        Ok((facts, level)) => {
            report.facts = Some(facts);
            report.level = level;
        }
        Err(finding) => report.findings.push(pins.judged(*finding)),
    }
    report
}

/// What a package tells of who signed it as the log, by its manifest, and of their key, by its context.
fn told<R: Read + Seek>(input: R, wanted: &[Hash]) -> Told {
    let found = || {
        let mut package = Package::open(input).ok()?;
        let text = package.manifest().ok()?;
        let signatures = Dsse::from_json(&json(&text)?)?.signatures;
        let signer = signatures.first()?;
        let context = package.section(CONTEXT).ok()?;
        let told = pins::of_extract(&mut BufReader::new(context), wanted);
        Some(Told {
            signers: Some(Hash::from_hex(&signer.key_id).into_iter().collect()),
            ..told
        })
    };
    found().unwrap_or_default()
}

/// The origin that a package claims, to choose among keys that are trusted already. Nothing of it is verified.
pub fn package_origin<R: Read + Seek>(input: R) -> Option<String> {
    let mut package = Package::open(input).ok()?;
    let text = package.manifest().ok()?;
    let envelope = Dsse::from_json(&json(&text)?)?;
    Some(Manifest::parse(&envelope.payload).ok()?.origin)
}

type Checked<T> = Result<T, Box<Finding>>;

fn verify<R: Read + Seek>(
    input: R,
    mut keys: Vec<VerifierKey>,
    request: &Request,
) -> Checked<(PackageFacts, Level)> {
    let policy = request.policy.as_ref();
    let logs = policy.map(Policy::logs).unwrap_or_default();
    keys.extend(logs.iter().map(|log| log.key().clone()));
    let mut package = Package::open(input)?;
    let signed = signed(&mut package, &keys)?;
    let manifest = &signed.manifest;
    package.hold_to(manifest)?;
    // Of a checkpoint their lines are read too, and nothing else is signed by them.
    let cosigners = policy.map(Policy::witnesses).unwrap_or_default();
    let cosigners = cosigners.iter().map(|witness| witness.key().clone());
    let readers: Vec<VerifierKey> = keys.iter().cloned().chain(cosigners).collect();

    let claim = package.read(COMPLETENESS)?;
    let claim = json(&claim).as_ref().and_then(Claim::from_json);
    let claim = claim.ok_or_else(|| malformed("completeness.json is not in its form"))?;
    let openings = package.read(OPENINGS)?;
    let mut beside = Beside::new(manifest, &openings, &package)?;
    let anchors = package
        .read(ANCHORS)
        .and_then(|text| anchors::read(&text, manifest.anchors.held));
    let mut context = Context::new(manifest, &claim, anchors.as_deref().unwrap_or_default());
    let checkpoint = context_member(&mut package, &readers, manifest, &mut context)?;
    let exporter = exporter(&signed, &context)?;
    let known = context.outside();
    let mut held = context.begin(manifest, &claim, &checkpoint)?;
    let entries = Extracts {
        threads: pipeline::threads(request.threads),
        keys: &readers,
        manifest,
        checkpoint: &checkpoint,
    };
    let population = entries.check(&mut package, &mut held, &mut beside)?;
    let mut notes = held.finish()?;
    let last = beside.finish(manifest)?;
    let said = package.read(POPULATION)?;
    let said = json(&said).ok_or_else(|| malformed("population.json is not in its form"))?;
    if manifest.sample.is_none() && said != population.to_json(manifest.disposed) {
        return Err(refuted(Code::PackagePopulation));
    }
    let consistency = package.read(CONSISTENCY)?;
    let mut earlier = earlier::read(&consistency, &checkpoint)?;
    let anchors = anchors::judge(anchors?, &known, &checkpoint, &mut notes)?;
    earlier.extend(anchors.checkpoints());
    let mut level = earlier::held_against(&checkpoint, &earlier, &keys, &request.against)?;
    let mut witnessed = None;
    if let Some(policy) = policy.filter(|policy| policy.asks_for_witnesses()) {
        let found = anchors.witnessed(policy, &keys, &known, &checkpoint, last, &mut notes)?;
        (level, witnessed) = (Level::Witnessed, Some(found));
    }
    let facts = PackageFacts {
        query: index::query_json(&manifest.query),
        scope: manifest.scope(),
        covers: manifest.covers,
        entries: manifest.entries,
        disposed: manifest.disposed,
        sample: manifest.sample.as_ref().map(Sample::to_json),
        population: said,
        notes: notes.into_iter().collect(),
        anchors: manifest.anchors_json(),
        commitments: manifest.commitments_json(),
        payloads: manifest.payloads_json(),
        exporter,
        witnessed,
        checkpoint,
    };
    Ok((facts, level))
}

/// A manifest that a pinned key of its log signed, and the envelope.
struct Signed {
    manifest: Manifest,
    envelope: Dsse,
}

/// The manifest, signed by a pinned key of the log that it names.
fn signed<R: Read + Seek>(package: &mut Package<R>, keys: &[VerifierKey]) -> Checked<Signed> {
    let text = package.manifest()?;
    let envelope = json(&text).as_ref().and_then(Dsse::from_json);
    let envelope = envelope.filter(|envelope| envelope.payload_type == PAYLOAD_TYPE);
    let envelope = envelope.ok_or_else(|| malformed("manifest.json is no signed statement"))?;
    let manifest = Manifest::parse(&envelope.payload).map_err(|error| match error {
        ManifestError::Malformed => malformed("manifest.json is not in its form"),
        ManifestError::Newer(format) => {
            Box::new(Finding::new(Code::PackageNewer).because(EVIDENCE_FORMAT, format))
        }
    })?;
    let signatures = 1 + usize::from(manifest.exporter.is_some());
    if envelope.signatures.len() != signatures || !package.is_named_by(&manifest) {
        return Err(malformed(
            "manifest.json is not of these files and signatures",
        ));
    }
    if keys.is_empty() {
        return Err(refuted(Code::Unpinned));
    }
    let mut own = keys
        .iter()
        .filter(|key| key.name() == manifest.origin)
        .peekable();
    if own.peek().is_none() {
        let pinned = keys.first().map_or("", VerifierKey::name);
        let finding = Finding::new(Code::OriginOther).because(pinned, manifest.origin.as_str());
        return Err(Box::new(finding));
    }
    let first = envelope.signatures.first();
    let (Some(signature), Some(key)) = (
        first,
        own.filter(|key| key.key_type() == KeyType::Ed25519)
            .find(|key| first.is_some_and(|first| first.key_id == key.fingerprint())),
    ) else {
        return Err(refuted(Code::KeyNotPinned));
    };
    if !key.verify(&envelope.signed_bytes(), &signature.value) {
        return Err(refuted(Code::PackageSignature));
    }
    Ok(Signed { manifest, envelope })
}

/// Whoever signed for having exported: by the key that the log knew as theirs at the package's size.
fn exporter(signed: &Signed, context: &Context) -> Checked<Option<PackageExporter>> {
    let Some(actor) = &signed.manifest.exporter else {
        return Ok(None);
    };
    let signature = signed.envelope.signatures.get(1);
    let (Some(signature), Some(key)) = (signature, context.exporter_key()) else {
        return Err(refuted(Code::PackageSigner));
    };
    let fingerprint = key.fingerprint();
    if key.key_type() != KeyType::Ed25519 || signature.key_id != fingerprint {
        return Err(refuted(Code::PackageSigner));
    }
    if !key.verify(&signed.envelope.signed_bytes(), &signature.value) {
        return Err(refuted(Code::PackageSignature));
    }
    Ok(Some(PackageExporter {
        actor: actor.clone(),
        fingerprint,
    }))
}

/// `context.jsonl`, and the checkpoint under which the whole package stands.
fn context_member<R: Read + Seek>(
    package: &mut Package<R>,
    keys: &[VerifierKey],
    manifest: &Manifest,
    context: &mut Context,
) -> Checked<VerifiedCheckpoint> {
    let mut input = BufReader::new(package.section(CONTEXT)?);
    let looks = || |_: &Proven<'_>| Ok(());
    let read = extract::read_extract(1, &mut input, keys, looks, &mut |proven, facts, ()| {
        context.take(proven, facts);
        Ok(())
    });
    let checkpoint = read.map_err(finding_of)?.checkpoint().clone();
    if checkpoint.size() != manifest.size || checkpoint.origin() != manifest.origin {
        return Err(malformed(
            "its checkpoint is not the one that the manifest names",
        ));
    }
    context.begins()?;
    Ok(checkpoint)
}

/// What can be told of an entry of `entries.jsonl` by itself, on any thread.
struct Seen {
    counted: Counted,
    commitments: u64,
}

impl Seen {
    fn of(proven: &Proven<'_>, tape: &mut Tape, manifest: &Manifest) -> Result<Self, Finding> {
        let (index, line) = (proven.index, proven.entry);
        let entry = tape
            .read(line)
            .map_err(|_| Finding::new(Code::ReceiptEntry).at(index))?;
        if index >= manifest.covers || !index::selects_entry(&manifest.query, entry) {
            return Err(Finding::new(Code::PackageQuery).at(index));
        }
        Ok(Self {
            counted: Counted::of(entry),
            commitments: commitments_in(line, entry),
        })
    }
}

/// What `entries.jsonl` is held against.
struct Extracts<'a> {
    threads: usize,
    keys: &'a [VerifierKey],
    manifest: &'a Manifest,
    checkpoint: &'a VerifiedCheckpoint,
}

impl Extracts<'_> {
    /// `entries.jsonl`: proofs, the query, the claim, the labels and what stands beside; the counts of what is in it.
    fn check<R: Read + Seek>(
        &self,
        package: &mut Package<R>,
        held: &mut Held,
        beside: &mut Beside,
    ) -> Checked<Population> {
        let manifest = self.manifest;
        let mut population = Population::default();
        let section = package.section(ENTRIES)?;
        let mut input = BufReader::with_capacity(EXPORT_LINE_BYTES_MAX, section);
        let looks = || {
            let mut tape = Tape::new();
            move |proven: &Proven<'_>| Seen::of(proven, &mut tape, manifest)
        };
        let mut take = |proven: &Proven<'_>, facts: &EntryFacts, seen: Seen| {
            population.add(proven.index, &seen.counted);
            held.take(proven, facts)?;
            let (index, entry) = (proven.index, proven.entry);
            beside.take(index, entry, seen.commitments, &facts.record)
        };
        let read = extract::read_extract(self.threads, &mut input, self.keys, looks, &mut take);
        let read = read.map_err(finding_of)?;
        if read.checkpoint().note() != self.checkpoint.note()
            || *read.query() != index::query_json(&manifest.query)
        {
            return Err(malformed(
                "its two extracts are not of one checkpoint and query",
            ));
        }
        if read.entries() != manifest.entries {
            let (expected, found) = (manifest.entries.to_string(), read.entries().to_string());
            let finding = Finding::new(Code::PackageIncomplete);
            return Err(Box::new(finding.because(expected, found)));
        }
        Ok(population)
    }
}

fn malformed(why: &str) -> Box<Finding> {
    Box::new(Finding::new(Code::PackageMalformed).found(why))
}

fn unreadable(error: &std::io::Error) -> Box<Finding> {
    Box::new(Finding::new(Code::Unreadable).found(error.to_string()))
}

fn refuted(code: Code) -> Box<Finding> {
    Box::new(Finding::new(code))
}

/// What an extract inside the package failed with.
fn finding_of(error: Error) -> Box<Finding> {
    match error {
        Error::Extract { finding, .. } => finding,
        other => Box::new(Finding::new(Code::Unreadable).found(other.to_string())),
    }
}
