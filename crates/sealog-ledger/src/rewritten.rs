//! Reading on where entries were disposed of meanwhile.
//!
//! Disposal rewrites rolled segments: lines behind an entry that went move up, and the leaves stay the same. Whoever
//! holds a place looks for the line that stood there.

use std::thread;
use std::time::{Duration, Instant};

use sealog_core::entry::checkpoint_line;
use sealog_core::state::LastCheckpoint;
use sealog_store::{DisposalMark, Place, Store};

use crate::Error;
use crate::chunk::{self, Chunks};
use crate::snapshot::stands_before;

/// How often a log is read anew because entries were disposed of meanwhile.
pub(crate) const READINGS_MAX: usize = 4;

/// How long a disposal under way is waited for before a log is read anew.
const WAIT: Duration = Duration::from_secs(2);
/// The pause between two looks.
const POLL: Duration = Duration::from_millis(10);

/// Waits until no disposal is under way, for a while.
pub(crate) fn wait(store: &dyn Store) {
    let begun = Instant::now();
    while matches!(store.disposals(), Ok(DisposalMark::Unfinished)) && begun.elapsed() < WAIT {
        thread::sleep(POLL);
    }
}

/// Reads something of the log, and again where entries were disposed of meanwhile.
pub(crate) fn read_again<T>(
    store: &dyn Store,
    mut read: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let mut readings = 1;
    loop {
        match read() {
            Err(Error::Rewritten) if readings < READINGS_MAX => {
                readings += 1;
                wait(store);
            }
            done => return done,
        }
    }
}

/// Where the last checkpoint line ends that ended at `place` before segments were rewritten; `None` if it is not
/// there any more.
pub(crate) fn relocate(
    store: &dyn Store,
    last: Option<&LastCheckpoint>,
    place: Place,
) -> Result<Option<Place>, Error> {
    let Some(last) = last else {
        return Ok(Some(place).filter(|place| *place == Place::START));
    };
    let line = checkpoint_line(&last.note);
    if stands_before(store, &line, place)? {
        return Ok(Some(place));
    }
    let mut chunks = Chunks::new(store, place.segment(), 0)?;
    while let Some(chunk) = chunks.next_chunk()? {
        if chunk.segment != place.segment() {
            break;
        }
        if let Some(found) = chunk::lines(&chunk.bytes).find(|found| found.text == line) {
            let start = u64::try_from(found.start).unwrap_or(u64::MAX);
            let at = Place::new(chunk.segment, chunk.offset.saturating_add(start));
            return Ok(Some(at.after(line.len())));
        }
    }
    Ok(None)
}
