//! A package that leaves: its file, and the record in the log which says that it left.

use std::io::{BufWriter, IntoInnerError};
use std::path::Path;

use sealog_core::entry::{DEFAULT_TENANT, LOG_STREAM};
use sealog_core::hash::Hash;
use sealog_core::json::{Object, Value};

use super::{Evidence, EvidenceOptions, digest_of};
use crate::clock::{Clock, SystemClock};
use crate::draft::{Draft, integer};
use crate::error::Error;
use crate::export::ExportProgress;
use crate::index::Query;
use crate::ledger::Ledger;
use crate::new_file::NewFile;

/// Bytes of the digest that a package is called by in the log, in hex digits.
const ID_DIGITS: usize = 16;

/// Who asked for a package, and for whom it is: ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who asked.
    pub by: String,
    /// For whom it is, if that is said.
    pub recipient: Option<String>,
}

/// A package that left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOver {
    /// What is in it.
    pub evidence: Evidence,
    /// SHA-256 of the file.
    pub digest: Hash,
}

impl Ledger {
    /// Writes an evidence package into a new file, flushes it, records in the log that it left (`export.created`, which
    /// names its digest), and then gives the file its name: no package has one whose leaving is not on record. A query
    /// of a stream without a tenant means the default tenant. Where any of it fails no file is left behind; a process
    /// that is killed may leave one that is hidden and called unfinished.
    ///
    /// # Errors
    /// [`Error::FileExists`] if something is at `path`, [`Error::Io`] if the file cannot be written; otherwise as
    /// [`Ledger::export_evidence`] and as an append.
    pub fn hand_over_evidence(
        &self,
        path: &Path,
        query: &Query,
        options: &EvidenceOptions,
        asked: &Asked,
        progress: &mut dyn FnMut(ExportProgress),
    ) -> Result<HandedOver, Error> {
        let query = of_a_tenant(query);
        let mut out = BufWriter::new(NewFile::begin(path)?);
        let evidence = self.export_evidence(&query, options, &mut out, progress)?;
        let file = out.into_inner().map_err(IntoInnerError::into_error);
        let file = file.map_err(Error::io("write", path))?;
        file.flush_to_disk()?;
        let digest = file.written().and_then(digest_of);
        let digest = digest.map_err(Error::io("read", path))?;
        let handed = HandedOver { evidence, digest };
        // Of two that are made at once the later one should leave no record of a package that nobody has.
        file.check_free()?;
        self.append_own(record(&query, &handed, asked)?)?;
        file.finish()?;
        Ok(handed)
    }
}

/// The record that a package left the log, which names it.
fn record(query: &Query, handed: &HandedOver, asked: &Asked) -> Result<Draft, Error> {
    let (digest, evidence) = (handed.digest.to_hex(), &handed.evidence);
    let id = digest.get(..ID_DIGITS).unwrap_or(&digest);
    let mut body = Object::new();
    body.insert("created_at", SystemClock.now().format_micros());
    body.insert("export_id", format!("package-{id}"));
    body.insert("package_digest", format!("sha256:{digest}"));
    let query = query.to_json().to_canonical();
    body.insert("query", String::from_utf8(query).unwrap_or_default());
    if let Some(recipient) = &asked.recipient {
        body.insert("recipient", recipient.as_str());
    }
    body.insert("record_count", integer(evidence.entries)?);
    body.insert("requested_by", asked.by.as_str());
    if !evidence.revealed_key_ids.is_empty() {
        let ids = evidence.revealed_key_ids.iter();
        let ids = ids.map(|id| Value::from(id.to_string()));
        body.insert("revealed_key_ids", Value::Array(ids.collect()));
    }
    body.insert("scope", evidence.scope.word());
    body.insert("size", integer(evidence.size)?);
    let mut draft = Draft::new("export.created", body);
    draft.stream_id = Some(LOG_STREAM.into());
    draft.tenant_id = Some(DEFAULT_TENANT.into());
    Ok(draft)
}

/// A stream is one of a tenant: of the default one, if none is named.
fn of_a_tenant(query: &Query) -> Query {
    let mut query = query.clone();
    if query.stream.is_some() && query.tenant.is_none() {
        query.tenant = Some(DEFAULT_TENANT.into());
    }
    query
}
