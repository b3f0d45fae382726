//! Adoption: a verified source becomes entries that say `imported`.
//!
//! The file comes first, as one `import.adopted` with the verdict, the findings and the number of records; its
//! `import_id` is the run of the producer under which its decisions, approvals, waivers, attestations, data sets and
//! model follow, one for each record and with the original bytes as payload. All else (configurations, other events,
//! unreadable lines) follows as `import.adopted` with original fields. Groups are appended in the order of the source,
//! so an import that was interrupted has taken a prefix of it, and the next one goes on there. A document about a model
//! that was adopted without the model and comes again with it is adopted once more, by its `model.registered` alone.

use sealog_core::config::digest_text;
use sealog_core::entry::{DEFAULT_TENANT, LOG_STREAM};
use sealog_core::finding::Weight;
use sealog_core::hash::Hash;
use sealog_core::json::{Object, Value};
use sealog_core::kinds::is_id;
use sealog_core::limits::{PAYLOAD_INLINE_BYTES_MAX, STRING_BYTES_MAX};
use sealog_store::Shelf;

use super::{ImportError, JSON, Original, Source, SourceVerdict};
use crate::draft::{CaptureMode, Draft, Payload, integer};
use crate::error::Error;
use crate::ledger::Ledger;
use crate::producer::Producer;

#[cfg(test)]
mod tests;

/// Records of one group, at most.
const GROUP_RECORDS: usize = 128;
/// Bytes of the originals in one group, about.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// What the payload is called that holds the bytes of an original.
pub(super) const ORIGINAL: &str = "original";

/// The kind that a document becomes whose model was there: its first file, and nothing of any log.
pub(super) const MODEL: &str = "model.registered";

/// How a source is adopted.
#[derive(Debug, Clone)]
pub struct Adoption {
    /// The AI system that its records are about.
    pub system_id: String,
    /// Adopt it although its own rules do not hold, with the findings on record.
    pub accept_findings: bool,
}

/// What an adoption added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// The import, and the run of the producer of its decisions.
    pub import_id: String,
    /// Index of the record of the file.
    pub index: u64,
    /// Records adopted now.
    pub records: u64,
    /// Records of the same file that an earlier import had adopted: one that was interrupted, or one of a document
    /// about a model without the model.
    pub before: u64,
}

/// What earlier imports of the same file left in the log.
#[derive(Debug, Default)]
struct Earlier {
    index: Option<u64>,
    runs: Vec<String>,
    adopted: u64,
    /// Whether the file's model is registered.
    model: bool,
}

/// The body of an imported decision. Nothing is claimed for its model.
pub(super) fn decision_body(id: &str) -> Object {
    let mut body = Object::new();
    body.insert("decision_id", id);
    body.insert("model_reason", "imported: nobody here verified the model");
    body.insert("model_state", "unverified");
    body
}

impl Ledger {
    /// Adopts a source that was verified. See the module for what stands in the log then.
    ///
    /// # Errors
    /// It does not hold and nobody accepted that; the ledger has a privacy policy; it was adopted before; another
    /// import goes on; the ledger refused or failed.
    pub fn adopt(&self, source: &mut Source, how: &Adoption) -> Result<Adopted, ImportError> {
        if source.verdict() != SourceVerdict::Holds && !how.accept_findings {
            return Err(not_accepted(source));
        }
        if self.options().privacy.is_some() {
            return Err(ImportError::UnderPolicy);
        }
        // Before the file's own record stands there, or its decisions would be refused behind it.
        if !is_id(how.system_id.as_bytes()) {
            return Err(ImportError::from(Error::Argument {
                what: "the system",
                why: "it is no identifier: letters, digits and . _ : / @ + - of ASCII, 1 to 200 of them".into(),
            }));
        }
        // Held to the end: what another import takes now is not yet there to be found, and would be taken twice.
        let _alone = self.store().hold_import().map_err(|error| match error {
            sealog_store::Error::Busy { .. } => ImportError::Busy,
            error => ImportError::from(Error::from(error)),
        })?;
        // Another may have taken it since this handle last looked.
        self.refresh()?;
        let earlier = self.earlier(&source.digest)?;
        // A document without its model says less than the same one with it.
        let is_model_due = source.reader.registers_model() && !earlier.model;
        if let Some(index) = earlier.index
            && earlier.adopted >= source.records
            && !is_model_due
        {
            return Err(ImportError::Again { index });
        }
        let producer = self.producer()?;
        let file = self.file_record(source, &producer)?;
        let index = self.append_own(file)?.receipt()?.index();
        let mut batch = Batch {
            ledger: self,
            producer: &producer,
            source_format: source.format.id(),
            source_digest: digest_text(&source.digest),
            verdict: source.verdict().id(),
            system: &how.system_id,
            of_kinds: Vec::new(),
            others: Vec::new(),
            bytes: 0,
            records: 0,
        };
        let mut skip = earlier.adopted;
        source.reader.each(&mut |original| {
            if skip > 0 {
                skip -= 1;
                let is_model = matches!(original.entry, Some((MODEL, _)));
                if !(is_model && is_model_due) {
                    return Ok(());
                }
            }
            batch.take(original)
        })?;
        batch.flush()?;
        let records = batch.records;
        if producer.count() > 0 {
            producer.stop()?;
        }
        Ok(Adopted {
            import_id: producer.run().to_owned(),
            index,
            records,
            before: earlier.adopted,
        })
    }

    /// Looks through the log itself: what an index leaves out nobody sees.
    fn earlier(&self, digest: &Hash) -> Result<Earlier, ImportError> {
        let digest = digest_text(digest);
        let mut earlier = Earlier::default();
        for entry in self.entries(0..self.size())? {
            let entry = entry?;
            let holds = |text: &str| memchr::memmem::find(entry.bytes(), text.as_bytes()).is_some();
            if !holds(&digest) && !earlier.runs.iter().any(|run| holds(run)) {
                continue;
            }
            let value = entry.value();
            let Some(record) = value.member("record") else {
                continue;
            };
            let text = |value: &Value, name| {
                value
                    .member(name)
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            };
            let of_run =
                text(record, "producer_run").is_some_and(|run| earlier.runs.contains(&run));
            let kind = text(record, "kind").unwrap_or_default();
            // The run's own first and last records are of this system, and not imported.
            if of_run && text(record, "capture_mode").as_deref() == Some("imported") {
                let is_model = kind == MODEL;
                // The model of a document that is there already is no further file of it.
                earlier.adopted += u64::from(!is_model || earlier.adopted == 0);
                earlier.model |= is_model;
            }
            let body = record.member("body").filter(|_| kind == "import.adopted");
            let Some(body) =
                body.filter(|body| text(body, "source_digest").as_ref() == Some(&digest))
            else {
                continue;
            };
            if body.member("original_position").is_some() {
                earlier.adopted += 1;
            } else {
                earlier.index = earlier.index.or(Some(entry.index()));
                earlier.runs.extend(text(body, "import_id"));
            }
        }
        Ok(earlier)
    }

    fn file_record(&self, source: &Source, producer: &Producer) -> Result<Draft, ImportError> {
        let findings = source.findings.to_json()?.to_canonical();
        let codes = source.findings.counts().map(|(weakness, _)| weakness.id());
        let codes: Vec<&str> = codes.collect();
        let mut body = Object::new();
        if !codes.is_empty() {
            body.insert("finding_codes", codes);
        }
        body.insert("findings_digest", digest_text(&Hash::of(&[&findings])));
        body.insert("import_id", producer.run());
        body.insert("record_count", integer(source.records)?);
        body.insert("source_digest", digest_text(&source.digest));
        body.insert("source_format", source.format.id());
        if let Some(version) = source.version().filter(|text| is_id(text.as_bytes())) {
            body.insert("source_version", version);
        }
        body.insert("verification", source.verdict().id());
        if let Some(key) = &source.verified_with {
            body.insert("verified_with", key.as_str());
        }
        self.own(body, payload("findings", JSON, findings))
    }

    /// A record of the log's own about an import, with its payload stored.
    fn own(&self, body: Object, kept: Payload) -> Result<Draft, ImportError> {
        if kept.bytes.len() > PAYLOAD_INLINE_BYTES_MAX {
            let file = Hash::of(&[&kept.bytes]).to_hex();
            self.store()
                .put(Shelf::Payloads, &file, &kept.bytes)
                .map_err(Error::from)?;
        }
        let mut draft = Draft::new("import.adopted", body);
        draft.capture_mode = Some(CaptureMode::Imported);
        draft.stream_id = Some(LOG_STREAM.into());
        draft.tenant_id = Some(DEFAULT_TENANT.into());
        draft.payloads = vec![kept];
        Ok(draft)
    }
}

fn payload(name: &str, media_type: &str, bytes: Vec<u8>) -> Payload {
    Payload {
        name: name.into(),
        media_type: media_type.into(),
        bytes,
        key_id: None,
    }
}

fn not_accepted(source: &Source) -> ImportError {
    let against = source.findings.weight();
    let counts = source.findings.counts();
    let codes = counts.filter(|(weakness, _)| weakness.weight() == against);
    debug_assert!(against > Weight::Note);
    ImportError::NotAccepted {
        verdict: source.verdict(),
        codes: codes.map(|(weakness, _)| weakness.id()).collect(),
    }
}

/// Records on their way into the log: one sort at a time, so that the order of the source is that of the log.
struct Batch<'a> {
    ledger: &'a Ledger,
    producer: &'a Producer,
    source_format: &'static str,
    source_digest: String,
    verdict: &'static str,
    system: &'a str,
    of_kinds: Vec<Draft>,
    others: Vec<Draft>,
    bytes: usize,
    records: u64,
}

impl Batch<'_> {
    fn take(&mut self, original: Original) -> Result<(), ImportError> {
        let turns = original.entry.is_some() == self.of_kinds.is_empty();
        let full = self.of_kinds.len() + self.others.len() >= GROUP_RECORDS;
        if turns || full || self.bytes >= GROUP_BYTES {
            self.flush()?;
        }
        self.bytes += original.bytes.len();
        self.records += 1;
        let mut original = original;
        if let Some((kind, body)) = original.entry.take() {
            let mut draft = Draft::new(kind, body);
            draft.capture_mode = Some(CaptureMode::Imported);
            draft.system_id = Some(self.system.into());
            draft.occurred_at = original.time;
            draft.payloads = vec![payload(ORIGINAL, original.media_type, original.bytes)];
            self.of_kinds.push(draft);
            return Ok(());
        }
        let draft = self.other(original)?;
        self.others.push(draft);
        Ok(())
    }

    fn other(&self, original: Original) -> Result<Draft, ImportError> {
        let mut body = Object::new();
        body.insert("import_id", self.producer.run());
        let short = |text: &String| text.len() <= STRING_BYTES_MAX && is_id(text.as_bytes());
        if let Some(id) = original.id.filter(short) {
            body.insert("original_id", id);
        }
        body.insert("original_kind", original.kind);
        body.insert("original_position", integer(original.position)?);
        if let Some(time) = original.time {
            body.insert("original_time", time.format_micros());
        }
        body.insert("source_digest", self.source_digest.as_str());
        body.insert("source_format", self.source_format);
        // That of the whole file: what was found, and where, stands in the file's own record.
        body.insert("verification", self.verdict);
        let kept = payload(ORIGINAL, original.media_type, original.bytes);
        self.ledger.own(body, kept)
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        self.bytes = 0;
        let of_kinds = std::mem::take(&mut self.of_kinds);
        if !of_kinds.is_empty() {
            self.producer.append_many(of_kinds)?;
        }
        let others = std::mem::take(&mut self.others);
        if !others.is_empty() {
            self.ledger
                .commit_own_all(move |_| Ok(others.clone()), None)?;
        }
        Ok(())
    }
}
