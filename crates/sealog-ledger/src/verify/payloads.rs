//! The files of evidence beside the log: each has the bytes that its entry names, and each has an entry. Of whom an
//! erasure says that the files were deleted, none is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sealog_core::commitment::KeyId;
use sealog_core::entry::{Erased, PayloadFacts};
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::{Ref, Tape};
use sealog_store::{Shelf, Store};

/// A payload file is written before the record that names it: a younger one may still be waited for.
pub const ORPHAN_AGE_MIN: Duration = Duration::from_hours(1);

/// What a pass knows of payload files.
#[derive(Debug, Default)]
pub(super) struct Payloads {
    /// Files that stood there, old enough, before the log was read: what a writer adds meanwhile has no entry yet.
    listed: Vec<String>,
    /// Files that an entry names.
    named: BTreeSet<Hash>,
    /// Sealed files that are not there, until an erasure explains it.
    absent: BTreeMap<KeyId, Absent>,
}

/// Files that one data key sealed and that are not there.
#[derive(Debug)]
struct Absent {
    tenant: String,
    /// The first of them, with its entry.
    first: (u64, Hash),
    more: u64,
}

impl Payloads {
    /// Lists the files, before the log is read.
    pub(super) fn list(&mut self, store: &dyn Store) -> Result<(), sealog_store::Error> {
        for name in store.list(Shelf::Payloads)? {
            // One whose age cannot be told may be young.
            let file = store.look(Shelf::Payloads, &name)?;
            let age = file.and_then(|file| file.age());
            if age.is_some_and(|age| age > ORPHAN_AGE_MIN) {
                self.listed.push(name);
            }
        }
        Ok(())
    }

    /// The finding of a file that an entry names: it has to hold the bytes that the entry states. `line` is the
    /// entry's, `index` its place.
    pub(super) fn check(
        &mut self,
        store: &dyn Store,
        payload: &PayloadFacts,
        line: &[u8],
        index: u64,
    ) -> Option<Finding> {
        let digest = payload.digest;
        if payload.inline.is_some() || !self.named.insert(digest) {
            return None;
        }
        let name = digest.to_hex();
        match store.fetch(Shelf::Payloads, &name) {
            Ok(Some(bytes)) => {
                let same =
                    Hash::of(&[&bytes]) == digest && u64::try_from(bytes.len()) == Ok(payload.size);
                (!same).then(|| Finding::new(Code::PayloadMismatch).found(name))
            }
            Ok(None) => match payload.key_id {
                None => Some(Finding::new(Code::PayloadMissing).found(name)),
                Some(key) => {
                    let absent = self.absent.entry(key);
                    let absent = absent.and_modify(|absent| absent.more += 1);
                    absent.or_insert_with(|| Absent {
                        tenant: tenant_of(line),
                        first: (index, digest),
                        more: 0,
                    });
                    None
                }
            },
            Err(error) => Some(Finding::new(Code::Unreadable).found(error.to_string())),
        }
    }

    /// An erasure that a checkpoint covers: what its keys sealed before it may be gone.
    pub(super) fn excuse(&mut self, erased: &Erased) {
        if !erased.deletes_payloads {
            return;
        }
        if let Some(key) = &erased.key_id {
            self.absent.remove(key);
        }
        if let Some(tenant) = &erased.tenant {
            self.absent.retain(|_, absent| absent.tenant != *tenant);
        }
    }

    /// Whether sealed files of entries below `size` are not there and no erasure said why.
    pub(super) fn is_any_absent(&self, size: u64) -> bool {
        let mut absent = self.absent.values();
        absent.any(|absent| absent.first.0 < size)
    }

    /// The sealed files of entries below `size` that are not there and that no erasure explains.
    pub(super) fn absent(&mut self, size: u64) -> impl Iterator<Item = Finding> {
        let absent = std::mem::take(&mut self.absent).into_values();
        let covered = absent.filter(move |absent| absent.first.0 < size);
        covered.map(|absent| {
            let (index, digest) = absent.first;
            let mut found = digest.to_hex();
            if absent.more > 0 {
                found.push_str(&format!(", and {} more of the same key", absent.more));
            }
            Finding::new(Code::PayloadMissing).found(found).at(index)
        })
    }

    /// The files that no entry names. Only of a log that was read whole.
    pub(super) fn orphans(self) -> impl Iterator<Item = Finding> {
        let Self { listed, named, .. } = self;
        let is_named = move |name: &str| {
            let digest = Hash::from_hex(name);
            digest.is_some_and(|digest| named.contains(&digest))
        };
        listed
            .into_iter()
            .filter(move |name| !is_named(name))
            .map(|name| Finding::new(Code::PayloadOrphan).found(name))
    }
}

fn tenant_of(line: &[u8]) -> String {
    let mut tape = Tape::new();
    let entry = tape.read(line).ok();
    let tenant = entry.and_then(|entry| entry.member("record")?.member("tenant_id"));
    tenant
        .and_then(Ref::plain_str)
        .unwrap_or_default()
        .to_owned()
}
