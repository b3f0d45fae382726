//! Spreading the work of a verification over the cores: lines are read and hashed, and signatures checked, by
//! workers; what they hand back is taken in strictly in order, so that the result is the same for any number of
//! threads. Memory stays flat: only so many pieces are under way at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex};
use std::thread;

use sealog_core::entry::{EntryError, Line, LineReader};
use sealog_core::finding::Finding;
use sealog_core::state::SignatureCheck;
use sealog_core::tlog::tree::LEAF_PREFIX;

use crate::chunk::{self, Chunk};
use crate::queue::lock;

/// Pieces under way for each worker.
const PIECES_PER_WORKER: usize = 4;

/// A line as a worker hands it back.
#[derive(Debug)]
pub(super) struct ReadLine {
    /// Where it begins in its chunk.
    pub(super) start: usize,
    pub(super) length: usize,
    /// How many lines it stands for: a run of filler is one.
    pub(super) lines: u64,
    pub(super) complete: bool,
    /// `None` for filler: nothing but newlines and zeroes.
    pub(super) line: Option<Result<Line, EntryError>>,
}

/// A chunk whose lines were read.
#[derive(Debug)]
pub(super) struct ReadChunk {
    pub(super) chunk: Chunk,
    pub(super) lines: Vec<ReadLine>,
}

/// What a worker does.
enum Work {
    Read(u64, Chunk),
    Check(Vec<SignatureCheck>),
}

#[derive(Default)]
struct Shared {
    work: VecDeque<Work>,
    done: BTreeMap<u64, ReadChunk>,
    findings: Vec<Finding>,
    checks_under_way: usize,
    closed: bool,
}

/// A pool of workers and the pieces between them.
pub(super) struct Pipeline {
    shared: Mutex<Shared>,
    to_work: Condvar,
    to_take: Condvar,
    limit: usize,
}

impl Pipeline {
    /// Reads lines on `threads` workers: `next` gives chunks in order, `take` is given them back in order and
    /// returns the signatures to check. Returns the findings of the signatures that do not verify.
    pub(super) fn run<E>(
        threads: usize,
        mut next: impl FnMut() -> Result<Option<Chunk>, E>,
        mut take: impl FnMut(ReadChunk) -> Vec<SignatureCheck>,
    ) -> Result<Vec<Finding>, E> {
        if threads <= 1 {
            let mut reader = LineReader::new();
            let mut findings = Vec::new();
            while let Some(chunk) = next()? {
                let checks = take(read(&mut reader, chunk));
                findings.extend(checks.iter().filter_map(|check| check.run().err()));
            }
            return Ok(findings);
        }
        let pipeline = Self {
            shared: Mutex::default(),
            to_work: Condvar::new(),
            to_take: Condvar::new(),
            limit: threads * PIECES_PER_WORKER,
        };
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| pipeline.work());
            }
            let result = pipeline.feed(&mut next, &mut take);
            lock(&pipeline.shared).closed = true;
            pipeline.to_work.notify_all();
            result
        })?;
        let mut shared = lock(&pipeline.shared);
        shared.findings.sort_by_key(|finding| finding.index);
        Ok(std::mem::take(&mut shared.findings))
    }

    fn feed<E>(
        &self,
        next: &mut impl FnMut() -> Result<Option<Chunk>, E>,
        take: &mut impl FnMut(ReadChunk) -> Vec<SignatureCheck>,
    ) -> Result<(), E> {
        let (mut given, mut taken) = (0, 0);
        let mut ended = false;
        loop {
            while !ended && given - taken < u64::try_from(self.limit).unwrap_or(u64::MAX) {
                match next()? {
                    Some(chunk) => {
                        self.give(Work::Read(given, chunk));
                        given += 1;
                    }
                    None => ended = true,
                }
            }
            if taken == given && ended {
                break;
            }
            let piece = self.await_piece(taken);
            taken += 1;
            let checks = take(piece);
            if !checks.is_empty() {
                self.give(Work::Check(checks));
            }
        }
        let mut shared = lock(&self.shared);
        while shared.checks_under_way > 0 {
            shared = self
                .to_take
                .wait(shared)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        Ok(())
    }

    fn give(&self, work: Work) {
        let mut shared = lock(&self.shared);
        if matches!(work, Work::Check(_)) {
            shared.checks_under_way += 1;
        }
        shared.work.push_back(work);
        drop(shared);
        self.to_work.notify_one();
    }

    fn await_piece(&self, number: u64) -> ReadChunk {
        let mut shared = lock(&self.shared);
        loop {
            if let Some(piece) = shared.done.remove(&number) {
                return piece;
            }
            shared = self
                .to_take
                .wait(shared)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    fn work(&self) {
        let mut reader = LineReader::new();
        loop {
            let mut shared = lock(&self.shared);
            let work = loop {
                if let Some(work) = shared.work.pop_front() {
                    break work;
                }
                if shared.closed {
                    return;
                }
                shared = self
                    .to_work
                    .wait(shared)
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
            };
            drop(shared);
            match work {
                Work::Read(number, chunk) => {
                    let piece = read(&mut reader, chunk);
                    lock(&self.shared).done.insert(number, piece);
                }
                Work::Check(checks) => {
                    let found: Vec<Finding> = checks
                        .iter()
                        .filter_map(|check| check.run().err())
                        .collect();
                    let mut shared = lock(&self.shared);
                    shared.findings.extend(found);
                    shared.checks_under_way -= 1;
                }
            }
            self.to_take.notify_one();
        }
    }
}

/// Reads the lines of a chunk. All of them are hashed first, for two at a time are hashed quicker.
fn read(reader: &mut LineReader, chunk: Chunk) -> ReadChunk {
    let texts: Vec<&[u8]> = chunk::lines(&chunk.bytes)
        .map(|line| line.text)
        .filter(|text| !is_filler(text))
        .collect();
    let mut leaves = sealog_hash::sha256_all(LEAF_PREFIX, &texts).into_iter();
    let mut lines: Vec<ReadLine> = Vec::with_capacity(texts.len());
    for line in chunk::lines(&chunk.bytes) {
        let filler = is_filler(line.text);
        match lines.last_mut() {
            // A segment may end in hundreds of thousands of them.
            Some(last) if filler && last.line.is_none() => {
                last.length = line.start + line.text.len() - last.start;
                last.lines += 1;
            }
            _ => lines.push(ReadLine {
                start: line.start,
                length: line.text.len(),
                lines: 1,
                complete: line.complete,
                line: if filler { None } else { leaves.next() }
                    .map(|leaf| reader.read_hashed(line.text, leaf.into())),
            }),
        }
    }
    ReadChunk { chunk, lines }
}

/// Nothing but filler, or zeroes where a page never reached the disk.
fn is_filler(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, 0 | b'\n'))
}
