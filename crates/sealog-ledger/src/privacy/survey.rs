//! What the log says that matters to an erasure: read from the log itself, never from the index.

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem;
use sealog_core::commitment::KeyId;
use sealog_core::config::parse_digest;
use sealog_core::hash::Hash;
use sealog_core::json::{Ref, Tape};
use sealog_core::time::Timestamp;

use super::approvals::Approvals;
use super::erase::Reached;
use crate::Error;
use crate::key_store::Target;
use crate::ledger::Ledger;

const SECONDS_PER_DAY: u64 = 86_400;

/// What one pass over the log found about a target.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Entries that name its keys or its pseudonym.
    pub(super) entries: u64,
    /// Sealed payloads of these: index and name.
    pub(super) sealed: Vec<(u64, String)>,
    /// Files of these whose period has passed.
    pub(super) files: BTreeSet<Hash>,
    /// Entries of the log that it read.
    pub(super) size: u64,
    /// Until when one of these has to be kept, with its class.
    pub(super) kept_until: Option<(Timestamp, String)>,
    /// Packages in which values under its keys were opened.
    pub(super) exports: Vec<Reached>,
    pub(super) approvals: Approvals,
}

impl Ledger {
    /// Reads the whole log for what concerns an erasure of this target, whose keys these are.
    pub(super) fn survey(&self, target: &Target, keys: &BTreeSet<KeyId>) -> Result<Survey, Error> {
        let mut survey = Survey::default();
        let mut tape = Tape::new();
        let scope = target.scope();
        for entry in self.entries(0..u64::MAX)? {
            let entry = entry?;
            survey.size = entry.index() + 1;
            if !concerns(entry.bytes(), target) {
                continue;
            }
            let Ok(read) = tape.read(entry.bytes()) else {
                continue;
            };
            let Some(record) = read.member("record") else {
                continue;
            };
            self.look(entry.index(), read, record, target, keys, &mut survey);
            let kind = record.member("kind").and_then(Ref::plain_str);
            match (kind, record.member("body")) {
                (Some("approval"), Some(body)) => survey.approvals.take(body, &scope),
                (Some("export.created"), Some(body)) => {
                    survey.exports.extend(reached(entry.index(), body, keys));
                }
                _ => {}
            }
        }
        Ok(survey)
    }

    fn look(
        &self,
        index: u64,
        entry: Ref<'_, '_>,
        record: Ref<'_, '_>,
        target: &Target,
        keys: &BTreeSet<KeyId>,
        survey: &mut Survey,
    ) {
        let text = |name: &str| record.member(name).and_then(Ref::plain_str);
        let named = |item: Ref<'_, '_>| {
            let key = item.member("key_id").and_then(Ref::plain_str);
            key.and_then(|key| key.parse().ok())
                .is_some_and(|key: KeyId| keys.contains(&key))
        };
        let list = |name: &str| record.member(name).into_iter().flat_map(Ref::elements);
        let is_about = match target {
            Target::Subject { reference, .. } => record
                .member("body")
                .and_then(|body| body.member("subject_ref"))
                .is_some_and(|found| found.is_text(reference)),
            Target::Tenant { tenant } => text("tenant_id") == Some(tenant),
        };
        let sealed: Vec<_> = list("payloads").filter(|payload| named(*payload)).collect();
        if !is_about && sealed.is_empty() && !list("personal_commitments").any(named) {
            return;
        }
        survey.entries += 1;
        let place = |payload: &Ref<'_, '_>| Some((index, payload.member("name")?.text()?.into()));
        survey.sealed.extend(sealed.iter().filter_map(place));
        let class = text("retention_class").unwrap_or_default();
        let recorded = entry
            .member("log")
            .and_then(|log| Timestamp::parse(log.member("recorded_at")?.plain_bytes()?).ok());
        let until = recorded.and_then(|recorded| self.kept_until(class, recorded));
        if until.is_none_or(|until| until <= self.options().clock.now()) {
            let files = sealed.iter().filter(|one| one.member("inline").is_none());
            let digest = |file: &Ref<'_, '_>| parse_digest(file.member("digest")?.plain_str()?);
            survey.files.extend(files.filter_map(digest));
        }
        if let Some(until) = until {
            let latest = survey.kept_until.as_ref().map(|(latest, _)| *latest);
            if latest.is_none_or(|latest| latest < until) {
                survey.kept_until = Some((until, class.to_owned()));
            }
        }
    }

    /// Until when an entry of a class has to be kept that was recorded then; none where no policy governs the class.
    pub(super) fn kept_until(&self, class: &str, recorded: Timestamp) -> Option<Timestamp> {
        let days = self.with_state(|state, _| {
            let policy = state.disposals().policy(class);
            policy.map(|(_, min_days, _)| min_days)
        });
        days.map(|days| recorded.plus_seconds(days.saturating_mul(SECONDS_PER_DAY)))
    }

    /// Refuses to make a key store for a log whose entries name keys that one must have held, and that no erasure
    /// destroyed since.
    pub(super) fn refuse_lost_store(&self) -> Result<(), Error> {
        let mut tape = Tape::new();
        let mut lost = LostKeys::default();
        for entry in self.entries(0..u64::MAX)? {
            let entry = entry?;
            let line = entry.bytes();
            let may = [PERSONAL, PAYLOADS, ERASED]
                .iter()
                .any(|needle| memmem::find(line, needle).is_some());
            if let Some(record) = may
                .then(|| tape.read(line).ok()?.member("record"))
                .flatten()
            {
                lost.take(record);
            }
        }
        if lost.keys.is_empty() {
            return Ok(());
        }
        lost.keys.remove(&self.data_key()?.id);
        let entries = lost.keys.values().map(|(_, entries)| entries).sum();
        if entries == 0 {
            return Ok(());
        }
        let path = self.secrets().unwrap_or_default();
        Err(Error::KeyStoreMissing {
            path: path.join(crate::KEY_STORE_FILE),
            entries,
        })
    }
}

/// How a line that names data keys or an erasure can be told without reading it.
const PERSONAL: &[u8] = b"\"personal_commitments\":";
/// See above.
const PAYLOADS: &[u8] = b"\"payloads\":";
/// See above.
const ERASED: &[u8] = b"\"erasure.executed\"";

/// Keys that entries name, each with the tenant and how many entries do, but for those that an erasure destroyed.
#[derive(Debug, Default)]
struct LostKeys {
    keys: BTreeMap<KeyId, (String, u64)>,
}

impl LostKeys {
    fn take(&mut self, record: Ref<'_, '_>) {
        let text = |name: &str| record.member(name).and_then(Ref::plain_str);
        if text("kind") == Some("erasure.executed") {
            self.erase(record);
            return;
        }
        let list = |name: &str| record.member(name).into_iter().flat_map(Ref::elements);
        let named: BTreeSet<KeyId> = list("personal_commitments")
            .chain(list("payloads"))
            .filter_map(|item| item.member("key_id")?.plain_str()?.parse().ok())
            .collect();
        for key in named {
            let tenant = text("tenant_id").unwrap_or_default().to_owned();
            self.keys.entry(key).or_insert((tenant, 0)).1 += 1;
        }
    }

    fn erase(&mut self, record: Ref<'_, '_>) {
        let text = |name: &str| record.member("body")?.member(name)?.plain_str();
        if let Some(key) = text("key_id").and_then(|key| key.parse().ok()) {
            self.keys.remove(&key);
        }
        if let Some(erased) = text("scope").and_then(|scope| scope.strip_prefix("tenant:")) {
            self.keys.retain(|_, (tenant, _)| tenant != erased);
        }
    }
}

/// Whether an entry's line may be of interest; told without reading it.
fn concerns(line: &[u8], target: &Target) -> bool {
    let holds = |text: &str| memmem::find(line, text.as_bytes()).is_some();
    let is_of_target = match target {
        Target::Subject { reference, .. } => holds(reference),
        Target::Tenant { tenant } => holds(tenant),
    };
    is_of_target || holds("\"key_id\":\"") || holds("\"approval\"") || holds("\"export.created\"")
}

fn reached(index: u64, body: Ref<'_, '_>, keys: &BTreeSet<KeyId>) -> Option<Reached> {
    let text = |name: &str| {
        body.member(name)
            .and_then(Ref::plain_str)
            .map(ToOwned::to_owned)
    };
    let revealed = body.member("revealed_key_ids")?.elements().any(|key| {
        key.plain_str()
            .and_then(|key| key.parse().ok())
            .is_some_and(|key: KeyId| keys.contains(&key))
    });
    revealed.then(|| Reached {
        index,
        recipient: text("recipient"),
        package_digest: text("package_digest").unwrap_or_default(),
    })
}
