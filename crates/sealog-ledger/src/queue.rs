//! Group commit without a window: whoever waits shares the next flush, and one of the waiting callers leads.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::Error;
use crate::work::{Done, Work};

/// What became of a ticket.
pub(crate) type Outcome = Result<Vec<Done>, Error>;

/// One call that waits for its commit.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) work: Work,
    outcome: Mutex<Option<Outcome>>,
    thread: Thread,
}

impl Ticket {
    pub(crate) fn new(work: Work) -> Self {
        Self {
            work,
            outcome: Mutex::new(None),
            thread: thread::current(),
        }
    }

    /// Settles the ticket, once; later calls change nothing.
    pub(crate) fn settle(&self, outcome: Outcome) {
        let mut slot = lock(&self.outcome);
        if slot.is_none() {
            *slot = Some(outcome);
        }
    }

    pub(crate) fn take(&self) -> Option<Outcome> {
        lock(&self.outcome).take()
    }

    fn settled(&self) -> bool {
        lock(&self.outcome).is_some()
    }
}

/// Limits of the queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
    pub(crate) wait: Duration,
    pub(crate) group_records: usize,
    pub(crate) group_bytes: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    tickets: VecDeque<Arc<Ticket>>,
    records: usize,
    bytes: usize,
    led: bool,
}

/// Calls that wait to be committed.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    /// Told when room appears.
    room: Condvar,
    limits: Room,
}

impl Queue {
    pub(crate) fn new(limits: Room) -> Self {
        Self {
            waiting: Mutex::default(),
            room: Condvar::new(),
            limits,
        }
    }

    /// Commits the work with whatever else waits. `commit` is called by one caller at a time and settles every
    /// ticket that it is given.
    pub(crate) fn run(&self, work: Work, commit: impl Fn(&[Arc<Ticket>])) -> Outcome {
        let ticket = Arc::new(Ticket::new(work));
        let mut waiting = self.enter(&ticket)?;
        loop {
            if waiting.led {
                drop(waiting);
                // Spurious returns are fine: the loop looks again.
                thread::park();
                if let Some(outcome) = ticket.take() {
                    return outcome;
                }
                waiting = lock(&self.waiting);
                continue;
            }
            if ticket.settled() {
                drop(waiting);
                return ticket.take().unwrap_or(Err(Error::Closed));
            }
            waiting.led = true;
            let batch = self.draw(&mut waiting);
            drop(waiting);
            self.room.notify_all();
            {
                let _guard = Leading {
                    queue: self,
                    batch: &batch,
                    leader: &ticket,
                };
                commit(&batch);
            }
            if let Some(outcome) = ticket.take() {
                return outcome;
            }
            waiting = lock(&self.waiting);
        }
    }

    /// Waits for room and joins the queue.
    fn enter(&self, ticket: &Arc<Ticket>) -> Result<MutexGuard<'_, Waiting>, Error> {
        let (records, bytes) = ticket.work.size();
        let begun = Instant::now();
        let mut waiting = lock(&self.waiting);
        // One call may be larger than the whole queue: it enters alone.
        while waiting.records > 0
            && (waiting.records + records > self.limits.records
                || waiting.bytes + bytes > self.limits.bytes)
        {
            let left = self.limits.wait.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(Error::QueueFull {
                    records: waiting.records,
                    bytes: waiting.bytes,
                    waited: self.limits.wait,
                });
            }
            waiting = self
                .room
                .wait_timeout(waiting, left)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(guard, _)| guard);
        }
        waiting.records += records;
        waiting.bytes += bytes;
        waiting.tickets.push_back(Arc::clone(ticket));
        Ok(waiting)
    }

    /// Takes as many tickets, in order, as one group may hold.
    fn draw(&self, waiting: &mut Waiting) -> Vec<Arc<Ticket>> {
        let mut batch = Vec::new();
        let (mut records, mut bytes) = (0, 0);
        while let Some(next) = waiting.tickets.front() {
            let (more_records, more_bytes) = next.work.size();
            let full = records + more_records > self.limits.group_records
                || bytes + more_bytes > self.limits.group_bytes;
            if full && !batch.is_empty() {
                break;
            }
            records += more_records;
            bytes += more_bytes;
            batch.extend(waiting.tickets.pop_front());
        }
        waiting.records -= records;
        waiting.bytes -= bytes;
        batch
    }
}

/// Held while a caller leads. However the commit ends, a panic included, every ticket is settled, its caller woken
/// and the lead passed on.
struct Leading<'a> {
    queue: &'a Queue,
    batch: &'a [Arc<Ticket>],
    leader: &'a Arc<Ticket>,
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        for ticket in self.batch {
            if !ticket.settled() {
                ticket.settle(Err(Error::OutcomeUnknown {
                    record_ids: ticket.work.record_ids(),
                    reason: "the thread that wrote the group panicked".into(),
                }));
            }
        }
        let mut waiting = lock(&self.queue.waiting);
        waiting.led = false;
        let next = waiting.tickets.front().map(|ticket| ticket.thread.clone());
        drop(waiting);
        // First, so that the next group is on its way while the callers of this one are told.
        if let Some(next) = next {
            next.unpark();
        }
        for ticket in self.batch {
            if !Arc::ptr_eq(ticket, self.leader) {
                ticket.thread.unpark();
            }
        }
    }
}

/// Locks a mutex whatever happened to its last holder: what it guards is consistent between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
