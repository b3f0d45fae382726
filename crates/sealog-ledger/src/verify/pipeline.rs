//! Spreading the work of a verification over the cores: workers do pieces of it, and what they hand back is taken in
//! strictly in order, so that the result is the same for any number of threads. Memory stays flat: only so many pieces
//! are under way at once.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::queue::lock;

/// Pieces under way for each worker.
const PIECES_PER_WORKER: usize = 4;

/// The threads that were asked for, or else as many as there are cores.
pub(super) fn threads(asked: Option<NonZero<usize>>) -> usize {
    asked
        .or_else(|| thread::available_parallelism().ok())
        .map_or(1, NonZero::get)
}

/// Has `threads` workers do pieces: `next` gives them until it has none at the moment, `worker` makes a worker, and
/// `take` is given what became of each in the order in which they were given. Taking one may bring forth others. Ends
/// when all are taken and `next` has none.
///
/// # Errors
/// The first that `next` or `take` gives; what is under way then is not taken.
pub(super) fn run<Piece: Send, Done: Send, E, Worker: FnMut(Piece) -> Done>(
    threads: usize,
    mut next: impl FnMut() -> Result<Option<Piece>, E>,
    worker: impl Fn() -> Worker + Sync,
    mut take: impl FnMut(Done) -> Result<(), E>,
) -> Result<(), E> {
    if threads <= 1 {
        let mut work = worker();
        while let Some(piece) = next()? {
            take(work(piece))?;
        }
        return Ok(());
    }
    let pipeline = Pipeline {
        shared: Mutex::new(Shared {
            work: VecDeque::new(),
            done: BTreeMap::new(),
            closed: false,
        }),
        to_work: Condvar::new(),
        to_take: Condvar::new(),
        limit: threads * PIECES_PER_WORKER,
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| pipeline.work(worker()));
        }
        // A thread that dies ends the workers too, which the scope waits for.
        let _end = End(&pipeline);
        pipeline.feed(&mut next, &mut take)
    })
}

struct Shared<Piece, Done> {
    work: VecDeque<(u64, Piece)>,
    done: BTreeMap<u64, Done>,
    closed: bool,
}

/// The pieces between the workers and who takes them in.
struct Pipeline<Piece, Done> {
    shared: Mutex<Shared<Piece, Done>>,
    to_work: Condvar,
    to_take: Condvar,
    limit: usize,
}

/// Sends the workers home.
struct End<'a, Piece, Done>(&'a Pipeline<Piece, Done>);

impl<Piece, Done> Drop for End<'_, Piece, Done> {
    fn drop(&mut self) {
        let mut shared = lock(&self.0.shared);
        shared.closed = true;
        shared.work.clear();
        drop(shared);
        self.0.to_work.notify_all();
        self.0.to_take.notify_all();
    }
}

impl<Piece, Done> Pipeline<Piece, Done> {
    fn feed<E>(
        &self,
        next: &mut impl FnMut() -> Result<Option<Piece>, E>,
        take: &mut impl FnMut(Done) -> Result<(), E>,
    ) -> Result<(), E> {
        let limit = u64::try_from(self.limit).unwrap_or(u64::MAX);
        let (mut given, mut taken) = (0, 0);
        loop {
            while given - taken < limit {
                let Some(piece) = next()? else { break };
                lock(&self.shared).work.push_back((given, piece));
                self.to_work.notify_one();
                given += 1;
            }
            if taken == given {
                return Ok(());
            }
            let Some(done) = self.await_piece(taken) else {
                return Ok(()); // a worker died, which its thread's end tells
            };
            taken += 1;
            take(done)?;
        }
    }

    fn await_piece(&self, number: u64) -> Option<Done> {
        let mut shared = lock(&self.shared);
        loop {
            let done = shared.done.remove(&number);
            if done.is_some() || shared.closed {
                return done;
            }
            shared = wait(&self.to_take, shared);
        }
    }

    fn work(&self, mut work: impl FnMut(Piece) -> Done) {
        let end = End(self);
        loop {
            let mut shared = lock(&self.shared);
            let (number, piece) = loop {
                if let Some(work) = shared.work.pop_front() {
                    break work;
                }
                if shared.closed {
                    drop(shared);
                    drop(end);
                    return;
                }
                shared = wait(&self.to_work, shared);
            };
            drop(shared);
            let done = work(piece);
            lock(&self.shared).done.insert(number, done);
            self.to_take.notify_one();
        }
    }
}

fn wait<'a, T>(condition: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condition
        .wait(guard)
        .unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
