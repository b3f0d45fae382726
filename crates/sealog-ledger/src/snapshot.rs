//! Going on from where a log was known to hold, without reading all of it again (`docs/formats/snapshot.md`).
//!
//! Snapshots are derived: one that does not fit the log is thrown away and the log read from its beginning. They are
//! written after an epoch's group is durable and its callers have their receipts, not flushed, and a failure to write
//! one is no failure of anything. **Absent**: their lines and the checks of a snapshot itself ([`sealog_core::state`]).

use sealog_core::entry::{EntryFacts, Line, LineReader};
use sealog_core::state::{LogState, Snapshot, SnapshotPlace, sign_snapshot};
use sealog_core::tlog::sign::Signer;
use sealog_store::{Place, Shelf, Store};

use crate::Error;
use crate::chunk::{self, Chunks};
use crate::ids::Ids;
use crate::writer::Writer;

/// Snapshots that are kept: one may be torn, because none is flushed.
const KEPT: usize = 2;
/// Streams and runs in a snapshot for each entry since the one before, at most: its cost stays in proportion.
const ROWS_PER_ENTRY_MAX: u64 = 4;
const NAME_PREFIX: &str = "snapshot-";
const NAME_SUFFIX: &str = ".jsonl";
/// Digits of the size in a name: names sort as sizes do.
const NAME_DIGITS: usize = 16;

/// A state that a snapshot gave, and where the log goes on.
#[derive(Debug)]
pub(crate) struct Resumed {
    pub(crate) state: LogState,
    pub(crate) place: Place,
}

/// A snapshot that waits for its epoch to be durable.
#[derive(Debug)]
pub(crate) struct Taken {
    size: u64,
    lines: Vec<u8>,
}

/// What is done with snapshots that do not fit the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    Remove,
    Leave,
}

/// Sets the writer to the newest snapshot that fits; whether there is one. The snapshot counts only once a signed
/// checkpoint covers the epoch behind it, which the caller sees by reading on.
pub(crate) fn resume(writer: &mut Writer) -> bool {
    let store = std::sync::Arc::clone(&writer.parts.store);
    let Some(resumed) = newest(&*store, writer.state.origin(), Unfit::Remove) else {
        return false;
    };
    writer.state = resumed.state.changed_after(&writer.state);
    writer.place = resumed.place;
    writer.ids = Ids::starting_at(writer.state.size());
    true
}

/// Sets the writer to the beginning of the log.
pub(crate) fn restart(writer: &mut Writer) {
    writer.state = writer.state.restarted();
    writer.place = Place::START;
    writer.ids = Ids::starting_at(0);
}

/// The newest snapshot that fits the log, as far as its epoch's line.
pub(crate) fn newest(store: &dyn Store, origin: &str, unfit: Unfit) -> Option<Resumed> {
    let names = store.list(Shelf::Derived).ok()?;
    let sizes = names.iter().rev().filter_map(|name| size_of(name));
    for size in sizes.take(2 * KEPT) {
        match fit(store, origin, size) {
            Ok(Some(resumed)) => return Some(resumed),
            Ok(None) if unfit == Unfit::Remove => discard(store, size),
            // What cannot be read now may be readable later.
            Ok(None) | Err(_) => {}
        }
    }
    None
}

/// Removes a snapshot. Failing that it is found unfit again.
pub(crate) fn discard(store: &dyn Store, size: u64) {
    let _ = store.remove(Shelf::Derived, &name_of(size));
}

/// Removes all snapshots.
pub(crate) fn discard_all(store: &dyn Store) -> Result<(), Error> {
    for name in store.list(Shelf::Derived)? {
        if size_of(&name).is_some() {
            store.remove(Shelf::Derived, &name)?;
        }
    }
    Ok(())
}

/// The snapshot of a size if it fits; an error if something could not be read.
fn fit(store: &dyn Store, origin: &str, size: u64) -> Result<Option<Resumed>, Error> {
    let Some(bytes) = store.fetch(Shelf::Derived, &name_of(size))? else {
        return Ok(None);
    };
    let Ok(snapshot) = Snapshot::read(&bytes, origin) else {
        return Ok(None);
    };
    drop(bytes);
    let SnapshotPlace { segment, offset } = snapshot.place();
    let place = Place::new(segment, offset);
    if snapshot.size() != size || !stands_before(store, &snapshot.checkpoint_line(), place)? {
        return Ok(None);
    }
    let Some(epoch) = first_entry(store, place, &snapshot.checkpoint_line())? else {
        return Ok(None);
    };
    let resumed = snapshot.resume(&epoch).ok();
    Ok(resumed.map(|state| Resumed { state, place }))
}

/// Whether a line, with its newline, ends at a place of the log.
pub(crate) fn stands_before(store: &dyn Store, line: &[u8], place: Place) -> Result<bool, Error> {
    let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
    let exists = store
        .segments()?
        .iter()
        .any(|segment| segment.number() == place.segment() && segment.bytes() >= place.offset());
    let start = place.offset().checked_sub(length.saturating_add(1));
    let (Some(start), true) = (start, exists) else {
        return Ok(false);
    };
    let mut found = vec![0; line.len() + 1];
    let mut filled = 0;
    while let Some(rest) = found.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let at = start + u64::try_from(filled).unwrap_or(u64::MAX);
        let read = store.read(place.segment(), at, rest)?;
        if read == 0 {
            return Ok(false);
        }
        filled += read;
    }
    Ok(found.strip_suffix(b"\n") == Some(line))
}

/// The entry that follows a place, if an entry does; `checkpoint` is the line before it, with a copy of which the
/// next segment begins.
fn first_entry(
    store: &dyn Store,
    place: Place,
    checkpoint: &[u8],
) -> Result<Option<EntryFacts>, Error> {
    let mut chunks = Chunks::new(store, place.segment(), place.offset())?;
    while let Some(chunk) = chunks.next_chunk()? {
        for line in chunk::lines(&chunk.bytes) {
            let head = chunk.offset == 0 && line.start == 0 && chunk.segment > place.segment();
            if head && line.text == checkpoint {
                continue;
            }
            let read = LineReader::new().read(line.text);
            return Ok(match read {
                Ok(Line::Entry(entry)) if line.complete => Some(entry),
                _ => None,
            });
        }
    }
    Ok(None)
}

/// The snapshot before an epoch that is about to be placed, if one is due: after `entries` since the last.
pub(crate) fn take(
    store: &dyn Store,
    state: &LogState,
    place: Place,
    entries: u64,
) -> Option<Taken> {
    let names = store.list(Shelf::Derived).ok()?;
    let newest = names
        .iter()
        .filter_map(|name| size_of(name))
        .filter(|size| *size <= state.size())
        .max();
    let since = state.size() - newest.unwrap_or(0);
    let rows = state.stream_count().saturating_add(state.runs().count());
    let rows = u64::try_from(rows).unwrap_or(u64::MAX);
    if since < entries || rows > since.saturating_mul(ROWS_PER_ENTRY_MAX) {
        return None;
    }
    let lines = state.snapshot(SnapshotPlace {
        segment: place.segment(),
        offset: place.offset(),
    })?;
    Some(Taken {
        size: state.size(),
        lines,
    })
}

/// Signs a snapshot and puts it on the shelf; older ones go, and so does one that claims to be newer.
pub(crate) fn keep(store: &dyn Store, origin: &str, signer: &dyn Signer, taken: Taken) {
    let Ok(bytes) = sign_snapshot(taken.lines, origin, signer) else {
        return;
    };
    let put = store.put(Shelf::Derived, &name_of(taken.size), &bytes);
    let (Ok(()), Ok(names)) = (put, store.list(Shelf::Derived)) else {
        return;
    };
    let mut kept = 0;
    for size in names.iter().rev().filter_map(|name| size_of(name)) {
        if size > taken.size || kept == KEPT {
            discard(store, size);
        } else {
            kept += 1;
        }
    }
}

/// The name of the snapshot of a size.
fn name_of(size: u64) -> String {
    format!("{NAME_PREFIX}{size:0NAME_DIGITS$}{NAME_SUFFIX}")
}

/// The size in a snapshot's name.
fn size_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(NAME_PREFIX)?.strip_suffix(NAME_SUFFIX)?;
    let plain = digits.len() == NAME_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
