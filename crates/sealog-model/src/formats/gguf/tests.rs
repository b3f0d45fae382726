use std::io::{Read, repeat};

use super::*;

/// The beginning of a file of this version.
fn head(version: u32, tensors: u64, pairs: u64) -> Vec<u8> {
    let mut head = [b"GGUF".as_slice(), &version.to_le_bytes()].concat();
    for count in [tensors, pairs] {
        head.extend(count_bytes(version, count));
    }
    head
}

fn count_bytes(version: u32, count: u64) -> Vec<u8> {
    if version > 1 {
        return count.to_le_bytes().to_vec();
    }
    u32::try_from(count).unwrap().to_le_bytes().to_vec()
}

/// What is read of a head, so many letters, and what follows them.
fn read(head: &[u8], letters: u64, rest: &[u8]) -> Result<Gguf, GgufError> {
    let mut reader = head.chain(repeat(b'x').take(letters)).chain(rest);
    Gguf::read(&mut Stream::new(&mut reader), u64::MAX / 2)
}

fn why(read: Result<Gguf, GgufError>) -> &'static str {
    read.unwrap_err().why
}

#[test]
fn a_name_has_so_many_bytes() {
    let named = |len: u64| {
        let head = [head(3, 0, 1), count_bytes(3, len)].concat();
        read(&head, len, &[7, 0, 0, 0, 1])
    };
    let found = named(NAME_BYTES_MAX).unwrap();
    assert_eq!(u64::try_from(found.pairs[0].0.len()), Ok(NAME_BYTES_MAX));
    assert_eq!(
        why(named(NAME_BYTES_MAX + 1)),
        "has a name that is too long"
    );
}

/// A pair whose key is `k` and whose value is a text of so many letters.
fn texted(len: u64) -> Result<Gguf, GgufError> {
    let key = [count_bytes(3, 1), b"k".to_vec(), vec![8, 0, 0, 0]].concat();
    let head = [head(3, 0, 1), key, count_bytes(3, len)].concat();
    read(&head, len, b"")
}

#[test]
fn a_text_has_so_many_bytes_and_says_where_it_is_cut() {
    let kept = u64::try_from(TEXT_BYTES_KEPT).unwrap();
    let whole = "x".repeat(TEXT_BYTES_KEPT);
    let value = |len| texted(len).unwrap().pairs.remove(0).1;
    assert_eq!(value(kept), GgufValue::Text(whole.clone()));
    assert_eq!(value(kept + 1), GgufValue::Cut(whole.clone()));
    assert_eq!(value(TEXT_BYTES_MAX), GgufValue::Cut(whole));
    assert_eq!(
        why(texted(TEXT_BYTES_MAX + 1)),
        "has a text that is too long"
    );
}

#[test]
fn a_header_counts_so_many_pairs_and_tensors() {
    for version in [1, 2, 3] {
        for (tensors, pairs) in [(PAIRS_MAX, 0), (0, PAIRS_MAX)] {
            // So many are believed, and then looked for in vain.
            let found = read(&head(version, tensors, pairs), 0, b"");
            assert_eq!(why(found), "ends in its header");
            let more = |count: u64| if count == 0 { 0 } else { count + 1 };
            let found = read(&head(version, more(tensors), more(pairs)), 0, b"");
            assert_eq!(why(found), "counts more than it can hold");
        }
    }
}

#[test]
fn counts_are_held_against_the_least_that_each_takes() {
    for version in [1, 2, 3] {
        // A tensor without a name and dimensions, and a pair without a name whose value is one byte.
        let none = count_bytes(version, 0);
        let tensor = [none.as_slice(), &[0; 4], &[24, 0, 0, 0], &[0; 8]].concat();
        let pair = [none.as_slice(), &[7, 0, 0, 0, 1]].concat();
        for (tensors, pairs, body) in [(1, 0, tensor), (0, 1, pair)] {
            let file = [head(version, tensors, pairs), body].concat();
            let of = |file: &[u8]| {
                let mut reader = file;
                let len = u64::try_from(file.len()).unwrap();
                Gguf::read(&mut Stream::new(&mut reader), len)
            };
            let lies = "counts more than it can hold";
            assert_ne!(of(&file).err().map(|error| error.why), Some(lies));
            assert_eq!(why(of(&file[..file.len() - 1])), lies, "{version}");
        }
    }
}

#[test]
fn arrays_are_nested_so_deep() {
    let nested = |levels: usize| {
        let key = [count_bytes(3, 1), b"k".to_vec(), vec![9, 0, 0, 0]].concat();
        let outer = [9u32.to_le_bytes().as_slice(), &1u64.to_le_bytes()].concat();
        let last = [7u32.to_le_bytes().as_slice(), &1u64.to_le_bytes(), &[1]].concat();
        read(
            &[head(3, 0, 1), key, outer.repeat(levels - 1), last].concat(),
            0,
            b"",
        )
    };
    assert!(nested(ARRAY_DEPTH_MAX).is_ok());
    assert_eq!(
        why(nested(ARRAY_DEPTH_MAX + 1)),
        "has arrays nested too deep"
    );
}

#[test]
fn so_many_bytes_of_names_and_texts_are_kept() {
    let pair = |key: u8| {
        let text = [count_bytes(3, 3), b"abc".to_vec()].concat();
        [count_bytes(3, 1), vec![key], vec![8, 0, 0, 0], text].concat()
    };
    let file = [head(3, 0, 2), pair(b'k'), pair(b'l')].concat();
    let up_to = |kept_max| {
        let mut reader = file.as_slice();
        Gguf::read_up_to(&mut Stream::new(&mut reader), 1000, kept_max)
    };
    assert!(up_to(8).is_ok());
    assert_eq!(why(up_to(7)), "has more names and texts than are kept");
    assert_eq!(KEPT_BYTES_MAX, 256 * 1024 * 1024);
}
