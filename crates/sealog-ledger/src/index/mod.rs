//! The query index: where in the log the entries stand that somebody asks for.
//!
//! # What it is and is not
//!
//! A table with one row for each entry, in `derived/index.sqlite`, that follows the log. It can be deleted at will.
//! It holds nothing that does not stand in the clear in an entry, and no bodies: what is found is read from the log
//! and compared with what was asked for, so that an edited index leads to an error and a new index, and never to an
//! entry that does not match. What an edited or lagging index *leaves out* nobody can see in its answers: whatever
//! claims completeness reads the log, and every answer says up to where the index was ([`Page::indexed_to`]).
//!
//! Appends never wait for it and never fail because of it. Its mark, up to where the log is indexed, changes in the
//! transaction that adds the rows, with the hash of the checkpoint line there; where that line does not stand in the
//! log, the index belongs to another log or another state of it and is made anew. One process at a time writes: the
//! mark is read under the write lock of the database. `docs/index.md` says the same for people.
//!
//! **What is absent**: the text of bodies, and any claim about the log.

mod ahead;
mod database;
mod fault;
mod follow;
pub(crate) mod gate;
mod insert;
mod mark;
mod plan;
mod query;
mod row;
mod search;
mod select;
mod shared;
mod stats;
mod status;
mod tally;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use sealog_core::state::LogState;
use sealog_store::{Place, Store};

pub use gate::{done as fork_done, prepare as prepare_fork};
pub use query::{Order, Page, Query};
pub(crate) use row::is_identifier;
pub(crate) use select::{check, query_from_json, query_json, selects, selects_entry};
pub(crate) use shared::Shared;
pub use stats::{CheckStats, GapStats, ScoreBin, ScoreStats, Stats};
pub use status::IndexStatus;

use crate::Error;
use crate::ledger::Ledger;
use crate::options::{Access, IndexMode};
use crate::queue::lock;
use database::Making;
use follow::Head;

/// The file, in the directory of what can be rebuilt.
const FILE: &str = "index.sqlite";
/// The largest lag that a search makes up itself while a thread follows the log.
const LAG_MADE_UP: u64 = 65_536;
/// The smallest lag that closing a ledger makes up for, where nobody follows.
const LAG_LEFT: u64 = 4_096;
/// How long closing takes for that, at most; a batch under way is given up.
const CLOSING: Duration = Duration::from_secs(1);
/// How long the first comparison of an id waits for the thread to look at the index at all.
const FIRST_LOOK: Duration = Duration::from_millis(250);
/// The pause between two looks.
const POLL: Duration = Duration::from_millis(2);

/// The index of a ledger's handle. The thread that follows the log ends with it.
#[derive(Debug)]
pub(crate) struct Index {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Index {
    pub(crate) fn new(store: Arc<dyn Store>, origin: &str, mode: IndexMode) -> Self {
        Self {
            shared: Arc::new(Shared::new(store, origin, mode)),
            thread: Mutex::new(None),
        }
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Puts the index into a ledger's directory and, where asked for, starts the thread that follows the log.
    /// Without this the index lies in a temporary file. A ledger opened for reading gets no file that is not there.
    pub(crate) fn start(&self, ledger: &Path, access: Access) {
        let directory = ledger.join(sealog_store::layout::DERIVED);
        let making = match access {
            Access::Append => {
                // What goes wrong here shows when the file is opened.
                let _ = std::fs::create_dir_all(&directory);
                Making::Allowed
            }
            Access::Read => Making::Refused,
        };
        self.shared.place_at(directory.join(FILE), making);
        gate::register(&self.shared);
        if self.shared.mode == IndexMode::Follow && access == Access::Append {
            let shared = Arc::clone(&self.shared);
            let thread = thread::Builder::new().name("sealog-index".into());
            // Without a thread whoever searches follows the log.
            *lock(&self.thread) = thread.spawn(move || shared.run()).ok();
        }
    }

    /// Tells how far the log goes, as the ledger knows it.
    pub(crate) fn head_moved(&self, state: &LogState, place: Place) {
        self.shared.head_moved(Head {
            size: state.size(),
            place,
            line_hash: state.last_checkpoint().map(|last| last.line_hash),
        });
    }

    /// Brings the index up to date, unless a thread does and has much to do: then the answer says what it lacks.
    fn make_up(&self) -> Result<(), Error> {
        let lag = self.shared.status().lag();
        if self.is_followed() && lag > LAG_MADE_UP {
            return Ok(());
        }
        match self.shared.follow(&|| false) {
            // Somebody else is at it; the answer says how far they are.
            Ok(()) | Err(fault::Fault::Busy) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    fn is_followed(&self) -> bool {
        lock(&self.thread)
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }

    /// Before a caller's own id is compared: lets the index hold what the writer does not remember. Where a thread
    /// follows and is far behind, nobody waits for it. A fault shows in the comparison.
    pub(crate) fn prepare_ids(&self) {
        let shared = &self.shared;
        if shared.indexed_to() >= shared.ids_since() {
            return;
        }
        if self.is_followed() {
            // Just opened, the thread has not looked yet.
            let begun = Instant::now();
            while shared.indexed_to() == 0 && begun.elapsed() < FIRST_LOOK {
                thread::sleep(POLL);
            }
            if shared.ids_since().saturating_sub(shared.indexed_to()) > LAG_MADE_UP {
                return;
            }
        }
        let _ = shared.follow(&|| false);
    }

    /// Whether the index is there and holds so many entries, if need be after making up for a small lag: reading the
    /// log is quicker than making an index.
    fn holds(&self, size: u64) -> bool {
        match self.shared.held() {
            Some(held) if held >= size => true,
            Some(held) if size - held < LAG_LEFT => self.shared.follow(&|| false).is_ok(),
            _ => false,
        }
    }

    /// The line of an entry, if the index knows where it stands.
    pub(crate) fn line(&self, index: u64) -> Option<Vec<u8>> {
        self.holds(index.saturating_add(1))
            .then(|| self.shared.line(index))
            .flatten()
    }

    /// Empties the index, in its file too: what it held of entries that were disposed of is gone. It is made anew from
    /// the log as that is now.
    pub(crate) fn wipe(&self) -> Result<(), Error> {
        Ok(self.shared.wipe()?)
    }

    /// The ledger closes. Where nobody follows and much was appended, some of it is made up for: a ledger that is
    /// only written must not become slow to search.
    pub(crate) fn close(&self) {
        let shared = &self.shared;
        let begun = Instant::now();
        let late = || begun.elapsed() > CLOSING;
        if !self.is_followed() && shared.is_placed() && shared.status().lag() >= LAG_LEFT {
            let _ = shared.follow(&late);
        }
        self.stop();
    }

    /// Ends the thread.
    fn stop(&self) {
        if self.shared.opened_in() != std::process::id() {
            // The thread is the parent's.
            return;
        }
        self.shared.stop();
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Ledger {
    /// Entries that match a query, by the index, each read from the log and compared. The page says up to where the
    /// index was: while a thread follows the log it may lag far behind.
    pub fn search(&self, query: &Query) -> Result<Page, Error> {
        self.refresh()?;
        self.0.index.make_up()?;
        self.0.index.shared.search(query)
    }

    /// How many entries match a query, by the index alone: nothing that claims completeness.
    pub fn count(&self, query: &Query) -> Result<u64, Error> {
        self.refresh()?;
        self.0.index.make_up()?;
        self.0.index.shared.count(query)
    }

    /// Counts over the entries that match a query, by the index alone; its limit, cursor and order mean nothing.
    pub fn stats(&self, query: &Query) -> Result<Stats, Error> {
        self.refresh()?;
        self.0.index.make_up()?;
        self.0.index.shared.stats(query)
    }

    /// How the query index is doing.
    pub fn index_status(&self) -> IndexStatus {
        self.0.index.shared.status()
    }

    /// Waits until the index holds what this handle knows of the log, at most so long.
    pub fn wait_for_index(&self, wait: Duration) -> IndexStatus {
        let begun = Instant::now();
        loop {
            let status = self.index_status();
            if status.lag() == 0 || begun.elapsed() >= wait {
                return status;
            }
            thread::sleep(POLL);
        }
    }
}

#[cfg(test)]
mod tests;
