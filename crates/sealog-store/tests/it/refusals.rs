//! Foreign bytes, poison, forks of the writer's view: each closes or refuses, and says why.

use sealog_core::ErrorKind;
use sealog_store::{CommitError, Error, Place, Store, layout};

use crate::kit::{Bench, WAIT, commit, on_each_disk};

fn assert_poisoned(bench: &Bench, reason: &str) {
    let other = bench.open(9);
    for error in [
        other.turn(WAIT).map(|_| ()).unwrap_err(),
        bench.open(8).turn(WAIT).map(|_| ()).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Poisoned { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert!(error.to_string().contains("sealog doctor"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
    assert!(bench.exists(&bench.path(layout::LOG).join(layout::POISONED)));
    assert!(bench.reader().poisoned().unwrap().is_some());
}

#[test]
fn a_foreign_byte_at_the_end_poisons() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let at = commit(&store, Place::START, b"a\n");
        let segment = layout::segment_path(&bench.root, 0);
        bench.scribble(&segment, at.offset(), b"{");
        let error = store
            .turn(WAIT)
            .unwrap()
            .commit(at, b"b\n", None)
            .unwrap_err();
        assert!(
            matches!(
                error,
                CommitError::NotWritten {
                    source: Error::ForeignBytes { .. }
                }
            ),
            "{error}"
        );
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(bench.segment(0)[..3], *b"a\n{");
        assert!(matches!(
            store.turn(WAIT).unwrap_err(),
            Error::Poisoned { .. }
        ));
        assert_poisoned(bench, "0x7b");
    });
}

#[test]
fn a_byte_that_is_no_newline_before_the_end_poisons() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let at = commit(&store, Place::START, b"a\n");
        let segment = layout::segment_path(&bench.root, 0);
        bench.scribble(&segment, at.offset() - 1, b"x");
        let error = store
            .turn(WAIT)
            .unwrap()
            .commit(at, b"b\n", None)
            .unwrap_err();
        assert!(matches!(error, CommitError::NotWritten { .. }), "{error}");
        assert_poisoned(bench, "before it");
    });
}

#[test]
fn a_file_that_ends_before_the_end_poisons() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let at = commit(&store, Place::START, b"a\nb\n");
        let segment = layout::segment_path(&bench.root, 0);
        let file = bench
            .disk
            .open(&segment, sealog_store::disk::Open::Write)
            .unwrap();
        file.set_len(2).unwrap();
        let error = store
            .turn(WAIT)
            .unwrap()
            .commit(at, b"c\n", None)
            .unwrap_err();
        assert!(matches!(error, CommitError::NotWritten { .. }), "{error}");
        assert_eq!(bench.segment(0), b"a\n");
        assert_poisoned(bench, "shorter");
    });
}

#[test]
fn zero_bytes_at_the_end_are_filler_to_a_writer() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let at = commit(&store, Place::START, b"a\n");
        let segment = layout::segment_path(&bench.root, 0);
        bench.scribble(&segment, at.offset(), &[0; 10]);
        commit(&store, at, b"b\n");
    });
}

#[test]
fn a_segment_that_the_caller_does_not_know_poisons() {
    on_each_disk(|bench| {
        let first = bench.create(1);
        let second = bench.open(2);
        let at = commit(&first, Place::START, b"a\n");
        let mut turn = second.turn(WAIT).unwrap();
        turn.commit(at, b"b\n", Some(b"k\n")).unwrap();
        drop(turn);
        // The first did not read on although the hint told it to.
        let mut turn = first.turn(WAIT).unwrap();
        assert!(turn.moved_since(at));
        let error = turn.commit(at, b"c\n", None).unwrap_err();
        assert!(matches!(error, CommitError::NotWritten { .. }), "{error}");
        drop(turn);
        assert_poisoned(bench, "later segment");
    });
}

#[test]
fn the_ledger_can_poison_and_only_clearing_opens_again() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let at = commit(&store, Place::START, b"a\n");
        let mut turn = store.turn(WAIT).unwrap();
        turn.poison(Some(7), "key lost\nby the clerk").unwrap();
        let error = turn.commit(at, b"b\n", None).unwrap_err();
        assert!(matches!(
            error,
            CommitError::NotWritten {
                source: Error::Poisoned { .. }
            }
        ));
        assert!(turn.cut(at).is_err() && turn.flush().is_err());
        // The first reason is kept.
        turn.poison(None, "later").unwrap();
        drop(turn);
        assert_poisoned(bench, "key lost by the clerk");
        let poison = bench.reader().poisoned().unwrap().unwrap();
        assert_eq!(
            (poison.size(), poison.error()),
            (Some(7), "key lost by the clerk")
        );
        assert_eq!(poison.boot_id(), bench.disk.boot_id().as_deref());

        bench.open(3).clear_poison(WAIT).unwrap();
        assert_eq!(bench.reader().poisoned().unwrap(), None);
        commit(&bench.open(4), at, b"b\n");
    });
}

#[test]
fn a_store_that_poisoned_stays_closed_when_another_clears() {
    let bench = Bench::memory();
    let store = bench.create(1);
    store
        .turn(WAIT)
        .unwrap()
        .poison(None, "flush failed")
        .unwrap();
    bench.open(2).clear_poison(WAIT).unwrap();
    assert!(matches!(
        store.turn(WAIT).unwrap_err(),
        Error::Poisoned { .. }
    ));
    drop(bench.open(3).turn(WAIT).unwrap());
}

#[test]
fn an_empty_poison_file_poisons() {
    on_each_disk(|bench| {
        drop(bench.create(1));
        let path = bench.path(layout::LOG).join(layout::POISONED);
        let reach = sealog_store::disk::Reach::Everyone;
        drop(
            bench
                .disk
                .open(&path, sealog_store::disk::Open::CreateNew(reach))
                .unwrap(),
        );
        assert_poisoned(bench, "no reason");
    });
}

#[test]
fn a_reader_takes_no_turn_and_puts_no_file() {
    on_each_disk(|bench| {
        drop(bench.create(1));
        let reader = bench.reader();
        let refused = |error: Error| {
            assert!(matches!(error, Error::OpenedForReading { .. }), "{error}");
            assert_eq!(error.kind(), ErrorKind::Refused);
        };
        refused(reader.turn(WAIT).map(|_| ()).unwrap_err());
        refused(
            reader
                .put(sealog_store::Shelf::Anchors, "a", b"x")
                .unwrap_err(),
        );
        refused(
            reader
                .remove(sealog_store::Shelf::Anchors, "a")
                .unwrap_err(),
        );
        refused(reader.clear_poison(WAIT).unwrap_err());
        reader.close(WAIT).unwrap();
    });
}
