//! A stream of pickles: one after the other, and what stands behind the last.

use std::io::Read;

use super::super::context::Scan;
use super::super::rule::{FILE_UNREADABLE, PICKLE_TRAILING};
use super::machine::{Flavour, Machine, Outcome, Storage};
use crate::formats::pickle::{TORCH_MAGIC, is_opcode, is_torch, looks_like};
use crate::formats::stream::Stream;

/// Pickles in a torch file of that form: magic, version, system, object, keys.
const TORCH_PICKLES: usize = 5;

/// Runs one pickle; the storages it names, and how it ended.
fn run(stream: &mut Stream<'_>, scan: &mut Scan<'_>, flavour: Flavour) -> (Outcome, Vec<Storage>) {
    let mut machine = Machine::new(stream, scan, flavour, 0);
    let outcome = machine.run();
    if outcome == Outcome::Stopped {
        machine.check_frame();
    }
    let storages = machine.storages;
    (outcome, storages)
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
        let (outcome, _) = run(stream, scan, flavour);
        if stream.at_end() {
            return;
        }
        let goes_on = stream.peek(3);
        if outcome == Outcome::Broken || !(looks_like(goes_on, false) || is_text_pickle(goes_on)) {
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
        let (outcome, named) = run(stream, scan, Flavour::Torch);
        storages.extend(named);
        if outcome == Outcome::Broken {
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

/// Whether text or bytes without a known beginning are a pickle all the same. They are if the machine reads them to
/// their end, or if they do harm before they break off; the findings are then kept.
pub(in super::super) fn scan_text(reader: &mut dyn Read, scan: &mut Scan<'_>) -> bool {
    let mut stream = Stream::new(reader);
    let head = stream.peek(1).first().copied();
    if !head.is_some_and(is_opcode) {
        return false;
    }
    let mark = scan.mark();
    let (outcome, _) = run(&mut stream, scan, Flavour::Plain);
    let whole = outcome == Outcome::Stopped && (stream.at_end() || stream.offset() > 16);
    if whole || scan.named_harm_since(mark) {
        if outcome == Outcome::Stopped && !stream.at_end() {
            pickles_or_trailing(&mut stream, scan);
        }
        return true;
    }
    scan.take_since(mark);
    false
}

fn pickles_or_trailing(stream: &mut Stream<'_>, scan: &mut Scan<'_>) {
    if looks_like(stream.peek(3), false) {
        pickles(stream, scan, Flavour::Plain);
    } else {
        trailing(stream, scan);
    }
}
