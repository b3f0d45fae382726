//! Lines of a segment: whatever is read must be the one line that says so.

use std::cell::RefCell;

use sealog_core::Hash;
use sealog_core::config::Bands;
use sealog_core::entry::{
    DisposedFacts, EntryError, Line, LineReader, LogMember, checkpoint_line, disposed_line,
    write_entry,
};
use sealog_core::json::{Tape, Value};
use sealog_core::time::Timestamp;
use sealog_core::tlog::tree::leaf_hash;

use super::{note, owned, record, variant};
use crate::Answer;

/// An entry's facts lie in its line; a checkpoint and a disposed line have one spelling.
///
/// Bytes that are JSON but not canonical are also read in their canonical form, or few changes would get far.
pub(super) fn line(bytes: &[u8]) -> Answer {
    if let Ok(value) = Value::parse(bytes) {
        let canonical = value.to_canonical();
        if canonical != bytes {
            assert!(
                LineReader::new().read(bytes).is_err(),
                "not canonical, but accepted"
            );
            return read(&canonical);
        }
    }
    read(bytes)
}

thread_local! {
    /// A reader that has met lines of every kind, and so knows shapes.
    static ACQUAINTED: RefCell<LineReader> = RefCell::new({
        let mut reader = LineReader::new();
        for seed in line_seeds() {
            let _ = reader.read(&seed);
        }
        reader
    });
}

fn read(bytes: &[u8]) -> Answer {
    let read = LineReader::new().read(bytes);
    let acquainted = ACQUAINTED.with_borrow_mut(|reader| reader.read(bytes));
    // What is told of the tables is long, and the same for both.
    assert!(
        format!("{read:?}") == format!("{acquainted:?}"),
        "read otherwise by a reader that knows shapes"
    );
    match read {
        Ok(Line::Entry(facts)) => {
            assert_eq!(facts.leaf, leaf_hash(bytes));
            let record = facts.record_span.of(bytes);
            assert!(
                Tape::new().read(record).is_ok(),
                "the record is no JSON by itself"
            );
            assert!(bytes.windows(record.len()).any(|window| window == record));
            format!("accepted entry, signed: {}", facts.signature.is_some())
        }
        Ok(Line::Checkpoint(facts)) => {
            assert_eq!(checkpoint_line(&facts.note), bytes);
            assert_eq!(facts.line_hash, Hash::of(&[bytes]));
            "accepted checkpoint".to_owned()
        }
        Ok(Line::Disposed(facts)) => {
            assert_eq!(disposed_line(&facts), bytes);
            "accepted disposed".to_owned()
        }
        Err(EntryError::Schema(error)) => variant(&error),
        Err(EntryError::Json(error)) => variant(&error),
        Err(error) => format!("{}, {}", variant(&error), error.finding().code.id()),
    }
}

pub(super) fn line_seeds() -> Vec<Vec<u8>> {
    let hash = Hash::new([5; 32]);
    let recorded_at = Timestamp::from_unix(1_763_700_000, 123_456_000).unwrap_or(Timestamp::MIN);
    let entry = |index: u64, record: &[u8]| {
        let log = LogMember {
            index,
            seq: index / 2,
            prev_hash: (index > 1).then_some(&hash),
            recorded_at,
            clock_source: "system",
            clock_uncertainty_ms: index.is_multiple_of(2).then_some(15),
            producer_id: "local",
            producer_assurance: "none",
            nonce: &[8; 16],
            prev_checkpoint: index.is_multiple_of(3).then_some(&hash),
        };
        let mut line = Vec::new();
        write_entry(&mut line, &log, record, None);
        line
    };
    let records = record::record_seeds();
    let mut seeds: Vec<Vec<u8>> = (0..)
        .zip(&records)
        .map(|(index, record)| entry(index, record))
        .collect();
    let notes = note::note_seeds();
    let notes = notes.iter().filter_map(|note| str::from_utf8(note).ok());
    seeds.extend(notes.map(checkpoint_line));
    seeds.push(disposed_line(&DisposedFacts {
        by: 9,
        index: 3,
        leaf: hash,
        producer_seq: 2,
        recorded_at,
        retention_class: "short".to_owned(),
        run: hash,
        seq: 1,
        stream: hash,
    }));
    seeds
}

/// Bands that are read cover every score with exactly one label, in order.
pub(super) fn bands(bytes: &[u8]) -> Answer {
    let mut tape = Tape::new();
    let list = match tape.read(bytes) {
        Ok(list) => list,
        Err(error) => return variant(&error),
    };
    match Bands::read(list) {
        Ok(bands) => {
            for band in bands.as_slice() {
                let inside = band.from.or(band.to.map(f64::next_down)).unwrap_or(0.0);
                if inside.is_finite() {
                    assert_eq!(bands.label_of(inside), band.label_id, "score {inside}");
                }
            }
            assert_eq!(bands.to_value().to_canonical().len(), bytes.len());
            format!("accepted {}", bands.as_slice().len().min(4))
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn bands_seeds() -> Vec<Vec<u8>> {
    owned([
        br#"[{"from":null,"label_id":"L1","to":0.5},{"from":0.5,"label_id":"L2","to":null}]"#,
        br#"[{"from":null,"label_id":"a","to":-1},{"from":-1,"label_id":"b","to":1},{"from":1,"label_id":"a","to":null}]"#,
        br#"[{"from":null,"label_id":"only","to":null}]"#,
        br#"[{"from":null,"label_id":"L1","to":0.5},{"from":0.6,"label_id":"L2","to":null}]"#,
        b"[]",
    ])
}
