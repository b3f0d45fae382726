//! The files of evidence beside the log: each has the bytes that its entry names, and each has an entry.

use std::collections::BTreeSet;
use std::time::Duration;

use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
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

    /// The finding of a file that an entry names: it has to hold the bytes that the entry states.
    pub(super) fn check(&mut self, store: &dyn Store, digest: Hash, size: u64) -> Option<Finding> {
        if !self.named.insert(digest) {
            return None;
        }
        let name = digest.to_hex();
        match store.fetch(Shelf::Payloads, &name) {
            Ok(Some(bytes)) => {
                let same = Hash::of(&[&bytes]) == digest && u64::try_from(bytes.len()) == Ok(size);
                (!same).then(|| Finding::new(Code::PayloadMismatch).found(name))
            }
            Ok(None) => Some(Finding::new(Code::PayloadMissing).found(name)),
            Err(error) => Some(Finding::new(Code::Unreadable).found(error.to_string())),
        }
    }

    /// The files that no entry names. Only of a log that was read whole.
    pub(super) fn orphans(self) -> impl Iterator<Item = Finding> {
        let Self { listed, named } = self;
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
