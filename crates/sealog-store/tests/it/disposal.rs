//! Rewriting rolled segments.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sealog_store::disk::sim::{SimDisk, SimOptions};
use sealog_store::disk::{Open, Reach};
use sealog_store::{DisposalMark, Error, FileStore, Place, Store, layout};

use crate::kit::{WAIT, commit, on_each_disk, writing};

const SOON: Duration = Duration::from_millis(5);
/// More operations than a rewriting takes.
const OPERATIONS_MAX: u64 = 100;

/// Segment 0 holds `a` and segment 1 a copied line and `b`.
fn two_segments(store: &FileStore) -> Place {
    let at = commit(store, Place::START, b"a long line\n");
    let mut turn = store.turn(WAIT).unwrap();
    turn.commit(at, b"b\n", Some(b"k\n")).unwrap()
}

fn rewrite(store: &FileStore, segment: u64, content: &[u8]) -> Result<(), Error> {
    let mut rewriting = store.rewriting(WAIT)?;
    rewriting.begin(b"notes")?;
    let mut staged = rewriting.stage(segment)?;
    let (first, second) = content.split_at(1);
    staged.write(first)?;
    staged.write(second)?;
    staged.replace(WAIT)?;
    rewriting.done()
}

#[test]
fn a_rolled_segment_is_replaced_and_whoever_reads_is_told() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let other = bench.open(2);
        let end = two_segments(&store);
        assert_eq!(store.disposals().unwrap(), DisposalMark::Never);
        let before = bench.reader().rewrites().unwrap();
        rewrite(&store, 0, b"less\n").unwrap();
        assert_eq!(bench.segment(0), b"less\n");
        assert_ne!(bench.reader().rewrites().unwrap(), before);
        assert_ne!(other.turn(WAIT).unwrap().rewrites(), before);
        assert_eq!(store.disposals().unwrap(), DisposalMark::Done);
        let segments = store.segments().unwrap();
        assert_eq!(
            (segments.iter().count(), segments.strangers().len()),
            (2, 0)
        );
        // The log goes on where it ended, by either.
        let end = commit(&other, end, b"c\n");
        commit(&store, end, b"d\n");
    });
}

#[test]
fn the_last_segment_and_one_that_is_absent_are_not_replaced() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        two_segments(&store);
        // An empty one behind it does not make it a rolled one.
        let empty = layout::segment_path(&bench.root, 2);
        drop(
            bench
                .disk
                .open(&empty, Open::CreateNew(Reach::Everyone))
                .unwrap(),
        );
        for segment in [1, 2, 7] {
            let error = rewrite(&store, segment, b"x\n").unwrap_err();
            assert!(matches!(error, Error::NoSuchPlace { .. }), "{error}");
        }
        let left = bench.disk.list(&bench.path(layout::LOG)).unwrap();
        assert!(
            !left.iter().any(|name| name.starts_with(".new-")),
            "{left:?}"
        );
        assert_eq!(store.disposals().unwrap(), DisposalMark::Unfinished);
    });
}

#[test]
fn one_at_a_time_disposes_while_others_append() {
    on_each_disk(|bench| {
        let (store, other) = (bench.create(1), bench.open(2));
        let end = two_segments(&store);
        let mut rewriting = store.rewriting(WAIT).unwrap();
        rewriting.begin(b"notes of the first").unwrap();
        for busy in [&store, &other] {
            let error = busy.rewriting(SOON).unwrap_err();
            assert!(matches!(error, Error::Disposing { .. }), "{error}");
        }
        commit(&other, end, b"c\n");
        drop(rewriting);
        let mut rewriting = other.rewriting(SOON).unwrap();
        let notes = rewriting.notes().unwrap();
        assert_eq!(notes.as_deref(), Some(&b"notes of the first"[..]));
        rewriting.begin(b"less").unwrap();
        assert_eq!(rewriting.notes().unwrap().as_deref(), Some(&b"less"[..]));
        rewriting.done().unwrap();
        assert_eq!(rewriting.notes().unwrap(), None);
        assert!(matches!(
            bench.reader().rewriting(SOON).unwrap_err(),
            Error::OpenedForReading { .. }
        ));
    });
}

#[test]
fn what_a_crash_left_unfinished_is_removed_by_the_next() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        two_segments(&store);
        let left = bench.path("log/.new-0000000000.jsonl");
        drop(
            bench
                .disk
                .open(&left, Open::CreateNew(Reach::Everyone))
                .unwrap(),
        );
        rewrite(&store, 0, b"less\n").unwrap();
        assert!(!bench.exists(&left));
        assert_eq!(bench.segment(0), b"less\n");
    });
}

#[test]
fn a_power_loss_at_any_operation_leaves_the_old_segment_or_the_new_one() {
    let (mut old, mut new, mut unfinished) = (0, 0, 0);
    for operation in 1.. {
        assert!(operation < OPERATIONS_MAX, "it never ends");
        let sim = SimDisk::new(SimOptions::calm(operation));
        let root = Path::new("/a.sealog");
        let open = |how: &str| {
            let disk = Arc::new(sim.process());
            match how {
                "create" => FileStore::create(disk, root, "format = 0\n", &writing(1)).unwrap(),
                _ => FileStore::open(disk, root, &writing(2)).unwrap(),
            }
        };
        let store = open("create");
        two_segments(&store);
        sim.lose_power_at(sim.operations() + operation);
        let done = rewrite(&store, 0, b"less\n").is_ok();
        let whole = !sim.is_down();
        drop(store);
        sim.lose_power_at(0);
        sim.restart();
        let store = open("again");
        let mut content = [0; 64];
        let read = store.read(0, 0, &mut content).unwrap();
        match &content[..read] {
            b"a long line\n" => old += 1,
            b"less\n" => new += 1,
            other => panic!("{operation}: {other:?}"),
        }
        unfinished += u32::from(store.disposals().unwrap() == DisposalMark::Unfinished);
        assert!(
            !done || &content[..read] == b"less\n",
            "{operation}: done is durable"
        );
        rewrite(&store, 0, b"less\n").unwrap();
        if whole {
            break;
        }
    }
    assert!(
        old > 2 && new > 2 && unfinished > 2,
        "{old} {new} {unfinished}"
    );
}
