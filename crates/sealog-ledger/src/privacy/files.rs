//! Payload files that the keys of an erased person or tenant sealed: deleted once their period has passed, after the
//! log says so. A crash in between leaves the erasure pending, and whoever finishes it deletes them.

use std::collections::BTreeSet;

use memchr::memmem;
use sealog_core::commitment::KeyId;
use sealog_core::entry::{Line, LineReader, PayloadFacts};
use sealog_core::hash::Hash;
use sealog_core::json::{Object, Ref, Tape, Value};

use crate::Error;
use crate::ledger::Ledger;

/// The `method` of the records that say so.
pub(super) const PAYLOAD_DELETED: &str = "payload_deleted";

/// How a line that names payloads can be told without reading it.
const PAYLOADS: &[u8] = b"\"payloads\":[";

/// Whose sealed files are deleted.
#[derive(Debug, Default)]
struct Erased {
    keys: BTreeSet<KeyId>,
    tenant: Option<String>,
    /// The ledger's own key, which no erasure destroys.
    own: Option<KeyId>,
}

impl Erased {
    /// Whom bodies of `erasure.executed` name that say that payloads were deleted.
    fn of(bodies: &[Object]) -> Self {
        let mut erased = Self::default();
        for body in bodies {
            let text = |name: &str| body.get(name).and_then(Value::as_str);
            if text("method") != Some(PAYLOAD_DELETED) {
                continue;
            }
            let key = text("key_id").and_then(|key| key.parse::<KeyId>().ok());
            erased.keys.extend(key);
            let tenant = text("scope").and_then(|scope| scope.strip_prefix("tenant:"));
            erased.tenant = erased.tenant.or_else(|| tenant.map(ToOwned::to_owned));
        }
        erased
    }

    /// Whether a payload of an entry was sealed by one of the keys. `line` is the entry's.
    fn sealed(&self, payload: &PayloadFacts, line: &[u8]) -> bool {
        let Some(key) = payload.key_id else {
            return false;
        };
        if self.keys.contains(&key) {
            return true;
        }
        let Some(tenant) = self.tenant.as_deref().filter(|_| self.own != Some(key)) else {
            return false;
        };
        let mut tape = Tape::new();
        let entry = tape.read(line).ok();
        let found = entry.and_then(|entry| entry.member("record")?.member("tenant_id"));
        found.and_then(Ref::plain_str) == Some(tenant)
    }
}

impl Ledger {
    /// Deletes the files that records of an erasure say were deleted, of whose entries the period has passed; `known`
    /// are those of entries below `from`. What another entry names stays. Returns how many were deleted.
    pub(super) fn delete_sealed(
        &self,
        bodies: &[Object],
        known: BTreeSet<Hash>,
        from: u64,
    ) -> Result<u64, Error> {
        let mut erased = Erased::of(bodies);
        if erased.keys.is_empty() && erased.tenant.is_none() {
            return Ok(0);
        }
        erased.own = Some(self.data_key()?.id);
        let mut files = known;
        files.extend(self.sealed_files(&erased, from)?);
        self.remove_payloads(files, &|payload, line| erased.sealed(payload, line))
    }

    /// The files that its keys sealed, of entries from `from` on whose period has passed.
    fn sealed_files(&self, erased: &Erased, from: u64) -> Result<BTreeSet<Hash>, Error> {
        let mut files = BTreeSet::new();
        let mut reader = LineReader::new();
        let now = self.options().clock.now();
        for entry in self.entries(from..u64::MAX)? {
            let entry = entry?;
            let line = entry.bytes();
            if memmem::find(line, PAYLOADS).is_none() {
                continue;
            }
            let Ok(Line::Entry(facts)) = reader.read(line) else {
                continue;
            };
            let class = facts
                .record
                .retention_class
                .text(facts.record_span.of(line));
            let until = self.kept_until(class, facts.log.recorded_at);
            if until.is_some_and(|until| until > now) {
                continue;
            }
            let payloads = facts.record.payloads.iter();
            let files_of = payloads.filter(|payload| payload.inline.is_none());
            let sealed = files_of.filter(|payload| erased.sealed(payload, line));
            files.extend(sealed.map(|payload| payload.digest));
        }
        Ok(files)
    }
}
