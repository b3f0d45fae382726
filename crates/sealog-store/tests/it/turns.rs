//! Commit, roll, cut, hint and filler, the same on every disk.

use std::time::Duration;

use sealog_core::limits::FILLER_BYTES_MAX;
use sealog_store::{CommitError, Error, Place, Store, layout};

use crate::kit::{Bench, WAIT, commit, lines, on_each_disk};

#[test]
fn a_group_stands_where_it_was_committed_and_the_next_one_after_it() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        assert!(store.segments().unwrap().is_empty());
        let one = commit(&store, Place::START, b"{\"a\":1}\n{\"c\":1}\n");
        assert_eq!(one, Place::new(0, 16));
        let two = commit(&store, one, b"{\"b\":1}\n");
        assert_eq!(two, Place::new(0, 24));
        assert_eq!(
            lines(&bench.segment(0)),
            b"{\"a\":1}\n{\"c\":1}\n{\"b\":1}\n"
        );
        let mut buf = [0; 8];
        assert_eq!(store.read(0, 16, &mut buf).unwrap(), 8);
        assert_eq!(&buf, b"{\"b\":1}\n");
    });
}

#[test]
fn filler_is_written_once_and_used_up_before_the_file_grows_again() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let group = [vec![b'x'; 1023], vec![b'\n']].concat();
        let mut at = commit(&store, Place::START, &group);
        let grown = at.offset() + FILLER_BYTES_MAX;
        assert_eq!(bench.segment(0).len() as u64, grown);
        while at.offset() + 1024 <= grown {
            at = commit(&store, at, &group);
            assert_eq!(bench.segment(0).len() as u64, grown);
        }
        assert_eq!(at.offset(), grown);
        at = commit(&store, at, &group);
        assert_eq!(
            bench.segment(0).len() as u64,
            at.offset() + FILLER_BYTES_MAX
        );
        let content = bench.segment(0);
        assert!(
            content[at.offset() as usize..]
                .iter()
                .all(|byte| *byte == b'\n')
        );
    });
}

#[test]
fn a_large_group_brings_no_filler_but_may_use_some_up() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let at = commit(&store, Place::START, b"a\n");
        let large = [vec![b'x'; 99_999], vec![b'\n']].concat();
        let at = commit(&store, at, &large);
        assert_eq!(bench.segment(0).len() as u64, 2 + FILLER_BYTES_MAX);
        let larger = [vec![b'x'; 299_999], vec![b'\n']].concat();
        let at = commit(&store, at, &larger);
        assert_eq!(bench.segment(0).len() as u64, at.offset());
    });
}

#[test]
fn a_roll_cuts_the_filler_and_begins_with_the_carried_line() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let at = commit(&store, Place::START, b"a\ncheckpoint\n");
        let mut turn = store.turn(WAIT).unwrap();
        let at = turn.commit(at, b"b\n", Some(b"checkpoint\n")).unwrap();
        drop(turn);
        assert_eq!(at, Place::new(1, 13));
        assert_eq!(bench.segment(0), b"a\ncheckpoint\n");
        assert_eq!(lines(&bench.segment(1)), b"checkpoint\nb\n");
        let at = commit(&store, at, b"c\n");
        assert_eq!(lines(&bench.segment(1)), b"checkpoint\nb\nc\n");
        assert_eq!(at, Place::new(1, 15));
        let segments = store.segments().unwrap();
        assert_eq!(segments.missing(), []);
        assert_eq!(
            segments.iter().map(|s| s.number()).collect::<Vec<_>>(),
            [0, 1]
        );
    });
}

#[test]
fn a_store_that_wrote_last_cuts_its_filler_when_it_is_closed_or_dropped() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let at = commit(&store, Place::START, b"a\n");
        store.close(WAIT).unwrap();
        assert_eq!(bench.segment(0), b"a\n");
        // It goes on as before.
        let at = commit(&store, at, b"b\n");
        assert_eq!(
            bench.segment(0).len() as u64,
            at.offset() + FILLER_BYTES_MAX
        );
        drop(store);
        assert_eq!(bench.segment(0), b"a\nb\n");
    });
}

#[test]
fn a_store_that_did_not_write_last_leaves_the_filler_alone() {
    on_each_disk(|bench| {
        let first = bench.create(1);
        let at = commit(&first, Place::START, b"a\n");
        let second = bench.open(2);
        let at = commit(&second, at, b"b\n");
        first.close(WAIT).unwrap();
        drop(first);
        let length = bench.segment(0).len() as u64;
        assert!(length > at.offset());
        let at = commit(&second, at, b"c\n");
        assert_eq!(bench.segment(0).len() as u64, length);
        drop(second);
        assert_eq!(bench.segment(0).len() as u64, at.offset());
    });
}

#[test]
fn a_writer_learns_from_the_hint_whether_another_wrote() {
    on_each_disk(|bench| {
        let first = bench.create(1);
        let second = bench.open(2);
        // Nobody wrote: it cannot be told, so read on.
        assert!(first.turn(WAIT).unwrap().moved_since(Place::START));
        let at = commit(&first, Place::START, b"a\n");
        assert!(!first.turn(WAIT).unwrap().moved_since(at));
        assert!(first.turn(WAIT).unwrap().moved_since(Place::START));
        assert!(second.turn(WAIT).unwrap().moved_since(at));
        // Taking the turn alone moves nothing.
        assert!(!first.turn(WAIT).unwrap().moved_since(at));
        let at = commit(&second, at, b"b\n");
        assert!(first.turn(WAIT).unwrap().moved_since(at));
        assert!(!second.turn(WAIT).unwrap().moved_since(at));
    });
}

#[test]
fn a_torn_hint_only_makes_a_writer_look() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let at = commit(&store, Place::START, b"a\n");
        let lock = bench.path(layout::LOG).join(layout::LOCK);
        bench.scribble(&lock, 30, b"torn");
        let mut turn = store.turn(WAIT).unwrap();
        assert!(turn.moved_since(at));
        let at = turn.commit(at, b"b\n", None).unwrap();
        assert!(!turn.moved_since(at));
        drop(turn);
        assert_eq!(lines(&bench.segment(0)), b"a\nb\n");
    });
}

#[test]
fn a_tail_is_saved_before_it_is_cut() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let at = commit(&store, Place::START, b"good\n");
        commit(&store, at, b"torn\n");
        let mut turn = store.turn(WAIT).unwrap();
        let tail = turn.cut(at).unwrap();
        assert!(!turn.moved_since(at));
        let end = turn.commit(at, b"next\n", None).unwrap();
        drop(turn);
        assert_eq!(lines(&bench.segment(0)), b"good\nnext\n");
        assert_eq!(end, Place::new(0, 10));
        let [piece] = tail.pieces() else {
            panic!("{tail:?}")
        };
        assert_eq!((piece.at(), piece.bytes()), (at, tail.bytes()));
        let saved = store
            .fetch(sealog_store::Shelf::Recovered, piece.name())
            .unwrap()
            .unwrap();
        assert_eq!(&saved[..5], b"torn\n");
        assert_eq!(saved.len() as u64, 5 + FILLER_BYTES_MAX - 5);
        assert_eq!(sealog_core::Hash::of(&[&saved]), piece.digest());
    });
}

#[test]
fn a_cut_takes_later_segments_with_it_and_removes_what_is_left_empty() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let at = commit(&store, Place::START, b"a\n");
        let mut turn = store.turn(WAIT).unwrap();
        turn.commit(at, b"b\n", Some(b"k\n")).unwrap();
        let tail = turn.cut(at).unwrap();
        assert_eq!(tail.pieces().len(), 1);
        assert_eq!(tail.pieces()[0].at(), Place::new(1, 0));
        assert!(!bench.exists(&layout::segment_path(&bench.root, 1)));
        assert_eq!(bench.segment(0), b"a\n");
        let again = turn.commit(at, b"c\n", Some(b"k\n")).unwrap();
        assert_eq!(again, Place::new(1, 4));
        let all = turn.cut(Place::START).unwrap();
        assert_eq!(all.pieces().len(), 2);
        assert!(store.segments().unwrap().is_empty());
        let first = turn.commit(Place::START, b"new\n", None).unwrap();
        assert_eq!(first, Place::new(0, 4));
    });
}

#[test]
fn a_cut_beyond_the_end_is_refused_and_changes_nothing() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        commit(&store, Place::START, b"a\n");
        let before = bench.segment(0);
        let mut turn = store.turn(WAIT).unwrap();
        for beyond in [Place::new(0, before.len() as u64 + 1), Place::new(1, 1)] {
            let error = turn.cut(beyond).unwrap_err();
            assert!(matches!(error, Error::NoSuchPlace { .. }), "{error}");
        }
        assert_eq!(bench.segment(0), before);
    });
}

#[test]
fn a_turn_is_exclusive_among_threads_and_stores_and_given_back() {
    on_each_disk(|bench| {
        let first = bench.create(1);
        let second = bench.open(2);
        let turn = first.turn(WAIT).unwrap();
        let short = Duration::from_millis(5);
        let error = second.turn(short).unwrap_err();
        let Error::Busy { holder, waited, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!((*holder, *waited), (Some(std::process::id()), short));
        let error = std::thread::scope(|scope| {
            scope
                .spawn(|| first.turn(short).unwrap_err())
                .join()
                .unwrap()
        });
        assert!(matches!(error, Error::Busy { .. }), "{error}");
        drop(turn);
        drop(second.turn(Duration::ZERO).unwrap());
        drop(first.turn(Duration::ZERO).unwrap());
    });
}

#[test]
fn a_panic_gives_the_turn_back() {
    let bench = Bench::memory();
    let store = bench.create(1);
    std::thread::scope(|scope| {
        let panicked = scope.spawn(|| {
            let _turn = store.turn(WAIT).unwrap();
            panic!("in the middle of a turn");
        });
        assert!(panicked.join().is_err());
    });
    drop(store.turn(Duration::ZERO).unwrap());
}

#[test]
fn a_group_that_no_log_may_hold_is_not_written() {
    let bench = Bench::memory();
    let store = bench.create(1);
    let at = commit(&store, Place::START, b"a\n");
    let before = bench.segment(0);
    let mut turn = store.turn(WAIT).unwrap();
    let too_long = sealog_core::limits::GROUP_BYTES_MAX + sealog_core::limits::LINE_BYTES_MAX + 1;
    let mut long = vec![b'x'; too_long];
    long[too_long - 1] = b'\n';
    for group in [&b""[..], b"\n", b"no newline", &long] {
        let error = turn.commit(at, group, None).unwrap_err();
        assert!(
            matches!(
                error,
                CommitError::NotWritten {
                    source: Error::Group { .. }
                }
            ),
            "{error}"
        );
    }
    for carry in [&b""[..], b"\n", b"no newline"] {
        let error = turn.commit(at, b"b\n", Some(carry)).unwrap_err();
        assert!(
            matches!(
                error,
                CommitError::NotWritten {
                    source: Error::Group { .. }
                }
            ),
            "{error}"
        );
    }
    assert_eq!(bench.segment(0), before);
    // At the limit it is written.
    long.remove(0);
    turn.commit(at, &long, None).unwrap();
}

#[test]
fn one_import_goes_on_at_a_time_beside_turns_of_others() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let other = bench.open(2);
        let held = store.hold_import().unwrap();
        for store in [&store, &other] {
            let error = store.hold_import().unwrap_err();
            assert!(matches!(error, Error::Busy { .. }), "{error}");
        }
        // It keeps nobody from appending, and its file is no stranger.
        commit(&other, Place::START, b"{\"a\":1}\n");
        assert_eq!(store.segments().unwrap().strangers(), [] as [&str; 0]);
        drop(held);
        drop(other.hold_import().unwrap());
        let error = bench.reader().hold_import().unwrap_err();
        assert!(matches!(error, Error::OpenedForReading { .. }), "{error}");
    });
}
