//! The bounded queue between the callers' threads and the one worker.
//!
//! **What is absent**: the interpreter. A caller may hold the interpreter's lock while it pushes (the lock here is
//! held for a few instructions), but not while it waits.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Records that one take hands to the worker, at most: enough that a flush is shared by many.
pub(crate) const BATCH_RECORDS_MAX: usize = 4_096;
/// Bytes that one take hands to the worker, at most, but for a first record that is larger.
pub(crate) const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Why a push was refused; the job comes back.
#[derive(Debug)]
pub(crate) enum NotPushed<T> {
    /// There was no room.
    Full(T),
    /// The queue takes nothing any more: it was closed, or its worker died.
    Ended(T),
}

/// Jobs in the order in which they were pushed.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    /// Something was pushed, or the end was called for. Only the worker waits here.
    filled: Condvar,
    /// Room came, or work was finished, or the worker ended.
    moved: Condvar,
    records_max: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct State<T> {
    jobs: VecDeque<(T, usize)>,
    bytes: usize,
    /// Jobs ever pushed and ever finished: equal when nothing is under way.
    pushed: u64,
    finished: u64,
    worker_waits: bool,
    closed: bool,
    worker_ended: bool,
}

impl<T> Queue<T> {
    /// An empty queue of at most so many records and bytes, one record always being let in.
    pub(crate) fn new(records_max: usize, bytes_max: usize) -> Self {
        Self {
            state: Mutex::new(State {
                jobs: VecDeque::new(),
                bytes: 0,
                pushed: 0,
                finished: 0,
                worker_waits: false,
                closed: false,
                worker_ended: false,
            }),
            filled: Condvar::new(),
            moved: Condvar::new(),
            records_max,
            bytes_max,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code that can panic runs under the lock but the allocator's.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a job in if there is room now.
    pub(crate) fn try_push(&self, job: T, bytes: usize) -> Result<(), NotPushed<T>> {
        let mut state = self.lock();
        if state.closed || state.worker_ended {
            return Err(NotPushed::Ended(job));
        }
        let full = state.jobs.len() >= self.records_max
            || (!state.jobs.is_empty() && state.bytes.saturating_add(bytes) > self.bytes_max);
        if full {
            return Err(NotPushed::Full(job));
        }
        state.bytes = state.bytes.saturating_add(bytes);
        state.pushed = state.pushed.saturating_add(1);
        state.jobs.push_back((job, bytes));
        let wake = std::mem::take(&mut state.worker_waits);
        drop(state);
        if wake {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Waits until something is finished, or the deadline. The caller then tries again.
    pub(crate) fn wait_for_room(&self, deadline: Instant) {
        let state = self.lock();
        let full = state.jobs.len() >= self.records_max || state.bytes >= self.bytes_max;
        if full && !state.worker_ended {
            let left = deadline.saturating_duration_since(Instant::now());
            drop(self.moved.wait_timeout(state, left));
        }
    }

    /// Takes the next jobs, waiting for some; `None` once the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<Vec<T>> {
        let mut state = self.lock();
        while state.jobs.is_empty() {
            if state.closed {
                return None;
            }
            state.worker_waits = true;
            state = self
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.worker_waits = false;
        let mut batch = Vec::with_capacity(state.jobs.len().min(BATCH_RECORDS_MAX));
        let mut bytes = 0_usize;
        while batch.len() < BATCH_RECORDS_MAX {
            let Some((_, size)) = state.jobs.front() else {
                break;
            };
            if !batch.is_empty() && bytes.saturating_add(*size) > BATCH_BYTES_MAX {
                break;
            }
            let Some((job, size)) = state.jobs.pop_front() else {
                break;
            };
            bytes = bytes.saturating_add(size);
            batch.push(job);
        }
        state.bytes = state.bytes.saturating_sub(bytes);
        drop(state);
        self.moved.notify_all();
        Some(batch)
    }

    /// The worker says that it is done with so many of what it took.
    pub(crate) fn finished(&self, count: usize) {
        let mut state = self.lock();
        state.finished = state
            .finished
            .saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        drop(state);
        self.moved.notify_all();
    }

    /// Waits until all that was pushed before this call is finished; false if the deadline came first or the
    /// worker ended.
    pub(crate) fn wait_finished(&self, deadline: Instant) -> bool {
        let mut state = self.lock();
        let goal = state.pushed;
        loop {
            if state.finished >= goal {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.worker_ended {
                return false;
            }
            let waited = self.moved.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Nothing is taken in any more; the worker ends when it has emptied the queue.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
        self.moved.notify_all();
    }

    /// The worker's last word, said also if it panicked: nobody waits for it any longer.
    pub(crate) fn worker_ended(&self) {
        self.lock().worker_ended = true;
        self.moved.notify_all();
    }

    /// Jobs pushed and not finished.
    pub(crate) fn waiting(&self) -> u64 {
        let state = self.lock();
        state.pushed.saturating_sub(state.finished)
    }

    /// Whether a small record would find no room now.
    pub(crate) fn is_full(&self) -> bool {
        let state = self.lock();
        state.jobs.len() >= self.records_max || state.bytes >= self.bytes_max
    }

    /// Whether the worker ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().worker_ended
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn takes_in_at_most_the_records_it_was_made_for() {
        let queue = Queue::new(2, 1_000);
        queue.try_push(1, 1).unwrap();
        queue.try_push(2, 1).unwrap();
        assert!(matches!(queue.try_push(3, 1), Err(NotPushed::Full(3))));
        assert_eq!(queue.take(), Some(vec![1, 2]));
        queue.try_push(3, 1).unwrap();
    }

    #[test]
    fn takes_in_at_most_the_bytes_it_was_made_for() {
        let queue = Queue::new(10, 100);
        queue.try_push(1, 60).unwrap();
        queue.try_push(2, 40).unwrap();
        assert!(matches!(queue.try_push(3, 1), Err(NotPushed::Full(3))));
    }

    #[test]
    fn one_record_larger_than_the_queue_is_let_in_when_nothing_waits() {
        let queue = Queue::new(10, 100);
        queue.try_push(1, 101).unwrap();
        assert!(matches!(queue.try_push(2, 1), Err(NotPushed::Full(2))));
    }

    #[test]
    fn a_closed_queue_hands_out_what_it_holds_and_takes_nothing_in() {
        let queue = Queue::new(10, 100);
        queue.try_push(1, 1).unwrap();
        queue.close();
        assert!(matches!(queue.try_push(2, 1), Err(NotPushed::Ended(2))));
        assert_eq!(queue.take(), Some(vec![1]));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn a_batch_ends_at_its_limits() {
        let queue = Queue::new(BATCH_RECORDS_MAX * 2, usize::MAX);
        for job in 0..=BATCH_RECORDS_MAX {
            queue.try_push(job, 1).unwrap();
        }
        assert_eq!(queue.take().unwrap().len(), BATCH_RECORDS_MAX);
        assert_eq!(queue.take().unwrap().len(), 1);
        queue.try_push(0, BATCH_BYTES_MAX).unwrap();
        queue.try_push(1, 1).unwrap();
        assert_eq!(queue.take(), Some(vec![0]));
        assert_eq!(queue.take(), Some(vec![1]));
    }

    #[test]
    fn waiting_for_the_end_ends_at_the_deadline_or_when_the_worker_does() {
        let queue = Queue::new(10, 100);
        assert!(queue.wait_finished(soon()));
        queue.try_push(1, 1).unwrap();
        assert!(!queue.wait_finished(soon()));
        assert_eq!(queue.waiting(), 1);
        queue.worker_ended();
        assert!(!queue.wait_finished(later()));
        assert!(matches!(queue.try_push(2, 1), Err(NotPushed::Ended(2))));
    }

    #[test]
    fn many_threads_lose_nothing() {
        let queue = Arc::new(Queue::new(8, 1_000));
        let worker = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                let mut seen = Vec::new();
                while let Some(batch) = queue.take() {
                    seen.extend_from_slice(&batch);
                    queue.finished(batch.len());
                }
                queue.worker_ended();
                seen
            })
        };
        let callers: Vec<_> = (0..4_u32)
            .map(|caller| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    for number in 0..500 {
                        let mut job = caller * 1_000 + number;
                        while let Err(NotPushed::Full(back)) = queue.try_push(job, 1) {
                            queue.wait_for_room(later());
                            job = back;
                        }
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.join().unwrap();
        }
        assert!(queue.wait_finished(later()));
        queue.close();
        let mut seen = worker.join().unwrap();
        for caller in 0..4 {
            let own: Vec<_> = seen.iter().filter(|job| **job / 1_000 == caller).collect();
            assert!(own.is_sorted(), "order of a caller is kept");
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 2_000);
    }
}
