//! The quick reading against the full one: over every kind, every byte changed, and every value replaced.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::reader::{EntryError, Line, LineReader};
use super::super::record::RecordReader;
use super::super::write::{LogMember, write_entry};
use crate::hash::Hash;
use crate::json::{Ref, Tape, Value};
use crate::kinds::tests::examples::{Extent, body, record};
use crate::kinds::{WrittenBy, all};
use crate::time::Timestamp;
use crate::tlog::tree::leaf_hash;

/// A line around a record.
fn line(record: &[u8], prev_checkpoint: Option<&Hash>) -> Vec<u8> {
    let log = LogMember {
        index: 7,
        seq: 3,
        prev_hash: Some(&Hash::ZERO),
        recorded_at: Timestamp::EPOCH,
        clock_source: "system",
        clock_uncertainty_ms: None,
        producer_id: "local",
        producer_assurance: "none",
        nonce: &[7; 16],
        prev_checkpoint,
    };
    let mut line = Vec::new();
    write_entry(&mut line, &log, record, None);
    line
}

/// Records of every kind, with as few and as many members as there can be.
fn records() -> Vec<(String, Vec<u8>)> {
    let mut records = Vec::new();
    for kind in all() {
        if kind.written_by() == WrittenBy::Derived {
            continue;
        }
        for extent in [Extent::Minimal, Extent::Full] {
            let mut value = record(kind.name(), body(kind, extent), extent);
            let members = value.as_object_mut().unwrap();
            members.remove("payloads");
            members.remove("personal_commitments");
            let name = format!("{} {extent:?}", kind.name());
            records.push((name, value.to_canonical()));
        }
    }
    records
}

/// What a reading gave, so that two can be compared: facts hold references to tables.
fn told(read: &Result<Line, EntryError>) -> String {
    format!("{read:?}")
}

fn in_full(text: &[u8]) -> Result<Line, EntryError> {
    LineReader::new().read_in_full(text, || leaf_hash(text))
}

/// Reads a text by a reader that knows the shape of `known`, and in full; both must say the same.
fn agree(reader: &mut LineReader, text: &[u8]) -> bool {
    let quick = reader.read(text);
    let full = in_full(text);
    let shown = String::from_utf8_lossy(text);
    // Not assert_eq: what is told of the table fills screens.
    assert!(told(&quick) == told(&full), "read otherwise: {shown}");
    full.is_ok()
}

/// A reader that knows the shape of a line, if it has one.
fn acquainted(line: &[u8]) -> (LineReader, bool) {
    let mut reader = LineReader::new();
    assert!(
        reader.read(line).is_ok(),
        "{}",
        String::from_utf8_lossy(line)
    );
    let known = !reader.familiar.shapes.is_empty();
    (reader, known)
}

/// Learns nothing more, so that each text is held against the one shape.
fn keep_to_one_shape(reader: &mut LineReader) {
    reader.familiar.shapes.truncate(1);
    reader.familiar.credit = 0;
    reader.familiar.strangers = 0;
}

#[test]
fn most_kinds_are_familiar_after_one_line() {
    let (mut familiar, mut all) = (0, 0);
    for (name, record) in records() {
        let text = line(&record, None);
        let (mut reader, known) = acquainted(&text);
        let quick = reader
            .familiar
            .entry(&text, &mut reader.memo, || leaf_hash(&text));
        assert_eq!(quick.is_some(), known, "{name}");
        let full = told(&in_full(&text));
        if let Some(facts) = quick {
            familiar += 1;
            assert_eq!(told(&Ok(Line::Entry(facts))), full, "{name}");
        } else {
            assert!(!name.starts_with("decision "), "{name} must be familiar");
        }
        all += 1;
    }
    assert!(familiar * 4 > all * 3, "{familiar} of {all}");
}

#[test]
fn a_record_by_itself_is_read_as_in_full() {
    for (name, record) in records() {
        let mut reader = RecordReader::new();
        let full = format!("{:?}", reader.read(&record));
        for _ in 0..2 {
            assert_eq!(format!("{:?}", reader.read(&record)), full, "{name}");
        }
    }
}

#[test]
fn a_line_with_any_byte_changed_is_read_as_in_full() {
    const BYTES: &[u8] = b"\"\\,:{}[]0a9fg-.e \x00\x7f\xc3\n";
    let mut accepted = 0_u32;
    for (name, record) in records() {
        if !name.starts_with("decision ") && !name.starts_with("tool_call") {
            continue;
        }
        let text = line(&record, None);
        let (mut reader, _) = acquainted(&text);
        let mut changed = text.clone();
        for at in 0..text.len() {
            for byte in BYTES {
                keep_to_one_shape(&mut reader);
                changed[at] = *byte;
                accepted += u32::from(agree(&mut reader, &changed));
            }
            changed[at] = text[at];
        }
        for at in 0..text.len() {
            keep_to_one_shape(&mut reader);
            agree(&mut reader, &text[..at]);
            let shorter = [&text[..at], &text[at + 1..]].concat();
            agree(&mut reader, &shorter);
        }
    }
    assert!(accepted > 5_000, "{accepted}");
}

/// The places of all values of a text.
fn values(root: Ref<'_, '_>, out: &mut Vec<(usize, usize)>) {
    out.push((root.offset(), root.offset() + root.raw().len()));
    for (key, value) in root.members() {
        out.push((key.offset(), key.offset() + key.raw().len()));
        values(value, out);
    }
    for element in root.elements() {
        values(element, out);
    }
}

/// Values that fit some field, and values that only just do not.
fn others() -> Vec<String> {
    let long_id = format!("\"{}\"", "i".repeat(201));
    let longest_id = format!("\"{}\"", "i".repeat(200));
    let long_line = format!("\"{}\"", "l".repeat(1025));
    let longest_line = format!("\"{}\"", "é".repeat(512));
    let deep = "[".repeat(70) + &"]".repeat(70);
    let others = [
        "null",
        "true",
        "false",
        "0",
        "1",
        "01",
        "-0",
        "-1",
        "0.5",
        "1.5",
        "1e5",
        "5e-7",
        "1.0",
        "9007199254740991",
        "9007199254740992",
        "123456789012345",
        "\"\"",
        "\"x\"",
        "\"a b\"",
        "\"a\\nb\"",
        "\"a\\u0041\"",
        "\"\\u001f\"",
        "\"é\"",
        "\"\u{2028}\"",
        "\"\u{7f}\"",
        "\"x\\\\y\"",
        "[]",
        "{}",
        "[\"x\"]",
        "[null]",
        "{\"x\":1}",
        "{\"x\":null}",
        "{\"b\":1,\"a\":1}",
        "\"allow\"",
        "\"escalate\"",
        "\"derived\"",
        "\"host\"",
        "\"verified\"",
        "\"unverified\"",
        "\"2026-01-01T00:00:00Z\"",
        "\"2026-01-01T00:00:00.000001Z\"",
        "\"2026-13-01T00:00:00.000001Z\"",
        "\"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
        "\"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00A08\"",
        "\"hmac-sha256:00112233445566778899aabbccddeeff:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
        "\"01890a5d-ac96-774b-bcce-b302099a8057\"",
        "\"01890a5d-ac96-474b-bcce-b302099a8057\"",
        &long_id,
        &longest_id,
        &long_line,
        &longest_line,
        &deep,
    ];
    others.map(String::from).to_vec()
}

#[test]
fn a_line_with_any_value_replaced_is_read_as_in_full() {
    let others = others();
    let mut accepted = 0_u32;
    for (_, record) in records() {
        let text = line(&record, Some(&Hash::ZERO));
        let (mut reader, known) = acquainted(&text);
        if !known {
            continue;
        }
        let mut places = Vec::new();
        values(Tape::new().read(&text).unwrap(), &mut places);
        for (start, end) in places {
            for other in &others {
                keep_to_one_shape(&mut reader);
                let changed = [&text[..start], other.as_bytes(), &text[end..]].concat();
                accepted += u32::from(agree(&mut reader, &changed));
            }
        }
    }
    assert!(accepted > 1_000, "{accepted}");
}

/// Each text is held against the last one that was accepted, so that it matters which texts came before: values that
/// begin as the one before them and go on, end early, or stand as they stood while their neighbours change.
#[test]
fn a_line_is_read_as_in_full_whatever_lines_of_its_shape_came_before() {
    let others = others();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random >> 33).unwrap() % below
    };
    let mut accepted = 0_u32;
    for (name, record) in records() {
        if !name.starts_with("decision ") && !name.starts_with("tool_call") {
            continue;
        }
        let text = line(&record, Some(&Hash::ZERO));
        let (mut reader, _) = acquainted(&text);
        let mut places = Vec::new();
        values(Tape::new().read(&text).unwrap(), &mut places);
        for _ in 0..4_000 {
            keep_to_one_shape(&mut reader);
            let mut changed = text.clone();
            for _ in 0..draw(4) {
                let (start, end) = places[draw(places.len())];
                // Whole values where nothing moved them, else whatever stands there.
                let end = end.min(changed.len());
                let begin = start.min(end);
                let grown = match draw(4) {
                    0 => others[draw(others.len())].clone().into_bytes(),
                    1 => [&changed[begin..end], b"1"].concat(),
                    2 => changed[begin..end.saturating_sub(1).max(begin)].to_vec(),
                    _ => {
                        let mut value = changed[begin..end].to_vec();
                        if let Some(at) = value.len().checked_sub(2) {
                            value[at] = b"0a1b9"[draw(5)];
                        }
                        value
                    }
                };
                changed.splice(begin..end, grown);
            }
            accepted += u32::from(agree(&mut reader, &changed));
        }
    }
    assert!(accepted > 1_500, "{accepted}");
}

#[test]
fn both_names_of_the_system_must_be_one() {
    let decision = records()
        .into_iter()
        .find(|(name, _)| name == "decision Full");
    let (_, record) = decision.unwrap();
    let value = Value::parse(&record).unwrap();
    let system = value.member("system_id").and_then(Value::as_str).unwrap();
    let needle = format!("\"system_id\":\"{system}\"");
    let text = line(&record, None);
    let (mut reader, known) = acquainted(&text);
    assert!(known);
    let shown = String::from_utf8(text).unwrap();
    assert_eq!(shown.matches(&needle).count(), 2);
    let other = shown.replacen(&needle, "\"system_id\":\"another\"", 1);
    assert!(!agree(&mut reader, other.as_bytes()));
    let both = shown.replace(&needle, "\"system_id\":\"another\"");
    assert!(agree(&mut reader, both.as_bytes()));
}

#[test]
fn texts_that_are_all_different_are_soon_not_learnt_any_more() {
    let mut reader = LineReader::new();
    let all = records();
    for (_, record) in all.iter().cycle().take(SHAPES_LEARNT * 4) {
        reader.familiar.shapes.clear();
        assert!(reader.read(&line(record, None)).is_ok());
    }
    assert!(reader.familiar.shapes.is_empty(), "no credit is left");
    let (_, first) = &all[0];
    for _ in 0..=super::STRANGERS_MAX {
        reader.familiar.shapes.clear();
        assert!(reader.read(&line(first, None)).is_ok());
    }
}

const SHAPES_LEARNT: usize = 16;

#[test]
fn a_time_of_the_log_has_six_digits_of_a_second_and_no_other_number() {
    let (_, record) = records().swap_remove(0);
    let line = String::from_utf8(line(&record, None)).unwrap();
    let (mut reader, _) = acquainted(line.as_bytes());
    keep_to_one_shape(&mut reader);
    let own = "\"recorded_at\":\"1970-01-01T00:00:00.000000Z\"";
    assert_eq!(line.matches(own).count(), 1);
    for other in ["", ".0", ".00000", ".0000000", ".000000000"] {
        let text = format!("\"recorded_at\":\"1970-01-01T00:00:00{other}Z\"");
        let changed = line.replace(own, &text);
        assert!(!agree(&mut reader, changed.as_bytes()), "{changed}");
        let refused = in_full(changed.as_bytes());
        assert!(
            matches!(
                refused,
                Err(EntryError::Unreadable {
                    member: "recorded_at"
                })
            ),
            "{refused:?}"
        );
    }
    assert!(agree(&mut reader, line.as_bytes()));
}

#[test]
fn a_disposed_lines_time_has_six_digits_of_a_second_too() {
    let zeros = Hash::ZERO;
    let line = |time: &str| {
        format!(
            "{{\"disposed\":{{\"by\":9,\"index\":7,\"leaf\":\"{zeros}\",\"producer_seq\":0,\
             \"recorded_at\":\"{time}\",\"retention_class\":\"default\",\"run\":\"{zeros}\",\"seq\":3,\
             \"stream\":\"{zeros}\"}}}}"
        )
    };
    let read = |time: &str| LineReader::new().read(line(time).as_bytes()).is_ok();
    assert!(read("1970-01-01T00:00:00.000000Z"));
    for time in [
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:00:00.00000Z",
        "1970-01-01T00:00:00.0000000Z",
    ] {
        assert!(!read(time), "{time}");
    }
}
