//! Who reads which file when: threads, and in each thread two files in step.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::file::Reading;
use super::{DigestOptions, Digests, Job};
use crate::Error;
use crate::limits::{READ_BYTES, STEP_BYTES_MIN, THREADS_MAX};

/// Files that a thread reads in step.
const LANES: usize = 2;

/// What came of jobs, by their places. Results stand apart from failures, of which one is kept: an error has the size
/// of three results, and there may be a million of these.
#[derive(Default)]
struct Done {
    digests: Vec<(usize, Digests)>,
    /// Of several the one of the first job.
    failed: Option<(usize, Error)>,
}

impl Done {
    fn fail(&mut self, number: usize, error: Error) {
        let is_first = |(other, _): &(usize, Error)| number < *other;
        if self.failed.as_ref().is_none_or(is_first) {
            self.failed = Some((number, error));
        }
    }

    fn join(&mut self, other: Self) {
        if self.digests.is_empty() {
            self.digests = other.digests;
        } else {
            self.digests.extend(other.digests);
        }
        if let Some((number, error)) = other.failed {
            self.fail(number, error);
        }
    }
}

/// The jobs and what was taken of them.
struct Queue<'a> {
    jobs: &'a [Job<'a>],
    /// Places of the jobs, the largest first so that none is left over at the end.
    order: Vec<usize>,
    next: AtomicUsize,
    /// A job failed: nothing new is begun.
    stop: AtomicBool,
    /// A job of more bytes has a thread to itself: the others are done before it, and in step it would take longer.
    alone_bytes: u64,
}

impl<'a> Queue<'a> {
    fn new(jobs: &'a [Job<'a>], threads: NonZeroUsize) -> Self {
        let size = |at: &usize| jobs.get(*at).map_or(0, Job::size);
        let mut order: Vec<usize> = (0..jobs.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(size(at)));
        let all: u64 = order.iter().fold(0, |sum, at| sum.saturating_add(size(at)));
        let lanes = u64::try_from(threads.get().saturating_mul(LANES)).unwrap_or(u64::MAX);
        let alone_bytes = match threads.get() {
            1 => u64::MAX,
            _ => all / lanes.max(1),
        };
        Self {
            jobs,
            order,
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            alone_bytes,
        }
    }

    fn take(&self) -> Option<(usize, &'a Job<'a>)> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let number = *self.order.get(self.next.fetch_add(1, Ordering::Relaxed))?;
        Some((number, self.jobs.get(number)?))
    }

    fn is_alone(&self, reading: &Reading<'_>) -> bool {
        let job = self.jobs.get(reading.number);
        job.is_some_and(|job| job.size() > self.alone_bytes)
    }
}

/// Runs jobs and returns the digests in the jobs' order. Of several failures the one of the first job is returned,
/// whatever thread met it.
pub(crate) fn run(jobs: &[Job<'_>], options: &DigestOptions<'_>) -> Result<Vec<Digests>, Error> {
    let threads = threads(options.threads, jobs.len());
    let queue = Queue::new(jobs, threads);
    let done = Mutex::new(Done::default());
    let work = || {
        let own = work(&queue, options);
        done.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join(own);
    };
    thread::scope(|scope| {
        for _ in 1..threads.get() {
            scope.spawn(work);
        }
        work();
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, error)) = done.failed {
        return Err(error);
    }
    let mut digests = done.digests;
    digests.sort_unstable_by_key(|(number, _)| *number);
    Ok(digests.into_iter().map(|(_, digests)| digests).collect())
}

/// How many threads run so many jobs, where so many are asked for.
fn threads(asked: NonZeroUsize, jobs: usize) -> NonZeroUsize {
    let threads = asked.get().min(THREADS_MAX).min(jobs);
    NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN)
}

/// Bytes that are read of each of two files at once, of which this much is left.
fn step_bytes(one: u64, other: u64) -> usize {
    let shorter = usize::try_from(one.min(other)).unwrap_or(usize::MAX);
    shorter.clamp(STEP_BYTES_MIN, READ_BYTES)
}

/// One thread: it takes jobs until none is left.
fn work(queue: &Queue<'_>, options: &DigestOptions<'_>) -> Done {
    let mut done = Done::default();
    let mut buffers = Vec::new();
    let mut lanes: [Option<Reading<'_>>; LANES] = [None, None];
    loop {
        fill(&mut lanes, queue, options, &mut buffers, &mut done);
        let [one, other] = &mut lanes;
        let stepped = match (one.as_mut(), other.as_mut()) {
            (Some(one), Some(other)) => step_both(one, other, options),
            (Some(lane), None) | (None, Some(lane)) => step(lane, options),
            (None, None) => return done,
        };
        for lane in &mut lanes {
            let failed = |reading: &Reading<'_>| {
                stepped
                    .as_ref()
                    .is_err_and(|(number, _)| *number == reading.number)
            };
            if let Some(reading) = lane.take_if(|reading| reading.left() == 0 && !failed(reading)) {
                let number = reading.number;
                let (buffer, digests) = reading.finish(options.algorithms);
                buffers.push(buffer);
                end(number, digests, queue, &mut done);
            }
        }
        if let Err((number, error)) = stepped {
            end(number, Err(error), queue, &mut done);
            return done;
        }
    }
}

/// Gives a job to each lane that has none, unless the other lane's wants the thread to itself.
fn fill<'a>(
    lanes: &mut [Option<Reading<'a>>; LANES],
    queue: &Queue<'a>,
    options: &DigestOptions<'_>,
    buffers: &mut Vec<Vec<u8>>,
    done: &mut Done,
) {
    for at in 0..LANES {
        let alone = |lane: &Reading<'_>| queue.is_alone(lane);
        if lanes.iter().flatten().any(alone) {
            return;
        }
        let Some(lane) = lanes.get_mut(at).filter(|lane| lane.is_none()) else {
            continue;
        };
        let Some((number, job)) = queue.take() else {
            return;
        };
        let buffer = buffers.pop().unwrap_or_default();
        match Reading::open(number, job, options.algorithms, buffer) {
            Ok(reading) => *lane = Some(reading),
            Err(error) => end(number, Err(error), queue, done),
        }
    }
}

fn end(number: usize, result: Result<Digests, Error>, queue: &Queue<'_>, done: &mut Done) {
    match result {
        Ok(digests) => done.digests.push((number, digests)),
        Err(error) => {
            queue.stop.store(true, Ordering::Relaxed);
            done.fail(number, error);
        }
    }
}

/// Reads and hashes a part of one file.
fn step(lane: &mut Reading<'_>, options: &DigestOptions<'_>) -> Result<(), (usize, Error)> {
    let read = lane
        .read(READ_BYTES)
        .map_err(|error| (lane.number, error))?;
    lane.hash();
    options.progress.add(read);
    Ok(())
}

/// Reads and hashes a part of two files: as much of the one as of the other, so that they stay in step.
fn step_both(
    one: &mut Reading<'_>,
    other: &mut Reading<'_>,
    options: &DigestOptions<'_>,
) -> Result<(), (usize, Error)> {
    let bytes = step_bytes(one.left(), other.left());
    let read = one.read(bytes).map_err(|error| (one.number, error))?;
    let other_read = other.read(bytes).map_err(|error| (other.number, error))?;
    one.hash_both(other);
    options.progress.add(read.saturating_add(other_read));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_threads_whatever_is_asked_for() {
        let of = |asked, jobs| threads(NonZeroUsize::new(asked).unwrap(), jobs).get();
        assert_eq!(of(THREADS_MAX, 1_000), THREADS_MAX);
        assert_eq!(of(THREADS_MAX + 1, 1_000), THREADS_MAX);
        assert_eq!(of(usize::MAX, usize::MAX), THREADS_MAX);
        assert_eq!((of(8, 3), of(8, 0), of(1, 9)), (3, 1, 1));
    }

    #[test]
    fn a_step_has_as_many_bytes_as_the_shorter_has_left_within_its_limits() {
        let bytes = |number: usize| u64::try_from(number).unwrap();
        for (left, expected) in [
            (0, STEP_BYTES_MIN),
            (STEP_BYTES_MIN - 1, STEP_BYTES_MIN),
            (STEP_BYTES_MIN, STEP_BYTES_MIN),
            (STEP_BYTES_MIN + 1, STEP_BYTES_MIN + 1),
            (READ_BYTES, READ_BYTES),
            (READ_BYTES + 1, READ_BYTES),
        ] {
            assert_eq!(step_bytes(bytes(left), u64::MAX), expected);
            assert_eq!(step_bytes(u64::MAX, bytes(left)), expected);
        }
    }
}
