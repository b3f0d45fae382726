//! What stands beside the entries and is named by them: payloads, and the values of commitments.

use std::iter::Peekable;
use std::vec::IntoIter;

use sealog_core::entry::RecordFacts;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::Tape;

use super::members::{Package, lines};
use super::{Checked, malformed, refuted};
use crate::evidence::opening::Opened;
use crate::evidence::statement::{Manifest, NamedPayload};

/// A payload that is there.
struct File {
    name: Hash,
    digest: Hash,
    bytes: u64,
    named: bool,
}

/// What the entries are asked for, one by one.
pub(super) struct Beside {
    /// In the order of their names.
    files: Vec<File>,
    left_out: u64,
    openings: Peekable<IntoIter<Opened>>,
    /// Index of the first opening whose entry is not there.
    of_no_entry: Option<u64>,
    commitments: u64,
    last_of_producers: Option<u64>,
}

impl Beside {
    /// Reads `openings.jsonl`, and what is known of the payloads.
    pub(super) fn new<R: std::io::Read + std::io::Seek>(
        manifest: &Manifest,
        openings: &[u8],
        package: &Package<R>,
    ) -> Checked<Self> {
        let malformed = || malformed("openings.jsonl is not in its form");
        let lines = lines(openings).ok_or_else(malformed)?;
        let mut read = Vec::new();
        for line in lines {
            // The manifest holds the limit, so that no more are kept than it says.
            let opened = Opened::parse(line)
                .filter(|_| u64::try_from(read.len()).is_ok_and(|n| n < manifest.commitments.held));
            read.push(opened.ok_or_else(malformed)?);
        }
        let ordered = read.is_sorted_by(|one, next| one.place() < next.place());
        if !ordered || u64::try_from(read.len()) != Ok(manifest.commitments.held) {
            return Err(malformed());
        }
        let files = package.payloads().zip(&manifest.payloads);
        let file = |((name, bytes), payload): ((Hash, u64), &NamedPayload)| File {
            name,
            digest: payload.digest,
            bytes,
            named: false,
        };
        Ok(Self {
            files: files.map(file).collect(),
            left_out: 0,
            openings: read.into_iter().peekable(),
            of_no_entry: None,
            commitments: 0,
            last_of_producers: None,
        })
    }

    /// Takes an entry whose proof holds and that the package has to hold.
    ///
    /// # Errors
    /// The finding that refutes the package.
    pub(super) fn take(
        &mut self,
        index: u64,
        entry: &[u8],
        commitments: u64,
        record: &RecordFacts,
    ) -> Result<(), Finding> {
        if !record.is_log_kind() {
            self.last_of_producers = Some(index);
        }
        for payload in record.payloads.iter().filter(|one| one.inline.is_none()) {
            let place = self
                .files
                .binary_search_by_key(&payload.digest, |file| file.name);
            match place.ok().and_then(|place| self.files.get_mut(place)) {
                None => self.left_out += 1,
                Some(file) if file.bytes == payload.size => file.named = true,
                Some(file) => {
                    let (expected, found) = (payload.size.to_string(), file.bytes.to_string());
                    let finding = Finding::new(Code::PayloadMismatch).at(index);
                    return Err(finding.because(expected, found));
                }
            }
        }
        self.commitments += commitments;
        while let Some(opened) = self.openings.next_if(|opened| opened.index <= index) {
            if opened.index < index {
                // Told when all entries were taken, so that what is wrong with one of them comes first.
                self.of_no_entry.get_or_insert(opened.index);
            } else if !opens(&opened, entry) {
                return Err(Finding::new(Code::PackageOpening).at(index));
            }
        }
        Ok(())
    }

    /// All entries were taken. The index of the last one of a kind that not only the log writes.
    pub(super) fn finish(mut self, manifest: &Manifest) -> Checked<Option<u64>> {
        let left = self.openings.next().map(|opened| opened.index);
        if let Some(index) = self.of_no_entry.or(left) {
            return Err(Box::new(Finding::new(Code::PackageOpening).at(index)));
        }
        for file in &self.files {
            if file.digest != file.name || !file.named {
                let found = file.name.to_hex();
                return Err(Box::new(Finding::new(Code::PayloadMismatch).found(found)));
            }
        }
        if self.left_out != manifest.payloads_left_out {
            let (expected, found) = (manifest.payloads_left_out, self.left_out);
            let finding = Finding::new(Code::PayloadMissing);
            return Err(Box::new(
                finding.because(expected.to_string(), found.to_string()),
            ));
        }
        let share = manifest.commitments;
        if share.held.checked_add(share.left) != Some(self.commitments) {
            return Err(refuted(Code::PackagePopulation));
        }
        Ok(self.last_of_producers)
    }
}

/// Few entries have openings, so that reading them once more costs little.
fn opens(opened: &Opened, entry: &[u8]) -> bool {
    let mut tape = Tape::new();
    tape.read(entry).is_ok_and(|entry| opened.opens(entry))
}
