//! Head copies: two slots in turn.

use std::path::PathBuf;
use std::sync::Arc;

use sealog_core::Hash;
use sealog_core::limits::HEAD_NOTE_BYTES_MAX;
use sealog_store::{Error, HeadCopy, HeadSlot};

use crate::kit::{Bench, on_each_disk};

fn directory(bench: &Bench) -> PathBuf {
    bench.root.with_extension("state").join("sealog")
}

fn head(bench: &Bench) -> HeadCopy {
    HeadCopy::new(
        Arc::clone(&bench.disk),
        &directory(bench),
        "example.org/log",
    )
}

fn note(number: u64, text: &str) -> HeadSlot {
    let note = text.as_bytes().to_vec();
    HeadSlot::Note { number, note }
}

#[test]
fn the_slots_are_named_by_the_digest_of_the_origin() {
    let bench = Bench::memory();
    let name = Hash::of(&[b"example.org/log"]).to_hex();
    let expected = ["0", "1"].map(|slot| directory(&bench).join(format!("{name}.{slot}")));
    assert_eq!(head(&bench).paths(), &expected);
}

#[test]
fn notes_go_to_the_two_slots_in_turn() {
    on_each_disk(|bench| {
        let head = head(bench);
        assert_eq!(head.read().unwrap(), [HeadSlot::Absent, HeadSlot::Absent]);
        head.write(b"one").unwrap();
        assert_eq!(head.read().unwrap(), [note(1, "one"), HeadSlot::Absent]);
        head.write(b"two, longer").unwrap();
        assert_eq!(
            head.read().unwrap(),
            [note(1, "one"), note(2, "two, longer")]
        );
        head.write(b"three").unwrap();
        head.write(b"4").unwrap();
        assert_eq!(head.read().unwrap(), [note(3, "three"), note(4, "4")]);
    });
}

#[test]
fn a_writer_sees_what_another_wrote_meanwhile() {
    on_each_disk(|bench| {
        let (first, second) = (head(bench), head(bench));
        first.write(b"one").unwrap();
        second.write(b"two").unwrap();
        second.write(b"three").unwrap();
        first.write(b"four").unwrap();
        assert_eq!(first.read().unwrap(), [note(3, "three"), note(4, "four")]);
    });
}

#[test]
fn a_torn_slot_leaves_the_other_and_is_written_next() {
    on_each_disk(|bench| {
        let head = head(bench);
        for text in ["one", "two", "three"] {
            head.write(text.as_bytes()).unwrap();
        }
        bench.scribble(&head.paths()[0], 112, b"torn");
        assert_eq!(head.read().unwrap(), [HeadSlot::Torn, note(2, "two")]);
        head.write(b"four").unwrap();
        assert_eq!(head.read().unwrap(), [note(3, "four"), note(2, "two")]);
    });
}

#[test]
fn a_slot_that_was_removed_is_made_again() {
    on_each_disk(|bench| {
        let head = head(bench);
        head.write(b"one").unwrap();
        head.write(b"two").unwrap();
        for path in head.paths() {
            bench.disk.remove_file(path).unwrap();
        }
        head.write(b"three").unwrap();
        assert_eq!(head.read().unwrap(), [note(1, "three"), HeadSlot::Absent]);
    });
}

#[test]
fn directory_and_slots_are_the_owners_only() {
    on_each_disk(|bench| {
        let head = head(bench);
        head.write(b"one").unwrap();
        let mode = |path: &std::path::Path| bench.disk.metadata(path).unwrap().mode();
        if mode(&directory(bench)).is_some() {
            assert_eq!(mode(&directory(bench)), Some(0o700));
            assert_eq!(mode(&head.paths()[0]), Some(0o600));
        }
    });
}

#[test]
fn a_note_beyond_the_limit_and_a_directory_in_place_of_a_slot_are_refused() {
    let bench = Bench::memory();
    let head = head(&bench);
    head.write(b"one").unwrap();
    let error = head.write(&vec![0; HEAD_NOTE_BYTES_MAX + 1]).unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }), "{error}");
    head.write(&vec![0; HEAD_NOTE_BYTES_MAX]).unwrap();
    bench.disk.remove_file(&head.paths()[0]).unwrap();
    let reach = sealog_store::disk::Reach::Owner;
    bench.disk.create_dir(&head.paths()[0], reach).unwrap();
    let error = head.write(b"two").unwrap_err();
    assert!(matches!(error, Error::WrongKind { .. }), "{error}");
}
