//! Lines and tails of a segment.

use sealog_core::limits::{FILLER_BYTES_MAX, LINE_BYTES_MAX};
use sealog_store::disk::{Open, Reach};
use sealog_store::{Error, FileStore, Lines, Place, Tail, TailEnd, layout};

use crate::kit::Bench;

/// A ledger whose first segment holds `content`.
fn with_segment(content: &[u8]) -> (Bench, FileStore) {
    let bench = Bench::memory();
    drop(bench.create(1));
    let path = layout::segment_path(&bench.root, 0);
    let file = bench
        .disk
        .open(&path, Open::CreateNew(Reach::Everyone))
        .unwrap();
    assert_eq!(file.write_at(0, content).unwrap(), content.len());
    let store = bench.reader();
    (bench, store)
}

/// The lines with their offsets, and where they end.
fn read_lines(content: &[u8], from: u64, until: u64) -> (Vec<(u64, Vec<u8>)>, u64) {
    let (_bench, store) = with_segment(content);
    let mut lines = Lines::until(&store, Place::new(0, from), until);
    let mut found = Vec::new();
    while let Some(line) = lines.next_line().unwrap() {
        assert_eq!(line.at().segment(), 0);
        found.push((line.at().offset(), line.bytes().to_vec()));
    }
    assert_eq!(lines.next_line().unwrap(), None);
    (found, lines.place().offset())
}

#[test]
fn lines_end_before_whatever_begins_no_line() {
    let two = vec![(0, b"ab".to_vec()), (3, b"c".to_vec())];
    for rest in [
        &b""[..],
        b"cut",
        b"\n",
        b"\n\nx\n",
        b"\0",
        b"\0\0x\n",
        b"cut\0\0",
    ] {
        let content = [b"ab\nc\n", rest].concat();
        assert_eq!(
            read_lines(&content, 0, u64::MAX),
            (two.clone(), 5),
            "{rest:?}"
        );
    }
    assert_eq!(read_lines(b"", 0, u64::MAX), (vec![], 0));
    assert_eq!(read_lines(b"ab\nc\n", 3, u64::MAX), (two[1..].to_vec(), 5));
}

#[test]
fn only_the_newline_byte_splits() {
    let content = "a\r\u{85}\u{2028}\u{b}\0b\n".as_bytes();
    let (lines, end) = read_lines(content, 0, u64::MAX);
    assert_eq!(lines, [(0, content[..content.len() - 1].to_vec())]);
    assert_eq!(end, content.len() as u64);
}

#[test]
fn lines_stop_at_the_bound_even_inside_a_line() {
    let content = b"ab\ncd\nef\n";
    assert_eq!(read_lines(content, 0, 6).0.len(), 2);
    assert_eq!(read_lines(content, 0, 8), (read_lines(content, 0, 6).0, 6));
    assert_eq!(read_lines(content, 0, 5).0.len(), 1);
    assert_eq!(read_lines(content, 3, 3), (vec![], 3));
}

#[test]
fn lines_are_whole_across_the_chunks_they_are_read_in() {
    let mut content = Vec::new();
    let mut expected = Vec::new();
    let mut seed = 7_u64;
    while content.len() < 3_000_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let length = 1 + (seed >> 33) as usize % 40_000;
        expected.push((
            content.len() as u64,
            vec![b'a' + (seed >> 60) as u8; length],
        ));
        content.extend(&expected.last().unwrap().1);
        content.push(b'\n');
    }
    let (lines, end) = read_lines(&content, 0, u64::MAX);
    assert!(lines == expected);
    assert_eq!(end, content.len() as u64);
}

#[test]
fn a_line_is_as_long_as_the_limit_and_no_longer() {
    let longest = [b"a\n".to_vec(), vec![b'x'; LINE_BYTES_MAX], b"\n".to_vec()].concat();
    assert_eq!(
        read_lines(&longest, 0, u64::MAX).0[1].1.len(),
        LINE_BYTES_MAX
    );
    for end in [&b"\n"[..], b""] {
        let longer = [
            b"a\n".to_vec(),
            vec![b'x'; LINE_BYTES_MAX + 1],
            end.to_vec(),
        ]
        .concat();
        let (_bench, store) = with_segment(&longer);
        let mut lines = Lines::new(&store, Place::START);
        assert!(lines.next_line().unwrap().is_some());
        let error = lines.next_line().unwrap_err();
        let Error::LineTooLong { at, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(at, Place::new(0, 2));
    }
}

#[test]
fn a_segment_that_does_not_exist_is_told() {
    let (_bench, store) = with_segment(b"a\n");
    let nowhere = Place::new(3, 0);
    let error = Lines::new(&store, nowhere).next_line().unwrap_err();
    assert!(matches!(error, Error::NoSuchPlace { .. }), "{error}");
    for at in [nowhere, Place::new(0, 3)] {
        let error = Tail::examine(&store, at).unwrap_err();
        assert!(matches!(error, Error::NoSuchPlace { .. }), "{error}");
    }
    let end = Tail::examine(&store, Place::new(0, 2)).unwrap();
    assert_eq!(end.end(), TailEnd::Nothing);
}

/// A sound line up to offset `at`, then `rest`.
fn tail(at: usize, rest: &[u8]) -> Tail {
    let mut content = vec![b'x'; at];
    content[at - 1] = b'\n';
    content.extend_from_slice(rest);
    let (_bench, store) = with_segment(&content);
    let tail = Tail::examine(&store, Place::new(0, at as u64)).unwrap();
    assert_eq!(tail.bytes(), rest.len() as u64);
    tail
}

#[test]
fn filler_is_told_from_a_write_that_was_lost() {
    let most = FILLER_BYTES_MAX as usize;
    assert_eq!(tail(700, &vec![b'\n'; most]).end(), TailEnd::Filler);
    assert_eq!(tail(700, b"\n").end(), TailEnd::Filler);
    assert_eq!(tail(700, &vec![b'\n'; most + 1]).end(), TailEnd::Blank);
    assert_eq!(tail(700, b"\n\0\n").end(), TailEnd::Blank);
    assert_eq!(tail(700, &[0; 4096]).end(), TailEnd::Blank);
    assert_eq!(tail(700, &[0; 4096]).data_end(), 700);
    assert_eq!(tail(700, &[0; 4096]).lost_sector(), None);
}

#[test]
fn a_tail_tells_how_it_ends() {
    assert_eq!(tail(700, b"{}\n").end(), TailEnd::AfterNewline);
    assert_eq!(tail(700, b"{}\n\n\n").end(), TailEnd::AfterNewline);
    assert_eq!(tail(700, b"{}\n\0").end(), TailEnd::AfterNewline);
    assert_eq!(tail(700, b"{}").end(), TailEnd::InsideLine);
    assert_eq!(tail(700, b"{}\0\0").end(), TailEnd::InZero);
    let to_border = vec![b'y'; 1024 - 700];
    for filler in [b'\n', 0] {
        let cut = [to_border.clone(), vec![filler; 600]].concat();
        assert_eq!(tail(700, &cut).end(), TailEnd::AtSectorBorder);
        assert_eq!(tail(700, &cut).data_end(), 1024);
        assert_eq!(tail(700, &cut).lost_sector(), None);
    }
    assert_eq!(tail(700, &to_border).end(), TailEnd::InsideLine);
}

#[test]
fn a_lost_sector_is_one_that_bytes_follow() {
    for filler in [b'\n', 0] {
        // The whole second sector, between bytes of the first and the third.
        let middle = [vec![b'y'; 324], vec![filler; 512], vec![b'y'; 3]].concat();
        assert_eq!(tail(700, &middle).lost_sector(), Some(1024));
        // The rest of the sector in which the sound line ends.
        let first = [vec![filler; 324], b"y".to_vec()].concat();
        assert_eq!(tail(700, &first).lost_sector(), Some(700));
        // One byte short of a sector.
        let short = [vec![b'y'; 325], vec![filler; 511], vec![b'y'; 3]].concat();
        assert_eq!(tail(700, &short).lost_sector(), None);
        let moved = [vec![b'y'; 323], vec![filler; 512], vec![b'y'; 3]].concat();
        assert_eq!(tail(700, &moved).lost_sector(), None);
    }
    // Far behind, past the chunk that is read at once.
    let far = [vec![b'y'; 600_000], vec![b'\n'; 2_000], vec![b'y'; 3]].concat();
    let lost = tail(700, &far).lost_sector().unwrap();
    assert!(
        lost.is_multiple_of(512) && (600_700..601_212).contains(&lost),
        "{lost}"
    );
}
