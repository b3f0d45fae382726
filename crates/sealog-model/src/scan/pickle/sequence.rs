//! A stream of pickles: one after the other, and what stands behind the last.

use std::io::Read;

use super::super::context::Scan;
use super::super::rule::{FILE_UNREADABLE, PICKLE_TRAILING};
use super::machine::{Flavour, Machine, Outcome, Storage};
use crate::formats::pickle::{TORCH_MAGIC, is_opcode, is_torch, looks_like};
use crate::formats::stream::Stream;

/// Pickles in a torch file of that form: magic, version, system, object, keys.
const TORCH_PICKLES: usize = 5;
/// Bytes in which a text may happen to read as a pickle with a text behind it.
const SHORT_BYTES: u64 = 16;

/// What became of one pickle.
struct Run {
    outcome: Outcome,
    storages: Vec<Storage>,
    /// Whether anything was imported, of whatever name.
    imported: bool,
    /// Whether something was imported that a loader could find.
    found: bool,
    /// Whether something was called or changed that a loader could find, or of which nothing is known.
    acted: bool,
}

/// Whether bytes without a known beginning are a pickle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Reading {
    /// They are none, and no loader would do anything by them; what was found is forgotten.
    Text,
    /// They are one from its beginning to its end.
    Whole,
    /// They call or do harm before they break off, or could do so behind a limit of the machine.
    Acts,
}

/// Runs one pickle.
fn run(stream: &mut Stream<'_>, scan: &mut Scan<'_>, flavour: Flavour) -> Run {
    let mut machine = Machine::new(stream, scan, flavour, 0);
    let outcome = machine.run();
    if outcome == Outcome::Stopped {
        machine.check_frame();
    }
    Run {
        outcome,
        imported: machine.imported,
        found: machine.imports.any_plausible(),
        acted: machine.acted,
        storages: machine.storages,
    }
}

/// Scans a stream that begins with a pickle to its last byte.
pub(in super::super) fn scan(reader: &mut dyn Read, scan: &mut Scan<'_>, flavour: Flavour) {
    let mut stream = Stream::new(reader);
    if is_torch(stream.peek(TORCH_MAGIC.len())) {
        torch_legacy(&mut stream, scan);
    } else {
        pickles(&mut stream, scan, flavour);
    }
    if let Some(error) = stream.take_error() {
        scan.report(&FILE_UNREADABLE, stream.offset(), error.to_string());
    }
}

fn pickles(stream: &mut Stream<'_>, scan: &mut Scan<'_>, flavour: Flavour) {
    loop {
        let outcome = run(stream, scan, flavour).outcome;
        if stream.at_end() {
            return;
        }
        let goes_on = stream.peek(3);
        if outcome != Outcome::Stopped || !(looks_like(goes_on, false) || is_text_pickle(goes_on)) {
            trailing(stream, scan);
            return;
        }
    }
}

fn is_text_pickle(head: &[u8]) -> bool {
    head.first().is_some_and(|byte| is_opcode(*byte)) && !head.starts_with(b"PK\x03")
}

fn trailing(stream: &mut Stream<'_>, scan: &mut Scan<'_>) {
    let at = stream.offset();
    stream.skip(u64::MAX);
    let left = stream.offset() - at;
    if left > 0 {
        let detail = format!("{left} bytes were not looked at");
        scan.report(&PICKLE_TRAILING, at, detail);
    }
}

/// Five pickles, then each storage as a count and its numbers.
fn torch_legacy(stream: &mut Stream<'_>, scan: &mut Scan<'_>) {
    if let Some(sights) = &mut scan.sights {
        sights.legacy = true;
    }
    let mut storages: Vec<Storage> = Vec::new();
    for _ in 0..TORCH_PICKLES {
        let run = run(stream, scan, Flavour::Torch);
        storages.extend(run.storages);
        if run.outcome != Outcome::Stopped {
            return trailing(stream, scan);
        }
    }
    storages.sort_by(|one, two| one.key.cmp(&two.key));
    storages.dedup_by(|one, two| one.key == two.key);
    for storage in storages {
        let size = item_bytes(&storage.class).and_then(|size| size.checked_mul(storage.count));
        let stands = stream
            .peek(8)
            .first_chunk()
            .map(|bytes| u64::from_le_bytes(*bytes));
        let (Some(size), Some(count)) = (size, stands) else {
            return trailing(stream, scan);
        };
        if count != storage.count || !stream.skip(8) || !stream.skip(size) {
            return trailing(stream, scan);
        }
    }
    trailing(stream, scan);
}

fn item_bytes(class: &str) -> Option<u64> {
    Some(match class {
        "ByteStorage" | "CharStorage" | "BoolStorage" | "QInt8Storage" | "QUInt8Storage"
        | "UntypedStorage" => 1,
        "HalfStorage" | "BFloat16Storage" | "ShortStorage" => 2,
        "FloatStorage" | "IntStorage" | "QInt32Storage" => 4,
        "DoubleStorage" | "LongStorage" | "ComplexFloatStorage" => 8,
        "ComplexDoubleStorage" => 16,
        _ => return None,
    })
}

/// Whether text or bytes without a known beginning are a pickle all the same. A loader runs each opcode as it comes, so
/// what stands before its own error counts, and so does what it would run behind a limit of the machine: where that is
/// met, they are a text only if nothing was imported until then and nothing behind it could be.
pub(in super::super) fn scan_text(reader: &mut dyn Read, scan: &mut Scan<'_>) -> Reading {
    let mut stream = Stream::new(reader);
    if !stream.peek(1).first().copied().is_some_and(is_opcode) {
        return Reading::Text;
    }
    let mark = scan.mark();
    let first = run(&mut stream, scan, Flavour::Plain);
    let stopped = first.outcome == Outcome::Stopped;
    if stopped && (stream.at_end() || stream.offset() > SHORT_BYTES || first.found) {
        if !stream.at_end() {
            pickles_or_trailing(&mut stream, scan);
        }
        return Reading::Whole;
    }
    let mut last = first;
    let (mut acts, mut imported) = (last.acted, last.imported);
    // Some loaders take one pickle after the other.
    while last.outcome == Outcome::Stopped && !stream.at_end() {
        last = run(&mut stream, scan, Flavour::Plain);
        acts |= last.acted;
        imported |= last.imported;
    }
    let gave_up = last.outcome == Outcome::GaveUp;
    let beyond = gave_up && (imported || may_import(&mut stream));
    if acts || beyond || scan.named_harm_since(mark) {
        return Reading::Acts;
    }
    scan.take_since(mark);
    Reading::Text
}

/// Whether what follows could import something, wherever in it a loader would be.
fn may_import(stream: &mut Stream<'_>) -> bool {
    let mut named = false;
    while let Some(byte) = stream.byte() {
        match byte {
            0x82..=0x84 | 0x93 => return true,
            b'c' | b'i' => named = true,
            b'\n' if named => return true,
            _ => {}
        }
    }
    false
}

fn pickles_or_trailing(stream: &mut Stream<'_>, scan: &mut Scan<'_>) {
    if looks_like(stream.peek(3), false) {
        pickles(stream, scan, Flavour::Plain);
    } else {
        trailing(stream, scan);
    }
}
