//! Verifying an evidence package, with nothing but the file and the keys that the verifier brought
//! (`docs/formats/evidence.md`).
//!
//! The checks stand in one order, and the first that fails ends the verification: whoever writes another verifier comes
//! to the same answer.

mod complete;
mod earlier;

use std::io::{BufReader, Read, Seek};

use sealog_core::dsse::Dsse;
use sealog_core::finding::{Code, Finding, Weight};
use sealog_core::json::{Object, Value};
use sealog_core::limits::{EXPORT_LINE_BYTES_MAX, JSON_TEXT_BYTES_MAX};
use sealog_core::tlog::checkpoint::VerifiedCheckpoint;
use sealog_core::tlog::vkey::VerifierKey;

use super::report::{Level, PinnedBy, finding_json};
use super::{Against, extract};
use crate::draft::integer;
use crate::error::Error;
use crate::evidence::archive::{Archive, ArchiveError, Member};
use crate::evidence::claim::Claim;
use crate::evidence::population::Population;
use crate::evidence::statement::{Manifest, ManifestError, PAYLOAD_TYPE};
use crate::evidence::{
    COMPLETENESS, CONSISTENCY, CONTEXT, ENTRIES, MANIFEST, MEMBERS, POPULATION, Scope,
};
use crate::index;
use complete::{Context, Held};

/// Bytes of a member that is read at once: every one but the two extracts.
const MEMBER_BYTES_MAX: u64 = 64 * 1024 * 1024;
const _: () = assert!(JSON_TEXT_BYTES_MAX == 64 * 1024 * 1024);

/// What a verified package shows.
#[derive(Debug, Clone)]
pub struct PackageFacts {
    /// The checkpoint, with the keys that signed it.
    pub checkpoint: VerifiedCheckpoint,
    /// What was asked for.
    pub query: Value,
    /// What it is complete in.
    pub scope: Scope,
    /// Entries of the log up to which it is complete.
    pub covers: u64,
    /// Entries in it.
    pub entries: u64,
    /// Entries of its scope that were disposed of.
    pub disposed: u64,
    /// The sample, if the entries are one.
    pub sample: Option<Value>,
    /// Counts for each kind and day.
    pub population: Value,
    /// What is worth knowing and does not refute, by its code.
    pub notes: Vec<(Code, u64)>,
}

/// The result of verifying a package.
#[derive(Debug, Clone)]
pub struct PackageReport {
    facts: Option<PackageFacts>,
    findings: Vec<Finding>,
    pinned_by: PinnedBy,
    level: Level,
}

impl PackageReport {
    /// The exit status: 0 all that was asked holds, 1 refuted, 2 could not decide.
    pub fn exit(&self) -> u8 {
        match self.findings.iter().map(Finding::weight).max() {
            Some(Weight::Refutes) => 1,
            Some(Weight::Undecided) => 2,
            _ => 0,
        }
    }

    /// A stable reason code.
    pub fn reason(&self) -> &'static str {
        self.findings
            .first()
            .map_or("holds", |finding| finding.code.id())
    }

    /// What it shows; nothing of a package that does not hold.
    pub const fn facts(&self) -> Option<&PackageFacts> {
        self.facts.as_ref()
    }

    /// The first check that failed, or none.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Where the pinned key came from.
    pub const fn pinned_by(&self) -> PinnedBy {
        self.pinned_by
    }

    /// How far it is vouched for that nothing was taken out of the log.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The report as JSON.
    pub fn to_json(&self) -> Value {
        let count = |number: u64| integer(number).unwrap_or(Value::Null);
        let mut json = Object::new();
        json.insert("exit", count(u64::from(self.exit())));
        let findings = self.findings.iter().map(finding_json);
        json.insert("findings", Value::Array(findings.collect()));
        json.insert("level", self.level.id());
        json.insert("pinned_by", self.pinned_by.id());
        json.insert("reason", self.reason());
        let Some(facts) = &self.facts else {
            return Value::Object(json);
        };
        json.insert("complete", facts.scope != Scope::Selection);
        json.insert("covers", count(facts.covers));
        json.insert("disposed", count(facts.disposed));
        json.insert("entries", count(facts.entries));
        if let Some(key) = facts.checkpoint.log_keys().first() {
            json.insert("fingerprint", key.fingerprint());
            json.insert("key", key.to_string());
        }
        let notes = facts.notes.iter();
        let notes = notes.map(|(code, number)| (code.id().to_owned(), count(*number)));
        json.insert("notes", Value::Object(notes.collect()));
        json.insert("origin", facts.checkpoint.origin());
        json.insert("population", facts.population.clone());
        json.insert("query", facts.query.clone());
        json.insert("root", facts.checkpoint.root().to_hex());
        json.insert("sample", facts.sample.clone().unwrap_or(Value::Null));
        json.insert("scope", facts.scope.word());
        json.insert("size", count(facts.checkpoint.size()));
        Value::Object(json)
    }
}

/// Verifies a package. `against` is what the verifier kept from before: checkpoints and receipts of this log.
pub fn verify_package<R: Read + Seek>(
    input: R,
    keys: &[VerifierKey],
    pinned_by: PinnedBy,
    against: &[Against],
) -> PackageReport {
    let mut report = PackageReport {
        facts: None,
        findings: Vec::new(),
        pinned_by,
        level: Level::None,
    };
    match verify(input, keys, against) {
        Ok((facts, level)) => {
            report.facts = Some(facts);
            report.level = level;
        }
        Err(finding) => report.findings.push(*finding),
    }
    report
}

/// The origin that a package claims, to choose among keys that are trusted already. Nothing of it is verified.
pub fn package_origin<R: Read + Seek>(input: R) -> Option<String> {
    let mut archive = Archive::open(input).ok()?;
    let members = named(archive.members()).ok()?;
    let text = read(&mut archive, &members[MANIFEST]).ok()?;
    let envelope = Dsse::from_json(&json(&text)?)?;
    Some(Manifest::parse(&envelope.payload).ok()?.origin)
}

type Checked<T> = Result<T, Box<Finding>>;

fn verify<R: Read + Seek>(
    input: R,
    keys: &[VerifierKey],
    against: &[Against],
) -> Checked<(PackageFacts, Level)> {
    let mut archive = Archive::open(input).map_err(|error| match error {
        ArchiveError::Layout(why) => malformed(why),
        ArchiveError::Io(error) => unreadable(&error),
    })?;
    let members = named(archive.members())?;
    let manifest = manifest(&mut archive, &members, keys)?;
    digests(&mut archive, &members, &manifest)?;

    let claim = read(&mut archive, &members[COMPLETENESS])?;
    let claim = json(&claim).as_ref().and_then(Claim::from_json);
    let claim = claim.ok_or_else(|| malformed("completeness.json is not in its form"))?;
    let scope = manifest.scope();
    let mut context = Context::new(&scope, &claim);
    let section = section(&mut archive, &members[CONTEXT])?;
    let read_context =
        extract::read_extract(&mut BufReader::new(section), keys, &mut |receipt, facts| {
            context.take(receipt, facts);
            Ok(())
        });
    let checkpoint = read_context.map_err(finding_of)?.checkpoint().clone();
    if checkpoint.size() != manifest.size || checkpoint.origin() != manifest.origin {
        return Err(malformed(
            "its checkpoint is not the one that the manifest names",
        ));
    }
    let mut held = context.begin(&manifest, &claim, &checkpoint)?;
    let population = entries(
        &mut archive,
        &members,
        keys,
        &manifest,
        &checkpoint,
        &mut held,
    )?;
    let notes = held.finish()?;
    let said = read(&mut archive, &members[POPULATION])?;
    let said = json(&said).ok_or_else(|| malformed("population.json is not in its form"))?;
    if manifest.sample.is_none() && said != population.to_json(manifest.disposed) {
        return Err(refuted(Code::PackagePopulation));
    }
    let consistency = read(&mut archive, &members[CONSISTENCY])?;
    let earlier = earlier::read(&consistency, &checkpoint)?;
    let level = earlier::held_against(&checkpoint, &earlier, keys, against)?;
    let facts = PackageFacts {
        query: index::query_json(&manifest.query),
        scope,
        covers: manifest.covers,
        entries: manifest.entries,
        disposed: manifest.disposed,
        sample: manifest
            .sample
            .as_ref()
            .map(crate::evidence::Sample::to_json),
        population: said,
        notes,
        checkpoint,
    };
    Ok((facts, level))
}

/// The members, which have to be those of the format, in its order.
fn named(members: &[Member]) -> Checked<[Member; MEMBERS.len()]> {
    let members: [Member; MEMBERS.len()] = members
        .to_vec()
        .try_into()
        .map_err(|_| malformed("it has other members than a package"))?;
    if members
        .iter()
        .zip(MEMBERS)
        .all(|(member, name)| member.name == name)
    {
        return Ok(members);
    }
    Err(malformed("it has other members than a package"))
}

/// The manifest, signed by a pinned key of the log that it names.
fn manifest<R: Read + Seek>(
    archive: &mut Archive<R>,
    members: &[Member; MEMBERS.len()],
    keys: &[VerifierKey],
) -> Checked<Manifest> {
    let text = read(archive, &members[MANIFEST])?;
    let envelope = json(&text).as_ref().and_then(Dsse::from_json);
    let envelope = envelope.filter(|envelope| envelope.payload_type == PAYLOAD_TYPE);
    let envelope = envelope.ok_or_else(|| malformed("manifest.json is no signed statement"))?;
    let manifest = Manifest::parse(&envelope.payload).map_err(|error| match error {
        ManifestError::Malformed => malformed("manifest.json is not in its form"),
        ManifestError::Newer(format) => {
            let finding = Finding::new(Code::PackageNewer);
            Box::new(finding.because(crate::evidence::EVIDENCE_FORMAT, format))
        }
    })?;
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
    let message = envelope.signed_bytes();
    let mut named = false;
    for key in own {
        let fingerprint = key.fingerprint();
        for signature in envelope
            .signatures
            .iter()
            .filter(|one| one.key_id == fingerprint)
        {
            if key.verify(&message, &signature.value) {
                return Ok(manifest);
            }
            named = true;
        }
    }
    Err(refuted(if named {
        Code::PackageSignature
    } else {
        Code::KeyNotPinned
    }))
}

/// Every other member is the one that the manifest names, and its checksum the one that ZIP keeps.
fn digests<R: Read + Seek>(
    archive: &mut Archive<R>,
    members: &[Member; MEMBERS.len()],
    manifest: &Manifest,
) -> Checked<()> {
    let expected = manifest.digests.iter().map(Some).chain([None]);
    for (member, expected) in members.iter().zip(expected) {
        let (found, sound) = archive.digest(member).map_err(|error| unreadable(&error))?;
        if let Some(expected) = expected.filter(|expected| **expected != found) {
            let (expected, found) = (expected.to_hex(), found.to_hex());
            let finding = Finding::new(Code::PackageMember);
            return Err(Box::new(finding.because(
                format!("{} sha256:{expected}", member.name),
                format!("sha256:{found}"),
            )));
        }
        if !sound {
            return Err(malformed("a member's checksum is not that of its bytes"));
        }
    }
    Ok(())
}

/// `entries.jsonl`: proofs, the query, the claim and the labels; the counts of what is in it.
fn entries<R: Read + Seek>(
    archive: &mut Archive<R>,
    members: &[Member; MEMBERS.len()],
    keys: &[VerifierKey],
    manifest: &Manifest,
    checkpoint: &VerifiedCheckpoint,
    held: &mut Held,
) -> Checked<Population> {
    let mut population = Population::default();
    let mut tape = sealog_core::json::Tape::new();
    let section = section(archive, &members[ENTRIES])?;
    let mut input = BufReader::with_capacity(EXPORT_LINE_BYTES_MAX, section);
    let read = extract::read_extract(&mut input, keys, &mut |receipt, facts| {
        let (index, line) = (receipt.index(), receipt.entry());
        if index >= manifest.covers || !index::selects(&manifest.query, line, &mut tape) {
            return Err(Finding::new(Code::PackageQuery).at(index));
        }
        if let Ok(entry) = tape.read(line) {
            population.add(index, entry);
        }
        held.take(receipt, facts)
    });
    let read = read.map_err(finding_of)?;
    if read.checkpoint().note() != checkpoint.note()
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

fn section<'a, R: Read + Seek>(
    archive: &'a mut Archive<R>,
    member: &Member,
) -> Checked<std::io::Take<&'a mut R>> {
    archive.section(member).map_err(|error| unreadable(&error))
}

/// A member that is small enough to be read at once.
fn read<R: Read + Seek>(archive: &mut Archive<R>, member: &Member) -> Checked<Vec<u8>> {
    if u64::from(member.size) > MEMBER_BYTES_MAX {
        return Err(malformed(
            "a member is larger than this verifier reads at once",
        ));
    }
    let mut bytes = Vec::new();
    let mut section = section(archive, member)?;
    section
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    Ok(bytes)
}

/// One line of canonical JSON with its newline.
fn json(text: &[u8]) -> Option<Value> {
    let line = text.strip_suffix(b"\n")?;
    let value = Value::parse(line).ok()?;
    (value.to_canonical() == line).then_some(value)
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
