//! Reading ahead: lines become rows in a thread of their own, while the caller writes the rows before them.
//!
//! A third of what following costs is reading, and needs nothing of the database.

use std::mem;
use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;
use std::thread;

use sealog_core::json::Tape;
use sealog_store::{Place, Store};

use super::fault::Fault;
use super::row::{self, Leaf};
use crate::Error;
use crate::chunk::{self, Chunk, ChunkLine, Chunks};

/// Chunks that one reading thread fills: what following holds in memory of the log.
const CHUNKS: usize = 8;
/// Lines that are handed over at once.
const PIECE_LINES: usize = 64;
/// Pieces that wait to be written, at most.
const PIECES_WAITING: usize = 16;

/// Whether a thread of its own is worth its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Few lines: by the caller, before it writes them.
    Here,
    /// By a thread beside the caller's.
    Beside,
}

/// One line of the log.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) place: Place,
    /// Its bytes without newline.
    pub(super) text: &'a [u8],
    pub(super) what: What<'a>,
}

/// What a line is.
#[derive(Debug)]
pub(super) enum What<'a> {
    Leaf(Leaf<'a>),
    Checkpoint,
    /// Nothing that this program can read.
    Neither,
}

/// What stands in the lines of one piece, in the order of the log.
pub(super) type Piece<'a> = Vec<Line<'a>>;

/// Gives `take` all lines from `from` on, until it breaks or the log ends.
pub(super) fn read(
    store: &dyn Store,
    from: Place,
    reading: Reading,
    take: &mut Take<'_>,
) -> Result<(), Fault> {
    let mut chunks = Chunks::new(store, from.segment(), from.offset())?;
    loop {
        let slots: [OnceLock<Chunk>; CHUNKS] = Default::default();
        let beside = match reading {
            Reading::Here => None,
            Reading::Beside => read_beside(&mut chunks, &slots, take),
        };
        // Where no thread can be had, the caller reads.
        let more = match beside {
            Some(more) => more?,
            None => read_here(&mut chunks, &slots, take)?,
        };
        if more.is_break() {
            return Ok(());
        }
    }
}

/// Takes a piece; a break ends the reading.
pub(super) type Take<'t> = dyn FnMut(Piece<'_>) -> Result<ControlFlow<()>, Fault> + 't;

fn read_here<'a>(
    chunks: &mut Chunks<'_>,
    slots: &'a [OnceLock<Chunk>],
    take: &mut Take<'_>,
) -> Result<ControlFlow<()>, Fault> {
    let mut refused = None;
    let filled = fill(chunks, slots, &mut |piece: Piece<'a>| {
        take(piece).unwrap_or_else(|fault| {
            refused = Some(fault);
            ControlFlow::Break(())
        })
    });
    match refused {
        Some(fault) => Err(fault),
        None => Ok(filled?),
    }
}

/// `None` if the thread cannot be started; nothing was read then.
fn read_beside<'a>(
    chunks: &mut Chunks<'_>,
    slots: &'a [OnceLock<Chunk>],
    take: &mut Take<'_>,
) -> Option<Result<ControlFlow<()>, Fault>> {
    thread::scope(|scope| {
        let (sender, pieces) = sync_channel::<Piece<'a>>(PIECES_WAITING);
        let reader = thread::Builder::new()
            .name("sealog-index-read".into())
            .spawn_scoped(scope, move || {
                fill(chunks, slots, &mut |piece| match sender.send(piece) {
                    Ok(()) => ControlFlow::Continue(()),
                    // The caller has what it wants.
                    Err(_) => ControlFlow::Break(()),
                })
            })
            .ok()?;
        for piece in &pieces {
            match take(piece) {
                Ok(ControlFlow::Continue(())) => {}
                ended => return Some(ended),
            }
        }
        Some(match reader.join() {
            Ok(filled) => filled.map_err(Fault::from),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// Reads one chunk for each slot and hands out its lines; a break says that nothing more is to be read.
fn fill<'a>(
    chunks: &mut Chunks<'_>,
    slots: &'a [OnceLock<Chunk>],
    give: &mut dyn FnMut(Piece<'a>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let mut tape = Tape::new();
    for slot in slots {
        let Some(chunk) = chunks.next_chunk()? else {
            return Ok(ControlFlow::Break(()));
        };
        let chunk = slot.get_or_init(|| chunk);
        let mut piece = Vec::with_capacity(PIECE_LINES);
        for line in chunk::lines(&chunk.bytes) {
            piece.push(read_line(chunk, line, &mut tape));
            if piece.len() == PIECE_LINES {
                let whole = mem::replace(&mut piece, Vec::with_capacity(PIECE_LINES));
                if give(whole).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        if !piece.is_empty() && give(piece).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn read_line<'a>(chunk: &Chunk, line: ChunkLine<'a>, tape: &mut Tape) -> Line<'a> {
    let offset = chunk.offset + u64::try_from(line.start).unwrap_or(u64::MAX);
    let what = if line.text.starts_with(b"{\"checkpoint\":") {
        What::Checkpoint
    } else {
        row::read(line.text, tape).map_or(What::Neither, What::Leaf)
    };
    Line {
        place: Place::new(chunk.segment, offset),
        text: line.text,
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Draft;
    use crate::ledger::Ledger;
    use crate::options::{Creation, IndexMode, Options};

    /// More bytes than one thread reads, so that a second one goes on.
    const LINES: usize = 9_000;
    const TEXT_BYTES: usize = 700;

    fn ledger(directory: &std::path::Path, records: usize) -> Ledger {
        let options = Options {
            state_dir: Some(directory.join("state")),
            config_dir: Some(directory.join("config")),
            index: IndexMode::Off,
            ..Options::default()
        };
        let path = directory.join("log.sealog");
        let ledger = Ledger::create(&path, &Creation::default(), options).unwrap();
        let producer = ledger.producer().unwrap();
        let drafts = (0..records).map(|number| {
            let mut body = sealog_core::json::Object::new();
            body.insert("text", format!("{number:0>TEXT_BYTES$}"));
            Draft::new("org.example.note", body)
        });
        let drafts: Vec<Draft> = drafts.collect();
        for some in drafts.chunks(3_000) {
            producer.append_many(some.to_vec()).unwrap();
        }
        ledger
    }

    fn all(store: &dyn Store, reading: Reading) -> Vec<(Place, usize, Option<u64>)> {
        let mut seen = Vec::new();
        read(store, Place::START, reading, &mut |piece| {
            seen.extend(piece.iter().map(|line| {
                let index = match &line.what {
                    What::Leaf(Leaf::Entry(row)) => Some(row.index),
                    What::Leaf(Leaf::Disposed(index, _)) => Some(*index),
                    What::Checkpoint => None,
                    What::Neither => panic!("{:?}", line.place),
                };
                (line.place, line.text.len(), index)
            }));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        seen
    }

    #[test]
    fn beside_or_here_every_line_comes_once_and_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let ledger = ledger(directory.path(), LINES);
        let store = &*ledger.0.store;
        let here = all(store, Reading::Here);
        assert_eq!(here, all(store, Reading::Beside));
        let bytes: usize = here.iter().map(|(_, length, _)| length + 1).sum();
        assert!(bytes > CHUNKS * chunk::CHUNK_BYTES, "{bytes}");
        let indices: Vec<u64> = here.iter().filter_map(|(_, _, index)| *index).collect();
        assert!((0..ledger.size()).eq(indices));
    }

    #[test]
    fn a_break_and_a_fault_end_the_reading_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let ledger = ledger(directory.path(), 3_000);
        for reading in [Reading::Here, Reading::Beside] {
            let mut pieces = 0;
            let mut two = |_: Piece<'_>| {
                pieces += 1;
                Ok(if pieces == 2 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                })
            };
            read(&*ledger.0.store, Place::START, reading, &mut two).unwrap();
            assert_eq!(pieces, 2);
            let mut stopped = |_: Piece<'_>| Err(Fault::Stopped);
            let ended = read(&*ledger.0.store, Place::START, reading, &mut stopped);
            assert!(matches!(ended, Err(Fault::Stopped)));
        }
    }
}
