//! Who is inside `SQLite` (the query index, the key store), so that a process forks while nobody is.
//!
//! A fork copies whatever another thread of the parent holds at that moment: `SQLite`'s own mutexes, which the child
//! would wait for without end, and what it remembers of the files that the process has open, with locks that the
//! child does not have. So every use of a connection stands between [`enter`] and the end of what it returns;
//! [`prepare`], called before a fork, waits until nobody is inside, closes the connections and keeps all out until
//! [`done`]. A fork that nobody prepared leaves a child without an index, unless no file was open.
//!
//! **No lock is used here**: in the child one may be held by a thread that is not there. What is under a lock
//! ([`FILES`], and those of [`Shared`]) is touched inside only.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::fault::Fault;
use super::shared::Shared;
use crate::queue::lock;

/// How long a fork waits until nobody is inside, at most: a batch is given up at the next chunk, a query is not.
const PREPARING: Duration = Duration::from_secs(2);
/// The pause between two looks.
const POLL: Duration = Duration::from_micros(200);

/// The process that the rest describes, once it has looked.
static PROCESS: AtomicU32 = AtomicU32::new(0);
/// The process in which a thread makes the rest its own, while it does.
static ADOPTING: AtomicU32 = AtomicU32::new(0);
/// Threads inside, and for a moment those that look whether they may.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// Whether a thread is about to fork.
static FORKING: AtomicBool = AtomicBool::new(false);
/// Connections to files.
static OPEN: AtomicUsize = AtomicUsize::new(0);
/// Whether this process was forked while `SQLite` was in use: it is not touched again.
static SPOILED: AtomicBool = AtomicBool::new(false);
/// The indexes that have files of their own.
static FILES: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

thread_local! {
    /// How many times this thread is inside: an inner entrance waits for nobody.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Whether this thread is the one about to fork.
    static FORKS: Cell<bool> = const { Cell::new(false) };
}

/// A thread is inside until this ends. It belongs to the thread.
#[derive(Debug)]
pub(crate) struct Inside(PhantomData<*const ()>);

impl Drop for Inside {
    fn drop(&mut self) {
        let depth = DEPTH.get().saturating_sub(1);
        DEPTH.set(depth);
        if depth == 0 {
            INSIDE.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Goes inside, after a fork under way. [`Fault::Inherited`] where this process was forked while `SQLite` was in use.
pub(crate) fn enter() -> Result<Inside, Fault> {
    adopt();
    if SPOILED.load(Ordering::SeqCst) {
        return Err(Fault::Inherited);
    }
    let depth = DEPTH.get();
    if depth == 0 {
        loop {
            INSIDE.fetch_add(1, Ordering::SeqCst);
            if !is_wanted() {
                break;
            }
            INSIDE.fetch_sub(1, Ordering::SeqCst);
            thread::sleep(POLL);
        }
    }
    DEPTH.set(depth + 1);
    Ok(Inside(PhantomData))
}

/// Whether a fork waits for those inside: long work is to be given up and begun again.
pub(super) fn is_wanted() -> bool {
    FORKING.load(Ordering::SeqCst)
}

/// An open connection to a file, counted.
#[derive(Debug)]
pub(super) struct Counted(());

impl Counted {
    pub(super) fn new() -> Self {
        OPEN.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Has the connections of this index closed before a fork.
pub(super) fn register(shared: &std::sync::Arc<Shared>) {
    if let Ok(_inside) = enter() {
        let mut files = lock(&FILES);
        files.retain(|file| file.strong_count() > 0);
        files.push(std::sync::Arc::downgrade(shared));
    }
}

/// Makes ready for a fork by this thread: waits until no other thread uses the query index of any ledger, closes what
/// they have open, and keeps them out until [`done`]. Call it before `fork`, and [`done`] after it, in the parent and
/// in the child.
///
/// Waits two seconds at most. If that is too short, and wherever a process forks without it, the child has no query
/// index; it appends, reads and verifies as ever.
pub fn prepare() {
    adopt();
    let begun = Instant::now();
    let waits = || {
        let early = begun.elapsed() < PREPARING;
        if early {
            thread::sleep(POLL);
        }
        early
    };
    while FORKING.swap(true, Ordering::SeqCst) {
        if !waits() {
            return;
        }
    }
    FORKS.set(true);
    while INSIDE.load(Ordering::SeqCst) > 0 {
        if !waits() {
            return;
        }
    }
    // All others stay out, so that this thread is inside without being counted.
    DEPTH.set(DEPTH.get() + 1);
    for shared in lock(&FILES).iter().filter_map(Weak::upgrade) {
        shared.let_go();
    }
    DEPTH.set(DEPTH.get() - 1);
}

/// The process has forked, or failed to: see [`prepare`].
pub fn done() {
    adopt();
    if FORKS.replace(false) {
        FORKING.store(false, Ordering::SeqCst);
    }
}

/// In a fork: makes these numbers its own, once.
fn adopt() {
    let here = std::process::id();
    while PROCESS.load(Ordering::SeqCst) != here {
        let other = ADOPTING.load(Ordering::SeqCst);
        let mine = other != here
            && ADOPTING
                .compare_exchange(other, here, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok();
        if !mine {
            thread::yield_now();
            continue;
        }
        let parent = PROCESS.load(Ordering::SeqCst) != 0;
        if parent && (OPEN.load(Ordering::SeqCst) > 0 || INSIDE.load(Ordering::SeqCst) > 0) {
            SPOILED.store(true, Ordering::SeqCst);
        }
        INSIDE.store(0, Ordering::SeqCst);
        FORKING.store(false, Ordering::SeqCst);
        PROCESS.store(here, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
