//! What else holds something of entries that were disposed of: payload files, torn tails, and what is derived.

use std::collections::BTreeSet;

use memchr::memmem;
use sealog_core::entry::{Line, LineReader, PayloadFacts};
use sealog_core::hash::Hash;
use sealog_store::{Place, Shelf, Store};

use crate::Error;
use crate::chunk::{self, Chunks};
use crate::ledger::Ledger;
use crate::queue::lock;
use crate::snapshot;

/// How the notes of a disposal begin, in `log/DISPOSAL`; a line for each payload file that only its entries named.
const NOTES: &str = "sealog disposal v1\n";

/// The notes of a disposal that leaves these payload files without an entry.
pub(super) fn notes(payloads: &BTreeSet<Hash>) -> Vec<u8> {
    let mut notes = String::from(NOTES);
    for digest in payloads {
        notes.push_str(&digest.to_hex());
        notes.push('\n');
    }
    notes.into_bytes()
}

/// The payload files that notes name. Torn notes name fewer, and what they name is removed only if no entry does.
pub(super) fn noted(notes: &[u8]) -> BTreeSet<Hash> {
    let text = String::from_utf8_lossy(notes);
    let names = text.strip_prefix(NOTES).unwrap_or_default().lines();
    names.filter_map(Hash::from_hex).collect()
}

impl Ledger {
    /// Removes those of these payload files that no entry names but such as `goes` says, in a turn: a record that names
    /// one and waits is refused after that, and its producer puts the file again. Returns how many were removed.
    pub(crate) fn remove_payloads(
        &self,
        mut files: BTreeSet<Hash>,
        goes: &dyn Fn(&PayloadFacts, &[u8]) -> bool,
    ) -> Result<u64, Error> {
        let store = self.store();
        if files.is_empty() {
            return Ok(0);
        }
        let end = retain_unnamed(store, &mut files, Place::START, goes)?;
        let turn = store.turn(self.options().turn_wait)?;
        retain_unnamed(store, &mut files, end, goes)?;
        let mut removed = 0;
        for file in &files {
            let name = file.to_hex();
            if store.look(Shelf::Payloads, &name)?.is_some() {
                store.remove(Shelf::Payloads, &name)?;
                removed += 1;
            }
        }
        drop(turn);
        Ok(removed)
    }

    /// Removes torn tails that were cut in segments up to `last`: a record in one may have been repeated and disposed
    /// of since. Returns how many were removed.
    pub(super) fn remove_tails(&self, last: u64) -> Result<u64, Error> {
        let store = self.store();
        let mut removed = 0;
        for name in store.list(Shelf::Recovered)? {
            let digits = name.split('-').next().unwrap_or_default();
            // A name of another form is nobody's; it is kept no longer than the others.
            if digits.parse::<u64>().is_ok_and(|segment| segment > last) {
                continue;
            }
            store.remove(Shelf::Recovered, &name)?;
            removed += 1;
        }
        Ok(removed)
    }

    /// Removes what was derived from the log as it was. It is made anew from what the log is now.
    pub(super) fn clear_derived(&self) -> Result<(), Error> {
        snapshot::discard_all(self.store())?;
        lock(&self.0.canopy).discard(self.store());
        self.0.index.wipe()
    }
}

/// Takes out of `files` what an entry names that stands in the log from `from` on, unless `goes` says of the payload
/// and the entry's line that it goes too; returns where the lines end.
fn retain_unnamed(
    store: &dyn Store,
    files: &mut BTreeSet<Hash>,
    from: Place,
    goes: &dyn Fn(&PayloadFacts, &[u8]) -> bool,
) -> Result<Place, Error> {
    let finder = memmem::Finder::new(b"\"payloads\":[");
    let mut reader = LineReader::new();
    let mut end = from;
    let mut chunks = Chunks::new(store, from.segment(), from.offset())?;
    while let Some(chunk) = chunks.next_chunk()? {
        for line in chunk::lines(&chunk.bytes).filter(|line| line.complete) {
            let start = u64::try_from(line.start).unwrap_or(u64::MAX);
            let place = Place::new(chunk.segment, chunk.offset.saturating_add(start));
            if !line.text.is_empty() {
                end = place.after(line.text.len());
            }
            if finder.find(line.text).is_some()
                && let Ok(Line::Entry(entry)) = reader.read(line.text)
            {
                let payloads = entry.record.payloads.iter();
                for payload in payloads.filter(|payload| !goes(payload, line.text)) {
                    files.remove(&payload.digest);
                }
            }
        }
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_name_what_they_were_made_of_and_torn_ones_no_more() {
        let files: BTreeSet<Hash> = (0..5_u8).map(|n| Hash::of(&[&[n]])).collect();
        let whole = notes(&files);
        assert_eq!(noted(&whole), files);
        assert!(!notes(&BTreeSet::new()).is_empty());
        for length in 0..whole.len() {
            let mut torn = whole[..length].to_vec();
            assert!(noted(&torn).is_subset(&files), "{length}");
            torn.resize(whole.len(), 0);
            assert!(noted(&torn).is_subset(&files), "{length} and zeroes");
        }
    }
}
