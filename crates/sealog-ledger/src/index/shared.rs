//! What the thread that follows, whoever searches and the writer share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sealog_store::Store;

use super::database::{Database, Home, Making};
use super::fault::Fault;
use super::follow::{Course, Follower, Head};
use super::gate::{self, Inside};
use super::mark::Mark;
use super::status::IndexStatus;
use crate::options::IndexMode;
use crate::queue::lock;

/// How often an index is made anew before its fault is given back: once for what was found, once for what a second
/// look finds.
const REBUILDS_MAX: usize = 2;
/// Connections for asking that are kept open.
const READERS_KEPT: usize = 4;
/// How long emptying the index for good waits for others that ask or write, and the pause between two tries.
const WIPE_WAIT: Duration = Duration::from_secs(20);
const WIPE_PAUSE: Duration = Duration::from_millis(10);
/// The pause of the following thread after each batch: many small groups become one transaction.
const PAUSE: Duration = Duration::from_millis(20);
/// Its pause after a fault, which doubles up to the next.
const PAUSE_AFTER_FAULT: Duration = Duration::from_millis(200);
const PAUSE_AFTER_FAULT_MAX: Duration = Duration::from_secs(30);

/// The index of one handle on a ledger.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) origin: String,
    pub(super) mode: IndexMode,
    opened_in: u32,
    /// The file for all processes, and whether it may be made; not set: there is none.
    home: OnceLock<(PathBuf, Making)>,
    /// Set when the file cannot be used.
    private: AtomicBool,
    head: Mutex<Head>,
    /// Told when the head moves, and when to stop.
    woken: Condvar,
    stopped: AtomicBool,
    follower: Mutex<Option<Follower>>,
    readers: Mutex<Vec<Database>>,
    told: Mutex<Told>,
    indexed: AtomicU64,
    /// From this index on the writer remembers ids itself.
    ids_since: AtomicU64,
}

/// What there is to say of the index.
#[derive(Debug, Default)]
struct Told {
    error: Option<String>,
    /// Found by whoever asked: the next to follow makes the index anew.
    unfit: Option<String>,
    rebuilt: Option<String>,
}

impl Shared {
    pub(super) fn new(store: Arc<dyn Store>, origin: &str, mode: IndexMode) -> Self {
        Self {
            store,
            origin: origin.into(),
            mode,
            opened_in: std::process::id(),
            home: OnceLock::new(),
            private: AtomicBool::new(false),
            head: Mutex::new(Head::START),
            woken: Condvar::new(),
            stopped: AtomicBool::new(false),
            follower: Mutex::new(None),
            readers: Mutex::new(Vec::new()),
            told: Mutex::default(),
            indexed: AtomicU64::new(0),
            ids_since: AtomicU64::new(0),
        }
    }

    /// The file that all processes use; without it the index is private.
    pub(super) fn place_at(&self, path: PathBuf, making: Making) {
        let _ = self.home.set((path, making));
    }

    /// The log grew, or was read for the first time.
    pub(super) fn head_moved(&self, head: Head) {
        let mut known = lock(&self.head);
        if *known != head {
            *known = head;
            self.woken.notify_all();
        }
    }

    pub(super) fn head(&self) -> Head {
        *lock(&self.head)
    }

    /// Entries that are indexed, as this process last saw.
    pub(crate) fn indexed_to(&self) -> u64 {
        self.indexed.load(Ordering::Acquire)
    }

    /// Says from which index on the writer remembers ids.
    pub(crate) fn ids_remembered_since(&self, since: u64) {
        self.ids_since.store(since, Ordering::Release);
    }

    pub(super) fn ids_since(&self) -> u64 {
        self.ids_since.load(Ordering::Acquire)
    }

    pub(super) fn status(&self) -> IndexStatus {
        let told = lock(&self.told);
        IndexStatus {
            indexed_to: self.indexed_to(),
            size: self.head().size,
            private: self.home() == Home::Private,
            error: told.error.clone(),
            rebuilt_because: told.rebuilt.clone(),
        }
    }

    fn home(&self) -> Home {
        match self.home.get() {
            Some((path, _)) if !self.private.load(Ordering::Acquire) => Home::File(path.clone()),
            _ => Home::Private,
        }
    }

    /// Whether it lies in a file that outlives the handle.
    pub(super) fn is_placed(&self) -> bool {
        self.home() != Home::Private
    }

    /// Goes where connections may be used. Refuses before any lock is touched: in a fork it may be held by a thread
    /// that is not there.
    fn enter(&self) -> Result<Inside, Fault> {
        if self.mode == IndexMode::Off {
            return Err(Fault::Off);
        }
        self.enter_any()
    }

    /// The same where there may be a file although this handle uses none.
    fn enter_any(&self) -> Result<Inside, Fault> {
        if self.opened_in != std::process::id() {
            return Err(Fault::Forked);
        }
        gate::enter()
    }

    /// Closes the connections to the file, before a fork. They are opened again when they are next needed.
    pub(super) fn let_go(&self) {
        if self.opened_in != std::process::id() || self.home() == Home::Private {
            return;
        }
        let follower = lock(&self.follower).take();
        let readers = std::mem::take(&mut *lock(&self.readers));
        let writer = follower.map(Follower::into_database);
        readers
            .into_iter()
            .chain(writer)
            .for_each(Database::close_soon);
    }

    pub(super) const fn opened_in(&self) -> u32 {
        self.opened_in
    }

    /// Brings the index up to what the ledger knows of the log.
    pub(super) fn follow(&self, stop: &dyn Fn() -> bool) -> Result<(), Fault> {
        loop {
            let inside = self.enter().inspect_err(|fault| {
                if matches!(fault, Fault::Inherited) {
                    lock(&self.told).error = Some(fault.to_string());
                }
            })?;
            match self.follow_inside(&|| stop() || gate::is_wanted()) {
                // A fork: out of its way, then on.
                Err(Fault::Stopped) if !stop() => drop(inside),
                ended => return ended,
            }
        }
    }

    fn follow_inside(&self, stop: &dyn Fn() -> bool) -> Result<(), Fault> {
        let mut follower = lock(&self.follower);
        let mut rebuilds = 0;
        loop {
            let head = self.head();
            match self.step(&mut follower, head, stop) {
                Ok(mark) => {
                    self.indexed.store(mark.size, Ordering::Release);
                    if mark.size >= head.size {
                        if self.home() != Home::Private || self.home.get().is_none() {
                            lock(&self.told).error = None;
                        }
                        return Ok(());
                    }
                }
                Err(fault) if fault.is_unfit() && rebuilds < REBUILDS_MAX => {
                    rebuilds += 1;
                    self.rebuild(&mut follower, &fault);
                }
                Err(fault) => {
                    if !matches!(fault, Fault::Busy | Fault::Stopped) {
                        lock(&self.told).error = Some(fault.to_string());
                    }
                    return Err(fault);
                }
            }
        }
    }

    /// One transaction.
    fn step(
        &self,
        slot: &mut Option<Follower>,
        head: Head,
        stop: &dyn Fn() -> bool,
    ) -> Result<Mark, Fault> {
        if let Some(reason) = lock(&self.told).unfit.take() {
            return Err(Fault::Unfit(reason));
        }
        let follower = match slot {
            Some(follower) => follower,
            None => slot.insert(Follower::new(self.open()?)),
        };
        follower.batch(&Course {
            store: &*self.store,
            origin: &self.origin,
            head,
            stop,
        })
    }

    /// Opens the file; where it cannot be opened, a private one, which is told.
    fn open(&self) -> Result<Database, Fault> {
        let home = self.home();
        let making = self
            .home
            .get()
            .map_or(Making::Allowed, |(_, making)| *making);
        match Database::for_writing(&home, making) {
            Err(Fault::Sqlite(error)) if home != Home::Private => {
                self.go_private(&error.to_string());
                Database::for_writing(&Home::Private, Making::Allowed)
            }
            opened => opened,
        }
    }

    fn go_private(&self, why: &str) {
        self.private.store(true, Ordering::Release);
        lock(&self.readers).clear();
        let reading = self
            .home
            .get()
            .is_some_and(|(path, making)| *making == Making::Refused && !path.exists());
        // A reader of a ledger that has no index yet has one of its own: nothing is wrong.
        if !reading {
            lock(&self.told).error = Some(format!("{why}; a temporary index is used"));
        }
    }

    /// Empties the index. Other processes may have it open: it is emptied in place.
    fn rebuild(&self, slot: &mut Option<Follower>, fault: &Fault) {
        lock(&self.told).rebuilt = Some(fault.to_string());
        lock(&self.readers).clear();
        self.indexed.store(0, Ordering::Release);
        let cleared = !matches!(fault, Fault::Damaged(_))
            && slot
                .as_mut()
                .is_some_and(|follower| follower.clear().is_ok());
        if cleared {
            return;
        }
        *slot = None;
        let home = self.home();
        if home != Home::Private
            && let Err(error) = Database::empty(&home)
        {
            self.go_private(&error.to_string());
        }
    }

    /// Empties the index, and overwrites or cuts off what its file held. Others that have it open notice.
    pub(super) fn wipe(&self) -> Result<(), Fault> {
        let _inside = self.enter_any()?;
        let mut slot = lock(&self.follower);
        lock(&self.readers).clear();
        *slot = None;
        self.indexed.store(0, Ordering::Release);
        if let Home::File(path) = self.home()
            && path.exists()
        {
            let (home, begun) = (Home::File(path), Instant::now());
            while let Err(fault) = Database::wipe(&home) {
                // Others ask and write in short transactions, and SQLite does not wait where two might wait for ever.
                if !matches!(fault, Fault::Busy) || begun.elapsed() >= WIPE_WAIT {
                    return Err(fault);
                }
                thread::sleep(WIPE_PAUSE);
            }
        }
        drop(slot);
        let _head = lock(&self.head);
        self.woken.notify_all();
        Ok(())
    }

    /// Asks the index something, in one snapshot of it: the question is told how many entries it holds. What is wrong
    /// with it is told, and has it made anew.
    pub(super) fn ask<T>(
        &self,
        question: impl FnOnce(&Connection, u64) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let _inside = self.enter()?;
        if let Some(reason) = &lock(&self.told).unfit {
            return Err(Fault::Unfit(reason.clone()));
        }
        let answer = if self.home() == Home::Private {
            let mut slot = lock(&self.follower);
            let follower = match &mut *slot {
                Some(follower) => follower,
                None => slot.insert(Follower::new(self.open()?)),
            };
            self.ask_on(follower.database(), question)
        } else {
            let kept = lock(&self.readers).pop();
            let database = match kept {
                Some(database) => Ok(database),
                None => Database::for_reading(&self.home()),
            };
            database.and_then(|database| {
                let answer = self.ask_on(&database, question);
                let mut readers = lock(&self.readers);
                if answer.is_ok() && readers.len() < READERS_KEPT {
                    readers.push(database);
                }
                answer
            })
        };
        if let Err(fault) = &answer
            && fault.is_unfit()
        {
            self.tell_unfit(&fault.to_string());
        }
        answer
    }

    /// Entries that an index holds which is there already; none is made for this.
    pub(super) fn held(&self) -> Option<u64> {
        let _inside = self.enter().ok()?;
        match self.home() {
            Home::Private if lock(&self.follower).is_none() => return None,
            Home::File(path) if !path.exists() => return None,
            _ => {}
        }
        self.ask(|_, held| Ok(held)).ok()
    }

    fn ask_on<T>(
        &self,
        database: &Database,
        question: impl FnOnce(&Connection, u64) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        // Dropping it ends the snapshot.
        let snapshot = database.connection()?.unchecked_transaction()?;
        let mark = Mark::read(&snapshot, &self.origin)?;
        mark.check(&self.origin, &*self.store)?;
        // Another process may be further than this one has read the log.
        let held = mark.size.min(self.head().size);
        question(&snapshot, held)
    }

    /// Has the index made anew by whoever follows next.
    pub(super) fn tell_unfit(&self, reason: &str) {
        let mut told = lock(&self.told);
        told.unfit = Some(reason.to_owned());
        told.error = Some(reason.to_owned());
        drop(told);
        self.indexed.store(0, Ordering::Release);
        let _head = lock(&self.head);
        self.woken.notify_all();
    }

    /// The thread that follows: until it is told to stop.
    pub(super) fn run(&self) {
        let mut after_fault = PAUSE_AFTER_FAULT;
        while self.wait_for_work() {
            let pause = match self.follow(&|| self.is_stopped()) {
                Ok(()) => {
                    after_fault = PAUSE_AFTER_FAULT;
                    PAUSE
                }
                Err(Fault::Busy) => PAUSE,
                Err(_) => {
                    after_fault = (after_fault * 2).min(PAUSE_AFTER_FAULT_MAX);
                    after_fault
                }
            };
            let head = lock(&self.head);
            let waited = self
                .woken
                .wait_timeout_while(head, pause, |_| !self.is_stopped());
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Sleeps until there is something to index; false to stop.
    fn wait_for_work(&self) -> bool {
        let head = lock(&self.head);
        let idle = |head: &mut Head| !self.is_stopped() && head.size <= self.indexed_to();
        drop(self.woken.wait_while(head, idle));
        !self.is_stopped()
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        let _head = lock(&self.head);
        self.woken.notify_all();
    }
}
