//! What the workers of a pass do: they read and hash the lines of a piece of the log, and check signatures.

use sealog_core::entry::{EntryError, Line, LineReader};
use sealog_core::finding::Finding;
use sealog_core::state::SignatureCheck;
use sealog_core::tlog::tree::LEAF_PREFIX;

use crate::chunk::{self, Chunk};

/// What a worker does.
pub(super) enum Work {
    Read(Chunk),
    Check(Vec<SignatureCheck>),
}

/// What became of it.
pub(super) enum Done {
    Read(ReadChunk),
    /// The signatures that do not verify.
    Checked(Vec<Finding>),
}

/// A worker, with buffers that it keeps.
pub(super) fn worker() -> impl FnMut(Work) -> Done {
    let mut reader = LineReader::new();
    move |work| match work {
        Work::Read(chunk) => Done::Read(read(&mut reader, chunk)),
        Work::Check(checks) => Done::Checked(
            checks
                .iter()
                .filter_map(|check| check.run().err())
                .collect(),
        ),
    }
}

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
